"""Nested draws: D parameter draws, each with many chance draws, kept apart in every interval.

The spread of the D estimates holds two things: how much the parameters matter (wanted) and the chance noise
of a finite number of continuations (not wanted). The second is estimated within draws; the first is what the
spread says beyond it (`between.variance_between`), and is never zero merely because chance hid it. The limits
are those of a distribution with that mean and variance: beta for probabilities, gamma for counts, normal for
differences. What chance noise is left in the mean itself (small: it shrinks with all D x C continuations) is
added, so that no interval pretends to be sharper than the runs behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from osteocast.inference.between import Spread, variance_between

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kind = Literal["probability", "count", "difference"]

LOWER, UPPER = 0.05, 0.95
_ROUNDING = 1e-12

MONTHS_ALIKE = 4.0
"""SD of the kernel over which months of one curve share their variance between draws [month]; see decision 14."""


@dataclass(frozen=True, slots=True)
class NestedSample:
    """Which parameter draw each course belongs to, and what it weighs.

    Attributes
    ----------
    draw : index of the parameter draw, shape (n,).
    weight : non-negative weight of the course, any scale, shape (n,). The sum over a draw is its evidence
        weight: draws that explain the patient's values better count more.
    ancestor : courses that continue the same candidate share a number, shape (n,); their chance is not
        independent and the chance noise is computed between ancestors.
    """

    draw: IntArray
    weight: FloatArray
    ancestor: IntArray

    @classmethod
    def of(cls, draw: IntArray, weight: FloatArray | None = None, ancestor: IntArray | None = None) -> NestedSample:
        """Build a sample; by default equal weights and every course its own ancestor."""
        draw = np.asarray(draw, dtype=np.int64)
        return cls(
            draw=draw,
            weight=np.ones(draw.size) if weight is None else np.asarray(weight, dtype=np.float64),
            ancestor=np.arange(draw.size) if ancestor is None else np.asarray(ancestor, dtype=np.int64),
        )

    @classmethod
    def continuing(cls, weights: FloatArray, chosen: IntArray) -> NestedSample:
        """Build the sample of continuations of resampled candidates.

        Parameters
        ----------
        weights : weight of each candidate, shape (draws, candidates of a draw).
        chosen : candidates continued, shape (draws, continuations), from `resample_within_draws`.

        Notes
        -----
        Resampling has used up the weights within a draw; what is left is the evidence of the draw. A draw
        without any weight (-1) keeps weight zero.
        """
        draws, continuations = chosen.shape
        evidence = np.sum(weights, axis=1) / np.sum(weights) / continuations
        ancestor = np.arange(draws)[:, None] * weights.shape[1] + np.maximum(chosen, 0)
        return cls.of(
            np.repeat(np.arange(draws), continuations),
            np.where(chosen >= 0, evidence[:, None], 0.0).ravel(),
            ancestor.ravel(),
        )

    def without(self, excluded: NDArray[np.bool_]) -> NestedSample:
        """Return the sample with weight zero for the excluded courses."""
        return NestedSample(self.draw, np.where(excluded, 0.0, self.weight), self.ancestor)

    @property
    def normalised(self) -> FloatArray:
        """Weights with sum 1, shape (n,)."""
        return np.asarray(self.weight / np.sum(self.weight), dtype=np.float64)

    @property
    def draws(self) -> int:
        """Number of parameter draws that carry weight."""
        return int(np.unique(self.draw[self.weight > 0.0]).size)

    @property
    def effective_draws(self) -> float:
        """Kish's effective number of parameter draws after weighing them by their evidence."""
        return 1.0 / float(np.sum(self.draw_weights() ** 2))

    def draw_weights(self) -> FloatArray:
        """Evidence weight of each parameter draw, sum 1, shape (max draw + 1,)."""
        return np.asarray(np.bincount(self.draw, weights=self.normalised), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over all draws with its 90 % interval; every array has shape (m,).

    Attributes
    ----------
    mean, low, high : estimate and its 5 and 95 % limits.
    parameter_sd : SD between parameter draws, chance noise removed (root of a posterior mean).
    chance_error : standard error of the mean from the finite number of continuations.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    parameter_sd: FloatArray
    chance_error: FloatArray


def per_draw(sample: NestedSample, values: FloatArray) -> FloatArray:
    """Return the weighted mean of `values` (n, m) within each draw, shape (draws, m); nan without weight."""
    sums = _sum_by(sample.draw, sample.weight[:, None] * values)
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / np.bincount(sample.draw, weights=sample.weight)[:, None])


def estimate(sample: NestedSample, values: FloatArray, kind: Kind, width: float = 0.0) -> Estimate:
    """Estimate the mean of `values` with the interval that parameters, not chance, give it.

    Parameters
    ----------
    values : one row for each course, shape (n, m) or (n,).
    kind : which family gives the limits.
    width : over how many successive columns the variance between draws is alike [month]; 0 for unrelated columns.
    """
    columns = np.asarray(values, dtype=np.float64).reshape(sample.draw.size, -1)
    share = sample.draw_weights()
    means = np.nan_to_num(per_draw(sample, columns))
    mean = share @ means
    if kind == "probability":
        # Sums of weights stop a rounding short of 0 or 1; certainty is told apart from nearly so.
        mean = np.where(mean < _ROUNDING, 0.0, np.where(mean > 1.0 - _ROUNDING, 1.0, mean))
    noise, effective = _noise_of_draws(sample, columns, means)
    draws = 1.0 / float(np.sum(share**2))
    seen = Spread(
        observed=share @ (means - mean) ** 2,
        noise=(share * (1.0 - share)) @ noise,
        scale=_scale(sample, columns, mean, kind),
        share=1.0 - 1.0 / draws,
        degrees=_degrees(sample, columns, draws, effective / draws),
    )
    between = variance_between(seen, width)
    chance = (share**2) @ noise
    low, high = _limits(mean, between + chance, kind, effective)
    # The family of a mean made of few rare events has nearly all its mass at none: both limits lie below the mean.
    low, high = np.minimum(low, mean), np.maximum(high, mean)
    return Estimate(mean, low, high, np.sqrt(between), np.sqrt(chance))


def estimate_curve(sample: NestedSample, values: FloatArray, kind: Kind = "probability") -> Estimate:
    """Estimate a cumulative curve (n, months): mean and both limits never fall from month to month."""
    e = estimate(sample, values, kind, MONTHS_ALIKE)
    mean = np.maximum.accumulate(e.mean)
    low = np.minimum(np.maximum.accumulate(e.low), mean)
    high = np.maximum(np.maximum.accumulate(e.high), mean)
    return Estimate(mean, low, high, e.parameter_sd, e.chance_error)


def _scale(sample: NestedSample, values: FloatArray, mean: FloatArray, kind: Kind) -> FloatArray:
    """Return the variance between draws that a relative variance of 1 stands for, shape (m,).

    A risk p varies on the logit scale, a count on the log scale; a difference is measured by the mean size of
    what is averaged, for yes or no the share of courses that end differently.
    """
    if kind == "probability":
        return np.asarray((mean * (1.0 - mean)) ** 2)
    if kind == "count":
        return np.asarray(mean**2)
    return np.asarray((sample.normalised @ np.abs(values)) ** 2)


def _degrees(sample: NestedSample, values: FloatArray, draws: float, of_each: float) -> FloatArray:
    """Return the degrees of freedom of the spread between draws, shape (m,).

    A mean of few rare events has heavy tails, which makes the spread less certain than that of normal values.

    Parameters
    ----------
    draws : effective number of draws. of_each : effective number of courses of each.
    """
    weight = sample.normalised
    apart = values - weight @ values
    variance = weight @ apart**2
    fourth = weight @ apart**4
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(variance > _ROUNDING, fourth / variance**2 - 3.0, 0.0) / of_each
    if draws - 1.0 <= _ROUNDING:
        return np.zeros(values.shape[1])
    return np.asarray(2.0 / (2.0 / (draws - 1.0) + np.maximum(excess, 0.0) / draws))


def _sum_by(group: IntArray, values: FloatArray) -> FloatArray:
    n = group.size
    member = sparse.csr_array((np.ones(n), (group, np.arange(n))), shape=(int(group.max()) + 1, n))
    return np.asarray(member @ values, dtype=np.float64)


def _noise_of_draws(sample: NestedSample, values: FloatArray, means: FloatArray) -> tuple[FloatArray, float]:
    """Return the chance variance of each draw's mean (draws, m) and the overall effective number.

    The variance of one ancestor's mean is pooled over draws, because a single draw may hold few of them.
    """
    # A number for each pair of draw and ancestor that occurs.
    _, cluster = np.unique(np.stack([sample.draw, sample.ancestor]), axis=1, return_inverse=True)
    cluster = np.asarray(cluster, dtype=np.int64).ravel()
    weight = np.bincount(cluster, weights=sample.weight)
    owner = np.zeros(weight.size, dtype=np.int64)
    owner[cluster] = sample.draw
    total = np.bincount(owner, weights=weight)
    squares = np.bincount(owner, weights=weight**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(squares > 0.0, total**2 / squares, 0.0)
        cluster_mean = _sum_by(cluster, sample.weight[:, None] * values) / weight[:, None]
    residual = np.where(weight[:, None] > 0.0, cluster_mean - means[owner], 0.0)
    # Each draw's weighted sum of squares estimates (1 - 1 / effective) times the variance of one ancestor.
    scaled = np.divide(weight, total[owner], out=np.zeros_like(weight), where=total[owner] > 0.0)
    degrees = np.maximum(effective - 1.0, 0.0)
    within = _sum_by(owner, scaled[:, None] * residual**2)
    if float(np.sum(degrees)) <= 1e-9:
        variance = np.zeros(values.shape[1])
    else:
        variance = (effective @ within) / float(np.sum(degrees))
    noise = np.divide(variance[None, :], effective[:, None], out=np.zeros_like(within), where=effective[:, None] > 0)
    share = sample.draw_weights()
    used = share > 0.0
    overall = 1.0 / float(np.sum(share[used] ** 2 / effective[used]))
    return noise, overall


def _limits(mean: FloatArray, variance: FloatArray, kind: Kind, effective: float) -> tuple[FloatArray, FloatArray]:
    if kind == "difference":
        half = special.ndtri(UPPER) * np.sqrt(variance)
        return mean - half, mean + half
    if kind == "count":
        return _gamma_limits(mean, variance, effective)
    return _beta_limits(mean, variance, effective)


def _gamma_limits(mean: FloatArray, variance: FloatArray, effective: float) -> tuple[FloatArray, FloatArray]:
    low, high = mean.copy(), mean.copy()
    spread = (mean > 0.0) & (variance > 0.0)
    shape, scale = mean[spread] ** 2 / variance[spread], variance[spread] / mean[spread]
    low[spread] = special.gammaincinv(shape, LOWER) * scale
    high[spread] = special.gammaincinv(shape, UPPER) * scale
    # None seen in so many effective courses: the exact limit of a Poisson count; a rare event does not undercut it.
    return low, np.maximum(high, -np.log(1.0 - UPPER) / effective)


def _beta_limits(mean: FloatArray, variance: FloatArray, effective: float) -> tuple[FloatArray, FloatArray]:
    low, high = mean.copy(), mean.copy()
    # None (or all) of so many effective courses: the exact binomial limit; a rare event does not undercut it.
    rare = 1.0 - (1.0 - UPPER) ** (1.0 / effective)
    inner = (mean > 0.0) & (mean < 1.0) & (variance > 0.0)
    m = mean[inner]
    # A variance as large as p(1 - p) would put all mass on 0 and 1; the family ends just short of that.
    v = np.minimum(variance[inner], 0.95 * m * (1.0 - m))
    size = m * (1.0 - m) / v - 1.0
    low[inner] = special.betaincinv(m * size, (1.0 - m) * size, LOWER)
    high[inner] = special.betaincinv(m * size, (1.0 - m) * size, UPPER)
    return np.minimum(low, 1.0 - rare), np.maximum(high, rare)
