"""The verb: simulate a trial as often as asked for and estimate its endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.domain.trial import Trial
from osteocast.evidence.load import DATA, load_targets
from osteocast.foundation.files import folder_sha256
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.trials.checkpoint import open_checkpoint
from osteocast.trials.endpoint import estimate
from osteocast.trials.published import published_of
from osteocast.trials.result import EndpointResult, endpoint_result, estimate_document, estimate_from
from osteocast.trials.run import Progress, TrialSettings, fingerprint_of, subjects_of
from osteocast.trials.subjects import Subjects

POSTERIOR = DATA / "posterior.toml"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A simulated trial.

    Attributes
    ----------
    trial, settings : what was simulated, and how.
    endpoints : in the order of the trial's file.
    subjects : of the first replicate, for tables and curves.
    """

    trial: Trial
    settings: TrialSettings
    endpoints: tuple[EndpointResult, ...]
    subjects: Subjects


def simulate_trial(
    trial: Trial,
    settings: TrialSettings,
    work: Path,
    workers: int | None = None,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> TrialResult:
    """Simulate a trial; interrupted, it goes on where it stopped.

    Parameters
    ----------
    trial : Trial
    settings : TrialSettings
    work : folder of finished work; empty, or that of the same trial interrupted.
    workers : threads; None uses every processor. The result does not depend on it.
    progress : called with what is being done, how much is done and how much there is.
    notice : told what had to be done again.

    Raises
    ------
    InputError
        ``trial.setting``, ``trial.foreign-work``, ``trial.allocation``.
    ForecastError
        ``trial.nobody-left``.
    SolveError
        ``trial.solver-failures``.
    """
    settings.check()
    tell = progress or (lambda what, done, total: None)
    checkpoint = open_checkpoint(work, fingerprint_of(trial, settings, _code_and_data()), notice or (lambda text: None))
    parameters = Parameters(read_posterior(POSTERIOR), settings.seed, settings.drawn_parameters)
    estimates: list[list[Any]] = []
    for replicate in range(settings.replicates):

        def analyse(replicate: int = replicate) -> dict[str, object]:
            subjects = subjects_of(trial, settings, parameters, replicate, (checkpoint, workers, tell))
            seed = settings.seed + replicate
            return {one.name: estimate_document(estimate(trial, subjects, one, seed)) for one in trial.endpoints}

        found: dict[str, Any] = dict(checkpoint.note(f"replicate-{replicate:04d}", analyse))
        estimates.append([estimate_from(found[one.name]) for one in trial.endpoints])
        if replicate > 0:
            checkpoint.drop(f"replicate-{replicate:04d}-")
    subjects = subjects_of(trial, settings, parameters, 0, (checkpoint, workers, tell))
    targets = load_targets()
    published = [None if one.target is None else published_of(targets[one.target]) for one in trial.endpoints]
    results = tuple(
        endpoint_result(one, [row[i] for row in estimates], published[i]) for i, one in enumerate(trial.endpoints)
    )
    return TrialResult(trial, settings, results, subjects)


def _code_and_data() -> str:
    """Return a SHA-256 of the data and the code that a simulated trial depends on."""
    code = DATA.parent
    folders = [code / name for name in ("course", "domain", "engine", "foundation", "inference", "models", "trials")]
    # what is said about finished trials changes none of them
    data = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir() and folder.name != "validation"]
    digests = [folder_sha256(DATA, "*.toml"), *(folder_sha256(folder) for folder in data)]
    return "".join([*digests, *(folder_sha256(folder, "**/*.py") for folder in folders)])
