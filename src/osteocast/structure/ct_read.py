"""Any CT a person may have on disk to one `Scan`: a DICOM folder, a .zip, NIfTI, NRRD or MetaImage."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_archive import unpacked
from osteocast.structure.ct_dicom import read_series
from osteocast.structure.ct_file import read_image
from osteocast.structure.ct_header import check_file, format_of
from osteocast.structure.ct_series import read_header
from osteocast.structure.ct_tags import Scanner, hash_of
from osteocast.structure.volume import Volume, parse_unit

__all__ = ["Scan", "read_ct"]

# What DICOM (PS3.3, CT Image Module) calls Hounsfield units; where the tag is absent, values of a CT are HU.
_HOUNSFIELD = "HU"
_PICTURE_GREYS = 255
_DENSEST_AIR = -900.0


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A CT as read: voxels, technique and warnings, and nothing that names a person.

    Attributes
    ----------
    volume : Volume
        Axes nearest to left, back and head.
    scanner : Scanner
    kind : str
        "DICOM", "NIfTI", "NRRD" or "MetaImage".
    sha256 : str
        Of voxels, places and unit: the identity of what was computed with.
    series : str
        Hash of the DICOM series' identifier, or empty.
    warnings : tuple of Issue
        To be shown; the computation can go on.
    """

    volume: Volume
    scanner: Scanner
    kind: str
    sha256: str
    series: str = ""
    warnings: tuple[Issue, ...] = field(default=())


def read_ct(path: str | Path, unit: str | None = None, series: str | None = None) -> Scan:
    """Read a CT.

    Parameters
    ----------
    path : str or Path
        A folder of DICOM files, one of them (its series is read), a .zip, or a NIfTI, NRRD or MetaImage file.
    unit : str, optional
        A key of `UNITS`. Compulsory except for DICOM, whose values of modality CT are HU unless it says otherwise.
    series : str, optional
        Which one of several DICOM series: its number in the list that the error shows, or its hash.

    Raises
    ------
    InputError
        ``file.*`` or ``ct.*``, each described in ``docs/errors.md``.
    """
    path = Path(path)
    if not os.path.isdir(path):  # noqa: PTH112 -- Path.is_dir raises for names too long
        check_file(path)
        if path.suffix.casefold() == ".zip":
            with unpacked(path) as inside:
                return read_ct(inside, unit, series)
        if format_of(path) is not None:
            return _from_file(path, unit)
        header = read_header(path)
        if header is None:
            read_image(path)  # says which formats there are
        path, series = path.parent, series or hash_of(header, "SeriesInstanceUID")
    return _from_series(path, unit, series)


def _from_file(path: Path, unit: str | None) -> Scan:
    tag = parse_unit(unit, path.name)
    image = read_image(path)
    kind = {".n": "NRRD", ".m": "MetaImage"}[(format_of(path) or "")[:2]]
    kind = "NIfTI" if ".nii" in path.name.casefold() else kind
    return _scan(Volume(_floats(image.values), image.affine, tag), Scanner(), kind, "", image.warnings)


def _from_series(folder: Path, unit: str | None, wanted: str | None) -> Scan:
    given = None if unit is None else parse_unit(unit, folder.name)
    series = read_series(folder, wanted)
    stated = "HU" if series.rescale_type is None or series.rescale_type.upper() == _HOUNSFIELD else None
    if stated is None and given is None:
        fix = "Say what they are with --unit."
        found = f"values the file calls {series.rescale_type!r}"
        raise InputError(Issue("ct.unit-missing", folder.name, found, "a known unit", fix))
    if series.rescale_type is not None and stated and given not in (None, stated):
        fix = "Leave --unit away, or give the calibrated series."
        raise InputError(Issue("ct.unit-contradicts", folder.name, f"--unit {given}", "HU, as the file says", fix))
    volume = Volume(series.values, series.affine, given or stated or "")
    return _scan(volume, series.scanner, "DICOM", series.identity, series.warnings)


def _floats(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def _scan(volume: Volume, scanner: Scanner, kind: str, series: str, warnings: tuple[Issue, ...]) -> Scan:
    volume = Volume(np.ascontiguousarray(volume.values), volume.affine, volume.unit)
    digest = hashlib.sha256(f"{volume.unit} {volume.shape_zyx}".encode())
    digest.update(np.round(volume.affine, 6).tobytes())
    digest.update(volume.values.data)
    warned = (*warnings, *_doubts_about_unit(volume))
    return Scan(volume, scanner, kind, digest.hexdigest(), series, warned)


def _doubts_about_unit(volume: Volume) -> tuple[Issue, ...]:
    """Refuse what is certainly no CT number, and warn of what probably is none."""
    low, high = float(volume.values.min()), float(volume.values.max())
    found = f"values from {low:g} to {high:g}"
    if low == high:
        fix = "Export it again; this image is empty."
        raise InputError(Issue("ct.constant", "volume", f"{low:g} everywhere", "an image", fix))
    if volume.unit == "HU" and low >= 0.0:
        fix = "Give the CT numbers themselves, not a picture or a mask made from them."
        if high <= _PICTURE_GREYS:
            raise InputError(Issue("ct.not-hounsfield", "volume", found, "HU: air is -1000, fat -100", fix))
        return (Issue("ct.unit-doubtful", "volume", found, "HU: air is -1000, fat -100", fix),)
    if volume.unit not in ("HU", "native") and low < _DENSEST_AIR:
        fix = "If these are CT numbers, give --unit HU and calibrate them."
        return (Issue("ct.unit-doubtful", "volume", found, "densities, which for air lie near -800", fix),)
    return ()
