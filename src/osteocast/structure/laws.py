"""Laws from density to modulus and strength, and the steps between types of density: data, with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.volume import Volume

__all__ = ["Law", "Mapped", "Piece", "Step", "convert_density", "law", "law_names", "map_law", "path_between", "step"]

Floats = npt.NDArray[np.float32]
Status = Literal["read", "recalled"]

_MG_PER_G = 1000.0


class Piece(NamedTuple):
    """offset + factor * density ** exponent (MPa, g/cm3), for densities below `below`."""

    below: float
    offset: float
    factor: float
    exponent: float


@dataclass(frozen=True, slots=True)
class Law:
    """One published law.

    Attributes
    ----------
    name, about, site : str
    property : {"modulus", "strength"}
    density : str
        Type of density it was made for, a key of `UNITS`.
    pieces : tuple of Piece
        By rising density; the last has no upper end.
    source, where : str
    status : {"read", "recalled"}
    """

    name: str
    about: str
    property: Literal["modulus", "strength"]
    site: str
    density: str
    pieces: tuple[Piece, ...]
    source: str
    where: str
    status: Status

    def values(self, density_g_cm3: npt.NDArray[np.floating[Any]]) -> Floats:
        """Return modulus or strength (MPa) of densities (g/cm3) of the law's own type; void where negative."""
        density = np.maximum(np.asarray(density_g_cm3, dtype=np.float32), np.float32(0.0))
        result = np.zeros(density.shape, dtype=np.float32)
        low = -np.inf
        for piece in self.pieces:
            here = (density >= low) & (density < piece.below)
            power = density[here] ** np.float32(piece.exponent)
            result[here] = np.float32(piece.offset) + np.float32(piece.factor) * power
            low = piece.below
        result[density <= 0.0] = 0.0
        return np.maximum(result, np.float32(0.0))

    def formula(self) -> str:
        """Return the law as text, such as ``E = 6850 rho^1.49 (MPa, g/cm3)``."""
        letter = "E" if self.property == "modulus" else "S"
        parts = []
        for piece in self.pieces:
            power = "rho" if piece.exponent == 1.0 else f"rho^{piece.exponent:g}"
            terms = [f"{piece.offset:g}"] if piece.offset else []
            text = " + ".join([*terms, *([f"{piece.factor:g} {power}"] if piece.factor else [])])
            parts.append(text + (f" below {piece.below:g}" if np.isfinite(piece.below) else ""))
        return f"{letter} = " + "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Step:
    """One conversion of density: slope * density + intercept (mg/cm3).

    Attributes
    ----------
    name, start, end, source, where : str
        `start` and `end` are keys of `UNITS`.
    slope, intercept : float
    default : bool
        Whether it is taken where no step is named.
    status : {"read", "recalled"}
    """

    name: str
    start: str
    end: str
    slope: float
    intercept: float
    default: bool
    source: str
    where: str
    status: Status

    def described(self) -> str:
        """Return one line for the result."""
        sign = "+" if self.intercept >= 0.0 else "-"
        formula = f"{self.end} = {self.slope:.4g} {self.start} {sign} {abs(self.intercept):.4g}"
        return f"{self.name}: {formula} ({self.source}, {self.status})"


class Mapped(NamedTuple):
    """A law applied to a volume.

    Attributes
    ----------
    values : array of float32, shape (z, y, x)
        MPa; 0 is void and outside of the mask.
    steps : tuple of Step
        Conversions before the law.
    law : Law
    void : float
        Share of the voxels of the mask whose value is zero.
    lines : tuple of str
        What to print with every result.
    """

    values: Floats
    steps: tuple[Step, ...]
    law: Law
    void: float
    lines: tuple[str, ...]


def law_names(property_: str | None = None) -> tuple[str, ...]:
    """Return the names of the laws, of "modulus" or "strength" only if asked."""
    laws: Mapping[str, Any] = read_table("density_laws")["laws"]
    return tuple(name for name, entry in laws.items() if property_ in (None, entry["property"]))


def law(name: str) -> Law:
    """Return a law by name (``law.unknown``)."""
    laws = read_table("density_laws")["laws"]
    if name not in laws:
        fix = "Choose a name of the list in docs/density-laws.md."
        raise InputError(Issue("law.unknown", "law", name[:40], "one of " + ", ".join(laws), fix))
    entry = laws[name]
    pieces = tuple(
        Piece(
            float(piece.get("below", np.inf)),
            float(piece.get("offset", 0.0)),
            float(piece["factor"]),
            float(piece["exponent"]),
        )
        for piece in entry["pieces"]
    )
    kept = ("about", "property", "site", "density", "source", "where", "status")
    return Law(name=name, pieces=pieces, **{key: entry[key] for key in kept})


def step(name: str) -> Step:
    """Return a conversion by name (``law.step-unknown``)."""
    steps = read_table("density_laws")["steps"]
    if name not in steps:
        fix = "Choose a name of the list in docs/density-laws.md."
        raise InputError(Issue("law.step-unknown", "steps", name[:40], "one of " + ", ".join(steps), fix))
    entry = steps[name]
    return Step(
        name=name,
        start=entry["from"],
        end=entry["to"],
        slope=float(entry["slope"]),
        intercept=float(entry["intercept"]),
        default=entry["use"] == "default",
        source=entry["source"],
        where=entry["where"],
        status=entry["status"],
    )


def path_between(start: str, end: str, named: Sequence[str] = ()) -> tuple[Step, ...]:
    """Return the steps from one type of density to another: those named, else the shortest chain of defaults.

    Raises
    ------
    InputError
        ``law.not-calibrated`` for HU, ``law.no-path``, ``law.step-unknown``
    """
    if start in ("HU", "native") and start != end:
        fix = "Calibrate it first: with a phantom, or by air, fat and muscle."
        raise InputError(Issue("law.not-calibrated", "volume", start, f"a density that leads to {end}", fix))
    chosen = tuple(step(name) for name in named)
    if chosen:
        ends = [start, *(one.end for one in chosen)]
        if [one.start for one in chosen] == ends[:-1] and ends[-1] == end:
            return chosen
        told = f"{start}: " + ", ".join(f"{one.name} ({one.start} to {one.end})" for one in chosen)
        fix = "Name the steps in order, each beginning where the one before ends."
        raise InputError(Issue("law.no-path", "steps", told, f"steps from {start} to {end}", fix))
    chains: list[tuple[Step, ...]] = [()]
    defaults = [one for one in map(step, read_table("density_laws")["steps"]) if one.default]
    while chains:
        for chain in chains:
            if (chain[-1].end if chain else start) == end:
                return chain
        chains = [
            (*chain, one)
            for chain in chains
            for one in defaults
            if one.start == (chain[-1].end if chain else start) and one.end not in {start, *(c.end for c in chain)}
        ]
    fix = "Name a step, or calibrate to a type of density that the law can use."
    raise InputError(Issue("law.no-path", "law", start, f"a density that leads to {end}", fix))


def convert_density(values_mg_cm3: npt.NDArray[Any], steps: Sequence[Step]) -> Floats:
    """Return densities (mg/cm3) after the steps, in order."""
    slope, intercept = 1.0, 0.0
    for one in steps:
        slope, intercept = slope * one.slope, intercept * one.slope + one.intercept
    converted: Floats = np.asarray(values_mg_cm3, dtype=np.float32) * np.float32(slope) + np.float32(intercept)
    return converted


def map_law(volume: Volume, mask: npt.NDArray[np.bool_], name: str, steps: Sequence[str] = ()) -> Mapped:
    """Return modulus or strength of every voxel of a bone.

    Parameters
    ----------
    volume : Volume
        A density of any type in `UNITS`.
    mask : array of bool, shape (z, y, x)
    name : str
        Of the law.
    steps : sequence of str
        Names of the conversions to its type of density; the defaults where none is named.

    Raises
    ------
    InputError
        ``law.*``; ``law.zero-modulus`` where no voxel of the bone has any stiffness.
    """
    chosen = law(name)
    path = path_between(volume.unit, chosen.density, steps)
    values = np.zeros(volume.shape_zyx, dtype=np.float32)
    values[mask] = chosen.values(convert_density(volume.values[mask], path) / np.float32(_MG_PER_G))
    void = float((values[mask] <= 0.0).mean()) if mask.any() else 1.0
    if void == 1.0:
        ends = f"{float(volume.values.min()):g} to {float(volume.values.max()):g} {volume.unit}"
        fix = "Check the unit of the CT and its calibration; g/cm3 read as mg/cm3 does this."
        raise InputError(Issue("law.zero-modulus", name, f"no stiffness anywhere, values {ends}", "bone", fix))
    lines = (
        f"law {chosen.name}: {chosen.formula()} MPa, rho = {chosen.density} / 1000 ({chosen.source}, {chosen.status})",
        *(one.described() for one in path),
        f"void: {void:.1%} of the voxels of the bone",
    )
    return Mapped(values, path, chosen, void, lines)
