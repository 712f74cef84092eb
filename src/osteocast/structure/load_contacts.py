"""Where a load touches a bone: caps of cement, surfaces, and what is prescribed on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.boundary import Prescribed, join, on_nodes
from osteocast.structure.load_data import Cap, Contact, Motion
from osteocast.structure.loaded import CAP, Mask
from osteocast.structure.turning import Turned
from osteocast.structure.voxel_model import Floats, Integers, Spacing

__all__ = ["Held", "Touched", "corners", "layers_of", "prepare", "prescribe"]

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


def prepare(bone: Turned, contacts: Sequence[Contact], cap: Cap) -> Touched:
    """Put caps on a bone and find the nodes of its contacts.

    Raises
    ------
    InputError
        ``load.part``: a part that the bone does not have, or too small a contact.
    """
    height = bone.spacing[2]
    plate, intrusion = layers_of(cap, height)
    low, high = (plate if any(c.cap and c.side == side for c in contacts) else 0 for side in ("lower", "upper"))
    part = np.pad((bone.bone.astype(np.uint8) + (bone.lesion & bone.bone)), ((low, high), (0, 0), (0, 0)))
    # Distance of each end of the span from the last layer, seen from its own side.
    inner = {"upper": part.shape[0] - low - bone.ends[1], "lower": low + bone.ends[0]}
    nodes = []
    for contact in contacts:
        on = np.pad(_part(bone, contact), ((low, high), (0, 0), (0, 0)))
        layer = on
        if contact.side != "inside":
            depth = max(1, round(contact.depth_mm / height)) if contact.depth_mm else intrusion
            layer = _surface(part, on, contact, _Size(inner[contact.side], depth, plate), cap.cover)
        if (columns := int(layer.any(axis=0).sum())) < _FEWEST_COLUMNS:
            found = f"{columns} columns of voxels on the {contact.side} side of '{contact.on}'"
            fix = "Choose smaller voxels or check the label."
            raise InputError(Issue("load.part", contact.on, found, f"at least {_FEWEST_COLUMNS}", fix))
        nodes.append(corners(layer, _LEVELS[contact.side]))
    per_layer = (part.shape[1] + 1) * (part.shape[2] + 1)
    return Touched(part, low, tuple(nodes), tuple(float((n // per_layer).mean()) for n in nodes))


def layers_of(cap: Cap, height: float) -> tuple[int, int]:
    """Return the layers of cement beyond the bone and around it, on voxels of a height [mm]."""
    return max(1, round((cap.thickness_mm - cap.intrusion_mm) / height)), max(1, round(cap.intrusion_mm / height))


class _Size(NamedTuple):
    """Layers from the end of the span to the last layer, of bone within reach of a contact, and of cement beyond."""

    beyond: int
    depth: int
    plate: int


def _surface(part: npt.NDArray[np.uint8], on: Mask, contact: Contact, size: _Size, cover: str) -> Mask:
    """Return the outermost voxels of a contact; a cap is poured into `part`."""
    # Seen from its own side every contact is an upper one.
    turn = slice(None, None, 1 if contact.side == "upper" else -1)
    seen, wanted = part[turn], on[turn]
    top = seen.shape[0] - size.beyond
    standing = np.where(wanted, np.arange(seen.shape[0])[:, None, None], -1).max(axis=0)
    if cover == "supported" or not contact.cap:
        standing[standing < top - size.depth] = -1
    if contact.cap:
        return _covered(seen, standing, (top - size.depth, top + size.plate))[turn]
    return _bare(wanted, standing)[turn]


def _part(bone: Turned, contact: Contact) -> Mask:
    if contact.on == "bone":
        return bone.bone
    if contact.on not in bone.parts or not bone.parts[contact.on].any():
        found = ", ".join(bone.parts) or "none"
        fix = "Label the bone so that its parts can be found."
        raise InputError(Issue("load.part", contact.on, f"parts: {found}", f"a part '{contact.on}'", fix))
    return bone.parts[contact.on]


def _covered(part: npt.NDArray[np.uint8], standing: npt.NDArray[np.int64], between: tuple[int, int]) -> Mask:
    """Pour a cap over the columns of voxels that bone holds up, in place; return its outermost layer.

    `standing` is the topmost layer of bone of each column, -1 where no cap stands.
    """
    layers = np.arange(part.shape[0])[:, None, None]
    first, beyond = between
    poured = (part == 0) & (layers > standing) & (layers >= first) & (layers < beyond) & (standing >= 0)
    part[poured] = CAP
    outermost: Mask = poured & (layers == beyond - 1)
    return outermost


def _bare(on: Mask, standing: npt.NDArray[np.int64]) -> Mask:
    """Return the topmost voxel of each column that is not too deep."""
    result: Mask = on & (np.arange(on.shape[0])[:, None, None] == standing)
    return result


def corners(cells: Mask, levels: tuple[int, ...]) -> Integers:
    """Return the nodes at the lower (0) or upper (1) faces of voxels, or at both."""
    z, y, x = (index.astype(np.int64) for index in np.nonzero(cells))
    ny, nx = cells.shape[1] + 1, cells.shape[2] + 1
    corners = [((z + c) * ny + y + b) * nx + x + a for a in (0, 1) for b in (0, 1) for c in levels]
    return np.unique(np.concatenate(corners))


def prescribe(touched: Touched, contacts: Sequence[Contact], motion: Motion, spacing: Spacing) -> Held:
    """Return the constraints, with the moved surfaces 1 mm from where they were at the place that moves most.

    Where nothing holds the bone sideways, three degrees of freedom are pinned; they carry no force.
    """
    loaded = [nodes for contact, nodes in zip(contacts, touched.nodes, strict=True) if contact.moved]
    moving = _Moving(motion, np.unique(np.concatenate(loaded)), touched.part.shape, spacing)
    sets = []
    for contact, nodes in zip(contacts, touched.nodes, strict=True):
        for component in contact.hold:
            held = on_nodes(nodes, component, (0.0,))
            sets.append(held._replace(value=moving.value(nodes, component)) if contact.moved else held)
    held_components = {c for contact in contacts for c in contact.hold}
    if not {"x", "y"} <= held_components:
        lower = next(nodes for contact, nodes in zip(contacts, touched.nodes, strict=True) if not contact.moved)
        sets.append(_pins(lower, touched.part.shape))
    joined = join(*sets)
    return Held(joined, np.isin(joined.node, moving.nodes), moving.lever)


class Held(NamedTuple):
    """Constraints, which of them belong to moved surfaces, and the lever [mm] of a turn, 0 of a straight movement."""

    constraints: Prescribed
    moved: Mask
    lever: float


class _Moving:
    """What a moved surface does: pressed straight, tilted about an axis along x, or twisted about z."""

    def __init__(self, motion: Motion, nodes: Integers, shape: tuple[int, ...], spacing: Spacing) -> None:
        self.motion, self.nodes, self._shape, self._spacing = motion, nodes, shape, spacing
        x, y = self._place(nodes)
        middle = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
        self._axis = (middle[0], float(y.min()) if motion.pivot == "back" else middle[1])
        radius = np.hypot(x - self._axis[0], y - self._axis[1])
        self.lever = {"press": 0.0, "tilt": float(y.max()) - self._axis[1], "twist": float(radius.max())}[motion.kind]

    def _place(self, nodes: Integers) -> tuple[Floats, Floats]:
        """Return x and y of nodes [mm]."""
        ny, nx = self._shape[1] + 1, self._shape[2] + 1
        x, y = (nodes % nx).astype(np.float64), (nodes // nx % ny).astype(np.float64)
        return x * self._spacing[0], y * self._spacing[1]

    def value(self, nodes: Integers, component: str) -> Floats:
        """Return the movement of nodes along one component [mm]."""
        x, y = self._place(nodes)
        if (self.motion.kind, component) == ("press", "z"):
            return np.full(nodes.size, -1.0)
        if (self.motion.kind, component) in (("tilt", "z"), ("twist", "x")):
            return (self._axis[1] - y) / self.lever
        if (self.motion.kind, component) == ("twist", "y"):
            return (x - self._axis[0]) / self.lever
        return np.zeros(nodes.size)


def _pins(nodes: Integers, shape: tuple[int, ...]) -> Prescribed:
    """Return two pins that stop sliding and one, far from them, that stops turning."""
    ny, nx = shape[1] + 1, shape[2] + 1
    y, x = (nodes // nx) % ny, nodes % nx
    middle = int(np.argmin((x - x.mean()) ** 2 + (y - y.mean()) ** 2))
    far = int(np.argmax(np.abs(x - x[middle])))
    return join(on_nodes(nodes[[middle]], "xy", (0.0, 0.0)), on_nodes(nodes[[far]], "y", (0.0,)))
