"""Which parts of a voxel model are held, and which float free and are left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.boundary import Prescribed
from osteocast.structure.voxel_model import Floats, VoxelModel

RANK = 1e-9
"""Smallest eigenvalue, relative to the largest, of the rigid motions seen by the constraints of a part."""


class Held(NamedTuple):
    """Voxels to be solved, (nz, ny, nx), and the number of parts and voxels left out."""

    active: NDArray[np.bool_]
    left_out: tuple[int, int]


def held_parts(model: VoxelModel, constraints: Prescribed) -> Held:
    """Keep the parts (voxels joined by faces) whose rigid motions the constraints suppress.

    A small part that is not held is left out and counted; if the largest part is not held, the model is refused.
    """
    check(model, constraints)
    label, count = ndimage.label(model.modulus > 0, output=np.int32)
    size = np.bincount(label.ravel(), minlength=count + 1)
    size[0] = 0
    rank = _ranks(model, constraints, label, count)
    if rank[int(np.argmax(size))] < 6:
        raise InputError(_loose(int(rank[int(np.argmax(size))])))
    keep = rank == 6
    keep[0] = False
    out = ~keep
    out[0] = False
    active = keep[label] if out.any() else label > 0
    return Held(active, (int(out.sum()), int(size[out].sum())))


def check(model: VoxelModel, prescribed: Prescribed) -> None:
    """Refuse nodes outside the grid, unknown components and values that are not finite."""
    z, y, x = model.modulus.shape
    nodes = (z + 1) * (y + 1) * (x + 1)
    node, component, value = prescribed
    inside = (node >= 0) & (node < nodes) & (component >= 0) & (component <= 2) & np.isfinite(value)
    if not inside.all():
        k = int(np.argmin(inside))
        found = f"node {node[k]}, component {component[k]}, value {value[k]:g}"
        expected = f"nodes 0 to {nodes - 1}, components 0 to 2, finite values"
        raise InputError(Issue("strength.constraint", "constraints", found, expected, "Mend the boundary conditions."))


def _loose(rank: int) -> Issue:
    found = "no constraint" if rank == 0 else f"constraints against {rank} of 6 rigid motions"
    return Issue(
        "strength.rigid-motion",
        "constraints",
        f"{found} on the largest part of the model",
        "constraints that suppress all rigid motions",
        "Clamp a face, or hold enough nodes in all directions.",
    )


def _ranks(model: VoxelModel, constraints: Prescribed, label: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Return for each part how many of its six rigid motions the constraints suppress."""
    nz, ny, nx = model.modulus.shape
    z, rest = np.divmod(constraints.node, (ny + 1) * (nx + 1))
    y, x = np.divmod(rest, nx + 1)
    at = np.stack([x, y, z], 1) / max(nx, ny, nz)
    motion = _motions(at, constraints.component)
    gram = np.zeros((count + 1, 6, 6))
    for k in range(8):
        i, j, l = z - (k >> 2), y - (k >> 1 & 1), x - (k & 1)  # noqa: E741
        inside = (i >= 0) & (i < nz) & (j >= 0) & (j < ny) & (l >= 0) & (l < nx)
        part = np.zeros(z.size, np.int64)
        part[inside] = label[i[inside], j[inside], l[inside]]
        _add_products(gram, part, motion)
    rank = np.zeros(count + 1, np.int64)
    touched = np.flatnonzero(np.trace(gram, axis1=1, axis2=2) > 0)
    if touched.size:
        centred = gram[touched]
        values = np.linalg.eigvalsh(centred)
        rank[touched] = (values > RANK * values[:, -1:]).sum(1)
    return rank


def _motions(at: Floats, component: NDArray[np.int64]) -> Floats:
    """Return the component of the six rigid motions on each constraint, shape (constraints, 6)."""
    motion = np.zeros((component.size, 6))
    rows = np.arange(component.size)
    motion[rows, component] = 1
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        motion[:, 3 + axis] = np.where(component == second, at[:, first], 0) - np.where(
            component == first, at[:, second], 0
        )
    return motion


def _add_products(gram: Floats, part: NDArray[np.int64], motion: Floats) -> None:
    """Add the outer products of the motions to the sums of their parts."""
    order = np.argsort(part, kind="stable")
    ordered = part[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    if starts.size == 0:
        return
    rows = motion[order]
    for a in range(6):
        for b in range(6):
            gram[ordered[starts], a, b] += np.add.reduceat(rows[:, a] * rows[:, b], starts)
