"""The verb: simulate a trial as often as asked for and estimate its endpoints."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from osteocast.domain.trial import Trial
from osteocast.evidence.code_and_data import code_and_data
from osteocast.evidence.load import DATA, load_targets
from osteocast.foundation.errors import ForecastError, InputError, Issue
from osteocast.inference.parameter_draws import Parameters, neutral_values
from osteocast.inference.posterior import read_posterior
from osteocast.trials.checkpoint import Checkpoint, open_checkpoint
from osteocast.trials.contrast import Contrast, contrast_of, events_of
from osteocast.trials.endpoint import estimate
from osteocast.trials.estimate import missing
from osteocast.trials.published import published_of
from osteocast.trials.result import EndpointResult, endpoint_result, estimate_document, estimate_from
from osteocast.trials.run import Progress, TrialSettings, fingerprint_of, subjects_of
from osteocast.trials.subjects import Subjects

POSTERIOR = DATA / "posterior.toml"
WITHOUT = DATA / "posterior-without"
"""Folder of the posteriors that rest on every fitted trial but one, by the name of that trial."""
_POSTERIORS = ("data/posterior.toml", "data/posterior-without")


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A simulated trial.

    Attributes
    ----------
    trial, settings : what was simulated, and how.
    endpoints : in the order of the trial's file. contrasts : what stands behind those that compare arms, by name.
    subjects : of one replicate, for tables and curves. shown : its number, the first with patients (from 0).
    nobody_left : why each replicate that has no patients has none; such replicates have no figure.
    """

    trial: Trial
    settings: TrialSettings
    endpoints: tuple[EndpointResult, ...]
    contrasts: Mapping[str, Contrast]
    subjects: Subjects
    shown: int = 0
    nobody_left: tuple[str, ...] = ()

    @property
    def seed_shown(self) -> int:
        """Seed of the errors of measurement of the replicate that is shown."""
        return self.settings.seed + self.shown

    def to_dict(self) -> dict[str, Any]:
        """Return the result as described by ``data/schema/trial-result.schema.json``."""
        from osteocast.trials.document import document_of

        return document_of(self)


def simulate_trial(
    trial: Trial,
    settings: TrialSettings | None = None,
    work: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> TrialResult:
    """Simulate a trial; interrupted, it goes on where it stopped.

    Parameters
    ----------
    trial : from `read_trial`.
    settings : None for one replicate with the published number of patients.
    work : folder of finished work; empty, or that of the same trial interrupted. None keeps nothing.
    workers : threads; None uses every processor. The result does not depend on it.
    progress : called with what is being done, how much is done and how much there is.
    notice : told what had to be done again.

    Raises
    ------
    InputError
        ``trial.setting``, ``trial.foreign-work``, ``trial.allocation``, ``parameter.no-neutral``.
    ForecastError
        ``trial.nobody-left``: too few candidates meet the criteria of entry. Where every replicate draws its parameters
        anew, such a replicate stands without a figure, and this is raised only if all of them do.
    SolveError
        ``trial.solver-failures``.
    StorageError
        ``storage.write``: a finished part could not be kept.
    """
    chosen = settings or TrialSettings(published_patients(trial))
    chosen.check()
    if work is not None:
        return _simulate(trial, chosen, work, workers, (progress, notice))
    with tempfile.TemporaryDirectory(prefix="osteocast-") as folder:
        return _simulate(trial, chosen, Path(folder), workers, (progress, notice))


def published_patients(trial: Trial) -> int:
    """Return the published number of patients of all arms.

    Raises
    ------
    InputError
        ``trial.setting``: an arm has no published number.
    """
    numbers = [arm.n for arm in trial.arms if arm.n is not None]
    if len(numbers) < len(trial.arms):
        without = ", ".join(arm.name for arm in trial.arms if arm.n is None)
        fix = "Give --patients, or n of every arm in the trial's file."
        raise InputError(Issue("trial.setting", f"{trial.name}: n", f"none for {without}", "a number of patients", fix))
    return sum(numbers)


def _simulate(
    trial: Trial,
    settings: TrialSettings,
    work: Path,
    workers: int | None,
    told: tuple[Progress | None, Callable[[str], None] | None],
) -> TrialResult:
    tell = told[0] or (lambda what, done, total: None)
    notice = told[1] or (lambda text: None)
    checkpoint = open_checkpoint(work, fingerprint_of(trial, settings, code_and_data(*_POSTERIORS)), notice)
    fixed = neutral_values(settings.neutral)
    posterior = read_posterior(WITHOUT / f"{settings.unfitted}.toml" if settings.unfitted else POSTERIOR)
    parameters = Parameters(posterior, settings.seed, settings.drawn_parameters, fixed)
    done: list[dict[str, Any]] = []
    for replicate in range(settings.replicates):
        compute = partial(_replicate, trial, settings, parameters, replicate, (checkpoint, workers, tell))
        done.append(checkpoint.note(f"replicate-{replicate:04d}", compute))
        tell("replicates", replicate + 1, settings.replicates)
        if replicate != _first_with_patients(done):
            checkpoint.drop(f"replicate-{replicate:04d}-")
    shown = _first_with_patients(done)
    if shown is None:
        raise ForecastError(Issue(**done[0]["nobody_left"]))
    subjects = subjects_of(trial, settings, parameters, shown, (checkpoint, workers, tell))
    return _result(trial, settings, done, subjects, shown)


def _replicate(
    trial: Trial,
    settings: TrialSettings,
    parameters: Parameters,
    replicate: int,
    work: tuple[Checkpoint, int | None, Progress],
) -> dict[str, object]:
    """Return every endpoint's estimate and number of events, as plain values, or why nobody could be admitted."""
    seed = settings.seed + replicate
    try:
        subjects = subjects_of(trial, settings, parameters, replicate, work)
    except ForecastError as error:
        # One draw of parameters without patients says something of the model; the others are still trials.
        if settings.replicates == 1 or not settings.drawn_parameters:
            raise
        none = {one.name: missing(one.estimator, error.issues[0].code) for one in trial.endpoints}
        return {
            "nobody_left": asdict(error.issues[0]),
            "endpoints": {name: {"estimate": estimate_document(one), "events": None} for name, one in none.items()},
        }
    endpoints = {
        one.name: {
            "estimate": estimate_document(estimate(trial, subjects, one, seed)),
            "events": events_of(trial, subjects, one, seed),
        }
        for one in trial.endpoints
    }
    return {"nobody_left": None, "endpoints": endpoints}


def _first_with_patients(done: Sequence[Mapping[str, Any]]) -> int | None:
    return next((i for i, one in enumerate(done) if one["nobody_left"] is None), None)


def _result(
    trial: Trial, settings: TrialSettings, done: Sequence[Mapping[str, Any]], subjects: Subjects, shown: int
) -> TrialResult:
    targets = load_targets()
    parts = [one["endpoints"] for one in done]
    # The same patients stand in every arm of a counterfactual design: its tests are no trial's.
    drawn = settings.drawn_parameters if settings.design == "parallel" else None
    results, contrasts = [], {}
    for one in trial.endpoints:
        own = [estimate_from(part[one.name]["estimate"]) for part in parts]
        published = None if one.target is None else published_of(targets[one.target])
        results.append(endpoint_result(one, own, published))
        if (behind := contrast_of(trial, one, own, [part[one.name]["events"] for part in parts], drawn)) is not None:
            contrasts[one.name] = behind
    left = [one["nobody_left"] for one in done if one["nobody_left"] is not None]
    nobody = tuple(f"{one['place']}: {one['found']}" for one in left)
    return TrialResult(trial, settings, tuple(results), contrasts, subjects, shown, nobody)
