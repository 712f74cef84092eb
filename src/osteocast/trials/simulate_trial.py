"""The verb: simulate a trial as often as asked for and estimate its endpoints."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.domain.trial import Trial
from osteocast.evidence.load import DATA, load_targets
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import folder_sha256
from osteocast.inference.parameter_draws import Parameters, neutral_values
from osteocast.inference.posterior import read_posterior
from osteocast.trials.checkpoint import open_checkpoint
from osteocast.trials.contrast import Contrast, contrast_of, events_of
from osteocast.trials.endpoint import estimate
from osteocast.trials.estimate import Estimate
from osteocast.trials.published import published_of
from osteocast.trials.result import EndpointResult, endpoint_result, estimate_document, estimate_from
from osteocast.trials.run import Progress, TrialSettings, fingerprint_of, subjects_of
from osteocast.trials.subjects import Subjects

POSTERIOR = DATA / "posterior.toml"
WITHOUT = DATA / "posterior-without"
"""Folder of the posteriors that rest on every fitted trial but one, by the name of that trial."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A simulated trial.

    Attributes
    ----------
    trial, settings : what was simulated, and how.
    endpoints : in the order of the trial's file. contrasts : what stands behind those that compare arms, by name.
    subjects : of the first replicate, for tables and curves.
    """

    trial: Trial
    settings: TrialSettings
    endpoints: tuple[EndpointResult, ...]
    contrasts: Mapping[str, Contrast]
    subjects: Subjects

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
        ``trial.nobody-left``.
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
    checkpoint = open_checkpoint(work, fingerprint_of(trial, settings, _code_and_data()), notice)
    fixed = neutral_values(settings.neutral)
    posterior = read_posterior(WITHOUT / f"{settings.unfitted}.toml" if settings.unfitted else POSTERIOR)
    parameters = Parameters(posterior, settings.seed, settings.drawn_parameters, fixed)
    estimates: list[list[Estimate]] = []
    events: list[list[int | None]] = []
    for replicate in range(settings.replicates):

        def analyse(replicate: int = replicate) -> dict[str, object]:
            subjects = subjects_of(trial, settings, parameters, replicate, (checkpoint, workers, tell))
            return _analysed(trial, subjects, settings.seed + replicate)

        found: dict[str, Any] = checkpoint.note(f"replicate-{replicate:04d}", analyse)
        tell("replicates", replicate + 1, settings.replicates)
        estimates.append([estimate_from(found[one.name]["estimate"]) for one in trial.endpoints])
        events.append([found[one.name]["events"] for one in trial.endpoints])
        if replicate > 0:
            checkpoint.drop(f"replicate-{replicate:04d}-")
    subjects = subjects_of(trial, settings, parameters, 0, (checkpoint, workers, tell))
    return _result(trial, settings, estimates, events, subjects)


def _analysed(trial: Trial, subjects: Subjects, seed: int) -> dict[str, object]:
    """Return every endpoint's estimate and number of events, as plain values."""
    return {
        one.name: {
            "estimate": estimate_document(estimate(trial, subjects, one, seed)),
            "events": events_of(trial, subjects, one, seed),
        }
        for one in trial.endpoints
    }


def _result(
    trial: Trial,
    settings: TrialSettings,
    estimates: list[list[Estimate]],
    events: list[list[int | None]],
    subjects: Subjects,
) -> TrialResult:
    targets = load_targets()
    # The same patients stand in every arm of a counterfactual design: its tests are no trial's.
    drawn = settings.drawn_parameters if settings.design == "parallel" else None
    results, contrasts = [], {}
    for i, one in enumerate(trial.endpoints):
        own = [row[i] for row in estimates]
        published = None if one.target is None else published_of(targets[one.target])
        results.append(endpoint_result(one, own, published))
        if (behind := contrast_of(trial, one, own, [row[i] for row in events], drawn)) is not None:
            contrasts[one.name] = behind
    return TrialResult(trial, settings, tuple(results), contrasts, subjects)


def _code_and_data() -> str:
    """Return a SHA-256 of the data and the code that a simulated trial depends on."""
    code = DATA.parent
    folders = [code / name for name in ("course", "domain", "engine", "foundation", "inference", "models", "trials")]
    # what is said about finished trials changes none of them
    data = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir() and folder.name != "validation"]
    digests = [folder_sha256(DATA, "*.toml"), *(folder_sha256(folder) for folder in data)]
    return "".join([*digests, *(folder_sha256(folder, "**/*.py") for folder in folders)])
