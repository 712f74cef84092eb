"""One image file (NIfTI, NRRD, MetaImage) to voxels and their place in the patient."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_header import (
    FORMATS,
    check_file,
    check_length,
    check_nrrd_header,
    check_voxels,
    format_of,
)
from osteocast.structure.ct_libraries import simpleitk
from osteocast.structure.ct_meta import read_meta
from osteocast.structure.ct_nifti import check_finite_nifti
from osteocast.structure.volume import Matrix, check_affine, nearest_lps

__all__ = ["Image", "read_image", "with_reader"]

T = TypeVar("T")

# What else stands in a header may name a person: it is not read.
_KEPT_NOTES = re.compile(r"[qs]form_code|NRRD_space|Segment\d{1,4}_(Name|LabelValue|Layer)")
# Addresses in memory and the folders of a file, which may be called after a person.
_NOT_SHOWN = re.compile(r"\(0x[0-9a-f]+\)|(?<!\S)\S*[/\\](?=\S)")
_SIZE_ERROR = 0.01


class Image(NamedTuple):
    """Voxels as stored, on the axes nearest to left, back and head.

    Attributes
    ----------
    values : array, shape (z, y, x) or (z, y, x, layer)
    affine : array, shape (4, 4)
        As in `Volume`.
    notes : mapping
        Texts of the header that say how the axes lie and how segments are called; no others are read.
    warnings : tuple of Issue
    """

    values: npt.NDArray[Any]
    affine: Matrix
    notes: Mapping[str, str]
    warnings: tuple[Issue, ...]


def read_image(path: Path, layers: bool = False) -> Image:
    """Read one image file.

    Parameters
    ----------
    path : Path
    layers : bool
        Whether several values a voxel are allowed, as overlapping segments of Slicer have.

    Raises
    ------
    InputError
        ``file.*``, ``ct.format``, ``ct.header``, ``ct.data-file``, ``ct.truncated``, ``ct.too-large``, ``ct.shape``,
        ``ct.geometry``
    """
    check_file(path)
    ending = format_of(path)
    if ending is None:
        expected = "a DICOM folder, a .zip of it, or a file ending in " + ", ".join(FORMATS)
        raise InputError(Issue("ct.format", path.name, path.suffix or "no ending", expected, "Convert it first."))
    if ending in (".mha", ".mhd"):
        values, affine = with_reader(path.name, partial(read_meta, path))
        check_affine(affine, path.name)
        return Image(*nearest_lps(values, affine), {}, ())
    if not ending.startswith(".nii"):
        check_nrrd_header(path)
    itk = simpleitk()
    reader = itk.ImageFileReader()
    reader.SetImageIO(FORMATS[ending])
    reader.SetFileName(str(path))
    with_reader(path.name, reader.ReadImageInformation)
    _check_header(reader, path, layers)
    if ending.startswith(".nii"):
        with_reader(path.name, partial(_check_nifti_sizes, reader, path))
        with_reader(path.name, partial(check_finite_nifti, path))
    image = with_reader(path.name, reader.Execute)
    values = with_reader(path.name, lambda: itk.GetArrayFromImage(image))
    keys = [key for key in with_reader(path.name, image.GetMetaDataKeys) if _KEPT_NOTES.fullmatch(key)]
    notes = {key: with_reader(path.name, partial(image.GetMetaData, key)) for key in keys}
    affine = affine_of(image.GetDirection()[:], image.GetSpacing()[:], image.GetOrigin()[:])
    check_affine(affine, path.name)
    if layers and values.ndim == 4:
        turned = [nearest_lps(values[..., one], affine) for one in range(values.shape[-1])]
        return Image(np.stack([v for v, _ in turned], axis=-1), turned[0][1], notes, _warnings(notes, path))
    values, affine = nearest_lps(values, affine)
    return Image(values, affine, notes, _warnings(notes, path))


def affine_of(direction: tuple[float, ...], spacing: tuple[float, ...], origin: tuple[float, ...]) -> Matrix:
    """Return the affine of direction cosines (row by row), spacing and origin in LPS."""
    affine = np.eye(4)
    size = round(len(direction) ** 0.5)
    affine[:3, :3] = np.reshape(direction, (size, size))[:3, :3] * np.asarray(spacing[:3])
    affine[:3, 3] = origin[:3]
    return affine


def with_reader(place: str, work: Callable[[], T]) -> T:
    """Call a reading library; whatever it raises becomes ``ct.unreadable``.

    A broken header makes these libraries raise almost any exception, so no list of them would be complete.
    """
    try:
        return work()
    except InputError:
        raise
    except MemoryError:
        fix = "Crop it to the bone first, or use a machine with more memory."
        raise InputError(Issue("ct.too-large", place, "more than the memory", "a smaller image", fix)) from None
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        found = _NOT_SHOWN.sub("", lines[-1])[-160:] if lines else type(error).__name__
        fix = "Export the image again, with right-angled axes."
        raise InputError(Issue("ct.unreadable", place, found, "a readable image", fix)) from None


def _check_header(reader: Any, path: Path, layers: bool) -> None:
    size = reader.GetSize()
    components = reader.GetNumberOfComponents()
    if len(size) < 3 or any(n > 1 for n in size[3:]) or (components != 1 and not layers):
        found = " x ".join(str(n) for n in size) + (f" with {components} values a voxel" if components != 1 else "")
        fix = "Give one volume of one phase; pictures in colour and films hold no CT numbers."
        raise InputError(Issue("ct.shape", path.name, found, "three dimensions, one number a voxel", fix))
    voxels = components
    for n in size:
        voxels *= n
    check_voxels(voxels, path.name)
    # NIfTI says where its voxels begin; the text headers of the others are short and counted by their own readers.
    offset = reader.GetMetaData("vox_offset") if reader.HasMetaDataKey("vox_offset") else "0"
    check_length(path, voxels * _bytes_a_voxel(reader) + int(max(float(offset), 0.0)))


def _check_nifti_sizes(reader: Any, path: Path) -> None:
    """Refuse a NIfTI header that states two sizes of voxel: one reader takes this, another that."""
    if reader.GetMetaData("sform_code") == "0":
        return
    rows = [[float(word) for word in reader.GetMetaData(f"srow_{axis}").split()[:3]] for axis in "xyz"]
    placed = np.linalg.norm(rows, axis=0)
    stated = np.array([float(reader.GetMetaData(f"pixdim[{axis}]")) for axis in (1, 2, 3)])
    if np.allclose(stated, placed, rtol=_SIZE_ERROR):
        return
    sizes = (" x ".join(f"{one:.3g}" for one in size) + " mm" for size in (stated, placed))
    fix = "Convert the series again from DICOM, so that both state the same."
    found = "voxels of {} in pixdim and of {} in sform".format(*sizes)
    raise InputError(Issue("ct.geometry", path.name, found, "one size of voxel", fix))


def _bytes_a_voxel(reader: Any) -> int:
    # Where NIfTI states a scale, ITK names the type after scaling; the stored one is in the header.
    if reader.HasMetaDataKey("bitpix"):
        return max(int(reader.GetMetaData("bitpix")), 8) // 8
    name = simpleitk().GetPixelIDValueAsString(reader.GetPixelID())
    bits = next((n for n in (8, 16, 32, 64) if f"{n}-bit" in name), 8)
    return bits // 8


def _warnings(notes: Mapping[str, str], path: Path) -> tuple[Issue, ...]:
    ending = format_of(path) or ""
    nifti = ending.startswith(".nii") and notes.get("qform_code") == "0" and notes.get("sform_code") == "0"
    nrrd = ending in (".nrrd", ".nhdr") and "NRRD_space" not in notes
    if not (nifti or nrrd):
        return ()
    fix = "Check left and right, head and feet in the overlay picture."
    found = "a header that does not say how the patient lies"
    return (Issue("ct.orientation-unknown", path.name, found, "axes related to the patient", fix),)
