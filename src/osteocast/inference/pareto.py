"""Pareto-smoothed importance weights.

The tail is fitted with the generalized Pareto estimator of Zhang & Stephens 2009 (Technometrics 51:316,
doi:10.1198/tech.2009.08017) and smoothed as in Vehtari et al. 2024 (J Mach Learn Res 25:72).
Literal numbers in this file belong to those published algorithms.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SMALLEST_TAIL = 5
_RELIABLE = 0.7


def fit_pareto(exceedances: FloatArray) -> tuple[float, float]:
    """Return shape k and scale sigma of a generalized Pareto distribution.

    Parameters
    ----------
    exceedances : positive excesses over the threshold, sorted upwards, shape (n,).

    Notes
    -----
    Quasi-Bayesian estimate of Zhang & Stephens; the shape is drawn towards 0.5 with the weight of ten
    observations (Vehtari et al. 2024, appendix G).
    """
    n = exceedances.size
    n_grid = 30 + int(math.sqrt(n))
    grid = np.arange(1, n_grid + 1, dtype=np.float64)
    quarter = exceedances[int(n / 4 + 0.5) - 1]
    theta = 1.0 / exceedances[-1] + (1.0 - np.sqrt(n_grid / (grid - 0.5))) / (3.0 * quarter)
    shape = np.mean(np.log1p(-theta[:, None] * exceedances[None, :]), axis=1)
    profile = n * (np.log(-theta / shape) - shape - 1.0)
    weight = np.exp(profile - np.max(profile))
    theta_mean = float(np.sum(theta * weight) / np.sum(weight))
    k = float(np.mean(np.log1p(-theta_mean * exceedances)))
    sigma = -k / theta_mean
    return (n * k + 10.0 * 0.5) / (n + 10.0), sigma


def smooth_tail(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Smooth the largest log-weights and return them with the Pareto shape k-hat.

    Parameters
    ----------
    log_weights : unnormalised log importance ratios, shape (n,); -inf is allowed.

    Returns
    -------
    smoothed : log-weights, largest raw weight 0, shape (n,).
    k_hat : Pareto shape; nan where all weights are equal (nothing to diagnose), inf where fewer than
        five weights stand above the threshold.
    """
    n = log_weights.size
    shifted = log_weights - np.max(log_weights)
    finite = shifted[np.isfinite(shifted)]
    if finite.size == n and float(np.ptp(finite)) < 1e-12:
        return shifted, math.nan
    tail_length = math.ceil(min(0.2 * n, 3.0 * math.sqrt(n)))
    if tail_length < _SMALLEST_TAIL or finite.size <= tail_length:
        return shifted, math.inf
    # A stable sort keeps the answer independent of the order of equal weights.
    order = np.argsort(shifted, kind="stable")
    tail = order[-tail_length:]
    threshold = math.exp(float(shifted[order[-tail_length - 1]]))
    exceedances = np.exp(shifted[tail]) - threshold
    if exceedances[0] <= 0.0 or exceedances[-1] - exceedances[0] <= 1e-12 * exceedances[-1]:
        return _with_ties(shifted, exceedances)
    k, sigma = fit_pareto(exceedances)
    probability = (np.arange(1, tail_length + 1) - 0.5) / tail_length
    if abs(k) < 1e-12:
        quantile = -sigma * np.log1p(-probability)
    else:
        quantile = sigma * np.expm1(-k * np.log1p(-probability)) / k
    smoothed = shifted.copy()
    smoothed[tail] = np.minimum(np.log(threshold + quantile), 0.0)
    return smoothed, k


def _with_ties(shifted: FloatArray, exceedances: FloatArray) -> tuple[FloatArray, float]:
    """Diagnose a tail that begins with ties (for instance after censored values): no smoothing."""
    positive = exceedances[exceedances > 0.0]
    if positive.size < _SMALLEST_TAIL or positive[-1] - positive[0] <= 1e-12 * positive[-1]:
        # A bounded tail of equal weights is as good as it gets.
        return shifted, math.nan
    return shifted, fit_pareto(positive)[0]


def largest_reliable_k(n: int) -> float:
    """Return the k-hat above which estimates from `n` draws are not to be trusted (Vehtari 2024, eq. 13)."""
    return min(1.0 - 1.0 / math.log10(n), _RELIABLE) if n > 10 else 0.0
