"""Simulated trials weighted by how well the same parameters meet the fit rows of the other trials.

Replicate r of every trial stands on the same draw of the parameters, so that its likelihood over the fit rows of other
trials is a weight for this one (importance weights). Rows of a trial depend on one another and count as one. Weights
are only as good as the number of draws they leave: see `Reweighted.draws`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, stdtrit

from osteocast.validation.row import Row
from osteocast.validation.scale import Scale, binomial_error, to_scale
from osteocast.validation.score import LEVEL, Prediction

FloatArray = NDArray[np.float64]

FEWEST: Final = 5.0
"""Effective number of draws below which weighted replicates say nothing of a spread."""


@dataclass(frozen=True, slots=True)
class Reweighted:
    """Predictions of weighted replicates.

    Attributes
    ----------
    predictions : by target, of the trials with at least `FEWEST` draws left.
    draws : effective number of draws behind the rows of each trial (Kish).
    """

    predictions: Mapping[str, Prediction]
    draws: Mapping[str, float]


def reweighted(rows: Sequence[Row], estimates: Mapping[str, Sequence[float]], sizes: Mapping[str, float]) -> Reweighted:
    """Return the predictions of every row by replicates weighted by the fit rows of the other trials.

    Parameters
    ----------
    estimates : of the replicates in the unit of publication, by target. sizes : simulated patients of the row's arms.
    """
    values = {
        row.target: np.array([to_scale(row.scale, one, sizes[row.target]) for one in estimates[row.target]])
        for row in rows
        if row.target in estimates
    }
    whole = [row for row in rows if row.target in values and np.isfinite(values[row.target]).all()]
    trials = dict.fromkeys(row.trial for row in whole)
    fit = {t: found for t in trials if (found := _likelihood(t, whole, values)) is not None}
    predictions, draws = {}, {}
    for trial in trials:
        others = [one for name, one in fit.items() if name != trial]
        if not others:
            continue
        log_weight = np.sum(others, axis=0)
        weight = np.exp(log_weight - logsumexp(log_weight))
        draws[trial] = float(1.0 / np.sum(weight**2))
        if draws[trial] < FEWEST:
            continue
        for row in whole:
            if row.trial == trial:
                predictions[row.target] = _weighted(row, values[row.target], weight, sizes[row.target])
    return Reweighted(predictions, draws)


def _likelihood(trial: str, rows: Sequence[Row], values: Mapping[str, FloatArray]) -> FloatArray | None:
    """Return the log likelihood of each draw over the fit rows of a trial, which count as one row."""
    found = [
        # the simulated trial has the chance of its size as well as the published one
        -0.25 * ((values[row.target] - row.value) / row.error) ** 2
        for row in rows
        if row.trial == trial and row.use == "fit" and row.error
    ]
    return np.asarray(np.mean(found, axis=0), dtype=np.float64) if found else None


def _weighted(row: Row, values: FloatArray, weight: FloatArray, size: float) -> Prediction:
    draws = float(1.0 / np.sum(weight**2))
    mean = float(weight @ values)
    left = max(1.0 - float(np.sum(weight**2)), 1e-12)
    sd = float(np.sqrt(weight @ (values - mean) ** 2 / left))
    if row.scale is Scale.LOGIT:
        sd = max(sd, binomial_error(mean, size))
    half = float(stdtrit(max(draws - 1.0, 1.0), 0.5 + LEVEL / 2.0)) * sd * float(np.sqrt(1.0 + 1.0 / draws))
    return Prediction(mean, sd, mean - half, mean + half)
