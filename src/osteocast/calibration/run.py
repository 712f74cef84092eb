"""The verb: fit every stage, then run the ensemble; interrupted, it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osteocast.calibration.covariance import row_misfit
from osteocast.calibration.emulator import smallest_design
from osteocast.calibration.ensemble import Ensemble, in_order, log_scales_of, member_values, merged
from osteocast.calibration.kept import open_kept
from osteocast.calibration.left_out import trials_of, without_trial
from osteocast.calibration.plan import Plan, Stage
from osteocast.calibration.point import Who
from osteocast.calibration.result import FittedStage, posterior_of_stages, with_ensemble
from osteocast.calibration.stage_fit import Problem, fit_stage
from osteocast.calibration.work import StageRuns, Task, Workshop, courses_of
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.settings import out_of_range
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import Posterior
from osteocast.inference.proposal import Key
from osteocast.validation.run import ValidationSettings

Progress = Callable[[str, float, float], None]

FEWEST_PATIENTS = 20
MOST_PATIENTS = 10_000
MOST_POINTS = 10_000
MOST_MEMBERS = 1_000
PROPOSAL_QUANTITY = 9
"""Random numbers set apart for proposals of the calibration, see `inference.proposal`."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A finished calibration.

    Attributes
    ----------
    posterior : that rests on every fitted trial. without : by name of a trial, that which rests on all others.
    """

    posterior: Posterior
    without: Mapping[str, Posterior]


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """Size of a calibration; None takes that of the plan.

    Attributes
    ----------
    points : real runs of the stage with most scales. members : of the ensemble.
    patients : admitted to each trial at a design point.
    stages : names of those that are fitted; the scales of others keep their prior. None for all.
    """

    points: int | None = None
    members: int | None = None
    patients: int | None = None
    stages: tuple[str, ...] | None = None

    def check(self, plan: Plan) -> None:
        """Raise `InputError` ``calibrate.setting`` with every setting that is out of range."""
        limits = {
            "points": (self.points, 1, MOST_POINTS),
            "ensemble": (self.members, 0, MOST_MEMBERS),
            "patients": (self.patients, FEWEST_PATIENTS, MOST_PATIENTS),
        }
        issues = out_of_range("calibrate.setting", {k: v for k, v in limits.items() if v[0] is not None})
        known = [stage.name for stage in plan.stages]
        for name in self.stages or ():
            if name not in known:
                issues.append(Issue("calibrate.setting", "stage", name, ", ".join(known), "Choose one of these."))
        if issues:
            raise InputError(issues)


def calibrate(
    plan: Plan,
    settings: CalibrationSettings,
    work: Path,
    workers: int = 1,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Calibration:
    """Calibrate the scales of a plan; interrupted, it goes on where it stopped.

    Parameters
    ----------
    work : folder of finished runs, each found by its content; it may hold those of other calibrations.
    workers : runs at the same time. The result does not depend on it.
    progress : called with the stage, the work done and the work there is, in courses.
    notice : told what was done again.

    Raises
    ------
    InputError
        ``calibrate.setting``.
    SolveError
        ``calibration.output``: a row without a finite value; ``trial.solver-failures``.
    StorageError
        ``storage.folder``, ``storage.write``.
    """
    settings.check(plan)
    stages = [stage for stage in plan.stages if settings.stages is None or stage.name in settings.stages]
    members = plan.members if settings.members is None else settings.members
    who = Who(settings.patients or plan.patients, plan.seed)
    points = points_of(plan, stages, settings.points or plan.points)
    total = sum((n + 2) * courses_of(s.trials, who.patients) for s, n in zip(stages, points, strict=True))
    total += members * courses_of(merged(stages), who.patients)
    done = [0.0]

    def tell(what: str, size: float) -> None:
        """Tell of finished courses."""
        done[0] += size
        if progress is not None:
            progress(what, done[0], total)

    shop = Workshop(who, open_kept(work, notice or (lambda text: None)), workers, tell)
    fitted: list[FittedStage] = []
    for stage, n in zip(stages, points, strict=True):
        fitted.append(_fitted(plan, shop, stage, fitted, n))
    posterior = posterior_of_stages(plan, fitted)
    without = {trial: without_trial(plan, fitted, trial) for trial in trials_of(fitted)}
    if members:
        posterior = with_ensemble(posterior, fitted, _ensemble(shop, stages, posterior, members))
    return Calibration(posterior, without)


def points_of(plan: Plan, stages: Sequence[Stage], points: int) -> tuple[int, ...]:
    """Return the real runs of each stage: in proportion to the coefficients of its quadratic function."""
    most = max(smallest_design(len(stage.scales)) for stage in plan.stages)
    terms = [smallest_design(len(stage.scales)) for stage in stages]
    return tuple(max(round(points * one / most), one + 2) for one in terms)


def _fitted(plan: Plan, shop: Workshop, stage: Stage, before: Sequence[FittedStage], points: int) -> FittedStage:
    """Fit one stage, with the scales of those before it at their centre."""
    scales = tuple(scale for one in before for scale in one.stage.scales)
    logs = np.concatenate([np.zeros(0), *(one.mean for one in before)])
    runs = StageRuns(shop, stage, scales, logs)
    problem = Problem(
        scales=len(stage.scales),
        published=np.array([row.value for row in stage.rows]),
        misfit=row_misfit(stage.rows, plan.shared, runs.chance()),
        key=Key(plan.seed, plan.stages.index(stage), PROPOSAL_QUANTITY),
    )
    fit = fit_stage(problem, runs.points, points)
    return FittedStage(stage, problem, fit, len(scales), runs.points(fit.mean[None, :])[0], shop.who.patients)


def _ensemble(shop: Workshop, stages: Sequence[Stage], posterior: Posterior, members: int) -> Ensemble:
    """Run the members on the trials of all stages."""
    seed = ValidationSettings().seed
    trials = merged(stages)
    size = courses_of(trials, shop.who.patients)
    parameters = Parameters(posterior, seed, drawn=True)
    text = posterior.to_toml()

    def member(number: int) -> Task:
        """Return the task of one member of the ensemble."""
        who = Who(shop.who.patients, seed, number)
        depends = (trials, who.patients, seed, number, text)
        return shop.task("member", depends, size, lambda: member_values(trials, parameters, who))

    values = shop.run([member(number) for number in range(members)])
    rows = [row for stage in stages for row in stage.rows]
    return Ensemble(log_scales_of(posterior, seed, members), in_order(rows, trials, values))
