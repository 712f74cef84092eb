"""Entries of the compiled kernels: carry a chunk of patients to day 0, or continue them, under one set of rules."""

from typing import Any, Final, NamedTuple

import numpy as np

from osteocast.course import memory as m
from osteocast.course.loop import run_future, run_history
from osteocast.course.memory import Rules, Run
from osteocast.course.readings import Written
from osteocast.foundation.compiled import jitable

N_OBSERVABLES: Final = 15
N_EXPORTS: Final = 6


class People(NamedTuple):
    """What stays the same along a course, first axis the course."""

    keys: Any  # (n,) int64
    pb: Any  # (n, n_body_params)
    person: Any  # (n, len(PERSON))


class Standing(NamedTuple):
    """Where courses stand: all that a course carries from one day to the next, first axis the course."""

    xb: Any  # (n, n_body)
    xl: Any  # (n, n_slots, n_lesion)
    pl: Any  # (n, n_slots, n_lesion_params)
    controls: Any  # (n, n_controls)
    place: Any  # (n, n_slots, len(PLACE))
    lesion: Any  # (n, n_slots, LESION_COLUMNS)
    body: Any  # (n, BODY_COLUMNS)
    events: Any  # (n, EVENTS_MAXIMUM, EVENT_COLUMNS)
    counts: Any  # (n, 2) int64: active lesions, events
    status: Any  # (n,) int64


class Results(NamedTuple):
    """Where a chunk writes what its courses show, first axis the course."""

    person_series: Any
    lesion_series: Any
    events: Any
    n_events: Any
    death_day: Any
    status: Any
    records: Any  # (n, n_records, n_observables): body read-outs on days from day 0


@jitable
def carry_chunk(k: Any, people: People, standing: Standing, rules: Rules, records: Any) -> None:
    """Carry every patient to day 0; `standing` holds the start and is overwritten with the end."""
    work = k.new_work(standing.place.shape[1])
    exported = np.zeros(N_EXPORTS)
    observed = np.zeros(N_OBSERVABLES)
    no_person, no_lesion = np.empty((0, 0)), np.empty((0, 0, 0))
    for i in range(standing.place.shape[0]):
        run = Run(
            people.keys[i],
            standing.xb[i],
            standing.xl[i],
            people.pb[i],
            standing.pl[i],
            standing.controls[i],
            people.person[i],
            standing.place[i],
            standing.lesion[i],
            standing.body[i],
            standing.events[i],
            standing.counts[i],
            exported,
            observed,
            work,
        )
        start = (run.xb.copy(), run.xl.copy(), run.controls.copy())
        standing.status[i] = run_history(k, run, rules, Written(no_person, no_lesion, records[i]), start)


@jitable
def continue_chunk(k: Any, people: People, standing: Standing, rules: Rules, results: Results) -> None:
    """Continue every patient from day 0; `standing` is read only."""
    work = k.new_work(standing.place.shape[1])
    exported = np.zeros(N_EXPORTS)
    observed = np.zeros(N_OBSERVABLES)
    for i in range(standing.place.shape[0]):
        results.status[i] = standing.status[i]
        if standing.status[i] != 0:
            continue
        counts = standing.counts[i].copy()
        body = standing.body[i].copy()
        results.events[i, :, :] = standing.events[i]
        run = Run(
            people.keys[i],
            standing.xb[i].copy(),
            standing.xl[i].copy(),
            people.pb[i],
            standing.pl[i].copy(),
            standing.controls[i].copy(),
            people.person[i],
            standing.place[i].copy(),
            standing.lesion[i].copy(),
            body,
            results.events[i],
            counts,
            exported,
            observed,
            work,
        )
        written = Written(results.person_series[i], results.lesion_series[i], results.records[i])
        results.status[i] = run_future(k, run, rules, written)
        results.n_events[i] = counts[1]
        results.death_day[i] = body[m.DEATH_DAY]
