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


def drivers(
    quantities: Sequence[DrawnQuantity], outcome: FloatArray, sample: NestedSample, how_many: int = HOW_MANY
) -> tuple[Driver, ...]:
    """Return the quantities whose ranks go most with the outcome, strongest first.

    Parameters
    ----------
    outcome : any event (0 or 1) of each course, averaged over regimens, shape (n,).

    Notes
    -----
    Outcomes of single courses hold chance, so the correlations are small in number even where a parameter
    decides a good part of the risk; their order is what counts. Categories are left out: they have no ranks.
    """
    weight = sample.normalised
    between = estimate(sample, outcome, "probability").parameter_sd[0] ** 2
    mean = float(weight @ outcome)
    variance = float(weight @ (outcome - mean) ** 2)
    if variance <= 1e-12:
        return ()
    share = min(float(between) / variance, 1.0)
    ranked = [
        (q, rank_correlation(q.values, outcome, weight)) for q in quantities if not q.category and _varies(q, weight)
    ]
    # The strongest of many is strong by chance alone: the limit allows for how many were looked at.
    limit = -float(special.ndtri(CHANCE / 2 / max(len(ranked), 1)))
    ranked.sort(key=lambda pair: (-abs(pair[1]), pair[0].name))
    return tuple(
        Driver(q.name, q.meaning, q.grade, r, _effect(q, r, outcome, weight, limit * _noise(q, weight, share)))
        for q, r in ranked[:how_many]
    )


def _varies(quantity: DrawnQuantity, weight: FloatArray) -> bool:
    return float(np.ptp(quantity.values[weight > 0.0])) > 0.0


def _noise(quantity: DrawnQuantity, weight: FloatArray, share: float) -> float:
    """Return the standard error of the correlation if the quantity had no influence.

    A value shared by a whole draw is seen only as often as there are draws.
    """
    _, group = np.unique(quantity.values, return_inverse=True)
    distinct = effective_sample_size(np.bincount(group.ravel(), weights=weight).astype(np.float64))
    return float(np.sqrt(share / distinct + 1.0 / effective_sample_size(weight)))


def _effect(quantity: DrawnQuantity, correlation: float, outcome: FloatArray, weight: FloatArray, chance: float) -> str:
    rank = weighted_rank(quantity.values, weight)
    low, high = (_mean(outcome, weight, side) for side in (rank < 0.25, rank > 0.75))
    direction = "more" if correlation > 0.0 else "fewer"
    text = f"Higher values go with {direction} events"
    if low is not None and high is not None:
        text += f": {100 * low:.0f} % have one in the lowest quarter, {100 * high:.0f} % in the highest"
    if abs(correlation) < chance:
        text += "; not clearly more than chance"
    return text + "."


def _mean(outcome: FloatArray, weight: FloatArray, side: NDArray[np.bool_]) -> float | None:
    total = float(np.sum(weight[side]))
    return float(weight[side] @ outcome[side]) / total if total > 0.0 else None
