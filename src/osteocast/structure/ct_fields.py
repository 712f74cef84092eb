"""What was computed in the axes of a load, brought back onto the voxels of the CT."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.structure.loaded import BoneModel, LoadedBone, Mask
from osteocast.structure.strength import Carried
from osteocast.structure.voxel_model import Floats, Solution

__all__ = ["Fields", "effective_strain", "fields_of", "on_ct"]


class Fields(NamedTuple):
    """What is shown and written, on the voxels of the bone, shape (z, y, x).

    Attributes
    ----------
    modulus : array of float32
        [MPa], 0 outside of the bone.
    strain : array of float32
        Effective strain of the elastic bone under its failure load [1], 0 outside.
    failed : array of bool
        Beyond yield at the failure load.
    """

    modulus: npt.NDArray[np.float32]
    strain: npt.NDArray[np.float32]
    failed: Mask


def fields_of(carried: Carried) -> Fields:
    """Return the fields of a bone that was loaded until it failed."""
    elastic, failure, loaded = carried.failure.elastic, carried.failure, carried.loaded
    # The elastic solution moves the loaded surface by 1 mm.
    scale = failure.failure_load_n / failure.stiffness_n_mm
    strain = elastic.on_grid(effective_strain(elastic) * scale)
    failed = on_ct(loaded, failure.failed, carried.bone) > 0
    return Fields(carried.bone.modulus, on_ct(loaded, strain, carried.bone), failed)


def effective_strain(solution: Solution) -> Floats:
    """Return the effective strain of each voxel that was solved, sqrt(2 U / E) with strain energy density U [1].

    Source: Pistoia W and others, Bone 2002;30:842-848, recalled.
    """
    modulus = np.asarray(solution.model.modulus, float).ravel()[solution.cell]
    # A voxel that hardly strains beside stiff ones may get an energy of -1e-20 by rounding.
    energy = np.maximum(solution.energy_density(), 0.0)
    result: Floats = np.sqrt(2.0 * energy / modulus)
    return result


def on_ct(loaded: LoadedBone, values: npt.NDArray[Any], bone: BoneModel) -> npt.NDArray[np.float32]:
    """Return values on the voxels of the bone: each takes the voxel of the load's grid nearest to its centre.

    Parameters
    ----------
    values : array, shape of the load's grid
        NaN where nothing was solved.

    Returns
    -------
    array of float32, shape of `bone.bone`
        0 outside of the bone and where nothing was solved.
    """
    across = np.linalg.inv(loaded.affine) @ bone.affine
    matrix, offset = across[:3, :3][::-1, ::-1], across[:3, 3][::-1]
    known = np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0)
    placed = ndimage.affine_transform(known, matrix, offset=offset, output_shape=bone.bone.shape, order=0, cval=0.0)
    placed[~bone.bone] = 0.0
    result: npt.NDArray[np.float32] = placed
    return result
