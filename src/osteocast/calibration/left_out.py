"""The posterior without the figures of one trial, from the same runs: what the others say before it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from osteocast.calibration.emulator import Emulator
from osteocast.calibration.plan import Plan
from osteocast.calibration.result import FittedStage, posterior_of_stages
from osteocast.calibration.stage_fit import posterior_moments
from osteocast.inference.posterior import Posterior
from osteocast.inference.posterior_file import as_written


def without_trial(plan: Plan, fitted: Sequence[FittedStage], trial: str) -> Posterior:
    """Return the posterior that rests on all people but those of one trial; a stage without figures keeps its prior.

    The emulators are those of all runs: they know how rows depend on scales and not what was published. Runs of later
    stages stood at the centre of earlier ones with the trial in them, which is left so.
    """
    names = plan.shared.programme(trial)
    posterior = posterior_of_stages(plan, [_refitted(one, names) for one in fitted])
    return as_written(replace(posterior, rows=(), statement=f"calibrated without the figures of {', '.join(names)}"))


def trials_of(fitted: Sequence[FittedStage]) -> tuple[str, ...]:
    """Return the names of the trials that figures were fitted of, in order."""
    return tuple(dict.fromkeys(row.trial for one in fitted for row in one.stage.rows))


def _refitted(one: FittedStage, trials: tuple[str, ...]) -> FittedStage:
    own = np.array([row.trial in trials for row in one.stage.rows])
    used = one.fit.used & ~own
    if not own.any():
        return one
    k = one.problem.scales
    if not used.any():
        fit = replace(one.fit, mean=np.zeros(k), covariance=np.eye(k), used=used, pareto_k=float("nan"))
        return replace(one, fit=fit)
    emulator = Emulator.fit(one.fit.points, one.fit.outputs[:, used])
    mean, covariance, k_hat, effective = posterior_moments(one.problem.only(used), emulator)
    fit = replace(one.fit, mean=mean, covariance=covariance, used=used, pareto_k=k_hat, effective=effective)
    return replace(one, fit=fit)
