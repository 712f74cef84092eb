"""Cropping a volume to a bone, and labels brought onto the grid of a CT."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.volume import Matrix, Volume

__all__ = ["Box", "Placed", "box_of", "crop", "place_on"]

Mask = npt.NDArray[np.bool_]

_SAME_VOXELS = 0.02
"""Shift, in voxels, below which two grids are the same."""


class Box(NamedTuple):
    """First and last-plus-one index along z, y and x."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as an index."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x


def box_of(mask: Mask, spacing_zyx_mm: tuple[float, float, float], margin_mm: float = 0.0) -> Box:
    """Return the smallest box around a mask, with a margin, inside of the array.

    Raises
    ------
    InputError
        ``label.empty``
    """
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        issue = Issue("label.empty", "mask", "no voxel", "a bone", "Choose another label or threshold.")
        raise InputError(issue)
    start, stop = [], []
    for axis, part in enumerate(found[0]):
        margin = int(np.ceil(margin_mm / spacing_zyx_mm[axis]))
        start.append(max(part.start - margin, 0))
        stop.append(min(part.stop + margin, mask.shape[axis]))
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def crop(volume: Volume, box: Box) -> Volume:
    """Return the part of a volume in a box; places stay where they are in the patient."""
    affine = np.array(volume.affine)
    affine[:3, 3] = volume.positions_mm(np.array([box.start]))[0]
    return Volume(np.ascontiguousarray(volume.values[box.slices]), affine, volume.unit)


class Placed(NamedTuple):
    """Labels on the grid of a CT.

    Attributes
    ----------
    values : array of int32, shape (z, y, x)
    moved : bool
        Whether nearest neighbours had to be taken because the grids differ.
    lost : float
        Share of labelled voxels that lie outside of the CT.
    """

    values: npt.NDArray[np.int32]
    moved: bool
    lost: float


def place_on(values: npt.NDArray[Any], affine: Matrix, volume: Volume) -> Placed:
    """Bring labels onto the grid of a CT.

    Where the voxels of both grids coincide, the labels are copied, also from a smaller or larger extent (programs
    crop label images to what is labelled); elsewhere each voxel of the CT takes the label nearest to its centre.
    """
    # index (x, y, z, 1) of the CT -> index of the labels
    across = np.linalg.inv(affine) @ volume.affine
    matrix, offset = across[:3, :3][::-1, ::-1], across[:3, 3][::-1]
    shift = np.rint(offset)
    extent = np.asarray(volume.shape_zyx, dtype=np.float64)
    same = np.abs((matrix - np.eye(3)) @ extent).max() < _SAME_VOXELS and np.abs(offset - shift).max() < _SAME_VOXELS
    if same:
        placed = _copied(values, shift.astype(int), volume.shape_zyx)
    else:
        placed = ndimage.affine_transform(
            values.astype(np.int32), matrix, offset=offset, output_shape=volume.shape_zyx, order=0, cval=0
        )
    before = float((values != 0).sum()) * abs(float(np.linalg.det(affine[:3, :3])))
    after = float((placed != 0).sum()) * volume.voxel_mm3
    lost = max(0.0, 1.0 - after / before) if before else 0.0
    return Placed(placed.astype(np.int32, copy=False), not same, lost)


def _copied(
    values: npt.NDArray[Any], shift: npt.NDArray[np.int64], shape: tuple[int, int, int]
) -> npt.NDArray[np.int32]:
    placed = np.zeros(shape, dtype=np.int32)
    start = np.maximum(-shift, 0)
    stop = np.minimum(np.asarray(values.shape) - shift, shape)
    if (stop > start).all():
        target = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        source = tuple(slice(int(a + s), int(b + s)) for a, b, s in zip(start, stop, shift, strict=True))
        placed[target] = values[source]
    return placed
