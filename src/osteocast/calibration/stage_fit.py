"""The fit of one stage: two waves of real runs, an emulator, history matching between them, and the posterior.

Everything here is in standardised log-scales: prior mean 0 and SD 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import ndtri

from osteocast.calibration.emulator import Emulator, smallest_design
from osteocast.calibration.misfit import Misfit
from osteocast.inference.pareto import smooth_tail
from osteocast.inference.proposal import Key, Proposal
from osteocast.inference.weights import effective_sample_size

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Simulate = Callable[[FloatArray], FloatArray]

FIRST_WAVE: Final = 0.64
"""Share of the real runs that go into the first wave, over the prior."""
CUT: Final = 3.0
"""Implausibility above which a row speaks against a point (Pukelsheim 1994: three standard deviations)."""
RANK: Final = 3
"""A point is ruled out when so many rows speak against it; fewer may be rows that the model meets nowhere."""
MET: Final = 0.01
"""A row within `CUT` of less than this share of the prior is set aside: the model meets it nowhere."""
DRAWS: Final = 40_000
_PRIOR_DRAWS: Final = 20_000
_PRIOR_SHARE: Final = 0.1
ENOUGH: Final = 0.5
"""Effective share of the draws at which no further round is made."""
ROUNDS: Final = 5
"""Rounds of importance sampling, each from the moments of the one before (population Monte Carlo, Cappe 2004)."""
_INFLATION: Final = 1.2
_EM_STEPS: Final = 50
_EM_STILL: Final = 1e-4
_SECOND_WAVE_INFLATION: Final = 1.5
_STREAM_PRIOR, _STREAM_WAVE, _STREAM_POSTERIOR = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What a stage has to meet.

    Attributes
    ----------
    scales : number of scales. published : rows on their scale, shape (m,).
    misfit : distribution of their errors: published, discrepancy, and the chance of a simulation.
    key : of the random numbers.
    """

    scales: int
    published: FloatArray
    misfit: Misfit
    key: Key

    def only(self, used: BoolArray) -> Problem:
        """Return the problem with some of the rows, shape (m,)."""
        return replace(self, published=self.published[used], misfit=self.misfit.only(used))


@dataclass(frozen=True, slots=True)
class StageFit:
    """A fitted stage, in standardised log-scales.

    Attributes
    ----------
    mean, covariance : of the posterior, shapes (k,) and (k, k).
    emulator : of all runs. points, outputs : of the runs, shapes (n, k) and (n, m).
    used : rows that the posterior rests on, shape (m,); the others are met nowhere in the prior.
    not_ruled_out : share of the prior that the first wave left [1].
    pareto_k : of the Gaussian against the emulator's posterior. effective : share of draws behind the moments [1].
    """

    mean: FloatArray
    covariance: FloatArray
    emulator: Emulator
    points: FloatArray
    outputs: FloatArray
    used: BoolArray
    not_ruled_out: float
    pareto_k: float
    effective: float


def fit_stage(problem: Problem, simulate: Simulate, points: int) -> StageFit:
    """Fit one stage.

    Parameters
    ----------
    simulate : real runs at points (n, k), giving rows on their scale (n, m).
    points : real runs in both waves, raised to what a quadratic function needs.
    """
    k = problem.scales
    first = max(round(FIRST_WAVE * points), smallest_design(k))
    x = space_filling(k, first)
    y = simulate(x)
    used = met_somewhere(problem, Emulator.fit(x, y))
    own = problem.only(used)
    emulator = Emulator.fit(x, y[:, used])
    left, share = not_ruled_out(own, emulator)
    if points > first:
        further = second_wave(own, emulator, left, points - first)
        x, y = np.concatenate([x, further]), np.concatenate([y, simulate(further)])
        emulator = Emulator.fit(x, y[:, used])
    mean, covariance, k_hat, effective = posterior_moments(own, emulator)
    return StageFit(mean, covariance, Emulator.fit(x, y), x, y, used, share, k_hat, effective)


def space_filling(k: int, n: int) -> FloatArray:
    """Return `n` points that fill the prior, shape (n, k), its mean first; the same points every time.

    An unscrambled Sobol sequence turned into normal quantiles; a power of two ends a round of it.
    """
    from scipy.stats import qmc

    sobol = qmc.Sobol(k, scramble=False, bits=30)
    # The corner of the cube comes first and has no quantile.
    sobol.fast_forward(1)
    return np.asarray(ndtri(sobol.random(n)))


def implausibility(problem: Problem, emulator: Emulator, x: FloatArray) -> FloatArray:
    """Return the distance of each row from its figure in standard errors, shape (n, m)."""
    sd = np.sqrt(np.diag(problem.misfit.covariance) + emulator.residual_sd**2)
    return np.asarray(np.abs(emulator.predict(x) - problem.published) / sd)


def met_somewhere(problem: Problem, emulator: Emulator) -> BoolArray:
    """Return which rows the model meets in at least a small part of the prior, shape (m,).

    A row that it meets nowhere says nothing of the scales; through what it shares with others it would pull them.
    """
    x, _ = Proposal.prior(problem.scales).draw(_PRIOR_DRAWS, problem.key, _STREAM_PRIOR)
    return np.asarray(np.mean(implausibility(problem, emulator, x) <= CUT, axis=0) >= MET)


def not_ruled_out(problem: Problem, emulator: Emulator) -> tuple[FloatArray, float]:
    """Return prior draws that history matching leaves, shape (n, k), and their share of all."""
    x, _ = Proposal.prior(problem.scales).draw(_PRIOR_DRAWS, problem.key, _STREAM_PRIOR)
    far = np.sort(implausibility(problem, emulator, x), axis=1)
    left = np.ones(len(x), dtype=np.bool_)
    if far.shape[1]:
        left = far[:, -min(RANK, far.shape[1])] <= CUT
    return x[left], float(np.mean(left))


def second_wave(problem: Problem, emulator: Emulator, left: FloatArray, n: int) -> FloatArray:
    """Return points of the second wave, shape (n, k).

    Every other one is a draw of the prior that was not ruled out, where there are any; the others come from the
    posterior of the first emulator, made wider.
    """
    mode, covariance = laplace(problem, emulator)
    z, _ = Proposal.prior(problem.scales).draw(n, problem.key, _STREAM_WAVE)
    x = mode + _SECOND_WAVE_INFLATION * z @ np.linalg.cholesky(covariance).T
    taken = left[: (n + 1) // 2]
    x[: 2 * len(taken) : 2] = taken
    return x


def log_posterior(problem: Problem, emulator: Emulator, x: FloatArray) -> FloatArray:
    """Return the log-posterior up to a constant, shape (n,)."""
    away = emulator.predict(x) - problem.published
    likelihood = problem.misfit.with_error(emulator.residual_sd).log_likelihood(away)
    return np.asarray(likelihood - 0.5 * np.sum(x**2, axis=1))


def laplace(problem: Problem, emulator: Emulator) -> tuple[FloatArray, FloatArray]:
    """Return the mode and the inverse of the Gauss-Newton curvature there, shapes (k,) and (k, k).

    Least squares with the precision that the last distances make likely, again and again (EM), from several starts.
    """
    k = problem.scales
    misfit = problem.misfit.with_error(emulator.residual_sd)

    def climb(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mode that a start leads to, and the curvature there."""
        for _ in range(_EM_STEPS):
            half = np.linalg.cholesky(misfit.expected_precision(emulator.predict(x[None, :])[0] - problem.published))
            found = optimize.least_squares(_residuals, x, args=(problem, emulator, half))
            moved, x = float(np.max(np.abs(found.x - x))), np.asarray(found.x, dtype=np.float64)
            if moved < _EM_STILL:
                break
        slope = np.asarray(found.jac)
        return x, np.asarray(slope.T @ slope)

    modes = [climb(start) for start in space_filling(k, k + 2)]
    height = log_posterior(problem, emulator, np.array([mode for mode, _ in modes]))
    mode, curvature = modes[int(np.argmax(height))]
    return mode, np.asarray(np.linalg.inv(curvature))


def _residuals(x: FloatArray, problem: Problem, emulator: Emulator, half: FloatArray) -> FloatArray:
    return np.concatenate([half.T @ (emulator.predict(x[None, :])[0] - problem.published), x])


def posterior_moments(problem: Problem, emulator: Emulator) -> tuple[FloatArray, FloatArray, float, float]:
    """Return mean and covariance of the emulator's posterior, k-hat of its Gaussian, and the effective share.

    Moments by importance sampling from a Gaussian made wider and mixed with the prior: first that at the mode, then,
    round by round until enough draws are effective, that of the moments found.
    """
    mean, covariance = laplace(problem, emulator)
    effective = 0.0
    for number in range(ROUNDS):
        factor = np.asarray(_INFLATION * np.linalg.cholesky(covariance), dtype=np.float64)
        x, log_ratio = Proposal(mean, factor, _PRIOR_SHARE).draw(DRAWS, problem.key, _STREAM_POSTERIOR + number)
        # the ratio holds the prior, which the log-posterior holds as well
        log_weight = log_posterior(problem, emulator, x) + 0.5 * np.sum(x**2, axis=1) + log_ratio
        smoothed, _ = smooth_tail(log_weight)
        weight = np.exp(smoothed - np.max(smoothed))
        weight /= weight.sum()
        mean = np.asarray(weight @ x)
        away = x - mean
        covariance = np.asarray((away * weight[:, None]).T @ away)
        effective = effective_sample_size(weight) / DRAWS
        if effective >= ENOUGH:
            break
    return mean, covariance, _gaussian_k(problem, emulator, mean, covariance), effective


def _gaussian_k(problem: Problem, emulator: Emulator, mean: FloatArray, covariance: FloatArray) -> float:
    """Return the Pareto k-hat of draws of a Gaussian reweighted to the emulator's posterior."""
    factor = np.linalg.cholesky(covariance)
    z, _ = Proposal.prior(problem.scales).draw(_PRIOR_DRAWS, problem.key, _STREAM_PRIOR)
    log_weight = log_posterior(problem, emulator, mean + z @ factor.T) + 0.5 * np.sum(z**2, axis=1)
    return smooth_tail(log_weight)[1]
