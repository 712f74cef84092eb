"""Which drawn parameters the answer hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from osteocast.forecasting.quantiles import rank_correlation, weighted_rank
from osteocast.forecasting.result import Driver
from osteocast.inference.nested import NestedSample, estimate
from osteocast.inference.weights import effective_sample_size

FloatArray = NDArray[np.float64]

HOW_MANY = 3
CHANCE = 0.05
"""Probability that a run in which no parameter matters names one as more than chance."""


@dataclass(frozen=True, slots=True)
class DrawnQuantity:
    """Something that was drawn and therefore differs between courses.

    Attributes
    ----------
    name, meaning : key and words for the reader.
    grade : how well it is known (measured, pooled, fitted, derived, assumed); "" for an unrecorded item.
    values : value in each course, shape (n,); constant within a draw for a typical value, constant for
        all courses of one candidate for what differs between patients. Codes for a category.
    category : True where the values are codes without an order.
    """

    name: str
    meaning: str
    grade: str
    values: FloatArray
    category: bool = False


def drivers(quantities: Sequence[DrawnQuantity], outcome: FloatArray, sample: NestedSample) -> tuple[Driver, ...]:
    """Return the quantities whose ranks go with the outcome by clearly more than chance, strongest first.

    Parameters
    ----------
    outcome : any event (0 or 1) of each course, averaged over regimens, shape (n,).

    Notes
    -----
    Outcomes of single courses hold chance, so the correlations are small in number even where a parameter
    decides a good part of the risk; their order is what counts. Categories are left out: they have no ranks.
    """
    ranked = strongest(quantities, outcome, sample)
    if not ranked:
        return ()
    weight = sample.normalised
    between = estimate(sample, outcome, "probability").parameter_sd[0] ** 2
    mean = float(weight @ outcome)
    share = min(float(between) / float(weight @ (outcome - mean) ** 2), 1.0)
    # The strongest of many is strong by chance alone: the limit allows for how many were looked at.
    limit = -float(special.ndtri(CHANCE / 2 / len(ranked)))
    clear = [(q, r) for q, r in ranked if abs(r) >= limit * _noise(q, weight, share)]
    return tuple(Driver(q.name, q.meaning, q.grade, r, _effect(q, r, outcome, weight)) for q, r in clear[:HOW_MANY])


def strongest(
    quantities: Sequence[DrawnQuantity], outcome: FloatArray, sample: NestedSample
) -> list[tuple[DrawnQuantity, float]]:
    """Return every quantity that varies with its rank correlation, strongest first, by chance or not."""
    weight = sample.normalised
    if float(weight @ (outcome - float(weight @ outcome)) ** 2) <= 1e-12:
        return []
    ranked = [
        (q, rank_correlation(q.values, outcome, weight)) for q in quantities if not q.category and _varies(q, weight)
    ]
    return sorted(ranked, key=lambda pair: (-abs(pair[1]), pair[0].name))


def _varies(quantity: DrawnQuantity, weight: FloatArray) -> bool:
    return float(np.ptp(quantity.values[weight > 0.0])) > 0.0


def _noise(quantity: DrawnQuantity, weight: FloatArray, share: float) -> float:
    """Return the standard error of the correlation if the quantity had no influence.

    A value shared by a whole draw is seen only as often as there are draws.
    """
    _, group = np.unique(quantity.values, return_inverse=True)
    distinct = effective_sample_size(np.bincount(group.ravel(), weights=weight).astype(np.float64))
    return float(np.sqrt(share / distinct + 1.0 / effective_sample_size(weight)))


def _effect(quantity: DrawnQuantity, correlation: float, outcome: FloatArray, weight: FloatArray) -> str:
    rank = weighted_rank(quantity.values, weight)
    low, high = (_mean(outcome, weight, side) for side in (rank < 0.25, rank > 0.75))
    direction = "more" if correlation > 0.0 else "fewer"
    text = f"Higher values go with {direction} events"
    if low is not None and high is not None:
        text += f": {100 * low:.0f} % have one in the lowest quarter, {100 * high:.0f} % in the highest"
    return text + "."


def _mean(outcome: FloatArray, weight: FloatArray, side: NDArray[np.bool_]) -> float | None:
    total = float(np.sum(weight[side]))
    return float(weight[side] @ outcome[side]) / total if total > 0.0 else None
