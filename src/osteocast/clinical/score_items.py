"""An instrument applied to items of a record: an item that the instrument refuses is left open, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from osteocast.clinical.score import Score, apply_instrument, takes
from osteocast.foundation.errors import InputError

__all__ = ["applied"]


def applied(name: str, items: Mapping[str, object], unchecked: bool = False) -> Score | None:
    """Return the score, or ``None`` where no item was given that the instrument takes.

    Items that the instrument refuses (a word it does not know, a number beyond its limits) stay open, with a note.
    """
    given = {key: value for key, value in items.items() if value is not None and takes(name, key)}
    notes: list[str] = []
    while given:
        try:
            score = apply_instrument(name, given, unchecked)
        except InputError as error:
            places = {one.place.rpartition(": ")[2].replace("-", "_"): one for one in error.issues}
            refused = [key for key in given if key.replace("-", "_") in places]
            if not refused:
                return None
            for key in refused:
                expected = places[key.replace("-", "_")].expected
                notes.append(f"Not used: {key.replace('_', ' ')} {given.pop(key)} ({expected} expected).")
        else:
            return replace(score, notes=(*notes, *score.notes))
    return None
