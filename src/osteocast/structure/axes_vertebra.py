"""Axes of a vertebra: up along the normals of its end plates, forward from the arch to the body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes_points import BoneAxes, at_border, places, unit
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


def vertebra_axes(bone: BoneModel) -> BoneAxes:
    """Return superior, anterior and left of a vertebra.

    Superior is the mean normal of the two end plates: planes through the ends of the columns of the body, the central
    part of it only, found again in the tilted frame until they rest. Anterior points from the rest of the vertebra
    (arch and processes) to the body, at right angles to superior.

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
    superior = _superior(points, bone.site, warnings)
    if arch.sum() < _ARCH_SHARE * body.sum():
        found = "no arch beside the body"
        fix = "Label the whole vertebra; the front is taken from the CT's axes meanwhile."
        warnings.append(Issue("axes.no-arch", bone.site, found, "a body with arch and processes", fix))
        towards = np.array([0.0, -1.0, 0.0])
    else:
        towards = centre - places(arch, bone.affine).mean(0)
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


def _superior(points: Matrix, site: str, warnings: list[Issue]) -> Matrix:
    centred = points - points.mean(0)
    up = np.array([0.0, 0.0, 1.0])
    normals: tuple[Matrix, Matrix] = (up, up)
    for _ in range(_ROUNDS):
        found = _end_plates(centred, up)
        if found is None:
            fix = "Label the body of the vertebra with both end plates, or use a generic load case."
            raise InputError(Issue("axes.end-plates", site, "no two surfaces", "an upper and a lower end plate", fix))
        normals = found
        up = unit(normals[0] + normals[1])
    apart = float(np.degrees(np.arccos(np.clip(normals[0] @ normals[1], -1.0, 1.0))))
    if apart > _APART_DEG:
        found_text = f"end plates {apart:.0f} degrees apart"
        fix = "Check the label: a collapsed body, a cut or a lesion outside of the label tilts an end plate."
        raise InputError(Issue("axes.end-plates", site, found_text, f"at most {_APART_DEG:.0f} degrees", fix))
    if apart > _WEDGE_DEG:
        fix = "The load goes midway between both plates; look at the picture of the caps."
        warnings.append(Issue("axes.wedge", site, f"end plates {apart:.0f} degrees apart", "parallel plates", fix))
    return up


def _end_plates(centred: Matrix, up: Matrix) -> tuple[Matrix, Matrix] | None:
    """Return the upward normals of planes through the upper and lower ends of the central columns along `up`."""
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
    normals = []
    for sign in (1.0, -1.0):
        height = np.full(len(keys), -np.inf)
        np.maximum.at(height, column.ravel(), sign * central[:, 2])
        design = np.column_stack([(keys + 0.5) * _BIN_MM, np.ones(len(keys))])
        slope = _plane(design, sign * height)
        normals.append(unit(np.array([-slope[0], -slope[1], 1.0]) @ frame))
    return normals[0], normals[1]


def _plane(design: Matrix, height: Matrix) -> Matrix:
    """Return the plane through heights by least squares, then once more without the worst tenth (spurs and clefts)."""
    fit = np.linalg.lstsq(design, height, rcond=None)[0]
    away = np.abs(height - design @ fit)
    kept = away <= np.quantile(away, 0.9)
    result: Matrix = np.linalg.lstsq(design[kept], height[kept], rcond=None)[0]
    return result


def _against_ct(superior: Matrix, anterior: Matrix, site: str) -> list[Issue]:
    """Return a warning where the axes point far from those of the patient in the CT's header."""
    tilt = float(np.degrees(np.arccos(np.clip(superior[2], -1.0, 1.0))))
    turn = float(np.degrees(np.arccos(np.clip(-anterior[1], -1.0, 1.0))))
    if max(tilt, turn) <= _TILT_DEG:
        return []
    found = f"up {tilt:.0f} degrees from the head, front {turn:.0f} degrees from the front of the CT"
    fix = "Check the orientation in the header of the CT and the picture of the axes."
    return [Issue("axes.orientation", site, found, f"within {_TILT_DEG:.0f} degrees", fix)]
