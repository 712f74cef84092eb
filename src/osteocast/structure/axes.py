"""Anatomical axes of a bone from its labels, in LPS millimetres, with what is doubtful about them said.

Directions are unit vectors, parts are masks on the grid of the CT. Every finder takes a bone and returns `BoneAxes`, or
raises ``axes.*`` where a direction cannot be found honestly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes_femur import femur_axes, humerus_axes
from osteocast.structure.axes_points import BoneAxes, inertia, places, unit
from osteocast.structure.axes_vertebra import vertebra_axes
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["BoneAxes", "bone_kind", "find_axes", "frame_of"]

_STRAIGHT = 1.3
"""Ratio of the greatest to the middle extent, below which a bone has no long axis to speak of."""


def _generic_axes(bone: BoneModel) -> BoneAxes:
    """Return the principal axes of a bone: long (towards the head), then by falling extent."""
    found = inertia(places(bone.bone, bone.affine))
    long, second = found.rows[0], found.rows[1]
    long = long if abs(long[2]) < 1e-9 or long[2] > 0 else -long
    warnings: tuple[Issue, ...] = ()
    if found.spread[0] < _STRAIGHT * found.spread[1]:
        text = f"extents {found.spread[0]:.0f} and {found.spread[1]:.0f} mm (standard deviations)"
        fix = "Give the axis of the load with --axis, or a label of a longer piece."
        warnings = (Issue("axes.no-long-axis", bone.site, text, "one extent clearly the greatest", fix),)
    directions = {"long": long, "second": second, "third": np.cross(long, second)}
    line = "axes: principal axes of the labelled volume"
    return BoneAxes("generic", directions, {"centre": found.centre}, {}, warnings, (line,))


_FINDERS: Mapping[str, Callable[[BoneModel], BoneAxes]] = {
    "generic": _generic_axes,
    "vertebra": vertebra_axes,
    "femur": femur_axes,
    "humerus": humerus_axes,
}


def bone_kind(site: str) -> str:
    """Return the kind of bone that a site is: ``femur``, ``vertebra``, ``humerus``, else ``generic``.

    Examples
    --------
    >>> bone_kind("femur-left"), bone_kind("vertebra-l4"), bone_kind("tibia-right")
    ('femur', 'vertebra', 'generic')
    """
    kind = site.partition("-")[0]
    return kind if kind in _FINDERS else "generic"


def find_axes(bone: BoneModel, kind: str | None = None) -> BoneAxes:
    """Return the axes of a bone as its site asks for, or as another `kind` does.

    Raises
    ------
    InputError
        ``axes.*``
    """
    if not bone.bone.any():
        raise InputError(Issue("label.empty", bone.site, "no voxel", "a bone", "Choose another label or threshold."))
    return _FINDERS[bone_kind(bone.site) if kind is None else kind](bone)


def frame_of(up: Matrix, front: Matrix) -> Matrix:
    """Return the rows x, y, z of a right-handed frame with z along `up` and y as near as can be to `front`."""
    z = unit(up)
    y = unit(front - (front @ z) * z)
    return np.array([np.cross(y, z), y, z])
