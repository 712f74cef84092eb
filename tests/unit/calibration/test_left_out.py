"""The posterior without one trial against the one that is known exactly for a linear model."""

import numpy as np

from osteocast.calibration.emulator import Emulator
from osteocast.calibration.left_out import trials_of, without_trial
from osteocast.calibration.misfit import Misfit, sizes
from osteocast.calibration.plan_file import read_plan
from osteocast.calibration.result import FittedStage
from osteocast.calibration.stage_fit import Problem, StageFit, space_filling
from osteocast.inference.proposal import Key


def test_without_a_trial_the_figures_of_the_others_are_left():
    plan = read_plan()
    stage = plan.stages[1]
    trials = [row.trial for row in stage.rows]
    assert len(set(trials)) == 2
    rng = np.random.default_rng(2)
    slope = rng.normal(size=(len(stage.scales), len(trials)))
    published = rng.normal(size=len(trials))
    covariance = np.diag(rng.uniform(0.2, 0.5, len(trials)))
    x = space_filling(len(stage.scales), 40)
    y = x @ slope
    number = np.array([sorted(set(trials)).index(trial) for trial in trials])
    misfit = Misfit(covariance, np.zeros_like(covariance), number, sizes(4.0))
    problem = Problem(len(stage.scales), published, misfit, Key(1, 1, 9))
    fit = StageFit(
        np.zeros(2), np.eye(2), Emulator.fit(x, y), x, y, np.ones(len(trials), dtype=np.bool_), 1.0, 0.0, 1.0
    )
    fitted = [FittedStage(stage, problem, fit, 0, y[0], 20)]
    assert trials_of(fitted) == tuple(dict.fromkeys(trials))
    gone = trials[-1]
    found = without_trial(plan, fitted, gone)
    keep = np.array([trial != gone for trial in trials])
    own = slope[:, keep]
    exact = np.linalg.inv(np.eye(2) + own @ np.linalg.inv(covariance[np.ix_(keep, keep)]) @ own.T)
    mean = exact @ own @ np.linalg.inv(covariance[np.ix_(keep, keep)]) @ published[keep]
    at = [found.names.index(scale.name) for scale in stage.scales]
    np.testing.assert_allclose(found.mean[at], stage.prior_mean + stage.prior_sd * mean, atol=0.01)
    scaled = exact * np.outer(stage.prior_sd, stage.prior_sd)
    np.testing.assert_allclose(found.covariance[np.ix_(at, at)], scaled, atol=0.003)
    assert gone in found.statement
