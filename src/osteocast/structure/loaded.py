"""What stands between a CT and a failure load: a bone on voxels, and that bone under one load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteocast.structure.boundary import Prescribed
from osteocast.structure.volume import Matrix
from osteocast.structure.voxel_model import Floats, Solution, VoxelModel

__all__ = ["CAP", "BoneModel", "LoadedBone"]

Mask = npt.NDArray[np.bool_]

CAP = np.uint8(255)
"""Mark of embedding material in `LoadedBone.part`; bone is 1, lesion 2, void 0."""


@dataclass(frozen=True, slots=True, eq=False)
class BoneModel:
    """One bone cut out of a CT, with its material, in the axes of the CT.

    Attributes
    ----------
    site : str
        As the load cases name it: ``"femur-left"``, ``"vertebra"``, ``"humerus-right"``, ``"generic"``.
    density : array, shape (z, y, x)
        Calibrated density [mg/cm3], of the type `density_unit`.
    density_unit : str
    bone : array of bool, shape (z, y, x)
        Voxels of the bone, its lesion among them.
    lesion : array of bool, shape (z, y, x)
        All False where no lesion is labelled or inserted.
    modulus : array, shape (z, y, x)
        [MPa]; 0 outside of the bone.
    yield_compression, yield_tension : array, shape (z, y, x)
        Stress at which a voxel yields [MPa], both positive; 0 outside of the bone.
    affine : array, shape (4, 4)
        From voxel index x, y, z to patient place [mm, LPS].
    parts : dict of str to array of bool
        Named parts of the bone that axes are found from, such as ``"body"`` and ``"posterior"`` of a vertebra;
        empty where the labels have none.
    poisson : float
    lines : tuple of str
        What was assumed on the way here, one line each: calibration, conversion, laws, spacing.
    """

    site: str
    density: npt.NDArray[np.float32]
    density_unit: str
    bone: Mask
    lesion: Mask
    modulus: npt.NDArray[np.float32]
    yield_compression: npt.NDArray[np.float32]
    yield_tension: npt.NDArray[np.float32]
    affine: Matrix
    parts: dict[str, Mask]
    poisson: float
    lines: tuple[str, ...]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxels along x, y, z [mm]."""
        x, y, z = (float(v) for v in np.linalg.norm(self.affine[:3, :3], axis=0))
        return x, y, z


@dataclass(frozen=True, slots=True, eq=False)
class LoadedBone:
    """A bone turned into the axes of one load, with its caps, supports and moved surface.

    Attributes
    ----------
    name : str
        Load case and version, such as ``"vertebra compression 1"``.
    model : VoxelModel
        Moduli of bone and caps [MPa].
    part : array of uint8, shape (z, y, x)
        0 void, 1 bone, 2 lesion, `CAP` embedding.
    yield_compression, yield_tension : array, shape (z, y, x)
        [MPa], both positive; infinite in caps, 0 in voids.
    constraints : Prescribed
        Supports at 0 and the loaded surface moved by 1 mm at the place that moves most; scale `value` for more.
    moved : array of bool
        Which of the constraints belong to the loaded surface.
    direction : array, shape (3,)
        Unit vector along x, y, z of the grid of the movement, or of that place's where the surface turns.
    length_mm : float
        Between support and loaded surface, for apparent strain.
    affine : array, shape (4, 4)
        From voxel index x, y, z of this grid to patient place [mm, LPS].
    lines : tuple of str
        What the load case assumes, one line each.
    lever_mm : float
        Distance from the axis about which the loaded surface turns to the place that moves by 1 mm; 0 where it moves
        straight. A load in newtons is then one at that place, and times the lever the moment.
    """

    name: str
    model: VoxelModel
    part: npt.NDArray[np.uint8]
    yield_compression: npt.NDArray[np.float32]
    yield_tension: npt.NDArray[np.float32]
    constraints: Prescribed
    moved: Mask
    direction: Floats
    length_mm: float
    affine: Matrix
    lines: tuple[str, ...]
    lever_mm: float = 0.0

    def force(self, solution: Solution) -> float:
        """Return the force that does the work of moving the loaded surface, at the place that moves by 1 mm [N]."""
        chosen = self.moved
        return float((solution.reaction[chosen] * self.constraints.value[chosen]).sum())

    def moment(self, solution: Solution) -> float:
        """Return the moment that turns the loaded surface [N mm]; 0 where it moves straight."""
        return self.force(solution) * self.lever_mm
