"""Laboratory findings: seen only at visits, with the error of an assay, then graded, then perhaps reported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses
from osteocast.course.streams import stream_number
from osteocast.course.system import observable_names
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.random import normal_array, uniform_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Finding:
    """A laboratory finding and its grades: one entry of ``data/laboratory_grades.toml``.

    Attributes
    ----------
    name, unit : of the finding, and the unit of its values.
    series : monthly series of the courses that is sampled.
    read_out : the same among the body's read-outs, which courses may hold on days of their own.
    error : SD of one sample about the true value, relative to it [1]; 0 is neutral.
    below : True where low values are graded, False where high ones are.
    limits : where grades 1, 2, 3 and 4 begin, in `unit`.
    reported : share of patients whose finding of grade 1, 2, 3, 4 is reported as an adverse event [1]; 1 is neutral.
    """

    name: str
    unit: str
    series: str
    read_out: str
    error: float
    below: bool
    limits: tuple[float, ...]
    reported: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of one finding at the visits of every patient.

    Attributes
    ----------
    finding : what was measured.
    day : days of the visits since entry, shape (v,).
    value : as measured, in the finding's unit; nan where the patient had left or died, shape (n, v).
    """

    finding: Finding
    day: FloatArray
    value: FloatArray


@cache
def finding(name: str) -> Finding:
    """Return one finding of ``data/laboratory_grades.toml`` by its name."""
    entry = read_table("laboratory_grades")[name]
    assay = quantity_facts(entry["assay"]).assay
    return Finding(
        name,
        entry["unit"],
        entry["series"],
        entry["read_out"],
        # All assays named there are given as a coefficient of variation.
        0.0 if assay is None else assay.value,
        entry["beyond"] == "below",
        tuple(map(float, entry["limits"])),
        tuple(map(float, entry["reported"])),
    )


def sample(
    courses: Courses, of: Finding, visit_day: FloatArray, exit_day: FloatArray, keys: tuple[int, IntArray] | None = None
) -> Samples:
    """Return the values measured at visits up to each patient's exit.

    Parameters
    ----------
    visit_day : days of the visits since entry, rising, within the simulated time, shape (v,).
    exit_day : last day under observation [day], shape (n,).
    keys : seed, and key of each patient, of the assay's error, shape (n,); None for seed 0 and keys 0 to n - 1.

    Notes
    -----
    Where the courses were read out on all visits (`Courses.read_days`), their values are those. Else the value lies on
    a straight line between the months of the series, so a low of a few days between two months is not seen, whatever
    the visits, and a visit in the month of death takes the value of the month before.

    Raises
    ------
    InputError
        `measurement.visits`: visits that do not rise, before entry or after the simulated time.
    """
    _check_visits(courses, visit_day)
    seed, patients = (0, np.arange(courses.n, dtype=np.int64)) if keys is None else keys
    true = _read_out(courses, of, visit_day) if np.isin(visit_day, courses.read_days).all() else None
    true = _between_months(courses, of, visit_day) if true is None else true
    number = np.arange(len(visit_day))
    error = normal_array(seed, patients[:, None], stream_number(f"laboratory.{of.series}"), number[None, :])
    # Log-normal, as `Assay` says: the median of the samples is the true value.
    value = true * np.exp(np.sqrt(np.log1p(of.error**2)) * error)
    present = visit_day[None, :] <= np.fmin(exit_day, courses.death_day)[:, None]
    return Samples(of, visit_day, np.where(present, value, np.nan))


def _read_out(courses: Courses, of: Finding, visit_day: FloatArray) -> FloatArray | None:
    """Return what was read out on the days of the visits, shape (n, v); None without visits."""
    if not len(visit_day):
        return None
    place = np.searchsorted(courses.read_days, visit_day)
    return np.asarray(courses.read_outs[:, place, observable_names().index(of.read_out)])


def _between_months(courses: Courses, of: Finding, visit_day: FloatArray) -> FloatArray:
    """Return the monthly series on straight lines between its months, shape (n, v)."""
    series = courses.of_patient(of.series)
    month = np.clip(np.searchsorted(courses.times, visit_day, side="right") - 1, 0, max(0, courses.months - 1))
    share = (visit_day - courses.times[month]) / np.diff(courses.times, append=np.inf)[month]
    start, stop = series[:, month], series[:, np.minimum(month + 1, courses.months)]
    return np.asarray(start + np.where(np.isnan(stop), 0.0, share * (stop - start)))


def grades(samples: Samples) -> IntArray:
    """Return the laboratory grade 0 to 4 of each sample, -1 where there is none, shape (n, v).

    A value on a limit still has the milder grade ("below 2.0 mmol/L").
    """
    limits = np.asarray(samples.finding.limits)
    value = samples.value[:, :, None]
    beyond = value < limits if samples.finding.below else value > limits
    return np.where(np.isnan(samples.value), -1, beyond.sum(axis=2)).astype(np.int64)


def worst_grade(samples: Samples) -> IntArray:
    """Return the worst laboratory grade of each patient, -1 without a sample, shape (n,)."""
    return np.asarray(grades(samples).max(axis=1, initial=-1), dtype=np.int64)


def first_of_grade(samples: Samples, least: int) -> FloatArray:
    """Return the day of the first sample of at least a grade [day since entry], inf where there is none, shape (n,)."""
    return _first(samples.day, grades(samples) >= least)


def reported_day(samples: Samples, keys: tuple[int, IntArray] | None = None) -> FloatArray:
    """Return the day on which a finding is first reported as an adverse event, inf where it never is, shape (n,).

    Whether a patient's findings are written down depends on their grade and on one number of the patient, so that a
    higher share never reports less.

    Parameters
    ----------
    keys : seed, and key of each patient, shape (n,); None for seed 0 and keys 0 to n - 1.
    """
    found = grades(samples)
    seed, patients = (0, np.arange(len(found), dtype=np.int64)) if keys is None else keys
    chance = uniform_array(seed, patients, stream_number(f"reported.{samples.finding.name}"), 0)
    share = np.array([0.0, *samples.finding.reported])[np.maximum(found, 0)]
    return _first(samples.day, chance[:, None] < share)


def _first(day: FloatArray, hit: NDArray[np.bool_]) -> FloatArray:
    return np.asarray(np.where(hit, day[None, :], np.inf).min(axis=1, initial=np.inf), dtype=np.float64)


def _check_visits(courses: Courses, day: FloatArray) -> None:
    rising = np.isfinite(day).all() and (np.diff(day) > 0.0).all()
    if not rising or (len(day) and (day[0] < 0.0 or day[-1] > courses.times[-1])):
        expected = f"rising days from 0 to {courses.times[-1]:g}"
        fix = "Give the days of the visits within the simulated time."
        raise InputError(Issue("measurement.visits", "visits", str(day.tolist()), expected, fix))
