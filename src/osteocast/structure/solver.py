"""Solve a voxel model: set up once, solve for several loads or moduli."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.boundary import Prescribed
from osteocast.structure.coarsening import fine_grid
from osteocast.structure.conjugate import Limits, conjugate_gradients
from osteocast.structure.multigrid import Material, Multigrid
from osteocast.structure.numbering import number, positions
from osteocast.structure.supports import check, held_parts
from osteocast.structure.voxel_model import Floats, Solution, VoxelModel
from osteocast.structure.workers import Workers

NOTHING = Prescribed(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Settings:
    """How to solve.

    Attributes
    ----------
    tolerance : float
        Norm of unbalanced forces relative to the load.
    most_iterations : int
    threads : int
        Threads; the result does not depend on their number.
    degree : int
        Smoothing steps before and after each coarse correction.
    """

    tolerance: float = 1e-6
    most_iterations: int = 1000
    threads: int = 1
    degree: int = 3


@final
class VoxelSolver:
    """The grids of one model and one set of constraints.

    Parameters
    ----------
    model : VoxelModel
    constraints : Prescribed
        Displacements of held nodes [mm]; nodes without material are ignored.
    settings : Settings, optional

    Raises
    ------
    InputError
        ``strength.rigid-motion`` if the largest part is not held, ``strength.constraint`` for bad constraints.
    """

    def __init__(self, model: VoxelModel, constraints: Prescribed, settings: Settings | None = None) -> None:
        began = time.perf_counter()
        self.model, self.constraints = model, constraints
        self.settings = settings or Settings()
        held = held_parts(model, constraints)
        self.left_out = held.left_out
        self.numbering = number(held.active)
        place, self._found = self.numbering.find(constraints.node)
        self._dof = (3 * place + constraints.component)[self._found]
        fine = fine_grid(self.numbering)
        self.grid = Multigrid(
            fine,
            positions(self.numbering, fine.nodes),
            np.unique(self._dof),
            Material(model.poisson, model.spacing),
            self.settings.degree,
            Workers(self.settings.threads),
        )
        del fine
        self.grid.set_modulus(self._moduli(model.modulus))
        self._setup = time.perf_counter() - began

    def _moduli(self, modulus: Floats) -> NDArray[np.float64]:
        return np.asarray(modulus.ravel()[self.numbering.cell], np.float64)

    def set_modulus(self, modulus: Floats) -> None:
        """Change the moduli [MPa] of the voxels that are solved, as damage does; the grids stay.

        Raises
        ------
        InputError
            ``strength.modulus`` if a voxel of the model loses all stiffness or a value is not finite.
        """
        began = time.perf_counter()
        model = VoxelModel(modulus, self.model.spacing, self.model.poisson)
        values = self._moduli(modulus)
        if modulus.shape != self.model.modulus.shape or not bool((values > 0).all()):
            found = f"{int((values <= 0).sum())} solved voxels without stiffness"
            fix = "Keep a small rest of the modulus in failed voxels, or make a new solver."
            raise InputError(Issue("strength.modulus", "modulus", found, "more than 0 MPa", fix))
        self.model = model
        self.grid.set_modulus(values)
        self._setup = time.perf_counter() - began

    def solve(
        self,
        values: Floats | None = None,
        forces: Prescribed = NOTHING,
        start: Solution | None = None,
    ) -> Solution:
        """Return the equilibrium.

        Parameters
        ----------
        values
            Other values for the constraints [mm], in their order.
        forces
            Nodal forces [N] on nodes with material.
        start
            An earlier solution of the same voxels, as a first guess.

        Raises
        ------
        SolveError
            ``strength.not-converged``.
        InputError
            ``strength.force`` for a force on a node without material.
        """
        began = time.perf_counter()
        grid, tolerance = self.grid, self.settings.tolerance
        prescribed = (self.constraints.value if values is None else values)[self._found]
        force = self._forces(forces)
        u = np.zeros(force.size)
        u[self._dof] = prescribed
        load = None
        if start is not None and start.displacement.size == u.size:
            grid.product(u, grid.spare)
            grid.spare -= force
            grid.spare[grid.held] = 0
            load = float(np.linalg.norm(grid.spare))
            u[:] = start.displacement.ravel()
            u[self._dof] = prescribed
        outcome = conjugate_gradients(grid, force, u, load, Limits(tolerance, self.settings.most_iterations))
        reaction = np.zeros(self.constraints.node.size)
        reaction[self._found] = outcome.inside[self._dof] - force[self._dof]
        return Solution(
            model=self.model,
            cell=self.numbering.cell,
            node=self.numbering.node,
            displacement=outcome.displacement.reshape(-1, 3),
            reaction=reaction,
            left_out=self.left_out,
            iterations=outcome.iterations,
            residual=outcome.residual,
            seconds=(self._setup, time.perf_counter() - began),
        )

    def _forces(self, forces: Prescribed) -> NDArray[np.float64]:
        """Return nodal forces on all dofs [N]."""
        check(self.model, forces)
        result = np.zeros(3 * self.numbering.node.size)
        place, found_nodes = self.numbering.find(forces.node)
        missing = ~found_nodes & (forces.value != 0)
        if missing.any():
            found = f"{int(missing.sum())} forces on nodes without material or in parts that are left out"
            fix = "Put forces on nodes of the bone or its cap."
            raise InputError(Issue("strength.force", "forces", found, "forces on nodes that are solved", fix))
        np.add.at(result, 3 * place + forces.component, forces.value)
        return result
