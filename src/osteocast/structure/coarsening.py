"""Coarse grids that keep struts apart: one coarse cell for each connected group of cells in its place.

A coarse grid that joins everything within one of its cells ties struts together that do not touch, and the
coarse correction then fails. So a place holds as many coarse cells as it has groups of cells that share nodes, and
coarse cells share a corner only where fine nodes connect them (after Dick, Georgii and Westermann, A hexahedral
multigrid approach for simulating cuts in deformable objects, IEEE TVCG 17 (2011) 1663).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.structure.block_kernels import Blocks
from osteocast.structure.coarse_kernels import Children, Transfer
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.element import CORNERS
from osteocast.structure.numbering import Numbering, layer_starts, places

Array = NDArray[Any]


class Grid(NamedTuple):
    """Cells of a level: place in x, y, z, their nodes, and the place of each node."""

    place: Array
    nodes: Array
    at: Array


class Coarsening(NamedTuple):
    """The step from one grid to the next coarser one."""

    grid: Grid
    children: Children
    transfer: Transfer
    slabs: Array


def fine_grid(numbering: Numbering) -> Grid:
    """Return the finest grid; it takes much memory and is needed only while the coarse ones are made."""
    nz, ny, nx = numbering.shape
    return Grid(numbering.place, numbering.nodes, places(numbering.node, (nz + 1, ny + 1, nx + 1)))


def _table() -> tuple[Array, Array, Array]:
    """Return for each of the 27 places in a coarse cell its corners and their common weight."""
    count, corner, weight = np.zeros(27, np.int32), np.zeros(27 * 8, np.int32), np.zeros(27, np.float32)
    for code in range(27):
        at = np.array([code % 3, code // 3 % 3, code // 9])
        share = np.prod(1 - np.abs(at / 2 - CORNERS), axis=1)
        taken = np.flatnonzero(share)
        count[code], weight[code] = taken.size, share.max()
        corner[8 * code : 8 * code + taken.size] = taken
    return count, corner, weight


def child_weights() -> Array:
    """Return for each octant the share of the parent's corners (last axis) in the child's corners."""
    at = (CORNERS[:, None, :] + CORNERS[None, :, :]) / 2
    result: Array = np.prod(1 - np.abs(at[:, :, None, :] - CORNERS), axis=3)
    return result


def coarsen(grid: Grid) -> Coarsening:
    """Halve the resolution of a grid."""
    k = kernels()
    half = (grid.place >> 1).astype(np.int64)
    size = half.max(0) + 1
    key = (half[:, 2] * size[1] + half[:, 1]) * size[0] + half[:, 0]
    order = np.argsort(key, kind="stable").astype(np.int32)
    first = np.append(np.flatnonzero(np.diff(key[order], prepend=-1)), order.size)
    parent = k.connected_children(grid.nodes, order, first, grid.at.shape[0]).astype(np.int32)
    cells = int(parent.max()) + 1
    owner, at = np.full(grid.at.shape[0], -1, np.int32), np.zeros((grid.at.shape[0], 3), np.int64)
    root = k.roots(k.place_nodes(grid.place, grid.nodes, parent, at, owner))
    place = np.empty((cells, 3), np.int32)
    place[parent] = half
    corners, where = _number_corners(root, place)
    code = (at[:, 0] + 3 * at[:, 1] + 9 * at[:, 2]).astype(np.int8)
    by_parent = np.argsort(parent, kind="stable").astype(np.int32)
    starts = np.searchsorted(parent[by_parent], np.arange(cells + 1))
    odd = grid.place & 1
    octant = (odd[:, 0] + 2 * odd[:, 1] + 4 * odd[:, 2]).astype(np.int8)
    layers = int(grid.at[:, 2].max()) + 1
    slabs = np.searchsorted(grid.at[:, 2], layer_starts(layers))
    return Coarsening(
        Grid(place, corners.reshape(-1, 8), where),
        Children(starts, by_parent, octant),
        Transfer(owner, code, corners, *_table()),
        slabs,
    )


def _number_corners(root: Array, place: Array) -> tuple[Array, Array]:
    """Number the sets of corners by layer; return the number of each corner and the place of each number."""
    own = np.flatnonzero(root == np.arange(root.size))
    where = place[own // 8] + CORNERS[own % 8]
    by_layer = np.argsort(where[:, 2], kind="stable")
    lookup = np.zeros(root.size, np.int32)
    lookup[own[by_layer]] = np.arange(own.size)
    return lookup[root], where[by_layer].astype(np.int32)


def empty_blocks(nodes: Array, count: int, half: bool) -> Blocks:
    """Return the matrix of a level, or half of it, with its pattern and no values yet."""
    k = kernels()
    start, cell = k.cells_of_nodes(nodes, count)
    row = k.neighbours(nodes, start, cell, np.empty(0, np.int32), half)
    column = np.empty(int(row[-1]), np.int32)
    k.neighbours(nodes, start, cell, column, half)
    return Blocks(row, column, np.zeros(9 * column.size, np.float32), np.zeros(9 * count, np.float32))
