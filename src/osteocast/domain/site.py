"""Places of the skeleton where a lesion can lie, and their mechanical classes."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Literal

__all__ = ["Side", "Site", "SiteClass", "site", "site_names"]

Side = Literal["left", "right"]

_CERVICAL = tuple(f"C{n}" for n in range(1, 8))
_THORACIC = tuple(f"T{n}" for n in range(1, 13))
_LUMBAR = tuple(f"L{n}" for n in range(1, 6))
_VERTEBRAE = _CERVICAL + _THORACIC + _LUMBAR
_PELVIS_PARTS = ("ilium", "acetabulum", "pubis-ischium")
_FEMUR_PROXIMAL = ("head-neck", "trochanteric", "subtrochanteric")
_FEMUR_SHAFT = ("shaft", "distal")
_HUMERUS_PARTS = ("proximal", "shaft", "distal")
_RIBS = 12
# The cord ends at about the disc L1/L2 in adults; below it lie the roots of the cauda equina.
_LAST_CORD_LEVEL = _VERTEBRAE.index("L1")


class SiteClass(IntEnum):
    """Mechanical class of a site; the integer is the code used by compiled code."""

    VERTEBRA_CERVICAL = 0
    VERTEBRA_THORACIC = 1
    VERTEBRA_LUMBAR = 2
    PELVIS = 3
    FEMUR_PROXIMAL = 4
    FEMUR_SHAFT = 5
    HUMERUS = 6
    RIB = 7
    STERNUM = 8
    SKULL = 9
    OTHER = 10

    @property
    def label(self) -> str:
        """Name of the class in data files, such as ``vertebra-cervical``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Site:
    """A named place of the skeleton.

    Parameters
    ----------
    name : str
        Canonical name, such as ``T8`` or ``femur-left-subtrochanteric``.
    kind : str
        Label of the mechanical class, such as ``femur-proximal``.
    """

    name: str
    kind: str

    @property
    def site_class(self) -> SiteClass:
        """Mechanical class; ``int(site.site_class)`` is the code for compiled code."""
        return SiteClass[self.kind.upper().replace("-", "_")]

    @property
    def code(self) -> int:
        """Integer code of the mechanical class."""
        return int(self.site_class)

    @property
    def side(self) -> Side | None:
        """Body side, or ``None`` for a bone of the midline."""
        parts = self.name.split("-")
        if "left" in parts:
            return "left"
        return "right" if "right" in parts else None

    @property
    def level(self) -> int | None:
        """Index of a vertebra from above (C1 is 0, L5 is 23), or ``None`` for any other bone."""
        return _VERTEBRAE.index(self.name) if self.name in _VERTEBRAE else None

    @property
    def is_vertebra(self) -> bool:
        """Whether the site is one of the 24 mobile vertebrae (the sacrum is not)."""
        return self.level is not None

    @property
    def is_long_bone(self) -> bool:
        """Whether a rod can be placed: femur or humerus."""
        return self.name.startswith(("femur-", "humerus-"))

    @property
    def neural_element(self) -> Literal["cord", "cauda equina"] | None:
        """What an epidural tumour at this level would press on, or ``None`` away from the canal."""
        if self.name == "sacrum":
            return "cauda equina"
        if self.level is None:
            return None
        return "cord" if self.level <= _LAST_CORD_LEVEL else "cauda equina"

    @property
    def title(self) -> str:
        """Name for people, such as ``left femur, subtrochanteric`` or ``T8``."""
        parts = self.name.split("-")
        if self.side is None:
            return self.name if self.is_vertebra else self.name.capitalize()
        rest = "-".join(parts[2:])
        if parts[0] == "rib":
            return f"{self.side} rib {rest}"
        return f"{self.side} {parts[0]}, {rest.replace('head-neck', 'head or neck')}"


def _all_sites() -> dict[str, SiteClass]:
    found: dict[str, SiteClass] = {}
    found.update(dict.fromkeys(_CERVICAL, SiteClass.VERTEBRA_CERVICAL))
    found.update(dict.fromkeys(_THORACIC, SiteClass.VERTEBRA_THORACIC))
    found.update(dict.fromkeys(_LUMBAR, SiteClass.VERTEBRA_LUMBAR))
    found["sacrum"] = SiteClass.PELVIS
    for side in ("left", "right"):
        found.update({f"pelvis-{side}-{part}": SiteClass.PELVIS for part in _PELVIS_PARTS})
        found.update({f"femur-{side}-{part}": SiteClass.FEMUR_PROXIMAL for part in _FEMUR_PROXIMAL})
        found.update({f"femur-{side}-{part}": SiteClass.FEMUR_SHAFT for part in _FEMUR_SHAFT})
        found.update({f"humerus-{side}-{part}": SiteClass.HUMERUS for part in _HUMERUS_PARTS})
        found.update({f"rib-{side}-{n}": SiteClass.RIB for n in range(1, _RIBS + 1)})
    found.update(sternum=SiteClass.STERNUM, skull=SiteClass.SKULL, other=SiteClass.OTHER)
    return found


_SITES = _all_sites()


def site_names() -> tuple[str, ...]:
    """All names of sites, in anatomical order."""
    return tuple(_SITES)


@cache
def site(name: str) -> Site:
    """Return the site of this canonical name.

    Raises
    ------
    ValueError
        If no such site exists.
    """
    if name not in _SITES:
        raise ValueError(f"no site is called {name!r}")
    return Site(name=name, kind=_SITES[name].label)
