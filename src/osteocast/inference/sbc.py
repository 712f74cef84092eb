"""Simulation-based calibration: are the forecasts' percentages what they claim to be?

A truth is drawn from the prior, data from the truth, a posterior from the data. If prior, simulator and
weights fit together, the rank of the truth among posterior draws is uniform (Talts et al. 2018,
arXiv:1804.06788). The envelope of the empirical distribution holds everywhere at once (Sailynoja, Buerkner &
Vehtari 2022, doi:10.1007/s11222-022-10090-6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from osteocast.inference.weights import resample

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Verdict on a set of ranks.

    Attributes
    ----------
    n : number of ranks.
    chi_square, p_value : test of equal counts in the bins.
    inside_envelope : whether the empirical distribution stays in the simultaneous 95 % envelope.
    largest_excess : largest distance beyond the envelope, 0 if inside [1].
    """

    n: int
    chi_square: float
    p_value: float
    inside_envelope: bool
    largest_excess: float

    @property
    def uniform(self) -> bool:
        """Whether neither test speaks against uniform ranks at 1 % (chi-square) and 5 % (envelope)."""
        return self.p_value >= 0.01 and self.inside_envelope


def rank_of_truth(truth: float, draws: FloatArray, weights: FloatArray, levels: int, uniform: float) -> int:
    """Return the rank (0 to `levels`) of the truth among `levels` draws resampled by weight.

    Parameters
    ----------
    draws, weights : posterior draws of the same quantity and their importance weights, shape (n,).
    uniform : one keyed number in (0, 1); half of it chooses the resample, the rest breaks ties.
    """
    fine, coarse = np.modf(uniform * 2.0**20)
    chosen = draws[resample(weights, levels, float(np.clip(fine, 1e-9, 1.0 - 1e-9)))]
    below = int(np.count_nonzero(chosen < truth))
    ties = int(np.count_nonzero(chosen == truth))
    return below + int((ties + 1) * (coarse / 2.0**20))


def uniformity(ranks: IntArray, levels: int, bins: int | None = None) -> Uniformity:
    """Test whether ranks (0 to `levels`) are uniform.

    Parameters
    ----------
    bins : number of bins of the chi-square test; by default about ten ranks expected in each, at most 20.
    """
    ranks = np.asarray(ranks, dtype=np.int64)
    n = ranks.size
    wanted = bins if bins is not None else int(np.clip(n // 10, 2, 20))
    edges = np.unique(np.linspace(0, levels + 1, wanted + 1).round().astype(np.int64))
    counts = np.histogram(ranks, bins=edges)[0]
    expected = n * np.diff(edges) / (levels + 1)
    chi = float(np.sum((counts - expected) ** 2 / expected))
    lower, upper = envelope(n, levels)
    cumulative = _cumulative(ranks[None, :], levels)[0]
    excess = float(np.max(np.maximum(lower - cumulative, cumulative - upper)))
    return Uniformity(n, chi, float(stats.chi2.sf(chi, counts.size - 1)), excess <= 1e-12, max(excess, 0.0))


def envelope(n: int, levels: int, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return limits of the empirical distribution of `n` uniform ranks, two of shape (levels + 1,).

    Pointwise binomial limits are widened until they hold everywhere at once with the given confidence; how
    far is found by simulation with a fixed seed, so that the verdict is reproducible.
    """
    generator = np.random.Generator(np.random.Philox(key=20180418))
    simulated = _cumulative(generator.integers(0, levels + 1, size=(2000, n)), levels)
    probability = np.arange(1, levels + 2) / (levels + 1)
    count = np.rint(simulated * n)
    # How extreme each simulated curve is at its most extreme point.
    lower_tail = stats.binom.cdf(count, n, probability)[:, :-1]
    upper_tail = stats.binom.sf(count - 1, n, probability)[:, :-1]
    extreme = 2.0 * np.minimum(lower_tail, upper_tail).min(axis=1)
    gamma = float(np.quantile(extreme, 1.0 - confidence))
    lower = stats.binom.ppf(gamma / 2.0, n, probability) / n
    upper = stats.binom.isf(gamma / 2.0, n, probability) / n
    return np.asarray(lower), np.asarray(upper)


def _cumulative(ranks: IntArray, levels: int) -> FloatArray:
    """Return the empirical distribution function at ranks 0..levels for each row."""
    counts = np.stack([np.bincount(row, minlength=levels + 1) for row in ranks])
    return np.asarray(np.cumsum(counts, axis=1) / ranks.shape[1])
