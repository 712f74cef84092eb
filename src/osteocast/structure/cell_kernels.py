"""Loops over cells and nodes of the finest grid, in the subset of Python that numba compiles.

They are plain functions here; `compiled_kernels` prints them beside the element and compiles all as one module.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from osteocast.structure.element import BATCH, STRIDE

Array = NDArray[Any]
Span = tuple[int, int]
LEFT, RIGHT = 12 * STRIDE, 24 * STRIDE


class Cells(NamedTuple):
    """Cells in the order x, y, z, each row of neighbours closed by one cell of no stiffness.

    The node at the right of a cell is the node at the left of the next one, so that one number a node row tells
    both: row0 (y, z), row1 (y + 1, z), row2 (y, z + 1), row3 (y + 1, z + 1).
    """

    row0: Array
    row1: Array
    row2: Array
    row3: Array
    modulus: Array
    coefficients: Array


def element_forces(w: Array, modulus: Array, c: Array) -> None:
    """Give way to the function of this name that is printed from the element."""
    raise RuntimeError("the printed kernel takes this place")


def gather_row(u: Array, nodes: Array, w: Array, at: int) -> None:
    """Copy the displacements of `nodes` into three rows of scratch."""
    for i in range(nodes.size):
        j = 3 * nodes[i]
        w[at + i] = u[j]
        w[at + STRIDE + i] = u[j + 1]
        w[at + 2 * STRIDE + i] = u[j + 2]


def scatter_row(f: Array, nodes: Array, w: Array, at: int) -> None:
    """Add the forces from the cells right and left of `nodes`."""
    for i in range(nodes.size):
        j = 3 * nodes[i]
        left = LEFT + at + i
        right = RIGHT + at + i
        f[j] += w[left] + w[right]
        f[j + 1] += w[left + STRIDE] + w[right + STRIDE]
        f[j + 2] += w[left + 2 * STRIDE] + w[right + 2 * STRIDE]


def apply_cells(u: Array, f: Array, cells: Cells, w: Array, span: Span) -> None:
    """Add stiffness times `u` to `f` over the positions of `span`, which ends with a closed row."""
    p, last = span
    for k in range(12):
        w[RIGHT + k * STRIDE] = 0
    while p < last:
        n = min(BATCH, last - p)
        m = min(n + 1, last - p)
        if m == n:
            for k in range(12):
                w[k * STRIDE + n] = 0
        gather_row(u, cells.row0[p : p + m], w, 0)
        gather_row(u, cells.row1[p : p + m], w, 3 * STRIDE)
        gather_row(u, cells.row2[p : p + m], w, 6 * STRIDE)
        gather_row(u, cells.row3[p : p + m], w, 9 * STRIDE)
        element_forces(w, cells.modulus[p : p + n], cells.coefficients)
        for k in range(12):
            w[LEFT + k * STRIDE + n] = 0
        scatter_row(f, cells.row0[p : p + m], w, 0)
        scatter_row(f, cells.row1[p : p + m], w, 3 * STRIDE)
        scatter_row(f, cells.row2[p : p + m], w, 6 * STRIDE)
        scatter_row(f, cells.row3[p : p + m], w, 9 * STRIDE)
        p += n


def sum_modulus(total: Array, cells: Cells) -> None:
    """Add the modulus of every cell to its eight nodes."""
    for p in range(cells.modulus.size - 1):
        e = cells.modulus[p]
        for k in range(2):
            total[cells.row0[p + k]] += e
            total[cells.row1[p + k]] += e
            total[cells.row2[p + k]] += e
            total[cells.row3[p + k]] += e


def first_step(x: Array, d: Array, r: Array, inverse: Array, weights: tuple[float, float, float], span: Span) -> None:
    """First Chebyshev step from zero over nodes: ``x = d = weights * inverse * r``."""
    for n in range(span[0], span[1]):
        for a in range(3):
            i = 3 * n + a
            d[i] = weights[a] * inverse[n] * r[i]
            x[i] = d[i]


def next_step(x: Array, d: Array, r: Array, inverse: Array, factors: tuple[float, ...], span: Span) -> None:
    """Chebyshev step over nodes: ``d = keep * d + weights * inverse * r; x += d``; `factors` are keep and weights."""
    for n in range(span[0], span[1]):
        for a in range(3):
            i = 3 * n + a
            d[i] = factors[0] * d[i] + factors[1 + a] * inverse[n] * r[i]
            x[i] += d[i]


def copy_scaled(source: Array, target: Array, factor: float, span: Span) -> None:
    """Write ``factor * source`` into `target`, which may have another precision."""
    # Slices, here and below: a loop from 0 can be vectorised, one from an unknown place may run from below 0.
    source, target = source[span[0] : span[1]], target[span[0] : span[1]]
    for i in range(source.size):
        target[i] = factor * source[i]


def dot(a: Array, b: Array, span: Span) -> float:
    """Return the scalar product over `span`, summed in double precision."""
    total = 0.0
    a, b = a[span[0] : span[1]], b[span[0] : span[1]]
    for i in range(a.size):
        total += float(a[i]) * float(b[i])
    return total


def advance(x: Array, r: Array, p: Array, q: Array, length: float, span: Span) -> None:
    """Step of the conjugate gradients: ``x += length * p; r -= length * q``."""
    x, r, p, q = x[span[0] : span[1]], r[span[0] : span[1]], p[span[0] : span[1]], q[span[0] : span[1]]
    for i in range(x.size):
        x[i] += length * p[i]
        r[i] -= length * q[i]


def turn(p: Array, z: Array, keep: float, span: Span) -> None:
    """Next direction of the conjugate gradients: ``p = z + keep * p``."""
    p, z = p[span[0] : span[1]], z[span[0] : span[1]]
    for i in range(p.size):
        p[i] = z[i] + keep * p[i]


def put_zero(x: Array, places: Array) -> None:
    """Set the entries at `places` to zero."""
    for k in range(places.size):
        x[places[k]] = 0
