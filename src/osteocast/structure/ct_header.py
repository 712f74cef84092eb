"""What can be wrong with an image file before its voxels are touched: name, size, header, length.

The readers behind are written in C++ and trust a header: they follow a file name in it to any place, take memory
for whatever size it states, and some fill what is missing with noise. So this is looked at first.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from pathlib import Path

from osteocast.foundation.errors import InputError, Issue

__all__ = [
    "FORMATS",
    "LONGEST_HEADER",
    "MOST_BYTES",
    "MOST_VOXELS",
    "check_data_file",
    "check_file",
    "check_length",
    "check_nrrd_header",
    "check_voxels",
    "format_of",
]

FORMATS = {
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".nhdr": "NrrdImageIO",
    ".mha": "",
    ".mhd": "",
}
"""Reader of SimpleITK by ending of the file name; MetaImage is read by `ct_meta`."""

MOST_BYTES = 4_000_000_000
"""Largest file or archive that is opened: a whole body at 0.5 mm has a third of it."""

MOST_VOXELS = 700_000_000
"""Most voxels of a volume: with 4 bytes each and one copy they take 6 GB of memory."""

LONGEST_HEADER = 65_536
"""Bytes in which a text header has to end."""

# Two bytes in the file, the same in the reader and in its copy, and four in single precision.
_BYTES_A_VOXEL = 8
_DEFLATE_RATIO = 1_100
_DATA_FILE = re.compile(r"^\s*data ?file\s*:\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


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
        raise _refuse(path, "file.missing", "no such file", "a file", "Check the spelling and the folder.") from None
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


def check_nrrd_header(path: Path) -> None:
    """Make sure that a NRRD header is one and keeps its voxels in itself or in one file beside it.

    Raises
    ------
    InputError
        ``ct.header`` or ``ct.data-file``
    """
    with path.open("rb") as stream:
        raw = stream.read(LONGEST_HEADER)
    if not raw.startswith(b"NRRD"):
        raise _refuse(path, "ct.header", "no NRRD header", "a file that begins with NRRD", "Export the image again.")
    end = re.search(rb"\r?\n\r?\n", raw)
    text = (raw[: end.start()] if end else raw).decode("latin-1")
    for name in _DATA_FILE.findall(text):
        check_data_file(path, name)


def check_data_file(path: Path, name: str) -> None:
    """Make sure that a file named in a header is one plain file in the same folder.

    Raises
    ------
    InputError
        ``ct.data-file``, or ``file.*`` of that file
    """
    if not re.fullmatch(r"[\w][\w .+-]*", name) or re.match(r"(?i)list\b", name):
        fix = "Join header and voxels in one .nrrd or .mha file."
        raise _refuse(path, "ct.data-file", repr(name[:60]), "the plain name of one file in the same folder", fix)
    check_file(path.parent / name)


def check_voxels(voxels: int, place: str, fix: str = "Crop it to the bone first.") -> None:
    """Make sure that a volume is no larger than is read and fits the memory of this machine, as far as it is told.

    Raises
    ------
    InputError
        ``ct.too-large``
    """
    if voxels > MOST_VOXELS:
        raise InputError(Issue("ct.too-large", place, f"{voxels:,} voxels", f"at most {MOST_VOXELS:,}", fix))
    have = memory_bytes()
    if have is not None and voxels * _BYTES_A_VOXEL > have:
        fix = "Crop it to the bone first, or use a machine with more memory."
        found = f"{voxels:,} voxels, which need {voxels * _BYTES_A_VOXEL / 1e9:.1f} GB"
        raise InputError(Issue("ct.too-large", place, found, f"at most the memory, {have / 1e9:.1f} GB", fix))


def memory_bytes() -> int | None:
    """Return the memory of this machine (bytes), or None where the system does not tell it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


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
    elif ending == ".nhdr":
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
