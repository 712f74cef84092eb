"""Calibration and the warnings of a scan's technique."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.written import codes, plain_affine

from osteocast.structure import calibration
from osteocast.structure.ct_read import read_ct
from osteocast.structure.ct_tags import Scanner
from osteocast.structure.ct_warnings import technique_warnings
from osteocast.structure.volume import Volume


def body(air: float = -995.0, fat: float = -105.0, muscle: float = 55.0) -> Volume:
    """Return a scan of noise around the three tissues, in a padding of -1024 HU."""
    rng = np.random.default_rng(20261128)
    values = np.full((20, 40, 40), -1024.0)
    values[:, 2:, 2:] = air
    values[:, 8:34, 8:34] = fat
    values[:, 12:30, 12:30] = muscle
    noisy = values > -1024.0
    values[noisy] += rng.normal(0.0, 12.0, noisy.sum())
    return Volume(np.maximum(np.round(values), -1024.0), plain_affine(), "HU")


def test_a_phantom_line_is_applied_as_given() -> None:
    line = calibration.from_line(0.8, -3.0, "mg HA/cc")
    volume = calibration.apply(body(), line)
    assert volume.unit == "mgHA/cm3"
    assert volume.values == pytest.approx(body().values * 0.8 - 3.0, abs=1e-3)
    assert line.described() == "density (mgHA/cm3) = 0.8000 HU - 3.00, phantom"
    assert codes(lambda: calibration.apply(volume, line)) == ["calibration.not-needed"]


@pytest.mark.parametrize(
    ("slope", "intercept", "unit", "code"),
    [
        (0.0008, 0.0, "mgHA/cm3", "calibration.line"),
        (-0.8, 0.0, "mgHA/cm3", "calibration.line"),
        (0.8, 900.0, "mgHA/cm3", "calibration.line"),
        (float("nan"), 0.0, "mgHA/cm3", "calibration.line"),
        (0.8, 0.0, None, "ct.unit-missing"),
        (0.8, 0.0, "mg/cm3", "ct.unit"),
        (0.8, 0.0, "HU", "ct.unit"),
    ],
)
def test_lines_no_scanner_has_are_refused(slope: float, intercept: float, unit: str | None, code: str) -> None:
    assert codes(lambda: calibration.from_line(slope, intercept, unit)) == [code]


def test_a_micro_ct_may_have_any_scale() -> None:
    line = calibration.from_line(1662.52 / 8192, -398.61, "mgHA/cm3", native=True)
    volume = Volume(np.arange(60.0).reshape(3, 4, 5), plain_affine(), "native")
    assert calibration.apply(volume, line).values.ravel()[59] == pytest.approx(59 * 1662.52 / 8192 - 398.61, abs=1e-3)


def test_rods_make_a_line() -> None:
    rods = [(1.25 * density + 4.0, density) for density in (0.0, 50.0, 100.0, 150.0, 200.0)]
    line = calibration.from_rods(rods, "mgHA/cm3")
    assert (line.slope, line.intercept) == pytest.approx((0.8, -3.2))
    assert codes(lambda: calibration.from_rods([(0.0, 0.0)], "mgHA/cm3")) == ["calibration.rods"]
    assert codes(lambda: calibration.from_rods([], "mgHA/cm3")) == ["calibration.rods"]
    assert codes(lambda: calibration.from_rods([(5.0, 0.0), (5.0, 100.0)], "mgHA/cm3")) == ["calibration.rods"]
    crossed = [(0.0, 0.0), (250.0, 50.0), (120.0, 200.0)]
    assert codes(lambda: calibration.from_rods(crossed, "mgHA/cm3")) == ["calibration.no-line"]


def test_air_fat_and_muscle_are_found() -> None:
    line = calibration.air_fat_muscle(body())
    assert [name for name, _, _ in line.points] == list(calibration.TISSUES)
    assert [hu for _, hu, _ in line.points] == pytest.approx([-995.0, -105.0, 55.0], abs=3.0)
    expected = np.polyfit([-995.0, -105.0, 55.0], [-797.0, -95.0, 38.0], 1)
    assert (line.slope, line.intercept) == pytest.approx(tuple(expected), abs=1.5)
    assert line.unit == "mgK2HPO4/cm3"
    assert [w.code for w in line.warnings] == ["calibration.unit-recalled"]


def test_air_fat_and_muscle_may_be_given() -> None:
    volume = body()
    regions = {
        "air": (volume.values < -900) & (volume.values > -1020),
        "fat": (volume.values < -60) & (volume.values > -150),
        "muscle": (volume.values > 10) & (volume.values < 100),
    }
    line = calibration.air_fat_muscle(volume, regions)
    assert line.slope == pytest.approx(calibration.air_fat_muscle(volume).slope, rel=0.01)
    assert codes(lambda: calibration.air_fat_muscle(volume, {**regions, "fat": regions["fat"] & False})) == [
        "calibration.region"
    ]
    swapped = {**regions, "fat": regions["muscle"], "muscle": regions["fat"]}
    assert codes(lambda: calibration.air_fat_muscle(volume, swapped)) in (["calibration.no-line"], ["calibration.line"])
    density = Volume(volume.values, volume.affine, "mgHA/cm3")
    assert codes(lambda: calibration.air_fat_muscle(density)) == ["calibration.not-needed"]


def test_a_tissue_that_is_not_in_the_picture_is_missed() -> None:
    inside = Volume(np.ascontiguousarray(body().values[:, 9:33, 9:33]), plain_affine(), "HU")
    assert codes(lambda: calibration.air_fat_muscle(inside)) == ["calibration.tissue-missing"]
    # organs full of contrast agent are no muscle
    assert codes(lambda: calibration.air_fat_muscle(body(muscle=96.0))) == ["calibration.tissue-missing"]


def test_the_fixed_line_warns() -> None:
    line = calibration.fixed()
    assert [w.code for w in line.warnings] == ["calibration.fixed"]
    assert (line.slope, line.intercept, line.unit) == (0.7, -9.0, "mgAsh/cm3")


def test_technique_is_told() -> None:
    plain = Scanner(120.0, "Br38f", 1.0, False)
    assert technique_warnings(plain, calibrated=False) == ()
    found = technique_warnings(Scanner(100.0, "Br64", 5.0, True), calibrated=False)
    assert [w.code for w in found] == ["ct.kvp", "ct.kernel", "ct.contrast", "ct.slice-thick"]
    assert "ataei2022" in found[0].fix
    calibrated = technique_warnings(Scanner(100.0, "BONEPLUS", 1.0, False), calibrated=True)
    assert [w.code for w in calibrated] == ["ct.kernel"]
    unknown = technique_warnings(Scanner(), calibrated=True)
    assert [w.code for w in unknown] == ["ct.kvp", "ct.kernel", "ct.contrast"]


def test_real_scans_without_a_phantom(shared_dir: Path) -> None:
    folder = shared_dir / "reference/ct/totalsegmentator"
    pelvis = read_ct(folder / "example_ct_abdomen_pelvis_3mm.nii.gz", "HU").volume
    thorax = read_ct(folder / "thorax_spine_1p5mm.nii.gz", "HU").volume
    for volume in (pelvis, thorax):
        assert 0.75 < calibration.air_fat_muscle(volume).slope < 0.85
    enhanced = read_ct(folder / "dicom_T12L1").volume
    assert codes(lambda: calibration.air_fat_muscle(enhanced)) == ["calibration.tissue-missing"]
