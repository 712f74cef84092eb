"""One bone given in other ways: stored in another order, turned or mirrored, it carries the same load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.unit.structure.load_cases import Floats, rotation, vertebra
from tests.unit.structure.written import write_image

from osteocast.structure.axes import find_axes
from osteocast.structure.strength import Strength, strength
from osteocast.structure.strength_question import Question

SPACING = (2.5, 2.5, 2.5)
BODY, POSTERIOR = 20, 48
AXES = ((0, 0, 1), (1, 0, 0))


def given() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], Floats]:
    """Return CT, labels and affine of a vertebra that is denser on one side, at the front and at the bottom."""
    bone = vertebra(np.eye(3), SPACING)
    z, y, x = (np.linspace(-1, 1, n).reshape(shape) for n, shape in zip(bone.bone.shape, _columns(), strict=True))
    density = 150 + 40 * x - 60 * y - 50 * z + 25 * np.sin(9 * x + 7 * y + 5 * z)
    labels = np.where(bone.parts["body"], BODY, np.where(bone.parts["posterior"], POSTERIOR, 0)).astype(np.uint8)
    around = -60.0
    return np.where(bone.bone, density, around).astype(np.float32), labels, bone.affine


def _columns() -> tuple[tuple[int, int, int], ...]:
    return (-1, 1, 1), (1, -1, 1), (1, 1, -1)


def carried(folder: Path, ct: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], affine: Floats) -> Strength:
    """Write a CT with its labels and load it as the command does."""
    question = Question(
        unit="mgK2HPO4/cm3",
        labels=write_image(folder / "labels.nii.gz", labels, affine),
        parts=(("body", str(BODY)), ("posterior", str(POSTERIOR))),
        site="vertebra",
        spacing_mm=2.5,
    )
    return strength(write_image(folder / "ct.nii.gz", ct, affine), question)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Strength:
    return carried(tmp_path_factory.mktemp("straight"), *given())


def apart(one: Strength, other: Strength) -> tuple[float, float]:
    first, second = one.carried.failure, other.carried.failure
    return second.failure_load_n / first.failure_load_n - 1, second.stiffness_n_mm / first.stiffness_n_mm - 1


@pytest.mark.parametrize(("order", "backwards"), [((2, 1, 0), (0, 2)), ((1, 2, 0), ())])
def test_stored_in_another_order(
    straight: Strength, tmp_path: Path, order: tuple[int, int, int], backwards: tuple[int, ...]
) -> None:
    """The same voxels at the same places of the patient: axes of the file exchanged and run through backwards."""
    ct, labels, affine = given()
    moved = affine.copy()
    moved[:3, :3] = affine[:3, [2 - k for k in order[::-1]]]
    ct, labels = ct.transpose(order), labels.transpose(order)
    for axis in backwards:
        ct, labels = np.flip(ct, axis), np.flip(labels, axis)
        moved[:3, 3] += moved[:3, 2 - axis] * (ct.shape[axis] - 1)
        moved[:3, 2 - axis] *= -1
    found = carried(tmp_path, np.ascontiguousarray(ct), np.ascontiguousarray(labels), moved)
    assert apart(straight, found) == pytest.approx((0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("axis", AXES)
def test_turned_by_a_right_angle(straight: Strength, tmp_path: Path, axis: tuple[float, float, float]) -> None:
    ct, labels, affine = given()
    turn = np.eye(4)
    turn[:3, :3] = rotation(axis, 90.0)
    found = carried(tmp_path, ct, labels, turn @ affine)
    assert apart(straight, found) == pytest.approx((0.0, 0.0), abs=0.01)


def test_on_its_side_a_vertebra_is_warned_of() -> None:
    """Turned about its front the body shows other faces to the head, which nothing but their shape tells apart."""
    bone = vertebra(rotation((0, 1, 0), 90.0))
    assert [one.code for one in find_axes(bone).warnings] == ["axes.faces"]
    assert not find_axes(vertebra(np.eye(3))).warnings


def test_mirrored(straight: Strength, tmp_path: Path) -> None:
    """Left for right; up for down is another bone, because one cap is glued and one slides."""
    ct, labels, affine = given()
    found = carried(tmp_path, ct[..., ::-1].copy(), labels[..., ::-1].copy(), affine)
    assert apart(straight, found) == pytest.approx((0.0, 0.0), abs=0.01)


def test_other_voxels_than_the_load_case_names_are_warned_of(straight: Strength) -> None:
    assert "failure.voxels" in [one.code for one in straight.warnings]
    assert any("whole voxels" in line and "5 mm of it around" in line for line in straight.carried.loaded.lines)
    assert any("size of the voxels" in line for line in straight.carried.band.lines)
