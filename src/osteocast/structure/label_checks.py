"""Is a mask one whole bone that a strength can be computed of? Refusals, and warnings to look at."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.resample import box_of
from osteocast.structure.volume import Matrix, Volume

__all__ = ["METAL_HU", "Bone", "check_bone", "mask_in_box"]

Mask = npt.NDArray[np.bool_]

METAL_HU = 3000.0
"""CT numbers above which no bone lies: metal, and its streaks reach far around it."""

# Limits of our own choice: about ten voxels across; a piece that carries load; crumbs and holes that can be seen.
_FEWEST_VOXELS = 1_000
_SECOND_PIECE = 0.05
_LEAST_PIECE = 0.001
_HOLE_MM3 = 100.0
# The spinal canal in an axial slice: its least area, and how far back its middle lies, of the length of the vertebra.
_CANAL_MM2 = 80.0
_BEHIND = 0.36
_FACES = ("lower", "upper", "front", "back", "right", "left")
_TOUCHING = np.ones((3, 3, 3), dtype=bool)


class Bone(NamedTuple):
    """A mask that passed.

    Attributes
    ----------
    mask : array of bool, shape (z, y, x)
        The largest piece.
    warnings : tuple of Issue
    """

    mask: Mask
    warnings: tuple[Issue, ...]


def check_bone(volume: Volume, mask: Mask, name: str, metal_allowed: bool = False) -> Bone:
    """Check a mask on its CT.

    Parameters
    ----------
    volume : Volume
        The CT; metal is looked for where it is in HU.
    mask : array of bool, shape (z, y, x)
    name : str
        Of the bone, for messages.
    metal_allowed : bool
        Go on with a warning where metal lies in the box of the bone.

    Raises
    ------
    InputError
        All at once: ``label.shape``, ``label.empty``, ``label.tiny``, ``label.two-pieces``, ``label.metal``
    """
    if mask.shape != volume.shape_zyx:
        found = " x ".join(str(n) for n in mask.shape)
        fix = "Bring the labels onto the grid of the CT first."
        raise InputError(Issue("label.shape", name, found, "the shape of the CT", fix))
    if not mask.any():
        fix = "Choose another label or threshold."
        raise InputError(Issue("label.empty", name, "no voxel", "a bone", fix))
    errors: list[Issue] = []
    warned: list[Issue] = []
    kept = _largest_piece(mask, name, errors, warned)
    if (count := int(kept.sum())) < _FEWEST_VOXELS:
        fix = "Choose the label of the whole bone, or a CT with smaller voxels."
        errors.append(Issue("label.tiny", name, f"{count:,} voxels", f"at least {_FEWEST_VOXELS:,}", fix))
    (warned if metal_allowed else errors).extend(_metal(volume, mask, name))
    if errors:
        raise InputError(errors)
    return Bone(kept, (*warned, *_borders(kept, name), *_holes(volume, kept, name)))


def _largest_piece(mask: Mask, name: str, errors: list[Issue], warned: list[Issue]) -> Mask:
    pieces, count = ndimage.label(mask, structure=_TOUCHING)
    if count == 1:
        return mask
    sizes = np.bincount(pieces.ravel())[1:]
    order = np.argsort(sizes)[::-1]
    share = float(sizes[order[1]] / sizes.sum())
    told = f"{count} pieces, the second with {share:.1%} of the voxels"
    if share >= _SECOND_PIECE:
        fix = "Mend the mask, or give each piece a label of its own; a broken bone carries no load."
        errors.append(Issue("label.two-pieces", name, told, "one bone in one piece", fix))
    elif share >= _LEAST_PIECE:
        fix = "Look at the overlay picture; only the largest piece is used."
        warned.append(Issue("label.crumbs", name, told, "one piece", fix))
    kept: Mask = pieces == order[0] + 1
    return kept


def _metal(volume: Volume, mask: Mask, name: str) -> list[Issue]:
    if volume.unit != "HU":
        return []
    box = volume.values[box_of(mask, volume.spacing_zyx_mm).slices]
    count = int((box > METAL_HU).sum())
    if count == 0:
        return []
    found = f"{count:,} voxels above {METAL_HU:.0f} HU in the box of the bone, up to {float(box.max()):.0f} HU"
    fix = "Metal falsifies the density around it; use the other side, or allow metal and distrust the result."
    return [Issue("label.metal", name, found, "bone without metal", fix)]


def _borders(mask: Mask, name: str) -> list[Issue]:
    ends = (mask[0], mask[-1], mask[:, 0], mask[:, -1], mask[:, :, 0], mask[:, :, -1])
    cut = [f"{face} ({int(end.sum()):,} voxels)" for face, end in zip(_FACES, ends, strict=True) if end.any()]
    if not cut:
        return []
    fix = "A bone cut off by the image is weaker or stronger than the whole; make sure that the cut bears no load."
    found = "the bone reaches the " + ", ".join(cut) + " edge of the CT"
    return [Issue("label.border", name, found, "a bone within the CT", fix)]


def _holes(volume: Volume, mask: Mask, name: str) -> list[Issue]:
    box = box_of(mask, volume.spacing_zyx_mm).slices
    inside = ndimage.binary_fill_holes(mask[box]) & ~mask[box]
    size = float(inside.sum()) * volume.voxel_mm3
    if size < _HOLE_MM3:
        return []
    fix = (
        "Look at the overlay picture: automatic masks cut lesions out of a bone; fill them if they are bone or tumour."
    )
    return [Issue("label.hole", name, f"{size / 1000.0:.2f} mL enclosed but not labelled", "a mask without holes", fix)]


def mask_in_box(
    volume: Volume, box_mm: tuple[float, float, float, float, float, float], threshold: float, tunnel: bool = False
) -> Mask:
    """Return the largest piece of at least a threshold within a box, its marrow filled in.

    Parameters
    ----------
    volume : Volume
    box_mm : 6 floats
        Least and greatest LPS position: x, x, y, y, z, z (mm).
    threshold : float
        Least value of the surface of the bone, in the unit of the volume.
    tunnel : bool
        Leave the spinal canal of a vertebra open: large holes of axial slices behind the body.

    Raises
    ------
    InputError
        ``label.box`` or ``label.empty``
    """
    low, high = np.asarray(box_mm[::2], dtype=np.float64), np.asarray(box_mm[1::2], dtype=np.float64)
    usable = bool(np.isfinite([*low, *high, threshold]).all() and (high > low).all())
    inside = _within(volume, low, high) if usable else np.zeros(volume.shape_zyx, dtype=bool)
    if not inside.any():
        places = volume.positions_mm(_corners(np.zeros(3), np.asarray(volume.shape_zyx) - 1.0))
        ends = [f"{a:.0f} to {b:.0f}" for a, b in zip(places.min(axis=0), places.max(axis=0), strict=True)]
        expected = f"a box within x {ends[0]}, y {ends[1]}, z {ends[2]} mm"
        fix = "Give least and greatest x, y and z in LPS millimetres."
        raise InputError(Issue("label.box", "box", " ".join(f"{v:g}" for v in box_mm), expected, fix))
    bone = inside & (volume.values >= threshold)
    pieces, count = ndimage.label(bone, structure=_TOUCHING)
    if count == 0:
        fix = "Lower the threshold or move the box."
        raise InputError(Issue("label.empty", "box", f"nothing of {threshold:g} or more", "a bone", fix))
    largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    filled: Mask = pieces == largest
    # Marrow is open to the outside through vessels in some slices only: filled slice by slice in all three directions.
    _, y, x = volume.spacing_zyx_mm
    for axis in range(3):
        for index in range(filled.shape[axis]):
            where = (slice(None),) * axis + (index,)
            closed = ndimage.binary_fill_holes(filled[where])
            if tunnel and axis == 0:
                closed &= ~_canal(filled[where], closed, y * x)
            filled[where] = closed
    return filled


def _canal(bone: Mask, closed: Mask, pixel_mm2: float) -> Mask:
    """Return the holes of an axial slice that are large and lie behind the body, y growing to the back."""
    canal: Mask = np.zeros_like(bone)
    rows = np.flatnonzero(bone.any(axis=1))
    holes, count = ndimage.label(closed & ~bone)
    for number in range(1, count + 1):
        hole = holes == number
        middle = float(np.nonzero(hole)[0].mean())
        behind = middle - rows[0] > _BEHIND * (rows[-1] - rows[0])
        if behind and float(hole.sum()) * pixel_mm2 >= _CANAL_MM2:
            canal |= hole
    return canal


def _corners(low: Matrix, high: Matrix) -> Matrix:
    return np.array(list(itertools.product(*zip(low, high, strict=True))))


def _within(volume: Volume, low: Matrix, high: Matrix) -> Mask:
    """Return the voxels whose centres lie between two LPS positions; only those near the box are looked at."""
    back = np.linalg.inv(volume.affine)
    index = (_corners(low, high) @ back[:3, :3].T + back[:3, 3])[:, ::-1]
    start = np.clip(np.floor(index.min(axis=0)), 0, volume.shape_zyx).astype(int)
    stop = np.clip(np.ceil(index.max(axis=0)) + 1, 0, volume.shape_zyx).astype(int)
    inside: Mask = np.zeros(volume.shape_zyx, dtype=bool)
    z, y, x = (np.arange(a, b, dtype=np.float64) for a, b in zip(start, stop, strict=True))
    part = np.ones((len(z), len(y), len(x)), dtype=bool)
    for axis in range(3):
        place = (
            volume.affine[axis, 3]
            + volume.affine[axis, 2] * z[:, None, None]
            + volume.affine[axis, 1] * y[None, :, None]
            + volume.affine[axis, 0] * x[None, None, :]
        )
        part &= (place >= low[axis]) & (place <= high[axis])
    inside[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = part
    return inside
