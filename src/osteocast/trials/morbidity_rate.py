"""Skeletal morbidity rate: events per patient and year, by the estimator that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, stdtrit

from osteocast.course.layout import DAYS_PER_YEAR
from osteocast.trials.estimate import LEVEL, Estimate, critical_value, missing, ratio_of
from osteocast.trials.follow_up import FollowUp, merged_within, of_kinds

FloatArray = NDArray[np.float64]


class RateEstimator(StrEnum):
    """How events and time become one rate; the two differ where event-prone patients are followed for shorter."""

    EVENTS_PER_PERSON_TIME = "all events / all time under follow-up"
    MEAN_OF_PATIENT_RATIOS = "mean over patients of own events / own time under follow-up"


def morbidity_rate(
    arm: FollowUp,
    kinds: Sequence[int],
    estimator: RateEstimator,
    window_days: float | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Return the rate of events of `kinds` [1/year].

    Parameters
    ----------
    window_days : an event within so many days of a counted one is not counted (`merged_within`); None counts all.

    Notes
    -----
    All events / all time: variance by patient (a ratio estimator, Cochran 1977), interval on the log
    scale; with no event the upper limit is the exact one of a Poisson count (Garwood 1936). Mean of ratios: interval of
    Student's t, which is too short where many are followed for days only (92 % coverage for 95 % with 300 patients of
    median survival 14 months): their ratios are either 0 or huge. Who has no time under follow-up is not counted.
    """
    rule = "" if window_days is None else f"; events within {window_days:g} days of a counted one not counted"
    method = f"events per year: {estimator}{rule}"
    counted = arm if window_days is None else merged_within(arm, kinds, window_days)
    number = np.bincount(counted.event_patient[of_kinds(counted, kinds)], minlength=arm.n).astype(np.float64)
    years = arm.exit_day / DAYS_PER_YEAR
    number, years = number[years > 0.0], years[years > 0.0]
    if not len(years):
        return missing(method, "trial.no-time")
    if estimator is RateEstimator.EVENTS_PER_PERSON_TIME:
        return _pooled(number, years, level, method)
    return mean_number_with_interval(number / years, level, method)


def rate_ratios(
    test: FollowUp,
    control: FollowUp,
    types: Mapping[str, Sequence[int]],
    estimator: RateEstimator,
    level: float = LEVEL,
) -> dict[str, Estimate]:
    """Return the ratio of rates, test / control, for each named type of event.

    A rule that merges events close to each other is applied before (`merged_within`, over all types together).
    """
    rates = {
        name: [morbidity_rate(arm, kinds, estimator, level=level) for arm in (test, control)]
        for name, kinds in types.items()
    }
    return {name: ratio_of(*pair) for name, pair in rates.items()}


def mean_number_with_interval(values: FloatArray, level: float, method: str) -> Estimate:
    """Return the mean of values that are never below 0, such as numbers of events: the lower limit ends at 0."""
    found = mean_with_interval(values, level, method)
    return replace(found, low=float(np.fmax(found.low, 0.0))) if np.isfinite(found.low) else found


def mean_with_interval(values: FloatArray, level: float, method: str) -> Estimate:
    """Return the mean of independent values with the interval of Student's t; one value has no interval."""
    n = len(values)
    if n == 0:
        return missing(method, "trial.no-patients")
    mean = float(values.mean())
    if n == 1:
        return Estimate(mean, level=level, n=1, method=method, reason="trial.no-interval")
    error = float(values.std(ddof=1) / np.sqrt(n))
    critical_value(level)  # the level is checked there
    half = float(stdtrit(n - 1, 0.5 + 0.5 * level)) * error
    return Estimate(mean, mean - half, mean + half, error, level=level, n=n, method=method)


def _pooled(number: FloatArray, years: FloatArray, level: float, method: str) -> Estimate:
    n, events, time = len(years), float(number.sum()), float(years.sum())
    if events == 0.0:
        high = float(gammaincinv(1.0, 0.5 + 0.5 * level)) / time
        return Estimate(0.0, 0.0, high, level=level, n=n, method=f"{method}; exact Poisson interval")
    rate = events / time
    if n == 1:
        return Estimate(rate, level=level, n=1, method=method, reason="trial.no-interval")
    error = float(np.sqrt(np.sum(np.square(number - rate * years)) * n / (n - 1))) / time
    factor = float(np.exp(critical_value(level) * error / rate))
    return Estimate(rate, rate / factor, rate * factor, error, level=level, n=n, method=method)
