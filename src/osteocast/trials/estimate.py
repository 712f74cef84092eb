"""One estimate with its interval, its method by name and, where there is none, the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from osteocast.foundation.errors import InputError, Issue

LEVEL = 0.95
"""Confidence level of intervals unless another is asked for, as trials report them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one estimator says.

    Attributes
    ----------
    value, low, high : estimate and limits, in the unit that the estimator states; nan where there is none.
    standard_error : of `value`, or of its natural logarithm where `on_log_scale`.
    on_log_scale : whether the interval is symmetric in the logarithm (ratios).
    level : confidence level of the interval.
    p_value : two-sided, of the value that means no difference; nan where nothing is compared.
    n : number of patients whose data were used.
    method : the estimator by name, so that two numbers are compared only if they were made in the same way.
    reason : code in ``docs/errors.md`` that says why `value` or a limit is nan; empty where nothing is missing.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    standard_error: float = np.nan
    on_log_scale: bool = False
    level: float = LEVEL
    p_value: float = np.nan
    n: int = 0
    method: str = ""
    reason: str = ""


def missing(method: str, reason: str, n: int = 0) -> Estimate:
    """Return an estimate that could not be made, with the reason."""
    return Estimate(np.nan, method=method, reason=reason, n=n)


def critical_value(level: float) -> float:
    """Return the two-sided standard normal quantile of a confidence level (1.96 for 0.95)."""
    return float(ndtri(0.5 + 0.5 * checked_share(level, "confidence level")))


def checked_share(value: float, name: str) -> float:
    """Return `value` if it lies strictly between 0 and 1.

    Raises
    ------
    InputError
        `trial.argument`.
    """
    if not 0.0 < value < 1.0:
        raise InputError(bad_argument(name, str(value), "a number between 0 and 1, both excluded"))
    return value


def bad_argument(name: str, found: str, expected: str) -> Issue:
    """Return the issue of an argument that no estimator can use."""
    return Issue("trial.argument", name, found, expected, f"Give another {name}.")


def from_log(log_value: float, standard_error: float, level: float, method: str, n: int) -> Estimate:
    """Return the ratio of a log ratio with a Wald interval and the p-value of a ratio of one.

    Parameters
    ----------
    log_value, standard_error : natural logarithm of the ratio and its standard error.
    """
    half = critical_value(level) * standard_error
    p_value = float(2.0 * ndtr(-abs(log_value / standard_error))) if standard_error > 0.0 else np.nan
    low, high = np.exp([log_value - half, log_value + half]).tolist()
    return Estimate(float(np.exp(log_value)), low, high, standard_error, True, level, p_value, n, method)


def _log_error(estimate: Estimate) -> float:
    return estimate.standard_error if estimate.on_log_scale else estimate.standard_error / estimate.value


def ratio_of(test: Estimate, control: Estimate) -> Estimate:
    """Return test / control of two independent estimates, with the interval of the delta method on the log scale.

    Neither may be zero or missing: the ratio is then nan with the reason.
    """
    method = f"ratio of: {test.method}"
    n = test.n + control.n
    for side in (test, control):
        if np.isnan(side.value):
            return missing(method, side.reason, n)
        if side.value <= 0.0:
            return missing(method, "trial.no-events-in-arm", n)
    error = float(np.hypot(_log_error(test), _log_error(control)))
    return from_log(float(np.log(test.value / control.value)), error, test.level, method, n)


def difference_of(test: Estimate, control: Estimate) -> Estimate:
    """Return test - control of two independent estimates that carry natural-scale standard errors."""
    method = f"difference of: {test.method}"
    n = test.n + control.n
    for side in (test, control):
        if np.isnan(side.value):
            return missing(method, side.reason, n)
        if side.on_log_scale:
            raise InputError(bad_argument("estimate", "a ratio", "an estimate with a natural-scale standard error"))
    value = test.value - control.value
    error = float(np.hypot(test.standard_error, control.standard_error))
    half = critical_value(test.level) * error
    p_value = float(2.0 * ndtr(-abs(value / error))) if error > 0.0 else np.nan
    return Estimate(value, value - half, value + half, error, False, test.level, p_value, n, method)
