"""What the assess command does between the terminal and the library: read a record or many, write, print."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.assess_batch import assess_many, is_batch
from osteocast.clinical.assessment import Assessment, assess
from osteocast.clinical.assessment_fhir import cards_of, fhir_of
from osteocast.formats.fhir_json import MOST_BYTES
from osteocast.formats.fhir_patient import patient_file_text
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited, sha256_of, write_atomically
from osteocast.report.assessment_html import assessment_html
from osteocast.report.assessment_summary import assessment_summary
from osteocast.report.assessment_text import assessment_terminal, assessment_text
from osteocast.report.folder import REPORT, write_files

__all__ = ["Asked", "assess_command", "result_json"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command."""

    out: Path | None
    as_json: bool
    unchecked: bool
    patient_file: Path | None
    fhir: Path | None
    cards: Path | None
    findings: tuple[str, ...]
    today: str | None
    forecast: bool = False
    workers: int | None = None


def assess_command(record: Path, asked: Asked) -> tuple[str, int]:
    """Assess a record, or each record of a folder or NDJSON file; return what the terminal shows and the exit code.

    Raises
    ------
    OsteocastError
        With every problem of the record and the options at once.
    """
    issues: list[Issue] = []
    today, findings = _day(asked.today, issues), _findings(asked.findings, issues)
    if asked.workers is not None and asked.workers < 1:
        fix = "Leave it out to use every processor."
        issues.append(Issue("assess.workers", "--workers", str(asked.workers), "at least 1", fix))
    if is_batch(record):
        single: dict[str, object] = {
            "--forecast": asked.forecast,
            "--patient-file": asked.patient_file,
            "--fhir": asked.fhir,
            "--cards": asked.cards,
        }
        fix = "Leave it out, or name one record."
        issues += [
            Issue("assess.batch", name, "several records", "one record", fix) for name, used in single.items() if used
        ]
        if issues:
            raise InputError(issues)
        return assess_many(record, (today, asked.unchecked, findings), asked.out, asked.as_json, asked.workers)
    try:
        found = assess(record, today=today, unchecked=asked.unchecked, findings=findings)
    except InputError as error:
        raise InputError([*issues, *error.issues]) from None
    if asked.patient_file is not None and found.facts.patient is None:
        problem = "a record without a whole patient"
        fix = "Leave --patient-file out; the warnings of the record say what is missing."
        issues.append(Issue("assess.no-patient", str(record), problem, "age, sex and a cancer in bone", fix))
    if issues:
        raise InputError(issues)
    return _written(found, record, asked), 0


def _written(found: Assessment, record: Path, asked: Asked) -> str:
    result = found.to_dict()
    if record.is_file():
        result["edition"]["input_sha256"] = sha256_of(read_text_limited(record, MOST_BYTES).encode())
    if asked.forecast:
        result["forecast"] = _forecast(found, asked.workers)
    if asked.out is not None:
        contents = {
            "result.json": result_json(result),
            "assessment.txt": assessment_text(result),
            "summary.txt": assessment_summary(result),
            REPORT: assessment_html(result),
        }
        write_files(contents, asked.out)
    if asked.patient_file is not None and found.facts.patient is not None:
        write_atomically(asked.patient_file, patient_file_text(found.facts.patient))
    if asked.fhir is not None:
        write_atomically(asked.fhir, result_json(fhir_of(found)))
    if asked.cards is not None:
        write_atomically(asked.cards, result_json(cards_of(found)))
    return result_json(result).rstrip() if asked.as_json else assessment_terminal(result)


def _forecast(found: Assessment, workers: int | None) -> dict[str, Any]:
    """Forecast with a progress bar; the model is loaded here, since an assessment alone needs none of it."""
    from osteocast.assess_forecast import forecast_part
    from osteocast.progress import progress_of_stages, show_notices

    show_notices()
    with progress_of_stages() as tell:
        return forecast_part(found, workers, tell)


def result_json(result: dict[str, Any]) -> str:
    """Return JSON in which no text can act as markup of a page that shows it."""
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"


def _day(given: str | None, issues: list[Issue]) -> dt.date | None:
    if given is None:
        return None
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        issues.append(Issue("value.date", "--today", given[:40], "a date", "Write it as 2026-03-02."))
        return None


def _findings(given: tuple[str, ...], issues: list[Issue]) -> dict[str, bool]:
    """Read ``NAME``, ``NAME=yes`` and ``NAME=no``."""
    found: dict[str, bool] = {}
    answers = {"": True, "yes": True, "no": False}
    for text in given:
        name, _, answer = text.partition("=")
        if answer not in answers:
            issues.append(Issue("assess.finding", "--finding", text[:60], "NAME, NAME=yes or NAME=no", "Correct it."))
            continue
        found["-".join(name.casefold().split())] = answers[answer]
    return found
