"""Values of subjects as a laboratory measures them: monthly, and on the days of visits where a trial needs them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses, EventKind
from osteocast.course.laboratory_visits import finding, sample
from osteocast.course.layout import DAYS_PER_MONTH, DAYS_PER_YEAR
from osteocast.course.streams import stream_number
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.domain.trial import Trial
from osteocast.domain.trial_words import estimator_facts
from osteocast.foundation.random import normal_array
from osteocast.trials.subjects import MEASURED, Subjects

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ASSAYS: Final = MappingProxyType(
    {"calcium_mmol_per_l": "corrected-calcium", "untx_ratio": "uNTx", "ctx_ratio": "CTX", "bone_alp_ratio": "bone-ALP"}
)
"""Quantity of ``data/observations.toml`` whose assay measures a series."""


def measured(subjects: Subjects, name: str, seed: int) -> FloatArray:
    """Return a monthly series with the log-normal error of its assay, nan after death, shape (n, months + 1)."""
    true = subjects.series[:, :, MEASURED.index(name)]
    assay = quantity_facts(ASSAYS[name]).assay
    error = 0.0 if assay is None else assay.value
    month = np.arange(true.shape[1])
    normal = normal_array(seed, subjects.key[:, None], stream_number(f"laboratory.{name}"), month[None, :])
    return np.asarray(true * np.exp(np.sqrt(np.log1p(error**2)) * normal))


def reported_pain(subjects: Subjects, seed: int) -> FloatArray:
    """Return worst pain as rated each month on whole points of 0 to 10, nan after death, shape (n, months + 1)."""
    true = subjects.series[:, :, MEASURED.index("pain_worst")]
    noise = quantity_facts("pain-worst").assay
    month = np.arange(true.shape[1])
    normal = normal_array(seed, subjects.key[:, None], stream_number("laboratory.pain_worst"), month[None, :])
    return np.asarray(np.clip(np.round(true + (0.0 if noise is None else noise.value) * normal), 0.0, 10.0))


def visit_days(trial: Trial) -> FloatArray:
    """Return the days of laboratory visits from entry to the end of study [day]; none unless an endpoint needs them."""
    if not any(estimator_facts(one.estimator).visits for one in trial.endpoints):
        return np.zeros(0)
    plan = trial.follow_up
    end = min(plan.latest_exit.value * DAYS_PER_YEAR, plan.simulated.value * DAYS_PER_MONTH - 1.0)
    # the slack meets the rounding of an end that is given in days
    return np.arange(0.0, end + 1e-6, plan.laboratory_interval.value)


def calcium_at_visits(courses: Courses, seed: int, key: IntArray) -> FloatArray:
    """Return corrected calcium as measured on the days the courses were read out [mmol/L], shape (n, v).

    High calcium that is treated again ends a patient's values: they no longer tell of the treatment of the arm.
    """
    again = first_after_entry(courses, EventKind.HYPERCALCAEMIA_TREATMENT)
    return sample(courses, finding("hypercalcaemia"), courses.read_days, again, (seed, key)).value


def first_after_entry(courses: Courses, kind: EventKind) -> FloatArray:
    """Return the day of each course's first event of a kind after day 0, inf where there is none, shape (n,)."""
    events = courses.events[(courses.events["kind"] == int(kind)) & (courses.events["day"] > 0.0)]
    first = np.full(courses.n, np.inf)
    np.minimum.at(first, events["course"], events["day"])
    return first


def month_of(day: float, count: int) -> int:
    """Return the month of a series of `count` values that lies nearest to a day."""
    return int(np.clip(round(day / DAYS_PER_MONTH), 0, count - 1))


def harm_limit(name: str) -> float:
    """Return a limit of calcium [mmol/L] by its name in ``data/trial_harms.toml``."""
    return float(read_table("trial_harms")[name]["calcium_below"])


def harm_event(name: str) -> str | None:
    """Return the event of `course.harms.HARMS` that a harm of ``data/trial_harms.toml`` is, None for a limit."""
    event = read_table("trial_harms")[name].get("event")
    return None if event is None else str(event)
