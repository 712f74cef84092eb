"""The scale on which a kind of figure is compared, so that errors are alike over its range."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np


class Scale(StrEnum):
    """How a figure is transformed."""

    LOG = "log"
    """Times, rates, counts and ratios."""
    LOGIT = "logit"
    """Shares in %, with half an event added so that none and all have a value."""
    REMAINING = "log of what remains"
    """Changes in %: the logarithm of what is left."""


SCALES: Final = MappingProxyType(
    {
        "first-event-proportion": Scale.LOGIT,
        "kaplan-meier-median": Scale.LOG,
        "cumulative-incidence": Scale.LOGIT,
        "mean-cumulative-function": Scale.LOG,
        "morbidity-rate": Scale.LOG,
        "mean-count": Scale.LOG,
        "survival-median": Scale.LOG,
        "survival-probability": Scale.LOGIT,
        "marker-change": Scale.REMAINING,
        "marker-response": Scale.LOGIT,
        "calcium-response": Scale.LOGIT,
        "calcium-response-duration": Scale.LOG,
        "calcium-relapse": Scale.LOG,
        "pain-progression": Scale.LOG,
        "ambulation": Scale.LOGIT,
        "adverse-event": Scale.LOGIT,
        "cox": Scale.LOG,
        "andersen-gill": Scale.LOG,
        "fine-gray": Scale.LOG,
        "survival-cox": Scale.LOG,
    }
)
"""Scale of every estimator of a figure; a log-rank p-value is not compared."""
CONTRASTS: Final = frozenset({"cox", "andersen-gill", "fine-gray", "survival-cox"})
"""Estimators of two arms; the others are levels."""


def to_scale(scale: Scale, value: float, n: float) -> float:
    """Return a published or simulated figure on its scale.

    Parameters
    ----------
    value : in the unit of publication; shares and changes in %.
    n : patients it was counted in; only shares use it.

    Returns
    -------
    float
        Minus infinity for a time, rate or ratio of zero; nan where the value is nan or outside of its range.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale is Scale.LOG:
            return float(np.log(value))
        if scale is Scale.REMAINING:
            return float(np.log1p(value / 100.0))
        share = (value / 100.0 * n + 0.5) / (n + 1.0)
        return float(np.log(share / (1.0 - share)))


def from_scale(scale: Scale, value: float, n: float) -> float:
    """Return the figure in its unit of publication; the inverse of `to_scale`."""
    if scale is Scale.LOG:
        return float(np.exp(value))
    if scale is Scale.REMAINING:
        return float(100.0 * np.expm1(value))
    share = 1.0 / (1.0 + np.exp(-value))
    return float(np.clip(100.0 * (share * (n + 1.0) - 0.5) / n, 0.0, 100.0))


def binomial_error(value: float, n: float) -> float:
    """Return the standard error of a share on the logit scale, half an event added.

    Parameters
    ----------
    value : share on the logit scale. n : patients.
    """
    share = 1.0 / (1.0 + np.exp(-value))
    return float(1.0 / np.sqrt((n + 1.0) * share * (1.0 - share)))


def relative_on_scale(scale: Scale, relative: float, value: float) -> float:
    """Return a relative error of a figure as an error on its scale (of a change: relative to what remains).

    Parameters
    ----------
    relative : SD over the figure [1]. value : the figure on its scale.
    """
    # d logit(p) / d ln(p) = 1 / (1 - p) = 1 + exp(logit p)
    return relative * (1.0 + float(np.exp(value))) if scale is Scale.LOGIT else relative
