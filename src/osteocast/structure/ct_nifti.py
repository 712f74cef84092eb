"""Values of a NIfTI file that are no numbers: the reading library makes zeros of them, which are water in HU."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from osteocast.foundation.errors import InputError, Issue

__all__ = ["check_finite_nifti"]

# NIfTI-1 header (nifti1.h): type of the values and where they begin.
_HEADER = 348
_TYPE_AT, _BEGIN_AT = 70, 108
_FLOATS = {16: "f4", 64: "f8"}
_PART = 1 << 22


def check_finite_nifti(path: Path) -> None:
    """Refuse a file with values that are no numbers (``ct.not-a-number``).

    Files of another kind than NIfTI-1 with plain values are left to their reader.
    """
    packed = path.name.casefold().endswith(".gz")
    with gzip.open(path) if packed else path.open("rb") as stream:
        head = stream.read(_HEADER)
        order = next((o for o in "<>" if head[:4] == struct.pack(f"{o}i", _HEADER)), None)
        if order is None or len(head) < _HEADER:
            return
        kind = _FLOATS.get(struct.unpack_from(f"{order}h", head, _TYPE_AT)[0])
        begin = struct.unpack_from(f"{order}f", head, _BEGIN_AT)[0]
        if kind is None or not _HEADER <= begin <= _PART:
            return
        stream.read(int(begin) - _HEADER)
        size, bad = np.dtype(kind).itemsize, 0
        while part := stream.read(_PART):
            values = np.frombuffer(part[: len(part) // size * size], np.dtype(order + kind))
            bad += int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        fix = "Replace them: in a CT with the value of air where they lie outside the field of view, in labels with 0."
        found = f"{bad:,} values that are no numbers"
        raise InputError(Issue("ct.not-a-number", path.name, found, "finite values", fix))
