"""Weighted quantiles, ranks and correlations of courses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def weighted_quantile(values: FloatArray, weights: FloatArray, q: FloatArray) -> FloatArray:
    """Return quantiles of each column, nan values left out.

    Parameters
    ----------
    values : shape (n, m). weights : shape (n,). q : probabilities, shape (k,).

    Returns
    -------
    shape (k, m); nan for a column without any value.
    """
    result = np.full((q.size, values.shape[1]), np.nan)
    for j, column in enumerate(values.T):
        present = np.isfinite(column) & (weights > 0.0)
        if not np.any(present):
            continue
        x, w = column[present], weights[present]
        order = np.argsort(x, kind="stable")
        x, w = x[order], w[order]
        # Mid-points of each observation's share of the weight (Hazen's rule for equal weights).
        position = (np.cumsum(w) - w / 2.0) / np.sum(w)
        result[:, j] = np.interp(q, position, x)
    return result


def weighted_rank(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return mid-ranks as shares of the total weight (0 to 1); ties share their mean, shape (n,)."""
    _, inverse = np.unique(values, return_inverse=True)
    inverse = inverse.ravel()
    share = np.bincount(inverse, weights=weights) / np.sum(weights)
    return np.asarray((np.cumsum(share) - share / 2.0)[inverse])


def weighted_correlation(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """Return the weighted product-moment correlation; 0 where one of them does not vary."""
    w = weights / np.sum(weights)
    dx, dy = x - w @ x, y - w @ y
    square = float(w @ dx**2) * float(w @ dy**2)
    return float(w @ (dx * dy)) / square**0.5 if square > 1e-30 else 0.0


def rank_correlation(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """Return the weighted rank (Spearman) correlation."""
    return weighted_correlation(weighted_rank(x, weights), weighted_rank(y, weights), weights)
