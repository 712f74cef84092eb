"""Input that is broken or not what it says: a coded message, or a warning beside the result, never a traceback."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.structure.strength_cases import BONE, LINE, affine, labels_of, values_of, write_case
from tests.unit.structure.written import bytes_of, codes, series, write_image, write_series

from osteocast.structure import strength as whole_way
from osteocast.structure.bone_model import build_bone
from osteocast.structure.ct_read import read_ct
from osteocast.structure.strength import strength
from osteocast.structure.strength_question import Question

BOX = (-9.0, 6.0, 32.0, 52.0, 105.0, 130.0)


@pytest.fixture
def case(tmp_path):
    return write_case(tmp_path)


def changed_ct(folder: Path, change: Callable[[np.ndarray], None]) -> Path:
    values = values_of(labels_of())
    change(values)
    return write_image(folder / "changed.nii.gz", values, affine())


def metal(values: np.ndarray) -> None:
    values[6, 5, 6] = 3500.0


def holes(values: np.ndarray) -> None:
    values[3, 3, 3] = np.nan


def positive(values: np.ndarray) -> None:
    values += 1000.0


def picture(values: np.ndarray) -> None:
    values[:] = np.clip((values + 100.0) / 2.0, 0.0, 255.0)


def nothing(values: np.ndarray) -> None:
    values[:] = 0.0


def void(values: np.ndarray) -> None:
    values[labels_of() == BONE] = -90.0
    values[labels_of() == 2] = -90.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (metal, "label.metal"),
        (holes, "ct.not-a-number"),
        (picture, "ct.not-hounsfield"),
        (nothing, "ct.constant"),
        (void, "law.zero-modulus"),
    ],
)
def test_values_no_bone_has(case, tmp_path, change, code):
    _, question = case
    assert codes(lambda: strength(changed_ct(tmp_path, change), replace(question, laws=("ogo-default",)))) == [code]


def test_metal_may_be_allowed_and_is_said(case, tmp_path):
    _, question = case
    scan = read_ct(changed_ct(tmp_path, metal), "HU")
    built = build_bone(scan, replace(question, metal_allowed=True))
    assert "label.metal" in [one.code for one in built.warnings]


def divided(values: np.ndarray) -> None:
    values /= 1000.0


@pytest.mark.parametrize("change", [positive, divided])
def test_a_doubtful_unit_is_said(case, tmp_path, change):
    _, question = case
    built = build_bone(read_ct(changed_ct(tmp_path, change), "HU"), question)
    assert "ct.unit-doubtful" in [one.code for one in built.warnings]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"unit": None}, "ct.unit-missing"),
        ({"unit": "mg/cm3"}, "ct.unit"),
        ({"unit": "mgHA/cm3"}, "calibration.not-needed"),
        ({"calibration": "fixed", "laws": ("crawford-vertebra",)}, "law.no-path"),
        ({"spacing_mm": 0.01}, "question.spacing"),
        ({"spacing_mm": 5.0}, "load.part"),
        ({"insert": "lytic:12mm@lps:900,900,900"}, "insert.outside"),
    ],
)
def test_questions_this_ct_cannot_answer(case, changed, code):
    ct, question = case
    assert code in codes(lambda: strength(ct, replace(question, **changed)))


def relabelled(folder: Path, change: Callable[[np.ndarray], None]) -> Path:
    labels = labels_of()
    labels[labels == 2] = BONE
    change(labels)
    return write_image(folder / "labels.nii.gz", labels, affine())


def empty(labels: np.ndarray) -> None:
    labels[:] = 0


def tiny(labels: np.ndarray) -> None:
    labels[12:] = 0


def split(labels: np.ndarray) -> None:
    labels[11:13] = 0


@pytest.mark.parametrize(
    ("change", "code"), [(empty, "label.empty"), (tiny, "label.tiny"), (split, "label.two-pieces")]
)
def test_labels_that_are_no_whole_bone(case, tmp_path, change, code):
    ct, question = case
    asked = replace(question, labels=relabelled(tmp_path, change), parts=(), label="1")
    assert code in codes(lambda: strength(ct, asked))


def border(labels: np.ndarray) -> None:
    labels[:, 4:16, 5:15] = BONE


def crumbs(labels: np.ndarray) -> None:
    labels[21, 17, 17:20] = BONE


def hole(labels: np.ndarray) -> None:
    labels[9:14, 8:12, 8:12] = 0


@pytest.mark.parametrize(("change", "code"), [(border, "label.border"), (crumbs, "label.crumbs"), (hole, "label.hole")])
def test_labels_to_look_at_are_warned_of(case, tmp_path, change, code):
    ct, question = case
    asked = replace(question, labels=relabelled(tmp_path, change), parts=(), label="1")
    assert code in [one.code for one in build_bone(read_ct(ct, "HU"), asked).warnings]


def no_ct(folder: Path) -> Path:
    path = folder / "letter.txt"
    path.write_text("Dear colleague")
    return path


def no_folder(folder: Path) -> Path:
    return folder / "nowhere"


def empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def no_gzip(folder: Path) -> Path:
    path = folder / "a.nii.gz"
    path.write_bytes(b"\x1f\x8b" + bytes(40))
    return path


def cut_off(folder: Path) -> Path:
    whole = gzip.decompress(write_case(folder)[0].read_bytes())
    path = folder / "cut.nii"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def too_large(folder: Path) -> Path:
    """A file of 5 GB that takes no room on the disk."""
    path = folder / "large.nii"
    head = gzip.decompress(write_case(folder)[0].read_bytes())[:352]
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(5 * 1024**3)
    return path


@pytest.mark.parametrize("make", [no_ct, no_folder, empty_folder, no_gzip, cut_off, too_large])
def test_what_is_no_ct(tmp_path, make):
    question = Question(unit="HU", box_mm=BOX, threshold=200.0, site="generic", calibration=LINE)
    found = codes(lambda: strength(make(tmp_path), question))
    assert found
    assert {code.partition(".")[0] for code in found} <= {"ct", "file"}


def slices(folder: Path, change: Callable[[list], list]) -> Path:
    return write_series(folder / "dicom", change(series(values_of(labels_of()), affine())))


def mixed(found: list) -> list:
    for ds in found[5:]:
        ds.ConvolutionKernel = "Br64"
    return found


def several(found: list) -> list:
    return [*found, *series(values_of(labels_of()), affine(), name="two")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda found: found[:8] + found[10:], "ct.slices-missing"),
        (lambda found: [*found, found[3]], "ct.slices-twice"),
        (lambda found: found[:1], "ct.one-slice"),
        (mixed, "ct.series-mixed"),
        (several, "ct.series-several"),
    ],
)
def test_series_that_are_no_volume(tmp_path, change, code):
    question = Question(box_mm=BOX, threshold=200.0, site="generic", calibration=LINE)
    found = codes(lambda: strength(slices(tmp_path, change), question))
    assert found
    assert {one.partition(".")[0] for one in found} == {"ct"}
    assert code in found or code == "ct.slices-twice"


def test_a_whole_series_is_taken(tmp_path, monkeypatch):
    """The same bar as DICOM, up to the load."""

    class ReachedError(Exception):
        pass

    def stop(*_):
        raise ReachedError

    monkeypatch.setattr(whole_way, "load_bone", stop)
    question = Question(box_mm=BOX, threshold=200.0, site="generic", calibration=LINE)
    with pytest.raises(ReachedError):
        strength(slices(tmp_path, lambda found: found), question)


@cache
def plain_slices() -> tuple[bytes, ...]:
    return tuple(bytes_of(ds) for ds in series(values_of(labels_of()), affine()))


CHANGES = st.lists(st.tuples(st.integers(130, 1600), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 23), changes=CHANGES, cut=st.sampled_from([1.0, 1.0, 0.9, 0.4]))
def test_headers_that_are_broken(which, changes, cut):
    question = Question(box_mm=BOX, threshold=200.0, site="generic", calibration=LINE)
    with tempfile.TemporaryDirectory() as folder:
        for number, raw in enumerate(plain_slices()):
            mutable = bytearray(raw)
            if number == which:
                for place, value in changes:
                    mutable[place % len(mutable)] = value
                mutable = mutable[: int(len(mutable) * cut)]
            (Path(folder) / f"{number}.dcm").write_bytes(bytes(mutable))

        def work() -> None:
            build_bone(read_ct(folder), question)

        areas = {code.partition(".")[0] for code in codes(work)}
        assert areas <= {"ct", "file", "label", "question", "law", "calibration"}
