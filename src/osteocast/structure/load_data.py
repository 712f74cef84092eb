"""The named load cases as they stand in the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue

__all__ = ["Boundary", "Cap", "Contact", "LoadCase", "Motion", "case_names", "load_case"]


class Cap(NamedTuple):
    """Cement between plate and bone.

    Attributes
    ----------
    modulus_mpa : float
    poisson : float
    thickness_mm, intrusion_mm : float
        In all, and the part of it that surrounds bone.
    cover : {"supported", "projection"}
        Columns of voxels that it fills: those with bone at most `intrusion_mm` deep, or all of the part's projection.
    """

    modulus_mpa: float
    poisson: float
    thickness_mm: float
    intrusion_mm: float
    cover: Literal["supported", "projection"]


class Contact(NamedTuple):
    """One place where the bone is held or moved.

    Attributes
    ----------
    on : str
        Part of the bone, ``"bone"`` for all of it.
    side : {"upper", "lower", "inside"}
        Seen along the axis of the load; inside holds all of the part.
    cap : bool
        Whether through cement or on bone alone.
    hold : str
        Components prescribed, of ``"xyz"``.
    moved : bool
    depth_mm : float
        How deep below its outermost place the bone belongs to the contact; 0: as deep as the cap surrounds it.
    """

    on: str
    side: Literal["upper", "lower", "inside"]
    cap: bool
    hold: str
    moved: bool
    depth_mm: float = 0.0


class Motion(NamedTuple):
    """What the moved surface does.

    Attributes
    ----------
    kind : {"press", "tilt", "twist"}
        Straight along -z; about an axis along x; about the axis along z.
    pivot : {"middle", "back"}
        Where the axis lies along y: in the middle of the surface, or at its least y.
    """

    kind: Literal["press", "tilt", "twist"]
    pivot: Literal["middle", "back"]


class Boundary(NamedTuple):
    """A named choice of contacts."""

    name: str
    about: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class LoadCase:
    """One load case.

    Attributes
    ----------
    key : str
        ``"vertebra-compression"``.
    version : int
    site : str
        Kind of bone.
    about : str
    up, front : str
        Directions of the bone that z and y of the load follow.
    tilts : tuple of (str, float)
        Direction towards which `up` is tilted, and by how many degrees, one after the other.
    motion : Motion
    spacing_mm : float
        0: as the CT.
    cap : Cap
    boundaries : dict of str to Boundary
    default : str
    """

    key: str
    version: int
    site: str
    about: str
    up: str
    front: str
    tilts: tuple[tuple[str, float], ...]
    motion: Motion
    spacing_mm: float
    cap: Cap
    boundaries: dict[str, Boundary]
    default: str

    def boundary(self, name: str | None) -> Boundary:
        """Return a choice of contacts by name, the default for None (``load.boundary``)."""
        chosen = self.default if name is None else name
        if chosen not in self.boundaries:
            expected = "one of " + ", ".join(self.boundaries)
            raise InputError(Issue("load.boundary", self.key, chosen[:40], expected, "Choose one of the list."))
        return self.boundaries[chosen]


def case_names(kind: str) -> tuple[str, ...]:
    """Return the load cases of a kind of bone, such as ``("compression",)``; the generic ones fit every bone."""
    return tuple(key.partition("-")[2] for key, entry in read_table("load_cases").items() if entry["site"] in (kind,))


def load_case(kind: str, name: str) -> LoadCase:
    """Return a load case of a kind of bone by name, ``"compression"`` or ``"vertebra-compression"``.

    Raises
    ------
    InputError
        ``load.unknown``
    """
    table = read_table("load_cases")
    key = next((k for k in (name, f"{kind}-{name}", f"generic-{name}") if k in table), None)
    if key is None or table[key]["site"] not in (kind, "generic"):
        known = ", ".join([*case_names(kind), *(f"generic-{n}" for n in case_names("generic"))])
        fix = "Choose a load case of this bone; generic ones fit every bone."
        raise InputError(Issue("load.unknown", kind, name[:40], f"one of {known}", fix))
    return _read(key, table[key])


def _read(key: str, entry: dict[str, Any]) -> LoadCase:
    boundaries = {
        name: Boundary(name, one["about"], tuple(Contact(**contact) for contact in one["contacts"]))
        for name, one in entry["boundaries"].items()
    }
    return LoadCase(
        key=key,
        version=int(entry["version"]),
        site=entry["site"],
        about=entry["about"],
        up=entry["up"],
        front=entry["front"],
        tilts=tuple((towards, float(degrees)) for towards, degrees in entry["tilts"]),
        motion=Motion(entry["motion"], entry["pivot"]),
        spacing_mm=float(entry["spacing_mm"]),
        cap=Cap(**entry["cap"]),
        boundaries=boundaries,
        default=entry["default"],
    )
