"""What is solved: moduli of box voxels, what is held and pushed, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure import element
from osteocast.structure.numbering import corner_numbers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Spacing = tuple[float, float, float]

_HIGHEST_POISSON = 0.495
"""Nearer to 0.5 the displacement element locks."""


@dataclass(frozen=True, slots=True)
class VoxelModel:
    """Box voxels of isotropic material.

    Attributes
    ----------
    modulus : array of shape (nz, ny, nx)
        Young's modulus of each voxel [MPa]; 0 where there is no material.
    spacing : tuple of float
        Size of a voxel along x, y, z [mm].
    poisson : float
        Poisson's ratio of all voxels.
    """

    modulus: Floats
    spacing: Spacing
    poisson: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what cannot be solved; all problems at once."""
        if issues := [*_array_issues(self.modulus), *_number_issues(self.spacing, self.poisson)]:
            raise InputError(issues)


def _array_issues(modulus: Any) -> list[Issue]:
    if not isinstance(modulus, np.ndarray) or modulus.ndim != 3 or modulus.size == 0:
        shape = getattr(modulus, "shape", type(modulus).__name__)
        return [
            _issue("strength.shape", "modulus", str(shape), "an array (nz, ny, nx)", "Give one modulus for each voxel.")
        ]
    issues = []
    if not np.issubdtype(modulus.dtype, np.floating) or not bool(np.isfinite(modulus).all()):
        bad = int(np.count_nonzero(~np.isfinite(np.asarray(modulus, float))))
        found = f"{modulus.dtype}, {bad} values not finite"
        issues.append(
            _issue("strength.modulus", "modulus", found, "finite numbers [MPa]", "Mend the density image or the law.")
        )
    elif float(modulus.min()) < 0:
        found = f"lowest {float(modulus.min()):g} MPa"
        issues.append(_issue("strength.modulus", "modulus", found, "0 or more", "Set voxels without bone to 0."))
    elif not bool(modulus.any()):
        fix = "Check the unit of the image and the mask: a wrong unit often gives a modulus of zero."
        issues.append(_issue("strength.empty", "modulus", "zero in every voxel", "some voxels with bone", fix))
    return issues


def _number_issues(spacing: Spacing, poisson: float) -> list[Issue]:
    issues = []
    if len(spacing) != 3 or not all(np.isfinite(h) and h > 0 for h in spacing):
        issues.append(
            _issue("strength.spacing", "spacing", str(spacing), "three sizes above 0 mm", "Read them from the image.")
        )
    if not 0 <= poisson <= _HIGHEST_POISSON:
        expected = f"0 to {_HIGHEST_POISSON}"
        issues.append(_issue("strength.poisson", "poisson", f"{poisson:g}", expected, "Bone is usually given 0.3."))
    return issues


def _issue(problem: str, place: str, found: str, expected: str, fix: str) -> Issue:
    return Issue(problem, place, found, expected, fix)


@dataclass(frozen=True, slots=True)
class Solution:
    """Displacements of the voxels that were solved.

    Attributes
    ----------
    model : VoxelModel
    cell : array of int
        Flat index in `model.modulus` of each voxel solved; parts that nothing holds are left out.
    node : array of int
        Flat index of each node in the grid (nz + 1, ny + 1, nx + 1).
    displacement : array, shape (nodes, 3)
        Along x, y, z [mm].
    reaction : array
        Force that each constraint exerts [N], in the order of the constraints given; 0 on nodes without material.
    left_out : tuple of int
        Number of parts and of voxels that no constraint holds, and that were left out (6-connected).
    iterations : int
    residual : float
        Norm of the unbalanced forces relative to those of the load, recomputed in double precision.
    seconds : tuple of float
        Set-up and solution, wall clock.
    """

    model: VoxelModel
    cell: Integers
    node: Integers
    displacement: Floats
    reaction: Floats
    left_out: tuple[int, int]
    iterations: int
    residual: float
    seconds: tuple[float, float]

    @property
    def nodes(self) -> NDArray[np.int32]:
        """Places in `node` of the corners of each voxel, x fastest, shape (cells, 8); found anew at each use."""
        nz, ny, nx = self.model.modulus.shape
        result: NDArray[np.int32] = corner_numbers(self.cell, self.node, (nz, ny, nx))
        return result

    def strain(self) -> Floats:
        """Return strain at the centre of each voxel, shape (cells, 6): xx, yy, zz and engineering yz, zx, xy."""
        centre = element.strain_matrix(np.zeros(3), self.model.spacing)
        result, nodes = np.zeros((self.cell.size, 6)), self.nodes
        for corner in range(8):
            result += self.displacement[nodes[:, corner]] @ centre[:, 3 * corner : 3 * corner + 3].T
        return result

    def stress(self) -> Floats:
        """Return stress at the centre of each voxel [MPa], shape (cells, 6): xx, yy, zz, yz, zx, xy."""
        modulus = np.asarray(self.model.modulus, float).ravel()[self.cell]
        result: Floats = (self.strain() @ element.elasticity(self.model.poisson)) * modulus[:, None]
        return result

    def energy_density(self) -> Floats:
        """Return the mean strain energy density of each voxel [MPa]."""
        matrix = element.stiffness(self.model.poisson, self.model.spacing)
        modulus = np.asarray(self.model.modulus, float).ravel()[self.cell]
        result, nodes = np.empty(self.cell.size), self.nodes
        for first in range(0, self.cell.size, 65_536):
            part = slice(first, first + 65_536)
            u = self.displacement[nodes[part]].reshape(-1, 24)
            result[part] = 0.5 * modulus[part] * np.einsum("ij,ij->i", u @ matrix, u)
        return result / float(np.prod(self.model.spacing))

    def on_grid(self, values: Floats) -> Floats:
        """Return values of the voxels on the grid of the model, NaN elsewhere."""
        grid = np.full((self.model.modulus.size, *values.shape[1:]), np.nan)
        grid[self.cell] = values
        return grid.reshape(*self.model.modulus.shape, *values.shape[1:])
