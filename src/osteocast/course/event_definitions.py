"""What counts as an event: definitions as data, shared by forecasts, calibration and trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from osteocast.course.courses import EventKind
from osteocast.domain.table import read_table
from osteocast.domain.trial import Counting


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of outcome.

    Attributes
    ----------
    name : key in results. kinds : raw kinds that count.
    found : True where an event counts on the day it was found, False on the day it happened.
    felt : True where silent events do not count.
    least_pain : worst pain [points] from which an event counts; None where pain does not matter.
    """

    name: str
    kinds: tuple[EventKind, ...]
    found: bool
    felt: bool = False
    least_pain: float | None = None


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """What counts as an event, printed beside the numbers.

    Attributes
    ----------
    name, title, text : short key, name and full wording.
    components : what any one event may be.
    window_days : further events within this many days of a counted one are the same event [day].
    every_finding : True where each fracture and each procedure counts by itself, whatever its day.
    not_simulated : what the trials counted as well and no course contains.
    """

    name: str
    title: str
    text: str
    components: tuple[Component, ...]
    window_days: float
    every_finding: bool = False
    not_simulated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """How raw events are found.

    Attributes
    ----------
    at_survey : kinds of which a silent one is found at a scheduled survey only.
    never : kinds that nobody sees as an event (they show in laboratory values, or not at all).
    """

    at_survey: tuple[EventKind, ...]
    never: tuple[EventKind, ...]


@cache
def ways_of_finding() -> Ways:
    """Return the section ``found`` of ``data/event_definitions.toml``."""
    entry = read_table("event_definitions")["found"]
    return Ways(_kinds(entry["at_survey"]), _kinds(entry["never"]))


@cache
def component(name: str) -> Component:
    """Return one outcome of ``data/event_definitions.toml`` by its name."""
    entry = read_table("event_definitions")["components"][name]
    pain = entry.get("least_pain")
    least = None if pain is None else float(pain)
    return Component(name, _kinds(entry["kinds"]), entry["clock"] == "detected", least_pain=least)


@cache
def event_definition(name: str = "SRE") -> EventDefinition:
    """Return a definition of ``data/event_definitions.toml`` by its name (see `definition_names`)."""
    entry = read_table("event_definitions")["definitions"][name]
    parts = tuple(
        Component(c.name, c.kinds, c.found, c.name in entry["symptomatic_only"], c.least_pain)
        for c in map(component, entry["components"])
    )
    return EventDefinition(
        name,
        entry["title"],
        entry["text"],
        parts,
        float(entry["window_days"]),
        bool(entry.get("every_finding", False)),
        tuple(entry.get("not_simulated", ())),
    )


def definition_of(counting: Counting) -> EventDefinition:
    """Return a trial's own definition of an event in the form that all counting takes."""
    parts = []
    for part in map(component, counting.components):
        changes = EventKind.CHANGE_OF_SYSTEMIC_THERAPY in part.kinds
        own = counting.therapy_change_pain if changes else None
        pain = part.least_pain if own is None else own
        parts.append(replace(part, felt=part.name in counting.symptomatic_only, least_pain=pain))
    unseen = ("radioisotope",) if counting.radioisotope_as_radiation else ()
    title = counting.title
    return EventDefinition(
        counting.name, title, title, tuple(parts), counting.window_days, counting.every_finding, unseen
    )


def definition_names() -> tuple[str, ...]:
    """Return the names of all definitions."""
    return tuple(read_table("event_definitions")["definitions"])


def _kinds(names: list[str]) -> tuple[EventKind, ...]:
    return tuple(EventKind[name.upper()] for name in names)
