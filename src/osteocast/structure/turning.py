"""A bone brought from the axes of the CT into those of a load, with its mass and stiffness kept.

A voxel of the new grid is bone where at least half of it is. Its modulus and its yield stresses are means over the part
of it that is bone: moduli are averaged, and not densities that a law then bends (the choice of Taddei and others 2007),
and soft tissue beside the bone is not mixed into its shell; the yield strain stays as it was. What the steps of
the surface gain or lose is made up for by one factor on moduli and yield stresses, so that the integral of the modulus
over the bone, which a bar's stiffness is proportional to, is the same before and after. Where the new axes are those of
the CT and the voxels have the same size, every voxel is copied as it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.loaded import BoneModel, Mask
from osteocast.structure.volume import Matrix
from osteocast.structure.voxel_model import Spacing

__all__ = ["Target", "Turned", "turned"]

_POINTS = 3
"""Points a side at which the old voxels are looked up in each new voxel."""
_MOST_VOXELS = 200_000_000


class Turned(NamedTuple):
    """A bone on the grid of its load.

    Attributes
    ----------
    modulus, yield_compression, yield_tension : array of float32, shape (z, y, x)
        [MPa]; 0 outside of the bone.
    bone, lesion : array of bool
    parts : dict of str to array of bool
    affine : array, shape (4, 4)
        From voxel index x, y, z to patient place [mm, LPS].
    spacing : tuple of float
        Size of the voxels along x, y, z [mm].
    ends : tuple of int
        Layer above the lower, and first layer above the upper end of the span.
    factor : float
        On moduli and yield stresses, so that the integral of the modulus is kept.
    """

    modulus: npt.NDArray[np.float32]
    yield_compression: npt.NDArray[np.float32]
    yield_tension: npt.NDArray[np.float32]
    bone: Mask
    lesion: Mask
    parts: dict[str, Mask]
    affine: Matrix
    spacing: Spacing
    ends: tuple[int, int]
    factor: float


class Target(NamedTuple):
    """The grid to turn a bone to.

    Attributes
    ----------
    rows : array, shape (3, 3)
        Unit vectors of the new x, y and z in LPS, right-handed.
    size : float
        Size of the voxels [mm].
    span : tuple of float
        Two heights along the new z [mm] between which whole layers have to fit; the height of a voxel is adapted.
    """

    rows: Matrix
    size: float
    span: tuple[float, float]


def turned(bone: BoneModel, target: Target, parts: Mapping[str, Mask]) -> Turned:
    """Return a bone on a grid along other axes.

    Parameters
    ----------
    bone : BoneModel
    target : Target
    parts : dict of str to array of bool
        Masks on the grid of `bone` to bring along.

    Raises
    ------
    InputError
        ``load.spacing``
    """
    shape, affine, spacing, ends = _grid(bone, target)
    across = np.linalg.inv(bone.affine) @ affine
    cells = _near(bone.bone, across, shape)
    names = tuple(parts)
    masks = [bone.bone, bone.lesion, *(parts[name] for name in names)]
    fields = [bone.modulus, bone.yield_compression, bone.yield_tension]
    counts, sums = _collected(across, cells, masks, fields)
    is_bone = 2 * counts[0] >= _POINTS**3
    share = np.where(is_bone, 1.0 / np.maximum(counts[0], 1.0), 0.0)
    before = float(bone.modulus[bone.bone].sum(dtype=np.float64)) * abs(float(np.linalg.det(bone.affine[:3, :3])))
    after = float((sums[0] * share).sum()) * float(np.prod(spacing))
    factor = before / after if after > 0 else 1.0
    stiff, crushed, torn = (_scattered(one * share * factor, cells, shape).astype(np.float32) for one in sums)
    flags = [_scattered((2 * count >= counts[0]) & is_bone & (count > 0), cells, shape) for count in counts]
    kept = dict(zip(names, flags[2:], strict=True))
    return Turned(stiff, crushed, torn, flags[0], flags[1], kept, affine, spacing, ends, factor)


def _grid(bone: BoneModel, target: Target) -> tuple[tuple[int, int, int], Matrix, Spacing, tuple[int, int]]:
    """Return shape, affine, voxel size and end layers of the smallest new grid around the bone.

    Across the load a voxel centre stays where one was; along it a face of a voxel lies at each end of the span.
    """
    low_end, high_end = target.span
    usable = np.isfinite(target.size) and target.size > 0 and high_end > low_end
    layers = max(1, round((high_end - low_end) / target.size)) if usable else 0
    frame = target.rows @ bone.affine[:3, :3]
    offset = target.rows @ bone.affine[:3, 3]
    index = np.array(np.nonzero(bone.bone), dtype=np.float64)[::-1]
    half = 0.5 * np.abs(frame).sum(axis=1)
    low, high = ((limit + offset + sign * half) for limit, sign in zip(_limits(frame, index), (-1, 1), strict=True))
    if not layers or np.prod((high - low) / target.size + 1) > _MOST_VOXELS:
        fix = f"Give the size of the voxels in mm, such as 1; at most {_MOST_VOXELS:,} voxels."
        raise InputError(Issue("load.spacing", "spacing", f"{target.size:g} mm", "a size that fits the bone", fix))
    size = np.array([target.size, target.size, (high_end - low_end) / layers])
    kept = frame @ index[:, 0] + offset
    kept[2] = low_end + 0.5 * size[2]
    # A thousandth of a voxel of slack, so that a corner on a face does not open another layer.
    first = np.floor((low - kept) / size + 0.501)
    last = np.ceil((high - kept) / size - 0.501)
    affine = np.eye(4)
    affine[:3, :3] = target.rows.T * size
    affine[:3, 3] = target.rows.T @ (kept + first * size)
    x, y, z = (int(n) for n in last - first + 1)
    start = int(-first[2])
    return (z, y, x), affine, (float(size[0]), float(size[1]), float(size[2])), (start, start + layers)


def _limits(frame: Matrix, index: Matrix) -> tuple[Matrix, Matrix]:
    """Return least and greatest place of voxel centres along each row of `frame`, before its offset."""
    along = [row @ index for row in frame]
    return np.array([one.min() for one in along]), np.array([one.max() for one in along])


def _near(mask: Mask, across: Matrix, shape: tuple[int, int, int]) -> npt.NDArray[np.int64]:
    """Return the indices (3, n) along z, y, x of new voxels that may hold bone."""
    matrix, offset = across[:3, :3][::-1, ::-1], across[:3, 3][::-1]
    # A new voxel much larger than the old ones could jump over thin bone: look at a mask made as thick as it is wide.
    reach = int(np.ceil(0.5 * np.abs(matrix).sum(axis=1).max()))
    thick = ndimage.binary_dilation(np.pad(mask, reach), np.ones((3, 3, 3)), iterations=reach)
    found = ndimage.affine_transform(
        thick.view(np.uint8), matrix, offset=offset + reach, output_shape=shape, order=0, cval=0
    )
    return np.array(np.nonzero(found), dtype=np.int64)


def _collected(
    across: Matrix, cells: npt.NDArray[np.int64], masks: list[Mask], fields: list[npt.NDArray[np.float32]]
) -> tuple[list[npt.NDArray[np.float64]], list[npt.NDArray[np.float64]]]:
    """Return, for each new voxel, points inside of each mask and sums of each field over points inside of the bone."""
    padded_masks = [np.pad(mask, 1).ravel() for mask in masks]
    padded_fields = [np.pad(np.where(masks[0], one, 0.0), 1).ravel() for one in fields]
    size = np.array(masks[0].shape)
    matrix, offset = across[:3, :3][::-1, ::-1], across[:3, 3][::-1]
    centre = (matrix @ cells) + offset[:, None]
    counts = [np.zeros(cells.shape[1]) for _ in masks]
    sums = [np.zeros(cells.shape[1]) for _ in fields]
    steps = (np.arange(_POINTS) - (_POINTS - 1) / 2) / _POINTS
    for point in itertools.product(steps, steps, steps):
        index = np.rint(centre + (matrix @ np.array(point))[:, None]).astype(np.int64) + 1
        index = np.clip(index, 0, (size + 1)[:, None])
        flat = (index[0] * (size[1] + 2) + index[1]) * (size[2] + 2) + index[2]
        for count, mask in zip(counts, padded_masks, strict=True):
            count += mask[flat]
        for total, values in zip(sums, padded_fields, strict=True):
            total += values[flat]
    return counts, sums


def _scattered(values: npt.NDArray[Any], cells: npt.NDArray[np.int64], shape: tuple[int, int, int]) -> npt.NDArray[Any]:
    grid = np.zeros(shape, dtype=values.dtype)
    grid[tuple(cells)] = values
    return grid
