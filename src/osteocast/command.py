"""What the forecast and new commands do between the terminal and the library: read, show progress, write."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console

from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Regimen
from osteocast.evidence.load import evidence_sha256
from osteocast.forecasting.run import Settings, check_regimens, forecast
from osteocast.formats.fhir_json import MOST_BYTES
from osteocast.formats.fhir_reader import is_fhir, patient_of, read_fhir
from osteocast.formats.new_patient import ask_patient, template_text
from osteocast.formats.patient_file import read_patient
from osteocast.formats.regimen_file import is_file_name, read_regimen
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited, write_atomically
from osteocast.foundation.run_record import new_run_record
from osteocast.foundation.settings import workers_out_of_range
from osteocast.progress import progress_of_stages, show_notices
from osteocast.report.folder import check_folder, result_text, write_folder
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
    person, regimens = _read(patient, names, settings, workers)
    check_folder(out)
    threads = workers or os.cpu_count() or 1
    record = new_run_record(tuple(sys.argv), settings.seed, _inputs(patient, names), evidence_sha256(), threads)
    show_notices()
    with progress_of_stages() as tell:
        found = forecast(person, regimens or None, settings, threads, tell).to_dict()
    report = write_folder(found, record, out)
    return result_text(found).rstrip() if as_json else f"{terminal_summary(found)}\nReport: {report}"


def _read(
    patient: Path, names: tuple[str, ...], settings: Settings, workers: int | None
) -> tuple[Patient, list[Regimen]]:
    """Read everything the user gave.

    Raises
    ------
    InputError
        With every problem of settings, patient and regimens, and of the two together.
    """
    issues = workers_out_of_range("forecast.setting", workers)
    person, regimens = None, []
    try:
        settings.check()
    except InputError as error:
        issues += error.issues
    try:
        person = _person(patient)
    except InputError as error:
        issues += error.issues
    for name in names:
        try:
            regimens.append(read_regimen(name))
        except InputError as error:
            issues += error.issues
    if person is not None:
        try:
            check_regimens(regimens, person)
        except InputError as error:
            issues += error.issues
    if issues or person is None:
        raise InputError(tuple(dict.fromkeys(issues)))
    return person, regimens


def _person(path: Path) -> Patient:
    """Read a patient's file or a FHIR record; what was odd in a record is counted on standard error."""
    if not is_fhir(path):
        return read_patient(path)
    record = read_fhir(path)
    show_notices()
    counts = ", ".join(f"{count} {code}" for code, count in sorted(Counter(w.code for w in record.warnings).items()))
    logging.getLogger("osteocast").info("FHIR record: %d items used; %s", len(record.used), counts or "no warnings")
    return patient_of(record)


def _inputs(patient: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the content of every file the user gave; those of a combination stand between plus signs."""
    files = [patient, *(Path(part) for name in names for part in name.split("+") if is_file_name(part))]
    return {str(file): read_text_limited(file, MOST_BYTES).encode() for file in files if file.is_file()}


def new_command(file: Path, template: bool, force: bool) -> str:
    """Write a new patient file and return what the terminal shows.

    Raises
    ------
    OsteocastError
        ``new.exists``: the file is there and `force` is not set.
    """
    if os.path.exists(file) and not force:  # noqa: PTH110 -- Path.exists raises for names too long
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
