"""A NIfTI-1 file of one field: the same voxels and places always give the same bytes."""

from __future__ import annotations

import gzip
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["nifti_bytes"]

# NIfTI-1 header (nifti.nimh.nih.gov, nifti1.h): type codes, millimetres, "scanner" frame, magic of one file.
_TYPES = {"uint8": (2, 8), "float32": (16, 32)}
_MILLIMETRES = 2
_SCANNER = 1
_HEADER = "<i10s18sihcB8h3f4h8f3fhBB4f2i80s24s2h6f4f4f4f16s4s"
_OFFSET = 352.0
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def nifti_bytes(values: npt.NDArray[Any], affine: npt.NDArray[np.float64], about: str) -> bytes:
    """Return a compressed NIfTI-1 file (``.nii.gz``).

    Parameters
    ----------
    values : array of uint8 or float32, shape (z, y, x)
    affine : array, shape (4, 4)
        From voxel index x, y, z to patient place [mm, LPS]; written as RAS, the frame of NIfTI.
    about : str
        At most 79 characters, ASCII; no name of a person.
    """
    code, bits = _TYPES[values.dtype.name]
    ras = _LPS_TO_RAS @ affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    turn, sign = _quaternion(ras[:3, :3] / spacing)
    z, y, x = values.shape
    header = struct.pack(
        _HEADER,
        348, b"", b"", 0, 0, b"r", 0,
        3, x, y, z, 1, 1, 1, 1,
        0.0, 0.0, 0.0,
        0, code, bits, 0,
        sign, *spacing, 0.0, 0.0, 0.0, 0.0,
        _OFFSET, 1.0, 0.0,
        0, 0, _MILLIMETRES,
        0.0, 0.0, 0.0, 0.0,
        0, 0,
        about.encode("ascii", "replace")[:79], b"",
        _SCANNER, _SCANNER,
        *turn, *ras[:3, 3],
        *ras[0], *ras[1], *ras[2],
        b"", b"n+1\0",
    )  # fmt: skip
    body = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    return gzip.compress(header + b"\0\0\0\0" + body, compresslevel=6, mtime=0)


def _quaternion(turn: npt.NDArray[np.float64]) -> tuple[tuple[float, float, float], float]:
    """Return b, c, d of the unit quaternion of a rotation, and -1 where the third axis has to be turned round."""
    sign = 1.0 if np.linalg.det(turn) > 0.0 else -1.0
    r = turn * np.array([1.0, 1.0, sign])
    # The largest of the four components is found first: dividing by a small one would lose digits.
    squares = np.array(
        [
            1.0 + r[0, 0] + r[1, 1] + r[2, 2],
            1.0 + r[0, 0] - r[1, 1] - r[2, 2],
            1.0 - r[0, 0] + r[1, 1] - r[2, 2],
            1.0 - r[0, 0] - r[1, 1] + r[2, 2],
        ]
    )
    largest = int(squares.argmax())
    whole = np.array(
        [
            [squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], squares[1], r[1, 0] + r[0, 1], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[1, 0] + r[0, 1], squares[2], r[2, 1] + r[1, 2]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[2, 1] + r[1, 2], squares[3]],
        ]
    )[largest]
    unit = whole / np.linalg.norm(whole)
    b, c, d = (float(v) for v in (unit if unit[0] >= 0.0 else -unit)[1:])
    return (b, c, d), sign
