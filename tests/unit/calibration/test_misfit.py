"""The distribution of rows about their figures against distributions that are known."""

import numpy as np
import pytest
from scipy import integrate, stats

from osteocast.calibration.misfit import Misfit, sizes

SHAPE = np.array([[1.0, 0.4, 0.0], [0.4, 2.0, 0.0], [0.0, 0.0, 0.5]])
TRIAL = np.array([0, 0, 1])


def test_discrepancy_alone_is_students_t_of_each_trial():
    away = np.random.default_rng(3).normal(0.0, 2.0, (20, 3))
    found = Misfit(np.zeros((3, 3)), SHAPE, TRIAL, sizes(4.0)).log_likelihood(away)
    first = stats.multivariate_t(np.zeros(2), SHAPE[:2, :2], df=4).logpdf(away[:, :2])
    second = stats.t(4, scale=np.sqrt(0.5)).logpdf(away[:, 2])
    constant = 3 / 2 * np.log(2 * np.pi)
    np.testing.assert_allclose(found - constant, first + second, rtol=2e-3)


def test_discrepancy_and_sampling_together_agree_with_an_integral():
    certain, away = np.diag([0.3, 0.2, 0.4]), np.array([1.5, -2.0, 3.0])
    found = Misfit(certain, SHAPE, TRIAL, sizes(4.0)).log_likelihood(away[None, :])[0]
    exact = 0.0
    for rows in ([0, 1], [2]):
        both = np.ix_(rows, rows)

        def density(precision, both=both, rows=rows):
            normal = stats.multivariate_normal(np.zeros(len(rows)), certain[both] + SHAPE[both] / precision)
            return normal.pdf(away[rows]) * stats.gamma.pdf(precision, 2.0, scale=0.5)

        exact += np.log(integrate.quad(density, 0.0, np.inf, epsabs=1e-14)[0])
    assert found - 3 / 2 * np.log(2 * np.pi) == pytest.approx(exact, abs=2e-3)


def test_without_freedom_it_is_the_normal_distribution():
    misfit = Misfit(np.eye(3), SHAPE, TRIAL, sizes(np.inf))
    away = np.array([[1.0, -1.0, 2.0], [0.0, 0.0, 0.0]])
    normal = stats.multivariate_normal(np.zeros(3), np.eye(3) + SHAPE).logpdf(away)
    np.testing.assert_allclose(misfit.log_likelihood(away) - 3 / 2 * np.log(2 * np.pi), normal)
    np.testing.assert_allclose(misfit.expected_precision(away[0]), np.linalg.inv(np.eye(3) + SHAPE))
    np.testing.assert_allclose(misfit.expected_factor(away[0]), 1.0)


def test_far_rows_make_their_own_trial_s_discrepancy_larger():
    misfit = Misfit(0.1 * np.eye(3), SHAPE, TRIAL, sizes(4.0))
    near, far = (misfit.expected_factor(np.array([0.1, 0.1, third])) for third in (0.1, 6.0))
    assert far[0] == near[0]
    assert far[1] > 5 * near[1]
    assert misfit.expected_factor(np.array([0.1, 0.1, np.nan]))[1] == pytest.approx(2.0, rel=0.05)  # mean of the prior


def test_the_expected_precision_is_the_slope_of_the_likelihood():
    misfit = Misfit(0.1 * np.eye(3), SHAPE, TRIAL, sizes(4.0))
    away, step = np.array([1.0, -0.5, 2.0]), 1e-5
    up, down = (misfit.log_likelihood(away + sign * step * np.eye(3)) for sign in (1.0, -1.0))
    slope = (up - down) / (2.0 * step)
    np.testing.assert_allclose(slope, -misfit.expected_precision(away) @ away, rtol=1e-6)
