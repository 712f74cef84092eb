"""Importance weights: likelihoods, effective sample size, Pareto smoothing, resampling, refusal."""

import math

import numpy as np
import pytest
from scipy import stats

from osteocast.foundation.errors import ForecastError
from osteocast.inference.pareto import fit_pareto, largest_reliable_k, smooth_tail
from osteocast.inference.weights import (
    Measurement,
    effective_sample_size,
    refuse_if_too_few,
    resample,
    resample_within_draws,
    weigh,
)

RNG = np.random.default_rng(1)


def test_likelihoods_are_those_of_the_textbook():
    x = np.array([2.2, 2.5, 3.0])
    calcium = Measurement("calcium", 2.6, "=", "normal", 0.06)
    np.testing.assert_allclose(calcium.log_likelihood(x), stats.norm.logpdf(2.6, x, 0.06), rtol=1e-12)
    marker = Measurement("uNTx", 80.0, "=", "lognormal", 0.25)
    sigma = math.sqrt(math.log(1 + 0.25**2))
    np.testing.assert_allclose(
        marker.log_likelihood(100 * x), stats.norm.logpdf(math.log(80.0), np.log(100 * x), sigma), rtol=1e-12
    )


def test_censored_values_take_the_normal_distribution_function():
    x = np.array([5.0, 20.0, 200.0])
    below = Measurement("CTX", 20.0, "<", "lognormal", 0.2).log_likelihood(x)
    above = Measurement("CTX", 20.0, ">", "lognormal", 0.2).log_likelihood(x)
    np.testing.assert_allclose(np.exp(below) + np.exp(above), 1.0)
    assert np.exp(below[1]) == pytest.approx(0.5)
    assert below[0] > below[1] > below[2]


def test_a_candidate_dead_before_the_sample_is_impossible():
    m = Measurement("calcium", 2.4, "=", "normal", 0.06)
    assert m.log_likelihood(np.array([np.nan, 2.4]))[0] == -np.inf
    assert Measurement("uNTx", 50.0, "=", "lognormal", 0.25).log_likelihood(np.array([0.0]))[0] == -np.inf


def test_kish_effective_sample_size():
    assert effective_sample_size(np.ones(50)) == pytest.approx(50)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert effective_sample_size(np.zeros(3)) == 0.0


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.5, 0.8])
def test_pareto_fit_recovers_the_shape(shape):
    x = np.sort(stats.genpareto.rvs(shape, scale=2.0, size=20_000, random_state=3))
    k, sigma = fit_pareto(x)
    assert k == pytest.approx(shape, abs=0.04)
    assert sigma == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("shape", [0.3, 0.7, 1.2])
def test_k_hat_of_weights_with_a_known_tail(shape):
    ratios = (1.0 - np.random.default_rng(5).random(200_000)) ** -shape
    smoothed, k = smooth_tail(np.log(ratios))
    assert k == pytest.approx(shape, abs=0.1)
    assert np.max(smoothed) <= 0.0
    # Only the tail is touched.
    assert np.count_nonzero(np.abs(smoothed - np.log(ratios / ratios.max())) > 1e-9) <= math.ceil(
        3 * math.sqrt(200_000)
    )


def test_smoothing_reduces_the_error_of_a_heavy_tailed_estimate():
    # Target exp(1), proposal exp(theta): k = 1 - 1/theta; the mean is 1 (Vehtari 2024, section 4.1).
    rng = np.random.default_rng(8)
    raw, psis = [], []
    for _ in range(300):
        x = rng.exponential(1.0 / 3.0, 1000)
        log_ratio = -x + 3.0 * x
        w = np.exp(log_ratio - log_ratio.max())
        raw.append(np.sum(w * x) / np.sum(w))
        w = np.exp(smooth_tail(log_ratio)[0])
        psis.append(np.sum(w * x) / np.sum(w))
    assert np.std(psis) < 0.8 * np.std(raw)


def test_equal_weights_have_nothing_to_diagnose():
    smoothed, k = smooth_tail(np.full(1000, -3.0))
    assert math.isnan(k)
    np.testing.assert_array_equal(smoothed, 0.0)
    assert math.isinf(smooth_tail(np.array([0.0, -1.0, -2.0]))[1])


def test_reliable_k_grows_with_the_sample():
    assert largest_reliable_k(100) == pytest.approx(0.5)
    assert largest_reliable_k(10**6) == pytest.approx(0.7)


def test_weights_give_the_conjugate_posterior():
    prior = RNG.normal(2.4, 0.1, 40_000)
    w = weigh([Measurement("calcium", 2.6, "=", "normal", 0.1)], prior[None, :])
    mean = np.sum(w.normalised * prior)
    assert mean == pytest.approx(2.5, abs=0.003)
    assert np.sqrt(np.sum(w.normalised * (prior - mean) ** 2)) == pytest.approx(0.1 / math.sqrt(2), rel=0.02)
    assert w.log_evidence == pytest.approx(stats.norm.logpdf(2.6, 2.4, math.sqrt(0.02)), abs=0.02)
    assert w.pareto_k < 0.5


def test_the_hardest_value_is_named_in_the_refusal():
    prior = RNG.normal(2.4, 0.1, 500)
    easy = Measurement("calcium on 2026-01-05", 2.4, "=", "normal", 0.06)
    hard = Measurement("calcium on 2026-03-02", 3.3, "=", "normal", 0.06)
    w = weigh([easy, hard], np.stack([prior, prior]))
    with pytest.raises(ForecastError) as caught:
        refuse_if_too_few(w)
    (issue,) = caught.value.issues
    assert issue.code == "forecast.effective-sample"
    assert "2026-03-02" in issue.place
    assert "2026-03-02" in issue.fix
    assert "2026-01-05" not in issue.fix
    refuse_if_too_few(weigh([easy], prior[None, :]))


def test_impossible_values_are_refused_at_once():
    with pytest.raises(ForecastError) as caught:
        weigh([Measurement("calcium", 2.4, "=", "normal", 0.06)], np.full((1, 20), np.nan))
    assert caught.value.issues[0].code == "forecast.no-candidate"


def test_without_values_all_candidates_count_alike():
    w = weigh([], np.empty((0, 200)))
    assert w.effective_sample_size == pytest.approx(200)
    assert w.hardest == ""


def test_systematic_resampling_is_exact_to_one_copy_and_unbiased():
    weights = np.array([0.1, 0.25, 0.0, 0.65])
    counts = np.zeros(4)
    for u in (np.arange(200) + 0.5) / 200:
        chosen = np.bincount(resample(weights, 10, float(u)), minlength=4)
        assert np.all(np.abs(chosen - 10 * weights) < 1)
        counts += chosen
    np.testing.assert_allclose(counts / 2000, weights, atol=1e-3)
    assert resample(np.array([0.3, 0.7, 0.0]), 5, 1 - 1e-16).max() == 1


def test_resampling_within_draws_is_a_function_of_its_own_key():
    weights = RNG.random((3, 50))
    weights[2] = 0.0
    u = np.array([0.2, 0.7, 0.5])
    both = resample_within_draws(weights, 8, u)
    alone = resample_within_draws(weights[1:2], 8, u[1:2])
    np.testing.assert_array_equal(both[1], alone[0])
    assert np.all(both[2] == -1)
