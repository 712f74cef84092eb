"""Voxel solver: hole, cavity, soft inclusion and thick sphere (A7 to A10 of the verification list).

Outer faces carry the exact displacement, so that the size of the block is no error. What is left is the staircase:
beside it the stress is off by about a tenth at any practical resolution, a few voxels further in it is right.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.verification.voxel_exact import (
    Field,
    cell_places,
    eshelby,
    high_faces,
    hole,
    node_places,
    prescribe,
    pressure,
    sphere_inside,
    sphere_outside,
    stress_of,
)

from osteocast.structure.boundary import face, join, slide_face
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import Solution, VoxelModel

POISSON = 0.3
TIGHT = Settings(tolerance=1e-8)
Floats = NDArray[np.float64]


class Case(NamedTuple):
    """A solved block and the distance of each voxel from the centre."""

    model: VoxelModel
    solution: Solution
    radius: Floats


def sphere(voxels: int, ratio: float, size: float = 2.5) -> Case:
    """Octant of a sphere of radius 1 and modulus `ratio` in a block of half length `size`."""
    m = int(size * voxels)
    block = VoxelModel(np.ones((m, m, m)), (1 / voxels,) * 3, POISSON)
    radius = np.linalg.norm(cell_places(block), axis=-1)
    model = VoxelModel(np.where(radius < 1, ratio, 1.0), block.spacing, POISSON)
    outer = prescribe(model, high_faces(model), sphere_outside(POISSON, ratio))
    ends = join(outer, *(slide_face(model, axis, 0) for axis in ("x", "y", "z")))
    return Case(model, VoxelSolver(model, ends, TIGHT).solve(), radius)


def path(case: Case, component: int) -> tuple[Floats, Floats]:
    """Distance and stress of the voxels along x from the centre, those with material."""
    stress = case.solution.on_grid(case.solution.stress())[0, 0, :, component]
    solid = case.model.modulus[0, 0] > 0
    return case.radius[0, 0][solid], stress[solid]


def at_the_surface(radius: Floats, stress: Floats, powers: tuple[int, int]) -> float:
    """Extrapolate 1 + a r^-p + b r^-q to r = 1 by least squares."""
    columns = np.stack([radius ** -float(p) for p in powers], 1)
    return float(1 + np.linalg.lstsq(columns, stress - 1, rcond=None)[0].sum())


@pytest.mark.parametrize("field", [hole(POISSON), sphere_outside(POISSON, 0.0), sphere_outside(POISSON, 0.1)])
def test_the_exact_fields_are_in_equilibrium(field: Field) -> None:
    at, step = np.array([1.3, 0.8, 0.9]), 5e-3
    slopes = [stress_of(field, at + step * e, POISSON) - stress_of(field, at - step * e, POISSON) for e in np.eye(3)]
    force = sum(s[:, i] for i, s in enumerate(slopes)) / (2 * step)
    assert np.abs(force).max() < 1e-4 * max(np.abs(s).max() / (2 * step) for s in slopes)


def test_the_exact_fields_fit_at_the_surface() -> None:
    for angle in (0.2, 0.9, 1.5):
        flat = np.array([np.cos(angle), np.sin(angle), 0.0])
        assert np.abs(stress_of(hole(POISSON), flat, POISSON) @ flat).max() < 1e-6
        at = np.array([np.sin(angle) * 0.6, np.sin(angle) * 0.8, np.cos(angle)])
        assert np.abs(stress_of(sphere_outside(POISSON, 0.0), at, POISSON) @ at).max() < 1e-6
        strain = sphere_inside(POISSON, 0.1)
        assert np.abs(sphere_outside(POISSON, 0.1)(at) - strain * at).max() < 1e-12
        stress = 0.1 * (POISSON / (1.3 * 0.4) * strain.sum() + strain / 1.3)
        assert np.abs(stress_of(sphere_outside(POISSON, 0.1), at, POISSON) @ at - stress * at).max() < 1e-6
    equator = np.array([1.0, 0.0, 0.0])
    kt = (27 - 15 * POISSON) / (2 * (7 - 5 * POISSON))
    assert stress_of(sphere_outside(POISSON, 0.0), equator, POISSON)[2, 2] == pytest.approx(kt, rel=1e-6)
    assert eshelby(0.2) == pytest.approx((0.5, 0.5))


def test_spherical_cavity() -> None:
    """Goodier: 2.0455 at the equator."""
    radius, stress = path(sphere(16, 0.0), 2)
    m = 7 - 5 * POISSON
    exact = 1 + (4 - 5 * POISSON) / (2 * m) / radius**3 + 9 / (2 * m) / radius**5
    beyond = radius > 1 + 1.5 / 16
    assert np.abs(stress / exact - 1)[beyond].max() < 0.05
    assert at_the_surface(radius[beyond], stress[beyond], (3, 5)) == pytest.approx(2.0455, rel=0.05)
    for place in (1.5, 2.0):
        assert np.interp(place, radius, stress) == pytest.approx(np.interp(place, radius, exact), rel=0.015)


def plate(voxels: int) -> Case:
    """Quarter of a plate with a hole, one voxel thick, in plane strain."""
    m = 3 * voxels
    block = VoxelModel(np.ones((1, m, m)), (1 / voxels,) * 3, POISSON)
    at = cell_places(block)
    radius = np.hypot(at[..., 0], at[..., 1])
    model = VoxelModel(np.where(radius < 1, 0.0, 1.0), block.spacing, POISSON)
    outer = np.unique(np.concatenate([face(model, "x", 1), face(model, "y", 1)]))
    sides = [slide_face(model, "x", 0), slide_face(model, "y", 0), slide_face(model, "z", 0), slide_face(model, "z", 1)]
    ends = join(prescribe(model, outer, hole(POISSON)), *sides)
    return Case(model, VoxelSolver(model, ends, TIGHT).solve(), radius)


@cache
def beside_hole(voxels: int) -> tuple[Floats, Floats, Floats]:
    """Distance, stress and exact stress along y, across the load."""
    case = plate(voxels)
    solid = case.model.modulus[0, :, 0] > 0
    radius = case.radius[0, :, 0][solid]
    stress = case.solution.on_grid(case.solution.stress())[0, :, 0, 0][solid]
    return radius, stress, (2 + 1 / radius**2 + 3 / radius**4) / 2


@pytest.mark.parametrize("voxels", [16, 64])
def test_hole_in_a_plate(voxels: int) -> None:
    """Kirsch: 3 beside the hole."""
    radius, stress, exact = beside_hole(voxels)
    beyond = radius > 1 + 1.5 / voxels
    assert np.abs(stress / exact - 1)[beyond].max() < 0.05
    assert at_the_surface(radius[beyond], stress[beyond], (2, 4)) == pytest.approx(3, rel=0.05)


def test_the_staircase_hardly_converges_at_the_surface_but_inside() -> None:
    """The statement of the documentation (and A11): the stress of a surface voxel is off at any practical resolution.

    On this path by 12, 11 and 8 % at 16, 32 and 64 voxels a radius. At 32 the first place beyond 1.5 voxels is off by
    5.2 %, more than at 16: the steps of the circle beside it are others, and the place comes nearer to the hole. Two
    voxels in it is 1.8 %; at a fixed place the error shrinks with the voxels, see the test below.
    """
    first, second, fixed = [], [], []
    for voxels in (16, 32, 64):
        radius, stress, exact = beside_hole(voxels)
        error = np.abs(stress / exact - 1)
        first.append(error[0])
        second.append(error[radius > 1 + 2 / voxels].max())
        fixed.append(abs(np.interp(1.25, radius, stress) / np.interp(1.25, radius, exact) - 1))
    assert min(first) > 0.05
    assert max(second) < 0.035
    assert fixed[2] < 0.5 * fixed[0] < 0.01


@pytest.mark.parametrize(
    ("coarsest", "found", "order", "limit"),
    [(8, (2.5, 1.7, 1.3), 1.36, 1.33), (16, (3.4, 1.26, 0.47), 0.70, 1.93), (32, (5.3, 1.8, 0.28), 1.24, 1.08)],
)
def test_the_path_beside_the_hole_extrapolates_to_kirsch(
    coarsest: int, found: tuple[float, ...], order: float, limit: float
) -> None:
    """A8: the places of the coarsest voxels beyond 1.5 voxels, at three resolutions, and Richardson's extrapolation.

    Asked: 5 % on the extrapolated path. Found: 1.3, 1.9 and 1.1 % from 8, 16 and 32 voxels a radius on, with the
    orders 1.36, 0.70 and 1.24 that the differences along the whole path show (place by place, steps of the staircase
    pass by and no order is seen). `found` are the errors before it [%], each with its resolution.
    """
    grids = [beside_hole(coarsest * factor) for factor in (1, 2, 4)]
    radius = grids[0][0]
    at = radius[(radius > 1 + 1.5 / coarsest) & (radius < 2.9)]
    exact = (2 + 1 / at**2 + 3 / at**4) / 2
    first, second, third = (np.interp(at, r, s) / exact - 1 for r, s, _ in grids)
    errors = [100 * np.abs(error).max() for error in (first, second, third)]
    ratio = np.linalg.norm(first - second) / np.linalg.norm(second - third)
    extrapolated = 100 * np.abs(third + (third - second) / (ratio - 1)).max()
    assert (np.array(errors) < found).all()
    assert np.log2(ratio) == pytest.approx(order, abs=0.02)
    assert extrapolated < limit < 5


@pytest.mark.parametrize(("ratio", "tolerance"), [(0.1, 0.03), (0.5, 0.01)])
def test_soft_inclusion_strains_uniformly(ratio: float, tolerance: float) -> None:
    """Eshelby: one strain in the whole sphere, as in a lytic lesion of softer tissue."""
    case = sphere(16, ratio)
    inside = case.radius < 1
    strain = case.solution.on_grid(case.solution.strain())[..., :3]
    exact = sphere_inside(POISSON, ratio)
    deep = case.radius < 0.7
    assert strain[inside].mean(0) == pytest.approx(exact, rel=tolerance)
    assert np.abs(strain[deep] - exact).max() < tolerance * exact[2]


def test_the_softest_inclusion_is_a_cavity() -> None:
    soft, empty = path(sphere(8, 1e-6), 2), path(sphere(8, 0.0), 2)
    assert soft[1][-empty[1].size :] == pytest.approx(empty[1], rel=1e-4)


def test_thick_sphere_under_pressure() -> None:
    """Lame, radii 1 and 2, pressure 1 inside: hoop and radial stress and displacement, means over shells."""
    voxels = 24
    m = 2 * voxels + 1
    block = VoxelModel(np.ones((m, m, m)), (1 / voxels,) * 3, POISSON)
    radius = np.linalg.norm(cell_places(block), axis=-1)
    model = VoxelModel(np.where((radius < 1) | (radius > 2), 0.0, 1.0), block.spacing, POISSON)
    push = pressure(model, radius < 1, 1.0)
    holds = join(*(slide_face(model, axis, 0) for axis in ("x", "y", "z")))
    solution = VoxelSolver(model, holds, TIGHT).solve(forces=push)
    at = node_places(model)[solution.node]
    node_radius = np.linalg.norm(at, axis=1)
    outward = (solution.displacement * at).sum(1) / np.maximum(node_radius, 1e-9)
    cell = cell_places(model).reshape(-1, 3)[solution.cell]
    cell_radius = np.linalg.norm(cell, axis=1)
    direction = cell / cell_radius[:, None]
    xx, yy, zz, yz, zx, xy = solution.stress().T
    x, y, z = direction.T
    radial = xx * x**2 + yy * y**2 + zz * z**2 + 2 * (yz * y * z + zx * z * x + xy * x * y)
    hoop = (xx + yy + zz - radial) / 2
    for place in (1.25, 1.5, 1.75):
        shell = np.abs(node_radius - place) < 0.5 / voxels
        r = node_radius[shell]
        exact = ((1 - 2 * POISSON) * r + (1 + POISSON) * 4 / r**2) / 7
        assert np.abs(outward[shell] / exact - 1).max() < 0.03
        shell = np.abs(cell_radius - place) < 0.5 / voxels
        r = cell_radius[shell]
        assert hoop[shell].mean() == pytest.approx(((1 + 4 / r**3) / 7).mean(), rel=0.03)
        assert radial[shell].mean() == pytest.approx(((1 - 8 / r**3) / 7).mean(), rel=0.03)
