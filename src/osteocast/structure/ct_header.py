"""What can be wrong with an image file before its voxels are touched: name, size, header, length.

The readers behind are written in C++ and trust a header: they follow a file name in it to any place, take memory
for whatever size it states, and some fill what is missing with noise. So this is looked at first.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from osteocast.foundation.errors import InputError, Issue

__all__ = ["FORMATS", "MOST_BYTES", "MOST_VOXELS", "check_file", "check_length", "check_text_header", "format_of"]

FORMATS = {
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".nhdr": "NrrdImageIO",
    ".mha": "MetaImageIO",
    ".mhd": "MetaImageIO",
}
"""Reader by ending of the file name."""

MOST_BYTES = 4_000_000_000
"""Largest file or archive that is opened: a whole body at 0.5 mm has a third of it."""

MOST_VOXELS = 700_000_000
"""Most voxels of a volume: with 4 bytes each and one copy they take 6 GB of memory."""

_LONGEST_HEADER = 65_536
_DEFLATE_RATIO = 1_100
_DATA_FILE = re.compile(r"^\s*(?:elementdatafile\s*=|data ?file\s*:)\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


def format_of(path: Path) -> str | None:
    """Return the ending by which a file is read, or None."""
    name = path.name.casefold()
    return next((end for end in sorted(FORMATS, key=len, reverse=True) if name.endswith(end)), None)


def check_file(path: Path) -> int:
    """Return the size of a regular file (bytes).

    Raises
    ------
    InputError
        ``file.missing``, ``file.special``, ``file.empty``, ``file.too-large``, ``file.permission`` or
        ``file.unreadable``.
    """
    try:
        if path.exists() and not path.is_file():
            raise _refuse(path, "file.special", "a folder, device or pipe", "a file", "Name a regular file.")
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.read(1)
    except FileNotFoundError:
        raise _refuse(path, "file.missing", "no such file", "a CT", "Check the spelling and the folder.") from None
    except PermissionError:
        fix = "Give yourself the right to read it."
        raise _refuse(path, "file.permission", "no right to read it", "a readable file", fix) from None
    except (OSError, ValueError) as error:
        raise _refuse(path, "file.unreadable", str(error), "a readable file", "Check the name and disk.") from None
    if size == 0:
        raise _refuse(path, "file.empty", "an empty file", "an image", "Copy or export it again.")
    if size > MOST_BYTES:
        fix = "Crop it to the bone first, or give the one series that is meant."
        raise _refuse(path, "file.too-large", f"{size:,} bytes", f"at most {MOST_BYTES:,} bytes", fix)
    return size


def check_text_header(path: Path) -> None:
    """Make sure that a NRRD or MetaImage header keeps its voxels in itself or in one file beside it.

    Raises
    ------
    InputError
        ``ct.header`` or ``ct.data-file``
    """
    with path.open("rb") as stream:
        raw = stream.read(_LONGEST_HEADER)
    text = _header_text(raw, path)
    named = _DATA_FILE.findall(text)
    if format_of(path) in (".mha", ".mhd") and len(named) != 1:
        fix = "Export the image again."
        raise _refuse(path, "ct.header", f"{len(named)} ElementDataFile lines", "exactly one", fix)
    for name in named:
        if name.casefold() == "local":
            continue
        plain = bool(re.fullmatch(r"[\w][\w .+-]*", name)) and not re.match(r"(?i)list\b|.*%", name)
        if not plain:
            fix = "Join header and voxels in one .nrrd or .mha file."
            raise _refuse(path, "ct.data-file", repr(name[:60]), "the plain name of one file in the same folder", fix)
        check_file(path.parent / name)


def _header_text(raw: bytes, path: Path) -> str:
    is_nrrd = format_of(path) in (".nrrd", ".nhdr")
    if is_nrrd and not raw.startswith(b"NRRD"):
        raise _refuse(path, "ct.header", "no NRRD header", "a file that begins with NRRD", "Export the image again.")
    if is_nrrd:
        end = re.search(rb"\r?\n\r?\n", raw)
        raw = raw[: end.start()] if end else raw
    else:
        end = re.search(rb"ElementDataFile\s*=[^\n]*\n", raw, re.IGNORECASE)
        raw = raw[: end.end()] if end else raw
    return raw.decode("latin-1")


def check_length(path: Path, needed: int) -> None:
    """Make sure that a file can hold the voxels its header states.

    Parameters
    ----------
    path : Path
    needed : int
        Bytes of header and voxels, uncompressed.

    Raises
    ------
    InputError
        ``ct.truncated``: a file cut short is otherwise read with noise in place of what is missing.
    """
    ending = format_of(path)
    have = path.stat().st_size
    if ending == ".nii":
        short = have < needed
    elif ending == ".nii.gz":
        short = have * _DEFLATE_RATIO < needed or not _unpacks_to(path, needed)
    elif ending in (".mhd", ".nhdr"):
        short = False
    else:
        short = have * _DEFLATE_RATIO < needed
    if short:
        fix = "Copy or export the file again; the end is missing."
        raise _refuse(path, "ct.truncated", "fewer voxels than the header states", f"{needed:,} bytes", fix)


def _unpacks_to(path: Path, needed: int) -> bool:
    done = 0
    try:
        with gzip.open(path, "rb") as stream:
            while done < needed and (part := stream.read(1 << 20)):
                done += len(part)
    except (OSError, EOFError, zlib.error):
        return False
    return done >= needed


def _refuse(path: Path, code: str, found: str, expected: str, fix: str) -> InputError:
    return InputError(Issue(code, path.name, found, expected, fix))
