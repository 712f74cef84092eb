"""Mean number of events per patient by a day since entry, with and without death as the end of all events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, bad_argument, critical_value
from osteocast.trials.follow_up import FollowUp, of_kinds
from osteocast.trials.survival_curves import Curve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def mean_events_with_death(arm: FollowUp, kinds: Sequence[int], days: FloatArray, level: float = LEVEL) -> Curve:
    """Return the mean number of events up to each day when the dead have no more (Ghosh & Lin 2000).

    The rate among those alive is weighted by the Kaplan-Meier share alive just before; variance by patient; interval
    on the log scale.

    Parameters
    ----------
    days : on which the mean is asked for [day since entry], rising, shape (m,). nan after the longest follow-up.
    """
    return _mean_events(arm, kinds, days, "Ghosh-Lin mean number of events, death ends events", level)


def mean_events_ignoring_death(arm: FollowUp, kinds: Sequence[int], days: FloatArray, level: float = LEVEL) -> Curve:
    """Return the cumulative rate of events among those under follow-up, death taken as a censoring.

    Nelson-Aalen sum of events / number at risk; variance by patient (Lawless & Nadeau 1995). It is the number that a
    patient who cannot die would have, and lies above `mean_events_with_death` where many die.
    """
    alive = FollowUp(
        arm.name, arm.entry_day, arm.exit_day, np.zeros(arm.n, dtype=np.bool_), arm.stratum,
        arm.event_patient, arm.event_day, arm.event_kind,
    )  # fmt: skip
    return _mean_events(alive, kinds, days, "Nelson-Aalen mean number of events, death censored", level)


class _Rates(NamedTuple):
    """On each day with an event or a death, shape (k,): number at risk, death hazard, share alive just before, rate."""

    day: FloatArray
    at_risk: IntArray
    death_hazard: FloatArray
    alive_before: FloatArray
    rate: FloatArray


def _mean_events(arm: FollowUp, kinds: Sequence[int], days: FloatArray, method: str, level: float) -> Curve:
    if days.ndim != 1 or not np.isfinite(days).all() or (np.diff(days) <= 0.0).any():
        raise InputError(bad_argument("days", "days that do not rise", "finite days, each after the last"))
    chosen = of_kinds(arm, kinds)
    patient, event_day = arm.event_patient[chosen], arm.event_day[chosen]
    rates = _rates(arm, event_day)
    mean_by_row = _running(rates.alive_before * rates.rate)
    value = mean_by_row[np.searchsorted(rates.day, days, side="right")]
    error = np.sqrt(np.sum(np.square(_influence(arm, patient, event_day, days, rates)), axis=0))
    last_day = float(arm.exit_day.max()) if arm.n else -np.inf
    known = days <= last_day
    value, error = np.where(known, value, np.nan), np.where(known, error, np.nan)
    factor = np.exp(critical_value(level) * np.divide(error, value, out=np.full(len(days), np.nan), where=value > 0.0))
    at_risk = arm.n - np.searchsorted(np.sort(arm.exit_day), days, side="left")
    events = np.searchsorted(np.sort(event_day), days, side="right")
    return Curve(
        f"{method}; variance by patient, log interval", 0.0, days, at_risk, events, value, error, value / factor,
        value * factor, level, last_day, arm.n,
    )  # fmt: skip


def _rates(arm: FollowUp, event_day: FloatArray) -> _Rates:
    deaths = arm.exit_day[arm.died]
    day = np.unique(np.concatenate([event_day, deaths]))
    at_risk = arm.n - np.searchsorted(np.sort(arm.exit_day), day, side="left")
    death_hazard = np.bincount(np.searchsorted(day, deaths), minlength=len(day)) / at_risk
    alive = np.cumprod(1.0 - death_hazard)
    rate = np.bincount(np.searchsorted(day, event_day), minlength=len(day)) / at_risk
    return _Rates(day, at_risk, death_hazard, np.concatenate([[1.0], alive[:-1]])[: len(day)], rate)


def _influence(arm: FollowUp, patient: IntArray, event_day: FloatArray, days: FloatArray, rates: _Rates) -> FloatArray:
    """Return each patient's influence on the mean on each of `days`, shape (n, m).

    Own events less expected ones, weighted; less the part of the mean that is still to come at death, for the death
    less its expectation. A death is divided by the number left after it where the paper has the number before, which is
    the same in large samples: without censoring the variance is then that of the patients' own numbers.
    """
    weight = rates.alive_before / rates.at_risk
    mean = np.cumsum(rates.alive_before * rates.rate)
    expected_events = _running(weight * rates.rate)
    # Where nobody is left no mean is to come, so that the share of one survivor does not matter.
    left = np.maximum(rates.at_risk * (1.0 - rates.death_hazard), 1.0)
    expected_deaths = _running(rates.death_hazard / left)
    expected_mean = _running(mean * rates.death_hazard / left)
    by_day = np.searchsorted(rates.day, days, side="right")
    by_exit = np.searchsorted(rates.day, arm.exit_day, side="right")
    seen = np.minimum(by_exit[:, None], by_day[None, :])
    # Own events: each counts from the first of `days` that is not before it.
    m = len(days)
    cell = patient * (m + 1) + np.searchsorted(days, event_day, side="left")
    own = np.bincount(cell, weight[np.searchsorted(rates.day, event_day)], arm.n * (m + 1)).reshape(arm.n, m + 1)
    influence = np.cumsum(own, axis=1)[:, :m] - expected_events[seen]
    mean_on_days = _running(rates.alive_before * rates.rate)[by_day]
    influence += mean_on_days * expected_deaths[seen] - expected_mean[seen]
    at_exit = np.searchsorted(rates.day, arm.exit_day[arm.died])
    dead = arm.exit_day[arm.died, None] <= days[None, :]
    to_come = (mean_on_days[None, :] - mean[at_exit, None]) / left[at_exit, None]
    influence[arm.died] -= np.where(dead, to_come, 0.0)
    return influence


def _running(values: FloatArray) -> FloatArray:
    """Return the running sum with a zero in front."""
    return np.concatenate([[0.0], np.cumsum(values)])
