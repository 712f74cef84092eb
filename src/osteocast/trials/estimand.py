"""Estimands (ICH E9(R1)): from what was seen to the follow-up that an endpoint is estimated from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from osteocast.course.counting import count
from osteocast.course.courses import EventKind
from osteocast.course.detection import Observed, until
from osteocast.course.event_definitions import EventDefinition
from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.trials.drop_out import Exits
from osteocast.trials.follow_up import FollowUp

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Events = tuple[IntArray, FloatArray, IntArray]


class Strategy(StrEnum):
    """What is done with an event that comes between a patient and the end of follow-up (ICH E9(R1))."""

    TREATMENT_POLICY = "treatment-policy"
    HYPOTHETICAL = "hypothetical"
    COMPOSITE = "composite"
    WHILE_ALIVE = "while-alive"


ALLOWED = {
    "death": (Strategy.WHILE_ALIVE, Strategy.COMPOSITE, Strategy.HYPOTHETICAL),
    "drop_out": (Strategy.HYPOTHETICAL, Strategy.TREATMENT_POLICY),
    "switch": (Strategy.TREATMENT_POLICY, Strategy.HYPOTHETICAL, Strategy.COMPOSITE),
}
"""Strategies that make sense for each intercurrent event."""


@dataclass(frozen=True, slots=True)
class Estimand:
    """How death, drop-out and a change of therapy are dealt with.

    Attributes
    ----------
    name, text : short key and full wording.
    death, drop_out, switch : one of `ALLOWED`; what each does is said in data/estimands.toml.
    switch_kinds : kinds of event that are a change of therapy.

    Raises
    ------
    InputError
        `trial.estimand`: a strategy that an intercurrent event cannot have.
    """

    name: str
    text: str
    death: Strategy
    drop_out: Strategy
    switch: Strategy
    switch_kinds: tuple[EventKind, ...] = (EventKind.CHANGE_OF_SYSTEMIC_THERAPY,)

    def __post_init__(self) -> None:
        if issues := list(_problems(self)):
            raise InputError(issues)


@cache
def estimand(name: str) -> Estimand:
    """Return one estimand of ``data/estimands.toml`` by its name."""
    entry = read_table("estimands")[name]
    death, drop_out, switch = (Strategy(entry[of]) for of in ALLOWED)
    kinds = tuple(EventKind[kind.upper()] for kind in entry["switch_kinds"])
    return Estimand(name, entry["text"], death, drop_out, switch, kinds)


def follow_up(
    observed: Observed,
    definition: EventDefinition,
    chosen: Estimand,
    exits: Exits,
    stratum: IntArray | None = None,
    name: str = "arm",
) -> FollowUp:
    """Return the counted data of one arm under an estimand.

    Parameters
    ----------
    observed : detected at least up to the end of follow-up that the estimand asks for: `exits.closed_day`, or
        `exits.drop_out_day` where that ends it earlier.
    stratum : number of each patient's stratum, shape (n,); None for one stratum.
    name : of the arm.

    Raises
    ------
    InputError
        `trial.exit-not-observed`: living patients were observed for less than the estimand asks for.
    """
    end = exits.closed_day
    if chosen.drop_out is Strategy.HYPOTHETICAL:
        end = np.minimum(end, exits.drop_out_day)
    _check_observed(observed, end, name)
    changed = _first_of(observed, chosen.switch_kinds)
    if chosen.switch is Strategy.HYPOTHETICAL:
        end = np.minimum(end, changed)
    seen = until(observed, end)
    events = count(seen, definition)
    patient, day, kind = events.patient, events.day, events.kind
    if chosen.switch is Strategy.COMPOSITE:
        which = np.flatnonzero(changed <= seen.exit_day)
        row = _first_row(seen, chosen.switch_kinds)[which]
        patient, day, kind = _with_one_more((patient, day, kind), (which, seen.day[row], seen.kind[row]), seen.n)
    if chosen.death is Strategy.COMPOSITE:
        which = np.flatnonzero(seen.died)
        deaths = np.full(len(which), int(EventKind.DEATH))
        patient, day, kind = _with_one_more((patient, day, kind), (which, seen.exit_day[which], deaths), seen.n)
    return FollowUp(
        name=name,
        entry_day=exits.entry_day,
        exit_day=seen.exit_day,
        died=np.zeros(seen.n, dtype=np.bool_) if chosen.death is Strategy.HYPOTHETICAL else seen.died,
        stratum=np.zeros(seen.n, dtype=np.int64) if stratum is None else stratum,
        event_patient=patient,
        event_day=day,
        event_kind=kind,
    )


def _with_one_more(events: Events, more: Events, n: int) -> Events:
    """Return events with at most one further one a patient, in order; one that is there already is not added."""
    (patient, day, kind), (which, when, what) = events, more
    new_day, new_kind, known = np.full(n, np.nan), np.full(n, -1), np.zeros(n, dtype=np.bool_)
    new_day[which], new_kind[which] = when, what
    known[patient[(day == new_day[patient]) & (kind == new_kind[patient])]] = True
    added = ~known[which]
    patient, day, kind = (
        np.append(patient, which[added]), np.append(day, when[added]), np.append(kind, what[added]),
    )  # fmt: skip
    order = np.lexsort((kind, day, patient))
    return patient[order], day[order], kind[order]


def _first_row(observed: Observed, kinds: tuple[EventKind, ...]) -> IntArray:
    """Return the row of each patient's first event of some kinds, -1 where there is none, shape (n,)."""
    rows = np.flatnonzero(np.isin(observed.kind, [int(kind) for kind in kinds]))
    owners, first = np.unique(observed.patient[rows], return_index=True)
    found = np.full(observed.n, -1, dtype=np.int64)
    found[owners] = rows[first]
    return found


def _first_of(observed: Observed, kinds: tuple[EventKind, ...]) -> FloatArray:
    """Return the day of each patient's first event of some kinds, inf where there is none, shape (n,)."""
    row = _first_row(observed, kinds)
    day = np.append(observed.day, np.inf)
    return np.asarray(day[row], dtype=np.float64)


def _check_observed(observed: Observed, end: FloatArray, name: str) -> None:
    short = np.flatnonzero(~observed.died & (observed.exit_day < end))
    if len(short):
        found = f"{len(short)} living patients observed for less, the first for {observed.exit_day[short[0]]:.1f} days"
        expected = f"observation up to the end of follow-up, for that patient {end[short[0]]:.1f} days"
        fix = "Detect up to the end of the trial, and simulate for as long as the trial lasts."
        raise InputError(Issue("trial.exit-not-observed", f"arm {name}", found, expected, fix))


def _problems(found: Estimand) -> Iterator[Issue]:
    for of, allowed in ALLOWED.items():
        if (strategy := getattr(found, of)) not in allowed:
            expected = " or ".join(f'"{one}"' for one in allowed)
            fix = "Choose one of the strategies that this event can have."
            yield Issue("trial.estimand", f"estimand {found.name}: {of}", f'"{strategy}"', expected, fix)
