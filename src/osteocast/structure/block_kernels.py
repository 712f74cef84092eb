"""Kernels for sparse matrices of small dense blocks, printed for the sizes that occur so that nothing is looped over.

Nodes of the geometric grids have three unknowns, groups of the aggregation six.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

Array = NDArray[Any]

SHAPES = ((3, 3), (6, 6), (3, 6))
"""Rows and columns of a block: two operators, and interpolation from six to three unknowns."""


class Blocks(NamedTuple):
    """Sparse matrix of dense blocks by rows, and the inverse of each diagonal block (empty if it has none).

    A symmetric matrix may be kept by half: of each pair of blocks the one whose column is the higher.
    """

    start: Array
    column: Array
    value: Array
    inverse: Array


def _sums(rows: int, columns: int) -> list[str]:
    """Print the loop that adds the products of one row of blocks to s0, s1, ..."""
    lines = ["        for k in range(blocks.start[n], blocks.start[n + 1]):"]
    lines += [f"            j = {columns} * blocks.column[k]", f"            v = {rows * columns} * k"]
    lines += [f"            x{b} = x[j + {b}]" for b in range(columns)]
    for a in range(rows):
        terms = " + ".join(f"blocks.value[v + {columns * a + b}] * x{b}" for b in range(columns))
        lines.append(f"            s{a} += {terms}")
    return lines


def _zero(rows: int) -> list[str]:
    return [f"        s{a} = zero" for a in range(rows)]


def _product(rows: int, columns: int) -> str:
    """Print ``out = b + sign * matrix @ x``."""
    lines = [f"def rows_{rows}_{columns}(blocks, b, x, out, sign, span):", "    zero = sign - sign"]
    lines += ["    for n in range(span[0], span[1]):", *_zero(rows), *_sums(rows, columns)]
    lines += [f"        out[{rows} * n + {a}] = b[{rows} * n + {a}] + sign * s{a}" for a in range(rows)]
    return "\n".join(lines) + "\n"


def _transposed(rows: int, columns: int) -> str:
    """Print ``out += transpose of matrix @ x``."""
    lines = [f"def transposed_{rows}_{columns}(blocks, x, out):", "    for n in range(blocks.start.size - 1):"]
    lines += [f"        y{a} = x[{rows} * n + {a}]" for a in range(rows)]
    lines += ["        for k in range(blocks.start[n], blocks.start[n + 1]):"]
    lines += [f"            j = {columns} * blocks.column[k]", f"            v = {rows * columns} * k"]
    for b in range(columns):
        terms = " + ".join(f"blocks.value[v + {columns * a + b}] * y{a}" for a in range(rows))
        lines.append(f"            out[j + {b}] += {terms}")
    return "\n".join(lines) + "\n"


def _both_sides() -> str:
    """Print ``r -= matrix @ x`` for blocks of 3 x 3 of which only the diagonal and one of each pair are kept."""
    lines = ["def subtract_half(blocks, x, r, span):", "    for n in range(span[0], span[1]):"]
    lines += [f"        y{a} = x[3 * n + {a}]" for a in range(3)]
    lines += [f"        s{a} = y{a} - y{a}" for a in range(3)]
    lines += ["        for k in range(blocks.start[n], blocks.start[n + 1]):", "            j = 3 * blocks.column[k]"]
    lines += [f"            v{a}{b} = blocks.value[9 * k + {3 * a + b}]" for a in range(3) for b in range(3)]
    lines += [f"            x{b} = x[j + {b}]" for b in range(3)]
    lines += [f"            s{a} += " + " + ".join(f"v{a}{b} * x{b}" for b in range(3)) for a in range(3)]
    lines.append("            if blocks.column[k] != n:")
    lines += [f"                r[j + {b}] -= " + " + ".join(f"v{a}{b} * y{a}" for a in range(3)) for b in range(3)]
    lines += [f"        r[3 * n + {a}] -= s{a}" for a in range(3)]
    return "\n".join(lines) + "\n"


def _add_scaled() -> str:
    """Print ``d = keep * d + weight * inverse @ r``, ``x += d``."""
    lines = ["def step_3(blocks, r, x, d, factors, span):", "    keep, weight = factors"]
    lines += ["    for n in range(span[0], span[1]):", *(f"        r{a} = r[3 * n + {a}]" for a in range(3))]
    lines += _scaled(3)
    for a in range(3):
        i = f"3 * n + {a}"
        lines += [f"        e = keep * d[{i}] + weight * t{a}", f"        d[{i}] = e", f"        x[{i}] += e"]
    return "\n".join(lines) + "\n"


def _scaled(size: int) -> list[str]:
    """Print the products of an inverse diagonal block with r0, r1, ..."""
    at = size * size
    return [
        f"        t{a} = " + " + ".join(f"blocks.inverse[{at} * n + {size * a + b}] * r{b}" for b in range(size))
        for a in range(size)
    ]


def _first(size: int) -> str:
    """Print the first Chebyshev step from zero: ``x = d = weight * inverse @ b``."""
    lines = [f"def first_{size}(blocks, b, x, d, weight, span):", "    for n in range(span[0], span[1]):"]
    lines += [f"        r{a} = b[{size} * n + {a}]" for a in range(size)]
    lines += _scaled(size)
    for a in range(size):
        lines += [f"        d[{size} * n + {a}] = weight * t{a}", f"        x[{size} * n + {a}] = weight * t{a}"]
    return "\n".join(lines) + "\n"


def _next(size: int) -> str:
    """Print a Chebyshev step: ``d = keep * d + weight * inverse @ (b - matrix @ x)``, ``out = x + d``."""
    lines = [f"def next_{size}(blocks, b, x, d, out, factors, span):"]
    lines += ["    keep, weight = factors", "    zero = keep - keep"]
    lines += ["    for n in range(span[0], span[1]):", *_zero(size), *_sums(size, size)]
    lines += [f"        r{a} = b[{size} * n + {a}] - s{a}" for a in range(size)]
    lines += _scaled(size)
    for a in range(size):
        i = f"{size} * n + {a}"
        lines += [f"        e = keep * d[{i}] + weight * t{a}", f"        d[{i}] = e", f"        out[{i}] = x[{i}] + e"]
    return "\n".join(lines) + "\n"


def kernel_texts() -> list[str]:
    """Return the text of every kernel."""
    products = [_product(*shape) for shape in SHAPES]
    steps = [text for size in (3, 6) for text in (_first(size), _next(size))]
    return [*products, *steps, _transposed(3, 6), _transposed(6, 6), _both_sides(), _add_scaled()]
