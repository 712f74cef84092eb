"""The preconditioner: one symmetric multigrid cycle in single precision.

Finest grid: printed element, no matrix. First coarse grid: Galerkin matrix in blocks of 3 x 3. Below: Galerkin
matrix of the second coarse grid, then smoothed aggregation and a dense inverse. Chebyshev smoothing throughout, so
that no result depends on an order of nodes (Adams, Brezina, Hu and Tuminaro, J Comput Phys 188 (2003) 593).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from osteocast.structure import element
from osteocast.structure.aggregation import Aggregation, Level, aggregate, largest_eigenvalue, rigid_motions
from osteocast.structure.cell_kernels import Cells
from osteocast.structure.coarse_kernels import Blocks
from osteocast.structure.coarsening import Grid, child_weights, coarsen, empty_blocks
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.numbering import Numbering, Positions
from osteocast.structure.workers import Span, Workers, even, spans

Array = NDArray[Any]
RATIO = 10.0
"""Range of eigenvalues that the smoother damps: from largest / RATIO to largest."""

BELOW_DEGREE = 6
"""Chebyshev steps on the levels of aggregation."""

CORRECTIONS = 2
"""Corrections that a level of aggregation takes from the next coarser one in each cycle."""


class Material(NamedTuple):
    """What the element needs besides the modulus."""

    poisson: float
    spacing: tuple[float, float, float]


class Step(NamedTuple):
    """Factors of one Chebyshev step."""

    keep: float
    weight: float


def chebyshev(largest: float, degree: int) -> list[Step]:
    """Return the factors of a Chebyshev iteration on [largest / RATIO, largest]."""
    middle, half = largest * (1 + 1 / RATIO) / 2, largest * (1 - 1 / RATIO) / 2
    sigma = middle / half
    rho = 1 / sigma
    steps = [Step(0.0, 1 / middle)]
    for _ in range(degree - 1):
        new = 1 / (2 * sigma - rho)
        steps.append(Step(new * rho, 2 * new / half))
        rho = new
    return steps


@dataclass(slots=True)
class _Values:
    """What changes with the moduli."""

    minus: Cells
    double: Cells
    inverse: Array
    steps: list[Step]
    first: Blocks
    first_steps: list[Step]
    below: Aggregation


class Multigrid:
    """Grids of one set of voxels and held degrees of freedom; moduli can be set again at little cost.

    Parameters
    ----------
    numbering, positions
        Cells and nodes of the finest grid.
    held
        Degrees of freedom without displacement, increasing.
    material
    degree
        Chebyshev steps before and after each coarse correction.
    workers
    """

    def __init__(
        self,
        numbering: Numbering,
        positions: Positions,
        held: Array,
        material: Material,
        degree: int,
        workers: Workers,
    ) -> None:
        self.k, self.workers, self.degree = kernels(), workers, degree
        self.positions, self.held, self.material = positions, held, material
        self.nodes = numbering.node.size
        ny, nx = numbering.shape[1] + 1, numbering.shape[2] + 1
        z, rest = np.divmod(numbering.node, ny * nx)
        at = np.stack([rest % nx, rest // nx, z], 1).astype(np.int32)
        self.one = coarsen(Grid(numbering.place, numbering.nodes, at))
        self.two = coarsen(self.one.grid)
        self.mask, self.masked = self._masked_children(numbering.nodes)
        self.patterns = [empty_blocks(c.grid.nodes, c.grid.at.shape[0]) for c in (self.one, self.two)]
        self.cell_parts = spans(positions.slabs)
        self.node_parts, self.middle_parts = spans(self.one.slabs), spans(self.two.slabs)
        self.rows = even(self.one.grid.at.shape[0])
        self.parts = even(3 * self.nodes)
        self.scratch = {t: np.zeros(36 * element.STRIDE, t) for t in (np.float32, np.float64)}
        self.work = [np.zeros(3 * self.nodes, np.float32) for _ in range(4)]
        self.middle = [np.zeros(3 * self.one.grid.at.shape[0], np.float32) for _ in range(4)]
        self.values: _Values

    def _masked_children(self, nodes: Array) -> tuple[Array, Array]:
        """Return for each cell the place of its matrix if it has held dofs, else -1, and those matrices."""
        fixed = np.zeros(3 * self.nodes, bool)
        fixed[self.held] = True
        touched = np.unique(self.held // 3)
        on = np.zeros(self.nodes, bool)
        on[touched] = True
        cells = np.flatnonzero(on[nodes].any(1))
        bits = fixed.reshape(-1, 3)[nodes[cells]].reshape(-1, 24)
        key = bits @ (1 << np.arange(24)) * 8 + self.one.children.octant[cells]
        kinds, first, number = np.unique(key, return_index=True, return_inverse=True)
        mask = np.full(nodes.shape[0], -1, np.int32)
        mask[cells] = number
        matrix = element.stiffness(*self.material)
        weights = child_weights()
        masked = np.zeros((max(kinds.size, 1), 24, 24))
        for i, k in enumerate(first):
            p = np.kron(weights[self.one.children.octant[cells[k]]], np.eye(3)) * ~bits[k][:, None]
            masked[i] = p.T @ matrix @ p
        return mask, masked

    def set_modulus(self, modulus: Array) -> None:
        """Compute all values from the modulus of each cell [MPa]."""
        k, double = self.k, self._cells(modulus)
        minus = double._replace(
            modulus=double.modulus.astype(np.float32), coefficients=-double.coefficients.astype(np.float32)
        )
        total = np.zeros(self.nodes)
        k.sum_modulus(total, double)
        diagonal = np.diag(element.stiffness(*self.material))[:3]
        inverse = (1 / np.outer(total, diagonal)).astype(np.float32).ravel()
        inverse[self.held] = 0
        first, second = self._galerkin(modulus)
        below = self._below(second)
        steps = chebyshev(element.largest_eigenvalue(*self.material), self.degree)
        self.values = _Values(minus, double, inverse, steps, first, self._first_steps(first), below)

    def set_operator(self, modulus: Array) -> None:
        """Change `product` alone, which is cheap; the cycle stays that of the moduli set before."""
        self.values.double = self._cells(modulus)

    def _cells(self, modulus: Array) -> Cells:
        rows = self.positions.rows
        spread = np.zeros(rows[0].size)
        spread[self.positions.cell] = modulus
        return Cells(*rows, spread, element.coefficients(*self.material))

    def _galerkin(self, modulus: Array) -> tuple[Blocks, Blocks]:
        """Fill the matrices of the two geometric coarse grids."""
        for blocks in self.patterns:
            blocks.value[:] = 0
        weights, matrix = child_weights(), element.stiffness(*self.material)
        free = np.zeros((8, 24, 24))
        for octant in range(8):
            p = np.kron(weights[octant], np.eye(3))
            free[octant] = p.T @ matrix @ p
        first, second = self.patterns
        given = (np.ascontiguousarray(modulus, np.float64), self.mask, free, self.masked)
        one, two = (first, self.one.grid.nodes), (second, self.two.grid.nodes)
        self.k.build_levels(self.one.children, self.two.children, given, weights, one, two)
        for blocks in self.patterns:
            self.k.close_rows(blocks, 1e-6)
        return first, second

    def _first_steps(self, first: Blocks) -> list[Step]:
        size = first.inverse.size // 3
        zero = np.zeros(size, np.float32)

        def product(v: Array) -> Array:
            r, d, x = np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)
            self.k.block_residual(first, zero, v.astype(np.float32), r, (0, size // 3))
            self.k.block_step(x, d, r, (first.inverse, np.float32(0), np.float32(1)), (0, size // 3))
            return d

        return chebyshev(largest_eigenvalue(product, size), self.degree)

    def _below(self, second: Blocks) -> Aggregation:
        count = second.start.size - 1
        value = second.value.reshape(-1, 3, 3).astype(np.float64)
        matrix = sparse.bsr_matrix((value, second.column, second.start), shape=(3 * count, 3 * count))
        total = np.add.reduceat(np.abs(value).sum(2), second.start[:-1])
        alone = total <= matrix.diagonal().reshape(-1, 3)
        at = self.two.grid.at * (4 * np.array(self.material.spacing))
        return aggregate(matrix, rigid_motions(at, ~alone))

    def product(self, u: Array, out: Array) -> None:
        """Write stiffness times `u` in double precision, held dofs included."""
        out[:] = 0
        self._apply(u, out, self.values.double)

    def _apply(self, u: Array, out: Array, cells: Cells) -> None:
        if self.workers.single:
            w = self.scratch[u.dtype.type]
        else:
            w = None

        def part(span: Span) -> None:
            scratch = np.zeros(36 * element.STRIDE, u.dtype) if w is None else w
            self.k.apply_cells(u, out, cells, scratch, span)

        self.workers.alternating(part, self.cell_parts)

    def cycle(self, r: Array) -> Array:
        """Return the approximate solution for the residual `r`, in single precision; overwritten by the next call."""
        k, v, each = self.k, self.values, self.workers.each
        x, b, rest, d = self.work
        each(partial(k.copy_scaled, r, b, np.float32(1)), self.parts)
        each(partial(k.first_step, x, d, b, (v.inverse, np.float32(v.steps[0].weight))), self.parts)
        self._smooth(v.steps[1:])
        self._residual()
        k.put_zero(rest, self.held)
        coarse = self.middle[1]
        coarse[:] = 0
        self.workers.alternating(partial(k.restrict_nodes, rest, coarse, self.one.transfer), self.node_parts)
        self._middle_cycle()
        each(partial(k.interpolate_nodes, self.middle[0], x, self.one.transfer), self.node_parts)
        k.put_zero(x, self.held)
        self._smooth(v.steps)
        return x

    def _residual(self) -> None:
        x, b, rest, _ = self.work
        rest[:] = b
        self._apply(x, rest, self.values.minus)

    def _smooth(self, steps: list[Step]) -> None:
        x, _, rest, d = self.work
        for keep, weight in steps:
            self._residual()
            scaled = (self.values.inverse, np.float32(keep), np.float32(weight))
            self.workers.each(partial(self.k.next_step, x, d, rest, scaled), self.parts)

    def _middle_cycle(self) -> None:
        """Improve the first coarse grid: from its right-hand side to its solution."""
        k, blocks, each = self.k, self.values.first, self.workers.each
        x, b, rest, _ = self.middle
        x[:] = 0
        self._middle_smooth(self.values.first_steps)
        each(partial(k.block_residual, blocks, b, x, rest), self.rows)
        coarse = np.zeros(3 * self.two.grid.at.shape[0], np.float32)
        self.workers.alternating(partial(k.restrict_nodes, rest, coarse, self.two.transfer), self.middle_parts)
        correction = below_cycle(self.values.below, 0, coarse)
        each(partial(k.interpolate_nodes, correction, x, self.two.transfer), self.middle_parts)
        self._middle_smooth(self.values.first_steps)

    def _middle_smooth(self, steps: list[Step]) -> None:
        k, blocks = self.k, self.values.first
        x, b, rest, d = self.middle
        for keep, weight in steps:
            self.workers.each(partial(k.block_residual, blocks, b, x, rest), self.rows)
            scaled = (blocks.inverse, np.float32(keep), np.float32(weight))
            self.workers.each(partial(k.block_step, x, d, rest, scaled), self.rows)


def below_cycle(below: Aggregation, level: int, b: Array) -> Array:
    """Return the approximate solution of one level of aggregation: two corrections from each coarser level.

    These levels are small, and the better they are solved, the fewer cycles of the fine grids are needed.
    """
    if level == len(below.levels):
        result: Array = below.inverse @ b
        return result
    one = below.levels[level]
    steps = chebyshev(one.largest, BELOW_DEGREE)
    x = _smooth_level(one, np.zeros_like(b), b, steps)
    for _ in range(CORRECTIONS):
        x += one.interpolate @ below_cycle(below, level + 1, one.restrict @ (b - one.matrix @ x))
        x = _smooth_level(one, x, b, steps)
    return x


def _smooth_level(level: Level, x: Array, b: Array, steps: list[Step]) -> Array:
    d = np.zeros_like(b)
    for keep, weight in steps:
        rest = b - level.matrix @ x if keep or x.any() else b
        d = np.float32(keep) * d + np.float32(weight) * (level.inverse @ rest)
        x = x + d
    return x
