"""What the user gives, item by item, as values that are still possible."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.instrument_model import ItemEntry, LevelEntry, plain_word
from osteocast.formats.possible import Possible, Value, known
from osteocast.foundation.decimal_mark import with_point
from osteocast.foundation.errors import Issue

__all__ = ["Given", "names_of", "open_item", "read_given"]

_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([^\d\s.,].*)?", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[,;+]\s*")
_GREATEST = 1e15
_YES, _NO = ("yes", "true", "present"), ("no", "false", "absent")


@dataclass(slots=True)
class _Reading:
    """What is being collected while items are read."""

    place: str
    values: dict[str, Possible] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def refuse(self, code: str, item: str, found: object, expected: str, fix: str) -> None:
        """Note a problem of one item."""
        self.issues.append(Issue(code, f"{self.place}: {item}", clipped(found), expected, fix))


@dataclass(frozen=True, slots=True)
class Given:
    """The items as given.

    Parameters
    ----------
    values : dict of str to Possible
        The items that were given; more than one value is left where a word or number fits two levels.
    texts : dict of str to str
        As they were written.
    notes : tuple of str
        Conventions that were used, and what is still asked.
    outside : dict of str to str
        By item the reason why the instrument does not apply to what was given.
    """

    values: dict[str, Possible]
    texts: dict[str, str]
    notes: tuple[str, ...]
    outside: dict[str, str]


def _shown(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value).strip()


def open_item(item: ItemEntry, unit: str) -> Possible:
    """Return what an item can be that was not given: any of its levels, or any plausible number."""
    if item.kind == "choice":
        return Possible(tuple(level.name for level in item.levels))
    if item.kind == "number" and (limits := item.limits.get(unit)):
        return Possible(low=limits[0], high=limits[1])
    return Possible()


def names_of(items: Mapping[str, ItemEntry]) -> dict[str, str]:
    """Return the item that each name means, names as `plain_word` writes them."""
    return {plain_word(alias): name for name, item in items.items() for alias in (name, *item.also, *item.also_in)}


def read_given(
    place: str, items: Mapping[str, ItemEntry], names: Mapping[str, str], given: Mapping[str, object]
) -> tuple[Given, list[Issue]]:
    """Read what the user gave.

    Parameters
    ----------
    place : str
        Name of the instrument, for messages.
    items : mapping
        Every item of the instrument, by name.
    names : mapping
        As `names_of` gives them.
    given : mapping
        Values by item name or by another name of the item; ``None`` is missing.

    Returns
    -------
    Given, list of Issue
        Every problem is listed; the values are not to be used where there is one.
    """
    reading = _Reading(place)
    pending: dict[str, object] = {}
    for key, value in given.items():
        name = names.get(plain_word(key))
        if name is None:
            fix = suggestion(plain_word(key), list(names)) or "See `osteocast score NAME` without items."
            reading.refuse("instrument.item-unknown", clipped(key), "an item it does not have", ", ".join(items), fix)
        elif name in pending:
            reading.refuse("instrument.item-twice", name, value, "one value", "Give the item once.")
        elif value is not None and not _is_sensible(value):
            reading.refuse("instrument.number", name, value, "a number of ordinary size", "Check the value.")
        elif value is not None:
            units = {plain_word(alias): unit for alias, unit in items[name].also_in.items()}
            pending[name] = f"{value} {units[plain_word(key)]}" if plain_word(key) in units else value
    # A unit is settled before the numbers that it belongs to: as an item, then by a number that has it written behind.
    for name in sorted(pending, key=lambda n: (items[n].kind == "number", _as_number(pending[n]) is not None)):
        _read_item(reading, items, name, pending[name])
    _fill(reading, items)
    return Given(reading.values, reading.texts, tuple(reading.notes), reading.outside), reading.issues


def _read_item(reading: _Reading, items: Mapping[str, ItemEntry], name: str, value: object) -> None:
    item = items[name]
    listed = isinstance(value, list | tuple)
    reading.texts[name] = ", ".join(str(v) for v in value) if isinstance(value, list | tuple) else _shown(value)
    if item.kind == "text":
        reading.values[name] = known(plain_word(reading.texts[name]))
    elif item.kind == "number":
        _read_number(reading, items, name, value)
    elif item.kind == "set":
        _read_set(reading, item, name, value)
    elif item.several and (listed or isinstance(value, str)):
        parts = [str(v) for v in value] if isinstance(value, list | tuple) else _spread(item, str(value))
        _read_several(reading, item, name, parts)
    else:
        levels = _levels(reading, item, name, value)
        if levels:
            _keep(reading, item, name, levels)


def _read_several(reading: _Reading, item: ItemEntry, name: str, parts: list[str]) -> None:
    """Take the level with most points of several places."""
    found = [_levels(reading, item, name, part) for part in parts]
    if not found or not all(found):
        return
    worst = max(max(level.points or 0 for level in levels) for levels in found)
    if len(parts) > 1:
        reading.notes.append(f"{item.title}: of {', '.join(parts)} the one with most points counts (a convention).")
    _keep(reading, item, name, [next(one for one in item.levels if one.points == worst)])


def _keep(reading: _Reading, item: ItemEntry, name: str, levels: list[LevelEntry]) -> None:
    reading.values[name] = Possible(tuple(level.name for level in levels))
    if len(levels) > 1:
        left = " or ".join(level.title or level.name for level in levels)
        reading.notes.append(f"{item.title}: {reading.texts[name]} leaves open {left}. {item.ask}".rstrip())


def _levels(reading: _Reading, item: ItemEntry, name: str, value: object) -> list[LevelEntry]:
    """Return the levels that a word or number may mean; none where it is refused or lies outside."""
    number = _as_number(value)
    if number is not None and any(level.has_range for level in item.levels):
        found = [level for level in item.levels if level.holds(number)]
    else:
        word = _word(value)
        if word in (reasons := {plain_word(w): why for w, why in item.outside.items()}):
            reading.outside[name] = reasons[word]
            return []
        found = [level for level in item.levels if word in level.said]
        for level in found:
            reading.notes += [why for w, why in level.by_convention.items() if plain_word(w) == word]
    if not found:
        words = [level.name for level in item.levels]
        known_words = [w for level in item.levels for w in (level.name, *level.words, *level.by_convention)]
        fix = suggestion(str(value), known_words) or "Take one of them, or leave the item out where it is not known."
        reading.refuse("instrument.level", name, value, "one of " + ", ".join(words), fix)
    return found


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    word = plain_word(str(value))
    return "yes" if word in _YES else "no" if word in _NO else word


def _is_sensible(value: object) -> bool:
    """Whether every number in a value is finite and small enough to be written."""
    parts = value if isinstance(value, list | tuple) else (value,)
    return all(abs(part) < _GREATEST for part in parts if isinstance(part, int | float))


def _as_number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?)\s*%?", str(value).strip())
    return float(match[1]) if match else None


def _spread(item: ItemEntry, text: str) -> list[str]:
    """Return the places that ``T9, T10`` or ``T9-T11`` names."""
    order = [plain_word(one) for one in item.order]
    parts: list[str] = []
    for part in _SEPARATOR.split(text.strip()):
        first, _, last = part.partition("-")
        ends = [plain_word(end) for end in (first, last)]
        if all(end in order for end in ends):
            low, high = sorted(order.index(end) for end in ends)
            parts += item.order[low : high + 1]
        else:
            parts.append(part)
    return parts


def _read_set(reading: _Reading, item: ItemEntry, name: str, value: object) -> None:
    parts = list(value) if isinstance(value, list | tuple) else [p for p in _SEPARATOR.split(str(value)) if p]
    chosen: list[str] = []
    for part in parts:
        if plain_word(str(part)) != "none":
            chosen += [level.name for level in _levels(reading, item, name, part)]
    reading.values[name] = known(tuple(dict.fromkeys(chosen)))


def _read_number(reading: _Reading, items: Mapping[str, ItemEntry], name: str, value: object) -> None:
    item = items[name]
    plain = "" if isinstance(value, bool | list | tuple) else with_point(str(value).strip())
    match = _NUMBER.fullmatch(plain)
    number = float(match[1]) if match else math.nan
    if match is None or not math.isfinite(number):
        expected = f"a number{' of ' + item.unit if item.unit else ''}"
        reading.refuse("instrument.number", name, value, expected, "Write a plain number, such as 2.9.")
        return
    written = (match[2] or "").strip()
    unit = _unit_of(reading, items, name, written)
    if unit is None:
        return
    if unit in item.other_units:
        number, unit = number / item.other_units[unit], item.unit
    if item.whole and number != round(number):
        reading.refuse("instrument.number", name, value, "a whole number", "Round as the scale was asked.")
        return
    limits = item.limits.get(unit)
    if limits is not None and not limits[0] <= number <= limits[1]:
        expected, fix = f"{limits[0]:g} to {limits[1]:g} {unit}".rstrip(), "Check the value and its unit."
        reading.refuse("instrument.range", name, value, expected, fix)
        return
    reading.values[name] = known(number)


def _unit_of(reading: _Reading, items: Mapping[str, ItemEntry], name: str, written: str) -> str | None:
    """Return the unit of a number, or ``None`` where it is refused."""
    item = items[name]
    written = written.replace("µ", "u").replace("μ", "u")
    if not item.unit_item:
        if written and written not in (item.unit, *item.other_units):
            units = ", ".join(u for u in (item.unit, *item.other_units) if u) or "no unit"
            reading.refuse("instrument.unit", name, written, units, "Give it in one of these units.")
            return None
        return written or item.unit
    settled = reading.values.get(item.unit_item)
    if written:
        words = [level.name for level in items[item.unit_item].levels]
        written = next((word for word in words if word.casefold() == written.casefold()), written)
        if written not in words or (settled is not None and settled.value != written):
            expected = ", ".join(words) if written not in words else f"{settled.value if settled else ''}"
            fix = "All values of one call are in one unit; nothing is converted here, because limits differ by unit."
            reading.refuse("instrument.unit", name, written, expected, fix)
            return None
        reading.values[item.unit_item] = known(written)
        return written
    value: Value = settled.value if settled is not None else items[item.unit_item].default
    if value is None:
        words_text = " or ".join(level.name for level in items[item.unit_item].levels)
        fix = f"Write the unit behind the number, or give --{item.unit_item}."
        reading.refuse("instrument.unit-missing", name, "a number without unit", words_text, fix)
        return None
    return str(value)


def _fill(reading: _Reading, items: Mapping[str, ItemEntry]) -> None:
    """Let the word of a text item decide another item, where it is one of that item's words."""
    for name, item in items.items():
        if not item.fills or name not in reading.texts:
            continue
        word, target = plain_word(reading.texts[name]), items[item.fills]
        levels = [level for level in target.levels if word in level.said]
        if not levels:
            continue
        seen = reading.values.get(item.fills)
        if seen is None:
            reading.texts[item.fills] = reading.texts[name]
            _levels(reading, target, item.fills, reading.texts[name])
            _keep(reading, target, item.fills, levels)
        elif not set(seen.options) & {level.name for level in levels}:
            expected = " or ".join(level.name for level in levels)
            fix = "Correct one of the two."
            reading.refuse("instrument.contradiction", item.fills, reading.texts[item.fills], expected, fix)
