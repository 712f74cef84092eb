"""From a file to a strength and its documents: a bar whose answer is known, and what a lesion changes."""

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import SimpleITK
from tests.unit.structure.strength_cases import LESION, labels_of, write_case
from tests.unit.structure.written import codes

from osteocast.formats.schema import schemas
from osteocast.foundation.run_record import new_run_record
from osteocast.report.folder import result_text
from osteocast.report.strength_folder import strength_files
from osteocast.structure.ct_fields import fields_of
from osteocast.structure.strength import strength
from osteocast.structure.strength_document import strength_document

NAMES = ("result.json", "report.html", "mask.png", "modulus.nii.gz", "strain.nii.gz", "failed.nii.gz", "fields.vti")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bar")


@pytest.fixture(scope="module")
def with_lesion(folder):
    ct, question = write_case(folder)
    return strength(ct, replace(question, lesion="2"))


@pytest.fixture(scope="module")
def files(with_lesion):
    document = strength_document(with_lesion)
    return strength_files(with_lesion, document, new_run_record(("test",), None, {}, ""))


def test_a_bar_without_its_lesion_is_as_stiff_and_strong_as_a_bar(with_lesion):
    sound = with_lesion.sound
    modulus = float(sound.bone.modulus[sound.bone.bone].mean())
    strength_mpa = float(sound.bone.yield_compression[sound.bone.bone].mean())
    area, length = 10.0 * 12.0 * 1.2, 14 * 1.5
    assert sound.failure.stiffness_n_mm == pytest.approx(modulus * area / length, rel=0.06)
    assert sound.failure.failure_load_n == pytest.approx(strength_mpa * area, rel=0.04)


def test_the_lesion_costs_load_and_stiffness(with_lesion):
    found = strength_document(with_lesion)["lesion"]
    assert found["volume_ml"] == pytest.approx(80 * 1.8e-3)
    assert 0.02 < found["load_lost"] < 0.5
    assert 0.02 < found["stiffness_lost"] < 0.5
    assert not found["synthetic"]


def test_the_document_meets_its_schema_and_names_no_file(with_lesion, files):
    schema = schemas()["strength-result.schema.json"]
    found = json.loads(files["result.json"])
    jsonschema.Draft202012Validator(schema).validate(found)
    assert "bar" not in files["result.json"].lower().replace("barrier", "")
    assert found["ct"]["sha256"] == with_lesion.scan.sha256
    assert {one["code"] for one in found["warnings"]} >= {"law.recalled", "ct.kvp"}


def test_everything_is_written_and_the_same_again(with_lesion, files):
    assert set(NAMES) <= set(files)
    again = strength_files(with_lesion, strength_document(with_lesion), new_run_record(("test",), None, {}, ""))
    assert {name: files[name] for name in NAMES} == {name: again[name] for name in NAMES}


def test_fields_lie_where_the_bone_lies(tmp_path, with_lesion, files):
    for name in ("modulus", "strain", "failed", "bone"):
        (tmp_path / f"{name}.nii.gz").write_bytes(files[f"{name}.nii.gz"])
    image = SimpleITK.ReadImage(str(tmp_path / "bone.nii.gz"))
    bone = SimpleITK.GetArrayFromImage(image)
    assert int((bone == LESION).sum()) == int((labels_of() == LESION).sum())
    at = np.argwhere(bone == LESION).mean(axis=0)[::-1]
    middle = np.argwhere(labels_of() == LESION).mean(axis=0)[::-1] * (1.0, 1.2, 1.5) + (-12.0, 30.0, 100.0)
    assert image.TransformContinuousIndexToPhysicalPoint([float(v) for v in at]) == pytest.approx(middle, abs=1e-3)
    modulus = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "modulus.nii.gz")))
    strain = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "strain.nii.gz")))
    assert np.array_equal(modulus > 0, bone > 0)
    assert float(strain[bone == LESION].mean()) > float(strain[bone == 1].mean()) > 0
    assert not strain[bone == 0].any()


def test_an_inserted_lesion_is_marked_in_every_place(folder):
    ct, question = write_case(folder)
    found = strength(ct, replace(question, insert="lytic:6mm@0.5,0.5,0.5"))
    document = strength_document(found)
    files = strength_files(found, document, new_run_record(("test",), None, {}, ""))
    assert document["lesion"]["synthetic"]
    assert files["report.html"].count("SYNTHETIC LESION") >= 2
    assert b"SYNTHETIC LESION" in files["fields.vti"]
    assert any("SYNTHETIC" in line for line in document["assumptions"])
    assert found.sound.bone.modulus.sum() > found.carried.bone.modulus.sum()


def test_no_warning_holds_the_name_of_a_file(folder):
    ct, question = write_case(folder, "Mustermann")
    image = SimpleITK.ReadImage(str(question.labels))
    image.SetOrigin([o + 0.4 for o in image.GetOrigin()])
    SimpleITK.WriteImage(image, str(question.labels))
    document = strength_document(strength(ct, question))
    assert "label.resampled" in [one["code"] for one in document["warnings"]]
    assert "Mustermann" not in json.dumps(document)


def test_progress_is_told_and_may_end_the_work(folder):
    ct, question = write_case(folder)
    stages = []

    def stop(stage, done, total):
        stages.append(stage)
        if stage == "loading":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        strength(ct, question, stop)
    assert list(dict.fromkeys(stages)) == ["reading the CT", "bone", "loading"]


def test_threads_change_no_digit(folder, with_lesion):
    ct, question = write_case(folder)
    two = strength(ct, replace(question, lesion="2", threads=2))
    assert result_text(strength_document(two)) == result_text(strength_document(with_lesion))
    assert np.array_equal(fields_of(two.carried).failed, fields_of(with_lesion.carried).failed)


def test_a_load_case_that_is_not_there(folder):
    ct, question = write_case(folder)
    assert codes(lambda: strength(ct, replace(question, load="jumping"))) == ["load.unknown"]
    assert codes(lambda: strength(ct, replace(question, boundary="glue"))) == ["load.boundary"]
