"""Nested draws: the interval is that of the parameters, not of chance."""

import numpy as np
import pytest
from scipy import stats

from osteocast.inference.nested import NestedSample, estimate, estimate_curve, per_draw
from osteocast.inference.weights import resample_within_draws


def test_the_mean_weighs_draws_by_their_evidence():
    draw = np.array([0, 0, 1, 1])
    weight = np.array([1.0, 1.0, 3.0, 3.0])
    sample = NestedSample.of(draw, weight)
    y = np.array([0.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(sample.draw_weights(), [0.25, 0.75])
    np.testing.assert_allclose(per_draw(sample, y[:, None])[:, 0], [0.5, 1.0])
    assert estimate(sample, y, "probability").mean[0] == pytest.approx(0.875)


def _between(values, continuations, repeats, p_of_draw):
    rng = np.random.default_rng(values)
    found = []
    for _ in range(repeats):
        p = p_of_draw(rng, values)
        y = (rng.random((values, continuations)) < p[:, None]).ravel().astype(float)
        sample = NestedSample.of(np.repeat(np.arange(values), continuations))
        found.append(estimate(sample, y, "probability"))
    return found


def test_chance_noise_is_removed_from_the_spread():
    # Beta(12, 28) between draws: mean 0.3, SD 0.0716; with 10 continuations chance alone has SD 0.14.
    found = _between(200, 10, 60, lambda r, d: r.beta(12, 28, d))
    variance = np.mean([e.parameter_sd[0] ** 2 for e in found])
    assert variance == pytest.approx(0.3 * 0.7 / 41, rel=0.1)
    low, high = stats.beta.ppf([0.05, 0.95], 12, 28)
    assert np.mean([e.low[0] for e in found]) == pytest.approx(low, abs=0.015)
    assert np.mean([e.high[0] for e in found]) == pytest.approx(high, abs=0.015)


def test_no_difference_between_draws_leaves_what_chance_could_have_hidden():
    found = _between(50, 20, 40, lambda r, d: np.full(d, 0.3))
    # The spread of 50 means of 20 has a standard error of 0.0021: differences of SD 0.046 could stay unseen.
    hidden = np.sqrt(0.21 / 20 * np.sqrt(2 / 49))
    assert all(0.3 * hidden < e.parameter_sd[0] < 1.6 * hidden for e in found)
    assert np.median([e.parameter_sd[0] for e in found]) < hidden
    assert np.mean([e.chance_error[0] for e in found]) == pytest.approx(np.sqrt(0.21 / 1000), rel=0.05)
    covered = [e.low[0] <= 0.3 <= e.high[0] for e in found]
    assert np.mean(covered) > 0.8


def test_unequal_weights_keep_the_variance():
    rng = np.random.default_rng(4)
    d, c = 600, 15
    draw = np.repeat(np.arange(d), c)
    variance = []
    for _ in range(40):
        p = rng.beta(12, 28, d)
        weight = rng.exponential(1.0, d * c) * np.repeat(rng.exponential(1.0, d), c)
        y = (rng.random(d * c) < p[draw]).astype(float)
        variance.append(estimate(NestedSample.of(draw, weight), y, "probability").parameter_sd[0] ** 2)
    assert np.mean(variance) == pytest.approx(0.3 * 0.7 / 41, rel=0.25)


def test_copies_of_one_candidate_do_not_count_as_independent():
    rng = np.random.default_rng(9)
    y = np.repeat((rng.random(400) < 0.3).astype(float), 10)
    draw = np.repeat(np.arange(20), 200)
    honest = NestedSample.of(draw, ancestor=np.repeat(np.arange(400), 10))
    naive = NestedSample.of(draw)
    ratio = estimate(honest, y, "probability").chance_error / estimate(naive, y, "probability").chance_error
    assert ratio[0] == pytest.approx(np.sqrt(10), rel=0.05)


def test_curves_and_limits_never_fall():
    rng = np.random.default_rng(2)
    d, c = 20, 30
    rate = np.repeat(rng.gamma(4, 0.01, d), c)
    day = rng.exponential(1 / rate)
    months = np.arange(25)
    curve = estimate_curve(NestedSample.of(np.repeat(np.arange(d), c)), (day[:, None] <= months).astype(float))
    for part in (curve.low, curve.mean, curve.high):
        assert np.all(np.diff(part) >= 0)
        assert np.all((part >= 0) & (part <= 1))
    assert np.all(curve.low <= curve.mean)
    assert np.all(curve.mean <= curve.high)


def test_never_seen_is_not_never():
    sample = NestedSample.of(np.repeat(np.arange(10), 30))
    none = estimate(sample, np.zeros(300), "probability")
    assert none.low[0] == none.mean[0] == 0.0
    assert none.high[0] == pytest.approx(1 - 0.05 ** (1 / 300))
    every = estimate(sample, np.ones(300), "probability")
    assert every.low[0] == pytest.approx(0.05 ** (1 / 300))
    assert estimate(sample, np.zeros(300), "count").high[0] == pytest.approx(-np.log(0.05) / 300)


def test_counts_have_positive_limits_around_their_mean():
    rng = np.random.default_rng(6)
    lam = np.repeat(rng.gamma(9, 0.1, 200), 20)
    e = estimate(NestedSample.of(np.repeat(np.arange(200), 20)), rng.poisson(lam).astype(float), "count")
    low, high = stats.gamma.ppf([0.05, 0.95], 9, scale=0.1)
    assert e.low[0] == pytest.approx(low, abs=0.12)
    assert e.high[0] == pytest.approx(high, abs=0.2)


def test_continuations_carry_the_evidence_of_their_draw():
    weights = np.array([[1.0, 0.0, 1.0], [3.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    chosen = resample_within_draws(weights, 4, np.array([0.5, 0.5, 0.5]))
    sample = NestedSample.continuing(weights, chosen)
    np.testing.assert_allclose(sample.draw_weights(), [1 / 3, 2 / 3, 0.0])
    np.testing.assert_array_equal(sample.ancestor[:8], [0, 0, 2, 2, 3, 3, 3, 4])
    assert sample.draws == 2
    assert sample.effective_draws == pytest.approx(9 / 5)


def test_excluded_courses_carry_no_weight():
    sample = NestedSample.of(np.array([0, 0, 1, 1])).without(np.array([False, True, False, False]))
    e = estimate(sample, np.array([0.0, 1.0, 0.0, 0.0]), "probability")
    assert e.mean[0] == 0.0


def test_one_draw_says_nothing_of_the_others():
    sample = NestedSample.of(np.zeros(100, dtype=int))
    e = estimate(sample, (np.arange(100) < 20).astype(float), "probability")
    assert e.low[0] < 0.001
    assert e.high[0] > 0.8
    assert e.chance_error[0] == pytest.approx(np.sqrt(0.2 * 0.8 / 99))


def test_the_interval_of_a_rare_event_holds_its_mean():
    # One event in a course of little weight: the fitted family lies almost wholly at none.
    weight = np.ones(300)
    weight[7] = 0.01
    happened = np.zeros(300)
    happened[7] = 1.0
    sample = NestedSample.of(np.repeat(np.arange(10), 30), weight)
    for kind in ("probability", "count"):
        e = estimate(sample, happened, kind)
        assert e.low[0] <= e.mean[0] <= e.high[0]
