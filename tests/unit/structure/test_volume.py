"""The volume: its unit, its grid, and turning it without loss."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.structure.written import affine_of, codes, numbered, oblique, orders, plain_affine

from osteocast.structure.volume import UNITS, Volume, nearest_lps, parse_unit


def test_units_are_read_in_any_spelling_and_never_guessed() -> None:
    assert [parse_unit(unit, "x") for unit in UNITS] == list(UNITS)
    assert parse_unit(" mg HA/cm^3 ", "x") == parse_unit("mgha/cc", "x") == parse_unit("mgHA/mL", "x") == "mgHA/cm3"
    assert parse_unit("hu", "x") == "HU"
    for wrong in ("mg/cm3", "g/cm3", "Hounsfield", "gHA/cm3", "mgHA/cm2", "HU\n\n2"):
        assert codes(lambda wrong=wrong: parse_unit(wrong, "x")) == ["ct.unit"]
    for none in (None, "", "  "):
        assert codes(lambda none=none: parse_unit(none, "x")) == ["ct.unit-missing"]


def test_a_volume_keeps_its_values_from_being_changed() -> None:
    values = numbered((3, 4, 5)).astype(np.float32)
    volume = Volume(values, plain_affine(), "HU")
    assert volume.shape_zyx == (3, 4, 5)
    assert volume.spacing_zyx_mm == pytest.approx((2.5, 0.8, 0.7))
    assert volume.voxel_mm3 == pytest.approx(1.4)
    assert volume.positions_mm(np.array([[2, 1, 3]]))[0] == pytest.approx([-10 + 2.1, 20 + 0.8, -30 + 5.0])
    with pytest.raises(ValueError, match="read-only"):
        volume.values[0, 0, 0] = 1.0
    values[0, 0, 0] = 1.0  # the caller's own array stays writable


@pytest.mark.parametrize("shape", [(3, 4), (1, 4, 5), (3, 4, 5, 6), ()])
def test_flat_images_are_refused(shape: tuple[int, ...]) -> None:
    assert codes(lambda: Volume(np.zeros(shape, np.float32), plain_affine(), "HU")) == ["ct.shape"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_counted(bad: float) -> None:
    values = np.zeros((3, 4, 5), np.float32)
    values[1, 2, 3] = bad
    assert codes(lambda: Volume(values, plain_affine(), "HU")) == ["ct.not-a-number"]


def test_a_sum_beyond_single_precision_is_no_reason_to_refuse() -> None:
    assert Volume(np.full((30, 40, 50), 3e36, np.float32), plain_affine(), "HU").values.max() > 0


@pytest.mark.parametrize(
    "change",
    [
        {(0, 1): 0.2},
        {(0, 0): 0.0},
        {(0, 0): 1e-5},
        {(2, 2): 80.0},
        {(0, 3): np.nan},
        {(1, 3): 1e30},
    ],
)
def test_broken_grids_are_refused(change: dict[tuple[int, int], float]) -> None:
    affine = plain_affine()
    for place, value in change.items():
        affine[place] = value
    assert codes(lambda: Volume(np.zeros((3, 4, 5), np.float32), affine, "HU")) == ["ct.geometry"]


@pytest.mark.parametrize("direction", [np.eye(3), oblique()], ids=["straight", "oblique"])
def test_turning_undoes_every_order_of_axes(direction: np.ndarray) -> None:
    values = numbered((3, 4, 5))
    affine = affine_of(direction, (0.7, 0.8, 2.5), (-10.0, 20.0, -30.0))
    for axes, signs in orders():
        stored, place = reordered(values, affine, axes, signs)
        turned, back = nearest_lps(stored, place)
        assert np.array_equal(turned, values)
        assert back == pytest.approx(affine)


def reordered(
    values: np.ndarray, affine: np.ndarray, axes: tuple[int, ...], signs: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Store the same voxels along other axes: axis i of the file runs along body axis axes[i], times signs[i]."""
    stored = np.transpose(values, [2 - axes[2], 2 - axes[1], 2 - axes[0]])
    place = affine.copy()
    place[:3, :3] = affine[:3, list(axes)]
    for axis, sign in enumerate(signs):
        if sign < 0:
            place[:3, 3] += place[:3, axis] * (stored.shape[2 - axis] - 1)
            place[:3, axis] *= -1
            stored = np.flip(stored, 2 - axis)
    return np.ascontiguousarray(stored), place
