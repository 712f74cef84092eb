"""Many records, one after another: rows by urgency in constant memory."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple

from osteocast.clinical.assessment import Assessment, assess
from osteocast.clinical.findings import levels
from osteocast.domain.patient import Patient
from osteocast.formats.fhir_batch import read_many
from osteocast.formats.fhir_reader import is_fhir
from osteocast.formats.fhir_record import FhirRecord
from osteocast.formats.patient_file import read_patient
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue, OsteocastError, StorageError
from osteocast.foundation.files import write_atomically
from osteocast.report.wording import plain

__all__ = ["assess_many", "is_batch"]

COLUMNS = ("level", "record", "finding", "where", "trigger", "rule", "clock", "findings", "red_flags_not_recorded")
_NOT_READ = "NOT READ"
_SHOWN = 16
_WIDTH = 80


class _Row(NamedTuple):
    level: str
    record: str
    finding: str = ""
    where: str = ""
    trigger: str = ""
    rule: str = ""
    clock: str = ""
    findings: int = 0
    red_flags_not_recorded: int = 0


def is_batch(path: Path) -> bool:
    """Whether a path names several records: a folder, or a file with a record on each line."""
    return path.is_dir() or path.suffix.casefold() in (".ndjson", ".jsonl")


def assess_many(
    path: Path, asked: tuple[dt.date | None, bool, dict[str, bool]], out: Path | None, as_json: bool
) -> tuple[str, int]:
    """Assess every record of a folder or NDJSON file; return one table by urgency, and 2 where one was not read.

    Rows wait in a temporary file for each level, so that memory does not grow with the number of records.

    Raises
    ------
    OsteocastError
        ``assess.no-records``, or where the table cannot be written.
    """
    today = asked[0] or dt.datetime.now(tz=dt.UTC).date()
    order = (_NOT_READ, *levels())
    counts = dict.fromkeys(order, 0)
    with ExitStack() as stack:
        spools = {
            name: stack.enter_context(tempfile.TemporaryFile("w+", newline="", encoding="utf-8")) for name in order
        }
        first: list[_Row] = []
        for row in _rows(path, today, asked):
            counts[row.level] += 1
            csv.writer(spools[row.level]).writerow(row)
            _keep_first(first, row, order)
        if not sum(counts.values()):
            fix = "Name a folder of .json, .ndjson or .toml files."
            raise InputError(Issue("assess.no-records", str(path), "no record", "records", fix))
        summary = {"banner": BANNER, "today": today.isoformat(), "counts": counts}
        if out is not None:
            _write(out, spools, summary)
    text = (
        json.dumps(summary | {"first": [row._asdict() for row in first]}, indent=1)
        if as_json
        else _table(counts, first)
    )
    return text, 2 if counts[_NOT_READ] else 0


def _rows(path: Path, today: dt.date, asked: tuple[dt.date | None, bool, dict[str, bool]]) -> Iterator[_Row]:
    for name, record in _records(path, today):
        try:
            if isinstance(record, OsteocastError):
                raise record
            yield _row(name, assess(record, today=today, unchecked=asked[1], findings=asked[2]))
        except OsteocastError as error:
            codes = "; ".join(f"[{one.code}] {one.found}" for one in error.issues)
            yield _Row(_NOT_READ, name, trigger=plain(codes)[:300])


def _records(path: Path, today: dt.date) -> Iterator[tuple[str, Patient | FhirRecord | OsteocastError]]:
    """Yield name and content of each record; patient files may stand beside FHIR records."""
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    for one in files:
        kind = one.suffix.casefold()
        if kind in (".ndjson", ".jsonl") or (kind == ".json" and is_fhir(one)):
            for record in read_many(one, today=today):
                yield record.source, record
        elif kind in (".json", ".toml"):
            try:
                yield one.name, read_patient(one)
            except OsteocastError as error:
                yield one.name, error


def _row(name: str, found: Assessment) -> _Row:
    open_flags = len(found.urgency.not_recorded)
    if not found.findings:
        return _Row(found.level, name, red_flags_not_recorded=open_flags)
    first = found.findings[0]
    return _Row(
        level=found.level,
        record=name,
        finding=first.title,
        where=first.where,
        trigger=plain("; ".join(first.trigger)),
        rule=first.rule,
        clock="; ".join(first.clock),
        findings=len(found.findings),
        red_flags_not_recorded=open_flags,
    )


def _keep_first(first: list[_Row], row: _Row, order: tuple[str, ...]) -> None:
    first.append(row)
    first.sort(key=lambda one: order.index(one.level))
    del first[_SHOWN:]


def _write(out: Path, spools: Mapping[str, IO[str]], summary: dict[str, Any]) -> None:
    """Write the rows, gravest level first, through a file beside the place that they are moved to.

    Raises
    ------
    StorageError
        ``storage.write``
    """
    place = out / "assessments.csv"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", newline="", encoding="utf-8", dir=out, delete=False) as table:
            try:
                csv.writer(table).writerow(COLUMNS)
                for spool in spools.values():
                    spool.seek(0)
                    shutil.copyfileobj(spool, table)
                table.close()
                Path(table.name).replace(place)
            except BaseException:
                Path(table.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        found = error.strerror or str(error)
        fix = "Choose another folder with --out."
        raise StorageError(Issue("storage.write", str(place), found, "a file that can be written", fix)) from error
    write_atomically(out / "result.json", json.dumps(summary, indent=1) + "\n")


def _table(counts: dict[str, int], first: list[_Row]) -> str:
    total = sum(counts.values())
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    lines = [f"{total} records: {numbers}", BANNER[:_WIDTH]]
    for row in first:
        where = "" if row.where in ("", "patient") else f" at {row.where}"
        text = f"{row.level:18}{plain(row.record)[:24]:25}{row.finding}{where}: {row.trigger}"
        lines.append(text.rstrip(": ")[:_WIDTH])
    if total > len(first):
        lines.append(f"{total - len(first)} more with --out (assessments.csv)")
    lines.append("No level is a reassurance: what is not recorded is not known.")
    return "\n".join(lines)
