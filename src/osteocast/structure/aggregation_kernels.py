"""Loops of the aggregation of nodes, in the subset of Python that numba compiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def group(start: Array, column: Array) -> Array:
    """Return the group of each row: neighbourhoods that do not overlap, then what is left beside them."""
    count = start.size - 1
    owner = np.full(count, -1, np.int32)
    found = 0
    for i in range(count):
        free = True
        for k in range(start[i], start[i + 1]):
            if owner[column[k]] >= 0:
                free = False
                break
        if free:
            for k in range(start[i], start[i + 1]):
                owner[column[k]] = found
            found += 1
    first = owner.copy()
    for i in range(count):
        if first[i] < 0:
            for k in range(start[i], start[i + 1]):
                if first[column[k]] >= 0:
                    owner[i] = first[column[k]]
                    break
    for i in range(count):
        if owner[i] < 0:
            for k in range(start[i], start[i + 1]):
                if owner[column[k]] < 0:
                    owner[column[k]] = found
            found += 1
    return owner


def fit(motion: Array, order: Array, first: Array, rows: int) -> tuple[Array, Array]:
    """Orthonormalise the motions within each group; return tentative blocks and the motions of the groups.

    `rows` is the number of dofs a node has. Motions that a group cannot tell apart get zero columns.
    """
    groups = first.size - 1
    basis = motion.copy()
    coarse = np.zeros((6 * groups, 6))
    for g in range(groups):
        for j in range(6):
            before = 0.0
            for k in range(first[g], first[g + 1]):
                for a in range(rows):
                    before += basis[rows * order[k] + a, j] ** 2
            for i in range(j):
                product = 0.0
                for k in range(first[g], first[g + 1]):
                    for a in range(rows):
                        product += basis[rows * order[k] + a, i] * basis[rows * order[k] + a, j]
                coarse[6 * g + i, j] += product
                for k in range(first[g], first[g + 1]):
                    for a in range(rows):
                        basis[rows * order[k] + a, j] -= product * basis[rows * order[k] + a, i]
            norm = 0.0
            for k in range(first[g], first[g + 1]):
                for a in range(rows):
                    norm += basis[rows * order[k] + a, j] ** 2
            kept = norm > 1e-8 * before and norm > 1e-20
            scale = 1 / norm**0.5 if kept else 0.0
            coarse[6 * g + j, j] = norm**0.5 if kept else 0.0
            for k in range(first[g], first[g + 1]):
                for a in range(rows):
                    basis[rows * order[k] + a, j] *= scale
    return basis, coarse
