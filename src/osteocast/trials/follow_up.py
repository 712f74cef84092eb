"""What a trial counted in one arm: entry, exit, death and recurrent events of every patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from osteocast.course.counting import separate_events
from osteocast.foundation.errors import InputError, Issue

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Outcome(IntEnum):
    """How the wait for a first event ended."""

    CENSORED = 0
    EVENT = 1
    DEATH = 2


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Counted data of one arm; definitions, surveys and windows were applied before or are applied by name.

    Attributes
    ----------
    name : of the arm.
    entry_day : day of the trial's calendar on which each patient was randomised, shape (n,).
    exit_day : end of follow-up (death, drop-out or data cut) [day since entry], shape (n,).
    died : whether follow-up ended by death, shape (n,).
    stratum : number of each patient's stratum, shape (n,).
    event_patient : whose event it is, index into the arrays above, shape (n_events,).
    event_day : [day since entry], after 0 and not after the patient's exit, shape (n_events,).
    event_kind : number of the type of event, shape (n_events,).

    Raises
    ------
    InputError
        `trial.follow-up`: shapes that do not agree, values that are not finite, events outside of follow-up.
    """

    name: str
    entry_day: FloatArray
    exit_day: FloatArray
    died: BoolArray
    stratum: IntArray
    event_patient: IntArray
    event_day: FloatArray
    event_kind: IntArray

    def __post_init__(self) -> None:
        if issues := list(_problems(self)):
            raise InputError(issues)

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.exit_day)


def _problems(arm: FollowUp) -> Iterator[Issue]:
    of_patients = (arm.entry_day, arm.exit_day, arm.died, arm.stratum)
    of_events = (arm.event_patient, arm.event_day, arm.event_kind)
    if {a.shape for a in of_patients} != {(arm.n,)} or {a.shape for a in of_events} != {(len(arm.event_day),)}:
        yield _issue(arm, "arrays of different shapes", "one value for each patient, one for each event")
        return
    days = np.concatenate([arm.entry_day, arm.exit_day, arm.event_day])
    if not np.isfinite(days).all():
        yield _issue(arm, "days that are not finite numbers", "finite days")
    if (arm.exit_day < 0.0).any():
        yield _issue(arm, "an exit before entry", "days since entry, 0 or more")
    if arm.died.dtype != np.bool_:
        yield _issue(arm, f"`died` as {arm.died.dtype}", "true or false")
    if ((arm.event_patient < 0) | (arm.event_patient >= arm.n)).any():
        yield _issue(arm, "an event of no patient", f"a patient's index from 0 to {arm.n - 1}")
    elif ((arm.event_day <= 0.0) | (arm.event_day > arm.exit_day[arm.event_patient])).any():
        yield _issue(arm, "an event outside of its patient's follow-up", "days after entry and not after exit")


def _issue(arm: FollowUp, found: str, expected: str) -> Issue:
    return Issue("trial.follow-up", f"arm {arm.name}", found, expected, "Correct the counted data of this arm.")


def of_kinds(arm: FollowUp, kinds: Sequence[int]) -> BoolArray:
    """Return which events are of one of the kinds, shape (n_events,)."""
    return np.isin(arm.event_kind, [int(kind) for kind in kinds])


def with_events(arm: FollowUp, chosen: NDArray[np.bool_] | IntArray) -> FollowUp:
    """Return the arm with only the chosen events (mask or indices); patients and follow-up stay."""
    return replace(
        arm,
        event_patient=arm.event_patient[chosen],
        event_day=arm.event_day[chosen],
        event_kind=arm.event_kind[chosen],
    )


def first_events(arm: FollowUp, kinds: Sequence[int]) -> tuple[FloatArray, IntArray]:
    """Return the wait of every patient for the first event of `kinds` and how it ended.

    Returns
    -------
    day : day of the first event, else of exit [day since entry], shape (n,).
    outcome : `Outcome`, shape (n,). An event on the day of death comes before the death.
    """
    chosen = of_kinds(arm, kinds)
    first = np.full(arm.n, np.inf)
    np.minimum.at(first, arm.event_patient[chosen], arm.event_day[chosen])
    had = np.isfinite(first)
    outcome = np.where(had, Outcome.EVENT, np.where(arm.died, Outcome.DEATH, Outcome.CENSORED))
    return np.where(had, first, arm.exit_day), outcome.astype(np.int64)


def first_kinds(arm: FollowUp, counted: Sequence[int]) -> IntArray:
    """Return the kind of every patient's first event among `counted`, -1 where there is none, shape (n,).

    Of several on one day the kind that stands first in `counted` is taken.
    """
    chosen = np.flatnonzero(of_kinds(arm, counted))
    rank = {int(kind): place for place, kind in enumerate(counted)}
    place = np.array([rank[kind] for kind in arm.event_kind[chosen].tolist()], dtype=np.int64)
    order = chosen[np.lexsort((place, arm.event_day[chosen], arm.event_patient[chosen]))]
    patients, first = np.unique(arm.event_patient[order], return_index=True)
    found = np.full(arm.n, -1, dtype=np.int64)
    found[patients] = arm.event_kind[order[first]]
    return found


def cut(arm: FollowUp, calendar_day: float) -> FollowUp:
    """Return the arm as it is known on one day of the trial's calendar: an interim analysis or the data cut.

    Who entered on or after that day is left out; follow-up and events after it are not yet known.
    """
    entered = arm.entry_day < calendar_day
    allowed = calendar_day - arm.entry_day
    known = entered[arm.event_patient] & (arm.event_day <= allowed[arm.event_patient])
    index = np.cumsum(entered) - 1
    return FollowUp(
        arm.name,
        arm.entry_day[entered],
        np.minimum(arm.exit_day, allowed)[entered],
        (arm.died & (arm.exit_day <= allowed))[entered],
        arm.stratum[entered],
        index[arm.event_patient[known]],
        arm.event_day[known],
        arm.event_kind[known],
    )


def merged_within(arm: FollowUp, kinds: Sequence[int], window_days: float) -> FollowUp:
    """Return the arm with events of `kinds` only, those left out that follow a counted one too closely.

    An event counts if it is the patient's first or lies more than `window_days` after the last one that counted
    (the rule of trials of skeletal events: treatment of a fracture is not a second event). Of several on one day the
    kind that stands first in `kinds` counts.
    """
    chosen = np.flatnonzero(of_kinds(arm, kinds))
    rank = {int(kind): place for place, kind in enumerate(kinds)}
    place = np.array([rank[kind] for kind in arm.event_kind[chosen].tolist()], dtype=np.int64)
    order = chosen[np.lexsort((place, arm.event_day[chosen], arm.event_patient[chosen]))]
    separate = separate_events(arm.event_patient[order], arm.event_day[order], window_days)
    return with_events(arm, order[separate])
