"""Adaptive proposals: exact weights, and an effective sample where the prior has none."""

import numpy as np
import pytest

from osteocast.inference.proposal import Key, Proposal, Settings, adapt
from osteocast.inference.weights import Measurement, effective_sample_size, weigh

KEY = Key(seed=7, patient=3, quantity=99)
CALCIUM = Measurement("calcium", 3.3, "=", "normal", 0.06)


def predicted(latents):
    """Calcium as a curved function of three latents; 3.3 is about 4.5 prior SDs away."""
    return 2.35 + 0.15 * latents[:, 0] + 0.1 * latents[:, 1] + 0.03 * latents[:, 0] * latents[:, 1]


def loglik(latents):
    return CALCIUM.log_likelihood(predicted(latents))


def test_a_value_the_prior_hardly_reaches_gets_an_effective_sample():
    prior_latents, _ = Proposal.prior(3).draw(4000, KEY)
    prior = weigh([CALCIUM], predicted(prior_latents)[None, :])
    proposal = adapt(loglik, 3, KEY)
    assert proposal.converged
    latents, log_ratio = proposal.draw(2000, KEY)
    adapted = weigh([CALCIUM], predicted(latents)[None, :], log_ratio)
    assert prior.effective_sample_size < 30
    assert adapted.effective_sample_size > 400
    assert adapted.pareto_k < 0.7


def test_the_weights_are_exact():
    # A linear Gaussian toy has a closed posterior: x0 | y with y = x0 + e, e ~ N(0, 0.3).
    latents, log_ratio = (p := adapt(lambda z: -0.5 * ((4.0 - z[:, 0]) / 0.3) ** 2, 2, KEY)).draw(20_000, KEY)
    w = np.exp(log_ratio - 0.5 * ((4.0 - latents[:, 0]) / 0.3) ** 2)
    w /= w.sum()
    mean = w @ latents
    assert mean[0] == pytest.approx(4.0 / 1.09, abs=0.01)
    assert mean[1] == pytest.approx(0.0, abs=0.05)
    assert np.sqrt(w @ (latents[:, 0] - mean[0]) ** 2) == pytest.approx(np.sqrt(0.09 / 1.09), rel=0.03)
    # The ratio integrates to one and the prior's share bounds it.
    assert np.mean(np.exp(log_ratio)) == pytest.approx(1.0, abs=0.05)
    assert np.exp(log_ratio.max()) <= 1 / p.prior_share + 1e-9


def test_rows_do_not_depend_on_how_many_are_drawn():
    proposal = adapt(loglik, 3, KEY)
    few, _ = proposal.draw(10, KEY)
    many, _ = proposal.draw(500, KEY)
    np.testing.assert_array_equal(few, many[:10])
    assert not np.array_equal(few, proposal.draw(10, KEY, stream=1)[0])
    again = adapt(loglik, 3, KEY)
    np.testing.assert_array_equal(again.mean, proposal.mean)
    assert not np.array_equal(adapt(loglik, 3, Key(8, 3, 99)).mean, proposal.mean)


def test_an_easy_value_needs_one_round():
    proposal = adapt(lambda z: -0.5 * (z[:, 0] - 0.5) ** 2, 2, KEY)
    assert proposal.temperatures == (1.0,)


def test_an_impossible_value_leaves_the_prior():
    proposal = adapt(lambda z: np.full(z.shape[0], -np.inf), 2, KEY, Settings(pilot=50))
    assert proposal.prior_share == 1.0
    assert not proposal.converged


def test_some_impossible_candidates_do_no_harm():
    proposal = adapt(lambda z: np.where(z[:, 0] > 0, -0.5 * ((z[:, 0] - 3.5) / 0.2) ** 2, -np.inf), 2, KEY)
    latents, log_ratio = proposal.draw(1000, KEY)
    w = np.exp(log_ratio - 0.5 * ((latents[:, 0] - 3.5) / 0.2) ** 2)
    assert effective_sample_size(w) > 200
