"""How much an outcome differs between parameter draws: a variance that chance can blur but not set to zero.

The spread of the estimates of D draws is the variance between draws plus the chance noise of a finite number of
courses. Their difference is often negative where the noise is large, and zero is then no honest answer: the data
only say that the variance lies below some limit. So it gets a posterior: scaled chi-square likelihood of the spread,
half-normal prior on the relative SD. Months of one curve share what they say about it, each month counting its
neighbours more than the rest, with one month's information in total, so that the variance is smooth in time.
The maths stands in decision 14.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]

PRIOR_SD = 2.0
"""SD of the half-normal prior of the relative SD between draws [1]. A choice of method (decision 14): wide, so that
it matters only where few events or few draws were seen."""
POINTS = 400
"""Points of the prior at which the likelihood is computed, each with the same prior probability."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What was seen of an outcome in each of m columns.

    Attributes
    ----------
    observed : weighted variance of the draws' estimates about the mean, shape (m,).
    noise : part of it that chance alone explains, shape (m,).
    scale : variance between draws that a relative variance of 1 stands for, shape (m,).
    share : expected part of the variance between draws in `observed`: 1 - the sum of squared weights [1].
    degrees : degrees of freedom of `observed`, shape (m,).
    """

    observed: FloatArray
    noise: FloatArray
    scale: FloatArray
    share: float
    degrees: FloatArray


def variance_between(seen: Spread, width: float = 0.0) -> FloatArray:
    """Return the posterior mean of the variance between draws, shape (m,).

    Parameters
    ----------
    seen : Spread
    width : float
        SD of the kernel over columns that are successive months [month]; 0 where columns are unrelated.
    """
    level = (np.arange(POINTS) + 0.5) / POINTS
    relative = PRIOR_SD * special.ndtri((1.0 + level) / 2.0)  # quantiles of a half-normal distribution
    variance = seen.share * relative[:, None] ** 2 * seen.scale + seen.noise
    told = variance > 0.0
    safe = np.where(told, variance, 1.0)
    log_likelihood = np.where(told, -0.5 * seen.degrees * (np.log(safe) + seen.observed / safe), 0.0)
    pooled = log_likelihood @ _kernel(seen.scale > 0.0, width)
    weight = np.exp(pooled - np.max(pooled, axis=0))
    return np.asarray((relative**2 @ weight) / np.sum(weight, axis=0) * seen.scale)


def _kernel(present: NDArray[np.bool_], width: float) -> FloatArray:
    """Return the weight of each month (row) in the likelihood of each month (column); a column sums to 1, or is 0."""
    apart = np.subtract.outer(np.arange(present.size), np.arange(present.size))
    near = np.exp(-0.5 * (apart / width) ** 2) if width > 0.0 else (apart == 0).astype(np.float64)
    near = near * present[:, None]
    total = np.sum(near, axis=0)
    return np.asarray(np.divide(near, total, out=np.zeros_like(near), where=total > 0.0))
