"""From what was seen to what counts: the events of one definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course.detection import Observed
from osteocast.course.event_definitions import EventDefinition

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counted:
    """Events that one definition counts, in order of patient, day and kind.

    Attributes
    ----------
    patient, kind : whose event, and its `EventKind`, shape (m,). Of several on one day the kind that stands first in
        `EventKind` gives its name to the event: the fracture before the operation for it.
    day : on which it counts, the day it was seen [day since entry], shape (m,).
    after_day, until_day : between which it happened [day], see `Observed`, shape (m,).
    number : fractures and procedures taken together as this event, shape (m,).
    """

    patient: IntArray
    day: FloatArray
    kind: IntArray
    after_day: FloatArray
    until_day: FloatArray
    number: IntArray


def count(observed: Observed, definition: EventDefinition) -> Counted:
    """Return the events that a definition counts among those seen.

    An event counts on the day it was seen. Those within `window_days` of the last counted one are part of it; so are,
    with any window, all fractures of one survey. Where the definition counts every finding, nothing is taken together.
    """
    rows = np.flatnonzero(_named(observed, definition))
    if definition.every_finding:
        rows = np.repeat(rows, observed.number[rows])
        return _counted(observed, rows, np.ones(len(rows), dtype=np.int64))
    separate = separate_events(observed.patient[rows], observed.day[rows], definition.window_days)
    number = np.zeros(int(separate.sum()), dtype=np.int64)
    np.add.at(number, np.cumsum(separate) - 1, observed.number[rows])
    return _counted(observed, rows[separate], number)


def separate_events(patient: IntArray, day: FloatArray, window_days: float) -> BoolArray:
    """Return which events lie more than `window_days` after the last counted one of the same patient, shape (m,).

    Parameters
    ----------
    patient : whose event, in rising order, shape (m,). day : rising within each patient [day], shape (m,).
    """
    start = np.flatnonzero(np.diff(patient, prepend=patient[:1] - 1))
    owner = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(patient))))
    turn = np.arange(len(patient)) - start[owner]
    # One column a turn: the patients' first events, then all second ones, and so on.
    days = np.full((len(start), int(turn.max(initial=-1)) + 1), -np.inf)
    days[owner, turn] = day
    counts = np.zeros(days.shape, dtype=np.bool_)
    last = np.full(len(start), -np.inf)
    for column in range(days.shape[1]):
        counts[:, column] = days[:, column] - last > window_days
        last = np.where(counts[:, column], days[:, column], last)
    return np.asarray(counts[owner, turn], dtype=np.bool_)


def first_day(counted: Counted, n: int) -> FloatArray:
    """Return the day of each patient's first counted event [day since entry], inf where there is none, shape (n,)."""
    first = np.full(n, np.inf)
    np.minimum.at(first, counted.patient, counted.day)
    return first


def first_kind(counted: Counted, n: int) -> IntArray:
    """Return the kind of each patient's first counted event, -1 where there is none, shape (n,)."""
    owners, first = np.unique(counted.patient, return_index=True)
    found = np.full(n, -1, dtype=np.int64)
    found[owners] = counted.kind[first]
    return found


def _named(observed: Observed, definition: EventDefinition) -> BoolArray:
    """Return which of the events seen are of a component and fulfil its conditions."""
    chosen = np.zeros(len(observed.day), dtype=np.bool_)
    for part in definition.components:
        of_part = np.isin(observed.kind, [int(kind) for kind in part.kinds])
        if part.felt:
            of_part &= observed.symptomatic
        if part.least_pain is not None:
            # An unknown pain (nan) is no reason to count.
            of_part &= observed.pain_worst >= part.least_pain
        chosen |= of_part
    return chosen


def _counted(observed: Observed, rows: IntArray, number: IntArray) -> Counted:
    return Counted(
        patient=observed.patient[rows],
        day=observed.day[rows],
        kind=observed.kind[rows],
        after_day=observed.after_day[rows],
        until_day=observed.until_day[rows],
        number=number,
    )
