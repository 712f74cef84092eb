"""What the forecast and new commands do between the terminal and the library: read, show progress, write."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from osteocast.evidence.load import evidence_sha256
from osteocast.forecasting.run import Settings, forecast
from osteocast.formats.new_patient import ask_patient, template_text
from osteocast.formats.patient_file import read_patient
from osteocast.formats.regimen_file import read_regimen
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import write_atomically
from osteocast.foundation.run_record import new_run_record
from osteocast.report.folder import prepare_folder, result_text, write_folder
from osteocast.report.terminal import terminal_summary


def forecast_command(
    patient: Path, names: tuple[str, ...], settings: Settings, workers: int | None, out: Path, as_json: bool
) -> str:
    """Forecast, write the folder, and return what the terminal shows.

    Raises
    ------
    OsteocastError
        With every problem of the patient file, the regimens and the settings at once.
    """
    issues: list[Issue] = []
    person, regimens = None, []
    try:
        settings.check()
    except InputError as error:
        issues += error.issues
    try:
        person = read_patient(patient)
    except InputError as error:
        issues += error.issues
    for name in names:
        try:
            regimens.append(read_regimen(name))
        except InputError as error:
            issues += error.issues
    if issues or person is None:
        raise InputError(issues)
    prepare_folder(out)
    workers = workers or os.cpu_count() or 1
    files = [patient, *(Path(name) for name in names if Path(name).is_file())]
    inputs = {str(f): f.read_bytes() for f in files}
    record = new_run_record(tuple(sys.argv), settings.seed, inputs, evidence_sha256(), workers)
    _show_notices()
    with _progress() as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        found = forecast(person, regimens or None, settings, workers, tell).to_dict()
    report = write_folder(found, record, out)
    return result_text(found).rstrip() if as_json else f"{terminal_summary(found)}\nReport: {report}"


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _show_notices() -> None:
    """Let notices of the kernel cache reach standard error, once."""
    log = logging.getLogger("osteocast")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("Notice: %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def new_command(file: Path, template: bool, force: bool) -> str:
    """Write a new patient file and return what the terminal shows.

    Raises
    ------
    OsteocastError
        ``new.exists``: the file is there and `force` is not set.
    """
    if file.exists() and not force:
        raise InputError(
            Issue("new.exists", str(file), "a file of this name", "a new name", "Choose another, or use --force.")
        )
    if template:
        text = template_text()
    else:
        console = Console(stderr=True)
        today = dt.datetime.now(tz=dt.UTC).date()
        text = ask_patient(console.input, console.print, today)
    write_atomically(file, text)
    return f"written: {file}\nnext: osteocast forecast {file}"


__all__ = ["forecast_command", "new_command"]
