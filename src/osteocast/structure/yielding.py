"""When a voxel yields, and how stiff it is afterwards: principal strains, with tension apart from crushing."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.structure import element
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.loaded import LoadedBone
from osteocast.structure.voxel_model import Floats, Integers, Spacing
from osteocast.structure.workers import Workers, even

__all__ = ["HIGHEST_RATIO", "Law", "Voxels", "inverse_limits", "principal_ends", "ratios"]

HIGHEST_RATIO = 1e6
"""Strain over yield strain of a voxel without any strength, in place of infinity."""


class Voxels(NamedTuple):
    """Corners of the voxels that are solved, shape (cells, 8), and their size [mm]."""

    nodes: NDArray[np.int32]
    spacing: Spacing


class Law(NamedTuple):
    """What remains of a voxel that is strained beyond yield.

    The stress stays at its yield value or rises with `hardening` times the modulus; `rest` of the modulus remains at
    the least, so that the equations can be solved.
    """

    hardening: float
    rest: float

    def share(self, ratio: Floats) -> Floats:
        """Return the share of the modulus that is left, 1 - d, at `ratio` times the yield strain."""
        beyond = np.maximum(ratio, 1.0)
        result: Floats = np.maximum(self.hardening + (1 - self.hardening) / beyond, self.rest)
        return result


def principal_ends(displacement: Floats, voxels: Voxels, workers: Workers | None = None) -> Floats:
    """Return the highest and the lowest principal strain at the centre of each voxel, shape (2, cells).

    Parameters
    ----------
    displacement : array
        Of all degrees of freedom, x, y, z of each node [mm].
    voxels : Voxels
    workers : Workers, optional
    """
    each = (workers or Workers(1)).each
    centre = element.strain_matrix(np.zeros(3), voxels.spacing)
    slope = np.stack([centre[axis, axis::3] for axis in range(3)])
    ends = np.empty((2, voxels.nodes.shape[0]))
    u = np.ascontiguousarray(displacement.ravel())
    each(partial(kernels().principal_strains, u, voxels.nodes, slope, ends), even(ends.shape[1]))
    return ends


def inverse_limits(loaded: LoadedBone, cell: Integers) -> Floats:
    """Return 1 / yield strain in tension and compression, shape (2, cells); 0 where a voxel never yields."""
    modulus = np.asarray(loaded.model.modulus, float).ravel()[cell]
    strength = np.stack([np.asarray(y, float).ravel()[cell] for y in (loaded.yield_tension, loaded.yield_compression)])
    never = np.isinf(strength)
    bounded = np.maximum(np.where(never, 1.0, strength), modulus / HIGHEST_RATIO)
    return np.where(never, 0.0, modulus / bounded)


def ratios(ends: Floats, inverse: Floats) -> Floats:
    """Return how far each voxel is strained towards yield in tension and compression, shape (2, cells); 1 is yield."""
    return np.stack([np.maximum(ends[0], 0.0) * inverse[0], np.maximum(-ends[1], 0.0) * inverse[1]])
