"""What the cohort command does between the terminal and the library."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from osteocast.evidence.load import evidence_sha256
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.run_record import new_run_record
from osteocast.foundation.settings import workers_out_of_range
from osteocast.progress import progress_bar, show_notices
from osteocast.report.cohort_folder import write_cohort_folder
from osteocast.report.cohort_terminal import cohort_summary
from osteocast.report.folder import check_folder, result_text
from osteocast.trials.cohort_document import cohort_document
from osteocast.trials.natural_history import CohortSettings, origins_of, simulate_cohort


def cohort_command(primary: str, asked: tuple[int, int, int | None], out: Path, as_json: bool) -> str:
    """Simulate a cohort, write the folder, and return what the terminal shows.

    Parameters
    ----------
    asked : number of people, seed, and threads or None for every processor.

    Raises
    ------
    OsteocastError
        With every problem of the options at once.
    """
    people, seed, workers = asked
    settings = _settings(primary, people, seed, workers)
    check_folder(out)
    threads = workers or os.cpu_count() or 1
    record = new_run_record(tuple(sys.argv), seed, {}, evidence_sha256(), threads)
    show_notices()
    with progress_bar() as bar:
        task = bar.add_task("primaries", total=len(settings.origins))
        cohorts = simulate_cohort(settings, threads, lambda _, done, __: bar.update(task, completed=done))
    found = cohort_document(settings, cohorts)
    report = write_cohort_folder(found, record, out)
    return result_text(found).rstrip() if as_json else f"{cohort_summary(found)}\nReport: {report}"


def _settings(primary: str, people: int, seed: int, workers: int | None) -> CohortSettings:
    issues: list[Issue] = []
    origins = origins_of("all")
    try:
        origins = origins_of(primary)
    except InputError as error:
        issues += error.issues
    issues += workers_out_of_range("cohort.setting", workers)
    settings = CohortSettings(origins, people, seed)
    try:
        settings.check()
    except InputError as error:
        issues += error.issues
    if issues:
        raise InputError(issues)
    return settings
