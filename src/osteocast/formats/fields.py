"""Types of single fields: quantities with units, dates, sites, choices; each with its own message."""

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, LiteralString

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from osteocast.domain.observation import Censoring
from osteocast.domain.quantity import QuantityFacts, accepted_unit, quantity_facts
from osteocast.domain.site import site_names
from osteocast.foundation.decimal_mark import with_point
from osteocast.foundation.units import convert

__all__ = [
    "Measured",
    "clipped",
    "date_field",
    "measure_field",
    "measure_schema",
    "number_field",
    "parse_date",
    "parse_measure",
    "refuse",
    "site_field",
    "suggestion",
    "whole_field",
]

_MEASURE = re.compile(r"([<>=≤≥]?)\s*([-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)\s*([^\d\s.,].*|)", re.DOTALL)
_NOT_A_NUMBER = re.compile(r"[<>=]?\s*[-+]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_YEAR, _LAST_YEAR = 1920, 2100
# Python refuses to write integers of more than 4300 digits.
_MOST_BITS = 1000
_CENSORING: Mapping[str, Censoring] = {"": "=", "=": "=", "<": "<", "≤": "<", ">": ">", "≥": ">"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity of a file in its canonical unit, with the text it came from."""

    value: float
    censoring: Censoring
    given: str


def refuse(code: LiteralString, found: str, expected: str, fix: str) -> PydanticCustomError:
    """Return the error of one field; its parts become an `osteocast.foundation.errors.Issue`."""
    return PydanticCustomError(code, "refused", {"found": found, "expected": expected, "fix": fix})


def clipped(value: object, longest: int = 60) -> str:
    """Return a value as short text for a message."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a number with hundreds of digits"
    text = value if isinstance(value, str) else f"{value!r}"
    line = text[: 4 * longest]
    if not line.isprintable():
        line = "".join(letter if letter.isprintable() else "?" for letter in line)
    if not line.strip():
        return "an empty text"
    return line if len(line) <= longest else line[: longest - 3] + "..."


def suggestion(word: str, names: Sequence[str]) -> str:
    """Return ``Did you mean ...?`` for the nearest name, or an empty text."""
    near = difflib.get_close_matches(word[:80], list(names), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else ""


def parse_measure(given: object, quantity: str) -> Measured:
    """Convert ``"10.4 mg/dL"``, ``"<0.3 pmol/L"`` or ``{value = 10.4, unit = "mg/dL"}`` to canonical units.

    Raises
    ------
    PydanticCustomError
        ``value.*``: no unit, unknown unit, not a number, negative, or outside the plausible limits.
    """
    facts = quantity_facts(quantity)
    text = with_point(_measure_text(given, facts))
    if _NOT_A_NUMBER.match(text):
        raise refuse("value.not-a-number", clipped(text), "a finite number", "Leave the key out where unknown.")
    match = _MEASURE.fullmatch(text)
    if match is None or len(text) > 100:
        fix = f"Write it like {_example(facts)!r}; three digits behind a comma could be thousands."
        raise refuse("value.not-a-quantity", clipped(text), f"a number with one of {_units(facts)}", fix)
    number, written = float(match[2].replace("−", "-")), match[3].strip()
    if not written:
        fix = f"Add the unit: {_with_unit(match[2], facts)}."
        raise refuse("value.unit-missing", clipped(text), f"a number with one of {_units(facts)}", fix)
    unit = accepted_unit(facts, written)
    if unit is None:
        fix = f"Give {facts.title} in one of {_units(facts)}."
        raise refuse("value.unit", clipped(text), f"one of {_units(facts)}", fix)
    value = _canonical(number, unit, facts)
    _check_plausible(number, unit, value, facts)
    return Measured(value, _CENSORING[match[1]], " ".join(text.split()))


def _measure_text(given: object, facts: QuantityFacts) -> str:
    if isinstance(given, str):
        return given.strip()
    if isinstance(given, dict) and {"value", "unit"} <= set(given) <= {"value", "unit", "censoring"}:
        number, sign = given["value"], given.get("censoring", "")
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        if plain and isinstance(sign, str) and sign in _CENSORING:
            return f"{sign}{clipped(number)} {given['unit']}".strip()
    if isinstance(given, int | float) and not isinstance(given, bool):
        if isinstance(given, float) and not math.isfinite(given):
            raise refuse("value.not-a-number", clipped(given), "a finite number", "Leave the key out where unknown.")
        fix = f"Add the unit: {_with_unit(clipped(given), facts)}."
        raise refuse("value.unit-missing", clipped(given), f"a number with one of {_units(facts)}", fix)
    fix = f"Write it like {_example(facts)!r}."
    raise refuse("value.not-a-quantity", clipped(given), f"text such as {_example(facts)!r}", fix)


def _check_plausible(number: float, unit: str, value: float, facts: QuantityFacts) -> None:
    low, high = facts.plausible
    if low <= value <= high:
        return
    limits = f"{facts.title} between {_shown(low, facts)} and {_shown(high, facts)}"
    if value < 0:
        raise refuse("value.negative", f"{number:g} {unit}", limits, "Leave the key out where the value is unknown.")
    others = [other for other in facts.units if other != unit]
    meant = [other for other in others if low <= _canonical(number, other, facts) <= high]
    hint = f"Did you mean {number:g} {meant[0]}? " if meant else ""
    raise refuse("value.implausible", f"{number:g} {unit}", limits, f"{hint}Check the number and the unit.")


def _canonical(number: float, unit: str, facts: QuantityFacts) -> float:
    return number if unit == facts.unit else convert(number, unit, facts.unit, facts.substance)


def _shown(value: float, facts: QuantityFacts) -> str:
    unit = facts.units[0]
    return f"{convert(value, facts.unit, unit) if unit != facts.unit else value:g} {unit}"


def _units(facts: QuantityFacts) -> str:
    return ", ".join(facts.units)


def _example(facts: QuantityFacts) -> str:
    low, high = facts.reference or facts.plausible
    middle = (low + high) / 2
    unit = facts.units[0]
    return f"{convert(middle, facts.unit, unit) if unit != facts.unit else middle:.2g} {unit}"


def _with_unit(number: str, facts: QuantityFacts) -> str:
    return " or ".join(f'"{number} {unit}"' for unit in facts.units)


def measure_schema(quantity: str) -> dict[str, Any]:
    """Return the JSON Schema of a quantity: text with a unit, or a table of value and unit."""
    facts = quantity_facts(quantity)
    table = {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "unit": {"type": "string", "examples": list(facts.units)},
            "censoring": {"enum": ["=", "<", ">"]},
        },
        "required": ["value", "unit"],
        "additionalProperties": False,
    }
    text = {"type": "string", "pattern": r"^\s*[<>=≤≥]?\s*[-+]?\d", "examples": [_example(facts)]}
    return {"description": f"{facts.title}, in one of {_units(facts)}", "anyOf": [text, table]}


def measure_field(quantity: str) -> Callable[[object], float]:
    """Return a validator that gives the canonical value of an uncensored quantity."""

    def validate(given: object) -> float:
        """Return the canonical value."""
        found = parse_measure(given, quantity)
        if found.censoring != "=":
            fix = "Give a number; only laboratory values may be limits."
            raise refuse("value.censored", found.given, "an exact value", fix)
        return found.value

    return validate


def number_field(low: float, high: float, what: str) -> Callable[[object], float]:
    """Return a validator for a plain number between two limits (ages, scores, counts)."""

    def validate(given: object) -> float:
        """Return the number within its limits."""
        expected = f"{what} between {low:g} and {high:g}"
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise refuse("value.type", clipped(given), expected, "Write a number without quotes.")
        if isinstance(given, float) and not math.isfinite(given):
            raise refuse("value.not-a-number", clipped(given), expected, "Leave the key out where unknown.")
        if not low <= given <= high:
            raise refuse("value.implausible", clipped(given), expected, "Check the number.")
        return float(given)

    return validate


def parse_date(given: object) -> dt.date | None:
    """Return a date from a date or ISO text, or ``None`` where it is neither."""
    if isinstance(given, dt.date) and not isinstance(given, dt.datetime):
        return given
    if isinstance(given, str) and _ISO_DATE.fullmatch(given.strip()):
        try:
            return dt.date.fromisoformat(given.strip())
        except ValueError:
            return None
    return None


def date_field(given: object) -> dt.date:
    """Validate a date of the calendar."""
    found = parse_date(given)
    if found is None:
        expected = "a day of the calendar, such as 2026-02-28"
        raise refuse("value.date", clipped(str(given)), expected, "Write year-month-day; check that the day exists.")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise refuse("value.date", found.isoformat(), f"a year from {_FIRST_YEAR} to {_LAST_YEAR}", "Check the year.")
    return found


def site_field(given: object) -> str:
    """Validate the name of a site."""
    names = site_names()
    if isinstance(given, str) and given.strip() in names:
        return given.strip()
    # Names that differ only in case or separators are not guessed but offered: a wrong side must not slip in.
    word = "-".join(str(given)[:80].replace("_", " ").split())
    same = [name for name in names if name.casefold() == word.casefold()]
    hint = f"Did you mean {same[0]!r}?" if same else suggestion(word.casefold(), names)
    expected = (
        "C1-C7, T1-T12, L1-L5, sacrum, pelvis-SIDE-PART, femur-SIDE-PART, humerus-SIDE-PART, "
        "rib-SIDE-1 to 12, sternum, skull or other"
    )
    raise refuse("value.site", clipped(given), expected, f"{hint} All names: docs/patient-file.md.".strip())


def choice_field(choices: Sequence[str], what: str) -> Callable[[object], str]:
    """Return a validator for one word out of a list."""

    def validate(given: object) -> str:
        """Return the word of the list."""
        word = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
        if isinstance(word, str) and word.strip() in choices:
            return word.strip()
        hint = suggestion(clipped(word).casefold(), choices) or f"Use one of the listed words for the {what}."
        raise refuse("value.choice", clipped(given), "one of " + ", ".join(choices), hint)

    return validate


def text_field(given: object) -> str:
    """Validate a short free text."""
    if isinstance(given, str) and 0 < len(given.strip()) <= 300 and given.isprintable():
        return given.strip()
    raise refuse("value.text", clipped(given), "one line of text, at most 300 characters", "Shorten or correct it.")


def whole_field(low: int, high: int, what: str) -> Callable[[object], int]:
    """Return a validator for a whole number between two limits."""
    check = number_field(low, high, what)

    def validate(given: object) -> int:
        """Return the whole number within its limits."""
        value = check(given)
        if value != int(value):
            raise refuse("value.type", clipped(given), f"a whole {what}", "Write a whole number.")
        return int(value)

    return validate


def _truth(given: object) -> bool:
    if isinstance(given, bool):
        return given
    raise refuse("value.type", clipped(given), "true or false", "Write true or false without quotes.")


def _number_schema(low: float, high: float, what: str, whole: bool = False) -> WithJsonSchema:
    kind = "integer" if whole else "number"
    return WithJsonSchema({"type": kind, "minimum": low, "maximum": high, "description": what})


def one_of(choices: Sequence[str]) -> WithJsonSchema:
    """Return the JSON Schema of a choice."""
    return WithJsonSchema({"enum": list(choices)})


Text = Annotated[str, BeforeValidator(text_field), WithJsonSchema({"type": "string", "maxLength": 300})]
Date = Annotated[dt.date, BeforeValidator(date_field), WithJsonSchema({"type": "string", "format": "date"})]
SiteName = Annotated[str, BeforeValidator(site_field), WithJsonSchema({"enum": list(site_names())})]
Truth = Annotated[bool, BeforeValidator(_truth), WithJsonSchema({"type": "boolean"})]
Age = Annotated[float, BeforeValidator(number_field(18, 110, "age of an adult")), _number_schema(18, 110, "age [year]")]
Pain = Annotated[float, BeforeValidator(number_field(0, 10, "pain")), _number_schema(0, 10, "pain, 0 to 10")]
Ecog = Annotated[
    int,
    BeforeValidator(whole_field(0, 4, "ECOG performance status")),
    _number_schema(0, 4, "ECOG status", whole=True),
]
Fractions = Annotated[
    int, BeforeValidator(whole_field(1, 40, "number of fractions")), _number_schema(1, 40, "fractions", whole=True)
]
