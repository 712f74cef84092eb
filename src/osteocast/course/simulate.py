"""Simulate drawn patients under one regimen: the only way from equations to Courses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course import memory as m
from osteocast.course.calendar import in_order, split_calendar
from osteocast.course.chunk import N_OBSERVABLES, Results
from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses
from osteocast.course.layout import DAYS_PER_MONTH, Action
from osteocast.course.population import Draws
from osteocast.course.present import Present, carry, people_of
from osteocast.course.rules import with_calendar
from osteocast.course.workshare import Progress, compiled_entry, pieces, share_out

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Simulated:
    """Courses with what only the weights need.

    Parameters
    ----------
    courses : Courses
    records : (n, n_records, n_observables) float64
        Body read-outs on the record days of the calendar; see `models.body.Observables`.
    log_history : (n,) float64
        Log probability that nothing happened before day 0 which the record would show.
    """

    courses: Courses
    records: FloatArray
    log_history: FloatArray


def simulate(
    draws: Draws,
    calendar: FloatArray,
    months: int,
    *,
    history_events: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Run every drawn patient through natural history and `months` of the calendar.

    Several regimens of the same patients share their history: `present.carry` once, then `continue_from` for each.

    Parameters
    ----------
    draws : Draws
        Drawn patients; the bytes of a course depend on its keys and rules alone, not on its neighbours.
    calendar : (n, 4) float64
        Dated actions; see `calendar.calendar_of`.
    months : int
        Horizon; 0 runs the natural history only.
    history_events : bool
        Simulate events before day 0 (population) instead of weighing them as absent (record).
    workers : int or None
        Threads; None uses every processor.
    progress : callable or None
        Called with courses done and courses in all, of the part from day 0.
    """
    past, coming = split_calendar(calendar)
    present = carry(draws, past, history_events=history_events, workers=workers)
    courses = continue_from(present, coming, months, workers=workers, progress=progress)
    return Simulated(courses, present.records, present.log_history)


def continue_from(
    present: Present,
    calendar: FloatArray,
    months: int,
    *,
    read_days: FloatArray | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Courses:
    """Continue every patient from day 0 under a calendar; `present` stays as it is.

    Parameters
    ----------
    present : Present
    calendar : (n, 4) float64
        Actions from day 0; see `calendar.coming_calendar`.
    months : int
        Horizon.
    read_days : (r,) float64 or None
        Rising days from 0 to before the horizon on which the body is read out as well, before the doses of the day.
        The integration stops on each, so that courses differ within its accuracy from those without.
    workers : int or None
        Threads; None uses every processor.
    progress : callable or None
        Called with courses done and courses in all.

    Raises
    ------
    ValueError
        If the calendar holds an action before day 0 or a read-out, which belong to the history.
    """
    if np.any(calendar[:, 0] < 0.0) or np.any(calendar[:, 1] == int(Action.RECORD)):
        raise ValueError("what continues a history starts on day 0: earlier actions and read-outs belong to it")
    draws, standing = present.draws, present.standing
    days = np.zeros(0) if read_days is None else np.asarray(read_days, dtype=np.float64)
    people, results = people_of(draws), _results(present, months, len(days))
    rules = with_calendar(present.rules, _with_readings(calendar, days, months), months * DAYS_PER_MONTH)
    draw = draws.typical.streams.draws
    continue_chunk = compiled_entry("continue_chunk")

    def task(job: slice) -> None:
        """Continue one chunk of patients."""
        continue_chunk(pieces(people, job), pieces(standing, job), rules[int(draw[job.start])], pieces(results, job))

    share_out(draw, task, workers, progress)
    return _courses(draws, months, results, days)


def _with_readings(calendar: FloatArray, days: FloatArray, months: int) -> FloatArray:
    """Return the calendar with a read-out on each of the days."""
    if not len(days):
        return calendar
    if days[0] < 0.0 or days[-1] >= months * DAYS_PER_MONTH or np.any(np.diff(days) <= 0.0):
        raise ValueError("days of read-outs rise from 0 to before the horizon")
    number = np.arange(len(days), dtype=np.float64)
    kind = np.full(len(days), float(Action.RECORD))
    return in_order(np.vstack([calendar, np.stack([days, kind, np.zeros(len(days)), number], axis=1)]).tolist())


def _results(present: Present, months: int, records: int) -> Results:
    n, slots = present.standing.place.shape[:2]
    return Results(
        person_series=np.full((n, months + 1, len(PATIENT_SERIES)), np.nan),
        lesion_series=np.full((n, slots, months + 1, len(LESION_SERIES)), np.nan),
        events=np.full((n, m.EVENTS_MAXIMUM, m.EVENT_COLUMNS), np.nan),
        n_events=np.zeros(n, dtype=np.int64),
        death_day=np.full(n, np.nan),
        status=np.zeros(n, dtype=np.int64),
        records=np.full((n, records, N_OBSERVABLES), np.nan),
    )


def _courses(draws: Draws, months: int, results: Results, read_days: FloatArray) -> Courses:
    """Turn the arrays of the loop into Courses; events found only after death were never seen."""
    counts = np.minimum(results.n_events, m.EVENTS_MAXIMUM)
    course = np.repeat(np.arange(draws.n), counts)
    place = np.concatenate([np.arange(c) for c in counts]) if draws.n else np.empty(0, dtype=int)
    raw = results.events[course, place]
    events = np.empty(len(raw), dtype=EVENT_FIELDS)
    events["course"] = course
    events["day"] = raw[:, m.EVENT_DAY]
    events["detected_day"] = raw[:, m.EVENT_SEEN]
    events["kind"] = raw[:, m.EVENT_KIND]
    events["lesion"] = raw[:, m.EVENT_LESION]
    events["symptomatic"] = raw[:, m.EVENT_FELT]
    end = np.where(np.isnan(results.death_day), months * DAYS_PER_MONTH, results.death_day)
    events["detected_day"][events["detected_day"] > end[course]] = np.nan
    # the interval in which a person dies may hold events of a later day: they did not happen
    events = events[events["day"] <= end[course]]
    order = np.lexsort((events["kind"], events["day"], events["course"]))
    status = np.where(results.n_events > m.EVENTS_MAXIMUM, 100, results.status)
    return Courses(
        n=draws.n,
        months=months,
        times=np.asarray(np.arange(months + 1) * DAYS_PER_MONTH, dtype=np.float64),
        events=events[order],
        death_day=results.death_day,
        patient_series=results.person_series,
        lesion_series=results.lesion_series,
        status=status.astype(np.int8),
        read_days=read_days,
        read_outs=results.records,
    )
