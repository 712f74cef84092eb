"""What is known of each measurable quantity: units, plausible limits, usual limits, spread of an assay."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from osteocast.domain.observation import QUANTITIES
from osteocast.domain.table import read_table

__all__ = ["Assay", "QuantityFacts", "accepted_unit", "quantity_facts"]


@dataclass(frozen=True, slots=True)
class Assay:
    """Spread of one measured value about the true level.

    Parameters
    ----------
    kind : {"cv", "sd"}
        ``cv``: log-normal with this coefficient of variation; ``sd``: normal in the canonical unit.
    value : float
        Coefficient of variation as a fraction [1], or standard deviation in the canonical unit.
    grade, source : str
        How well it is known, and from where.
    """

    kind: str
    value: float
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class QuantityFacts:
    """Facts of one quantity, all numbers in its canonical unit.

    Parameters
    ----------
    name, title, unit : str
        Key of the quantity, its name for people and its canonical unit.
    units : tuple of str
        Accepted units.
    spellings : dict
        Further spellings (case does not matter) and the unit that each one means.
    substance : str or None
        Substance for conversion between mass and amount.
    plausible : tuple of float
        Lowest and highest value that is believed.
    reference : tuple of float or None
        Usual limits in healthy adults.
    assay : Assay or None
        Spread of a measurement.
    """

    name: str
    title: str
    unit: str
    units: tuple[str, ...]
    spellings: dict[str, str]
    substance: str | None
    plausible: tuple[float, float]
    reference: tuple[float, float] | None
    assay: Assay | None


@cache
def quantity_facts(name: str) -> QuantityFacts:
    """Return the facts of an observed quantity (``calcium``) or another measure (``weight``, ``dose``).

    Raises
    ------
    KeyError
        If no such quantity is described in the data.
    """
    table = "observations" if name in QUANTITIES else "measures"
    entry: dict[str, Any] = read_table(table)[name]
    spellings = {_folded(spelling): unit for spelling, unit in entry.get("spellings", {}).items()}
    spellings.update({_folded(unit): unit for unit in entry["units"]})
    low, high = entry["plausible"]
    limits = entry.get("reference")
    return QuantityFacts(
        name=name,
        title=entry["title"],
        unit=entry["unit"],
        units=tuple(entry["units"]),
        spellings=spellings,
        substance=entry.get("substance"),
        plausible=(float(low), float(high)),
        reference=(float(limits[0]), float(limits[1])) if limits else None,
        assay=_assay(entry["assay"]) if "assay" in entry else None,
    )


def accepted_unit(facts: QuantityFacts, text: str) -> str | None:
    """Return the accepted unit that a text means, or ``None``."""
    return facts.spellings.get(_folded(text))


def _folded(unit: str) -> str:
    return " ".join(unit.split()).replace("µ", "u").replace("μ", "u").casefold()


def _assay(entry: dict[str, Any]) -> Assay:
    value = float(entry["value"])
    return Assay(
        kind=entry["kind"],
        value=value / 100 if entry["unit"] == "%" else value,
        grade=entry["grade"],
        source=entry["source"],
    )
