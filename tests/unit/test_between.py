"""The variance between draws: never zero by chance, about 90 % coverage at known levels, smooth in the month."""

import numpy as np
import pytest
from scipy import stats

from osteocast.inference.between import Spread, variance_between
from osteocast.inference.nested import NestedSample, estimate, estimate_curve

D, C = 64, 20
SAMPLE = NestedSample.of(np.repeat(np.arange(D), C))


def risks(rng, mean, relative, size):
    """Draw risks with this mean and SD = relative x mean x (1 - mean), beta-distributed."""
    if relative == 0.0:
        return np.full(size, mean)
    total = 1.0 / (relative**2 * mean * (1.0 - mean)) - 1.0
    return rng.beta(mean * total, (1.0 - mean) * total, size)


def happened(rng, p):
    """Yes or no for C courses of each draw."""
    return (rng.random((p.size, C)) < p[:, None]).ravel().astype(float)


def coverage(mean, relative, repeats=60):
    """Share of new draws whose risk lies in the interval, and the narrowest relative SD that was estimated."""
    rng = np.random.default_rng(round(1000 * mean + 10 * relative))
    inside, least = [], []
    for _ in range(repeats):
        e = estimate(SAMPLE, happened(rng, risks(rng, mean, relative, D)), "probability")
        new = risks(rng, mean, relative, 200)
        inside.append(np.mean((e.low[0] <= new) & (new <= e.high[0])))
        least.append(e.parameter_sd[0] / max(e.mean[0] * (1.0 - e.mean[0]), 1e-9) if e.mean[0] > 0 else np.inf)
    return float(np.mean(inside)), float(np.min(least))


@pytest.mark.parametrize("mean", [0.002, 0.01, 0.04, 0.15, 0.5, 0.86, 0.97])
@pytest.mark.parametrize("relative", [0.0, 0.2, 0.4, 0.8, 1.5])
def test_intervals_cover_nine_in_ten_new_draws(mean, relative):
    covered, least = coverage(mean, relative)
    # Where chance hides the spread the interval is wider than it need be; it is nowhere much too narrow.
    assert covered >= 0.80, covered
    if relative >= 0.4 and 0.15 <= mean <= 0.86:
        assert covered <= 0.95, covered
    assert least > 0.05


def paired(rng, avoided, caused, relative):
    """Events avoided (1) and caused (-1) of the same courses under two treatments, shares drawn for each draw."""
    a, b = (risks(rng, share, relative, D)[:, None] for share in (avoided, caused))
    u = rng.random((D, C))
    return ((u < a).astype(float) - (u > 1.0 - b)).ravel()


@pytest.mark.parametrize(("avoided", "caused"), [(0.10, 0.04), (0.30, 0.02), (0.02, 0.01)])
@pytest.mark.parametrize("relative", [0.0, 0.3, 0.8])
def test_paired_differences_cover_nine_in_ten_new_draws(avoided, caused, relative):
    rng = np.random.default_rng(7)
    inside, least = [], []
    for _ in range(60):
        e = estimate(SAMPLE, paired(rng, avoided, caused, relative), "difference")
        new = risks(rng, avoided, relative, 200) - risks(rng, caused, relative, 200)
        inside.append(np.mean((e.low[0] <= new) & (new <= e.high[0])))
        least.append(e.parameter_sd[0])
    assert np.mean(inside) >= 0.82
    if relative == 0.8 and avoided > 0.05:
        assert np.mean(inside) <= 0.96
    assert np.min(least) > 0.05 * (avoided + caused)


def events_by_month(rng, spread, rate=0.09):
    """Events by month at hazards [1/month] that differ between draws by a log-normal factor."""
    hazard = np.repeat(rate * np.exp(spread * rng.standard_normal(D)), C)
    day = rng.exponential(1.0 / hazard)
    return (day[:, None] <= np.arange(25)).astype(float)


def widest_jump(low, high):
    """Return the largest change of the width's step from month to month, months 3 to 24 [1]."""
    return float(np.max(np.abs(np.diff((high - low)[3:], n=2))))


@pytest.mark.parametrize("spread", [0.0, 0.15, 0.3])
def test_the_width_is_smooth_in_the_month(spread):
    rng = np.random.default_rng(3)
    alone, together = [], []
    for _ in range(20):
        y = events_by_month(rng, spread)
        e = estimate(SAMPLE, y, "probability")
        smooth = estimate_curve(SAMPLE, y)
        alone.append(widest_jump(e.low, e.high))
        together.append(widest_jump(smooth.low, smooth.high))
    assert np.max(together) < 0.03
    assert np.mean(together) < 0.02
    assert np.mean(together) < 0.5 * np.mean(alone)


def test_pooling_over_months_keeps_the_coverage():
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(60):
        e = estimate_curve(SAMPLE, events_by_month(rng, 0.3))
        new = 1.0 - np.exp(-0.09 * np.exp(0.3 * rng.standard_normal(400))[:, None] * np.arange(25))
        inside.append(np.mean((e.low <= new) & (new <= e.high), axis=0)[3:])
    by_month = np.mean(inside, axis=0)
    assert np.min(by_month) > 0.82
    assert 0.85 < np.mean(by_month) < 0.96


def test_much_data_give_the_variance_itself():
    d, c = 2000, 200
    rng = np.random.default_rng(5)
    p = risks(rng, 0.3, 0.4, d)
    y = (rng.random((d, c)) < p[:, None]).ravel().astype(float)
    e = estimate(NestedSample.of(np.repeat(np.arange(d), c)), y, "probability")
    assert e.parameter_sd[0] == pytest.approx(0.4 * 0.21, rel=0.04)


def test_no_degree_of_freedom_leaves_the_prior():
    seen = Spread(np.array([0.01]), np.array([0.02]), np.array([0.04]), 0.9, np.array([0.0]))
    assert variance_between(seen)[0] == pytest.approx(4.0 * 0.04, rel=0.02)


def test_the_posterior_mean_is_that_of_the_integral():
    seen = Spread(np.array([0.012]), np.array([0.01]), np.array([0.0441]), 0.98, np.array([40.0]))
    x = np.linspace(1e-4, 8.0, 40_000)
    variance = 0.98 * x**2 * 0.0441 + 0.01
    density = variance**-20.0 * np.exp(-20.0 * 0.012 / variance) * stats.halfnorm.pdf(x, scale=2.0)
    assert variance_between(seen)[0] == pytest.approx(0.0441 * np.sum(x**2 * density) / np.sum(density), rel=0.02)
