"""Courses whose answers are known in closed form: constant hazards of fracture, radiotherapy and death."""

import numpy as np
import pytest

from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses, EventKind

MONTH = 30.4375


def events_of(rows):
    """Rows (course, day, detected, kind, lesion, symptomatic) as an event table."""
    return np.array([tuple(r) for r in rows], dtype=EVENT_FIELDS)


def make_courses(rows, death_day, months=24, lesions=2):
    """Courses with given events and deaths; calcium 2.4, everything else 1, nan after death."""
    death_day = np.asarray(death_day, dtype=float)
    n, times = death_day.size, MONTH * np.arange(months + 1)
    patient = np.ones((n, months + 1, len(PATIENT_SERIES)))
    patient[:, :, PATIENT_SERIES.index("calcium_mmol_per_l")] = 2.4
    lesion = np.ones((n, lesions, months + 1, len(LESION_SERIES)))
    dead = times[None, :] > np.where(np.isnan(death_day), np.inf, death_day)[:, None]
    patient[dead] = np.nan
    lesion[np.broadcast_to(dead[:, None, :], lesion.shape[:3])] = np.nan
    events = events_of(rows) if len(rows) else np.empty(0, dtype=EVENT_FIELDS)
    return Courses(n, months, times, events, death_day, patient, lesion, np.zeros(n, dtype=np.int8))


def make_exponential(fracture_rate, radiotherapy_rate, death_rate, seed=1, months=24):
    """One fracture and one radiotherapy at most, each at a constant hazard [1/year] up to death.

    Uniform numbers depend on the seed alone, so other rates give the same patients another treatment.
    """
    rates = [np.asarray(r, dtype=float) / 365.25 for r in (fracture_rate, radiotherapy_rate, death_rate)]
    n = rates[0].size
    u = np.random.default_rng(seed).random((3, n))
    fracture, radiotherapy, death = (-np.log(v) / np.maximum(r, 1e-12) for v, r in zip(u, rates, strict=True))
    horizon = MONTH * months
    rows = []
    for i in range(n):
        end = min(death[i], horizon)
        if fracture[i] <= end:
            rows.append((i, fracture[i], fracture[i], EventKind.NON_VERTEBRAL_FRACTURE, 0, 1))
        if radiotherapy[i] <= end:
            rows.append((i, radiotherapy[i], radiotherapy[i], EventKind.RADIOTHERAPY, 1, 1))
        if death[i] <= horizon:
            rows.append((i, death[i], death[i], EventKind.DEATH, -1, 1))
    return make_courses(rows, np.where(death <= horizon, death, np.nan), months)


@pytest.fixture
def courses_of():
    return make_courses


@pytest.fixture
def exponential_courses():
    return make_exponential
