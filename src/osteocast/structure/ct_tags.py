"""What is kept of a scan beside its voxels: the technique, and nothing that names a person or a place.

Reading is by an allow-list: no other tag becomes part of a header or a result. Dates, names, institutions, serial
numbers and comments are not on it; of identifiers only a hash is kept, which tells two series apart.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ALLOWED_TAGS", "PIXEL_TAGS", "Scanner", "hash_of", "number_of", "numbers_of", "read_scanner", "word_of"]

ALLOWED_TAGS = (
    "SOPClassUID",
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "ContrastBolusAgent",
    "SliceThickness",
    "KVP",
    "XRayTubeCurrent",
    "ConvolutionKernel",
    "PatientPosition",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
"""Keywords of the DICOM tags that are read."""

PIXEL_TAGS = (
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "PixelData",
)
"""What is read besides where pydicom decodes the pixels."""

_LONGEST = 40
_NO_AGENT = ("none", "no", "without", "ohne", "nein", "0", "n", "native", "nativ", "non")


@dataclass(frozen=True, slots=True)
class Scanner:
    """The technique of a scan; None where the file does not say.

    Attributes
    ----------
    kvp : float or None
        Tube voltage (kV).
    kernel : str or None
        Reconstruction kernel.
    slice_thickness_mm : float or None
    contrast : bool or None
        Whether a contrast agent is named; its name is not kept.
    manufacturer, model : str or None
    tube_current_ma : float or None
    """

    kvp: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    contrast: bool | None = None
    manufacturer: str | None = None
    model: str | None = None
    tube_current_ma: float | None = None


def read_scanner(header: Any) -> Scanner:
    """Return the technique stated in one header of pydicom."""
    agent = word_of(header.get("ContrastBolusAgent"))
    return Scanner(
        kvp=number_of(header.get("KVP")),
        kernel=word_of(header.get("ConvolutionKernel")),
        slice_thickness_mm=number_of(header.get("SliceThickness")),
        contrast=None if agent is None else agent.casefold() not in _NO_AGENT,
        manufacturer=word_of(header.get("Manufacturer")),
        model=word_of(header.get("ManufacturerModelName")),
        tube_current_ma=number_of(header.get("XRayTubeCurrent")),
    )


def hash_of(header: Any, *identifiers: str) -> str:
    """Return 12 hexadecimal digits that tell identifiers apart and cannot be turned back into them."""
    text = " ".join(str(header.get(keyword, "")) for keyword in identifiers)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def number_of(value: Any) -> float | None:
    """Return a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def numbers_of(value: Any, count: int) -> tuple[float, ...] | None:
    """Return exactly `count` finite numbers, or None."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != count:
        return None
    found = [number_of(one) for one in value]
    return None if None in found else tuple(one for one in found if one is not None)


def word_of(value: Any) -> str | None:
    """Return a short printable word of a text or of the first of several, or None."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if len(value) else None
    if value is None or isinstance(value, bytes):
        return None
    text = re.sub(r"\s+", " ", "".join(c for c in str(value) if c.isprintable())).strip()
    return text[:_LONGEST] or None
