"""Bones for tests of lesions: a block of one density, and laws for it."""

from __future__ import annotations

import numpy as np

from osteocast.structure.laws import convert_density, law, path_between
from osteocast.structure.lesion_insert import Material
from osteocast.structure.loaded import BoneModel
from osteocast.structure.voxel_model import VoxelModel

UNIT = "mgK2HPO4/cm3"


def laws_of(mask: np.ndarray, unit: str = UNIT, modulus: str = "kopperdahl-vertebra") -> Material:
    """Return a stand-in for the laws of a bone; yield in tension is 0.7 of that in compression."""

    def material(density: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        made = []
        for name in (modulus, "kopperdahl-vertebra-yield"):
            one = law(name)
            values = np.zeros(density.shape, dtype=np.float32)
            values[mask] = one.values(convert_density(density[mask], path_between(unit, one.density)) / 1000.0)
            made.append(values)
        return made[0], made[1], np.float32(0.7) * made[1]

    return material


def bone_of(
    density: np.ndarray, mask: np.ndarray, affine: np.ndarray, site: str = "generic", **parts: np.ndarray
) -> BoneModel:
    """Return a bone with the stand-in laws."""
    density = density.astype(np.float32)
    modulus, compression, tension = laws_of(mask)(density)
    nothing = np.zeros_like(mask)
    return BoneModel(
        site, density, UNIT, mask, nothing, modulus, compression, tension, affine, parts, 0.3, ("test bone",)
    )


def block(size_mm: float = 30.0, spacing: float = 1.0, density: float = 195.0, **kw: object) -> BoneModel:
    """Return a cube of bone of one density with two voxels of nothing around it; its centre lies at LPS 0, 0, 0."""
    n = round(size_mm / spacing)
    mask = np.pad(np.ones((n, n, n), dtype=bool), 2)
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -0.5 * spacing * (n + 3)
    return bone_of(np.where(mask, density, 0.0), mask, affine, **kw)


def model_of(bone: BoneModel) -> VoxelModel:
    """Return the voxel model of a bone."""
    return VoxelModel(bone.modulus.astype(np.float64), bone.spacing_mm, bone.poisson)
