"""What can be measured of a lesion in a bone: size, share of the bone, cortex, and whether it is lytic or blastic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage, spatial

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.lesion_places import positions_mm
from osteocast.structure.lesion_sections import Sections, cut_sections
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["LesionMeasures", "Reading", "lesion_pieces", "measure_lesion", "surface_mm2"]

Mask = npt.NDArray[np.bool_]

# Of our own choice: bone within this distance is what a lesion is compared with; a voxel is lower or higher than that
# bone by a share of its density, and by more than bone differs in itself; a kind needs a quarter of the lesion. Lower
# is told from less, because soft tissue is not far below porous bone.
_NEAR_MM = 15.0
_APART_MM = 2.0
_LOWER = (0.25, 30.0)
_HIGHER = (0.50, 60.0)
_KIND_SHARE = 0.25
_ENOUGH = 20
_TOUCHING = np.ones((3, 3, 3), dtype=bool)


class Reading(NamedTuple):
    """One value, or why there is none; missing is never zero.

    Attributes
    ----------
    value : float, str or None
    missing : str
        Empty where there is a value.
    """

    value: float | str | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class LesionMeasures:
    """One lesion measured.

    Attributes
    ----------
    volume_ml : float
    share_of_bone : float
        Share of the volume of the bone.
    share_of_parts : dict of str to float
        Share of each labelled part of the bone that the lesion takes.
    greatest_diameter_mm : float
    surface_mm2 : float
        Surface of the bone that the lesion takes away: 0 where it stays within.
    lower, higher : float
        Shares of the lesion that are less and more dense than the bone around it at the same depth.
    kind : Reading
        ``"lytic"``, ``"mixed"`` or ``"blastic"``.
    sections : Sections or None
        What is measured across an axis; None where no axis is known.
    """

    volume_ml: float
    share_of_bone: float
    share_of_parts: dict[str, float]
    greatest_diameter_mm: float
    surface_mm2: float
    lower: float
    higher: float
    kind: Reading
    sections: Sections | None


def lesion_pieces(bone: BoneModel) -> tuple[Mask, ...]:
    """Return the masks of the lesions that do not touch one another, the largest first."""
    pieces, count = ndimage.label(bone.lesion, structure=_TOUCHING)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    return tuple(pieces == number + 1 for number in np.argsort(sizes)[::-1])


def measure_lesion(bone: BoneModel, lesion: Mask, axis: Matrix | None = None) -> LesionMeasures:
    """Measure one lesion, labelled or inserted.

    Parameters
    ----------
    bone : BoneModel
    lesion : array of bool, shape (z, y, x)
        One of :func:`lesion_pieces`.
    axis : array, shape (3,), optional
        Direction across which sections are cut (LPS): that of the shaft of a long bone, or of its neck.

    Raises
    ------
    InputError
        ``measure.no-lesion``
    """
    inside = lesion & bone.bone
    if not inside.any():
        fix = "Give the label of a lesion within this bone, or insert one."
        raise InputError(Issue("measure.no-lesion", "lesion", "no voxel within the bone", "a lesion", fix))
    voxel = float(np.prod(bone.spacing_mm))
    lower, higher = _against_bone(bone, inside)
    return LesionMeasures(
        volume_ml=float(inside.sum()) * voxel / 1000.0,
        share_of_bone=float(inside.sum()) / float(bone.bone.sum()),
        share_of_parts={
            name: float((inside & part).sum()) / float(part.sum()) for name, part in bone.parts.items() if part.any()
        },
        greatest_diameter_mm=_diameter(bone, inside),
        surface_mm2=surface_mm2(bone, inside),
        lower=lower,
        higher=higher,
        kind=_kind(lower, higher),
        sections=None if axis is None else cut_sections(bone, inside, axis),
    )


def _diameter(bone: BoneModel, inside: Mask) -> float:
    """Return the greatest distance across the lesion, one voxel included [mm]."""
    edge = inside & ~ndimage.binary_erosion(inside)
    places = positions_mm(bone.affine, np.argwhere(edge))
    try:
        places = places[spatial.ConvexHull(places).vertices]
    except spatial.QhullError:
        places = places[:: max(1, len(places) // 1000)]  # a flat lesion
    apart = spatial.distance.pdist(places) if len(places) > 1 else np.zeros(1)
    return float(apart.max()) + float(np.mean(bone.spacing_mm))


def surface_mm2(bone: BoneModel, inside: Mask) -> float:
    """Return the area of voxel faces between lesion and outside of the bone [mm2]; too large on a slope."""
    filled = np.pad(ndimage.binary_fill_holes(bone.bone), 1)
    padded = np.pad(inside, 1)
    x, y, z = bone.spacing_mm
    area = 0.0
    for axis, face in enumerate((x * y, x * z, y * z)):
        for step in (1, -1):
            area += face * float((padded & ~np.roll(filled, step, axis=axis)).sum())
    return area


def _against_bone(bone: BoneModel, inside: Mask) -> tuple[float, float]:
    """Return the shares of the lesion below and above the bone near it that lies as deep under the surface."""
    spacing = bone.spacing_mm[::-1]
    apart = ndimage.distance_transform_edt(~(bone.lesion | inside), sampling=spacing)
    around = bone.bone & (apart > _APART_MM) & (ndimage.distance_transform_edt(~inside, sampling=spacing) < _NEAR_MM)
    if not around.any():
        return np.nan, np.nan
    depth = ndimage.distance_transform_edt(np.pad(ndimage.binary_fill_holes(bone.bone), 1), sampling=spacing)
    layer = np.ceil(depth[1:-1, 1:-1, 1:-1] / float(np.mean(spacing))).astype(int)
    usual = np.full(int(layer.max()) + 1, np.median(bone.density[around]))
    for number in np.unique(layer[inside]):
        alike = bone.density[around & (layer == number)]
        usual[number] = np.median(alike) if alike.size >= _ENOUGH else usual[number]
    expected = usual[layer[inside]]
    change = bone.density[inside] - expected
    less, more = (np.maximum(share * np.abs(expected), least) for share, least in (_LOWER, _HIGHER))
    return float((change < -less).mean()), float((change > more).mean())


def _kind(lower: float, higher: float) -> Reading:
    if not np.isfinite(lower):
        return Reading(None, "no bone near the lesion to compare it with")
    if lower >= _KIND_SHARE and higher >= _KIND_SHARE:
        return Reading("mixed")
    if max(lower, higher) < _KIND_SHARE:
        return Reading(None, f"as dense as the bone around it ({lower:.0%} lower, {higher:.0%} higher)")
    return Reading("lytic" if lower > higher else "blastic")
