"""The fit of a stage on simulators whose posterior is known."""

import numpy as np
import pytest

from osteocast.calibration.emulator import Emulator, smallest_design
from osteocast.calibration.misfit import Misfit, sizes
from osteocast.calibration.stage_fit import Problem, fit_stage, space_filling
from osteocast.inference.proposal import Key

SLOPE = np.array([[-1.0, 0.5, 0.0], [-1.5, 0.0, 0.0], [0.2, 0.8, 0.0], [0.4, -0.3, 0.0]])
START = np.array([0.3, -0.2, 0.1, 0.0])
PUBLISHED = np.array([1.0, 0.4, 0.6, -0.1])


def problem(covariance, published=PUBLISHED):
    """Return a problem whose discrepancy has the declared size: half of the covariance, which then does not matter."""
    one = np.zeros(len(published), dtype=np.int64)
    return Problem(3, published, Misfit(0.5 * covariance, 0.5 * covariance, one, sizes(np.inf)), Key(7, 0, 9))


def linear(x):
    return START + x @ SLOPE.T


def exact(covariance, published=PUBLISHED, slope=SLOPE, start=START):
    precision = np.linalg.inv(covariance)
    posterior = np.linalg.inv(np.eye(3) + slope.T @ precision @ slope)
    return posterior @ slope.T @ precision @ (published - start), posterior


def correlated(share):
    sd = np.array([0.4, 0.5, 0.6, 0.5])
    return ((1 - share) * np.eye(4) + share) * np.outer(sd, sd)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_the_posterior_of_a_linear_gaussian_problem_is_recovered(share):
    found = fit_stage(problem(correlated(share)), linear, 40)
    mean, covariance = exact(correlated(share))
    np.testing.assert_allclose(found.mean, mean, atol=0.02)
    np.testing.assert_allclose(found.covariance, covariance, atol=0.03)
    assert found.points.shape == (40, 3)
    assert found.used.all()
    assert found.effective > 0.4
    assert np.isnan(found.pareto_k) or found.pareto_k < 0.7
    np.testing.assert_allclose(found.emulator.q2, 1.0)


def test_rows_that_go_together_count_less_than_independent_ones():
    def repeated(x):
        return np.repeat(x[:, :1], 4, axis=1)

    published = np.full(4, 0.5)
    alone = fit_stage(problem(correlated(0.0), published), repeated, 30)
    together = fit_stage(problem(correlated(0.6), published), repeated, 30)
    assert together.covariance[0, 0] > 1.5 * alone.covariance[0, 0]


def test_a_scale_without_information_keeps_its_prior():
    found = fit_stage(problem(correlated(0.3)), linear, 40)
    assert found.mean[2] == pytest.approx(0.0, abs=0.02)
    assert found.covariance[2, 2] == pytest.approx(1.0, abs=0.03)
    assert found.covariance[0, 0] < 0.5


def test_a_row_that_is_met_nowhere_is_set_aside_and_pulls_nothing():
    far = PUBLISHED + np.array([0.0, 0.0, 0.0, 30.0])
    found = fit_stage(problem(correlated(0.6), far), linear, 40)
    assert found.used.tolist() == [True, True, True, False]
    mean, covariance = exact(correlated(0.6)[:3, :3], PUBLISHED[:3], SLOPE[:3], START[:3])
    np.testing.assert_allclose(found.mean, mean, atol=0.02)
    np.testing.assert_allclose(found.covariance, covariance, atol=0.03)


def test_history_matching_rules_out_what_is_far_and_the_second_wave_goes_where_it_is_near():
    tight = np.eye(4) * 0.05**2
    truth = np.array([1.0, -0.5, 0.0])
    found = fit_stage(problem(tight, linear(truth)), linear, 60)
    assert 0.0 < found.not_ruled_out < 0.1
    first, second = found.points[:38], found.points[38:]
    away = [np.linalg.norm((wave - truth)[:, :2], axis=1).mean() for wave in (first, second)]
    assert away[1] < 0.3 * away[0]
    np.testing.assert_allclose(found.mean, [1.0, -0.5, 0.0], atol=0.05)


def test_noise_of_the_simulator_widens_the_posterior():
    noise = np.random.default_rng(1).normal(0.0, 0.5, (1000, 4))

    def noisy(x):
        return linear(x) + noise[: len(x)]

    loud, quiet = (fit_stage(problem(np.eye(4) * 0.01), run, 60) for run in (noisy, linear))
    assert np.all(np.diag(loud.covariance)[:2] > 2 * np.diag(quiet.covariance)[:2])


def test_a_trial_that_is_missed_on_the_whole_pulls_less_than_the_others():
    slope = np.array([[1.0, 0.0, 0.0]] * 12)
    published = np.array([0.5] * 6 + [3.0] * 6)

    def shared(x):
        return x @ slope.T

    trial = np.repeat([0, 1], 6)
    discrepancy = np.where(trial[:, None] == trial, 0.5, 0.0) * 0.16 + np.eye(12) * 0.5 * 0.16
    means = {}
    for freedom in (4.0, np.inf):
        misfit = Misfit(np.eye(12) * 0.04, discrepancy, trial, sizes(freedom))
        found = fit_stage(Problem(3, published, misfit, Key(7, 0, 9)), shared, 40)
        means[freedom] = found.mean[0]
        assert found.used.all()
    # both trials say the same of the scale when their discrepancy has the declared size: the mean, drawn to the prior
    assert means[np.inf] == pytest.approx(35 / 21, abs=0.05)
    assert means[4.0] < 1.5


def test_the_same_problem_gives_the_same_bytes():
    one, two = (fit_stage(problem(correlated(0.5)), linear, 40) for _ in range(2))
    assert one.mean.tobytes() == two.mean.tobytes()
    assert one.covariance.tobytes() == two.covariance.tobytes()


def test_the_design_fills_the_prior_and_never_changes():
    x = space_filling(4, 64)
    np.testing.assert_array_equal(x[0], 0.0)
    np.testing.assert_allclose(np.mean(x > 0, axis=0), 0.5, atol=0.05)
    np.testing.assert_allclose(x.std(axis=0), 1.0, atol=0.15)
    np.testing.assert_array_equal(x, space_filling(4, 64))


def test_a_nonlinear_simulator_is_judged_by_leave_one_out():
    x = space_filling(2, 40)
    y = np.column_stack([x[:, 0] ** 2 - x[:, 1], np.sin(6 * x[:, 0])])
    emulator = Emulator.fit(x, y)
    assert emulator.q2[0] == pytest.approx(1.0)
    assert emulator.q2[1] < 0.3
    errors = []
    for i in range(40):
        keep = np.arange(40) != i
        errors.append(Emulator.fit(x[keep], y[keep]).predict(x[i : i + 1])[0] - y[i])
    press = np.sum(np.array(errors)[:, 1] ** 2)
    assert emulator.q2[1] == pytest.approx(1 - press / np.sum((y[:, 1] - y[:, 1].mean()) ** 2))
    with pytest.raises(ValueError, match="design points"):
        Emulator.fit(x[: smallest_design(2) - 1], y[: smallest_design(2) - 1])
