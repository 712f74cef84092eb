"""The verb: simulate published trials at their published size and score them, beside a null model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from osteocast.domain.table import read_table
from osteocast.domain.trial import Trial
from osteocast.evidence.load import load_targets
from osteocast.evidence.target import Target
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.foundation.errors import ForecastError, InputError, Issue, SolveError
from osteocast.foundation.settings import MOST_SEED, out_of_range
from osteocast.inference.parameter_draws import neutral_values
from osteocast.inference.posterior import Posterior, read_posterior
from osteocast.trials.patterns import Pattern, patterns_of
from osteocast.trials.result import EndpointResult
from osteocast.trials.run import MOST_PATIENTS, MOST_REPLICATES, Progress, TrialSettings
from osteocast.trials.simulate_trial import POSTERIOR, WITHOUT, simulate_trial
from osteocast.validation.discrepancy import Discrepancies, declared_discrepancies
from osteocast.validation.jackknife import figures_by_group
from osteocast.validation.mechanisms import EVERY, chosen, unknown_mechanisms
from osteocast.validation.null_fit import NullFit, fit_null, left_out, predict_null
from osteocast.validation.null_rows import NullRow, null_rows
from osteocast.validation.removal import Removals, removal
from osteocast.validation.row import Row, arms_size, rows_of
from osteocast.validation.score import Prediction, predicted

How = tuple[Path, int | None, Progress | None, Callable[[str], None] | None]
"""Folder of finished work, threads, whom to tell of progress, and whom of work that is done again."""
MECHANISMS: Final = "mechanisms"
"""Folder of finished work of trials without a mechanism."""
UNFITTED: Final = "unfitted"
"""Folder of finished work of fitted trials by a calibration without them."""
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class ValidationSettings:
    """Size of a validation.

    Attributes
    ----------
    patients : of every trial in all arms; None for the published number.
    replicates : simulated trials, each with parameters drawn from what is known of them; at least 3.
    seed : of every random number.
    without : names of mechanisms to take out one at a time, see `mechanisms.chosen`.
    """

    patients: int | None = None
    replicates: int = 10
    seed: int = 1
    without: tuple[str, ...] = ()

    def of(self, trial: Trial, unfitted: str = "") -> TrialSettings:
        """Return the settings of one trial, see `trials.run.TrialSettings` for `unfitted`."""
        settings = TrialSettings(self._patients(trial), self.replicates, "parallel", self.seed, drawn_parameters=True)
        return replace(settings, unfitted=unfitted)

    def at_centre(self, trial: Trial, neutral: tuple[str, ...]) -> TrialSettings:
        """Return the settings of one trial for mechanisms: the same people in every arm, parameters at their centre."""
        return TrialSettings(self._patients(trial), 1, "counterfactual", self.seed, neutral=neutral)

    def _patients(self, trial: Trial) -> int:
        return published_size(trial) if self.patients is None else self.patients

    def check(self) -> None:
        """Raise `InputError` with every setting out of range.

        ``trial.setting``, ``validation.replicates`` (too few for an interval) or ``validation.mechanism``.
        """
        lowest = min(self.replicates, _FEWEST)
        limits = {"replicates": (self.replicates, lowest, MOST_REPLICATES), "seed": (self.seed, 0, MOST_SEED)}
        issues = out_of_range("trial.setting", limits)
        if self.patients is not None:
            issues += out_of_range("trial.setting", {"patients": (self.patients, 2, MOST_PATIENTS)})
        if self.replicates < _FEWEST:
            fix = "Choose --replicates 3 or more; 10 give an interval that is worth reading."
            issues.append(Issue("validation.replicates", "replicates", str(self.replicates), "at least 3", fix))
        issues += unknown_mechanisms(self.without)
        if issues:
            raise InputError(issues)


class Replicates(NamedTuple):
    """Estimates of one endpoint, one for each simulated trial."""

    values: tuple[float, ...]
    reached: tuple[bool, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class TrialRun:
    """One trial of the validation.

    Attributes
    ----------
    trial : what was simulated. patients : in all arms.
    rows : published figures. estimates : of each row by its target.
    reason : empty, or the code that says why nothing was simulated.
    patterns : of the events of each arm in the first simulated trial.
    by_group : of each row, its figures without each group of patients (`jackknife`); empty where not asked for.
    unfitted : estimates by a calibration without this trial, where it was fitted; empty for other trials.
    """

    trial: Trial
    patients: int
    rows: tuple[Row, ...]
    estimates: Mapping[str, Replicates]
    reason: str
    patterns: tuple[Pattern, ...] = ()
    by_group: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    unfitted: Mapping[str, Replicates] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validation:
    """A finished validation.

    Attributes
    ----------
    settings : its size. runs : of every trial. rows : of all trials.
    ours, null : predictions by target of the simulation and of the null model.
    ours_with_discrepancy : those of the simulation with the discrepancy that calibration declares.
    null_left_out : of fit rows by the null model fitted without their trial.
    ours_left_out : of the rows of fitted trials by the simulation calibrated without their trial.
    null_fit : the null model's parameters. null_expresses : targets of the rows that the null model can express.
    posterior : the calibration that the parameters were drawn from.
    removals : what changes without each mechanism that was asked for; None where none was.
    """

    settings: ValidationSettings
    runs: tuple[TrialRun, ...]
    rows: tuple[Row, ...]
    ours: Mapping[str, Prediction]
    ours_with_discrepancy: Mapping[str, Prediction]
    null: Mapping[str, Prediction]
    null_left_out: Mapping[str, Prediction]
    ours_left_out: Mapping[str, Prediction]
    null_fit: NullFit
    null_expresses: tuple[str, ...]
    posterior: Posterior
    removals: Removals | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as described by ``data/schema/validation.schema.json``."""
        from osteocast.validation.document import document_of

        return document_of(self)


def published_size(trial: Trial) -> int:
    """Return the published number of patients, or that of ``data/validation/plan.toml``.

    Raises
    ------
    InputError
        ``validation.size``: neither says it.
    """
    numbers = [arm.n for arm in trial.arms]
    planned: dict[str, Any] = read_table("validation/plan")["patients"]
    if all(numbers):
        return sum(n or 0 for n in numbers)
    if trial.name not in planned:
        fix = "Give --patients, or n of every arm in the trial's file."
        raise InputError(Issue("validation.size", trial.name, "arms without n", "a number of patients", fix))
    return int(planned[trial.name]["value"])


def validate(
    trials: tuple[Trial, ...],
    settings: ValidationSettings,
    work: Path,
    workers: int | None = None,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Validation:
    """Simulate trials and score them; interrupted, it goes on where it stopped.

    A trial that cannot be simulated is listed with the reason; the others go on.

    Parameters
    ----------
    trials : to simulate. The null model is fitted to the fit rows of these and of every built-in trial.
    work : folder of finished work, one within it for each trial.
    workers : threads; the result does not depend on them.
    progress : called with the trial, how much is done and how much there is. notice : told what was done again.

    Raises
    ------
    InputError
        ``validation.replicates``, ``validation.mechanism``, ``validation.size``, ``trial.setting``,
        ``trial.foreign-work``.
    """
    settings.check()
    names = {trial.name for trial in trials}
    if len(names) < len(trials):
        fix = "Give each trial once."
        raise InputError(Issue("trial.name-twice", "trials", "two of one name", "each trial once", fix))
    targets = load_targets()
    how = (work, workers, progress, notice)
    runs = tuple(
        _with_unfitted(run_trial(trial, targets, settings.of(trial), _within(how, trial.name)), targets, settings, how)
        for trial in trials
    )
    others = [read_trial(name) for name in builtin_trials() if name not in names]
    pool = [one for trial in others for one in null_rows(trial, rows_of(trial, targets, published_size(trial)))]
    found = scored(runs, settings, pool)
    if not settings.without:
        return found
    return replace(found, removals=_removals(trials, targets, settings, found.ours, _within(how, MECHANISMS)))


def _with_unfitted(run: TrialRun, targets: Mapping[str, Target], settings: ValidationSettings, how: How) -> TrialRun:
    """Simulate a fitted trial once more, with parameters that were calibrated without it."""
    name = run.trial.name
    if run.reason or not (WITHOUT / f"{name}.toml").is_file():
        return run
    again = run_trial(run.trial, targets, settings.of(run.trial, name), _within(_within(how, UNFITTED), name))
    return replace(run, unfitted=again.estimates)


def _within(how: How, name: str) -> How:
    """Return how work is done, its folder one deeper."""
    return (how[0] / name, *how[1:])


def _removals(
    trials: tuple[Trial, ...],
    targets: Mapping[str, Target],
    settings: ValidationSettings,
    predictions: Mapping[str, Prediction],
    how: How,
) -> Removals:
    """Simulate trials with every mechanism and without each that is asked for."""

    def runs(name: str, neutral: tuple[str, ...]) -> tuple[TrialRun, ...]:
        """Simulate every trial with these parameters at their neutral value."""
        return tuple(
            run_trial(
                one, targets, settings.at_centre(one, neutral), _within(_within(how, name), one.name), grouped=True
            )
            for one in trials
        )

    whole = runs(EVERY, ())
    removals = tuple(
        removal(one, neutral_values(one.neutral), (whole, runs(one.name, one.neutral)), predictions)
        for one in chosen(settings.without)
    )
    return Removals({run.trial.name: run.patterns for run in whole if not run.reason}, removals)


def run_trial(
    trial: Trial,
    targets: Mapping[str, Target],
    settings: TrialSettings,
    how: How,
    grouped: bool = False,
) -> TrialRun:
    """Simulate one trial; `how` is folder of work, threads, and whom to tell of progress and of work done again.

    Parameters
    ----------
    grouped : whether to estimate the first replicate's rows without each group of patients as well.
    """
    rows = rows_of(trial, targets, settings.patients)
    work, workers, progress, notice = how

    def tell(what: str, done: int, total: int) -> None:
        """Name the trial before what is being done."""
        if progress is not None:
            progress(f"{trial.name}: {what}", done, total)

    try:
        found = simulate_trial(trial, settings, work, workers, tell, notice)
    except (SolveError, ForecastError) as error:
        return TrialRun(trial, settings.patients, rows, {}, error.issues[0].code)
    of_endpoint = {one.name: one for one in found.endpoints}
    estimates = {row.target: _replicates(of_endpoint[row.endpoint]) for row in rows}
    groups = figures_by_group(trial, found.subjects, rows, targets, settings.seed) if grouped else {}
    return TrialRun(trial, settings.patients, rows, estimates, "", patterns_of(trial, found.subjects), groups)


def _replicates(found: EndpointResult) -> Replicates:
    values = tuple(one.value for one in found.estimates)
    reached = tuple(not (np.isnan(one.value) and one.reason == "trial.not-reached") for one in found.estimates)
    return Replicates(values, reached, next((one.reason for one in found.estimates if np.isnan(one.value)), ""))


def scored(runs: tuple[TrialRun, ...], settings: ValidationSettings, pool: Sequence[NullRow] = ()) -> Validation:
    """Return the validation of finished trials.

    Parameters
    ----------
    pool : rows of trials that were not simulated, to fit the null model to as well.
    """
    rows = tuple(row for run in runs for row in run.rows)
    null: list[NullRow] = [one for run in runs for one in null_rows(run.trial, run.rows)]
    fit = fit_null([*null, *pool])
    declared = declared_discrepancies()
    return Validation(
        settings=settings,
        runs=runs,
        rows=rows,
        ours=_of_all([_predictions(run, run.estimates) for run in runs]),
        ours_with_discrepancy=_of_all([_predictions(run, run.estimates, declared) for run in runs]),
        null=predict_null(fit, null),
        null_left_out=left_out(null, pool),
        ours_left_out=_of_all([_predictions(run, run.unfitted) for run in runs]),
        null_fit=fit,
        null_expresses=tuple(one.row.target for one in null),
        posterior=read_posterior(POSTERIOR),
    )


def size_of(run: TrialRun, row: Row) -> float:
    """Return the number of simulated patients in the arms of a row."""
    return arms_size(run.trial, run.trial.endpoint(row.endpoint), run.patients)


def _of_all(found: Sequence[Mapping[str, Prediction]]) -> dict[str, Prediction]:
    return {target: one for run in found for target, one in run.items()}


def _predictions(
    run: TrialRun, estimates: Mapping[str, Replicates], discrepancies: Discrepancies | None = None
) -> dict[str, Prediction]:
    """Return what replicates predict for each row; without discrepancies the model is taken at its word."""

    def one(row: Row) -> Prediction:
        """Return what is predicted for one row."""
        beyond = 0.0 if discrepancies is None else discrepancies.of(run.trial.endpoint(row.endpoint))
        values, reached, _ = estimates[row.target]
        return predicted(row, values, reached, size_of(run, row), beyond)

    found = {row.target: one(row) for row in run.rows if row.target in estimates}
    return {target: one for target, one in found.items() if one.there}
