"""Conjugate gradients in double precision around the multigrid cycle."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import Issue, SolveError
from osteocast.structure.multigrid import Multigrid

Array = NDArray[Any]


class Outcome(NamedTuple):
    """Displacements of all dofs, the forces they need, iterations, and the residual relative to the load.

    The forces lie in `Multigrid.spare`.
    """

    displacement: Array
    inside: Array
    iterations: int
    residual: float


class Limits(NamedTuple):
    """When to stop: relative residual, and the most iterations."""

    tolerance: float
    most: int


def conjugate_gradients(grid: Multigrid, force: Array, start: Array, load: float | None, limits: Limits) -> Outcome:
    """Solve from `start`, which already has the prescribed values on held dofs.

    Parameters
    ----------
    grid
        Operator and preconditioner.
    force
        Nodal forces [N].
    start
        First displacements [mm]; changed in place to the solution.
    load
        Norm of the load that the residual is compared with [N]; None: that of the first residual.
    limits

    Raises
    ------
    SolveError
        If the residual is not reached: ``strength.not-converged``.
    """
    u, q, r = start, grid.spare, np.empty_like(start)
    # A direction may be rounded as long as the product with it is exact.
    p = np.zeros(start.size, np.float32)
    iterations, reached = 0, _true_residual(grid, force, u, r, q)
    load = reached if load is None else load
    while reached > limits.tolerance * load:
        if iterations >= limits.most or not math.isfinite(reached):
            raise SolveError(_not_converged(iterations, reached / load, limits))
        iterations += _run(grid, (u, r, p, q), limits._replace(most=limits.most - iterations), load)
        reached = _true_residual(grid, force, u, r, q)
    return Outcome(u, q, iterations, reached / load if load > 0 else 0.0)


def _true_residual(grid: Multigrid, force: Array, u: Array, r: Array, q: Array) -> float:
    grid.product(u, q)
    np.subtract(force, q, out=r)
    r[grid.held] = 0
    return math.sqrt(_dot(grid, r, r))


def _run(grid: Multigrid, vectors: tuple[Array, Array, Array, Array], limits: Limits, load: float) -> int:
    """Iterate until the updated residual is small."""
    u, r, p, q = vectors
    k, each = grid.k, grid.workers.each
    before = math.inf
    for iteration in range(1, limits.most + 1):
        z = grid.cycle(r)
        product = _dot(grid, r, z)
        if not product > 0:
            return iteration
        each(partial(k.turn, p, z, product / before), grid.parts)
        before = product
        grid.product(p, q)
        q[grid.held] = 0
        length = product / _dot(grid, p, q)
        each(partial(k.advance, u, r, p, q, length), grid.parts)
        size = math.sqrt(_dot(grid, r, r))
        if size <= 0.99 * limits.tolerance * load or not math.isfinite(size):
            return iteration
    return limits.most


def _dot(grid: Multigrid, a: Array, b: Array) -> float:
    return math.fsum(grid.workers.each(partial(grid.k.dot, a, b), grid.parts))


def _not_converged(iterations: int, residual: float, limits: Limits) -> Issue:
    return Issue(
        "strength.not-converged",
        "voxel solver",
        f"relative residual {residual:.2g} after {iterations} iterations",
        f"{limits.tolerance:g} within {limits.most} iterations",
        "Allow more iterations; very soft voxels or hinges between voxels that share only an edge slow it down.",
    )
