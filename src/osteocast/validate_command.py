"""What the validate command does between the terminal and the library: read, show progress, write."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from osteocast.domain.trial import Trial
from osteocast.evidence.load import evidence_sha256
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.run_record import new_run_record
from osteocast.foundation.settings import workers_out_of_range
from osteocast.interruption import work_that_stays
from osteocast.progress import show_notices
from osteocast.report.folder import check_folder, result_text
from osteocast.report.validation_folder import terminal_text, write_validation
from osteocast.validation.run import ValidationSettings, validate

WORK = "work"
"""Folder of finished work within the folder of the result; it stays, so that a longer run can use it."""
_PUBLISHED = "published"
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command."""

    patients: str
    replicates: int
    trials: tuple[str, ...]
    seed: int
    workers: int | None
    without: tuple[str, ...] = ()


def validate_command(asked: Asked, out: Path, as_json: bool) -> str:
    """Validate, write the folder, and return what the terminal shows.

    Raises
    ------
    OsteocastError
        With the problems of the options or the trials.
    """
    settings, trials = _read(asked)
    check_folder(out)
    threads = asked.workers or os.cpu_count() or 1
    record = new_run_record(tuple(sys.argv), settings.seed, {}, evidence_sha256(), threads)
    show_notices()
    console = Console(stderr=True)
    with work_that_stays(out / WORK), console.status("") as status:

        def tell(what: str, done: int, total: int) -> None:
            """Show how much of a trial is done."""
            if console.is_terminal:
                status.update(f"{what}: {done} of {total} patients")

        found = validate(trials, settings, out / WORK, threads, tell).to_dict()
    page = write_validation(found, record, out)
    return result_text(found).rstrip() if as_json else f"{terminal_text(found)}\nPage: {page}"


def _read(asked: Asked) -> tuple[ValidationSettings, tuple[Trial, ...]]:
    """Read everything the user gave; `InputError` has every problem of options and trials."""
    issues = workers_out_of_range("validation.workers", asked.workers)
    patients = None
    if asked.patients != _PUBLISHED:
        if asked.patients.isdecimal() and len(asked.patients) <= _MOST_DIGITS:
            patients = int(asked.patients)
        else:
            fix = "Give a whole number, or `published`."
            issues.append(Issue("validation.patients", "patients", asked.patients[:60], "published or a number", fix))
    settings = ValidationSettings(patients, asked.replicates, asked.seed, asked.without)
    try:
        settings.check()
    except InputError as error:
        issues += error.issues
    trials: list[Trial] = []
    for name in dict.fromkeys(asked.trials or builtin_trials()):
        try:
            trials.append(read_trial(name))
        except InputError as error:
            issues += error.issues
    if issues:
        raise InputError(issues)
    return settings, tuple(trials)
