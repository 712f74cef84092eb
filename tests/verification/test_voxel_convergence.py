"""Voxel solver: order of convergence with a varying modulus, and double precision in the answer (A12, A14)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
import pytest
import sympy
from numpy.typing import NDArray
from scipy.sparse import linalg
from tests.unit.structure.voxel_cases import assemble, compression, porous, top_force
from tests.verification.voxel_exact import cell_places, node_places, prescribe

from osteocast.structure import element
from osteocast.structure.boundary import face, join, on_nodes
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel

POISSON = 0.3
BOX = np.array([1.0, 0.8, 1.2])
Floats = NDArray[np.float64]
AtPlaces = Callable[[Floats], Floats]


@cache
def manufactured() -> tuple[AtPlaces, AtPlaces, AtPlaces, AtPlaces]:
    """Displacement, strain, modulus and body force, each of places; the force follows from the others."""
    place = sympy.symbols("x y z")
    x, y, z = place
    u = (
        sympy.sin(2 * x + y) * sympy.cos(z),
        sympy.cos(x - 2 * y) * sympy.sin(1.5 * z),
        sympy.sin(x + 1) * sympy.sin(2 * y) * sympy.cos(2 * z),
    )
    modulus = 2 + sympy.sin(3 * x) * sympy.cos(2 * y) + sympy.sin(2 * z) / 2
    strain = sympy.Matrix(3, 3, lambda i, j: (sympy.diff(u[i], place[j]) + sympy.diff(u[j], place[i])) / 2)
    lame = POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    stress = modulus * (lame * strain.trace() * sympy.eye(3) + strain / (1 + POISSON))
    force = [-sum(sympy.diff(stress[i, j], place[j]) for j in range(3)) for i in range(3)]
    six = [strain[0, 0], strain[1, 1], strain[2, 2], 2 * strain[1, 2], 2 * strain[0, 2], 2 * strain[0, 1]]

    def at_places(terms: object) -> AtPlaces:
        function = sympy.lambdify(place, terms, "numpy", cse=True)

        def value(at: Floats) -> Floats:
            return np.moveaxis(np.array(np.broadcast_arrays(*function(*np.moveaxis(at, -1, 0)))), 0, -1)

        return value

    return at_places(list(u)), at_places(six), at_places([modulus]), at_places(force)


def errors(voxels: int) -> tuple[float, float]:
    """Errors of displacement in L2 and of strain in energy, relative, for `voxels` along x."""
    displacement, strain, modulus, body = manufactured()
    shape = (voxels, voxels, voxels)
    spacing = tuple((BOX / voxels).tolist())
    empty = VoxelModel(np.ones(shape), spacing, POISSON)
    cells = cell_places(empty)
    model = VoxelModel(np.ascontiguousarray(modulus(cells)[..., 0]), spacing, POISSON)
    surface = np.unique(np.concatenate([face(model, axis, side) for axis in ("x", "y", "z") for side in (0, 1)]))
    gauss = [np.array(p) for p in product((-(3**-0.5), 3**-0.5), repeat=3)]
    volume = float(np.prod(spacing))
    force = np.zeros((*(n + 1 for n in shape), 3))
    for point in gauss:
        load = body(cells + point * np.array(spacing) / 2) * volume / 8
        for corner in element.CORNERS:
            weight = np.prod((1 + (2 * corner - 1) * point) / 2)
            x, y, z = corner
            force[z : z + voxels, y : y + voxels, x : x + voxels] += weight * load
    nodes = np.arange(force.size // 3)
    flat = force.reshape(-1, 3)
    forces = join(*(on_nodes(nodes, c, (0.0,))._replace(value=flat[:, i]) for i, c in enumerate("xyz")))
    solver = VoxelSolver(model, prescribe(model, surface, displacement), Settings(tolerance=1e-10))
    solution = solver.solve(forces=forces)
    nodal = displacement(node_places(model)[solution.node])
    corner_values = solution.displacement[solution.nodes]
    law = element.elasticity(POISSON)
    wrong, energy, whole = 0.0, 0.0, 0.0
    for point in gauss:
        at = (cells + point * np.array(spacing) / 2).reshape(-1, 3)
        shape_values = np.prod((1 + (2 * element.CORNERS - 1) * point) / 2, axis=1)
        wrong += ((np.einsum("c,nci->ni", shape_values, corner_values) - displacement(at)) ** 2).sum()
        exact = strain(at)
        off = corner_values.reshape(-1, 24) @ element.strain_matrix(point, spacing).T - exact
        e = modulus(at)[:, 0]
        energy += (e * np.einsum("ni,ij,nj->n", off, law, off)).sum()
        whole += (e * np.einsum("ni,ij,nj->n", exact, law, exact)).sum()
    return float(np.sqrt(wrong / (8 * at.shape[0]) / (nodal**2).mean())), float(np.sqrt(energy / whole))


def test_orders_of_convergence() -> None:
    """Order 2 in displacement, 1 in energy, with a modulus that is constant in each voxel."""
    found = np.array([errors(n) for n in (8, 16, 32)])
    slopes = np.log2(found[:-1] / found[1:])
    assert np.abs(slopes[:, 0] - 2).max() < 0.1
    assert np.abs(slopes[:, 1] - 1).max() < 0.1
    assert found[-1, 0] < 1e-3


def test_single_precision_cycles_leave_a_double_precision_answer() -> None:
    modulus = np.where(porous((20, 18, 18), wave=8, fill=0.5), 1.0, 0.0)
    modulus *= np.random.default_rng(3).uniform(100, 20_000, modulus.shape)
    model = VoxelModel(modulus, (0.7, 1.0, 1.3))
    ends = compression(model)
    solution = VoxelSolver(model, ends, Settings(tolerance=1e-12)).solve()
    matrix = assemble(model)
    u = np.zeros(matrix.shape[0])
    held = 3 * ends.node + ends.component
    u[held] = ends.value
    free = np.setdiff1d((3 * solution.node[:, None] + np.arange(3)).ravel(), held)
    u[free] = linalg.spsolve(matrix[free][:, free].tocsc(), -(matrix @ u)[free])
    found = solution.displacement - u.reshape(-1, 3)[solution.node]
    assert np.abs(found).max() < 1e-10 * np.abs(u).max()
    assert top_force(ends, solution.reaction) == pytest.approx(top_force(ends, (matrix @ u)[held]), rel=1e-11)
