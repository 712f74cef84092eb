"""Entry of the compiled kernels: run a chunk of courses that share one set of rules."""

from typing import Any, Final, NamedTuple

import numpy as np

from osteocast.course import memory as m
from osteocast.course.loop import Written, run_course
from osteocast.course.memory import Rules, Run
from osteocast.foundation.compiled import jitable

N_OBSERVABLES: Final = 15
N_EXPORTS: Final = 6


class Batch(NamedTuple):
    """Arrays of a chunk, first axis the course."""

    keys: Any  # (n,) int64
    xb: Any  # (n, n_body) initial body state
    xl: Any  # (n, n_slots, n_lesion) initial lesion states
    pb: Any
    pl: Any
    controls: Any  # (n, n_controls)
    person: Any
    place: Any


class Results(NamedTuple):
    """Where a chunk writes, first axis the course."""

    person_series: Any
    lesion_series: Any
    records: Any
    events: Any
    n_events: Any
    death_day: Any
    log_history: Any
    status: Any


@jitable
def run_chunk(k: Any, batch: Batch, rules: Rules, results: Results) -> None:
    """Run every course of a batch; nothing is shared between courses but what is only read."""
    n, slots = batch.place.shape[0], batch.place.shape[1]
    work = k.new_work(slots)
    lesion = np.empty((slots, m.LESION_COLUMNS))
    body = np.empty(m.BODY_COLUMNS)
    counts = np.zeros(2, dtype=np.int64)
    exported = np.zeros(N_EXPORTS)
    observed = np.zeros(N_OBSERVABLES)
    for i in range(n):
        run = Run(
            batch.keys[i],
            batch.xb[i].copy(),
            batch.xl[i].copy(),
            batch.pb[i],
            batch.pl[i].copy(),
            batch.controls[i].copy(),
            batch.person[i],
            batch.place[i].copy(),
            lesion,
            body,
            results.events[i],
            counts,
            exported,
            observed,
            work,
        )
        written = Written(results.person_series[i], results.lesion_series[i], results.records[i])
        results.status[i] = run_course(k, run, rules, written)
        results.n_events[i] = counts[1]
        results.death_day[i] = body[m.DEATH_DAY]
        results.log_history[i] = body[m.LOG_HISTORY]
