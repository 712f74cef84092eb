"""Where the slices of a series lie: one even grid at right angles, or a refusal that says why not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.volume import Matrix

__all__ = ["SliceGrid", "grid_of"]

Floats = npt.NDArray[np.float64]

# Positions are written with one or two decimals of a millimetre, which moves each slice by a few hundredths.
_UNEVEN_SHARE = 0.10
_WARN_SHARE = 0.02
_TWICE_MM = 1e-3
_COSINE_ERROR = 1e-2
_TILT_DEGREES = 0.2


class SliceGrid:
    """Order and affine of the slices of a series.

    Attributes
    ----------
    order : tuple of int
        Slices from the first to the last along the normal.
    affine : array, shape (4, 4)
        As in `Volume`, before turning.
    warnings : tuple of Issue
    """

    __slots__ = ("affine", "order", "warnings")

    def __init__(self, order: tuple[int, ...], affine: Matrix, warnings: tuple[Issue, ...]) -> None:
        self.order = order
        self.affine = affine
        self.warnings = warnings


def grid_of(
    positions_mm: Sequence[Sequence[float]],
    orientation: Sequence[float],
    pixel_spacing_mm: Sequence[float],
    place: str,
) -> SliceGrid:
    """Return the grid that slices of one orientation make.

    Parameters
    ----------
    positions_mm : sequence of 3 floats
        Centre of the first voxel of each slice (LPS).
    orientation : 6 floats
        Direction cosines of a row and of a column.
    pixel_spacing_mm : 2 floats
        Distance between rows, then between columns.
    place : str
        For messages.

    Raises
    ------
    InputError
        ``ct.one-slice``, ``ct.geometry``, ``ct.slices-twice``, ``ct.slices-missing``, ``ct.spacing-uneven`` or
        ``ct.gantry-tilt``
    """
    points = np.asarray(positions_mm, dtype=np.float64).reshape(-1, 3)
    row, column = _unit_cosines(orientation, place)
    if len(points) < 2:
        fix = "Give the folder of the whole series."
        raise InputError(Issue("ct.one-slice", place, f"{len(points)} slice", "at least two slices", fix))
    normal = np.cross(row, column)
    along = points @ normal
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    spacing = _even_spacing(steps, place)
    direction = (points[order[-1]] - points[order[0]]) / (len(points) - 1)
    _check_tilt(direction, normal, place)
    affine = np.eye(4)
    affine[:3, 0] = row * pixel_spacing_mm[1]
    affine[:3, 1] = column * pixel_spacing_mm[0]
    affine[:3, 2] = normal * spacing
    affine[:3, 3] = points[order[0]]
    return SliceGrid(tuple(int(i) for i in order), affine, _warnings(steps, spacing, place))


def _unit_cosines(orientation: Sequence[float], place: str) -> tuple[Floats, Floats]:
    row, column = np.asarray(orientation[:3], dtype=float), np.asarray(orientation[3:], dtype=float)
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if max(abs(lengths[0] - 1.0), abs(lengths[1] - 1.0), abs(float(row @ column))) > _COSINE_ERROR:
        fix = "Export the series again from the scanner's archive."
        expected = "two directions of length one at right angles"
        raise InputError(Issue("ct.geometry", place, "broken direction cosines", expected, fix))
    row = row / lengths[0]
    column = column - row * float(row @ column)
    return row, column / np.linalg.norm(column)


def _even_spacing(steps: Floats, place: str) -> float:
    if (twice := int((steps < _TWICE_MM).sum())) > 0:
        fix = "Give one phase or one reconstruction; choose it with --series if the folder holds several."
        found = f"{twice} slices at a place where another one lies"
        raise InputError(Issue("ct.slices-twice", place, found, "one slice at each place", fix))
    usual = float(np.median(steps))
    missing = np.rint(steps / usual).astype(int) - 1
    even = np.abs(steps - usual * (missing + 1)) <= _UNEVEN_SHARE * usual
    if missing.any() and even.all():
        where = ", ".join(str(int(i) + 1) for i in np.flatnonzero(missing)[:5])
        found = f"{int(missing.sum())} slices missing, after slice {where}"
        fix = "Copy the missing files; a bone with a gap has another strength."
        raise InputError(Issue("ct.slices-missing", place, found, f"a slice every {usual:.3g} mm", fix))
    if not even.all():
        found = f"steps of {steps.min():.4g} to {steps.max():.4g} mm"
        fix = "Give a series with even steps, or resample it first in a program that does so (3D Slicer)."
        raise InputError(Issue("ct.spacing-uneven", place, found, f"a slice every {usual:.4g} mm", fix))
    return float(steps.mean())


def _check_tilt(direction: Floats, normal: Floats, place: str) -> None:
    cosine = float(direction @ normal / np.linalg.norm(direction))
    tilt = float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    if tilt > _TILT_DEGREES:
        fix = "Resample it to right angles first (3D Slicer does so when it reads the series)."
        raise InputError(Issue("ct.gantry-tilt", place, f"slices sheared by {tilt:.1f} degrees", "no tilt", fix))


def _warnings(steps: Floats, spacing: float, place: str) -> tuple[Issue, ...]:
    if float(np.abs(steps - spacing).max()) <= _WARN_SHARE * spacing:
        return ()
    found = f"steps of {steps.min():.4g} to {steps.max():.4g} mm, taken as {spacing:.4g} mm"
    fix = "Rounded positions do this; check the height of the bone."
    return (Issue("ct.spacing-rounded", place, found, "even steps", fix),)
