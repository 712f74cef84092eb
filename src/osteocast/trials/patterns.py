"""When events come and to whom: patterns of simulated trials that nothing is set to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.layout import DAYS_PER_MONTH, DAYS_PER_YEAR
from osteocast.domain.trial import Trial
from osteocast.trials.curves import counted_arms, main_kinds
from osteocast.trials.follow_up import FollowUp, Outcome, first_events, merged_within
from osteocast.trials.subjects import Subjects

FloatArray = NDArray[np.float64]

EARLY: Final = 3.0 * DAYS_PER_MONTH
"""Days after entry that count as early."""
WINDOW: Final = 21.0
"""Events so close together count as one, as in most of the trials: treatment of a fracture is no second event."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Patterns of one arm; nan where nobody is at risk or nothing happens.

    Attributes
    ----------
    arm : its name. patients, events : how many; events more than `WINDOW` days apart.
    first_early, first_later : first events a year at risk, in the first three months and afterwards [1/year].
    first, next : first events, and second events after a first one, a year at risk [1/year].
    variance_over_mean : of the number of events of a patient, less the variance that unequal follow-up alone gives at
        the arm's rate; 1 where events fall on all alike by chance.
    top_tenth : share of the events that the tenth of the patients with most of them has [1].
    """

    arm: str
    patients: int
    events: int
    first_early: float
    first_later: float
    first: float
    next: float
    variance_over_mean: float
    top_tenth: float


def patterns_of(trial: Trial, subjects: Subjects) -> tuple[Pattern, ...]:
    """Return the patterns of every arm under the trial's main definition of an event (`curves.main_counting`)."""
    kinds = main_kinds(trial)
    return tuple(pattern(merged_within(arm, kinds, WINDOW), kinds) for arm in counted_arms(trial, subjects))


def pattern(arm: FollowUp, kinds: tuple[int, ...]) -> Pattern:
    """Return the patterns of an arm whose events lie more than `WINDOW` days apart."""
    day, outcome = first_events(arm, kinds)
    had = outcome == Outcome.EVENT
    number = np.bincount(arm.event_patient, minlength=arm.n)
    after, second = _after_first(arm, day, had)
    most = np.sort(number)[::-1][: -(-arm.n // 10)]
    early = np.minimum(day, EARLY)
    return Pattern(
        arm=arm.name,
        patients=arm.n,
        events=int(number.sum()),
        first_early=_rate(int(np.sum(had & (day <= EARLY))), early),
        first_later=_rate(int(np.sum(had & (day > EARLY))), day - early),
        first=_rate(int(np.sum(had)), day),
        next=_rate(second, after),
        variance_over_mean=_dispersion(number, arm.exit_day),
        top_tenth=_ratio(float(most.sum()), float(number.sum())),
    )


def _after_first(arm: FollowUp, day: FloatArray, had: NDArray[np.bool_]) -> tuple[FloatArray, int]:
    """Return the days at risk of a second event of those who had a first, and how many had it."""
    open_from = day[arm.event_patient] + WINDOW
    end = arm.exit_day.copy()
    later = arm.event_day > open_from
    np.minimum.at(end, arm.event_patient[later], arm.event_day[later])
    at_risk = np.maximum(end - (day + WINDOW), 0.0)[had]
    return at_risk, len(np.unique(arm.event_patient[later]))


def _dispersion(number: NDArray[np.int64], day: FloatArray) -> float:
    """Return (Var N - r^2 Var T) / E N: of a Poisson number with rate r over a time T, Var N = r E T + r^2 Var T."""
    rate = _ratio(float(number.sum()), float(day.sum()))
    return _ratio(float(number.var() - rate**2 * day.var()), float(number.mean()))


def _rate(events: int, days: FloatArray) -> float:
    return _ratio(float(events), float(days.sum()) / DAYS_PER_YEAR)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0.0 else float("nan")
