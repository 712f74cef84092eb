"""Where a lesion lies: a named place, fractions of the bone, or a point, as a position in the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes import bone_kind, find_axes
from osteocast.structure.axes_points import unit
from osteocast.structure.lesion_spec import numbers
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["extent_mm", "locate", "positions_mm"]

Mask = npt.NDArray[np.bool_]

_STEP = 0.25
_HALF = 0.5


def positions_mm(affine: Matrix, index_zyx: npt.NDArray[Any]) -> Matrix:
    """Return LPS positions (n, 3) of voxel indices (n, 3) given in the order z, y, x."""
    index = np.asarray(index_zyx, dtype=np.float64).reshape(-1, 3)[:, ::-1]
    found: Matrix = index @ affine[:3, :3].T + affine[:3, 3]
    return found


def extent_mm(mask: Mask, affine: Matrix) -> tuple[Matrix, Matrix]:
    """Return the least and the greatest LPS position of the voxels of a mask, their full width included [mm]."""
    places = positions_mm(affine, np.argwhere(mask))
    half = 0.5 * np.abs(affine[:3, :3]).sum(axis=1)
    return places.min(axis=0) - half, places.max(axis=0) + half


def locate(bone: BoneModel, place: str) -> Matrix:
    """Return the LPS position of a place of a :class:`LesionSpec` [mm].

    Raises
    ------
    InputError
        ``insert.site`` for a name that this bone has no place of; ``axes.*`` where its axes cannot be found.
    """
    if place.startswith("lps:"):
        return np.array(numbers(place))
    named = read_table("lesion_tissues")["places"].get(place)
    if named is None:
        low, high = extent_mm(bone.bone, bone.affine)
        between: Matrix = low + np.asarray(numbers(place)) * (high - low)
        return between
    if bone_kind(bone.site) != named["kind"]:
        fix = "Name a place of this bone, or give fractions or a point."
        raise InputError(Issue("insert.site", "insert-lesion", f"{place} in {bone.site}", f"a {named['kind']}", fix))
    axes = find_axes(bone)
    start = axes.landmarks[named["landmark"]]
    direction = axes.directions[named["towards"]]
    if "across" in named:
        along = axes.directions[named["across"]]
        direction = unit(direction - (direction @ along) * along)
    within = axes.parts.get(named["within"], bone.bone)
    share = float(named["share"])
    way = np.sign(share) * direction
    found: Matrix = start + abs(share) * _reach(within, bone.affine, start, way) * way
    return found


def _reach(mask: Mask, affine: Matrix, start: Matrix, way: Matrix) -> float:
    """Return how far a ray runs until it has left a mask for good [mm]; 0 where it starts outside of it."""
    step = _STEP * float(np.linalg.norm(affine[:3, :3], axis=0).min())
    far = float(np.linalg.norm(np.asarray(mask.shape) * np.linalg.norm(affine[:3, :3], axis=0)[::-1]))
    distance = np.arange(0.0, far, step)
    back = np.linalg.inv(affine)
    index = (start + distance[:, None] * way) @ back[:3, :3].T + back[:3, 3]
    inside = ndimage.map_coordinates(mask.astype(np.float32), index[:, ::-1].T, order=1, mode="constant") >= _HALF
    return float(distance[inside].max()) if inside.any() else 0.0
