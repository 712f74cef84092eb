"""Which missing item would settle most of what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osteocast.clinical.evaluate import evaluate
from osteocast.formats.instrument_file import instrument
from osteocast.formats.instrument_model import ItemEntry
from osteocast.formats.possible import Possible, known

__all__ = ["Missing", "rank_missing"]

# How many evenly spaced numbers of its plausible range stand for a number that is not known.
_NUMBERS = 21


@dataclass(frozen=True, slots=True)
class Missing:
    """An item that is open.

    Parameters
    ----------
    item, title : str
    settles : bool
        Whether any answer to it would settle the main output.
    answers_left : float
        How many answers of the main output would be left, on average over its levels.
    """

    item: str
    title: str
    settles: bool
    answers_left: float


def rank_missing(of: str, items: Mapping[str, ItemEntry], values: Mapping[str, Possible]) -> tuple[Missing, ...]:
    """Return the open items of an instrument, the one that would settle most first.

    Parameters
    ----------
    of : str
        Name of the instrument.
    items, values : mapping
        Every item, and what is known of it.
    """
    entry = instrument(of)
    found = []
    for name, item in items.items():
        if item.optional or item.kind == "text" or values[name].settled or name not in entry.items:
            continue
        answers = (evaluate(of, {**values, name: one}, entry.main)[entry.main] for one in _answers(values[name]))
        counts = [len(one.options) for one in answers]
        left = [count or _NUMBERS for count in counts]  # a range of numbers counts as many answers
        mean = sum(left) / len(left) if left else float(_NUMBERS)
        found.append(Missing(name, item.title, bool(left) and max(left) == 1, round(mean, 2)))
    return tuple(sorted(found, key=lambda one: (not one.settles, one.answers_left)))


def _answers(possible: Possible) -> list[Possible]:
    if possible.options:
        return [known(value) for value in possible.options]
    if possible.bounds is None or not abs(possible.low) + abs(possible.high) < float("inf"):
        return []
    step = (possible.high - possible.low) / (_NUMBERS - 1)
    return [known(possible.low + k * step) for k in range(_NUMBERS)]
