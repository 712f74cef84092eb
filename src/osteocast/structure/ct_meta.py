"""MetaImage (.mha, .mhd) to voxels and places.

Read here and not by SimpleITK, whose reader of this format ends the whole program on a header such as ``NDims = -3``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_header import LONGEST_HEADER, check_data_file, check_voxels
from osteocast.structure.volume import Matrix

__all__ = ["read_meta"]

_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_TRUE = ("true", "1")
_PART = 1 << 24


def read_meta(path: Path) -> tuple[npt.NDArray[Any], Matrix]:
    """Return values (z, y, x) as stored and the LPS affine of a MetaImage file.

    Raises
    ------
    InputError
        ``ct.header``, ``ct.data-file``, ``ct.shape``, ``ct.too-large``, ``ct.truncated``
    """
    with path.open("rb") as stream:
        raw = stream.read(LONGEST_HEADER)
    last = re.search(rb"(?m)^\s*ElementDataFile\s*=([^\n]*)(\n|\Z)", raw)
    if last is None:
        raise _broken(path, "no ElementDataFile line", "a MetaImage header")
    lines = raw[: last.end()].decode("latin-1").splitlines()
    keys = {k.strip().casefold(): v.strip() for k, _, v in (line.partition("=") for line in lines)}
    name = last[1].decode("latin-1").strip()
    shape = _shape(keys, path)
    kind = np.dtype(_TYPES.get(keys.get("elementtype", ""), "V"))
    if kind.kind == "V":
        raise _broken(path, f"ElementType {keys.get('elementtype', 'missing')[:30]}", "one of " + ", ".join(_TYPES))
    swapped = keys.get("binarydatabyteordermsb", keys.get("elementbyteordermsb", "false")).casefold() in _TRUE
    kind = kind.newbyteorder(">" if swapped else "<")
    needed = int(np.prod(shape)) * kind.itemsize
    data = _bytes(path, name, (last.end(), needed), keys)
    affine = np.eye(4)
    direction = _numbers(keys, ("transformmatrix", "rotation", "orientation"), 9, path) or np.eye(3).ravel().tolist()
    spacing = _numbers(keys, ("elementspacing", "elementsize"), 3, path) or [1.0, 1.0, 1.0]
    # Each row of the file is the direction of one axis of the image.
    affine[:3, :3] = np.reshape(direction, (3, 3)).T * np.asarray(spacing)
    affine[:3, 3] = _numbers(keys, ("offset", "position", "origin"), 3, path) or [0.0, 0.0, 0.0]
    values = np.frombuffer(data, dtype=kind).reshape(shape)
    return values.astype(kind.newbyteorder("="), copy=False), affine


def _shape(keys: Mapping[str, str], path: Path) -> tuple[int, int, int]:
    if keys.get("ndims") != "3" or keys.get("elementnumberofchannels", "1") != "1":
        found = (
            f"{keys.get('ndims', '?')[:9]} dimensions, {keys.get('elementnumberofchannels', '1')[:9]} values a voxel"
        )
        fix = "Give one volume of one phase; pictures in colour and films hold no CT numbers."
        raise InputError(Issue("ct.shape", path.name, found, "three dimensions, one number a voxel", fix))
    size = [int(n) for n in _numbers(keys, ("dimsize",), 3, path) or [0, 0, 0]]
    if min(size) < 1:
        raise _broken(path, f"DimSize {keys.get('dimsize', 'missing')[:40]}", "three whole numbers")
    check_voxels(size[0] * size[1] * size[2], path.name)
    return size[2], size[1], size[0]


def _numbers(keys: Mapping[str, str], names: tuple[str, ...], count: int, path: Path) -> list[float] | None:
    text = next((keys[name] for name in names if name in keys), None)
    if text is None:
        return None
    try:
        found = [float(word) for word in text.split()]
    except ValueError:
        found = []
    if len(found) != count or not np.isfinite(found).all():
        raise _broken(path, f"{names[0]} = {text[:40]}", f"{count} numbers")
    return found


def _bytes(path: Path, name: str, where: tuple[int, int], keys: Mapping[str, str]) -> bytes:
    begin, needed = where
    local = name.casefold() == "local"
    if not local:
        check_data_file(path, name)
    if keys.get("binarydata", "true").casefold() not in _TRUE:
        raise _broken(path, "voxels written as text", "BinaryData = True")
    skip = keys.get("headersize", "0")
    if not re.fullmatch(r"-1|\d{1,12}", skip):
        raise _broken(path, f"HeaderSize {skip[:20]}", "a number of bytes")
    source = path if local else path.parent / name
    size = source.stat().st_size
    begin = (begin if local else 0) + max(int(skip), 0)
    packed = keys.get("compresseddata", "false").casefold() in _TRUE
    if skip == "-1" and not packed:
        begin = max(size - needed, 0)
    with source.open("rb") as stream:
        stream.seek(begin)
        data = _unpacked(stream, needed) if packed else stream.read(needed)
    if len(data) < needed:
        fix = "Copy or export the file again; the end is missing."
        found = "fewer voxels than the header states"
        raise InputError(Issue("ct.truncated", path.name, found, f"{needed:,} bytes", fix))
    return data


def _unpacked(stream: Any, needed: int) -> bytes:
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    parts: list[bytes] = []
    left = needed
    try:
        while left > 0 and (raw := engine.unconsumed_tail or stream.read(_PART)):
            part = engine.decompress(raw, left)
            left -= len(part)
            parts.append(part)
            if engine.eof:
                break
    except zlib.error:
        return b""
    return b"".join(parts)


def _broken(path: Path, found: str, expected: str) -> InputError:
    return InputError(Issue("ct.header", path.name, found, expected, "Export the image again."))
