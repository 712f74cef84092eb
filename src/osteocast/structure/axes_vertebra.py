"""Axes of a vertebra: up along the normals of its end plates, forward from the arch to the body."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes_points import BoneAxes, at_border, inertia, places, unit
from osteocast.structure.loaded import BoneModel, Mask
from osteocast.structure.resample import box_of
from osteocast.structure.volume import Matrix

__all__ = ["second_body", "split_body", "vertebra_axes"]

# Choices of our own, in millimetres, shares and degrees; the tests show what they do on real and made vertebrae.
_CENTRAL = 0.65
_OPENING = 0.7
_GROWN = 1.1
_ROUNDS = 4
_BIN_MM = 1.5
_FEWEST_COLUMNS = 12
_WEDGE_DEG = 20.0
_APART_DEG = 45.0
_TILT_DEG = 60.0
_ARCH_SHARE = 0.05
_FACING = 0.7
_FLATTER = 0.75
_OTHER = 0.5


def vertebra_axes(bone: BoneModel) -> BoneAxes:
    """Return superior, anterior and left of a vertebra.

    Superior is the mean normal of the two end plates: planes through the ends of the columns of the body, the central
    part of it only, found again in the tilted frame until they rest; not where the arch lies. Anterior points from the
    rest of the vertebra (arch and processes) to the body, at right angles to superior.

    Raises
    ------
    InputError
        ``axes.end-plates``
    """
    warnings: list[Issue] = []
    lines = []
    body = bone.parts.get("body")
    if body is None or not body.any():
        body = split_body(bone.bone, bone.spacing_mm[::-1])
        lines.append("vertebral body: found by opening the labelled vertebra with a ball, not labelled")
    arch = bone.parts.get("posterior")
    arch = bone.bone & ~body if arch is None or not arch.any() else arch
    points = places(body, bone.affine)
    centre = points.mean(0)
    alone = arch.sum() < _ARCH_SHARE * body.sum()
    back = None if alone else unit(places(arch, bone.affine).mean(0) - centre)
    superior = _superior(points, back, bone.site, warnings)
    if back is None:
        found = "no arch beside the body"
        fix = "Label the whole vertebra; the front is taken from the CT's axes meanwhile."
        warnings.append(Issue("axes.no-arch", bone.site, found, "a body with arch and processes", fix))
        towards = np.array([0.0, -1.0, 0.0])
    else:
        towards = -back
    anterior = unit(towards - (towards @ superior) * superior)
    left = np.cross(-anterior, superior)
    warnings += _against_ct(superior, anterior, bone.site)
    warnings += at_border(body, "the body", bone.site)
    directions = {"superior": superior, "anterior": anterior, "left": left}
    lines.append("axes: normals of the end plates; front from arch to body")
    return BoneAxes("vertebra", directions, {"body": centre}, {"body": body}, tuple(warnings), tuple(lines))


def split_body(mask: Mask, spacing_zyx_mm: tuple[float, float, float]) -> Mask:
    """Return the body of a vertebra that has one label.

    With R the radius of the largest ball that fits: what lies at least 0.7 R deep, which the body does and pedicles and
    processes do not, is grown by 1.1 R, so that the body gets its rims back.
    """
    box = box_of(mask, spacing_zyx_mm)
    depth, pieces = _deep(mask[box.slices], spacing_zyx_mm)
    radius = float(depth.max())
    core = pieces == pieces[np.unravel_index(int(depth.argmax()), depth.shape)]
    reach = ndimage.distance_transform_edt(~core, sampling=spacing_zyx_mm)
    body = np.zeros(mask.shape, dtype=bool)
    body[box.slices] = (reach <= _GROWN * radius)[1:-1, 1:-1, 1:-1]
    return body & mask


def second_body(mask: Mask, spacing_zyx_mm: tuple[float, float, float]) -> float:
    """Return the size of the second piece as deep as a body over that of the first [1]: 0 in a whole vertebra."""
    _, pieces = _deep(mask[box_of(mask, spacing_zyx_mm).slices], spacing_zyx_mm)
    sizes = np.sort(np.bincount(pieces.ravel())[1:])[::-1]
    return float(sizes[1] / sizes[0]) if len(sizes) > 1 else 0.0


def _deep(mask: Mask, spacing_zyx_mm: tuple[float, float, float]) -> tuple[Matrix, npt.NDArray[np.int32]]:
    """Return the depth below the surface (mm) and the numbered pieces that are deep, both padded by one voxel."""
    filled = np.pad(ndimage.binary_fill_holes(mask), 1)
    depth = ndimage.distance_transform_edt(filled, sampling=spacing_zyx_mm)
    pieces, _ = ndimage.label(depth >= _OPENING * float(depth.max()))
    return depth, pieces


class _Plates(NamedTuple):
    """Upward normals of the upper and the lower end plate, and how far their places lie off the planes [mm, rms]."""

    normals: tuple[Matrix, Matrix]
    off: float

    @property
    def up(self) -> Matrix:
        """Mean normal, towards the head of the patient."""
        up = unit(self.normals[0] + self.normals[1])
        return up if up[2] >= 0 else -up

    @property
    def apart(self) -> float:
        """Angle between both normals [degrees]."""
        return float(np.degrees(np.arccos(np.clip(self.normals[0] @ self.normals[1], -1.0, 1.0))))


def _superior(points: Matrix, back: Matrix | None, site: str, warnings: list[Issue]) -> Matrix:
    """Return the mean normal of the end plates; `back` points to the arch, which no end plate faces.

    The search begins at the head of the patient, and only where it comes to rest in front of the arch, as with a wrong
    header, at the principal axes of the body. Faces that suit better than those found are warned of, not taken: upright
    patients with worn end plates are many, and wrong headers few.
    """
    centred = points - points.mean(0)
    starts = [np.array([0.0, 0.0, 1.0]), *(inertia(points).rows if back is not None else ())]
    first, *others = (_rested(centred, up) for up in starts)
    rested = [one for one in (first, *others) if one is not None]
    fitting = [one for one in rested if back is None or abs(float(one.up @ back)) < _FACING]
    if first is None or not fitting:
        fix = "Label the body of the vertebra with both end plates, or use a generic load case."
        raise InputError(Issue("axes.end-plates", site, "no two surfaces", "an upper and a lower end plate", fix))
    best = min(fitting, key=lambda one: one.apart)
    chosen = first if any(one is first for one in fitting) else best
    if abs(float(best.up @ chosen.up)) < _OTHER and best.off < _FLATTER * chosen.off:
        found = "other faces of the body are flatter and more parallel than those taken for its end plates"
        fix = "Check the orientation in the header of the CT and the picture of the caps."
        warnings.append(Issue("axes.faces", site, found, "end plates across the axis of the patient", fix))
    # A cut body is refused even where another pair of its surfaces is parallel.
    if (most := max(first.apart, chosen.apart)) > _APART_DEG:
        found_text = f"end plates {most:.0f} degrees apart"
        fix = "Check the label: a collapsed body, a cut or a lesion outside of the label tilts an end plate."
        raise InputError(Issue("axes.end-plates", site, found_text, f"at most {_APART_DEG:.0f} degrees", fix))
    if chosen.apart > _WEDGE_DEG:
        fix = "The load goes midway between both plates; look at the picture of the caps."
        warnings.append(
            Issue("axes.wedge", site, f"end plates {chosen.apart:.0f} degrees apart", "parallel plates", fix)
        )
    return chosen.up


def _rested(centred: Matrix, up: Matrix) -> _Plates | None:
    """Return the end plates that a search from one direction comes to rest at."""
    plates = None
    for _ in range(_ROUNDS):
        plates = _end_plates(centred, up)
        if plates is None:
            return None
        up = unit(plates.normals[0] + plates.normals[1])
    return plates


def _end_plates(centred: Matrix, up: Matrix) -> _Plates | None:
    """Return planes through the upper and lower ends of the central columns along `up`."""
    side = unit(np.cross(up, [1.0, 0.0, 0.0] if abs(up[0]) < 0.9 else [0.0, 1.0, 0.0]))
    frame = np.array([side, np.cross(up, side), up])
    local = centred @ frame.T
    radius = np.linalg.norm(local[:, :2], axis=1)
    # Of an even disc, this share of the radius holds its square of the points.
    central = local[radius <= np.quantile(radius, _CENTRAL**2)]
    bins = np.floor(central[:, :2] / _BIN_MM).astype(np.int64)
    keys, column = np.unique(bins, axis=0, return_inverse=True)
    if len(keys) < _FEWEST_COLUMNS:
        return None
    normals, off = [], []
    for sign in (1.0, -1.0):
        height = np.full(len(keys), -np.inf)
        np.maximum.at(height, column.ravel(), sign * central[:, 2])
        design = np.column_stack([(keys + 0.5) * _BIN_MM, np.ones(len(keys))])
        slope, rms = _plane(design, sign * height)
        normals.append(unit(np.array([-slope[0], -slope[1], 1.0]) @ frame))
        off.append(rms)
    return _Plates((normals[0], normals[1]), sum(off) / 2)


def _plane(design: Matrix, height: Matrix) -> tuple[Matrix, float]:
    """Return the plane through heights, once more without the worst tenth (spurs and clefts), and the rms beside it."""
    fit = np.linalg.lstsq(design, height, rcond=None)[0]
    away = np.abs(height - design @ fit)
    kept = away <= np.quantile(away, 0.9)
    plane: Matrix = np.linalg.lstsq(design[kept], height[kept], rcond=None)[0]
    return plane, float(np.sqrt(np.mean((height - design @ plane)[kept] ** 2)))


def _against_ct(superior: Matrix, anterior: Matrix, site: str) -> list[Issue]:
    """Return a warning where the axes point far from those of the patient in the CT's header."""
    tilt = float(np.degrees(np.arccos(np.clip(superior[2], -1.0, 1.0))))
    turn = float(np.degrees(np.arccos(np.clip(-anterior[1], -1.0, 1.0))))
    if max(tilt, turn) <= _TILT_DEG:
        return []
    found = f"up {tilt:.0f} degrees from the head, front {turn:.0f} degrees from the front of the CT"
    fix = "Check the orientation in the header of the CT and the picture of the axes."
    return [Issue("axes.orientation", site, found, f"within {_TILT_DEG:.0f} degrees", fix)]
