"""Facts of a record in one flat form: what a value may be, the words for it, its day and where it stands."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import NamedTuple

from osteocast.domain.table import read_table
from osteocast.formats.possible import Possible, known

__all__ = ["Known", "Reading", "fact", "open_fact", "shown", "title_of"]


class Known(NamedTuple):
    """One fact.

    Attributes
    ----------
    possible : Possible
        What is known of the value; a fact that is not recorded is in no table at all.
    text : str
        Value with unit, for people.
    date : datetime.date or None
        Day of the value.
    pointer : str
        Where it stands in the record, or how it was made.
    """

    possible: Possible
    text: str
    date: dt.date | None
    pointer: str


class Reading(NamedTuple):
    """One measured value as the record gives it, with the laboratory's own limits where these are given."""

    name: str
    number: float
    sign: str
    unit: str
    date: dt.date | None
    pointer: str
    low: float | None = None
    high: float | None = None

    @property
    def possible(self) -> Possible:
        """The number; a range beyond it where it was reported as below or above a limit."""
        if self.sign == "<":
            return Possible(high=math.nextafter(self.number, -math.inf))
        return Possible(low=math.nextafter(self.number, math.inf)) if self.sign == ">" else known(self.number)

    @property
    def exact(self) -> str:
        """The number with unit, with every digit, as instruments take it."""
        return f"{self.number!r} {self.unit}".strip()

    @property
    def text(self) -> str:
        """The number with sign and unit, for people."""
        return f"{self.sign}{self.number:g} {self.unit}".strip()


def fact(value: bool | float | str, text: str = "", date: dt.date | None = None, pointer: str = "") -> Known:
    """Return a fact with one value."""
    words = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return Known(known(value), text or words, date, pointer)


def open_fact(possible: Possible, text: str, date: dt.date | None = None, pointer: str = "") -> Known:
    """Return a fact whose value may be one of several."""
    return Known(possible, text, date, pointer)


def title_of(name: str) -> str:
    """Return the name of a fact for people."""
    titles: Mapping[str, str] = read_table("assessment")["titles"]
    return titles.get(name) or name.rpartition(".")[2].replace("-", " ").replace("_", " ")


def shown(name: str, one: Known) -> str:
    """Write a fact with its value and day: "corrected calcium 13.36 mg/dL on 2026-03-02"."""
    words = {"yes": title_of(name), "no": f"no {title_of(name)}"}.get(one.text, f"{title_of(name)} {one.text}")
    return f"{words} on {one.date.isoformat()}" if one.date is not None else words


def possible_values(facts: Mapping[str, Known]) -> dict[str, Possible]:
    """Return what each fact may be, without its text, day and place."""
    return {key: one.possible for key, one in facts.items()}
