"""Curves of a first event: Kaplan-Meier, Nelson-Aalen and Aalen-Johansen, with intervals.

Who is censored on a day of an event was at risk on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, Estimate, bad_argument, critical_value, missing

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# A product of ratios can miss one half by rounding alone.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function of time since entry: constant from each day to the next.

    Attributes
    ----------
    method : the estimator and its interval by name.
    start : value before the first step.
    day : days on which the curve steps, rising, shape (m,).
    at_risk, events : number at risk on each day and number of events counted on it, shape (m,).
    value, standard_error, low, high : just after each step, shape (m,); nan where there is none.
    level : confidence level of the pointwise intervals.
    last_day : longest follow-up [day]; nothing is known after it.
    n : number of patients.
    """

    method: str
    start: float
    day: FloatArray
    at_risk: IntArray
    events: IntArray
    value: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    last_day: float
    n: int


def estimate_at(curve: Curve, day: float) -> Estimate:
    """Return the curve's value on one day [since entry]; missing after the longest follow-up."""
    if day > curve.last_day:
        return missing(curve.method, "trial.not-observed", curve.n)
    step = int(np.searchsorted(curve.day, day, side="right")) - 1
    if step < 0:
        return Estimate(curve.start, curve.start, curve.start, 0.0, level=curve.level, n=curve.n, method=curve.method)
    numbers = (a[step].item() for a in (curve.value, curve.low, curve.high, curve.standard_error))
    value, low, high, error = numbers
    reason = "trial.no-interval" if np.isnan(low) or np.isnan(high) else ""
    return Estimate(value, low, high, error, level=curve.level, n=curve.n, method=curve.method, reason=reason)


def kaplan_meier(day: FloatArray, happened: BoolArray, level: float = LEVEL) -> Curve:
    """Return the product-limit estimate of the share without the event (Kaplan & Meier 1958).

    Greenwood's variance; interval on the scale log(-log S) (Kalbfleisch & Prentice 1980), nan where S is 0.

    Parameters
    ----------
    day : to the event or to the end of follow-up [day], shape (n,). happened : whether it ended by the event.
    """
    times, events, at_risk = _counts(day, happened)
    survival = np.asarray(np.cumprod(1.0 - events / at_risk), dtype=np.float64)
    error = _product_limit_error(survival, events, at_risk)
    low, high = _log_log_limits(survival, error, level)
    return Curve(
        "Kaplan-Meier, log(-log) interval", 1.0, times, at_risk, events, survival, error, low, high, level,
        _last(day), len(day),
    )  # fmt: skip


def median(curve: Curve, share: float = 0.5) -> Estimate:
    """Return the first day on which the share without the event is at most `share` [day], with its interval.

    The interval holds the days whose pointwise interval contains `share` (Brookmeyer & Crowley 1982, on the scale
    log(-log S)). A limit that is not reached within follow-up is nan: `trial.not-reached`.
    """
    with np.errstate(invalid="ignore"):
        value, low, high = (_first_day(curve, v <= share + _ROUNDING) for v in (curve.value, curve.low, curve.high))
    method = f"first day with {curve.method} at most {share:g}; Brookmeyer-Crowley interval"
    reason = "trial.not-reached" if np.isnan([value, low, high]).any() else ""
    return Estimate(value, low, high, level=curve.level, n=curve.n, method=method, reason=reason)


def nelson_aalen(day: FloatArray, happened: BoolArray, level: float = LEVEL) -> Curve:
    """Return the cumulative hazard (Nelson 1972, Aalen 1978): sum of events / number at risk.

    Variance: sum of events / number at risk squared; interval on the log scale.
    """
    times, events, at_risk = _counts(day, happened)
    hazard = np.cumsum(events / at_risk)
    error = np.sqrt(np.cumsum(events / np.square(at_risk, dtype=np.float64)))
    factor = np.exp(critical_value(level) * error / hazard)
    return Curve(
        "Nelson-Aalen, log interval", 0.0, times, at_risk, events, hazard, error, hazard / factor, hazard * factor,
        level, _last(day), len(day),
    )  # fmt: skip


def aalen_johansen(day: FloatArray, outcome: IntArray, of: int, level: float = LEVEL) -> Curve:
    """Return the share that has had one kind of event while others compete (Aalen & Johansen 1978).

    Variance by the delta method (Marubini & Valsecchi 1995); interval on the scale log(-log(1 - F)).

    Parameters
    ----------
    day : to the first event of any kind or to the end of follow-up [day], shape (n,).
    outcome : 0 censored, else the kind of event, shape (n,). of : kind asked for.
    """
    times, events, at_risk = _counts(day, outcome != 0)
    wanted_times, wanted_counts = np.unique(day[outcome == of], return_counts=True)
    wanted = np.zeros(len(times), dtype=np.int64)
    wanted[np.searchsorted(times, wanted_times)] = wanted_counts
    survival = np.asarray(np.cumprod(1.0 - events / at_risk), dtype=np.float64)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * wanted / at_risk)
    variance = _incidence_variance(incidence, before, wanted, events, at_risk)
    error = np.sqrt(np.maximum(variance, 0.0))
    low, high = _log_log_limits(1.0 - incidence, error, level)
    return Curve(
        "Aalen-Johansen, log(-log) interval", 0.0, times, at_risk, wanted, incidence, error, 1.0 - high, 1.0 - low,
        level, _last(day), len(day),
    )  # fmt: skip


def _counts(day: FloatArray, happened: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the days with an event, their number of events and the number at risk on them."""
    if day.ndim != 1 or day.shape != happened.shape:
        raise InputError(bad_argument("array", f"shapes {day.shape} and {happened.shape}", "one value for a patient"))
    if not np.isfinite(day).all():
        raise InputError(bad_argument("day", "a day that is not finite", "finite days"))
    times, events = np.unique(day[happened], return_counts=True)
    at_risk = len(day) - np.searchsorted(np.sort(day), times, side="left")
    return times, events.astype(np.int64), np.asarray(at_risk, dtype=np.int64)


def _last(day: FloatArray) -> float:
    return float(day.max()) if len(day) else -np.inf


def _product_limit_error(survival: FloatArray, events: IntArray, at_risk: IntArray) -> FloatArray:
    """Return Greenwood's standard error; nan where nobody is left."""
    left = at_risk * (at_risk - events)
    terms = np.divide(events, left, out=np.full(len(events), np.nan), where=left > 0)
    return np.asarray(survival * np.sqrt(np.cumsum(terms)), dtype=np.float64)


def _log_log_limits(survival: FloatArray, error: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return S**exp(+-z se / (S log S)); nan where S is 0 or 1, where the scale has no value."""
    low, high = np.full(len(survival), np.nan), np.full(len(survival), np.nan)
    inside = (survival > _ROUNDING) & (survival < 1.0 - _ROUNDING)
    s = survival[inside]
    half = critical_value(level) * error[inside] / np.abs(s * np.log(s))
    low[inside], high[inside] = s ** np.exp(half), s ** np.exp(-half)
    return low, high


def _first_day(curve: Curve, reached: BoolArray) -> float:
    steps = np.flatnonzero(reached)
    return float(curve.day[steps[0]]) if len(steps) else float("nan")


def _incidence_variance(
    incidence: FloatArray, before: FloatArray, wanted: IntArray, events: IntArray, at_risk: IntArray
) -> FloatArray:
    """Sum over days j up to t of (F(t) - F(j))^2 a_j + b_j - 2 (F(t) - F(j)) c_j, written as running sums."""
    y = at_risk.astype(np.float64)
    # Where nobody is left F stays at F(j), so that the first term is zero.
    a = np.divide(events, y * (y - events), out=np.zeros(len(y)), where=y > events)
    b = np.square(before) * wanted * (y - wanted) / y**3
    c = before * wanted / y**2
    f = incidence
    squared = f**2 * np.cumsum(a) - 2.0 * f * np.cumsum(a * f) + np.cumsum(a * f**2)
    return np.asarray(squared + np.cumsum(b) - 2.0 * (f * np.cumsum(c) - np.cumsum(c * f)), dtype=np.float64)
