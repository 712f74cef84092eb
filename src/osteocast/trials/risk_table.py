"""Who was at risk at every event: the only thing that Cox models and the log-rank test need to know of the patients.

Patients with the same covariates are counted together, so that a fit of two arms works on two columns, whatever the
number of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import bad_argument

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Ties(StrEnum):
    """What is done with events of one day."""

    EFRON = "Efron"
    BRESLOW = "Breslow"


@dataclass(frozen=True, slots=True)
class RiskRows:
    """Periods at risk and the events in them.

    Attributes
    ----------
    start, stop : at risk for events after `start` up to and including `stop` [day], shape (n,).
    covariates : shape (n, p).
    stratum, patient, weight : of each period, shape (n,). Periods of one patient are taken as dependent.
    event_row, event_day : period in which each event fell and its day, shape (n_events,).
    fading : periods whose weight is multiplied by the share still under follow-up, shape (n,): patients who met a
        competing event (see `fine_gray`).
    still_followed : days (m,) and share not censored before each (m,), for fading periods.
    """

    start: FloatArray
    stop: FloatArray
    covariates: FloatArray
    stratum: IntArray
    patient: IntArray
    weight: FloatArray
    event_row: IntArray
    event_day: FloatArray
    fading: BoolArray | None = None
    still_followed: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class RiskTable:
    """Numbers at risk and of events by day and pattern of covariates.

    Attributes
    ----------
    patterns : different rows of covariates, shape (g, p). pattern_of : pattern of each period, shape (n,).
    at_risk, events : weighted numbers at every day with an event in a stratum, shape (k, g).
    fade : factor of fading periods on each of these days, shape (k,).
    count : unweighted number of events, shape (k,).
    time_of : day (row of the table) of each event, shape (n_events,).
    first, last : the rows `first` to `last` (excluded) in which each period was at risk, shape (n,).
    stratum, day : of each row of the table, shape (k,).
    """

    patterns: FloatArray
    pattern_of: IntArray
    at_risk: FloatArray
    events: FloatArray
    fade: FloatArray
    count: IntArray
    time_of: IntArray
    first: IntArray
    last: IntArray
    stratum: IntArray
    day: FloatArray


def risk_table(rows: RiskRows) -> RiskTable:
    """Return the table of the periods.

    Raises
    ------
    InputError
        `trial.argument`: shapes, values that are not finite, an event outside of its period.
    """
    _check(rows)
    patterns, pattern_of = np.unique(rows.covariates, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1).astype(np.int64)
    strata, stratum = np.unique(rows.stratum, return_inverse=True)
    days = np.unique(rows.event_day)
    # One rising number for stratum and day, so that all strata are searched at once.
    width = len(days) + 1
    event_key = stratum[rows.event_row] * width + np.searchsorted(days, rows.event_day)
    keys, time_of, count = np.unique(event_key, return_inverse=True, return_counts=True)
    first = np.searchsorted(keys, stratum * width + np.searchsorted(days, rows.start, side="right"))
    last = np.searchsorted(keys, stratum * width + np.searchsorted(days, rows.stop, side="right"))
    at_day = days[keys % width]
    fading = np.zeros(len(rows.start), dtype=np.bool_) if rows.fading is None else rows.fading
    fade = np.ones(len(keys))
    if rows.still_followed is not None:
        # The share not censored before a day: the last value at or before it.
        fade = rows.still_followed[1][np.searchsorted(rows.still_followed[0], at_day, side="right") - 1]
    shape = (len(keys), len(patterns))
    at_risk = _present(first, last, pattern_of, np.where(fading, 0.0, rows.weight), shape)
    if fading.any():
        at_risk = at_risk + fade[:, None] * _present(first, last, pattern_of, np.where(fading, rows.weight, 0.0), shape)
    cell = time_of * shape[1] + pattern_of[rows.event_row]
    events = np.bincount(cell, rows.weight[rows.event_row], shape[0] * shape[1]).reshape(shape).astype(np.float64)
    return RiskTable(
        patterns, pattern_of, at_risk, events, fade, count, time_of, first, last, strata[keys // width], at_day
    )


def _present(
    first: IntArray, last: IntArray, pattern: IntArray, weight: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """Return the weight at risk on each row: what has begun less what has ended, shape (k, g)."""
    size = (shape[0] + 1) * shape[1]
    begun = np.bincount(first * shape[1] + pattern, weight, size)
    ended = np.bincount(last * shape[1] + pattern, weight, size)
    return np.asarray(np.cumsum((begun - ended).reshape(shape[0] + 1, shape[1]), axis=0)[:-1], dtype=np.float64)


def _check(rows: RiskRows) -> None:
    n = len(rows.start)
    issues = []
    if any(a.shape != (n,) for a in (rows.stop, rows.stratum, rows.patient, rows.weight)) or (
        rows.covariates.ndim != 2 or len(rows.covariates) != n or rows.event_row.shape != rows.event_day.shape
    ):
        issues.append(bad_argument("period", "arrays of different length", "one value for each period"))
        raise InputError(issues)
    if not all(np.isfinite(a).all() for a in (rows.stop, rows.covariates, rows.weight, rows.event_day)):
        issues.append(bad_argument("period", "values that are not finite", "finite days, covariates and weights"))
    if (rows.weight < 0.0).any():
        issues.append(bad_argument("weight", "a negative weight", "weights of 0 or more"))
    inside = (rows.event_day > rows.start[rows.event_row]) & (rows.event_day <= rows.stop[rows.event_row])
    if not inside.all():
        issues.append(bad_argument("event day", "an event outside of its period", "start < day <= stop"))
    if issues:
        raise InputError(issues)
