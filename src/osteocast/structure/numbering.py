"""From a grid of moduli to compact lists of cells and nodes; parts that nothing holds are left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SLABS = 16
"""Parts along z that threads share; fixed, so that the number of threads changes no sum."""


class Numbering(NamedTuple):
    """Cells with stiffness and their nodes, both in the order x, y, z.

    Attributes
    ----------
    cell
        Flat index of each cell in the grid of moduli.
    node
        Flat index of each node in the grid of (nz + 1, ny + 1, nx + 1) nodes.
    shape
        Of the grid of moduli.
    """

    cell: Array
    node: Array
    shape: tuple[int, int, int]

    @property
    def place(self) -> Array:
        """The x, y, z of each cell [voxels]."""
        return places(self.cell, self.shape)

    @property
    def nodes(self) -> Array:
        """The eight nodes of each cell, x fastest; found anew at each use, because they take much memory."""
        return corner_numbers(self.cell, self.node, self.shape)

    def find(self, node: Array) -> tuple[Array, Array]:
        """Return the number of each flat node among `node`, and whether it is there at all."""
        number = np.searchsorted(self.node, node.astype(self.node.dtype, copy=False))
        number[number == self.node.size] = 0
        return number, self.node[number] == node


class Positions(NamedTuple):
    """The order of `cell_kernels.Cells`: cells and the closing positions of their rows.

    `rows` are the four node rows, `filled` marks the positions that are cells, `slabs` are the starts of the parts
    along z.
    """

    rows: tuple[Array, Array, Array, Array]
    filled: Array
    slabs: Array


def corner_steps(shape: tuple[int, int, int]) -> Array:
    """Return the steps from the first node of a cell to its eight nodes in the flat grid of nodes."""
    ny, nx = shape[1] + 1, shape[2] + 1
    return np.array([(k & 1) + (k >> 1 & 1) * nx + (k >> 2) * nx * ny for k in range(8)])


def first_nodes(cell: Array, shape: tuple[int, int, int]) -> Array:
    """Return the flat node at the low corner of each cell."""
    z, rest = np.divmod(cell, shape[1] * shape[2])
    y, x = np.divmod(rest, shape[2])
    result: Array = (z * (shape[1] + 1) + y) * (shape[2] + 1) + x
    return result


def places(index: Array, shape: tuple[int, int, int]) -> Array:
    """Return x, y, z of flat indices of a grid (nz, ny, nx)."""
    z, rest = np.divmod(index, shape[1] * shape[2])
    y, x = np.divmod(rest, shape[2])
    result = np.empty((index.size, 3), np.int32)
    result[:, 0], result[:, 1], result[:, 2] = x, y, z
    return result


def corner_numbers(cell: Array, node: Array, shape: tuple[int, int, int]) -> Array:
    """Return the place in `node` of the eight corners of each cell, x fastest."""
    low = first_nodes(cell, shape)
    lookup = np.empty(int(np.prod(np.array(shape) + 1)), np.int32)
    lookup[node] = np.arange(node.size, dtype=np.int32)
    nodes = np.empty((cell.size, 8), np.int32)
    for k, step in enumerate(corner_steps(shape)):
        nodes[:, k] = lookup[low + step]
    return nodes


def number(active: Array) -> Numbering:
    """Number the cells where `active` (nz, ny, nx) and the nodes they have."""
    shape = (active.shape[0], active.shape[1], active.shape[2])
    # Half as large where three times the highest node still fits, so that degrees of freedom fit as well.
    kind = np.int32 if 3 * int(np.prod(np.array(shape) + 1)) < 2**31 else np.int64
    cell = np.flatnonzero(active).astype(kind)
    low = first_nodes(cell, shape)
    used = np.zeros(int(np.prod(np.array(shape) + 1)), bool)
    for step in corner_steps(shape):
        used[low + step] = True
    return Numbering(cell, np.flatnonzero(used).astype(kind), shape)


def positions(numbering: Numbering, nodes: Array) -> Positions:
    """Close each row of neighbouring cells by one position."""
    cell = numbering.cell
    nx = numbering.shape[2]
    ends = np.ones(cell.size, bool)
    ends[:-1] = (np.diff(cell) != 1) | (cell[1:] % nx == 0)
    at = np.arange(cell.size) + np.concatenate([[0], np.cumsum(ends)[:-1]])
    size = cell.size + int(ends.sum())
    closing = at[ends] + 1
    rows = []
    for k in range(4):
        row = np.empty(size, np.int32)
        row[at] = nodes[:, 2 * k]
        row[closing] = nodes[ends, 2 * k + 1]
        rows.append(row)
    _, ny, nx = numbering.shape
    layer = np.searchsorted(cell, layer_starts(numbering.shape[0]) * ny * nx)
    slabs = np.append(at, size)[layer]
    filled = np.ones(size, bool)
    filled[closing] = False
    return Positions((rows[0], rows[1], rows[2], rows[3]), filled, slabs)


def layer_starts(layers: int) -> Array:
    """Return the first layer of each slab and the end; slabs hold an even number of layers, at least two."""
    pairs = (layers + 1) // 2
    parts = min(SLABS, pairs)
    starts = 2 * (np.arange(parts + 1) * pairs // parts)
    starts[-1] = max(layers, 1)
    return starts
