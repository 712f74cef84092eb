"""Loops that build and apply the coarse grids, in the subset of Python that numba compiles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.structure.block_kernels import Blocks

Array = NDArray[Any]
Span = tuple[int, int]


class Transfer(NamedTuple):
    """Trilinear interpolation from the corners of coarse cells to fine nodes.

    Attributes
    ----------
    parent, code
        Coarse cell of each fine node, and its place in that cell (0 to 26, three places an axis).
    corners
        Coarse node of each corner of each coarse cell, flat.
    corner_count, corner, weight
        For each of the 27 places: how many corners it takes part in, which, and with what weight.
    """

    parent: Array
    code: Array
    corners: Array
    corner_count: Array
    corner: Array
    weight: Array


class Children(NamedTuple):
    """Cells of a level sorted by their parent: ``order[first[p]:first[p + 1]]``, each with its octant."""

    first: Array
    order: Array
    octant: Array


def find(parent: Array, i: int) -> int:
    """Return the root of `i`, halving the path."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def unite(parent: Array, a: int, b: int) -> None:
    """Join two sets; the smaller root stays."""
    a = find(parent, a)
    b = find(parent, b)
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b


def connected_children(nodes: Array, order: Array, first: Array, count: int) -> Array:
    """Return the coarse cell of each cell: one for each connected group of children of a coarse place."""
    root = np.arange(nodes.shape[0])
    last = np.full(count, -1)
    for g in range(first.size - 1):
        for k in range(first[g], first[g + 1]):
            for c in range(8):
                n = nodes[order[k], c]
                if last[n] >= 0:
                    unite(root, last[n], order[k])
                last[n] = order[k]
        for k in range(first[g], first[g + 1]):
            for c in range(8):
                last[nodes[order[k], c]] = -1
    copy = np.full(nodes.shape[0], -1)
    found = 0
    for k in range(order.size):
        r = find(root, order[k])
        if copy[r] < 0:
            copy[r] = found
            found += 1
        copy[order[k]] = copy[r]
    return copy


def place_nodes(place: Array, nodes: Array, copy: Array, at: Array, parent: Array) -> Array:
    """Find a coarse cell for each fine node and join the corners of coarse cells that meet in one.

    Two coarse cells that share a fine node share the corners of the vertex, edge or face it lies on.
    Returns the sets of corners; fills `parent` (coarse cell) and `at` (three places along each axis).
    """
    corner = np.arange(8 * (copy.max() + 1))
    owner = np.zeros((copy.max() + 1, 3), np.int32)
    for e in range(copy.size):
        for a in range(3):
            owner[copy[e], a] = place[e, a] >> 1
    here = np.zeros(3, np.int64)
    for e in range(copy.size):
        new = copy[e]
        for c in range(8):
            n = nodes[e, c]
            for a in range(3):
                here[a] = (place[e, a] & 1) + (c >> a & 1)
            if parent[n] < 0:
                parent[n] = new
                at[n, :] = here
            elif parent[n] != new:
                join_corners(corner, owner, here, new, parent[n])
    return corner


def join_corners(corner: Array, owner: Array, here: Array, new: int, old: int) -> None:
    """Join the corners of two coarse cells around the place `here` of the new one."""
    for k in range(8):
        other = 0
        touched = True
        for a in range(3):
            bit = k >> a & 1
            if (here[a] == 0 and bit == 1) or (here[a] == 2 and bit == 0):
                touched = False
            other += (owner[new, a] + bit - owner[old, a]) << a
        if touched:
            unite(corner, 8 * new + k, 8 * old + other)


def roots(parent: Array) -> Array:
    """Return the root of every entry."""
    result = np.empty_like(parent)
    for i in range(parent.size):
        result[i] = find(parent, i)
    return result


def restrict_nodes(r: Array, coarse: Array, transfer: Transfer, span: Span) -> None:
    """Add the transpose of the interpolation times `r` to `coarse`, over fine nodes of `span`."""
    for n in range(span[0], span[1]):
        code = transfer.code[n]
        weight = transfer.weight[code]
        x, y, z = weight * r[3 * n], weight * r[3 * n + 1], weight * r[3 * n + 2]
        base = 8 * transfer.parent[n]
        for k in range(transfer.corner_count[code]):
            j = 3 * transfer.corners[base + transfer.corner[8 * code + k]]
            coarse[j] += x
            coarse[j + 1] += y
            coarse[j + 2] += z


def interpolate_nodes(coarse: Array, x: Array, transfer: Transfer, span: Span) -> None:
    """Add the interpolation of `coarse` to `x` over fine nodes of `span`."""
    for n in range(span[0], span[1]):
        code = transfer.code[n]
        weight = transfer.weight[code]
        base = 8 * transfer.parent[n]
        s0 = weight - weight
        s1 = weight - weight
        s2 = weight - weight
        for k in range(transfer.corner_count[code]):
            j = 3 * transfer.corners[base + transfer.corner[8 * code + k]]
            s0 += coarse[j]
            s1 += coarse[j + 1]
            s2 += coarse[j + 2]
        x[3 * n] += weight * s0
        x[3 * n + 1] += weight * s1
        x[3 * n + 2] += weight * s2


def cells_of_nodes(nodes: Array, count: int) -> tuple[Array, Array]:
    """Return the cells around each node by rows: start and cell."""
    start = np.zeros(count + 1, np.int64)
    for e in range(nodes.shape[0]):
        for c in range(8):
            start[nodes[e, c] + 1] += 1
    for n in range(count):
        start[n + 1] += start[n]
    cell = np.empty(start[count], np.int32)
    free = start.copy()
    for e in range(nodes.shape[0]):
        for c in range(8):
            cell[free[nodes[e, c]]] = e
            free[nodes[e, c]] += 1
    return start, cell


def neighbours(nodes: Array, start: Array, cell: Array, column: Array, half: bool) -> Array:
    """Return the row starts of the matrix of a level, all of it or half; fills `column` unless it is empty."""
    count = start.size - 1
    row = np.zeros(count + 1, np.int64)
    seen = np.full(count, -1)
    found = 0
    for n in range(count):
        for k in range(start[n], start[n + 1]):
            for c in range(8):
                m = nodes[cell[k], c]
                if seen[m] != n and (m >= n or not half):
                    seen[m] = n
                    if column.size > 0:
                        column[found] = m
                    found += 1
        row[n + 1] = found
    return row


def add_element(matrix: Array, nodes: Array, blocks: Blocks, half: bool) -> None:
    """Add a 24 x 24 matrix to the blocks of its eight nodes, all of them or half."""
    for i in range(8):
        for j in range(8):
            if half and nodes[j] < nodes[i]:
                continue
            k = blocks.start[nodes[i]]
            while blocks.column[k] != nodes[j]:
                k += 1
            for a in range(3):
                for b in range(3):
                    blocks.value[9 * k + 3 * a + b] += matrix[3 * i + a, 3 * j + b]


def add_child(child: Array, weights: Array, half: Array, matrix: Array) -> None:
    """Add the element matrix of a child, seen from its parent's corners: ``matrix += P.T @ child @ P``."""
    half[:, :] = 0
    for j in range(8):
        for k in range(8):
            w = weights[j, k]
            if w != 0:
                for row in range(24):
                    for b in range(3):
                        half[row, 3 * k + b] += w * child[row, 3 * j + b]
    for i in range(8):
        for k in range(8):
            w = weights[i, k]
            if w != 0:
                for a in range(3):
                    for column in range(24):
                        matrix[3 * k + a, column] += w * half[3 * i + a, column]


def middle_matrix(cell: int, fine: Children, given: tuple[Array, Array, Array, Array], matrix: Array) -> None:
    """Sum the element matrix of one cell of the first coarse level from its fine children.

    `given` holds modulus, index of the mask of fixed dofs or -1, the eight matrices of free children, and those of
    children with fixed dofs.
    """
    modulus, mask, free, masked = given
    matrix[:, :] = 0
    for k in range(fine.first[cell], fine.first[cell + 1]):
        e = fine.order[k]
        one = masked[mask[e]] if mask[e] >= 0 else free[fine.octant[e]]
        value = modulus[e]
        for i in range(24):
            for j in range(24):
                matrix[i, j] += value * one[i, j]


def build_levels(
    fine: Children,
    middle: Children,
    given: tuple[Array, Array, Array, Array],
    weights: Array,
    first: tuple[Blocks, Array],
    second: tuple[Blocks, Array],
) -> None:
    """Fill the matrices of the first two coarse levels, of the first one half: Galerkin products of the operator."""
    one, two, half = np.zeros((24, 24)), np.zeros((24, 24)), np.zeros((24, 24))
    for parent in range(middle.first.size - 1):
        two[:, :] = 0
        for k in range(middle.first[parent], middle.first[parent + 1]):
            cell = middle.order[k]
            middle_matrix(cell, fine, given, one)
            add_element(one, first[1][cell], first[0], True)
            add_child(one, weights[middle.octant[cell]], half, two)
        add_element(two, second[1][parent], second[0], False)


def close_rows(blocks: Blocks, tiny: float) -> None:
    """Give dofs of no stiffness the diagonal 1 and invert the diagonal blocks."""
    for n in range(blocks.start.size - 1):
        k = blocks.start[n]
        while blocks.column[k] != n:
            k += 1
        v = blocks.value[9 * k : 9 * k + 9]
        size = max(v[0], v[4], v[8])
        for a in range(3):
            if v[4 * a] <= tiny * size or size <= 0:
                v[4 * a] = 1 if size <= 0 else size
        xx, xy, xz = float(v[0]), float(v[1]), float(v[2])
        yy, yz, zz = float(v[4]), float(v[5]), float(v[8])
        m0, m1, m2 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
        det = xx * m0 + xy * m1 + xz * m2
        out = blocks.inverse[9 * n : 9 * n + 9]
        if det > 1e-9 * xx * yy * zz:
            out[0], out[1], out[2] = m0 / det, m1 / det, m2 / det
            out[3], out[4], out[5] = m1 / det, (xx * zz - xz * xz) / det, (xy * xz - xx * yz) / det
            out[6], out[7], out[8] = m2 / det, (xy * xz - xx * yz) / det, (xx * yy - xy * xy) / det
        else:
            out[:] = 0
            out[0], out[4], out[8] = 1 / xx, 1 / yy, 1 / zz


def alone(blocks: Blocks) -> Array:
    """Return which dofs of a matrix of 3 x 3 blocks are coupled to no other, shape (rows, 3)."""
    result = np.ones((blocks.start.size - 1, 3), np.bool_)
    for n in range(blocks.start.size - 1):
        for k in range(blocks.start[n], blocks.start[n + 1]):
            for a in range(3):
                for b in range(3):
                    if blocks.value[9 * k + 3 * a + b] != 0 and (blocks.column[k] != n or a != b):
                        result[n, a] = False
    return result
