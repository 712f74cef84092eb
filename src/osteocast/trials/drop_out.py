"""Why observation ends while a patient lives: drop-out that follows the patient's state, end of the trial, data cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course.courses import Courses
from osteocast.course.layout import DAYS_PER_MONTH, DAYS_PER_YEAR
from osteocast.course.streams import Streams
from osteocast.foundation.errors import InputError, Issue

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """How patients of a trial leave it.

    Attributes
    ----------
    withdrawal : rate of drop-out at performance status 0 before a first event [1/year].
    per_ecog : log of its ratio for one more point of performance status [1]; 0 is neutral.
    after_progression : log of its ratio after the first change of systemic therapy [1]; 0 is neutral.
    earliest_exit, latest_exit : the trial ends between these for those still in it, evenly spread [year after entry]:
        all at one data cut, the last to enter are followed shortest.
    cut_off : nobody is followed for longer [month after entry].

    Raises
    ------
    InputError
        `trial.exit-plan`: values that are negative or not finite, a latest exit before the earliest.
    """

    withdrawal: float
    earliest_exit: float
    latest_exit: float
    cut_off: float
    per_ecog: float = 0.0
    after_progression: float = 0.0

    def __post_init__(self) -> None:
        if issues := list(_problems(self)):
            raise InputError(issues)


@dataclass(frozen=True, slots=True)
class Exits:
    """When each patient would leave for each reason but death, shape (n,) each.

    Attributes
    ----------
    entry_day : day of the trial's calendar of the randomisation [day since the first could enter].
    drop_out_day : day of drop-out [day since entry], inf if never.
    closed_day : end of the trial or cut-off for this patient [day since entry].
    """

    entry_day: FloatArray
    drop_out_day: FloatArray
    closed_day: FloatArray


def exits(courses: Courses, plan: ExitPlan, streams: Streams, progression_day: FloatArray | None = None) -> Exits:
    """Return when each patient would leave.

    Parameters
    ----------
    streams : random numbers by patient.
    progression_day : day of the first change of systemic therapy, inf where there is none, shape (n,).
    """
    # The exponential number is the integrated rate at which the patient leaves.
    threshold = -np.log(ndtr(streams.person("reference-arm.withdrawal")))
    share = ndtr(streams.person("reference-arm.entry"))
    stays = plan.earliest_exit + share * (plan.latest_exit - plan.earliest_exit)
    first = np.full(courses.n, np.inf) if progression_day is None else progression_day
    return Exits(
        entry_day=(plan.latest_exit - stays) * DAYS_PER_YEAR,
        drop_out_day=drop_out_day(courses, plan, threshold, first),
        closed_day=np.minimum(stays * DAYS_PER_YEAR, plan.cut_off * DAYS_PER_MONTH),
    )


def drop_out_day(courses: Courses, plan: ExitPlan, threshold: FloatArray, progression_day: FloatArray) -> FloatArray:
    """Return the day on which the integrated rate of drop-out reaches each patient's threshold, shape (n,).

    The rate is `withdrawal` times exp(per_ecog ECOG + after_progression [therapy was changed]), with the performance
    status of the month; after the last month, and after death (where others cut), that of the last one goes on.
    """
    if plan.withdrawal == 0.0:
        return np.full(courses.n, np.inf)
    factor = np.exp(plan.per_ecog * _held(courses.of_patient("ecog")))
    # Days weighted by the state alone, at the start of each month; the trial's rate turns them into a hazard.
    weighted = np.concatenate(
        [np.zeros((courses.n, 1)), np.cumsum(factor[:, :-1] * np.diff(courses.times), axis=1)], axis=1
    )
    needed = threshold / plan.withdrawal * DAYS_PER_YEAR
    before = np.full(courses.n, np.inf)
    had = np.isfinite(progression_day)
    month = np.clip(np.searchsorted(courses.times, progression_day[had], side="right") - 1, 0, courses.months)
    before[had] = weighted[had, month] + factor[had, month] * (progression_day[had] - courses.times[month])
    late = needed > before
    needed[late] = before[late] + (needed[late] - before[late]) * np.exp(-plan.after_progression)
    reached = np.sum(weighted <= needed[:, None], axis=1) - 1
    rows = np.arange(courses.n)
    return np.asarray(courses.times[reached] + (needed - weighted[rows, reached]) / factor[rows, reached])


def _held(series: FloatArray) -> FloatArray:
    """Return a monthly series whose missing values are those of the last month that has one, shape (n, n_times).

    A course without any value keeps nan.
    """
    known = np.where(np.isnan(series), 0, np.arange(series.shape[1])[None, :])
    return np.take_along_axis(series, np.maximum.accumulate(known, axis=1), axis=1)


def _problems(plan: ExitPlan) -> Iterator[Issue]:
    times = {name: getattr(plan, name) for name in ("withdrawal", "earliest_exit", "latest_exit", "cut_off")}
    for name, value in times.items():
        if not 0.0 <= value < np.inf:
            yield _issue(name, f"{value:g}", "a finite number, 0 or more")
    for name in ("per_ecog", "after_progression"):
        if not np.isfinite(getattr(plan, name)):
            yield _issue(name, f"{getattr(plan, name):g}", "the logarithm of a ratio of rates")
    if plan.latest_exit < plan.earliest_exit:
        yield _issue("latest_exit", f"{plan.latest_exit:g} years", f"at least {plan.earliest_exit:g} years")


def _issue(name: str, found: str, expected: str) -> Issue:
    return Issue("trial.exit-plan", name, found, expected, "Correct the plan of exits.")
