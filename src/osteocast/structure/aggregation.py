"""Smoothed aggregation below the geometric grids: rigid motions of groups of nodes bend struts without locking.

Trilinear coarse cells much wider than a strut are far too stiff in bending; groups of nodes that move as rigid
bodies, smoothed by one step of the operator, are not (Vanek, Mandel and Brezina, Computing 56 (1996) 179).
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from osteocast.structure.block_kernels import Blocks
from osteocast.structure.chebyshev import Step, chebyshev, largest_eigenvalue
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.workers import Span, Workers, even

Array = NDArray[Any]
F = np.float32

DENSE = 1200
"""Unknowns below which the last level is solved by a dense inverse."""

ALWAYS_DENSE = 4000
"""Unknowns up to which a last level that cannot be made smaller is still solved by a dense inverse."""

DEGREE = 6
"""Chebyshev steps on the levels of aggregation."""

CORRECTIONS = 2
"""Corrections that a level takes from the next coarser one in each cycle."""

SHARED = 4000
"""Rows from which threads share the work of a level; below, handing it over costs more."""

NONE = np.empty(0, F)


class Level(NamedTuple):
    """One level of aggregation in single precision: operator, smoothing steps and interpolation."""

    size: int
    matrix: Blocks
    steps: list[Step]
    interpolate: Blocks
    rows: list[Span]
    work: tuple[Array, Array, Array, Array]


def rigid_motions(at: Array, free: Array) -> Array:
    """Return the six rigid motions at nodes `at` [mm], zero where a dof is not `free`; shape (3 n, 6)."""
    x, y, z = (at - at.mean(0)).T / max(float(np.ptp(at, axis=0).max()), 1e-300)
    motion = np.zeros((at.shape[0], 3, 6))
    motion[:, range(3), range(3)] = 1
    motion[:, 1, 3], motion[:, 2, 3] = -z, y
    motion[:, 2, 4], motion[:, 0, 4] = -x, z
    motion[:, 0, 5], motion[:, 1, 5] = -y, x
    return motion.reshape(-1, 6) * free.reshape(-1, 1)


def _diagonal(matrix: Blocks, size: int) -> Array:
    """Return the places of the diagonal blocks."""
    row = np.repeat(np.arange(matrix.start.size - 1, dtype=np.int32), np.diff(matrix.start))
    return np.flatnonzero(matrix.column == row)


def _closed(matrix: Blocks) -> Blocks:
    """Give unknowns of no stiffness a diagonal, and return the matrix with its inverse diagonal blocks."""
    places = _diagonal(matrix, 6)
    value = matrix.value.reshape(-1, 6, 6)
    blocks = value[places]
    diagonal = np.einsum("nii->ni", blocks)
    typical = float(diagonal.max())
    diagonal[diagonal <= 1e-10 * typical] = typical
    value[places] = blocks
    inverse = np.linalg.inv(blocks)
    return matrix._replace(inverse=((inverse + inverse.transpose(0, 2, 1)) / 2).ravel())


def _smoothed(level: Blocks, owner: Array, motion: Array, size: int, factor: float) -> tuple[Blocks, Array]:
    """Return the smoothed blocks (size x 6) of the groups in single precision, and the motions of the groups."""
    k = kernels()
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(int(owner.max()) + 2))
    basis, coarse = k.fit(motion, order, first, size)
    start = k.groups_around(level.start, level.column, owner, np.empty(0, np.int32))
    column = np.empty(int(start[-1]), np.int32)
    k.groups_around(level.start, level.column, owner, column)
    smoothed = Blocks(start, column, np.zeros(6 * size * column.size), NONE)
    k.smooth_basis(level, basis, owner, smoothed, size, factor)
    return smoothed._replace(value=smoothed.value.astype(F)), coarse


def _galerkin(level: Blocks, smoothed: Blocks, groups: int, size: int) -> Blocks:
    """Return ``P.T @ matrix @ P``."""
    k = kernels()
    first = np.concatenate([[0], np.cumsum(np.bincount(smoothed.column, minlength=groups))])
    rows = k.rows_of_groups(smoothed, first)
    start = k.coarse_pattern(level, smoothed, first, rows, np.empty(0, np.int32))
    column = np.empty(int(start[-1]), np.int32)
    k.coarse_pattern(level, smoothed, first, rows, column)
    result = Blocks(start, column, np.zeros(36 * column.size), NONE)
    k.coarse_values(level, smoothed, result, size)
    return _closed(result)


def _next(level: Blocks, motion: Array, size: int, threads: bool) -> tuple[Level, Blocks, Array]:
    """Make one level: groups, tentative blocks, one smoothing step, Galerkin product."""
    k = kernels()
    matrix = level._replace(value=level.value.astype(F, copy=False), inverse=level.inverse.astype(F, copy=False))
    count = level.start.size - 1
    zero = np.zeros(size * count, F)
    rest, scaled = np.zeros_like(zero), np.zeros_like(zero)

    def product(v: Array) -> Array:
        """Return the inverse diagonal blocks times the matrix times `v`."""
        getattr(k, f"rows_{size}_{size}")(matrix, zero, v.astype(F), rest, F(1), (0, count))
        getattr(k, f"first_{size}")(matrix, rest, scaled, scaled, F(1), (0, count))
        return scaled

    largest = largest_eigenvalue(product, size * count)
    owner = k.group(level.start, level.column)
    smoothed, coarse = _smoothed(level, owner, motion, size, 4 / 3 / largest)
    groups = int(owner.max()) + 1
    below = _galerkin(level, smoothed, groups, size)
    work = (np.zeros(size * count, F), np.zeros(size * count, F), np.zeros(size * count, F), np.zeros(6 * groups, F))
    parts = even(count) if threads and count >= SHARED else [(0, count)]
    return Level(size, matrix, chebyshev(largest, DEGREE), smoothed, parts, work), below, coarse


def _dense(matrix: Blocks, size: int) -> Array:
    count = matrix.start.size - 1
    whole = np.zeros((count, count, size, size))
    row = np.repeat(np.arange(count), np.diff(matrix.start))
    whole[row, matrix.column] = matrix.value.reshape(-1, size, size)
    dense: Array = whole.transpose(0, 2, 1, 3).reshape(count * size, count * size)
    dense += np.diag(1e-7 * np.diag(dense))
    return dense


class Aggregation:
    """Levels of aggregation below `matrix` (blocks of 3 x 3), whose rigid motions are `motion`."""

    def __init__(self, matrix: Blocks, motion: Array, workers: Workers, dense: int = DENSE) -> None:
        self._workers, self._k = workers, kernels()
        self.levels: list[Level] = []
        current, size = matrix, 3
        while size * (current.start.size - 1) > dense:
            unknowns = size * (current.start.size - 1)
            level, below, motion = _next(current, motion, size, not workers.single)
            fewer = 6 * (below.start.size - 1)
            if fewer > 0.7 * unknowns and unknowns <= ALWAYS_DENSE:
                break
            self.levels.append(level)
            current, size = below, 6
        self.inverse = linalg.inv(_dense(current, size), check_finite=False).astype(F)

    def cycle(self, b: Array, depth: int = 0) -> Array:
        """Return the approximate solution of one level: two corrections from each coarser level.

        These levels are small, and the better they are solved, the fewer cycles of the fine grids are needed.
        The result is overwritten by the next call.
        """
        if depth == len(self.levels):
            # not by BLAS, whose threads wait in a loop for the next small product and keep processors busy
            result: Array = np.einsum("ij,j->i", self.inverse, b)
            return result
        k, level, each = self._k, self.levels[depth], self._workers.each
        x, other, d, coarse = level.work
        each(partial(getattr(k, f"first_{level.size}"), level.matrix, b, x, d, F(level.steps[0].weight)), level.rows)
        x, other = self._smooth(level, b, (x, other), level.steps[1:])
        residual = getattr(k, f"rows_{level.size}_{level.size}")
        down, up = getattr(k, f"transposed_{level.size}_6"), getattr(k, f"rows_{level.size}_6")
        for _ in range(CORRECTIONS):
            each(partial(residual, level.matrix, b, x, other, F(-1)), level.rows)
            coarse[:] = 0
            down(level.interpolate, other, coarse)
            correction = self.cycle(coarse, depth + 1)
            each(partial(up, level.interpolate, x, correction, x, F(1)), level.rows)
            x, other = self._smooth(level, b, (x, other), level.steps)
        return x

    def _smooth(self, level: Level, b: Array, pair: tuple[Array, Array], steps: list[Step]) -> tuple[Array, Array]:
        x, other = pair
        step = getattr(self._k, f"next_{level.size}")
        for keep, weight in steps:
            factors = (F(keep), F(weight))
            self._workers.each(partial(step, level.matrix, b, x, level.work[2], other, factors), level.rows)
            x, other = other, x
        return x, other
