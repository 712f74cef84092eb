"""Many records, one after another: rows by urgency in constant memory, on every processor."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path

from osteocast.assess_rows import NOT_READ, Note, Row, opened, write_tables
from osteocast.clinical.assessment import Assessment, assess
from osteocast.clinical.findings import levels
from osteocast.evidence.load import evidence_sha256
from osteocast.formats.fhir_batch import LINES, Item, chunks_of, items_of, read_item
from osteocast.formats.fhir_node import clean
from osteocast.formats.fhir_reader import is_fhir
from osteocast.formats.patient_file import read_patient
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue, OsteocastError
from osteocast.foundation.files import write_atomically
from osteocast.foundation.version import VERSION
from osteocast.foundation.workers import in_order
from osteocast.progress import progress_bar, show_notices
from osteocast.report.wording import plain

__all__ = ["assess_many", "is_batch"]

_SHOWN = 16
_WIDTH = 80
_RECORDS = (".json", ".toml", *LINES)
# Starting a process takes as long as assessing a few hundred records.
_BYTES_FOR_WORKERS = 5_000_000


@dataclass(frozen=True, slots=True)
class _Work:
    """What every record is assessed with."""

    today: dt.date
    unchecked: bool
    findings: Mapping[str, bool]


def is_batch(path: Path) -> bool:
    """Whether a path names several records: a folder, or a file with a record on each line."""
    return path.is_dir() or path.suffix.casefold() in LINES


def assess_many(
    path: Path,
    asked: tuple[dt.date | None, bool, dict[str, bool]],
    out: Path | None,
    as_json: bool,
    workers: int | None = None,
) -> tuple[str, int]:
    """Assess every record of a folder or NDJSON file; return one table by urgency, and 2 where one was not read.

    The tables do not depend on the number of `workers` (every processor where not given); rows wait in a file, so
    that memory does not grow with the number of records and an interrupted run goes on where it stopped.

    Raises
    ------
    OsteocastError
        ``assess.no-records``, ``file.unreadable``, or where the tables cannot be written.
    """
    work = _Work(asked[0] or dt.datetime.now(tz=dt.UTC).date(), asked[1], asked[2])
    files, others = _listed(path)
    items = (item for one in files for item in items_of(one))
    head = next(items, None)
    if head is None:
        fix = "Name a folder of .json, .ndjson or .toml files."
        raise InputError(Issue("assess.no-records", str(path), "no record", "records", fix))
    size = sum(_stat(one)[0] for one in files)
    counts, first = dict.fromkeys((NOT_READ, *levels()), 0), list[Row]()
    with opened(out, _identity(files, work)) as journal:
        for row in journal.rows():
            _count(row, counts, first)
        show_notices()
        left = islice(chain([head], items), journal.kept, None)
        processes = workers or (size > _BYTES_FOR_WORKERS and os.cpu_count()) or 1
        for rows in _assessed(left, work, processes, size):
            journal.add(rows)
            for row in rows:
                _count(row, counts, first)
        summary = {"banner": BANNER, "today": work.today.isoformat(), "counts": counts, "passed_over": others}
        if out is not None:
            write_tables(out, journal, tuple(counts))
            write_atomically(out / "result.json", json.dumps(summary, indent=1) + "\n")
    text = (
        json.dumps(summary | {"first": [_shown(row) for row in first]}, indent=1)
        if as_json
        else _table(counts, first, others)
    )
    return text, 2 if counts[NOT_READ] else 0


def _assessed(items: Iterable[Item], work: _Work, processes: int, size: int) -> Iterator[list[Row]]:
    """Yield the rows of some records at a time, and show how far it is by the bytes that were read."""
    read: deque[int] = deque()

    def chunks() -> Iterator[list[Item]]:
        """Yield the records in chunks, and note how large each chunk was."""
        for chunk in chunks_of(items):
            read.append(sum(len(one.content) or _stat(one.path)[0] for one in chunk))
            yield chunk

    with progress_bar() as bar:
        task = bar.add_task("assessing", total=size)
        for rows in in_order(partial(_rows, work=work), chunks(), processes):
            bar.update(task, advance=read.popleft())
            yield rows


def _stat(path: Path) -> tuple[int, int]:
    """Return size and time of change of a file; zeros for one that has just gone."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _listed(path: Path) -> tuple[list[Path], list[str]]:
    """Return the files of records, and the names of everything else in the folder.

    Raises
    ------
    InputError
        ``file.unreadable``
    """
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files = [one for one in inside if one.suffix.casefold() in _RECORDS and one.is_file()]
        if not path.is_dir() and not files:
            raise FileNotFoundError(2, "no such file")
    except OSError as error:
        found, fix = error.strerror or str(error), "Check the name and your right to read it."
        raise InputError(Issue("file.unreadable", str(path), found, "a folder or file of records", fix)) from None
    return files, [clean(one.name) for one in inside if one not in set(files)]


def _identity(files: Iterable[Path], work: _Work) -> dict[str, object]:
    """Return everything that the rows depend on."""
    listed = hashlib.sha256()
    for one in files:
        size, changed = _stat(one)
        listed.update(f"{one.name!r} {size} {changed}\n".encode())
    return {
        "version": VERSION,
        "rules": evidence_sha256(),
        "records": listed.hexdigest(),
        "today": work.today.isoformat(),
        "unchecked": work.unchecked,
        "findings": sorted(work.findings.items()),
    }


def _rows(items: list[Item], work: _Work) -> list[Row]:
    return [_row_of(item, work) for item in items]


def _row_of(item: Item, work: _Work) -> Row:
    try:
        record = read_item(item, work.today) if item.line or is_fhir(item.path) else read_patient(item.path)
        return _row(item.name, assess(record, today=work.today, unchecked=work.unchecked, findings=work.findings))
    except OsteocastError as error:
        codes = "; ".join(f"[{one.code}] {one.found}" for one in error.issues)
        notes = [Note("error", one.code, _pointer(one, item), plain(one.found), "not read") for one in error.issues]
        return Row(NOT_READ, item.name, trigger=plain(codes)[:300], notes=tuple(notes))


def _pointer(one: Issue, item: Item) -> str:
    """Return the place of a problem without the name of the record, which stands beside it."""
    place = plain(one.place)
    return next(
        (place.removeprefix(name) for name in (f"{item.name}: ", str(item.path)) if place.startswith(name)), place
    )


def _row(name: str, found: Assessment) -> Row:
    notes = _notes(found)
    open_flags = len(found.urgency.not_recorded)
    if not found.findings:
        return Row(found.level, name, red_flags_not_recorded=open_flags, notes=notes)
    first = found.findings[0]
    return Row(
        level=found.level,
        record=name,
        finding=first.title,
        where=first.where,
        trigger=plain("; ".join(first.trigger)),
        rule=first.rule,
        clock="; ".join(first.clock),
        findings=len(found.findings),
        red_flags_not_recorded=open_flags,
        notes=notes,
    )


def _notes(found: Assessment) -> tuple[Note, ...]:
    """Return what was not used of a record and what was odd in it; a warning about a rejected item stands once."""
    if found.record is None:
        return ()
    warned = {(one.code, one.pointer) for one in found.record.warnings}
    silent = [one for one in found.record.rejected if (one.code, one.pointer) not in warned]
    notes = [Note(w.level, w.code, w.pointer, plain(w.found), w.done) for w in found.record.warnings]
    return (*notes, *(Note("rejected", one.code, one.pointer, plain(one.what), "not used") for one in silent))


def _count(row: Row, counts: dict[str, int], first: list[Row]) -> None:
    """Count a record, and keep it among the gravest where it belongs there."""
    counts[row.level] += 1
    order = list(counts)
    if len(first) < _SHOWN or order.index(row.level) < order.index(first[-1].level):
        first.append(row._replace(notes=()))
        first.sort(key=lambda one: order.index(one.level))
        del first[_SHOWN:]


def _shown(row: Row) -> dict[str, object]:
    return {key: value for key, value in row._asdict().items() if key != "notes"}


def _table(counts: dict[str, int], first: list[Row], others: list[str]) -> str:
    total = sum(counts.values())
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    lines = [f"{total} records: {numbers}", BANNER[:_WIDTH]]
    for row in first:
        where = "" if row.where in ("", "patient") else f" at {row.where}"
        text = f"{row.level:18}{plain(row.record)[:24]:25}{row.finding}{where}: {row.trigger}"
        lines.append(text.rstrip(": ")[:_WIDTH])
    if total > len(first):
        lines.append(f"{total - len(first)} more with --out (assessments.csv)")
    if others:
        lines.append(f"{len(others)} passed over, no records: {', '.join(others)}"[:_WIDTH])
    lines.append("No level is a reassurance: what is not recorded is not known.")
    return "\n".join(lines)
