"""Detection: which raw events somebody sees, and on which day.

A symptomatic event is seen on its day. A silent fracture exists from its day on and is seen at the next scheduled
survey, never if death or the end of observation comes first. One set of courses serves any schedule; the day stored in
`Courses.events` is that of the person's own schedule and is read by `as_simulated` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses
from osteocast.course.event_definitions import ways_of_finding
from osteocast.course.streams import stream_number
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.random import uniform_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_MISSED = stream_number("detection.missed-survey")


@dataclass(frozen=True, slots=True)
class Surveys:
    """When the skeleton is surveyed; a survey at entry (day 0), the one others are compared with, always is.

    Attributes
    ----------
    interval_days : days between surveys, counted from entry; None where `days` are given.
    days : explicit days after entry, rising; empty for no survey.
    missed : share of surveys that a patient does not attend, each by chance [1]; 0 is neutral.
    seed : of that chance.

    Raises
    ------
    InputError
        `measurement.surveys`: both or none given, days that do not rise from above 0, a share outside 0 to 1.
    """

    interval_days: float | None = None
    days: tuple[float, ...] | None = None
    missed: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if issues := list(_schedule_problems(self)):
            raise InputError(issues)

    def until(self, day: float) -> FloatArray:
        """Return the days of the surveys up to and on a day, rising, shape (s,)."""
        if self.interval_days is not None:
            given = np.arange(1, int(day / self.interval_days) + 2) * self.interval_days
        else:
            given = np.asarray(self.days, dtype=np.float64)
        return np.asarray(given[given <= day], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of the courses of one arm between entry and the end of observation.

    One row for each symptomatic event and one for all silent fractures of a kind that one survey found.

    Attributes
    ----------
    exit_day : end of observation: death, exit or end of the simulation [day since entry], shape (n,).
    died : whether observation ended by death, shape (n,).
    patient, kind : whose event, and its `EventKind`, shape (m,); in order of patient, day and kind.
    day : day on which it was seen [day], after 0 and not after the patient's exit, shape (m,).
    after_day, until_day : it happened after the first (the last survey without it) and not after the second (the
        survey that found it); both are the day itself where it was felt. nan where the schedule is not known.
    number : number of fractures of this kind found by the survey, else 1, shape (m,).
    symptomatic : whether it was felt, shape (m,).
    pain_worst : worst pain in the month in which it was seen [points], shape (m,).
    raw : index of (the first of) its rows in `Courses.events`, shape (m,).
    """

    exit_day: FloatArray
    died: BoolArray
    patient: IntArray
    day: FloatArray
    kind: IntArray
    after_day: FloatArray
    until_day: FloatArray
    number: IntArray
    symptomatic: BoolArray
    pain_worst: FloatArray
    raw: IntArray

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.exit_day)


_OF_PATIENTS = ("exit_day", "died")


def detect(courses: Courses, surveys: Surveys, exit_day: FloatArray, patients: IntArray | None = None) -> Observed:
    """Return what a schedule of surveys shows of courses; events up to and on day 0 belong to the history.

    Parameters
    ----------
    exit_day : last day under observation, shape (n,); death or the end of the simulation may come before.
    patients : key of each patient for the chance of a missed survey, shape (n,); None for 0 to n - 1.
    """
    events = courses.events
    rows, waits = _visible(courses)
    course, day = events["course"][rows].astype(np.int64), events["day"][rows]
    end, died = _end(courses, exit_day)
    schedule = surveys.until(float(end.max(initial=0.0)))
    before, after = _surveys_around(surveys, schedule, _keys(patients, courses.n), course[waits], day[waits])
    seen, since = day.copy(), day.copy()
    seen[waits] = np.append(schedule, np.inf)[after]
    since[waits] = np.append(0.0, schedule)[before]
    return _observed(courses, (end, died), rows, seen, (since, waits))


def as_simulated(courses: Courses, exit_day: FloatArray) -> Observed:
    """Return what was seen by the days stored in the courses: each person's own survey interval, no survey missed."""
    rows, waits = _visible(courses)
    seen = courses.events["detected_day"][rows]
    since = np.where(waits, np.nan, courses.events["day"][rows])
    return _observed(courses, _end(courses, exit_day), rows, np.where(np.isnan(seen), np.inf, seen), (since, waits))


def until(observed: Observed, exit_day: FloatArray) -> Observed:
    """Return what is known with an earlier end of observation [day since entry], shape (n,).

    Equal to detection with that end, because a survey after it finds nothing.
    """
    end = np.minimum(observed.exit_day, exit_day)
    died = observed.died & (observed.exit_day <= end)
    known = observed.day <= end[observed.patient]
    kept = {f.name: getattr(observed, f.name)[known] for f in fields(Observed) if f.name not in _OF_PATIENTS}
    return replace(observed, exit_day=end, died=died, **kept)


def pain_on(courses: Courses, course: IntArray, day: FloatArray) -> FloatArray:
    """Return the worst pain [points] of the month in which each day of a course lies, nan after death, shape (m,)."""
    month = np.clip(np.searchsorted(courses.times, day, side="right") - 1, 0, courses.months)
    return np.asarray(courses.of_patient("pain_worst")[course, month], dtype=np.float64)


def _visible(courses: Courses) -> tuple[IntArray, BoolArray]:
    """Return the rows of events after entry that can be seen, and which of them wait for a survey."""
    events = courses.events
    ways = ways_of_finding()
    rows = np.flatnonzero((events["day"] > 0.0) & ~np.isin(events["kind"], [int(k) for k in ways.never]))
    waits = np.isin(events["kind"][rows], [int(k) for k in ways.at_survey]) & (events["symptomatic"][rows] == 0)
    return rows, waits


def _end(courses: Courses, exit_day: FloatArray) -> tuple[FloatArray, BoolArray]:
    last = np.fmin(courses.death_day, courses.times[-1])
    with np.errstate(invalid="ignore"):
        died = courses.death_day <= np.minimum(exit_day, courses.times[-1])
    return np.minimum(exit_day, last), np.asarray(died, dtype=np.bool_)


def _keys(patients: IntArray | None, n: int) -> IntArray:
    return np.arange(n, dtype=np.int64) if patients is None else patients


def _surveys_around(
    surveys: Surveys, schedule: FloatArray, patients: IntArray, course: IntArray, day: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return for each day the attended survey before it (0: entry, i: survey i - 1) and the one on or after it.

    The second is the number of surveys where none comes; a fracture on the day of a survey is found by it.
    """
    count = len(schedule)
    place = np.searchsorted(schedule, day, side="left")
    if surveys.missed == 0.0 or count == 0:
        return place, place
    numbers = np.arange(count)
    attended = uniform_array(surveys.seed, patients[:, None], _MISSED, numbers[None, :]) >= surveys.missed
    none = np.full((len(patients), 1), count)
    coming = np.minimum.accumulate(np.hstack([np.where(attended, numbers, count), none])[:, ::-1], axis=1)[:, ::-1]
    passed = np.maximum.accumulate(np.hstack([none * 0, np.where(attended, numbers + 1, 0)]), axis=1)
    return passed[course, place], coming[course, place]


def _observed(
    courses: Courses,
    ending: tuple[FloatArray, BoolArray],
    rows: IntArray,
    seen: FloatArray,
    silent: tuple[FloatArray, BoolArray],
) -> Observed:
    """Keep what was seen in time, in order; make one row of the fractures of a kind that one survey found."""
    events, (end, died), (since, waits) = courses.events, ending, silent
    course, kind = events["course"][rows].astype(np.int64), events["kind"][rows].astype(np.int64)
    order = np.lexsort((rows, waits, kind, seen, course))
    order = order[seen[order] <= end[course[order]]]
    course, kind, rows = course[order], kind[order], rows[order]
    seen, since, waits = seen[order], since[order], waits[order]
    new = np.ones(len(order), dtype=np.bool_)
    same = (course[1:] == course[:-1]) & (seen[1:] == seen[:-1]) & (kind[1:] == kind[:-1])
    new[1:] = ~(same & waits[1:] & waits[:-1])
    first = np.flatnonzero(new)
    return Observed(
        exit_day=end,
        died=died,
        patient=course[first],
        day=seen[first],
        kind=kind[first],
        after_day=since[first],
        until_day=np.where(np.isnan(since[first]), np.nan, seen[first]),
        number=np.diff(np.append(first, len(order))),
        symptomatic=events["symptomatic"][rows[first]] == 1,
        pain_worst=pain_on(courses, course[first], seen[first]),
        raw=rows[first],
    )


def _schedule_problems(surveys: Surveys) -> Iterator[Issue]:
    if (surveys.interval_days is None) == (surveys.days is None):
        yield _issue("an interval and days, or neither", "an interval or explicit days")
    elif surveys.interval_days is not None and not 0.0 < surveys.interval_days < np.inf:
        yield _issue(f"an interval of {surveys.interval_days:g} days", "a finite number of days above 0")
    days = np.asarray(surveys.days or (), dtype=np.float64)
    if not (np.isfinite(days).all() and (np.diff(days, prepend=0.0) > 0.0).all()):
        yield _issue(f"days {surveys.days}", "finite days that rise from above 0 (the survey at entry is understood)")
    if not 0.0 <= surveys.missed <= 1.0:
        yield _issue(f"a share of {surveys.missed:g} missed", "0 to 1")


def _issue(found: str, expected: str) -> Issue:
    return Issue("measurement.surveys", "surveys", found, expected, "Correct the schedule of surveys.")
