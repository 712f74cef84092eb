"""Units: text to canonical numbers at the boundary, once.

Inside Osteocast a number has the unit its annotation or name states (time in days). The pint registry is
built on first use, because it takes longer than the whole command line's ``--help``.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    import pint

MOLAR_MASS_G_PER_MOL = {
    "albumin": 66_500.0,
    "calcitriol": 416.64,
    "calcium": 40.078,
    "creatinine": 113.12,
    "denosumab": 147_000.0,
    "phosphate": 30.974,  # laboratories report phosphate as the mass of its phosphorus
    "pth": 9_425.0,
    "zoledronate": 272.09,
}
"""Molar mass by substance (g/mol), for conversion between mass and amount."""

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL)


@final
class UnitError(ValueError):
    """A unit is unknown or does not measure the quantity; the message says which."""


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the one pint registry (built on first call) with the laboratory's own units added."""
    import pint

    units: pint.UnitRegistry[Any] = pint.UnitRegistry(preprocessors=[lambda text: text.replace("%", " percent ")])
    # Bone-collagen equivalents per creatinine: both words name the substance, not a dimension.
    units.define("BCE = 1 = bone_collagen_equivalent")
    units.define("creatinine = 1")
    return units


@cache
def _parse_unit(unit: str) -> Any:
    import tokenize

    import pint

    text = unit.strip()
    if len(text) > 60:
        raise UnitError(f"the unit is {len(text)} characters long, which no unit is")
    # The second pattern keeps towers of powers from being evaluated.
    if re.search(r"[^\w\s*/^%().µμ·°-]", text) or re.search(r"\d{4,}|(\*\*|\^)[\s(-]*\d+[\s)]*(\*\*|\^)", text):
        raise UnitError(f"{unit!r} is not a unit")
    try:
        quantity = registry().Quantity(1.0, "dimensionless" if text in ("", "1") else text)
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, SyntaxError, tokenize.TokenError,
            ZeroDivisionError, OverflowError, RecursionError, AssertionError) as error:  # fmt: skip
        raise UnitError(f"{unit!r} is not a unit Osteocast knows") from error
    return quantity.units


def convert(value: float, unit: str, to: str, substance: str | None = None) -> float:
    """Convert a value from one unit to another.

    Parameters
    ----------
    value : float
    unit, to : str
        Units as text: ``"mg/dL"``, ``"1/day"``, ``"%"``, ``"nmol BCE/mmol creatinine"``; ``""`` or ``"1"``
        for none.
    substance : str, optional
        A key of `MOLAR_MASS_G_PER_MOL`, where mass and amount have to be exchanged.

    Raises
    ------
    UnitError
        The unit is unknown, or does not measure the same thing.

    Examples
    --------
    >>> round(convert(10.4, "mg/dL", "mmol/L", "calcium"), 3)
    2.595
    """
    if unit == to:
        return float(value)
    return float(value) * _factor(unit, to, substance)


@cache
def _factor(unit: str, to: str, substance: str | None) -> float:
    source, target = (registry().Quantity(1.0, _parse_unit(u)) for u in (unit, to))
    candidates = [source]
    if substance is not None:
        if substance not in MOLAR_MASS_G_PER_MOL:
            raise UnitError(f"the molar mass of {substance!r} is not known")
        molar_mass = registry().Quantity(MOLAR_MASS_G_PER_MOL[substance], "g/mol")
        candidates += [source * molar_mass, source / molar_mass]
    for candidate in candidates:
        if candidate.dimensionality == target.dimensionality:
            return float(candidate.to(target.units).magnitude)
    raise UnitError(f"{unit!r} cannot be converted to {to!r}" + (f" for {substance}" if substance else ""))


def same_dimension(unit: str, other: str) -> bool:
    """Return whether two units measure the same thing (``UnitError`` for an unknown one)."""
    return bool(_parse_unit(unit).dimensionality == _parse_unit(other).dimensionality)


def parse_quantity(text: str) -> tuple[float, str]:
    """Split ``"120 mg"`` into ``(120.0, "mg")``; the unit is checked to be known, and may be empty.

    Raises
    ------
    UnitError
        No finite number in front, or an unknown unit behind it.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UnitError(f"{text[:40]!r} is not a number with a unit, such as '2.6 mmol/L'")
    value, unit = float(match[1]), match[2]
    if not math.isfinite(value):
        raise UnitError(f"{match[1][:40]!r} is not a finite number")
    if unit.startswith((",", ".")):
        raise UnitError(f"{text[:40]!r}: write the decimal point as a point, such as '2.6 mmol/L'")
    _parse_unit(unit)
    return value, unit
