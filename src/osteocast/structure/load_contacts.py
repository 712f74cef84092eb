"""Where a load touches a bone: caps of cement, surfaces, and what is prescribed on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.boundary import Prescribed, join, on_nodes
from osteocast.structure.load_data import Cap, Contact
from osteocast.structure.loaded import CAP, Mask
from osteocast.structure.turning import Turned
from osteocast.structure.voxel_model import Integers, Spacing

__all__ = ["Touched", "prepare", "prescribe"]

_FEWEST_COLUMNS = 10
_LEVELS = {"upper": (1,), "lower": (0,), "inside": (0, 1)}


class Touched(NamedTuple):
    """A bone on the grid of its load with its caps, and the nodes of each contact.

    Attributes
    ----------
    part : array of uint8, shape (z, y, x)
        As `LoadedBone.part`.
    low : int
        Layers added below the bone; `part` has more layers than the grid of the bone.
    nodes : tuple of array of int
        Flat indices of the nodes of each contact, in the order of the contacts.
    level : tuple of float
        Mean height of the nodes of each contact above the lowest layer [layers].
    """

    part: npt.NDArray[np.uint8]
    low: int
    nodes: tuple[Integers, ...]
    level: tuple[float, ...]


def prepare(bone: Turned, contacts: Sequence[Contact], cap: Cap, spacing: Spacing) -> Touched:
    """Put caps on a bone and find the nodes of its contacts.

    Raises
    ------
    InputError
        ``load.part``: a part that the bone does not have, or too small a contact.
    """
    height = spacing[2]
    plate = max(1, round((cap.thickness_mm - cap.intrusion_mm) / height))
    depth = max(1, round(cap.intrusion_mm / height))
    low, high = (plate if any(c.cap and c.side == side for c in contacts) else 0 for side in ("lower", "upper"))
    part = np.pad((bone.bone.astype(np.uint8) + (bone.lesion & bone.bone)), ((low, high), (0, 0), (0, 0)))
    nodes = []
    for contact in contacts:
        on = np.pad(_part(bone, contact), ((low, high), (0, 0), (0, 0)))
        layer = on if contact.side == "inside" else _surface(part, on, contact, (depth, plate))
        if (columns := int(layer.any(axis=0).sum())) < _FEWEST_COLUMNS:
            found = f"{columns} columns of voxels on the {contact.side} side of '{contact.on}'"
            fix = "Choose smaller voxels or check the label."
            raise InputError(Issue("load.part", contact.on, found, f"at least {_FEWEST_COLUMNS}", fix))
        nodes.append(_corners(layer, _LEVELS[contact.side]))
    per_layer = (part.shape[1] + 1) * (part.shape[2] + 1)
    return Touched(part, low, tuple(nodes), tuple(float((n // per_layer).mean()) for n in nodes))


def _surface(part: npt.NDArray[np.uint8], on: Mask, contact: Contact, size: tuple[int, int]) -> Mask:
    """Return the outermost voxels of a contact; a cap is poured into `part`."""
    # Seen from its own side every contact is an upper one.
    turn = slice(None, None, 1 if contact.side == "upper" else -1)
    view, seen = part[turn], on[turn]
    layer = _covered(view, seen, *size) if contact.cap else _bare(seen, size[0])
    return layer[turn]


def _part(bone: Turned, contact: Contact) -> Mask:
    if contact.on == "bone":
        return bone.bone
    if contact.on not in bone.parts or not bone.parts[contact.on].any():
        found = ", ".join(bone.parts) or "none"
        fix = "Label the bone so that its parts can be found."
        raise InputError(Issue("load.part", contact.on, f"parts: {found}", f"a part '{contact.on}'", fix))
    return bone.parts[contact.on]


def _covered(part: npt.NDArray[np.uint8], on: Mask, depth: int, plate: int) -> Mask:
    """Pour a cap over the upper side of `on`, in place; return its outermost layer.

    The cap stands on every column of voxels whose topmost bone lies at most `depth` below the top of `on`; columns that
    nothing would support are left out.
    """
    layers = np.arange(part.shape[0])[:, None, None]
    first = int(np.flatnonzero(on.any(axis=(1, 2)))[-1]) - depth + 1
    standing = np.where(on, layers, -1).max(axis=0)
    columns = standing >= first
    top = first + depth + plate - 1
    poured = (part == 0) & (layers > standing) & (layers >= first) & (layers <= top) & columns
    part[poured] = CAP
    outermost: Mask = poured & (layers == top)
    return outermost


def _bare(on: Mask, depth: int) -> Mask:
    """Return the topmost voxel of each column that ends at most `depth` below the top of `on`."""
    layers = np.arange(on.shape[0])[:, None, None]
    first = int(np.flatnonzero(on.any(axis=(1, 2)))[-1]) - depth + 1
    standing = np.where(on, layers, -1).max(axis=0)
    result: Mask = on & (layers == standing) & (standing >= first)
    return result


def _corners(cells: Mask, levels: tuple[int, ...]) -> Integers:
    """Return the nodes at the lower (0) or upper (1) faces of voxels, or at both."""
    z, y, x = (index.astype(np.int64) for index in np.nonzero(cells))
    ny, nx = cells.shape[1] + 1, cells.shape[2] + 1
    corners = [((z + c) * ny + y + b) * nx + x + a for a in (0, 1) for b in (0, 1) for c in levels]
    return np.unique(np.concatenate(corners))


def prescribe(touched: Touched, contacts: Sequence[Contact]) -> tuple[Prescribed, Mask]:
    """Return the constraints, the moved surfaces 1 mm along -z, and which of them belong to moved surfaces.

    Where nothing holds the bone sideways, three degrees of freedom are pinned; they carry no force.
    """
    sets = []
    for contact, nodes in zip(contacts, touched.nodes, strict=True):
        values = tuple(-1.0 if contact.moved and c == "z" else 0.0 for c in contact.hold)
        sets.append(on_nodes(nodes, contact.hold, values))
    held = {c for contact in contacts for c in contact.hold}
    if not {"x", "y"} <= held:
        lower = next(nodes for contact, nodes in zip(contacts, touched.nodes, strict=True) if not contact.moved)
        sets.append(_pins(lower, touched.part.shape))
    joined = join(*sets)
    loaded = [nodes for contact, nodes in zip(contacts, touched.nodes, strict=True) if contact.moved]
    return joined, np.isin(joined.node, np.concatenate(loaded))


def _pins(nodes: Integers, shape: tuple[int, ...]) -> Prescribed:
    """Return two pins that stop sliding and one, far from them, that stops turning."""
    ny, nx = shape[1] + 1, shape[2] + 1
    y, x = (nodes // nx) % ny, nodes % nx
    middle = int(np.argmin((x - x.mean()) ** 2 + (y - y.mean()) ** 2))
    far = int(np.argmax(np.abs(x - x[middle])))
    return join(on_nodes(nodes[[middle]], "xy", (0.0, 0.0)), on_nodes(nodes[[far]], "y", (0.0,)))
