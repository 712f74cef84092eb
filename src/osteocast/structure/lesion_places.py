"""Where a lesion lies: a named place, fractions of the bone, or a point, as a position in the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes import BoneAxes, bone_kind, find_axes
from osteocast.structure.axes_points import unit
from osteocast.structure.lesion_spec import numbers
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["extent_mm", "femur_region", "locate", "positions_mm", "section_axis"]

Mask = npt.NDArray[np.bool_]

_STEP = 0.25
_SLICE_VOXELS = 1.5
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
        ``insert.site`` for a name that this bone has no place of, ``insert.place-missing`` where it is cut off;
        ``axes.*`` where its axes cannot be found.
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
    if "along" in named:
        start = _section_centre(bone, start, axes.directions[named["along"]], named["heads"] * head_radius(bone, axes))
    direction = axes.directions[named["towards"]]
    if "across" in named:
        along = axes.directions[named["across"]]
        direction = unit(direction - (direction @ along) * along)
    within = axes.parts.get(named["within"], bone.bone)
    share = float(named["share"])
    way = np.sign(share) * direction
    found: Matrix = start + abs(share) * _reach(within, bone.affine, start, way) * way
    return found


def head_radius(bone: BoneModel, axes: BoneAxes) -> float:
    """Return the radius of the head of a femur or humerus, from the part of it that its neck does not hide [mm]."""
    way = axes.directions["proximal"] + axes.directions["medial"]
    return _reach(bone.bone, bone.affine, axes.landmarks["head"], unit(way))


def femur_region(bone: BoneModel, lesion: Mask, axes: BoneAxes) -> str:
    """Return where in a femur the middle of a lesion lies: ``"head-neck"``, ``"trochanteric"`` or ``"shaft"``."""
    limits = read_table("lesion_tissues")["femur_regions"]
    away = positions_mm(bone.affine, np.argwhere(lesion)).mean(axis=0) - axes.landmarks["head"]
    away = away / head_radius(bone, axes)
    if -(away @ axes.directions["neck"]) < limits["neck_ends"]:
        return "head-neck"
    return "trochanteric" if -(away @ axes.directions["proximal"]) < limits["trochanteric_ends"] else "shaft"


def section_axis(bone: BoneModel, lesion: Mask) -> Matrix | None:
    """Return the direction to cut a bone across at a lesion: its neck, its shaft, its length; None for a vertebra.

    Raises
    ------
    InputError
        ``axes.*``
    """
    if bone_kind(bone.site) == "vertebra":
        return None
    axes = find_axes(bone)
    at_neck = "neck" in axes.directions and femur_region(bone, lesion, axes) == "head-neck"
    names = ("neck",) if at_neck else ("proximal", "long")
    return next(axes.directions[name] for name in names if name in axes.directions)


def _section_centre(bone: BoneModel, start: Matrix, along: Matrix, distance: float) -> Matrix:
    """Return the middle of the piece of bone that is cut at a distance from a place, the piece nearest to the line."""
    target = start + distance * along
    index = np.argwhere(bone.bone)
    places = positions_mm(bone.affine, index)
    near = np.abs((places - target) @ along) < _SLICE_VOXELS / 2.0 * max(bone.spacing_mm)
    if not near.any():
        fix = "Choose a place that this piece of the bone has, or give fractions or a point."
        found = "the bone ends before it"
        raise InputError(Issue("insert.place-missing", "insert-lesion", found, "a whole bone", fix))
    low = index[near].min(axis=0)
    box = np.zeros(tuple(index[near].max(axis=0) - low + 1), dtype=bool)
    box[tuple((index[near] - low).T)] = True
    which = ndimage.label(box, structure=np.ones((3, 3, 3)))[0][tuple((index[near] - low).T)]
    nearest = np.linalg.norm(places[near] - target, axis=1).argmin()
    centre: Matrix = places[near][which == which[nearest]].mean(axis=0)
    return centre


def _reach(mask: Mask, affine: Matrix, start: Matrix, way: Matrix) -> float:
    """Return how far a ray runs until it has left a mask for good [mm]; 0 where it starts outside of it."""
    step = _STEP * float(np.linalg.norm(affine[:3, :3], axis=0).min())
    far = float(np.linalg.norm(np.asarray(mask.shape) * np.linalg.norm(affine[:3, :3], axis=0)[::-1]))
    distance = np.arange(0.0, far, step)
    back = np.linalg.inv(affine)
    index = (start + distance[:, None] * way) @ back[:3, :3].T + back[:3, 3]
    inside = ndimage.map_coordinates(mask.astype(np.float32), index[:, ::-1].T, order=1, mode="constant") >= _HALF
    return float(distance[inside].max()) if inside.any() else 0.0
