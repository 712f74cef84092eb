"""Where a lesion lies: a named place, fractions of the bone, or a point, as a position in the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.lesion_spec import numbers
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["extent_mm", "locate", "positions_mm"]

Mask = npt.NDArray[np.bool_]


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
        ``insert.site`` for a name that this bone has no place of, ``insert.part`` where its labels lack the part.
    """
    if place.startswith("lps:"):
        return np.array(numbers(place))
    named = read_table("lesion_tissues")["places"].get(place)
    if named is None:
        return _between(bone.bone, bone.affine, numbers(place))
    if not bone.site.startswith(named["site"]):
        fix = "Name a place of this bone, or give fractions or a point."
        raise InputError(Issue("insert.site", "insert-lesion", f"{place} in {bone.site}", f"a {named['site']}", fix))
    part = bone.parts.get(named["part"])
    if part is None or not part.any():
        fix = f"Give labels that mark the {named['part']}, or give fractions or a point."
        found = "labels of " + (", ".join(bone.parts) or "no part")
        raise InputError(Issue("insert.part", "insert-lesion", found, f"a label of the {named['part']}", fix))
    return _between(part, bone.affine, named["fractions"])


def _between(mask: Mask, affine: Matrix, fractions: list[float]) -> Matrix:
    low, high = extent_mm(mask, affine)
    place: Matrix = low + np.asarray(fractions, dtype=np.float64) * (high - low)
    return place
