"""Loops that build the levels of aggregation, in the subset of Python that numba compiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.structure.block_kernels import Blocks

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


def groups_around(start: Array, column: Array, owner: Array, found: Array) -> Array:
    """Return row starts of the groups next to each row; fills `found` unless it is empty."""
    count = start.size - 1
    row = np.zeros(count + 1, np.int64)
    seen = np.full(owner.max() + 1, -1)
    total = 0
    for n in range(count):
        for k in range(start[n], start[n + 1]):
            g = owner[column[k]]
            if seen[g] != n:
                seen[g] = n
                if found.size > 0:
                    found[total] = g
                total += 1
        row[n + 1] = total
    return row


def smooth_basis(level: Blocks, basis: Array, owner: Array, smoothed: Blocks, size: int, factor: float) -> None:
    """Fill `smoothed` with ``(1 - factor * inverse diagonal * matrix) @ basis``; basis blocks are size x 6."""
    place = np.zeros(owner.max() + 1, np.int64)
    part = np.zeros((size, 6))
    for n in range(owner.size):
        low, high = smoothed.start[n], smoothed.start[n + 1]
        for k in range(low, high):
            place[smoothed.column[k]] = 6 * size * k
        for k in range(level.start[n], level.start[n + 1]):
            m = level.column[k]
            at = place[owner[m]]
            for a in range(size):
                for b in range(size):
                    v = level.value[size * (size * k + a) + b]
                    for j in range(6):
                        smoothed.value[at + 6 * a + j] += v * basis[size * m + b, j]
        for k in range(low, high):
            at = 6 * size * k
            own = smoothed.column[k] == owner[n]
            for a in range(size):
                for j in range(6):
                    part[a, j] = basis[size * n + a, j] if own else 0.0
                for b in range(size):
                    v = factor * level.inverse[size * (size * n + a) + b]
                    for j in range(6):
                        part[a, j] -= v * smoothed.value[at + 6 * b + j]
            for a in range(size):
                for j in range(6):
                    smoothed.value[at + 6 * a + j] = part[a, j]


def rows_of_groups(smoothed: Blocks, start: Array) -> Array:
    """Return the rows that each group takes part in: those of group g from ``start[g]`` to ``start[g + 1]``."""
    free = start.copy()
    row = np.empty(smoothed.column.size, np.int32)
    for n in range(smoothed.start.size - 1):
        for k in range(smoothed.start[n], smoothed.start[n + 1]):
            row[free[smoothed.column[k]]] = n
            free[smoothed.column[k]] += 1
    return row


def coarse_pattern(level: Blocks, smoothed: Blocks, start: Array, rows: Array, column: Array) -> Array:
    """Return row starts of the Galerkin product from `rows_of_groups`; fills `column` unless it is empty."""
    groups = start.size - 1
    row = np.zeros(groups + 1, np.int64)
    seen = np.full(groups, -1)
    met = np.full(level.start.size - 1, -1)
    total = 0
    for g in range(groups):
        for i in range(start[g], start[g + 1]):
            n = rows[i]
            for k in range(level.start[n], level.start[n + 1]):
                m = level.column[k]
                if met[m] == g:
                    continue
                met[m] = g
                for j in range(smoothed.start[m], smoothed.start[m + 1]):
                    h = smoothed.column[j]
                    if seen[h] != g:
                        seen[h] = g
                        if column.size > 0:
                            column[total] = h
                        total += 1
        row[g + 1] = total
    return row


def coarse_values(level: Blocks, smoothed: Blocks, coarse: Blocks, size: int) -> None:
    """Fill `coarse` with the Galerkin product: for each row of the level its products, then those with its groups."""
    groups = coarse.start.size - 1
    place = np.full(groups, -1)
    near = np.zeros(groups, np.int64)
    part = np.zeros((np.diff(coarse.start).max(), size, 6))
    for n in range(level.start.size - 1):
        found = 0
        for k in range(level.start[n], level.start[n + 1]):
            m = level.column[k]
            for i in range(smoothed.start[m], smoothed.start[m + 1]):
                h = smoothed.column[i]
                if place[h] < 0:
                    place[h] = found
                    near[found] = h
                    part[found, :, :] = 0
                    found += 1
                p = place[h]
                for a in range(size):
                    for b in range(size):
                        v = level.value[size * (size * k + a) + b]
                        for j in range(6):
                            part[p, a, j] += v * smoothed.value[6 * (size * i + b) + j]
        for i in range(smoothed.start[n], smoothed.start[n + 1]):
            g = smoothed.column[i]
            for k in range(coarse.start[g], coarse.start[g + 1]):
                p = place[coarse.column[k]]
                if p >= 0:
                    for b in range(size):
                        for a in range(6):
                            v = smoothed.value[6 * (size * i + b) + a]
                            for j in range(6):
                                coarse.value[36 * k + 6 * a + j] += v * part[p, b, j]
        for p in range(found):
            place[near[p]] = -1
