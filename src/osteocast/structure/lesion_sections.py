"""A lesion on sections across an axis of its bone: share of the width, and what it takes of the cortex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.structure.lesion_places import positions_mm
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["Sections", "cut_sections"]

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Of our own choice: slices of one and a half voxels hold together at any angle; cortex is at least half as dense as the
# densest twentieth of its section, and never thicker than this.
_SLICE_VOXELS = 1.5
_DENSEST = 95.0
_HALF = 0.5
_THICKEST_MM = 6.0
_DIRECTIONS = 18
_TOUCHING = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class Sections:
    """The worst over all sections through a lesion.

    Attributes
    ----------
    width_share : float
        Greatest share of the width of the bone, in any direction within a section, 0 to 1.
    circumference_share : float
        Greatest share of the outer circumference whose cortex is thinned or gone, 0 to 1.
    depth_share : float
        Greatest share of the thickness of the cortex that is gone, 0 to 1; 1 is a breach.
    axial_mm : float
        Length along the axis of the sections whose cortex is involved.
    cortex_mm : float
        Thickness of the cortex it was measured with, median of the sections; never less than a voxel.
    """

    width_share: float
    circumference_share: float
    depth_share: float
    axial_mm: float
    cortex_mm: float


class _Section(NamedTuple):
    width: float
    circumference: float
    depth: float
    cortex: float


def cut_sections(bone: BoneModel, inside: Mask, axis: Matrix) -> Sections:
    """Measure a lesion on sections across an axis.

    Parameters
    ----------
    bone : BoneModel
    inside : array of bool, shape (z, y, x)
        The lesion.
    axis : array, shape (3,)
        LPS direction of any length.

    Notes
    -----
    A section is the connected piece of bone that the lesion lies in: the head of a femur does not count with its
    trochanter. Where the bone is cut off by the image there is no surface.
    """
    unit = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    filled = ndimage.binary_fill_holes(bone.bone)
    surface = filled & ~ndimage.binary_erosion(filled, border_value=1)
    spacing = bone.spacing_mm[::-1]
    apart = ndimage.distance_transform_edt(~inside, sampling=spacing)
    index = np.argwhere(filled)
    along = positions_mm(bone.affine, index) @ unit
    thick = _SLICE_VOXELS * max(spacing)
    number = np.floor((along - along.min()) / thick).astype(int)
    found: dict[int, _Section] = {}
    for one in np.unique(number[inside[tuple(index.T)]]):
        piece = _piece(index[number == one], inside)
        found[int(one)] = _section(bone, piece, inside, surface, apart, unit)
    worst = np.array(list(found.values())).max(axis=0)
    involved = [one for one, section in found.items() if section.circumference > 0.0]
    return Sections(
        width_share=float(worst[0]),
        circumference_share=float(worst[1]),
        depth_share=float(worst[2]),
        axial_mm=_longest_run(involved) * thick,
        cortex_mm=float(np.median([section.cortex for section in found.values()])),
    )


def _piece(index: Integers, inside: Mask) -> Integers:
    """Return those voxels of a section that hang together with the lesion."""
    low = index.min(axis=0)
    box = np.zeros(tuple(index.max(axis=0) - low + 1), dtype=bool)
    box[tuple((index - low).T)] = True
    pieces, _ = ndimage.label(box, structure=_TOUCHING)
    which = pieces[tuple((index - low).T)]
    kept: Integers = index[np.isin(which, np.unique(which[inside[tuple(index.T)]]))]
    return kept


def _section(
    bone: BoneModel, index: Integers, inside: Mask, surface: Mask, apart: npt.NDArray[np.float64], unit: Matrix
) -> _Section:
    at = tuple(index.T)
    size = float(np.mean(bone.spacing_mm))
    outer, lesion, density = surface[at], inside[at], bone.density[at]
    sound = density[~lesion]
    dense = sound >= _HALF * np.percentile(sound, _DENSEST) if sound.size else np.zeros(0, dtype=bool)
    # As thick as the dense voxels would be, spread evenly below the surface that is left.
    left = max(int((outer & ~lesion).sum()), 1)
    cortex = float(np.clip(size * dense.sum() / left, size, _THICKEST_MM))
    rest = apart[at][outer]
    involved = rest < cortex
    nearest = float(rest.min()) if rest.size else np.inf
    return _Section(
        width=_width_share(positions_mm(bone.affine, index), lesion, unit, size),
        circumference=float(involved.mean()) if rest.size else 0.0,
        depth=float(np.clip(1.0 - nearest / cortex, 0.0, 1.0)),
        cortex=cortex,
    )


def _width_share(places: Matrix, lesion: Mask, unit: Matrix, size: float) -> float:
    across = np.linalg.svd(unit.reshape(1, 3))[2][1:]
    angles = np.linspace(0.0, np.pi, _DIRECTIONS, endpoint=False)
    flat = places @ (np.stack([np.cos(angles), np.sin(angles)], axis=1) @ across).T
    widths = np.ptp(flat, axis=0) + size
    return float(((np.ptp(flat[lesion], axis=0) + size) / widths).max())


def _longest_run(numbers: list[int]) -> int:
    longest = run = 0
    for one in sorted(numbers):
        run = run + 1 if one - 1 in numbers else 1
        longest = max(longest, run)
    return longest
