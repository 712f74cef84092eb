"""The preconditioner: one symmetric multigrid cycle in single precision.

Finest grid: printed element, no matrix. First coarse grid: Galerkin matrix in blocks of 3 x 3. Below: Galerkin
matrix of the second coarse grid, then smoothed aggregation and a dense inverse. Chebyshev smoothing throughout, so
that no result depends on an order of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.structure import element
from osteocast.structure.aggregation import Aggregation, rigid_motions
from osteocast.structure.block_kernels import Blocks
from osteocast.structure.cell_kernels import Cells
from osteocast.structure.chebyshev import Step, chebyshev, largest_eigenvalue
from osteocast.structure.coarsening import Grid, child_weights, coarsen, empty_blocks
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.numbering import Positions
from osteocast.structure.workers import Span, Workers, even, spans

Array = NDArray[Any]


class Material(NamedTuple):
    """What the element needs besides the modulus."""

    poisson: float
    spacing: tuple[float, float, float]


@dataclass(slots=True)
class _Values:
    """What changes with the moduli."""

    minus: Cells
    double: Cells
    inverse: Array
    steps: list[tuple[np.float32, ...]]
    first: Blocks
    first_steps: list[Step]
    below: Aggregation


class Multigrid:
    """Grids of one set of voxels and held degrees of freedom; moduli can be set again at little cost.

    Parameters
    ----------
    grid, positions
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
        grid: Grid,
        positions: Positions,
        held: Array,
        material: Material,
        degree: int,
        workers: Workers,
    ) -> None:
        self.k, self.workers, self.degree = kernels(), workers, degree
        self.positions, self.held, self.material = positions, held, material
        self.nodes = grid.at.shape[0]
        self.one = coarsen(grid)
        self.two = coarsen(self.one.grid)
        self.mask, self.masked = self._masked_children(grid.nodes)
        halves = (self.one.grid, True), (self.two.grid, False)
        self.patterns = [empty_blocks(g.nodes, g.at.shape[0], half) for g, half in halves]
        self.cell_parts = spans(positions.slabs)
        self.node_parts, self.middle_parts = spans(self.one.slabs), spans(self.two.slabs)
        self.rows, self.fine_rows = workers.cut(self.one.grid.at.shape[0]), workers.cut(self.nodes)
        self.parts = even(3 * self.nodes)
        self.scratch = {t: np.zeros(36 * element.STRIDE, t) for t in (np.float32, np.float64)}
        self.spare = np.zeros(3 * self.nodes)
        self.work, self.middle = self._vectors()
        self.values: _Values

    def _vectors(self) -> tuple[list[Array], list[Array]]:
        """Return the vectors of a cycle; all but the first lie in `spare`, those of the middle where no other is used.

        On the way down the residual has been handed on and the last step is not needed again.
        """
        fine, size = 3 * self.nodes, 3 * self.one.grid.at.shape[0]
        x, rest, d = np.zeros(fine, np.float32), *np.split(self.spare.view(np.float32), 2)
        three = rest[: 3 * size] if 3 * size <= fine else np.zeros(3 * size, np.float32)
        b = d[:size] if size <= fine else np.zeros(size, np.float32)
        middle, *others = np.split(three, 3)
        return [x, rest, d], [middle, b, *others]

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
        inverse = np.zeros(self.nodes)
        k.sum_modulus(inverse, double)
        inverse = np.reciprocal(inverse, out=inverse).astype(np.float32)
        first, second = self._galerkin(modulus)
        below = self._below(second)
        diagonal = np.diag(element.stiffness(*self.material))[:3]
        steps = [
            (np.float32(keep), *(weight / diagonal).astype(np.float32))
            for keep, weight in chebyshev(element.largest_eigenvalue(*self.material), self.degree)
        ]
        self.values = _Values(minus, double, inverse, steps, first, self._first_steps(first), below)

    def set_operator(self, modulus: Array) -> None:
        """Change `product` alone, which is cheap; the cycle stays that of the moduli set before."""
        self.values.double = self._cells(modulus)

    def _cells(self, modulus: Array) -> Cells:
        rows = self.positions.rows
        spread = np.zeros(rows[0].size)
        spread[self.positions.filled] = modulus
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
        rest, scaled = np.zeros(size, np.float32), np.zeros(size, np.float32)

        def product(v: Array) -> Array:
            rest[:] = 0
            subtract = partial(self.k.subtract_half, first, v.astype(np.float32), rest)
            self.workers.alternating(subtract, self.middle_parts)
            self.k.first_3(first, rest, scaled, scaled, np.float32(-1), (0, size // 3))
            return scaled

        return chebyshev(largest_eigenvalue(product, size), self.degree)

    def _below(self, second: Blocks) -> Aggregation:
        at = self.two.grid.at * (4 * np.array(self.material.spacing))
        return Aggregation(second, rigid_motions(at, ~self.k.alone(second)), self.workers)

    def product(self, u: Array, out: Array) -> None:
        """Write stiffness times `u` in double precision, held dofs included."""
        out[:] = 0
        self._apply(u, out, self.values.double)

    def _apply(self, u: Array, out: Array, cells: Cells) -> None:
        if self.workers.single:
            w = self.scratch[out.dtype.type]
        else:
            w = None

        def part(span: Span) -> None:
            scratch = np.zeros(36 * element.STRIDE, out.dtype) if w is None else w
            self.k.apply_cells(u, out, cells, scratch, span)

        self.workers.alternating(part, self.cell_parts)

    def cycle(self, r: Array) -> Array:
        """Return the approximate solution for the residual `r`, which is zero on held dofs, in single precision.

        The next call overwrites it, and every call overwrites `spare`.
        """
        k, v, each = self.k, self.values, self.workers.each
        x, rest, d = self.work
        each(partial(k.first_step, x, d, r, v.inverse, v.steps[0][1:]), self.fine_rows)
        self._smooth(r, v.steps[1:])
        self._residual(r)
        coarse = self.middle[1]
        coarse[:] = 0
        self.workers.alternating(partial(k.restrict_nodes, rest, coarse, self.one.transfer), self.node_parts)
        self._middle_cycle()
        each(partial(k.interpolate_nodes, self.middle[0], x, self.one.transfer), self.fine_rows)
        k.put_zero(x, self.held)
        self._smooth(r, v.steps)
        return x

    def _residual(self, r: Array) -> None:
        x, rest, _ = self.work
        self.workers.each(partial(self.k.copy_scaled, r, rest, np.float32(1)), self.workers.cut(rest.size))
        self._apply(x, rest, self.values.minus)
        self.k.put_zero(rest, self.held)

    def _smooth(self, r: Array, steps: list[tuple[np.float32, ...]]) -> None:
        x, rest, d = self.work
        for factors in steps:
            self._residual(r)
            self.workers.each(partial(self.k.next_step, x, d, rest, self.values.inverse, factors), self.fine_rows)

    def _middle_cycle(self) -> None:
        """Improve the first coarse grid: from its right-hand side to its solution."""
        k, blocks, steps, each = self.k, self.values.first, self.values.first_steps, self.workers.each
        x, b, rest, d = self.middle
        each(partial(k.first_3, blocks, b, x, d, np.float32(steps[0].weight)), self.rows)
        self._middle_smooth(steps[1:])
        self._middle_residual()
        coarse = np.zeros(3 * self.two.grid.at.shape[0], np.float32)
        self.workers.alternating(partial(k.restrict_nodes, rest, coarse, self.two.transfer), self.middle_parts)
        correction = self.values.below.cycle(coarse)
        each(partial(k.interpolate_nodes, correction, x, self.two.transfer), self.rows)
        self._middle_smooth(steps)

    def _middle_residual(self) -> None:
        x, b, rest, _ = self.middle
        rest[:] = b
        self.workers.alternating(partial(self.k.subtract_half, self.values.first, x, rest), self.middle_parts)

    def _middle_smooth(self, steps: list[Step]) -> None:
        x, _, rest, d = self.middle
        for keep, weight in steps:
            self._middle_residual()
            factors = (np.float32(keep), np.float32(weight))
            self.workers.each(partial(self.k.step_3, self.values.first, rest, x, d, factors), self.rows)
