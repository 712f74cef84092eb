"""Voxel solver: cantilever, pure bending and torsion (A5, A6 of the verification list)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.verification.voxel_exact import node_places, prescribe, traction

from osteocast.structure.boundary import clamp_face, face, join, on_nodes, slide_face
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel

TIGHT = Settings(tolerance=1e-9)


def cantilever(voxels: int) -> float:
    """Deflection of a clamped bar, length ten times its side of 1 mm, under 1 N across its end [mm]."""
    model = VoxelModel(np.ones((10 * voxels, voxels, voxels)), (1 / voxels,) * 3, 0.0)
    force = traction(model, lambda at: np.ones(at.shape[:-1]), "x")
    solution = VoxelSolver(model, clamp_face(model, "z", 0), TIGHT).solve(forces=force)
    end = np.searchsorted(solution.node, face(model, "z", 1))
    weight = force.value
    return float((solution.displacement[end, 0] * weight).sum() / weight.sum())


def test_cantilever_and_its_order() -> None:
    """Timoshenko: P L^3 / 3 E I + 6 P L / 5 G A, without Poisson's ratio so that the clamp disturbs least."""
    exact = 10**3 / (3 / 12) + 6 * 10 / (5 * 0.5)
    coarse, middle, fine = (cantilever(n) for n in (4, 8, 16))
    assert fine == pytest.approx(exact, rel=0.02)
    assert 1.8 < np.log2((middle - coarse) / (fine - middle)) < 2.1


def test_bending_needs_eight_voxels() -> None:
    """With one voxel through the depth the element locks; the note of the documentation says eight."""
    exact = 10**3 / (3 / 12) + 6 * 10 / (5 * 0.5)
    assert cantilever(1) < 0.75 * exact
    assert cantilever(8) == pytest.approx(exact, rel=0.02)


def test_pure_bending() -> None:
    """A linear end traction bends the bar to the curvature M / E I, whatever Poisson's ratio."""
    n = 24
    model = VoxelModel(np.full((2 * n, n, n), 1000.0), (1 / n,) * 3, 0.3)
    force = traction(model, lambda at: at[..., 0] - 0.5, "z")
    low = face(model, "z", 0)
    at = node_places(model)
    middle = low[(np.abs(at[low, 0] - 0.5) < 1e-9) & (np.abs(at[low, 1] - 0.5) < 1e-9)]
    end = low[(np.abs(at[low, 0] - 0.5) < 1e-9) & (at[low, 1] == 0)]
    holds = join(slide_face(model, "z", 0), on_nodes(middle, "xy", (0.0, 0.0)), on_nodes(end, "x", (0.0,)))
    solution = VoxelSolver(model, holds, TIGHT).solve(forces=force)
    curvature = 1.0 / 1000.0  # stress 1 MPa for each mm from the middle
    axis = np.flatnonzero(np.abs(at[solution.node][:, :2] - 0.5).max(1) < 1e-9)
    z = at[solution.node][axis, 2]
    assert solution.displacement[axis[-1], 0] == pytest.approx(-curvature * z[-1] ** 2 / 2, rel=0.03)
    stress = solution.stress()[:, 2]
    x = (solution.cell % n + 0.5) / n - 0.5
    assert np.abs(stress - x).max() < 0.03 * 0.5


def test_torsion_of_a_square_bar() -> None:
    """Ends turned in their plane and free along the axis: torque G J angle / L, J = 0.1406 a^4 (Saint-Venant)."""
    n, angle = 24, 0.01
    model = VoxelModel(np.ones((n, n, n)), (1 / n,) * 3, 0.3)
    at = node_places(model)

    def turned(place: np.ndarray) -> np.ndarray:
        turn = angle * place[:, 2]
        return np.stack([-turn * (place[:, 1] - 0.5), turn * (place[:, 0] - 0.5), np.zeros(turn.size)], 1)

    ends = np.concatenate([face(model, "z", 0), face(model, "z", 1)])
    plane = prescribe(model, ends, turned)
    plane = type(plane)(*(part[plane.component < 2] for part in plane))
    middle = np.flatnonzero(np.abs(at - [0.5, 0.5, 0.0]).max(1) < 1e-9)
    solution = VoxelSolver(model, join(plane, on_nodes(middle, "z", (0.0,))), TIGHT).solve()
    top = at[plane.node, 2] == 1
    arm = np.where(plane.component == 0, -(at[plane.node, 1] - 0.5), at[plane.node, 0] - 0.5)
    torque = float((solution.reaction[: top.size] * arm)[top].sum())
    terms = np.arange(1, 40, 2)
    constant = 1 / 3 - 64 / np.pi**5 * (np.tanh(terms * np.pi / 2) / terms**5).sum()
    assert constant == pytest.approx(0.1406, abs=1e-4)
    assert torque == pytest.approx(angle * constant * 0.5 / 1.3, rel=0.03)
