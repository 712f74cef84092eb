"""The ball of a joint: centre and radius of a femoral or humeral head."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes_points import places
from osteocast.structure.loaded import BoneModel, Mask
from osteocast.structure.resample import box_of
from osteocast.structure.volume import Matrix

__all__ = ["Ball", "find_ball"]

# Choices of our own: how far from a sphere a surface may lie, in parts of its radius, and how much of it must be there.
_BAND = 0.12
_LEAST_COVER = 0.45
_DIRECTIONS = 400
_CANDIDATES = 12
_ROUNDS = 8
_SMALLEST_MM, _LARGEST_MM = 17.0, 32.0


class Ball(NamedTuple):
    """A head.

    Attributes
    ----------
    centre : array, shape (3,)
        [mm, LPS]
    radius : float
        [mm]
    cover : float
        Share of all directions in which the surface of the bone lies on the sphere.
    residual : float
        Root mean square distance of the fitted surface from the sphere [mm].
    """

    centre: Matrix
    radius: float
    cover: float
    residual: float


def find_ball(bone: BoneModel) -> Ball:
    """Return the sphere with the largest area of the bone's surface on it.

    Starts are the deepest places of the bone, far from one another; each is fitted by least squares to the surface near
    the sphere, again and again.

    Raises
    ------
    InputError
        ``axes.no-head``
    """
    box = box_of(bone.bone, (1.0, 1.0, 1.0), 2.0)
    affine = bone.affine.copy()
    affine[:3, 3] = bone.affine[:3, :3] @ np.array(box.start[::-1], float) + bone.affine[:3, 3]
    solid = _filled(bone.bone[box.slices])
    depth = ndimage.distance_transform_edt(np.pad(solid, 1), sampling=bone.spacing_mm[::-1])[1:-1, 1:-1, 1:-1]
    surface = places(solid & ~ndimage.binary_erosion(solid), affine)
    # The centre of a surface voxel lies about half a voxel inside.
    half = 0.5 * float(np.mean(bone.spacing_mm))
    best: Ball | None = None
    for start, radius in _starts(depth, affine):
        ball = _fitted(surface, start, radius, half)
        if ball is not None and (best is None or _area(ball) > _area(best)):
            best = ball
    if best is None or best.cover < _LEAST_COVER:
        found = "no sphere" if best is None else f"a sphere on {best.cover:.0%} of the directions at best"
        fix = "The head may be cut off, broken or not labelled; use a generic load case or a whole label."
        raise InputError(Issue("axes.no-head", bone.site, found, f"a head on at least {_LEAST_COVER:.0%}", fix))
    return best


def _area(ball: Ball) -> float:
    return ball.cover * ball.radius**2


def _filled(mask: Mask) -> Mask:
    """Return a mask without holes, slice by slice as well: marrow may be open to the outside in a few places only."""
    solid: Mask = ndimage.binary_fill_holes(mask)
    for index in range(solid.shape[0]):
        solid[index] = ndimage.binary_fill_holes(solid[index])
    return solid


def _starts(depth: Matrix, affine: Matrix) -> list[tuple[Matrix, float]]:
    """Return the deepest places with their depths [mm], each far from the others."""
    index = np.nonzero(depth >= 0.6 * _SMALLEST_MM)
    at = np.array(index, float)[::-1].T @ affine[:3, :3].T + affine[:3, 3]
    left = depth[index]
    found = []
    for _ in range(_CANDIDATES):
        if not left.size:
            break
        deepest = int(left.argmax())
        centre, radius = at[deepest], float(left[deepest])
        found.append((centre, radius))
        kept = ((at - centre) ** 2).sum(1) >= (0.6 * radius) ** 2
        at, left = at[kept], left[kept]
    return found


def _fitted(surface: Matrix, centre: Matrix, radius: float, half: float) -> Ball | None:
    band, near = 2 * _BAND, np.zeros(0, dtype=bool)
    for _ in range(_ROUNDS):
        away = np.linalg.norm(surface - centre, axis=1)
        near = np.abs(away - radius) < band * radius
        if near.sum() < 50:
            return None
        points = surface[near]
        design = np.column_stack([2 * points, np.ones(len(points))])
        solved = np.linalg.lstsq(design, (points**2).sum(1), rcond=None)[0]
        centre = solved[:3]
        radius = float(np.sqrt(max(solved[3] + centre @ centre, 1e-6)))
        band = max(_BAND, 0.7 * band)
    if not _SMALLEST_MM <= radius <= _LARGEST_MM:
        return None
    away = np.linalg.norm(surface - centre, axis=1)
    near = np.abs(away - radius) < 0.5 * _BAND * radius
    if near.sum() < 50:
        return None
    residual = float(np.sqrt(((away[near] - radius) ** 2).mean()))
    return Ball(centre, radius + half, _cover(surface, away, centre, radius), residual)


def _cover(surface: Matrix, away: Matrix, centre: Matrix, radius: float) -> float:
    """Return the share of directions in which the nearest surface lies on the sphere."""
    number = np.arange(_DIRECTIONS) + 0.5
    height = 1 - 2 * number / _DIRECTIONS
    angle = np.pi * (1 + 5**0.5) * number
    ring = np.sqrt(1 - height**2)
    targets = centre + radius * np.column_stack([np.cos(angle) * ring, np.sin(angle) * ring, height])
    close = surface[np.abs(away - radius) < 0.5 * _BAND * radius]
    reach = max(0.15 * radius, 2.0)
    if not close.size:
        return 0.0
    return float((cKDTree(close).query(targets)[0] < reach).mean())
