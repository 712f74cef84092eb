"""Equilibrium of yielding voxels at one displacement: secant moduli, accelerated.

Each iteration takes the residual of the secant moduli that belong to the present strains (one product of the voxels),
one multigrid cycle as its correction, and the combination of the last few corrections that makes the residual
smallest in the energy norm (Anderson, J ACM 12 (1965) 547, in the form of Walker and Ni, SIAM J Numer Anal 49 (2011)
1715). Secant moduli fall with strain, so that a cycle made for earlier moduli never overshoots in one step.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import NamedTuple, final

import numpy as np

from osteocast.structure import element, solver
from osteocast.structure.loaded import LoadedBone
from osteocast.structure.solver import VoxelSolver
from osteocast.structure.voxel_model import Floats, Solution
from osteocast.structure.workers import even
from osteocast.structure.yielding import Law, Voxels, inverse_limits, principal_ends, ratios

__all__ = ["Body", "Point", "equilibrium"]

REFRESH = 8
"""A step that took more iterations than this gives its moduli to the multigrid cycle of the next: 5 cost as much."""

PATIENCE = 10
"""After so many iterations with one cycle it is made anew for the moduli reached."""

MEMORY = 5
"""Earlier corrections that are combined."""

SMALLEST = 1e-10
"""Combinations of corrections that are smaller than this share of the largest are left out."""

RISE = 3.0
"""A residual that rises above the best by this factor sends the iteration back there."""


class Point(NamedTuple):
    """Equilibrium at one displacement.

    Attributes
    ----------
    at_mm, force_n
    displacement
        Of all degrees of freedom [mm].
    ratio : array, shape (2, cells)
        Largest strain over yield strain so far, in tension and in compression.
    iterations
    residual
        Norm of the unbalanced forces relative to that of the forces on held nodes.
    """

    at_mm: float
    force_n: float
    displacement: Floats
    ratio: Floats
    iterations: int
    residual: float


class _Trial(NamedTuple):
    """Displacements with their strains and unbalanced forces."""

    u: Floats
    ratio: Floats
    share: Floats
    rest: Floats
    force_n: float
    residual: float


@final
class Body:
    """A loaded bone with its solver.

    Parameters
    ----------
    loaded
    law
    threads
    """

    def __init__(self, loaded: LoadedBone, law: Law, threads: int) -> None:
        self.loaded, self.law = loaded, law
        self.solver = VoxelSolver(loaded.model, loaded.constraints, solver.Settings(threads=threads))
        numbering = self.solver.numbering
        self.cell = numbering.cell
        self.modulus = np.asarray(loaded.model.modulus, float).ravel()[self.cell]
        self.inverse = inverse_limits(loaded, self.cell)
        self.voxels = Voxels(numbering.nodes, loaded.model.spacing)
        place, self._found = numbering.find(loaded.constraints.node)
        self._dof = (3 * place + loaded.constraints.component)[self._found]
        chosen = loaded.moved & self._found
        self._moved = (3 * place + loaded.constraints.component)[chosen]
        self._along = loaded.constraints.value[chosen]

    def force(self, inside: Floats) -> float:
        """Return the force that does the work of moving the loaded surface [N] from the forces of all dofs."""
        return float((inside[self._moved] * self._along).sum())

    def moved_to(self, u: Floats, at_mm: float) -> Floats:
        """Return displacements with the prescribed values of the loaded surface at `at_mm`."""
        result = np.array(u, float).ravel()
        result[self._dof] = self.loaded.constraints.value[self._found] * at_mm
        return result

    def ratios(self, u: Floats) -> Floats:
        """Return strain over yield strain in tension and compression, shape (2, cells)."""
        return ratios(principal_ends(u, self.voxels, self.solver.grid.workers), self.inverse)

    def strained(self, u: Floats, history: Floats) -> Floats:
        """Return the largest ratios so far, shape (2, cells)."""
        return np.maximum(self.ratios(u), history)

    def stiffen(self, share: Floats) -> None:
        """Make the multigrid cycle for these shares of the moduli."""
        self.solver.grid.set_modulus(self.modulus * share)

    def forces(self, u: Floats, share: Floats) -> Floats:
        """Return the inner forces on all degrees of freedom [N] and leave the operator at these shares."""
        self.solver.grid.set_operator(self.modulus * share)
        inside = np.empty_like(u)
        self.solver.grid.product(u, inside)
        return inside

    def trial(self, u: Floats, history: Floats) -> _Trial:
        """Return strains and residual of displacements."""
        ratio = self.strained(u, history)
        share = self.law.share(ratio.max(0))
        rest = self.forces(u, share)
        held = rest[self._dof]
        force = self.force(rest)
        np.negative(rest, out=rest)
        rest[self.solver.grid.held] = 0
        against = math.sqrt(float((held * held).sum()))
        residual = math.sqrt(self.dot(rest, rest)) / against if against > 0 else math.inf
        return _Trial(u, ratio, share, rest, force, residual)

    def dot(self, a: Floats, b: Floats) -> float:
        """Return the sum of products, in an order that does not depend on the number of threads."""
        grid = self.solver.grid
        return math.fsum(grid.workers.each(partial(grid.k.dot, a, b), grid.parts))

    def work(self, before: Point, now: Point) -> Floats:
        """Return the work done on each voxel between two points [N mm]."""
        grid = self.solver.grid
        matrix = element.stiffness(self.loaded.model.poisson, self.loaded.model.spacing)
        shares = np.stack([self.law.share(point.ratio.max(0)) for point in (before, now)])
        work = np.empty(self.cell.size)
        given = ((before.displacement, now.displacement), shares, self.voxels.nodes, matrix, work)
        grid.workers.each(partial(grid.k.voxel_work, *given), even(work.size))
        result: Floats = work * self.modulus
        return result

    def solution(self, point: Point, elastic: Solution) -> Solution:
        """Return a point as a solution of the secant moduli."""
        share = self.law.share(point.ratio.max(0))
        grid = np.zeros(self.loaded.model.modulus.shape)
        grid.ravel()[self.cell] = self.modulus * share
        inside = self.forces(point.displacement, share)
        reaction = np.zeros(self.loaded.constraints.node.size)
        reaction[self._found] = inside[self._dof]
        return replace(
            elastic,
            model=replace(self.loaded.model, modulus=grid),
            displacement=point.displacement.reshape(-1, 3),
            reaction=reaction,
            iterations=point.iterations,
            residual=point.residual,
        )


class _Memory:
    """Steps of earlier iterations: displacement with correction, residual, correction; and their products."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.clear()

    def clear(self) -> None:
        self.steps: list[tuple[Floats, Floats, Floats]] = []
        self.last: tuple[Floats, Floats, Floats] | None = None
        self.gram, self.right = np.zeros((0, 0)), np.zeros(0)

    def next(self, u: Floats, rest: Floats, correction: Floats) -> Floats:
        """Return the next displacements."""
        if self.last is not None:
            self._add(u - self.last[0], rest - self.last[1], correction - self.last[2])
            self.right[-1] = self.body.dot(self.steps[-1][2], rest)
        self.last = (u, rest, correction)
        result = u + correction
        if self.steps:
            value, vector = np.linalg.eigh(self.gram)
            kept = value > SMALLEST * value[-1]
            weights = vector[:, kept] @ ((vector[:, kept].T @ self.right) / value[kept])
            for weight, step in zip(weights, self.steps, strict=True):
                result -= weight * step[0]
        return result

    def _add(self, moved: Floats, rest: Floats, correction: Floats) -> None:
        """Take up a step; products with the residual follow from those before it and those of the step."""
        moved += correction
        if len(self.steps) == MEMORY:
            self.steps, self.gram, self.right = self.steps[1:], self.gram[1:, 1:], self.right[1:]
        self.steps = [*self.steps, (moved, rest, correction)]
        row = [self.body.dot(correction, step[1]) for step in self.steps]
        count = len(row)
        gram = np.zeros((count, count))
        gram[:-1, :-1] = self.gram
        gram[-1] = gram[:, -1] = row
        self.gram, self.right = gram, np.append(self.right + gram[:-1, -1], 0.0)


def equilibrium(body: Body, start: Point, goal_mm: float, tolerance: float, most: int) -> Point | None:
    """Return the equilibrium at a displacement of the loaded surface, or None if it is not found.

    Parameters
    ----------
    body
    start
        Displacements to begin from, and the largest ratios so far.
    goal_mm
    tolerance
        Of the residual, see `Point`.
    most
        Iterations.
    """
    memory, history = _Memory(body), start.ratio
    if start.iterations > REFRESH:
        body.stiffen(body.law.share(history.max(0)))
    now = best = body.trial(body.moved_to(start.displacement, goal_mm), history)
    fresh = 0
    for iteration in range(most):
        if now.residual <= tolerance:
            return Point(goal_mm, now.force_n, now.u, now.ratio, iteration, now.residual)
        best = now if now.residual < best.residual else best
        lost = not now.residual < RISE * best.residual
        if lost or iteration - fresh == PATIENCE:
            now = body.trial(best.u, history) if lost else now
            body.stiffen(now.share)
            memory.clear()
            fresh = iteration
        correction = np.array(body.solver.grid.cycle(now.rest), float)
        now = body.trial(memory.next(now.u, now.rest, correction), history)
    return None
