"""Dates and quantities of FHIR records: units by UCUM, conversions recorded, nothing guessed."""

import datetime as dt
import math
import re
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from osteocast.domain.quantity import accepted_unit, quantity_facts
from osteocast.domain.table import read_table
from osteocast.formats.fhir_codes import Concept, shapes
from osteocast.formats.fhir_node import Node, clean
from osteocast.formats.fhir_record import Conversion, Ledger
from osteocast.formats.fields import Measured, parse_measure
from osteocast.foundation.decimal_mark import with_point
from osteocast.foundation.units import convert

__all__ = ["Amount", "Clock", "amount_of", "bare_amount", "fact_value", "measured", "month_of", "text_amount"]

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.DOTALL)
_WRITTEN = re.compile(r"(<=|>=|<|>|)\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*([^\d\s.,].*|)", re.DOTALL)
_SIGNS = {"": "", "<": "<", "<=": "<", ">": ">", ">=": ">"}
_FIRST_YEAR, _LAST_YEAR = 1920, 2100
# East of the computer's clock the next day has begun already, up to 14 hours before.
_EAST = dt.timedelta(days=1)


class Amount(NamedTuple):
    """A number with the unit that Osteocast knows, as the record gives it.

    Attributes
    ----------
    number : float
    unit : str
        A unit of ``data/codes/ucum.toml``.
    sign : str
        ``<``, ``>`` or empty.
    pointer : str
    """

    number: float
    unit: str
    sign: str
    pointer: str

    @property
    def shown(self) -> str:
        """Number with its sign."""
        return f"{self.sign}{self.number:.12g}"


class Clock(NamedTuple):
    """The days between which a date can lie.

    Attributes
    ----------
    today : datetime.date
        Nothing is known after this day, but for the one that has begun farther east.
    born : datetime.date or None
        Nothing happened to the patient before this day.
    """

    today: dt.date
    born: dt.date | None

    def day(self, node: Node, keys: list[str], needed: bool = True, end: bool = False) -> tuple[dt.date | None, str]:
        """Return the day under the first of these keys, and the code of the reason where there is none.

        Parameters
        ----------
        node : Node
        keys : list of str
            Names of dates or periods.
        needed : bool
            Whether a missing or partial date is worth a warning of its own.
        end : bool
            The end of a period instead of its start.
        """
        key = node.first(keys)
        if not key:
            return None, "fhir.date-missing"
        holder, inner = node, key
        if isinstance(node.raw[key], dict):
            period = Node(node.raw[key], f"{node.at}/{key}", node.notes)
            inner = "end" if end else "start"
            holder = period
        elif end:
            return None, "fhir.date-missing"
        if holder.raw.get(inner) is None:
            return None, "fhir.date-missing"
        day, reason = self._parsed(holder.text(inner))
        if reason and (needed or reason != "fhir.date-partial"):
            node.notes.warn(reason, f"{holder.at}/{inner}", holder.raw.get(inner), "date not used")
        return day, reason

    def _parsed(self, text: str) -> tuple[dt.date | None, str]:
        match = _DATE.fullmatch(text)
        if match is None:
            return None, "fhir.date-invalid"
        if match[3] is None:
            return None, "fhir.date-partial"
        try:
            day = dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None, "fhir.date-invalid"
        if day > self.today + _EAST:
            return None, "fhir.date-future"
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            return None, "fhir.date-invalid"
        if self.born is not None and day < self.born:
            return None, "fhir.date-before-birth"
        return day, ""


def month_of(text: str) -> tuple[dt.date | None, bool]:
    """Return the day of a birth date, and whether it was whole; the middle of a month or year stands for its day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None, False
    try:
        day = dt.date(int(match[1]), int(match[2] or 7), int(match[3] or (15 if match[2] else 1)))
    except ValueError:
        return None, False
    return day, match[3] is not None


def amount_of(node: Node, bare: bool = False) -> tuple[Amount | None, str]:
    """Return the amount of a FHIR Quantity, or the code of the reason why it cannot be used.

    The UCUM code and the words of the unit must not contradict each other; a missing or unknown unit is never guessed.
    """
    number = _number_of(node)
    if number is None:
        return None, "fhir.value"
    sign = _SIGNS.get(node.text("comparator"))
    if sign is None:
        return None, "fhir.value"
    table: dict[str, Any] = read_table("codes/ucum")
    code, words = node.text("code"), node.text("unit")
    coded_system = node.text("system") in ("", shapes()["systems"]["ucum"])
    by_code = table["code"].get(code) if code and coded_system else None
    by_words = table["code"].get(words) or table["text"].get(words.casefold()) if words else None
    if by_code and by_words and by_code != by_words:
        return None, "fhir.unit-contradiction"
    unit = by_code or by_words
    if unit is None or (code and coded_system and by_code is None):
        if not code and not words:
            return (Amount(number, "points", sign, node.at), "") if bare else (None, "fhir.unit-missing")
        return None, "fhir.unit-unknown"
    return Amount(number, str(unit), sign, node.at), ""


def _number_of(node: Node) -> float | None:
    """Return the number of a Quantity; one that stands there as text is read, with a warning."""
    given = node.raw.get("value")
    if not isinstance(given, str):
        return node.number("value")
    match = _WRITTEN.fullmatch(with_point(clean(given).strip()))
    if match is None or match[1] or match[3]:
        node.notes.warn("fhir.shape", f"{node.at}/value", given, "a text where a number belongs: not read")
        return None
    node.notes.warn("fhir.number-as-text", f"{node.at}/value", given, f"read as {match[2]}")
    return float(match[2])


def text_amount(node: Node, key: str, bare: bool = False) -> tuple[Amount | None, str]:
    """Return the amount that a text gives as a number with its unit, such as ``3,1 mmol/L``; or why there is none."""
    match = _WRITTEN.fullmatch(with_point(node.text(key).strip()))
    if match is None:
        return None, "fhir.value"
    table: dict[str, Any] = read_table("codes/ucum")
    unit = table["code"].get(match[3]) or table["text"].get(match[3].casefold()) if match[3] else None
    if unit is None and (match[3] or not bare):
        return None, "fhir.unit-unknown" if match[3] else "fhir.unit-missing"
    found = Amount(float(match[2]), str(unit or "points"), _SIGNS[match[1]], f"{node.at}/{key}")
    node.notes.warn("fhir.number-as-text", found.pointer, node.text(key), f"read as {found.shown} {found.unit}")
    return found, ""


def bare_amount(node: Node, key: str) -> Amount | None:
    """Return the plain number under a key as a score."""
    number = node.number(key)
    return None if number is None else Amount(number, "points", "", f"{node.at}/{key}")


def measured(amount: Amount, quantity: str, notes: Ledger) -> Measured | None:
    """Return an amount in the canonical unit of a quantity; a conversion is recorded, a refusal is noted."""
    facts = quantity_facts(quantity)
    try:
        found = parse_measure(f"{amount.sign}{amount.number!r} {amount.unit}", quantity)
    except PydanticCustomError as error:
        notes.reject(error.type, amount.pointer, f"{quantity} {amount.shown} {amount.unit}")
        return None
    unit = accepted_unit(facts, amount.unit) or facts.unit
    if unit != facts.unit:
        factor = convert(1.0, unit, facts.unit, facts.substance)
        notes.conversions.append(Conversion(amount.pointer, quantity, unit, facts.unit, factor))
    return Measured(found.value, found.censoring, f"{amount.shown} {unit}")


def fact_value(amount: Amount, one: Concept, notes: Ledger) -> tuple[float, str] | None:
    """Return number and unit of a measured fact; one that is not believed is noted and left out."""
    facts = one.facts
    if amount.unit not in facts["units"]:
        notes.reject("value.unit", amount.pointer, f"{one.name} {amount.shown} {amount.unit}")
        return None
    number, unit = amount.number, amount.unit
    if facts["unit"] and unit != facts["unit"]:
        factor = 1.0 if facts["unit"] == "points" else convert(1.0, unit, facts["unit"])
        notes.conversions.append(Conversion(amount.pointer, one.name, unit, facts["unit"], factor))
        number, unit = number * factor, facts["unit"]
    low, high = facts["plausible"]
    if not math.isfinite(number) or not low <= number <= high:
        notes.reject("value.implausible", amount.pointer, f"{one.name} {amount.shown} {amount.unit}")
        return None
    return number, unit
