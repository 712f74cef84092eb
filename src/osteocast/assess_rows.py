"""Rows of many assessed records: kept in a file while the work goes on, at the end sorted into tables by urgency."""

from __future__ import annotations

import csv
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from osteocast.foundation.errors import Issue, StorageError

__all__ = ["NOT_READ", "Journal", "Note", "Row", "opened", "write_tables"]

NOT_READ = "NOT READ"
"""Stands where the level of a record does that could not be read."""

KEPT = "unfinished.ndjson"
"""Rows of a run that is not finished, in the folder of the result; it goes when the tables have been written."""

NOTES = ("record", "level", "code", "pointer", "found", "done")


class Note(NamedTuple):
    """One thing of a record that was not used, or was odd: code, place in the record, what it is, what was done."""

    level: str
    code: str
    pointer: str
    found: str
    done: str


class Row(NamedTuple):
    """One record: its level and gravest finding, and what was not used of it."""

    level: str
    record: str
    finding: str = ""
    where: str = ""
    trigger: str = ""
    rule: str = ""
    clock: str = ""
    findings: int = 0
    red_flags_not_recorded: int = 0
    notes: tuple[Note, ...] = ()


COLUMNS = Row._fields[:-1]


class Journal:
    """Rows in the order of the records, one a line, after a first line that says whose they are."""

    __slots__ = ("_stream", "kept")

    def __init__(self, stream: IO[str], kept: int) -> None:
        self._stream = stream
        self.kept = kept

    def add(self, rows: Iterable[Row]) -> None:
        """Keep further rows."""
        self._stream.seek(0, os.SEEK_END)
        self._stream.writelines(f"{one.level}\t{json.dumps(one)}\n" for one in rows)
        self._stream.flush()

    def rows(self, level: str = "") -> Iterator[Row]:
        """Yield the rows of a level, or all."""
        self._stream.seek(0)
        self._stream.readline()
        for line in self._stream:
            if line.startswith(f"{level}\t" if level else ""):
                yield _row_of(line)


def _row_of(line: str) -> Row:
    *values, notes = json.loads(line.partition("\t")[2])
    return Row._make([*values, tuple(Note._make(one) for one in notes)])


@contextmanager
def opened(out: Path | None, of: Mapping[str, Any]) -> Iterator[Journal]:
    """Open the journal of a run: what an interrupted run of the same records and settings kept is in it already.

    Parameters
    ----------
    out : Path or None
        Folder of the result; without one, rows are kept in a temporary file.
    of : mapping
        Everything that the rows depend on.

    Raises
    ------
    StorageError
        ``storage.write``
    """
    head = json.dumps(of, sort_keys=True) + "\n"
    if out is None:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
            stream.write(head)
            yield Journal(stream, 0)
        return
    place = out / KEPT
    try:
        out.mkdir(parents=True, exist_ok=True)
        place.touch()
        with place.open("r+", encoding="utf-8", errors="replace") as stream:
            kept = _kept(stream, head)
            try:
                yield Journal(stream, kept)
            except KeyboardInterrupt:
                logging.getLogger("osteocast").warning("%s holds what is finished; the same command goes on", place)
                raise
        place.unlink()
    except OSError as error:
        raise _refused(place, error) from error


def _kept(stream: IO[str], head: str) -> int:
    """Return how many whole rows of the same run stand there, and cut off the rest."""
    kept, end = 0, 0
    if stream.readline() == head:
        end = stream.tell()
        while _is_whole(stream.readline()):
            kept, end = kept + 1, stream.tell()
    stream.seek(end)
    stream.truncate()
    if not end:
        stream.write(head)
    return kept


def _is_whole(line: str) -> bool:
    try:
        return line.endswith("\n") and bool(_row_of(line))
    except (ValueError, TypeError):
        return False


def write_tables(out: Path, journal: Journal, levels: Sequence[str]) -> None:
    """Write ``assessments.csv``, gravest level first, and ``not-used.csv``, in the order of the records.

    Raises
    ------
    StorageError
        ``storage.write``
    """
    rows = (one[:-1] for level in levels for one in journal.rows(level))
    _write(out / "assessments.csv", COLUMNS, rows)
    notes = ((one.record, *note) for one in journal.rows() for note in one.notes)
    _write(out / "not-used.csv", NOTES, notes)


def _write(place: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table through a file beside the place that it is moved to."""
    try:
        with tempfile.NamedTemporaryFile("w", newline="", encoding="utf-8", dir=place.parent, delete=False) as table:
            try:
                writer = csv.writer(table)
                writer.writerow(columns)
                writer.writerows([_cell(one) for one in row] for row in rows)
                table.close()
                Path(table.name).chmod(0o644)
                Path(table.name).replace(place)
            except BaseException:
                Path(table.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _refused(place, error) from error


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names and displays are a stranger's."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def _refused(place: Path, error: OSError) -> StorageError:
    found, fix = error.strerror or str(error), "Choose another folder with --out."
    return StorageError(Issue("storage.write", str(place), found, "a file that can be written", fix))
