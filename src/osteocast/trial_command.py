"""What the trial commands do between the terminal and the library: read, show progress, keep work, write."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from osteocast.domain.trial import Trial
from osteocast.evidence.load import evidence_sha256
from osteocast.formats.regimen_file import is_file_name
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.foundation.errors import ForecastError, InputError, Issue
from osteocast.foundation.files import read_text_limited
from osteocast.foundation.run_record import new_run_record
from osteocast.foundation.settings import workers_out_of_range
from osteocast.interruption import work_that_stays
from osteocast.progress import progress_of_stages, show_notices
from osteocast.report.folder import check_folder, result_text
from osteocast.report.trial_folder import write_trial_folder
from osteocast.report.trial_terminal import trial_summary
from osteocast.trials.run import Design, TrialSettings
from osteocast.trials.simulate_trial import TrialResult, published_patients, simulate_trial

WORK = "work"
"""Folder of finished work within the folder of the result; it goes when the result has been written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command; `patients` None takes the published number, `workers` None every processor."""

    patients: int | None
    replicates: int
    design: str
    drawn: bool
    seed: int
    workers: int | None


def trial_command(name: str, asked: Asked, out: Path, as_json: bool) -> str:
    """Simulate a trial, write the folder, and return what the terminal shows.

    Raises
    ------
    OsteocastError
        With every problem of the trial's file and the options at once.
    """
    trial, settings = _read(name, asked)
    check_folder(out)
    threads = asked.workers or os.cpu_count() or 1
    files = {name: read_text_limited(name).encode()} if is_file_name(name) else {}
    record = new_run_record(tuple(sys.argv), settings.seed, files, evidence_sha256(), threads)
    show_notices()
    work = out / WORK
    try:
        with work_that_stays(work):
            result = _simulated(trial, settings, work, threads)
    except (ForecastError, InputError) as error:
        # The same run would end so again; what it left would only stand in the way of a corrected one.
        if all(issue.code != "trial.foreign-work" for issue in error.issues):
            _forget(work)
        raise
    found = result.to_dict()
    report = write_trial_folder(result, found, record, out)
    _forget(work)
    return result_text(found).rstrip() if as_json else f"{trial_summary(found)}\nReport: {report}"


def _forget(work: Path) -> None:
    """Remove finished work, and the folder around it where nothing else is in it."""
    shutil.rmtree(work, ignore_errors=True)
    with suppress(OSError):
        work.parent.rmdir()


def trials_command() -> str:
    """Return the built-in trials, one a line: name and title separated by a tab."""
    return "\n".join(f"{name}\t{read_trial(name).title}" for name in builtin_trials())


def _read(name: str, asked: Asked) -> tuple[Trial, TrialSettings]:
    """Read everything the user gave.

    Raises
    ------
    InputError
        With every problem of the trial and the options.
    """
    issues = workers_out_of_range("trial.setting", asked.workers)
    trial, settings = None, None
    designs: dict[str, Design] = {"parallel": "parallel", "counterfactual": "counterfactual"}
    if asked.design not in designs:
        fix = "Choose one of the two."
        issues.append(Issue("trial.setting", "design", asked.design, " or ".join(designs), fix))
    try:
        trial = read_trial(name)
        patients = published_patients(trial) if asked.patients is None else asked.patients
    except InputError as error:
        issues += error.issues
        patients = 2 if asked.patients is None else asked.patients
    settings = TrialSettings(patients, asked.replicates, designs.get(asked.design, "parallel"), asked.seed, asked.drawn)
    try:
        settings.check()
    except InputError as error:
        issues += error.issues
    if issues or trial is None:
        raise InputError(issues)
    return trial, settings


def _simulated(trial: Trial, settings: TrialSettings, work: Path, threads: int) -> TrialResult:
    log = logging.getLogger("osteocast")
    # A replicate that is finished gives way to the next.
    with progress_of_stages(lasting=("replicates",)) as tell:
        return simulate_trial(trial, settings, work, threads, tell, log.info)
