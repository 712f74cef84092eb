"""A folder of DICOM files to the slices of one CT series."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_libraries import pydicom
from osteocast.structure.ct_tags import ALLOWED_TAGS, Scanner, hash_of, number_of, numbers_of, read_scanner, word_of

__all__ = ["ENHANCED_CT", "Slice", "choose_series", "read_header", "slices_in"]

MOST_FILES = 20_000
"""Most files of a folder that are looked at."""

_SHORTEST_HASH = 6
# Cosines and spacings are written with few decimals, which may differ in the last one.
_COSINE_ERROR = 1e-3
_SPACING_ERROR_MM = 1e-4

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
"""SOP class of a CT that holds all its slices in one file."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is read of one file before its pixels.

    Attributes
    ----------
    path : Path
    series : str
        Hash of the series' identifier.
    series_number : int
    modality, sop_class : str
    localizer : bool
    shape : (int, int)
        Rows and columns.
    frames : int
    position_mm, orientation, pixel_spacing_mm : tuple of float or None
    rescale_type : str or None
    scaled : bool
        Whether slope and intercept of the values are stated and can be used.
    body : str
        Hash of study and frame of reference: places in two of them have nothing to do with each other.
    scanner : Scanner
    """

    path: Path
    series: str
    series_number: int
    modality: str
    sop_class: str
    localizer: bool
    shape: tuple[int, int]
    frames: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None
    rescale_type: str | None
    scaled: bool
    body: str
    scanner: Scanner


def slices_in(folder: Path) -> tuple[list[Slice], tuple[Issue, ...]]:
    """Read the headers of all CT slices below a folder.

    Returns
    -------
    (list of Slice, tuple of Issue)
        Slices without scouts, in the order of file names; a warning where files were left aside.

    Raises
    ------
    InputError
        ``ct.too-many-files`` or ``ct.not-a-ct``
    """
    files = _files_of(folder)
    headers = [(file, read_header(file)) for file in files]
    slices = [_slice_of(file, header) for file, header in headers if header is not None]
    kept = [s for s in slices if s.modality == "CT" and not s.localizer]
    if not kept:
        raise InputError(_not_a_ct(folder, files, slices))
    aside = len(files) - len(kept)
    if aside == 0:
        return kept, ()
    kinds = Counter("scout" if s.localizer else (s.modality or "unknown") for s in slices if s not in kept)
    kinds["not DICOM or broken"] = len(files) - len(slices)
    told = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()) if n)
    found = f"{aside} other files left aside ({told})"
    issue = Issue(
        "ct.files-aside", folder.name, found, "the slices of one CT", "Make sure that no slice is among them."
    )
    return kept, (issue,)


def _files_of(folder: Path) -> list[Path]:
    files: list[Path] = []
    for file in folder.rglob("*"):
        if os.path.isfile(file) and not file.name.startswith("."):  # noqa: PTH113 -- Path.is_file raises where it may not look
            files.append(file)
        if len(files) > MOST_FILES:
            fix = "Give the folder of the one series that is meant."
            issue = Issue("ct.too-many-files", folder.name, f"more than {MOST_FILES:,} files", "one series", fix)
            raise InputError(issue)
    return sorted(files)


def read_header(file: Path) -> Any:
    """Return the allowed tags of a DICOM file without its pixels, or None where it is none.

    A broken file makes the library raise almost any exception; such a file is none, and is counted as left aside.
    """
    library = pydicom()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = library.dcmread(str(file), stop_before_pixels=True, specific_tags=list(ALLOWED_TAGS))
            # Values are turned into numbers on first use; one that cannot be is found here.
            for keyword in ALLOWED_TAGS:
                header.get(keyword)
        except Exception:
            return None
    return header


def _slice_of(file: Path, header: Any) -> Slice:
    kinds = header.get("ImageType") or ()
    kinds = (kinds,) if isinstance(kinds, str) else tuple(str(k) for k in kinds)
    return Slice(
        path=file,
        series=hash_of(header, "SeriesInstanceUID"),
        series_number=int(number_of(header.get("SeriesNumber")) or 0),
        modality=word_of(header.get("Modality")) or "",
        sop_class=str(header.get("SOPClassUID", "")),
        localizer="LOCALIZER" in kinds,
        shape=(int(number_of(header.get("Rows")) or 0), int(number_of(header.get("Columns")) or 0)),
        frames=int(number_of(header.get("NumberOfFrames")) or 1),
        position_mm=numbers_of(header.get("ImagePositionPatient"), 3),
        orientation=numbers_of(header.get("ImageOrientationPatient"), 6),
        pixel_spacing_mm=numbers_of(header.get("PixelSpacing"), 2),
        rescale_type=word_of(header.get("RescaleType")),
        scaled=bool(number_of(header.get("RescaleSlope"))) and number_of(header.get("RescaleIntercept")) is not None,
        body=hash_of(header, "StudyInstanceUID", "FrameOfReferenceUID"),
        scanner=read_scanner(header),
    )


def _not_a_ct(folder: Path, files: list[Path], slices: list[Slice]) -> Issue:
    kinds = sorted({"scout of a CT" if s.localizer else s.modality or "no modality" for s in slices})
    found = f"{len(files)} files, {len(slices)} of them DICOM" + (f" ({', '.join(kinds)})" if kinds else "")
    return Issue("ct.not-a-ct", folder.name, found, "slices of modality CT", "Give the folder of a CT series.")


def choose_series(slices: Sequence[Slice], wanted: str | None, place: str) -> list[Slice]:
    """Return the slices of the one series, or of the one that was chosen.

    Parameters
    ----------
    slices : sequence of Slice
    wanted : str or None
        Number in the list that the message prints, or the beginning of a hash.
    place : str
        For messages.

    Raises
    ------
    InputError
        ``ct.series-several``, ``ct.series-unknown`` or ``ct.series-mixed``
    """
    groups: dict[tuple[int, str], list[Slice]] = {}
    for one in slices:
        groups.setdefault((one.series_number, one.series), []).append(one)
    listed = [groups[key] for key in sorted(groups)]
    table = "; ".join(f"{n} = {_described(group)}" for n, group in enumerate(listed, 1))
    if wanted is None:
        if len(listed) > 1:
            fix = "Choose one with --series and its number; series are never joined."
            raise InputError(Issue("ct.series-several", place, f"{len(listed)} series: {table}", "one series", fix))
        chosen = listed[0]
    else:
        text = wanted.strip().casefold()
        fits = [
            g for n, g in enumerate(listed, 1) if text == str(n) or (len(text) >= 6 and g[0].series.startswith(text))
        ]
        if len(fits) != 1:
            fix = "Give the number in this list."
            raise InputError(Issue("ct.series-unknown", place, repr(wanted[:20]), f"one of: {table}", fix))
        chosen = fits[0]
    _check_alike(chosen, place)
    return chosen


def _described(group: Sequence[Slice]) -> str:
    scanner = group[0].scanner
    parts = [
        f"{sum(s.frames for s in group)} slices",
        f"{scanner.slice_thickness_mm:g} mm" if scanner.slice_thickness_mm else "",
        scanner.kernel or "",
        f"{scanner.kvp:g} kV" if scanner.kvp else "",
        f"series {group[0].series}",
    ]
    return ", ".join(part for part in parts if part)


def _alike(values: tuple[float, ...] | None, others: tuple[float, ...] | None, tolerance: float) -> bool:
    pairs = zip(values or (), others or (), strict=False)
    return len(values or ()) == len(others or ()) and all(abs(a - b) <= tolerance for a, b in pairs)


def _check_alike(group: Sequence[Slice], place: str) -> None:
    first = group[0]
    views: dict[str, set[object]] = {
        "size": {s.shape for s in group},
        "orientation": {_alike(s.orientation, first.orientation, _COSINE_ERROR) for s in group},
        "pixel spacing": {_alike(s.pixel_spacing_mm, first.pixel_spacing_mm, _SPACING_ERROR_MM) for s in group},
        "kernel": {s.scanner.kernel for s in group},
        "tube voltage": {s.scanner.kvp for s in group},
        "scale of values": {(s.rescale_type, s.scaled) for s in group},
        "study or frame of reference": {s.body for s in group},
    }
    differ = [name for name, values in views.items() if len(values) > 1]
    if differ:
        fix = "Separate the two series that share one identifier."
        found = f"slices of different {', '.join(differ)}"
        raise InputError(Issue("ct.series-mixed", place, found, "slices of one kind", fix))
    if len(group) > 1 and any(s.frames > 1 for s in group):
        found = f"{len(group)} files of several slices each"
        raise InputError(Issue("ct.series-mixed", place, found, "one such file", "Give one of the files."))
    if first.frames == 1 and (first.orientation is None or first.pixel_spacing_mm is None or first.shape[0] < 1):
        fix = "Export the series again from the scanner's archive, not from a film viewer."
        raise InputError(Issue("ct.geometry", place, "no orientation or pixel spacing", "both, in every slice", fix))
