"""From CT, labels and a question to a bone: masks, calibration, laws, what is said and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.structure.strength_cases import BONE, LESION, LINE, affine, labels_of, values_of, write_case
from tests.unit.structure.written import codes, write_image

from osteocast.structure.bone_model import build_bone, calibration_of
from osteocast.structure.ct_read import read_ct
from osteocast.structure.label_checks import mask_in_box
from osteocast.structure.laws import law
from osteocast.structure.strength_question import Question, box_of_text, part_of_text, site_of, site_of_label
from osteocast.structure.volume import Volume


@pytest.fixture
def case(tmp_path):
    ct, question = write_case(tmp_path)
    return read_ct(ct, "HU"), question


def test_masks_places_and_material_are_those_of_the_ct(case):
    scan, question = case
    bone = build_bone(scan, replace(question, lesion="2")).bone
    labels = labels_of()
    assert int(bone.bone.sum()) == int(np.isin(labels, (BONE, LESION)).sum())
    assert int(bone.lesion.sum()) == int((labels == LESION).sum())
    first = np.argwhere(bone.bone)[0][::-1]
    assert (bone.affine @ [*first, 1.0])[:3] == pytest.approx((affine() @ [5, 4, 5, 1.0])[:3])
    modulus = law("keller").values(np.array([1.15 * 300.0 - 7.32]) / 1000.0 * 0.877 + 0.079)
    sound = bone.bone & ~bone.lesion
    assert bone.modulus[sound] == pytest.approx(float(modulus[0]), rel=1e-5)
    assert not bone.modulus[~bone.bone].any()
    assert bone.yield_tension[sound] == pytest.approx(0.7 * bone.yield_compression[sound])


def test_every_choice_is_said(case):
    scan, question = case
    said = " ".join(build_bone(scan, question).bone.lines)
    for words in (
        "1.0000 HU",
        "keller",
        "k2hpo4-to-ha",
        "ha-to-ash-schileo",
        "keaveny1994",
        "1 x 1.2 x 1.5 mm",
        "void",
    ):
        assert words in said


def test_fixed_calibration_leads_to_a_law_it_can_serve_and_is_warned_of(case):
    scan, question = case
    built = build_bone(scan, replace(question, site="vertebra", calibration="fixed"))
    assert [one.name for one in built.laws] == ["keller", "keller-strength"]
    assert {"calibration.fixed", "law.recalled", "ct.kvp"} <= {one.code for one in built.warnings}
    built = build_bone(scan, replace(question, site="vertebra"))
    assert [one.name for one in built.laws] == ["kopperdahl-vertebra", "kopperdahl-vertebra-yield"]


def test_named_laws_take_the_place_of_the_sites(case):
    scan, question = case
    built = build_bone(scan, replace(question, laws=("ogo-default",)))
    assert [one.name for one in built.laws] == ["ogo-default", "keller-strength"]
    assert codes(lambda: build_bone(scan, replace(question, laws=("keller", "ogo-default")))) == ["question.laws"]
    assert codes(lambda: build_bone(scan, replace(question, laws=("kellner",)))) == ["law.unknown"]
    fixed = replace(question, laws=("kopperdahl-vertebra",), calibration="fixed")
    assert codes(lambda: build_bone(scan, fixed)) == ["law.no-path"]


def test_the_laws_again_for_other_densities(case):
    scan, question = case
    built = build_bone(scan, question)
    found = built.material(built.bone.density)
    inside = built.bone.bone
    for values, kept in zip(
        found, (built.bone.modulus, built.bone.yield_compression, built.bone.yield_tension), strict=True
    ):
        assert values[inside] == pytest.approx(kept[inside])


def test_a_spacing_of_the_load_leaves_the_bone_on_the_voxels_of_the_ct(case):
    scan, question = case
    coarse = build_bone(scan, replace(question, spacing_mm=1.0)).bone
    assert coarse.spacing_mm == pytest.approx(scan.volume.spacing_zyx_mm[::-1])
    assert (coarse.modulus == build_bone(scan, question).bone.modulus).all()
    assert codes(lambda: build_bone(scan, replace(question, spacing_mm=0.01))) == ["question.spacing"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("phantom", "calibration.unknown"),
        ("0.8,-15", "calibration.unknown"),
        ("a,b,mgHA/cm3", "calibration.unknown"),
        ("0.8,-15,HU", "ct.unit"),
        ("0.8,-15,g/cm3", "ct.unit"),
        ("0.0008,-0.01,mgHA/cm3", "calibration.line"),
        ("nan,0,mgHA/cm3", "calibration.line"),
    ],
)
def test_calibrations_that_are_none(case, text, code):
    assert codes(lambda: calibration_of(case[0].volume, text)) == [code]


def test_without_air_fat_and_muscle_another_calibration_has_to_be_named(case):
    scan, question = case
    found = codes(lambda: build_bone(scan, replace(question, calibration=None)))
    assert found[-1] == "calibration.choose"
    density = Volume(scan.volume.values, scan.volume.affine, "mgHA/cm3")
    assert calibration_of(density, None) is None
    assert codes(lambda: calibration_of(density, "fixed")) == ["calibration.not-needed"]


def test_a_box_and_a_threshold_in_place_of_labels(case):
    scan, question = case
    box = box_of_text("-8 4 34 50 106 128")
    built = build_bone(scan, replace(question, labels=None, parts=(), box_mm=box, threshold=200.0))
    assert built.label == "box"
    assert int(built.bone.bone.sum()) > 1_500
    unnamed = replace(question, labels=None, parts=(), box_mm=box, threshold=200.0, site=None)
    assert codes(lambda: build_bone(scan, unnamed)) == ["question.site"]


def test_the_site_comes_from_the_label_or_the_user(tmp_path):
    labels = labels_of() * 27
    ct = write_image(tmp_path / "a.nii.gz", values_of(labels_of()), affine())
    question = Question(unit="HU", labels=write_image(tmp_path / "l.nii.gz", labels, affine()), calibration=LINE)
    scan = read_ct(ct, "HU")
    built = build_bone(scan, replace(question, label="27", table="totalsegmentator-v2", parts=(("hole", "54"),)))
    assert (built.label, built.bone.site) == ("vertebra-l5", "vertebra")
    assert {"body", "posterior"} <= set(built.bone.parts)
    assert codes(lambda: build_bone(scan, replace(question, label="27"))) == ["question.site"]
    assert site_of_label("femur-left") == site_of("Femur Left")
    assert site_of_label("hip-left") is None
    assert codes(lambda: site_of("femur-up")) == ["question.site"]


def test_two_vertebrae_in_one_label_are_warned_of(case, tmp_path):
    scan, question = case
    labels = labels_of() * 0
    labels[2:10, 4:16, 5:15] = labels[13:21, 4:16, 5:15] = labels[10:13, 9, 9] = 1
    path = write_image(tmp_path / "l.nii.gz", labels, affine())
    asked = replace(question, labels=path, parts=(), label="1", site="vertebra")
    assert "label.two-bodies" in [one.code for one in build_bone(scan, asked).warnings]


@pytest.mark.parametrize(
    ("numbers", "asked", "code"),
    [
        ((75, 76), {"label": "75", "site": "vertebra"}, "question.sites-differ"),
        ((75, 76), {"label": "75", "site": "femur-right"}, "question.sites-differ"),
        ((75, 76), {"parts": (("a", "75"), ("b", "76"))}, "question.sites-differ"),
        ((28, 29), {"parts": (("a", "L4"), ("b", "L3"))}, "question.sites-differ"),
        ((75, 76), {"label": "femur_letf"}, "label.unknown"),
    ],
)
def test_a_bone_that_is_called_two_bones_is_refused(tmp_path, numbers, asked, code):
    labels = labels_of()
    labels[labels > 1] = 1
    values = values_of(labels)
    labels = np.where(labels, np.where(np.arange(labels.shape[0])[:, None, None] < 12, *numbers), 0).astype(np.uint8)
    scan = read_ct(write_image(tmp_path / "a.nii.gz", values, affine()), "HU")
    path = write_image(tmp_path / "l.nii.gz", labels, affine())
    question = Question(unit="HU", labels=path, table="totalsegmentator-v2", calibration=LINE, **asked)
    assert codes(lambda: build_bone(scan, question)) == [code]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"labels": None}, "question.bone"),
        ({"box_mm": (0, 1, 0, 1, 0, 1)}, "question.bone"),
        ({"labels": None, "parts": (), "threshold": 1.0}, "question.box"),
        ({"parts": ()}, "question.label"),
        ({"parts": (), "label": ""}, "question.label"),
        ({"threads": 0}, "question.setting"),
        ({"spacing_mm": 40.0}, "question.setting"),
        ({"spacing_mm": float("nan")}, "question.setting"),
        ({"body_weight_kg": 5.0}, "question.setting"),
        ({"site": "skull"}, "question.site"),
        ({"lesion": "2", "insert": "lytic:5mm@0.5,0.5,0.5"}, "question.lesion"),
        ({"insert": "a hole"}, "insert.syntax"),
    ],
)
def test_questions_that_contradict_themselves(case, changed, code):
    assert code in codes(replace(case[1], **changed).check)


def test_a_lesion_elsewhere_is_no_lesion_of_this_bone(case):
    scan, question = case
    parts = (("whole", "1"), ("inside", "2"))
    found = codes(lambda: build_bone(scan, replace(question, parts=parts, lesion="3")))
    assert found in (["label.lesion-elsewhere"], ["label.two-pieces"])
    assert codes(lambda: part_of_text("body")) == ["question.part"]
    assert codes(lambda: box_of_text("1,2,3")) == ["question.box"]
    assert codes(lambda: build_bone(scan, replace(question, parts=(("whole", "9"),)))) == ["label.unknown"]


def test_the_canal_of_a_vertebra_in_a_box_stays_open(case):
    scan = case[0]
    ring = np.array(scan.volume.values)
    ring[:, 5:15, 6:14] = 0.0
    volume = scan.volume.with_values(ring, "HU")
    box = box_of_text("-8 4 34 50 106 128")
    assert mask_in_box(volume, box, 200.0)[12, 11, 10]
    assert not mask_in_box(volume, box, 200.0, tunnel=True)[12, 11, 10]
