"""Constraints and forces on nodes of the voxel grid."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.structure.voxel_model import Floats, Integers, VoxelModel

Axis = Literal["x", "y", "z"]


class Prescribed(NamedTuple):
    """Values on single degrees of freedom: displacement [mm] of a constraint, or force [N] of a load.

    Attributes
    ----------
    node
        Flat index in the grid of (nz + 1, ny + 1, nx + 1) nodes.
    component
        0, 1, 2 for x, y, z.
    value
    """

    node: Integers
    component: Integers
    value: Floats


def node_shape(model: VoxelModel) -> tuple[int, int, int]:
    """Return the number of nodes along z, y, x."""
    z, y, x = model.modulus.shape
    return z + 1, y + 1, x + 1


def on_nodes(node: NDArray[np.int64], components: str, value: tuple[float, ...]) -> Prescribed:
    """Prescribe `value` for each of `components` (``"xyz"``, ``"z"``) on every one of `node`."""
    parts = [
        Prescribed(node, np.full(node.size, "xyz".index(c)), np.full(node.size, float(v)))
        for c, v in zip(components, value, strict=True)
    ]
    return join(*parts)


def face(model: VoxelModel, axis: Axis, side: int) -> Integers:
    """Return the nodes of the low (0) or high (1) face of the grid; nodes without material do no harm."""
    shape = node_shape(model)
    index = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    return np.ascontiguousarray(index.take(-1 if side else 0, axis="zyx".index(axis)).ravel())


def clamp_face(
    model: VoxelModel, axis: Axis, side: int, value: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Prescribed:
    """Prescribe all three components on a face of the grid [mm]."""
    return on_nodes(face(model, axis, side), "xyz", value)


def slide_face(model: VoxelModel, axis: Axis, side: int, value: float = 0.0) -> Prescribed:
    """Prescribe only the component along `axis` on a face of the grid [mm]."""
    return on_nodes(face(model, axis, side), axis, (value,))


def join(*parts: Prescribed) -> Prescribed:
    """Put several sets together; where two prescribe the same degree of freedom, the later one holds."""
    node, component, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    key = 3 * node.astype(np.int64) + component
    _, last = np.unique(key[::-1], return_index=True)
    kept = np.sort(key.size - 1 - last)
    return Prescribed(node[kept], component[kept], value[kept])
