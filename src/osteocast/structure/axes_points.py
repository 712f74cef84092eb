"""Points, planes and spheres that the axes of bones are found with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import Issue
from osteocast.structure.loaded import Mask
from osteocast.structure.volume import Matrix

__all__ = ["BoneAxes", "Inertia", "at_border", "border_of", "inertia", "places", "unit"]


@dataclass(frozen=True, slots=True, eq=False)
class BoneAxes:
    """Directions, places and parts of one bone.

    Attributes
    ----------
    kind : str
        ``femur``, ``vertebra``, ``humerus`` or ``generic``.
    directions : dict of str to array, shape (3,)
        Unit vectors in LPS, such as ``superior``.
    landmarks : dict of str to array, shape (3,)
        Places [mm, LPS].
    parts : dict of str to array of bool, shape (z, y, x)
        On the grid of the CT, such as ``body``.
    warnings : tuple of Issue
    lines : tuple of str
        How the axes were found, one line each.
    """

    kind: str
    directions: dict[str, Matrix]
    landmarks: dict[str, Matrix]
    parts: dict[str, Mask]
    warnings: tuple[Issue, ...]
    lines: tuple[str, ...]


class Inertia(NamedTuple):
    """Centre [mm], principal directions as rows by falling spread, and spread (standard deviation) [mm]."""

    centre: Matrix
    rows: Matrix
    spread: Matrix


def unit(vector: npt.NDArray[Any]) -> Matrix:
    """Return a vector of length 1."""
    result: Matrix = np.asarray(vector, float) / np.linalg.norm(vector)
    return result


def places(mask: Mask, affine: Matrix) -> Matrix:
    """Return the places of the voxel centres of a mask [mm, LPS], shape (n, 3)."""
    index = np.array(np.nonzero(mask), dtype=np.float64)[::-1].T
    result: Matrix = index @ affine[:3, :3].T + affine[:3, 3]
    return result


def border_of(mask: Mask) -> Mask:
    """Return the part of a mask on the outermost voxels of the image."""
    border = mask.copy()
    border[1:-1, 1:-1, 1:-1] = False
    return border


def at_border(mask: Mask, what: str, site: str) -> list[Issue]:
    """Return a warning where a part that bears the load is cut by the border of the image."""
    cut = int(border_of(mask).sum())
    if not cut:
        return []
    fix = "Take a scan that holds the whole part; a bone that is cut is loaded and held where it is not."
    return [Issue("axes.cut", site, f"{cut:,} voxels of {what} at the border of the image", "a whole part", fix)]


def inertia(points: Matrix) -> Inertia:
    """Return centre, principal directions and spread of points."""
    centre = points.mean(0)
    values, vectors = np.linalg.eigh(np.cov((points - centre).T))
    order = np.argsort(values)[::-1]
    return Inertia(centre, vectors[:, order].T, np.sqrt(np.maximum(values[order], 0.0)))
