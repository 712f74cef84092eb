"""The printed element against its matrix, and the matrix against elasticity."""

from __future__ import annotations

import numpy as np
import pytest

from osteocast.structure import element


@pytest.mark.parametrize("poisson", [0.0, 0.3, 0.45])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.9, 2.5)])
def test_walsh_basis_leaves_45_entries_and_loses_nothing(poisson: float, spacing: tuple[float, float, float]) -> None:
    whole = element.stiffness(poisson, spacing)
    assert len(element.pattern()) == 45
    kept = np.zeros((24, 24))
    for place, value in zip(element.pattern(), element.coefficients(poisson, spacing), strict=True):
        kept[place] = value
    walsh = np.kron(element.WALSH, np.eye(3))
    assert np.abs(walsh.T @ kept @ walsh - whole).max() < 1e-14 * np.abs(whole).max() * 24


def test_rigid_motions_cost_no_force() -> None:
    at = element.CORNERS * np.array([0.8, 0.9, 2.5])
    spins = [np.cross(axis, at).ravel() for axis in np.eye(3)]
    shifts = [np.tile(axis, 8) for axis in np.eye(3)]
    matrix = element.stiffness(0.3, (0.8, 0.9, 2.5))
    for motion in [*shifts, *spins]:
        assert np.abs(matrix @ motion).max() < 1e-12 * np.abs(matrix).max()
    assert (np.linalg.eigvalsh(matrix) > 1e-6).sum() == 18


def test_largest_eigenvalue_bounds_a_block_of_voxels() -> None:
    assert 1.5 < element.largest_eigenvalue(0.3, (1.0, 1.0, 1.0)) < 6
