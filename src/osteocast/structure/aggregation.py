"""Smoothed aggregation below the geometric grids: rigid motions of groups of nodes bend struts without locking.

Trilinear coarse cells much wider than a strut are far too stiff in bending; groups of nodes that move as rigid
bodies, smoothed by one step of the operator, are not (Vanek, Mandel and Brezina, Computing 56 (1996) 179).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from osteocast.structure.compiled_kernels import kernels

Array = NDArray[Any]

DENSE = 1200
"""Unknowns below which the last level is solved by a dense inverse."""

ALWAYS_DENSE = 4000
"""Unknowns up to which a last level that cannot be made smaller is still solved by a dense inverse."""


class Level(NamedTuple):
    """One level of aggregation: matrix, inverse diagonal blocks, bound of the eigenvalues, interpolation."""

    matrix: Any
    inverse: Any
    largest: float
    interpolate: Any
    restrict: Any


class Aggregation(NamedTuple):
    """Levels from fine to coarse and the inverse of the last matrix."""

    levels: tuple[Level, ...]
    inverse: Array


def rigid_motions(at: Array, free: Array) -> Array:
    """Return the six rigid motions at nodes `at` [mm], zero where a dof is not `free`; shape (3 n, 6)."""
    x, y, z = (at - at.mean(0)).T / max(float(np.ptp(at, axis=0).max()), 1e-300)
    motion = np.zeros((at.shape[0], 3, 6))
    motion[:, range(3), range(3)] = 1
    motion[:, 1, 3], motion[:, 2, 3] = -z, y
    motion[:, 2, 4], motion[:, 0, 4] = -x, z
    motion[:, 0, 5], motion[:, 1, 5] = -y, x
    return motion.reshape(-1, 6) * free.reshape(-1, 1)


def _sorted(matrix: Any) -> Any:
    """Sort the blocks; products have no doubles, and looking for them costs more than the product."""
    matrix.sort_indices()
    matrix.has_canonical_format = True
    return matrix


def _block_inverse(matrix: Any, size: int) -> Any:
    """Return the block-diagonal inverse of the diagonal blocks."""
    count = matrix.shape[0] // size
    row = np.repeat(np.arange(count), np.diff(matrix.indptr))
    on = matrix.indices == row
    blocks = np.zeros((count, size, size))
    blocks[row[on]] = matrix.data[on]
    inverse = np.linalg.inv(blocks)
    inverse = (inverse + inverse.transpose(0, 2, 1)) / 2
    return sparse.bsr_matrix((inverse, np.arange(count), np.arange(count + 1)), shape=matrix.shape)


def _close(matrix: Any, size: int) -> Any:
    """Give unknowns of no stiffness the diagonal of their matrix."""
    diagonal = matrix.diagonal()
    typical = float(diagonal.max())
    missing = np.where(diagonal <= 1e-10 * typical, typical, 0.0)
    return (matrix + sparse.diags(missing)).tobsr((size, size)) if missing.any() else matrix


def largest_eigenvalue(product: Any, size: int, steps: int = 12) -> float:
    """Return a slightly raised estimate of the largest eigenvalue of ``product`` by power iteration."""
    v = np.sin(1.0 + 7.0 * np.arange(size) ** 1.1)
    v /= np.linalg.norm(v)
    value = 1.0
    for _ in range(steps):
        w = product(v)
        value = float(np.linalg.norm(w))
        v = w / value
    return 1.1 * value


def _next(level: Any, motion: Array, size: int) -> tuple[Level, Any, Array]:
    """Make one level: groups, tentative blocks, one smoothing step, Galerkin product."""
    inverse = _block_inverse(level, size)
    largest = largest_eigenvalue(lambda v: inverse @ (level @ v), level.shape[0])
    owner = kernels().group(level.indptr.astype(np.int64), level.indices.astype(np.int32))
    groups = int(owner.max()) + 1
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(groups + 1))
    basis, coarse = kernels().fit(np.ascontiguousarray(motion), order.astype(np.int64), first.astype(np.int64), size)
    count = owner.size
    shape = (level.shape[0], 6 * groups)
    tentative = sparse.bsr_matrix((basis.reshape(count, size, 6), owner, np.arange(count + 1)), shape=shape)
    step = _sorted((4 / 3 / largest) * (inverse @ (level @ tentative)))
    smoothed = _sorted((_sorted(tentative) - step).tobsr((size, 6)))
    restrict = _sorted(smoothed.T.tobsr((6, size)))
    below = _sorted((restrict @ (level @ smoothed)).tobsr((6, 6)))
    return Level(level, inverse, largest, smoothed, restrict), _close(below, 6), coarse


def _single(level: Level) -> Level:
    """Keep a level in single precision."""
    matrix, inverse, _, interpolate, restrict = level
    return Level(
        matrix.astype(np.float32),
        inverse.astype(np.float32),
        level.largest,
        interpolate.astype(np.float32),
        restrict.astype(np.float32),
    )


def aggregate(matrix: Any, motion: Array) -> Aggregation:
    """Build the levels below `matrix` (blocks of 3 x 3), whose rigid motions are `motion`."""
    levels: list[Level] = []
    current, size = matrix, 3
    while current.shape[0] > DENSE:
        level, below, motion = _next(current, motion, size)
        if below.shape[0] > 0.7 * current.shape[0] and current.shape[0] <= ALWAYS_DENSE:
            break
        levels.append(_single(level))
        current, size = below, 6
    dense = current.toarray()
    dense += np.diag(1e-7 * np.diag(dense))
    return Aggregation(tuple(levels), linalg.inv(dense, check_finite=False).astype(np.float32))
