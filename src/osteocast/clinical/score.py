"""An instrument applied to what is known: values, what is still possible, what would settle the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from osteocast.clinical.evaluate import complete, evaluate
from osteocast.clinical.given import Given, names_of, read_given
from osteocast.clinical.missing import Missing, rank_missing
from osteocast.formats.conditions import all_hold
from osteocast.formats.instrument_file import find_instrument, instrument, shared_guards
from osteocast.formats.instrument_model import GuardEntry, InstrumentEntry, ItemEntry, OutputEntry, plain_word
from osteocast.formats.possible import Possible, Value
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue

__all__ = ["Answer", "Score", "ScoredItem", "apply_instrument", "score", "takes"]


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item as it was given."""

    name: str
    title: str
    given: str
    level: str
    points: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One output.

    Parameters
    ----------
    name, title, unit : str
    value : Value
        ``None`` while more than one value is possible, or where nothing is given (no dose).
    settled : bool
        Whether one value is left.
    possible : tuple of Value
        All values that are left; empty for a range of numbers.
    bounds : tuple of float or None
        Least and greatest number that can be reached; ``None`` for words and for numbers without plausible limits.
    text : str
        The value in words, where the instrument has some.
    """

    name: str
    title: str
    unit: str
    value: Value
    settled: bool
    possible: tuple[Value, ...]
    bounds: tuple[float, float] | None
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """What an instrument says of one lesion, laboratory value or patient.

    Attributes
    ----------
    instrument : str
        Its name; `entry` holds its title, version, sources, accuracy, conflicts and licence.
    applicable : bool
        False where a guard speaks against its use; then `answers` is empty and `reasons` says why.
    answers : tuple of Answer
    items : tuple of ScoredItem
    missing : tuple of Missing
        What would settle the rest, the most useful first; empty where nothing is open.
    notes : tuple of str
        Conventions, assumptions and cautions about this case.
    not_checked : tuple of str
        Guards whose item was not given.
    """

    instrument: str
    entry: InstrumentEntry
    applicable: bool
    reasons: tuple[str, ...]
    answers: tuple[Answer, ...]
    items: tuple[ScoredItem, ...]
    missing: tuple[Missing, ...]
    notes: tuple[str, ...]
    not_checked: tuple[str, ...]

    @property
    def values(self) -> dict[str, Value]:
        """Value of each output, ``None`` where it is open."""
        return {one.name: one.value for one in self.answers}

    def answer(self, name: str) -> Answer:
        """Return one output by its name."""
        return next(one for one in self.answers if one.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return {
            "banner": BANNER,
            "instrument": self.instrument,
            **self.entry.model_dump(include={"title", "version", "measures", "status", "read", "sources"}, mode="json"),
            **self.entry.model_dump(include={"licence", "population", "accuracy", "conflicts"}, mode="json"),
            "applicable": self.applicable,
            "reasons": list(self.reasons),
            "values": {one.name: _plain(one.value) for one in self.answers},
            "answers": [
                {
                    "name": one.name,
                    "title": one.title,
                    "unit": one.unit,
                    "value": _plain(one.value),
                    "settled": one.settled,
                    "possible": [_plain(value) for value in one.possible],
                    "bounds": list(one.bounds) if one.bounds else None,
                    "text": one.text,
                }
                for one in self.answers
            ],
            "items": [
                {"name": i.name, "title": i.title, "given": i.given, "level": i.level, "points": i.points}
                for i in self.items
            ],
            "missing": [
                {"item": m.item, "title": m.title, "settles": m.settles, "answers_left": m.answers_left}
                for m in self.missing
            ],
            "notes": list(self.notes),
            "not_checked": list(self.not_checked),
        }


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def score(name: str, /, *, unchecked: bool = False, **items: object) -> Score:
    """Apply a clinical instrument to what is known; a missing item is never counted as zero.

    Parameters
    ----------
    name : str
        Such as ``sins``; ``osteocast score --list`` shows all.
    unchecked : bool
        Use an instrument whose table nobody has read in a source (status ``memory``).
    **items
        Values by item: words, numbers (in the unit of the item's name, or as text with unit), or ``None``.

    Raises
    ------
    InputError
        ``instrument.*``: with every problem of the items at once.

    Examples
    --------
    >>> score("sins", location="T9", pain="mechanical", lesion="lytic").answer("total").bounds
    (6, 16)
    """
    return apply_instrument(name, items, unchecked)


def apply_instrument(name: str, items: Mapping[str, object], unchecked: bool = False) -> Score:
    """Do what `score` does, with the items in a mapping."""
    found = find_instrument(name)
    ready = _ready(found)
    if ready.entry.status == "memory" and not unchecked:
        fix = "Use --unchecked (unchecked=True) if you want it all the same."
        issue = Issue("instrument.unchecked", found, "a table written from memory", "a table read in a source", fix)
        raise InputError(issue)
    given, issues = read_given(found, ready.items, ready.names, items)
    if issues:
        raise InputError(issues)
    return _scored(found, ready, given)


class _Ready(NamedTuple):
    """An instrument with every item that is asked for it: its own, those of instruments it uses and of guards."""

    entry: InstrumentEntry
    items: dict[str, ItemEntry]
    names: dict[str, str]
    guards: tuple[GuardEntry, ...]


@cache
def _ready(name: str) -> _Ready:
    entry, shared = instrument(name), shared_guards()
    guards = (*(shared.guards[key] for key in entry.shared_guards), *entry.guards)
    looked_at = {condition.item for guard in guards for condition in guard.when}
    extra = {key: item for key, item in shared.items.items() if key in looked_at}
    used = {key: item for other in entry.uses for key, item in instrument(other).items.items()}
    items = {**extra, **used, **entry.items}
    return _Ready(entry, items, names_of(items), guards)


def takes(name: str, item: str) -> bool:
    """Whether an instrument asks for an item of that name."""
    return plain_word(item) in _ready(find_instrument(name)).names


def _scored(name: str, ready: _Ready, given: Given) -> Score:
    entry, items = ready.entry, ready.items
    values = complete(items, given.values)
    reasons = [why for item, why in given.outside.items() if item in entry.items]
    cautions = [why for item, why in given.outside.items() if item not in entry.items]
    not_checked = []
    for guard in ready.guards:
        held = all_hold(guard.when, values)
        if held:
            (reasons if guard.effect == "not-applicable" else cautions).append(guard.says)
        elif held is None:
            asked = ", ".join(items[one.item].title for one in guard.when if not values[one.item].settled)
            not_checked.append(f"{asked} not given: {guard.says}")
    assumed = [i.default_note for n, i in items.items() if n not in given.values and i.default_note]
    found = {} if reasons else evaluate(name, values)
    open_ones = not all(one.settled for one in found.values())
    return Score(
        instrument=name,
        entry=entry,
        applicable=not reasons,
        reasons=tuple(reasons),
        answers=tuple(
            _answer(key, entry.outputs[key], one) for key, one in found.items() if not entry.outputs[key].inside
        ),
        items=tuple(_item(one, items[one], given) for one in items if one in given.values),
        missing=rank_missing(name, items, values) if open_ones else (),
        notes=(*given.notes, *cautions, *assumed, *entry.notes),
        not_checked=tuple(dict.fromkeys(not_checked)),
    )


def _answer(name: str, output: OutputEntry, seen: Possible) -> Answer:
    texts = [rule.text for rule in output.all_rules if rule.gives == seen.value and seen.settled and rule.text]
    bounds = seen.bounds if seen.bounds and all(map(math.isfinite, seen.bounds)) else None
    return Answer(
        name=name,
        title=output.title,
        unit=output.unit,
        value=seen.value,
        settled=seen.settled,
        possible=seen.options,
        bounds=bounds,
        text=texts[0] if texts else "",
    )


def _item(name: str, item: ItemEntry, given: Given) -> ScoredItem:
    seen = given.values[name]
    scored = seen.settled and any(level.points is not None for level in item.levels)
    return ScoredItem(
        name=name,
        title=item.title,
        given=given.texts.get(name, str(seen.value)),
        level=seen.value if isinstance(seen.value, str) and item.levels else "",
        points=item.points[str(seen.value)] if scored else None,
    )
