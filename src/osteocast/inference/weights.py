"""Importance weights of candidate patients from dated laboratory values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from osteocast.foundation.errors import ForecastError, Issue
from osteocast.inference.pareto import smooth_tail

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SMALLEST_EFFECTIVE_SAMPLE = 100.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One dated laboratory value and the error with which it tells the truth.

    Attributes
    ----------
    name : what was measured and when, as the reader knows it ("calcium on 2026-03-02").
    value : the reported value, in the unit of the predictions.
    censoring : "=" exact, "<" below the value, ">" above it.
    error : "normal" with `spread` as SD in the unit of the value, or "lognormal" with `spread` as CV [1].
    """

    name: str
    value: float
    censoring: Literal["=", "<", ">"]
    error: Literal["normal", "lognormal"]
    spread: float

    def log_likelihood(self, predicted: FloatArray) -> FloatArray:
        """Return the log-likelihood of this value for each prediction, shape (n,).

        A candidate without a prediction (nan: dead before the sample was taken) is impossible: -inf.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.error == "normal":
                z = (self.value - predicted) / self.spread
                scale = self.spread
            else:
                scale = math.sqrt(math.log1p(self.spread**2))
                z = (math.log(self.value) - np.log(predicted)) / scale
            if self.censoring == "<":
                result = log_ndtr(z)
            elif self.censoring == ">":
                result = log_ndtr(-z)
            else:
                result = -z * z / 2 - math.log(scale * math.sqrt(2 * math.pi))
        return np.where(np.isnan(result), -np.inf, result)


@dataclass(frozen=True, slots=True)
class Weights:
    """Normalised weights of candidates, with what they are worth.

    Attributes
    ----------
    normalised : shape (n,), sum 1.
    effective_sample_size : Kish's n_eff = 1 / sum(w^2).
    pareto_k : shape of the tail of the raw weights; nan where all are equal, inf where it cannot be fitted.
    log_evidence : log of the mean raw weight.
    used : names of the measurements that entered.
    hardest : the measurement whose removal would raise the effective sample size most, "" without any.
    without_hardest : the effective sample size that would be left without it, nan without any.
    """

    normalised: FloatArray
    effective_sample_size: float
    pareto_k: float
    log_evidence: float
    used: tuple[str, ...]
    hardest: str
    without_hardest: float = math.nan

    @property
    def candidates(self) -> int:
        """Number of candidates."""
        return int(self.normalised.size)


def effective_sample_size(weights: FloatArray) -> float:
    """Return Kish's effective sample size of non-negative weights (any scale); 0 for no weight at all."""
    square = float(np.sum(weights * weights))
    return float(np.sum(weights)) ** 2 / square if square > 0.0 else 0.0


def weigh(measurements: Sequence[Measurement], predictions: FloatArray, log_ratio: FloatArray | None = None) -> Weights:
    """Weigh candidates by how well each predicts the measurements.

    Parameters
    ----------
    measurements : m values.
    predictions : shape (m, n), row i in the unit of measurement i.
    log_ratio : log of prior over proposal density of each candidate, shape (n,); None for prior draws.

    Raises
    ------
    ForecastError
        ``forecast.no-candidate``: every candidate contradicts the values.
    """
    start = np.zeros(predictions.shape[1]) if log_ratio is None else np.asarray(log_ratio, dtype=np.float64)
    rows = [m.log_likelihood(row) for m, row in zip(measurements, predictions, strict=True)]
    return weigh_rows(tuple(m.name for m in measurements), rows, start)


def weigh_rows(names: tuple[str, ...], rows: Sequence[FloatArray], start: FloatArray) -> Weights:
    """Weigh candidates by log-likelihoods that are given by value or by group of values.

    Parameters
    ----------
    names : what each row stands for.
    rows : log-likelihood of each candidate, each of shape (n,).
    start : log of prior over proposal density of each candidate, shape (n,).

    Raises
    ------
    ForecastError
        ``forecast.no-candidate``: every candidate contradicts the values.
    """
    total = np.sum(rows, axis=0) + start if rows else start
    index, left = _hardest(rows, start) if rows else (0, math.nan)
    hardest = names[index] if rows else ""
    if not np.any(np.isfinite(total)):
        raise ForecastError(_cannot_match("forecast.no-candidate", "no candidate at all", hardest))
    smoothed, k = smooth_tail(total)
    weight = np.exp(smoothed)
    largest = float(np.max(total))
    return Weights(
        normalised=weight / np.sum(weight),
        effective_sample_size=effective_sample_size(weight),
        pareto_k=k,
        log_evidence=largest + math.log(float(np.mean(np.exp(total - largest)))),
        used=names,
        hardest=hardest,
        without_hardest=left,
    )


def _hardest(rows: Sequence[FloatArray], start: FloatArray) -> tuple[int, float]:
    """Return the index of the measurement whose removal leaves the largest effective sample, and that sample."""
    left = []
    for i in range(len(rows)):
        rest = start + sum((r for j, r in enumerate(rows) if j != i), np.zeros_like(start))
        top = np.max(rest)
        left.append(effective_sample_size(np.exp(rest - top)) if np.isfinite(top) else 0.0)
    return int(np.argmax(left)), max(left)


def refuse_if_too_few(weights: Weights, smallest: float = SMALLEST_EFFECTIVE_SAMPLE) -> None:
    """Raise where the weights rest on fewer than `smallest` effective candidates.

    Raises
    ------
    ForecastError
        ``forecast.effective-sample``, naming the value that is hardest to match.
    """
    if weights.effective_sample_size >= smallest:
        return
    found = f"{weights.effective_sample_size:.0f} effective of {weights.candidates} candidates"
    if len(weights.used) > 1:
        found += f"; {weights.without_hardest:.0f} without {weights.hardest}"
    raise ForecastError(_cannot_match("forecast.effective-sample", found, weights.hardest, smallest))


def _cannot_match(code: str, found: str, hardest: str, smallest: float = SMALLEST_EFFECTIVE_SAMPLE) -> Issue:
    expected = f"an effective sample of at least {smallest:.0f}"
    if not hardest:
        few = f"too few candidate patients come to today without an event that the file does not tell ({found})"
        fix = "Check the dates of lesions and events, or run with more candidates (--continuations)."
        return Issue(code, "lesions and events", few, expected, fix)
    return Issue(
        code=code,
        place=f"observations: {hardest}",
        found=f"too few candidate patients agree with the recorded values ({found})",
        expected=expected,
        fix=f"The hardest to match is {hardest}: check its value, unit and date and the treatments recorded before it. "
        "A longer search was tried. What this model cannot reach can be left out knowingly; "
        "say so beside the forecast, which is then one of another person.",
    )


def resample(weights: FloatArray, n: int, uniform: float) -> IntArray:
    """Return `n` indices by systematic resampling.

    Parameters
    ----------
    weights : non-negative, any scale, shape (k,).
    uniform : one number in (0, 1), keyed by the caller, so that the choice is a function of its key alone.

    Notes
    -----
    Each index appears floor(n w) or ceil(n w) times.
    """
    cumulative = np.cumsum(weights / np.sum(weights))
    positions = (np.arange(n) + uniform) / n
    chosen = np.searchsorted(cumulative, positions, side="right")
    # Rounding may leave the last cumulative weight just below one; the last candidate of weight is meant.
    last = int(np.flatnonzero(weights)[-1])
    return np.minimum(chosen, last).astype(np.int64)


def resample_within_draws(weights: FloatArray, n: int, uniforms: FloatArray) -> IntArray:
    """Resample `n` candidates separately within each parameter draw.

    Parameters
    ----------
    weights : shape (draws, candidates of each draw).
    uniforms : one keyed uniform number for each draw, shape (draws,).

    Returns
    -------
    indices into the candidates of each draw, shape (draws, n); a draw without any weight gets -1.
    """
    chosen = np.full((weights.shape[0], n), -1, dtype=np.int64)
    for d, row in enumerate(weights):
        if np.any(row > 0.0):
            chosen[d] = resample(row, n, float(uniforms[d]))
    return chosen
