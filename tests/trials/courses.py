"""Courses made by hand for the chain from raw events to counted data."""

from __future__ import annotations

import numpy as np

from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses
from osteocast.course.courses import EventKind as K
from osteocast.trials.drop_out import Exits

MONTH = 30.4375
SURVEYED = (K.VERTEBRAL_FRACTURE, K.NON_VERTEBRAL_FRACTURE)


def courses_of(rows, death=(), *, n=None, months=24, series=None):
    """Courses from rows (course, day, kind, symptomatic); the stored day of detection is nonsense on purpose.

    `death`: days of death of the first patients. `series`: values by name of a patient series, shape (n, months + 1).
    """
    n = n or max([len(death), *(row[0] + 1 for row in rows)])
    day_of_death = np.full(n, np.nan)
    day_of_death[: len(death)] = death
    rows = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
    events = np.array([(c, day, -7.0, int(kind), 0, felt) for c, day, kind, felt in rows], dtype=EVENT_FIELDS)
    patient = np.ones((n, months + 1, len(PATIENT_SERIES)))
    for name, values in (series or {}).items():
        patient[:, :, PATIENT_SERIES.index(name)] = values
    times = MONTH * np.arange(months + 1)
    patient[times[None, :] > np.where(np.isnan(day_of_death), np.inf, day_of_death)[:, None]] = np.nan
    lesions = np.ones((n, 1, months + 1, len(LESION_SERIES)))
    return Courses(n, months, times, events, day_of_death, patient, lesions, np.zeros(n, dtype=np.int8))


def leaving(closed, drop_out=None):
    """Exits at given days since entry; nobody drops out unless told so."""
    closed = np.asarray(closed, dtype=float)
    never = np.full(len(closed), np.inf)
    return Exits(np.zeros(len(closed)), never if drop_out is None else np.asarray(drop_out, dtype=float), closed)
