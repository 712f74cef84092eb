"""DICOM series: order, places, scales, what is refused, and that nobody's name comes out."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID
from tests.unit.structure.written import (
    SECRETS,
    affine_of,
    bytes_of,
    codes,
    numbered,
    oblique,
    plain_affine,
    series,
    small_series,
    write_series,
)

from osteocast.foundation.errors import InputError
from osteocast.structure import ct_header, ct_libraries, ct_series
from osteocast.structure.ct_read import Scan, read_ct


def broken(tmp_path: Path, slices: list[FileDataset]) -> list[str]:
    """Return the codes with which a series is refused."""
    return codes(lambda: read_ct(write_series(tmp_path / "in", slices)))


@pytest.mark.parametrize("syntax", ["plain", "rle"])
@pytest.mark.parametrize("direction", [np.eye(3), oblique()], ids=["straight", "oblique"])
def test_slices_are_sorted_by_place_and_rescaled(tmp_path: Path, direction: np.ndarray, syntax: str) -> None:
    values = numbered((6, 10, 12))
    affine = affine_of(direction, (0.7, 0.8, 2.5), (-10.0, 20.0, -30.0))
    scan = read_ct(write_series(tmp_path / "in", series(values, affine), syntax))
    assert np.array_equal(scan.volume.values, values)
    assert scan.volume.affine == pytest.approx(affine, abs=1e-6)
    assert (scan.volume.unit, scan.kind, scan.warnings) == ("HU", "DICOM", ())


def test_feet_first_and_prone_slices_are_turned(tmp_path: Path) -> None:
    values = numbered((6, 10, 12))
    direction = np.diag([-1.0, -1.0, 1.0])[:, [1, 0, 2]] * np.array([1, 1, -1])
    affine = affine_of(direction, (0.7, 0.8, 2.5), (0.0, 0.0, 0.0))
    volume = read_ct(write_series(tmp_path / "in", series(values, affine))).volume
    assert np.all(np.diag(volume.affine)[:3] > 0)
    where = np.argwhere(volume.values == values[5, 7, 3])
    expected = affine @ [3, 7, 5, 1]
    assert volume.positions_mm(where)[0] == pytest.approx(expected[:3])


def test_each_slice_has_its_own_scale(tmp_path: Path) -> None:
    slices = small_series()
    slices[2].RescaleSlope, slices[2].RescaleIntercept = "2", "-24.5"
    stored = np.frombuffer(slices[2].PixelData, "<i2").reshape(10, 12)
    values = read_ct(write_series(tmp_path / "in", slices)).volume.values
    assert np.array_equal(values[2], stored * 2.0 - 24.5)
    assert np.array_equal(values[3], numbered((6, 10, 12))[3])


@pytest.mark.parametrize("tag", ["RescaleSlope", "RescaleIntercept"])
def test_a_scale_that_one_slice_does_not_state_is_no_scale(tmp_path: Path, tag: str) -> None:
    slices = small_series()
    delattr(slices[4], tag)
    assert broken(tmp_path, slices) == ["ct.series-mixed"]


def test_a_series_without_scale_is_read_with_a_warning(tmp_path: Path) -> None:
    stored = series(numbered((6, 10, 12)), plain_affine(), intercept=0.0)
    for ds in stored:
        ds.RescaleSlope = "0"
    scan = read_ct(write_series(tmp_path / "in", stored))
    assert [w.code for w in scan.warnings] == ["ct.scale-missing"]
    assert np.array_equal(scan.volume.values, numbered((6, 10, 12)))


def test_nothing_that_names_anybody_comes_out(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "in", small_series())
    raw = b"".join(f.read_bytes() for f in folder.iterdir())
    assert all(secret.encode() in raw for secret in SECRETS)
    scan = read_ct(folder)
    shown = repr(scan) + json.dumps(dataclasses.asdict(scan.scanner)) + scan.series + scan.sha256
    uid = small_series()[0].SeriesInstanceUID
    assert not [secret for secret in (*SECRETS, str(uid), "Mustermann") if secret in shown]
    assert dataclasses.asdict(scan.scanner) == {
        "kvp": 120.0,
        "kernel": "Br40",
        "slice_thickness_mm": 2.5,
        "contrast": True,
        "manufacturer": "SIEMENS",
        "model": "Somatom",
        "tube_current_ma": None,
    }
    assert len(scan.series) == 12


def test_messages_name_no_one_either(tmp_path: Path) -> None:
    slices = small_series()
    slices.extend(series(numbered((6, 10, 12)), plain_affine(), "two"))
    with pytest.raises(InputError) as caught:
        read_ct(write_series(tmp_path / "in", slices))
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


@pytest.mark.parametrize(("agent", "contrast"), [("", None), (None, None), ("NONE", False), ("Ultravist", True)])
def test_contrast_is_said_without_the_agent(tmp_path: Path, agent: str | None, contrast: bool | None) -> None:
    slices = small_series()
    for ds in slices:
        ds.ContrastBolusAgent = agent
    assert read_ct(write_series(tmp_path / "in", slices)).scanner.contrast is contrast


def test_missing_slices_are_counted(tmp_path: Path) -> None:
    slices = small_series()
    del slices[3]
    with pytest.raises(InputError) as caught:
        read_ct(write_series(tmp_path / "in", slices))
    assert [i.code for i in caught.value.issues] == ["ct.slices-missing"]
    assert caught.value.issues[0].found == "1 slices missing, after slice 3"


def moved(index: int, by: float, axis: int = 2) -> list[FileDataset]:
    slices = small_series()
    place = [float(v) for v in slices[index].ImagePositionPatient]
    place[axis] += by
    slices[index].ImagePositionPatient = [f"{v:.6g}" for v in place]
    return slices


def test_slices_that_make_no_even_grid_are_refused(tmp_path: Path) -> None:
    assert broken(tmp_path / "a", moved(2, 0.9)) == ["ct.spacing-uneven"]
    assert broken(tmp_path / "b", moved(2, 2.5)) == ["ct.slices-twice"]
    assert broken(tmp_path / "c", small_series()[:1]) == ["ct.one-slice"]
    tilted = small_series()
    for number, ds in enumerate(tilted):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, f"{float(y) + 0.4 * number:.6g}", z]
    assert broken(tmp_path / "d", tilted) == ["ct.gantry-tilt"]


def test_places_rounded_by_the_scanner_are_taken_with_a_warning(tmp_path: Path) -> None:
    scan = read_ct(write_series(tmp_path / "in", moved(2, 0.1)))
    assert [w.code for w in scan.warnings] == ["ct.spacing-rounded"]
    assert scan.volume.spacing_zyx_mm[0] == pytest.approx(2.5)


def test_two_series_are_listed_and_one_is_chosen(tmp_path: Path) -> None:
    other = series(numbered((4, 10, 12)) + np.int16(5), plain_affine(), "two")
    for ds in other:
        ds.SeriesNumber = "9"
    folder = write_series(tmp_path / "in", small_series())
    write_series(folder / "deeper", other)
    with pytest.raises(InputError) as caught:
        read_ct(folder)
    (issue,) = caught.value.issues
    assert issue.code == "ct.series-several"
    assert "1 = 6 slices, 2.5 mm, Br40, 120 kV" in issue.found
    assert read_ct(folder, series="1").volume.shape_zyx == (6, 10, 12)
    second = read_ct(folder, series="2")
    assert second.volume.shape_zyx == (4, 10, 12)
    assert read_ct(folder, series=second.series).sha256 == second.sha256
    assert read_ct(next((folder / "deeper").iterdir())).sha256 == second.sha256
    assert codes(lambda: read_ct(folder, series="3")) == ["ct.series-unknown"]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("ConvolutionKernel", "Br60"),
        ("KVP", "80"),
        ("PixelSpacing", ["0.5", "0.5"]),
        ("ImageOrientationPatient", ["0", "1", "0", "1", "0", "0"]),
        ("StudyInstanceUID", "1.2.3"),
        ("FrameOfReferenceUID", "1.2.3"),
    ],
)
def test_one_identifier_for_two_kinds_of_slices_is_refused(tmp_path: Path, tag: str, value: object) -> None:
    slices = small_series()
    setattr(slices[4], tag, value)
    assert broken(tmp_path, slices) == ["ct.series-mixed"]


def test_scouts_letters_and_other_modalities_are_left_aside_visibly(tmp_path: Path) -> None:
    slices = small_series()
    scout, report = small_series()[0], small_series()[1]
    scout.ImageType, report.Modality = ["ORIGINAL", "PRIMARY", "LOCALIZER"], "MR"
    folder = write_series(tmp_path / "in", [*slices, scout, report])
    (folder / "letter.txt").write_text("Dear colleague")
    (folder / ".DS_Store").write_text("")
    scan = read_ct(folder)
    assert scan.volume.shape_zyx == (6, 10, 12)
    assert [w.code for w in scan.warnings] == ["ct.files-aside"]
    assert scan.warnings[0].found == "3 other files left aside (1 MR, 1 not DICOM or broken, 1 scout)"


def test_an_mr_is_no_ct(tmp_path: Path) -> None:
    slices = small_series()
    for ds in slices:
        ds.Modality = "MR"
    assert broken(tmp_path, slices) == ["ct.not-a-ct"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("ImagePositionPatient", "ct.geometry"),
        ("ImageOrientationPatient", "ct.geometry"),
        ("PixelSpacing", "ct.geometry"),
        ("Rows", "ct.geometry"),
        ("PixelData", "ct.unreadable"),
        ("Modality", "ct.not-a-ct"),
    ],
)
def test_missing_tags_are_named(tmp_path: Path, tag: str, code: str) -> None:
    slices = small_series()
    for ds in slices:
        delattr(ds, tag)
    assert broken(tmp_path, slices) == [code]


def test_direction_cosines_that_are_none_are_refused(tmp_path: Path) -> None:
    slices = small_series()
    for ds in slices:
        ds.ImageOrientationPatient = ["1", "0", "0", "1", "0", "0"]
    assert broken(tmp_path, slices) == ["ct.geometry"]


def test_pixels_cut_short_are_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "in", small_series())
    file = sorted(folder.iterdir())[2]
    file.write_bytes(file.read_bytes()[:-60])
    assert codes(lambda: read_ct(folder)) == ["ct.unreadable"]


def test_values_that_are_not_hounsfield_need_their_unit(tmp_path: Path) -> None:
    slices = small_series()
    for ds in slices:
        ds.RescaleType = "US"
    folder = write_series(tmp_path / "a", slices)
    assert codes(lambda: read_ct(folder)) == ["ct.unit-missing"]
    assert read_ct(folder, "mgHA/cm3").volume.unit == "mgHA/cm3"
    for ds in slices:
        ds.RescaleType = "HU"
    folder = write_series(tmp_path / "b", slices)
    assert read_ct(folder, "HU").volume.unit == "HU"
    assert codes(lambda: read_ct(folder, "mgHA/cm3")) == ["ct.unit-contradicts"]


def test_gaps_between_slices_are_told(tmp_path: Path) -> None:
    slices = small_series()
    for ds in slices:
        ds.SliceThickness = "1"
    scan = read_ct(write_series(tmp_path / "in", slices))
    assert [w.code for w in scan.warnings] == ["ct.slice-gap"]


def test_limits_hold_before_pixels_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_series(tmp_path / "in", small_series())
    monkeypatch.setattr(ct_header, "MOST_VOXELS", 500)
    assert codes(lambda: read_ct(folder)) == ["ct.too-large"]
    monkeypatch.setattr(ct_series, "MOST_FILES", 5)
    assert codes(lambda: read_ct(folder)) == ["ct.too-many-files"]


def test_a_zip_of_a_series_is_read(tmp_path: Path) -> None:
    packed = tmp_path / "ct.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, ds in enumerate(small_series()):
            archive.writestr(f"Mustermann/DICOM/IM{number}", bytes_of(ds))
    scan = read_ct(packed)
    assert np.array_equal(scan.volume.values, numbered((6, 10, 12)))
    assert "Mustermann" not in repr(scan)


def enhanced(values: np.ndarray, affine: np.ndarray) -> FileDataset:
    """Return one file of all slices, in the reverse order of their places, each with its own intercept."""
    slices = series(values, affine)[::-1]
    one = slices[0]
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = UID(ct_series.ENHANCED_CT)
    shared, own = Dataset(), []
    for number, ds in enumerate(slices):
        place, plane, scale = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = ds.ImagePositionPatient
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = "1", str(-1024 + 3 * number), "HU"
        place.PlanePositionSequence = Sequence([plane])
        place.PixelValueTransformationSequence = Sequence([scale])
        own.append(place)
    turned, measured = Dataset(), Dataset()
    turned.ImageOrientationPatient, measured.PixelSpacing = one.ImageOrientationPatient, one.PixelSpacing
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([turned]), Sequence([measured])
    one.SharedFunctionalGroupsSequence, one.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(own)
    stored = [np.frombuffer(ds.PixelData, "<i2") - np.int16(3 * number) for number, ds in enumerate(slices)]
    one.NumberOfFrames, one.PixelData = str(len(slices)), np.concatenate(stored).tobytes()
    for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleIntercept", "RescaleSlope"):
        delattr(one, tag)
    return one


def test_an_enhanced_ct_is_read_slice_by_slice(tmp_path: Path) -> None:
    one = enhanced(numbered((6, 10, 12)), plain_affine())
    scan = read_ct(write_series(tmp_path / "in", [one]))
    assert np.array_equal(scan.volume.values, numbered((6, 10, 12)))
    assert scan.volume.affine == pytest.approx(plain_affine())
    del one.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence
    assert broken(tmp_path / "b", [one]) == ["ct.geometry"]
    del one.PerFrameFunctionalGroupsSequence[3]
    assert broken(tmp_path / "c", [one]) == ["ct.unreadable"]


def test_without_the_extra_it_is_said_which_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_series(tmp_path / "in", small_series())

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(ct_libraries.importlib, "import_module", absent)
    with pytest.raises(InputError) as caught:
        read_ct(folder)
    assert [i.code for i in caught.value.issues] == ["ct.library-missing"]
    assert "osteocast[ct]" in caught.value.issues[0].fix


def test_the_real_series(shared_dir: Path) -> None:
    scan: Scan = read_ct(shared_dir / "reference/ct/totalsegmentator/dicom_T12L1")
    assert scan.volume.shape_zyx == (20, 512, 512)
    assert scan.volume.spacing_zyx_mm == pytest.approx((2.0, 0.9765625, 0.9765625))
    assert (scan.volume.values.min(), scan.volume.values.max()) == (-1024.0, 1839.0)
    assert (scan.scanner.kvp, scan.scanner.kernel, scan.scanner.contrast) == (120.0, "Br38f", True)
    assert scan.warnings == ()
    file = shared_dir / "reference/ct/totalsegmentator/dicom_T12L1/slice000.dcm"
    assert scan.volume.affine[2, 3] + 19 * 2.0 == pytest.approx(
        float(pydicom.dcmread(file, stop_before_pixels=True).ImagePositionPatient[2])
    )
