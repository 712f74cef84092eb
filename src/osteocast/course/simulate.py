"""Simulate drawn patients under one regimen: the only way from equations to Courses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.course import memory as m
from osteocast.course.accuracy import loop_options
from osteocast.course.chunk import N_OBSERVABLES, Batch, Results
from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses
from osteocast.course.layout import DAYS_PER_MONTH, Action
from osteocast.course.population import Draws
from osteocast.course.rules import rules_of
from osteocast.course.system import disease_system
from osteocast.engine.system import fields_of, flatten, unflatten
from osteocast.models import body, lesion

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]

CHUNK = 32
"""Courses that one call of the compiled loop runs; the result does not depend on it."""
ENTRY = ("osteocast.course.chunk", "run_chunk", "example:osteocast.course.example.chunk_arguments")


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
        Called with courses done and courses in all.
    """
    results = _results(draws, months, calendar)
    batch = _batch(draws)
    jobs = _jobs(draws)
    kernels = _kernels()
    # one chunk first: compiling (or loading) must not happen in several threads at once
    done = 0
    rules: dict[int, Any] = {}

    def run(job: slice) -> int:
        first = int(draws.typical.streams.draws[job.start])
        if first not in rules:
            rules[first] = _rules(draws, job.start, calendar, months, history_events)
        piece = Batch(*(array[job] for array in batch))
        kernels(piece, rules[first], Results(*(array[job] for array in results)))
        return int(job.stop - job.start)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        pending: set[Future[int]] = {pool.submit(run, job) for job in jobs[1:]} if _warm(run, jobs) else set()
        done += jobs[0].stop - jobs[0].start
        try:
            while True:
                if progress is not None:
                    progress(done, draws.n)
                if not pending:
                    break
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                done += sum(future.result() for future in finished)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Simulated(_courses(draws, months, results), results.records, results.log_history)


def _warm(run: Callable[[slice], int], jobs: list[slice]) -> bool:
    """Run the first chunk alone: kernels are loaded before threads start."""
    run(jobs[0])
    return len(jobs) > 1


def _kernels() -> Any:
    from osteocast.engine.kernels import kernels

    return kernels(disease_system(), entries=(ENTRY,)).entries["run_chunk"]


def _jobs(draws: Draws) -> list[slice]:
    """Chunks in order, none of which mixes parameter draws."""
    keys = draws.typical.streams.draws
    breaks = np.flatnonzero(np.diff(keys)) + 1
    edges = [0, *breaks.tolist(), draws.n]
    return [
        slice(start, min(start + CHUNK, stop))
        for first, stop in itertools.pairwise(edges)
        for start in range(first, stop, CHUNK)
    ]


def _rules(draws: Draws, at: int, calendar: FloatArray, months: int, history_events: bool) -> m.Rules:
    typical = draws.typical.take(np.array([at]))
    return rules_of(typical, calendar, months * DAYS_PER_MONTH, history_events)._replace(options=loop_options())


def _batch(draws: Draws) -> Batch:
    """Initial states and parameters of every course."""
    p = unflatten(body.Params, list(draws.body.T))
    start = body.initial_state(p)
    n, slots = draws.place.shape[:2]
    xb = np.stack([np.broadcast_to(v, (n,)) for v in flatten(start)], axis=1)
    q = unflatten(lesion.Params, list(np.moveaxis(draws.lesions, 2, 0)))
    xl = np.stack([np.broadcast_to(v, (n, slots)) for v in flatten(_seeded(q))], axis=2)
    controls = np.zeros((n, len(fields_of(body.Controls))))
    controls[:, [f.name for f in fields_of(body.Controls)].index("oral_calcium")] = 1.0
    return Batch(
        draws.chance,
        np.ascontiguousarray(xb, dtype=float),
        np.ascontiguousarray(xl, dtype=float),
        draws.body,
        draws.lesions,
        controls,
        draws.person,
        draws.place,
    )


def _seeded(p: Any) -> Any:
    """Seeded lesions for arrays of parameters."""
    cells = p.pivonka
    return lesion.State(
        OBp=cells.OBp_reference,
        OBa=cells.OBa_reference,
        OCa=cells.OCa_reference,
        tumour=p.seed_size,
        bone=1.0,
        woven=0.0,
        extent=p.extent_max * np.cbrt(p.seed_size),
        epidural=0.0,
        rt_kill=0.0,
    )


def _results(draws: Draws, months: int, calendar: FloatArray) -> Results:
    n, slots = draws.place.shape[:2]
    recorded = int(np.count_nonzero(calendar[:, 1] == int(Action.RECORD))) if len(calendar) else 0
    return Results(
        person_series=np.full((n, months + 1, len(PATIENT_SERIES)), np.nan),
        lesion_series=np.full((n, slots, months + 1, len(LESION_SERIES)), np.nan),
        records=np.full((n, recorded, N_OBSERVABLES), np.nan),
        events=np.full((n, m.EVENTS_MAXIMUM, m.EVENT_COLUMNS), np.nan),
        n_events=np.zeros(n, dtype=np.int64),
        death_day=np.full(n, np.nan),
        log_history=np.zeros(n),
        status=np.zeros(n, dtype=np.int64),
    )


def _courses(draws: Draws, months: int, results: Results) -> Courses:
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
    )
