"""What lesion to insert: its kind, size and place, and the text that says so on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue

__all__ = ["LesionSpec", "Tissue", "parse_lesion", "place_names", "tissue"]

_TABLE = "lesion_tissues"
_EXAMPLE = "lytic:12mm@body-centre, mixed:10x12x20mm@0.5,0.3,0.6 or sclerotic:15mm@lps:-12,30,101"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_SHAPE = re.compile(rf"^({_NUMBER}(?:x{_NUMBER}){{0,2}})(?:mm)?$", re.ASCII)
_LENGTH = re.compile(rf"^({_NUMBER})(?:mm)?$", re.ASCII)
_MARGIN = re.compile(r"(?<=[\d.m])\+", re.ASCII)
_POINT = re.compile(rf"^(lps:)?({_NUMBER}(?:,{_NUMBER}){{2}})$", re.ASCII)
_LARGEST_MM = 500.0
_LONGEST_MARGIN_MM = 50.0
_SHOWN = 60


class Tissue(NamedTuple):
    """What a lesion is made of.

    Attributes
    ----------
    name, note : str
    soft : float
        Share of the volume that is soft tumour: a core of the shape of the lesion.
    bone_density : float
        Least density of what lies around the core [mgK2HPO4/cm3]; bone that is denser keeps its density.
    woven_stiffness : float
        Its modulus and yield stress, relative to what a law makes of its density.
    """

    name: str
    soft: float
    bone_density: float
    woven_stiffness: float
    note: str


@dataclass(frozen=True, slots=True)
class LesionSpec:
    """One lesion to insert.

    Attributes
    ----------
    tissue : Tissue
    size_mm : tuple of float
        Diameters along the patient's left-right, front-back and foot-head axes; equal for a sphere.
    place : str
        A name of :func:`place_names`, ``"x,y,z"`` as fractions of the bone's box, or ``"lps:x,y,z"`` in mm.
    edge_mm : float
        Width over which the lesion passes into the bone; half of it lies on either side of the surface.
    margin_mm : float
        Decay length of a signal that thins the bone around the lesion; 0 leaves that bone as it is.
    """

    tissue: Tissue
    size_mm: tuple[float, float, float]
    place: str
    edge_mm: float
    margin_mm: float = 0.0

    @property
    def shape(self) -> str:
        """The size as text, such as ``12 mm`` or ``10 x 12 x 20 mm``."""
        sizes = self.size_mm[:1] if len(set(self.size_mm)) == 1 else self.size_mm
        return " x ".join(f"{size:g}" for size in sizes) + " mm"


def tissue(kind: str) -> Tissue:
    """Return the tissue of a kind of lesion (``insert.kind``)."""
    kinds = read_table(_TABLE)["kinds"]
    if kind not in kinds:
        fix = "Choose a kind of the list."
        raise InputError(Issue("insert.kind", "insert-lesion", kind[:_SHOWN], "one of " + ", ".join(kinds), fix))
    entry = kinds[kind]
    return Tissue(
        kind, float(entry["soft"]), float(entry["bone_density"]), float(entry["woven_stiffness"]), str(entry["note"])
    )


def place_names() -> tuple[str, ...]:
    """Return the named places."""
    return tuple(read_table(_TABLE)["places"])


def edge_width_mm() -> float:
    """Return the width of the edge where none is given [mm]."""
    return float(read_table(_TABLE)["edge"]["width_mm"])


def parse_lesion(text: str) -> LesionSpec:
    """Read ``KIND:SIZE@PLACE``, such as ``lytic:12mm@body-centre``; ``12mm+2mm`` has a margin of 2 mm.

    Raises
    ------
    InputError
        All at once: ``insert.syntax``, ``insert.kind``, ``insert.size``, ``insert.margin``, ``insert.place``
    """
    kind, colon, rest = text.strip().casefold().partition(":")
    size, at, place = rest.partition("@")
    size, margin = [*_MARGIN.split(size.replace(" ", ""), maxsplit=1), _usual_margin()][:2]
    if not (kind and colon and size and at and place):
        fix = f"Write KIND:SIZE@PLACE, for example {_EXAMPLE}."
        raise InputError(Issue("insert.syntax", "insert-lesion", text[:_SHOWN], "KIND:SIZE@PLACE", fix))
    made: list[Any] = []
    issues: list[Issue] = []
    for read, part in ((tissue, kind), (_size, size), (_place, place), (_margin, margin)):
        try:
            made.append(read(part.strip()))
        except InputError as error:
            issues.extend(error.issues)
    if issues:
        raise InputError(issues)
    return LesionSpec(made[0], made[1], made[2], edge_width_mm(), made[3])


def _size(text: str) -> tuple[float, float, float]:
    found = _SHAPE.match(text.replace(" ", ""))
    sizes = [float(number) for number in found.group(1).split("x")] if found else []
    if len(sizes) not in (1, 3) or not all(0.0 < size <= _LARGEST_MM for size in sizes):
        expected = f"one diameter, or three along left-right, front-back and foot-head, up to {_LARGEST_MM:g} mm"
        fix = "Write 12mm for a sphere or 10x12x20mm for an ellipsoid."
        raise InputError(Issue("insert.size", "insert-lesion", text[:_SHOWN], expected, fix))
    x, y, z = sizes if len(sizes) == 3 else sizes * 3
    return x, y, z


def _usual_margin() -> str:
    return str(float(read_table(_TABLE)["margin"]["length_mm"]))


def _margin(text: str) -> float:
    found = _LENGTH.match(text)
    length = float(found.group(1)) if found else -1.0
    if not 0.0 <= length <= _LONGEST_MARGIN_MM:
        fix = "Write 12mm+2mm for a margin of 2 mm around a sphere of 12 mm."
        raise InputError(Issue("insert.margin", "insert-lesion", text[:_SHOWN], f"0 to {_LONGEST_MARGIN_MM:g} mm", fix))
    return length


def _place(text: str) -> str:
    plain = text.replace(" ", "")
    point = _POINT.match(plain)
    fractions = bool(point) and not plain.startswith("lps:")
    inside = not fractions or all(0.0 <= value <= 1.0 for value in numbers(plain))
    if (point and inside) or plain in place_names():
        return plain
    expected = "a name (" + ", ".join(place_names()) + "), three fractions from 0 to 1, or lps: and three mm"
    fix = "Fractions run from right to left, front to back and foot to head of the bone."
    raise InputError(Issue("insert.place", "insert-lesion", text[:_SHOWN], expected, fix))


def numbers(place: str) -> list[float]:
    """Return the three numbers of a place that is no name."""
    return [float(value) for value in place.removeprefix("lps:").split(",")]
