"""Which unrecorded values would narrow the forecast most if they were known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from osteocast.forecasting.drivers import DrawnQuantity
from osteocast.forecasting.quantiles import weighted_rank
from osteocast.forecasting.result import MissingValue
from osteocast.inference.nested import NestedSample
from osteocast.inference.weights import effective_sample_size

FloatArray = NDArray[np.float64]

MOST_GROUPS = 8
CHANCE = 0.01


def missing_values(
    items: Sequence[DrawnQuantity], outcome: FloatArray, sample: NestedSample
) -> tuple[MissingValue, ...]:
    """Rank unrecorded items by the share of the outcome's variance that knowing them would explain.

    Parameters
    ----------
    items : what was drawn because the patient's file did not say.
    outcome : any event (0 or 1) of each course, averaged over regimens, shape (n,).

    Notes
    -----
    The share is the correlation ratio between groups of the item (eighths of its distribution, or its
    categories), less what groups of that size would explain by chance; items that explain no more than
    chance are left out.
    """
    weight = sample.normalised
    found = []
    for item in items:
        share = correlation_ratio(_groups(item, weight), outcome, weight)
        if share <= 0.0:
            continue
        mean = float(weight @ outcome)
        points = 100.0 * float(np.sqrt(share * (weight @ (outcome - mean) ** 2)))
        if points < 1.0:
            continue
        text = f"Knowing {item.meaning} would typically move the chance of any event by {points:.0f} points."
        found.append(MissingValue(item.name, share, text))
    return tuple(sorted(found, key=lambda m: (-m.narrowing, m.item)))


def correlation_ratio(group: NDArray[np.int64], outcome: FloatArray, weight: FloatArray) -> float:
    """Return the share of variance explained by groups, less that of chance (epsilon squared).

    0 where groups formed at random would explain as much in one of a hundred runs.
    """
    w = weight / np.sum(weight)
    mean = float(w @ outcome)
    total = float(w @ (outcome - mean) ** 2)
    if total <= 1e-12:
        return 0.0
    share = np.bincount(group, weights=w)
    present = share > 0.0
    means = np.bincount(group, weights=w * outcome)[present] / share[present]
    explained = float(share[present] @ (means - mean) ** 2) / total
    n, k = effective_sample_size(w), int(np.count_nonzero(present))
    if k < 2 or n - k <= 1.0:
        return 0.0
    ratio = (explained / (k - 1.0)) / max((1.0 - explained) / (n - k), 1e-12)
    if special.fdtrc(k - 1.0, n - k, ratio) > CHANCE:
        return 0.0
    return max(1.0 - (1.0 - explained) * (n - 1.0) / (n - k), 0.0)


def _groups(item: DrawnQuantity, weight: FloatArray) -> NDArray[np.int64]:
    values, code = np.unique(item.values, return_inverse=True)
    if item.category or values.size <= MOST_GROUPS:
        return np.asarray(code, dtype=np.int64).ravel()
    return np.minimum((weighted_rank(item.values, weight) * MOST_GROUPS).astype(np.int64), MOST_GROUPS - 1)
