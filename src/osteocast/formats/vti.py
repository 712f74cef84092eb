"""A VTK image (``.vti``) of several fields on one grid, for ParaView and 3D Slicer."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["vti_bytes"]

_BLOCK = 32_768
_TYPES = {"uint8": "UInt8", "float32": "Float32"}


def vti_bytes(fields: Mapping[str, npt.NDArray[Any]], affine: npt.NDArray[np.float64], about: str) -> bytes:
    """Return a VTK XML image with the fields at the centres of the voxels as point data.

    Parameters
    ----------
    fields : mapping of str to array of uint8 or float32, shape (z, y, x)
        All of one shape.
    affine : array, shape (4, 4)
        From voxel index x, y, z to patient place [mm, LPS]; written as it is, since VTK has no frame of its own.
    about : str
        Comment at the head; no name of a person.
    """
    z, y, x = next(iter(fields.values())).shape
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    turn = affine[:3, :3] / spacing
    extent = f"0 {x - 1} 0 {y - 1} 0 {z - 1}"
    places = f'Origin="{_numbers(affine[:3, 3])}" Spacing="{_numbers(spacing)}" Direction="{_numbers(turn.ravel())}"'
    parts = [
        '<?xml version="1.0"?>',
        f"<!-- {about.replace('--', '- -')}; millimetres, LPS (x to the left, y to the back, z to the head) -->",
        '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        'compressor="vtkZLibDataCompressor">',
        f'<ImageData WholeExtent="{extent}" {places}>',
        f'<Piece Extent="{extent}"><PointData Scalars="{next(iter(fields))}">',
    ]
    for name, values in fields.items():
        kind = _TYPES[values.dtype.name]
        parts.append(f'<DataArray type="{kind}" Name="{name}" format="binary">{_packed(values)}</DataArray>')
    parts += ["</PointData></Piece>", "</ImageData>", "</VTKFile>", ""]
    return "\n".join(parts).encode("ascii")


def _numbers(values: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{v:.9g}" for v in values + 0.0)


def _packed(values: npt.NDArray[Any]) -> str:
    """Return the bytes in compressed blocks, head and blocks in base64 each, as VTK's XML format has it."""
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    blocks = [zlib.compress(raw[i : i + _BLOCK], 6) for i in range(0, len(raw), _BLOCK)]
    head = struct.pack(f"<{3 + len(blocks)}Q", len(blocks), _BLOCK, len(raw) % _BLOCK, *map(len, blocks))
    return (base64.b64encode(head) + base64.b64encode(b"".join(blocks))).decode("ascii")
