"""A still view of a bone in space: rays through the mask, shaded by the slope of its surface."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["View", "surface_view"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_PIXELS = 380
_SMOOTH = 0.9
_SURFACE = 0.5
_PAD = 3
_MARGIN_MM = 3.0
_PAPER = np.array([1.0, 1.0, 1.0])
# Bone, and the two marks in colours of Okabe and Ito's set, which stay apart for colour-blind eyes and in grey.
_BONE = np.array([0.90, 0.86, 0.77])
_FAILED = np.array([0.835, 0.369, 0.0])
_LESION = np.array([0.337, 0.706, 0.914])
# The light stands to the upper left of the viewer: to the right, up, and towards the viewer.
_LIGHT = np.array([-0.5, 0.6, 0.75])
_AMBIENT = 0.34
_INSIDE = 0.55
_SKIN_MM = 2.0
_STEP_MM = 6.0


class View(NamedTuple):
    """Where the bone is looked at from: degrees round the head-foot axis from the front to the left, and upwards."""

    turn: float
    up: float


class _Rays(NamedTuple):
    """Directions in the picture, where its rays start (mm, LPS), size of a pixel and step along a ray (mm)."""

    right: Floats
    up: Floats
    into: Floats
    corner: Floats
    fine: float
    deep: float
    shape: tuple[int, int, int]


def surface_view(bone: Mask, marks: dict[str, Mask], affine: Floats, view: View, inside: bool) -> npt.NDArray[np.uint8]:
    """Return the picture of a bone, shape (height, width, 3).

    Parameters
    ----------
    bone : array of bool, shape (z, y, x)
    marks : dict of str to array of bool
        ``"failed"`` and ``"lesion"``: voxels that are coloured.
    affine : array, shape (4, 4)
        From voxel index x, y, z to patient place [mm, LPS].
    view : View
    inside : bool
        Show marks through the bone, too, and not only where they reach its surface.
    """
    rays = _rays(bone, affine, view)
    soft = ndimage.gaussian_filter(np.pad(bone, _PAD).astype(np.float32), _SMOOTH)
    solid = _along(soft, affine, rays)
    hit = solid > _SURFACE
    seen = np.asarray(hit.any(axis=0))
    first = _first(solid, hit)
    bright = _shading(soft, affine, first, rays)
    picture = np.broadcast_to(_BONE, (*seen.shape, 3)).copy()
    for name, colour in (("failed", _FAILED), ("lesion", _LESION)):
        if name in marks and marks[name].any():
            there = _along(np.pad(marks[name], _PAD).astype(np.float32), affine, rays) > _SURFACE
            share = _share(there, first, rays.deep, inside)[..., None]
            picture = picture * (1.0 - share) + colour * share
    picture = np.where(seen[..., None], picture * bright[..., None], _PAPER)
    return _bytes(_edged(picture, first * rays.deep, seen))


def _rays(bone: Mask, affine: Floats, view: View) -> _Rays:
    turn, up = np.radians(view.turn), np.radians(view.up)
    # Patient axes: x to the left, y to the back, z to the head; from the front one looks along +y.
    into = np.array([-np.sin(turn) * np.cos(up), np.cos(turn) * np.cos(up), -np.sin(up)])
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    upward = np.cross(right, into)
    places = np.argwhere(bone)[:, ::-1] @ affine[:3, :3].T + affine[:3, 3]
    along = places @ np.column_stack([into, upward, right])
    low, high = along.min(axis=0) - _MARGIN_MM, along.max(axis=0) + _MARGIN_MM
    fine = float((high - low)[1:].max()) / _PIXELS
    deep = 0.7 * float(np.linalg.norm(affine[:3, :3], axis=0).min())
    depth, height, width = (int(np.ceil(n)) for n in (high - low) / (deep, fine, fine))
    corner = low[0] * into + high[1] * upward + low[2] * right
    return _Rays(right, upward, into, corner, fine, deep, (depth, height, width))


def _index(affine: Floats, rays: _Rays) -> tuple[Floats, Floats]:
    """Return what takes (depth, row, column) of the rays to an index z, y, x of a padded volume."""
    back = np.linalg.inv(affine[:3, :3])
    steps = np.column_stack([rays.into * rays.deep, -rays.up * rays.fine, rays.right * rays.fine])
    return (back @ steps)[::-1], (back @ (rays.corner - affine[:3, 3]))[::-1] + _PAD


def _along(padded: npt.NDArray[np.float32], affine: Floats, rays: _Rays) -> npt.NDArray[np.float32]:
    """Return a volume along the rays, shape (depth, height, width)."""
    matrix, offset = _index(affine, rays)
    found: npt.NDArray[np.float32] = ndimage.affine_transform(
        padded, matrix, offset=offset, output_shape=rays.shape, order=1, cval=0.0
    )
    return found


def _first(solid: npt.NDArray[np.float32], hit: Mask) -> Floats:
    """Return the depth at which each ray meets the surface, between two samples; 0 where it meets none."""
    after = hit.argmax(axis=0)
    before = np.maximum(after - 1, 0)
    row, column = np.indices(after.shape)
    low, high = solid[before, row, column], solid[after, row, column]
    part = np.clip((_SURFACE - low) / np.maximum(high - low, 1e-6), 0.0, 1.0)
    depth: Floats = before + part * (after - before)
    return depth


def _shading(soft: npt.NDArray[np.float32], affine: Floats, first: Floats, rays: _Rays) -> Floats:
    """Return brightness from the slope of the surface at the first place each ray meets it."""
    matrix, offset = _index(affine, rays)
    row, column = np.indices(first.shape)
    at = matrix @ np.stack([first.ravel(), row.ravel(), column.ravel()]) + offset[:, None]
    slopes = [ndimage.map_coordinates(slope, at, order=1) for slope in np.gradient(soft)]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    normal = -(np.stack(slopes[::-1], axis=-1) / spacing) @ (affine[:3, :3] / spacing).T
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    light = _LIGHT @ np.stack([rays.right, rays.up, -rays.into])
    facing = np.clip(normal @ (light / np.linalg.norm(light)), 0.0, 1.0)
    bright: Floats = (_AMBIENT + (1.0 - _AMBIENT) * facing).reshape(first.shape)
    return bright


def _share(there: Mask, first: Floats, deep: float, inside: bool) -> Floats:
    """Return how strongly a mark colours each ray."""
    if inside:
        length = np.asarray(there.sum(axis=0)) * deep
        share: Floats = np.where(length > 0.0, _INSIDE + (1.0 - _INSIDE) * np.clip(length / 15.0, 0.0, 1.0), 0.0)
        return share
    depth = np.arange(there.shape[0])[:, None, None]
    near = there & (depth - first[None] <= _SKIN_MM / deep)
    return np.asarray(near.any(axis=0), dtype=np.float64)


def _edged(picture: Floats, depth_mm: Floats, seen: Mask) -> Floats:
    """Darken outlines and steps of depth, as a drawing would."""
    depth = np.where(seen, depth_mm, depth_mm.max() + 2.0 * _STEP_MM)
    jump = ndimage.maximum_filter(depth, 3) - ndimage.minimum_filter(depth, 3)
    dark = np.clip((jump - _STEP_MM / 2.0) / _STEP_MM, 0.0, 1.0)[..., None]
    edged: Floats = picture * (1.0 - 0.55 * dark)
    return edged


def _bytes(picture: Floats) -> npt.NDArray[np.uint8]:
    return np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
