"""The voxels of one DICOM series."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_file import with_reader
from osteocast.structure.ct_geometry import grid_of
from osteocast.structure.ct_header import MOST_BYTES, check_voxels
from osteocast.structure.ct_libraries import pydicom, simpleitk
from osteocast.structure.ct_series import ENHANCED_CT, Slice, choose_series, slices_in
from osteocast.structure.ct_tags import ALLOWED_TAGS, PIXEL_TAGS, Scanner, number_of, numbers_of, word_of
from osteocast.structure.volume import Matrix, check_affine, nearest_lps

__all__ = ["Series", "read_series"]


class Series(NamedTuple):
    """A series as read.

    Attributes
    ----------
    values : array of float32, shape (z, y, x)
        Rescaled, on the axes nearest to left, back and head.
    affine : array, shape (4, 4)
    rescale_type : str or None
        What the file says its values are.
    scanner : Scanner
    identity : str
        Hash of the series' identifier.
    warnings : tuple of Issue
    """

    values: npt.NDArray[np.float32]
    affine: Matrix
    rescale_type: str | None
    scanner: Scanner
    identity: str
    warnings: tuple[Issue, ...]


def read_series(folder: Path, wanted: str | None = None) -> Series:
    """Read the one CT series of a folder, or the chosen one.

    Raises
    ------
    InputError
        ``ct.*``: see `osteocast.structure.ct_series` and `osteocast.structure.ct_geometry`.
    """
    place = folder.name or str(folder)
    found, aside = slices_in(folder)
    slices = choose_series(found, wanted, place)
    if slices[0].frames > 1 or slices[0].sop_class == ENHANCED_CT:
        values, affine, rescale_type, noted = _read_frames(slices[0], place)
    else:
        values, affine, rescale_type, noted = _read_slices(slices, place)
    check_affine(affine, place)
    turned, affine = nearest_lps(values, affine)
    noted = (*aside, *noted, *_gap_warning(slices[0].scanner, affine, place))
    return Series(turned, affine, rescale_type, slices[0].scanner, slices[0].series, noted)


def _read_slices(
    slices: Sequence[Slice], place: str
) -> tuple[npt.NDArray[np.float32], Matrix, str | None, tuple[Issue, ...]]:
    positions = [s.position_mm for s in slices if s.position_mm is not None]
    if len(positions) < len(slices):
        found = f"{len(slices) - len(positions)} slices without a position"
        fix = "Export the series again from the scanner's archive."
        raise InputError(Issue("ct.geometry", place, found, "a position in every slice", fix))
    first = slices[0]
    grid = grid_of(positions, first.orientation or (), first.pixel_spacing_mm or (), place)
    _check_size(len(slices), first.shape, place)
    values = np.empty((len(slices), *first.shape), dtype=np.float32)
    for index, which in enumerate(grid.order):
        values[index] = _pixels(slices[which].path, first.shape)
    return values, grid.affine, first.rescale_type, (*grid.warnings, *_scale_warning(first, place))


def _scale_warning(first: Slice, place: str) -> tuple[Issue, ...]:
    if first.scaled:
        return ()
    found = "no usable slope and intercept of the values in any slice; taken as 1 and 0 where they are missing"
    fix = "Make sure that air is near -1000 and fat near -100; export the series again if they are not."
    return (Issue("ct.scale-missing", place, found, "RescaleSlope and RescaleIntercept", fix),)


def _check_size(count: int, shape: tuple[int, int], place: str) -> None:
    check_voxels(count * shape[0] * shape[1], place, "Give fewer slices: those of the bone.")


def _pixels(file: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    itk = simpleitk()

    def read() -> npt.NDArray[np.float32]:
        """Return the scaled values of one file."""
        image = itk.ReadImage(str(file), itk.sitkFloat32, imageIO="GDCMImageIO")
        values: npt.NDArray[np.float32] = itk.GetArrayFromImage(image)
        return values

    values = with_reader(file.name, read)
    if values.shape not in ((1, *shape), shape):
        found = " x ".join(str(n) for n in values.shape)
        fix = "Copy or export the file again."
        raise InputError(Issue("ct.shape", file.name, found, f"one slice of {shape[0]} x {shape[1]}", fix))
    return values.reshape(shape)


def _read_frames(one: Slice, place: str) -> tuple[npt.NDArray[np.float32], Matrix, str | None, tuple[Issue, ...]]:
    """Read an enhanced CT: all slices in one file, each with its own place and scale."""
    if one.path.stat().st_size > MOST_BYTES:
        found = f"more than {MOST_BYTES:,} bytes"
        raise InputError(Issue("file.too-large", place, found, "a smaller file", "Crop it to the bone first."))
    _check_size(one.frames, one.shape, place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tags = [*ALLOWED_TAGS, *PIXEL_TAGS]
        header = with_reader(place, lambda: pydicom().dcmread(str(one.path), specific_tags=tags))
        frames = with_reader(place, lambda: [_frame(header, n) for n in range(one.frames)])
        stored = with_reader(place, lambda: np.asarray(header.pixel_array))
    whole = all(frame.orientation and frame.position and frame.spacing for frame in frames)
    alike = len({(frame.orientation, frame.spacing, frame.rescale_type) for frame in frames}) == 1
    if not (whole and alike) or stored.shape != (one.frames, *one.shape):
        fix = "Export it as a series of single slices."
        raise InputError(Issue("ct.geometry", place, "slices without an even place", "one grid", fix))
    positions = [frame.position or () for frame in frames]
    grid = grid_of(positions, frames[0].orientation or (), frames[0].spacing or (), place)
    values = np.empty(stored.shape, dtype=np.float32)
    for index, which in enumerate(grid.order):
        values[index] = stored[which] * frames[which].slope + frames[which].intercept
    return values, grid.affine, frames[0].rescale_type, grid.warnings


class _Frame(NamedTuple):
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, ...] | None
    slope: float
    intercept: float
    rescale_type: str | None


def _frame(header: Any, number: int) -> _Frame:
    own, shared = header.PerFrameFunctionalGroupsSequence[number], header.SharedFunctionalGroupsSequence[0]

    def group(name: str) -> Any:
        """Return a group of tags of the frame, or of all frames."""
        found = own.get(name) or shared.get(name)
        return found[0] if found else {}

    scale = group("PixelValueTransformationSequence")
    return _Frame(
        position=numbers_of(group("PlanePositionSequence").get("ImagePositionPatient"), 3),
        orientation=numbers_of(group("PlaneOrientationSequence").get("ImageOrientationPatient"), 6),
        spacing=numbers_of(group("PixelMeasuresSequence").get("PixelSpacing"), 2),
        slope=_stated(scale.get("RescaleSlope")),
        intercept=_stated(scale.get("RescaleIntercept")),
        rescale_type=word_of(scale.get("RescaleType")),
    )


def _stated(value: Any) -> float:
    number = number_of(value)
    if number is None:
        raise ValueError("a slice without rescale slope and intercept")
    return number


def _gap_warning(scanner: Scanner, affine: Matrix, place: str) -> tuple[Issue, ...]:
    spacing = float(np.linalg.norm(affine[:3, 2]))
    thickness = scanner.slice_thickness_mm
    if thickness is None or thickness >= 0.99 * spacing:
        return ()
    found = f"slices of {thickness:g} mm every {spacing:.3g} mm"
    fix = "A thin lesion between two slices is not seen; prefer a series without gaps."
    return (Issue("ct.slice-gap", place, found, "slices that touch or overlap", fix),)
