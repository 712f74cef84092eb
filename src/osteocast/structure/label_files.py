"""Segmentations as stored: label images, Slicer's .seg.nrrd, DICOM SEG, and folders of masks."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_file import read_image, with_reader
from osteocast.structure.ct_header import MOST_VOXELS, check_file, format_of
from osteocast.structure.ct_libraries import pydicom
from osteocast.structure.ct_tags import ALLOWED_TAGS, PIXEL_TAGS, number_of, numbers_of, word_of
from osteocast.structure.label_names import plain_name
from osteocast.structure.volume import Matrix, check_affine, nearest_lps

__all__ = ["Segment", "StoredLabels", "read_label_file", "read_label_folder", "read_segments"]

_GREATEST_LABEL = 1_000_000
_HALF = 0.5
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


class Segment(NamedTuple):
    """One thing that is segmented: its name, its number, and the layer it lies in."""

    name: str
    number: int
    layer: int


class StoredLabels(NamedTuple):
    """A segmentation before it is brought onto the grid of a CT; axes nearest to left, back and head.

    Attributes
    ----------
    layers : tuple of array of int32, shape (z, y, x)
    affine : array, shape (4, 4)
    segments : tuple of Segment
        Empty where the file has numbers only.
    warnings : tuple of Issue
    """

    layers: tuple[npt.NDArray[np.int32], ...]
    affine: Matrix
    segments: tuple[Segment, ...]
    warnings: tuple[Issue, ...]


def read_label_file(path: Path) -> StoredLabels:
    """Read a label image; names only where the file is a .seg.nrrd of Slicer.

    Raises
    ------
    InputError
        ``label.not-labels``, or what :func:`read_image` raises.
    """
    image = read_image(path, layers=True)
    stack = image.values if image.values.ndim == 4 else image.values[..., np.newaxis]
    layers = tuple(_whole(stack[..., n], path.name) for n in range(stack.shape[-1]))
    segments = _slicer_segments(image.notes, len(layers))
    if len(layers) > 1 and not segments:
        fix = "Save it as a segmentation of Slicer, or as one label image."
        raise InputError(Issue("label.not-labels", path.name, "several values a voxel", "one label a voxel", fix))
    return StoredLabels(layers, image.affine, segments, image.warnings)


def _whole(values: npt.NDArray[Any], place: str) -> npt.NDArray[np.int32]:
    fix = "Give the segmentation, not the CT or a probability map."
    if not np.isfinite(values).all():
        raise InputError(Issue("label.not-labels", place, "values that are no numbers", "whole numbers from 0", fix))
    if values.min() < 0 or values.max() > _GREATEST_LABEL:
        found = f"values from {values.min():g} to {values.max():g}"
        raise InputError(Issue("label.not-labels", place, found, "whole numbers from 0", fix))
    whole = values.astype(np.int32)
    if values.dtype.kind == "f" and not np.array_equal(whole, values):
        raise InputError(Issue("label.not-labels", place, "fractions", "whole numbers from 0", fix))
    return whole


def _slicer_segments(notes: Mapping[str, str], layers: int) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for key in notes:
        match = re.fullmatch(r"Segment(\d{1,4})_Name", key)
        if match is None:
            continue
        number = number_of(notes.get(f"Segment{match[1]}_LabelValue", str(int(match[1]) + 1)))
        layer = number_of(notes.get(f"Segment{match[1]}_Layer", "0"))
        if number is None or layer is None or not 0 <= layer < layers:
            issue = Issue("label.not-labels", key, "a broken segment", "label and layer", "Save it again in Slicer.")
            raise InputError(issue)
        found.append(Segment(plain_name(word_of(notes[key]) or "") or f"segment-{match[1]}", int(number), int(layer)))
    return tuple(sorted(found, key=lambda s: (s.layer, s.number)))


def read_label_folder(folder: Path) -> StoredLabels:
    """Read a folder of masks, one a bone, each named by its file (``femur_left.nii.gz``).

    Raises
    ------
    InputError
        ``label.no-masks`` or ``label.grids-differ``
    """
    files = sorted(f for f in folder.iterdir() if f.is_file() and format_of(f) and not f.name.startswith("."))
    if not files:
        fix = "Give a label image, or the folder TotalSegmentator wrote."
        raise InputError(Issue("label.no-masks", folder.name, "no image", "masks as NIfTI, NRRD or MetaImage", fix))
    first = read_label_file(files[0])
    layers: list[npt.NDArray[np.int32]] = []
    segments: list[Segment] = []
    noted: tuple[Issue, ...] = ()
    for number, file in enumerate(files, 1):
        one = first if number == 1 else read_label_file(file)
        if one.layers[0].shape != first.layers[0].shape or np.abs(one.affine - first.affine).max() > 1e-3:
            fix = "Give the masks of one CT."
            raise InputError(Issue("label.grids-differ", file.name, "another grid", f"that of {files[0].name}", fix))
        noted += one.warnings
        name = plain_name(file.name[: -len(format_of(file) or "")]) or f"label-{number}"
        segments.append(Segment(name, number, _stack(layers, one.layers[0] > 0, number)))
    return StoredLabels(tuple(layers), first.affine, tuple(segments), noted)


def _stack(layers: list[npt.NDArray[np.int32]], mask: npt.NDArray[np.bool_], number: int) -> int:
    """Write a mask into the first layer where it overlaps nothing; return that layer."""
    for index, layer in enumerate(layers):
        if not (layer[mask] != 0).any():
            layer[mask] = number
            return index
    layers.append(np.where(mask, np.int32(number), np.int32(0)))
    return len(layers) - 1


def read_segments(path: Path) -> StoredLabels:
    """Read a DICOM segmentation (SEG), binary or fractional.

    Raises
    ------
    InputError
        ``file.*``, ``label.format`` or ``label.not-labels``
    """
    check_file(path)
    expected = "a label image, .seg.nrrd, DICOM SEG or a folder of masks"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tags = [*ALLOWED_TAGS, *PIXEL_TAGS, "SegmentSequence", "MaximumFractionalValue"]
            data = pydicom().dcmread(str(path), specific_tags=tags)
            is_segmentation = str(data.get("SOPClassUID", "")) == _SEGMENTATION
        except InputError:
            raise
        except Exception:
            is_segmentation = False
        if not is_segmentation:
            fix = "Convert it to NIfTI or NRRD first."
            raise InputError(Issue("label.format", path.name, path.suffix or "no ending", expected, fix))
        return with_reader(path.name, lambda: _segments_of(data, path))


class _Plane(NamedTuple):
    segment: int
    position: npt.NDArray[np.float64]


def _segments_of(data: Any, path: Path) -> StoredLabels:
    names = {int(s.SegmentNumber): plain_name(word_of(s.get("SegmentLabel")) or "") for s in data.SegmentSequence}
    shared = data.SharedFunctionalGroupsSequence[0]
    orientation = np.array(numbers_of(shared.PlaneOrientationSequence[0].ImageOrientationPatient, 6))
    measures = shared.PixelMeasuresSequence[0]
    rows, columns = numbers_of(measures.PixelSpacing, 2) or (0.0, 0.0)
    planes = [
        _Plane(
            int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber),
            np.array(numbers_of(group.PlanePositionSequence[0].ImagePositionPatient, 3)),
        )
        for group in data.PerFrameFunctionalGroupsSequence
    ]
    normal = np.cross(orientation[:3], orientation[3:])
    along = np.array([float(plane.position @ normal) for plane in planes])
    spacing = _plane_spacing(along, measures)
    index = np.rint((along - along.min()) / spacing).astype(int)
    if np.abs(along - along.min() - index * spacing).max() > 0.1 * spacing:
        raise ValueError("planes of a segmentation without an even distance")
    shape = (int(index.max()) + 1, int(data.Rows), int(data.Columns))
    if np.prod(shape, dtype=float) > MOST_VOXELS or len(planes) * shape[1] * shape[2] > MOST_VOXELS:
        issue = Issue("ct.too-large", path.name, f"{shape}", f"at most {MOST_VOXELS:,} voxels", "Crop it first.")
        raise InputError(issue)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = orientation[:3] * columns, orientation[3:] * rows
    affine[:3, 2] = normal * spacing
    affine[:3, 3] = planes[int(np.argmin(along))].position
    check_affine(affine, path.name)
    return _filled(data, planes, index, shape, (affine, names))


def _filled(
    data: Any,
    planes: list[_Plane],
    index: npt.NDArray[np.int64],
    shape: tuple[int, int, int],
    known: tuple[Matrix, Mapping[int, str]],
) -> StoredLabels:
    affine, names = known
    pixels = np.asarray(data.pixel_array).reshape(len(planes), shape[1], shape[2])
    limit = _HALF * float(data.get("MaximumFractionalValue", 1))
    layers: list[npt.NDArray[np.int32]] = []
    segments: list[Segment] = []
    for number in sorted({plane.segment for plane in planes}):
        mask = np.zeros(shape, dtype=bool)
        for frame, plane in enumerate(planes):
            if plane.segment == number:
                mask[index[frame]] |= pixels[frame] >= max(limit, _HALF)
        segments.append(Segment(names.get(number) or f"segment-{number}", number, _stack(layers, mask, number)))
    turned = [nearest_lps(layer, affine) for layer in layers]
    return StoredLabels(tuple(v for v, _ in turned), turned[0][1], tuple(segments), ())


def _plane_spacing(along: npt.NDArray[np.float64], measures: Any) -> float:
    stated = number_of(measures.get("SpacingBetweenSlices"))
    if stated is not None and stated > 0.0:
        return stated
    steps = np.diff(np.unique(np.round(along, 3)))
    if len(steps):
        return float(steps.min())
    thickness = number_of(measures.get("SliceThickness"))
    if thickness is None or thickness <= 0.0:
        raise ValueError("a segmentation of one plane without its thickness")
    return thickness
