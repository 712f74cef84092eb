"""Adaptive importance sampling for values that prior draws hardly ever reach (calcium of 3.3 mmol/L).

What differs between candidates is written as independent standard normal numbers (latents). A Gaussian is
fitted to weighted pilot draws, tempered so that no step asks too much; candidates then come from a defensive
mixture of both, and their weights carry the exact ratio of prior to mixture density. The prior's
share bounds that ratio, so a badly fitted Gaussian costs efficiency, never correctness.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from osteocast.foundation.random import normal_array, uniform_array
from osteocast.inference.weights import effective_sample_size

FloatArray = NDArray[np.float64]
LogLikelihood = Callable[[FloatArray], FloatArray]

# Numbers set apart for each stream; 64 streams fill the 32-bit counter.
_STREAM = 2**26


@dataclass(frozen=True, slots=True)
class Key:
    """Keys of the random numbers of one patient: seed, patient, and the quantity reserved for proposals."""

    seed: int
    patient: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Settings:
    """How the proposal is found.

    Attributes
    ----------
    pilot : draws in each round of adaptation.
    rounds : most rounds of adaptation.
    prior_share : share of the mixture that stays with the prior (0 to 1).
    tempered_ess : share of the pilot draws that must remain effective after tempering.
    inflation : factor on the fitted standard deviations, so that the Gaussian covers the tails.
    """

    pilot: int = 400
    rounds: int = 6
    prior_share: float = 0.2
    tempered_ess: float = 0.2
    inflation: float = 1.2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mixture of the standard normal prior and one Gaussian.

    Attributes
    ----------
    mean : shape (k,). factor : lower Cholesky factor of the covariance, shape (k, k).
    prior_share : weight of the prior in the mixture; 1 means that the prior itself is drawn from.
    temperatures : exponent of the likelihood reached in each round; the last is 1 when adaptation ended.
    """

    mean: FloatArray
    factor: FloatArray
    prior_share: float
    temperatures: tuple[float, ...] = ()

    @classmethod
    def prior(cls, k: int) -> Proposal:
        """Return the prior of `k` latents as a proposal."""
        return cls(np.zeros(k), np.eye(k), 1.0)

    @property
    def converged(self) -> bool:
        """Whether the whole likelihood was reached."""
        return bool(self.temperatures) and self.temperatures[-1] >= 1.0

    def draw(self, n: int, key: Key, stream: int = 0) -> tuple[FloatArray, FloatArray]:
        """Return `n` latents and their log ratio of prior to mixture density.

        Parameters
        ----------
        stream : 0 for candidates, 1 upwards for rounds of adaptation; row i depends on key, stream and i.

        Returns
        -------
        latents, shape (n, k); log_ratio, shape (n,).
        """
        k = self.mean.size
        # Every row owns k + 1 numbers: its latents and the choice of component.
        first = stream * _STREAM + np.arange(n)[:, None] * (k + 1)
        standard = normal_array(key.seed, key.patient, key.quantity, first + np.arange(k)[None, :])
        choice = uniform_array(key.seed, key.patient, key.quantity, first[:, 0] + k)
        moved = self.mean + standard @ self.factor.T
        latents = np.where((choice < self.prior_share)[:, None], standard, moved)
        return latents, self.log_ratio(latents)

    def log_ratio(self, latents: FloatArray) -> FloatArray:
        """Return log prior density minus log mixture density, shape (n,)."""
        if self.prior_share >= 1.0:
            return np.zeros(latents.shape[0])
        prior = -0.5 * np.sum(latents**2, axis=1)
        z = solve_triangular(self.factor, (latents - self.mean).T, lower=True)
        fitted = -0.5 * np.sum(z**2, axis=0) - float(np.sum(np.log(np.diag(self.factor))))
        mixture = np.logaddexp(math.log(self.prior_share) + prior, math.log1p(-self.prior_share) + fitted)
        return np.asarray(prior - mixture)


def adapt(loglik: LogLikelihood, k: int, key: Key, settings: Settings | None = None) -> Proposal:
    """Find a proposal for latents whose likelihood is a black box.

    Parameters
    ----------
    loglik : function of latents (n, k) giving log-likelihoods (n,); -inf where impossible.
    k : number of latents.

    Notes
    -----
    If no round finds a possible candidate, the prior is returned; the weights then refuse by themselves.
    """
    s = settings or Settings()
    proposal = Proposal.prior(k)
    temperatures: list[float] = []
    for r in range(1, s.rounds + 1):
        latents, log_ratio = proposal.draw(s.pilot, key, stream=r)
        log_likelihood = np.asarray(loglik(latents), dtype=np.float64)
        if not np.any(np.isfinite(log_likelihood)):
            break
        temperature = _temperature(log_likelihood, log_ratio, s.tempered_ess * s.pilot)
        weight = _tempered(log_likelihood, log_ratio, temperature)
        temperatures.append(temperature)
        mean, factor = _fit(latents, weight, s.inflation)
        proposal = Proposal(mean, factor, s.prior_share, tuple(temperatures))
        if temperature >= 1.0:
            break
    return proposal


def _tempered(log_likelihood: FloatArray, log_ratio: FloatArray, temperature: float) -> FloatArray:
    # At temperature 0 an impossible candidate would give 0 * inf; impossible stays impossible.
    possible = np.isfinite(log_likelihood)
    total = np.where(possible, temperature * np.where(possible, log_likelihood, 0.0) + log_ratio, -np.inf)
    return np.asarray(np.exp(total - np.max(total)))


def _temperature(log_likelihood: FloatArray, log_ratio: FloatArray, wanted: float) -> float:
    """Return the largest exponent in (0, 1] of the likelihood that keeps `wanted` effective draws."""

    def enough(temperature: float) -> bool:
        """Whether so many draws are effective at a temperature."""
        return effective_sample_size(_tempered(log_likelihood, log_ratio, temperature)) >= wanted

    if enough(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return max(low, 1e-6)


def _fit(latents: FloatArray, weight: FloatArray, inflation: float) -> tuple[FloatArray, FloatArray]:
    """Return mean and Cholesky factor of a Gaussian, its covariance drawn towards the prior's.

    With few effective draws an empirical covariance is too narrow in some direction by chance; k + 2 draws'
    worth of the identity keeps it away from that.
    """
    k = latents.shape[1]
    w = weight / np.sum(weight)
    mean = w @ latents
    centred = latents - mean
    covariance = (centred * w[:, None]).T @ centred
    effective = effective_sample_size(w)
    pull = (k + 2) / (k + 2 + effective)
    covariance = inflation**2 * ((1.0 - pull) * covariance + pull * np.eye(k))
    return mean, np.linalg.cholesky(covariance)
