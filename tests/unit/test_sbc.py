"""Simulation-based calibration, demonstrated on a toy whose posterior is known."""

import numpy as np
import pytest

from osteocast.foundation.random import uniform
from osteocast.inference.proposal import Key, Proposal, adapt
from osteocast.inference.sbc import envelope, rank_of_truth, uniformity
from osteocast.inference.weights import Measurement, weigh

LEVELS = 31
PATIENTS = 200
ERROR = 0.5


def ranks_of(posterior_error, proposal=None, bias=0.0):
    """Rank each of 200 truths x ~ N(0, 1), seen as y = x + e, among draws weighted for y."""
    ranks = []
    for patient in range(PATIENTS):
        key = Key(11, patient, 5)
        rng = np.random.default_rng([patient, 3])
        truth = rng.normal()
        value = Measurement("x", truth + bias + rng.normal(0, ERROR), "=", "normal", posterior_error)
        chosen = proposal(value, key) if proposal else Proposal.prior(1)
        latents, log_ratio = chosen.draw(600, key)
        w = weigh([value], latents[:, 0][None, :], log_ratio)
        u = uniform(11, patient, 6, 0)
        ranks.append(rank_of_truth(truth, latents[:, 0], w.normalised, LEVELS, u))
    return np.array(ranks)


def test_ranks_of_the_conjugate_toy_are_uniform():
    verdict = uniformity(ranks_of(ERROR), LEVELS)
    assert verdict.uniform, verdict
    assert verdict.n == PATIENTS


def test_ranks_with_an_adapted_proposal_are_uniform():
    def adapted(value, key):
        return adapt(lambda z: value.log_likelihood(z[:, 0]), 1, key)

    verdict = uniformity(ranks_of(ERROR, adapted), LEVELS)
    assert verdict.uniform, verdict


@pytest.mark.parametrize(("error", "bias"), [(0.2, 0.0), (ERROR, 0.3)])
def test_a_wrong_error_model_or_a_biased_assay_is_caught(error, bias):
    assert not uniformity(ranks_of(error, bias=bias), LEVELS).uniform


def test_the_envelope_holds_everywhere_at_once_with_95_percent():
    rng = np.random.default_rng(1)
    verdicts = [uniformity(rng.integers(0, LEVELS + 1, PATIENTS), LEVELS) for _ in range(60)]
    assert np.mean([v.inside_envelope for v in verdicts]) >= 0.85
    lower, upper = envelope(PATIENTS, LEVELS)
    assert np.all(lower <= np.arange(1, LEVELS + 2) / (LEVELS + 1))
    assert lower[-1] == upper[-1] == 1.0


def test_ties_are_spread_over_their_ranks():
    draws, weights = np.zeros(50), np.ones(50)
    ranks = [rank_of_truth(0.0, draws, weights, 9, (i + 0.5) / 1000) for i in range(1000)]
    np.testing.assert_allclose(np.bincount(ranks, minlength=10), 100, atol=2)
