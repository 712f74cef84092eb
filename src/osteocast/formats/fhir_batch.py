"""Many FHIR records, one after another in constant memory, on several processors where wanted."""

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from osteocast.formats.fhir_json import MOST_BYTES, parse
from osteocast.formats.fhir_node import clean
from osteocast.formats.fhir_reader import read_fhir, record_of
from osteocast.formats.fhir_record import FhirRecord, FhirWarning
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.workers import in_order

__all__ = ["LINES", "Item", "chunks_of", "items_of", "read_item", "read_many"]

LINES = (".ndjson", ".jsonl")
"""Endings of files with a record on each line."""

_CHUNK = 32
_CHUNK_BYTES = 4_000_000


class Item(NamedTuple):
    """One record before it is read: its file, or a line of a file with its number and content."""

    path: Path
    line: int
    content: bytes

    @property
    def name(self) -> str:
        """Name of the file, with the number of the line."""
        name = clean(self.path.name)
        return f"{name}:{self.line}" if self.line else name


def read_many(
    sources: str | Path | Iterable[str | Path], workers: int = 1, today: dt.date | None = None
) -> Iterator[FhirRecord]:
    """Read one record after another; the records and their order do not depend on the number of workers.

    Parameters
    ----------
    sources : path or iterable of paths
        Bundles; NDJSON files, each line of which is a bundle of its own; folders of such files.
    workers : int
        Processes. More than one need the usual ``if __name__ == "__main__"`` in a script.
    today : datetime.date, optional
        As for `read_fhir`; settled once for all records.

    Yields
    ------
    FhirRecord
        A file that cannot be read gives a record without patient, with the error among its warnings.
    """
    day = today or dt.datetime.now(tz=dt.UTC).date()
    listed = [sources] if isinstance(sources, str | Path) else sources
    items = (item for source in listed for item in items_of(Path(source)))
    for records in in_order(partial(_read_chunk, day=day), chunks_of(items), workers):
        yield from records


def items_of(path: Path) -> Iterator[Item]:
    """Yield the records of a bundle, of an NDJSON file, or of a folder of these."""
    for one in sorted(path.iterdir()) if path.is_dir() else [path]:
        if one.suffix.casefold() in LINES and one.is_file():
            yield from _lines(one)
        elif one is path or one.suffix.casefold() == ".json":
            yield Item(one, 0, b"")


def chunks_of(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield items some at a time, fewer where they are large."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item.content)
        if len(chunk) == _CHUNK or size > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _lines(path: Path) -> Iterator[Item]:
    try:
        stream = path.open("rb")
    except OSError:
        # whoever reads the item says why the file cannot be read
        yield Item(path, 0, b"")
        return
    with stream:
        number = 0
        while line := stream.readline(MOST_BYTES + 1):
            number += 1
            if line.strip():
                yield Item(path, number, line)
            while line and len(line) > MOST_BYTES and not line.endswith(b"\n"):
                line = stream.readline(MOST_BYTES + 1)


def read_item(item: Item, day: dt.date) -> FhirRecord:
    """Read one record.

    Raises
    ------
    InputError
        ``file.*``: as `read_fhir`.
    """
    if not item.line:
        return read_fhir(item.path, day)
    return record_of([("", parse(_decoded(item.content, item.name), item.name))], item.name, day)


def _read_chunk(items: list[Item], day: dt.date) -> list[FhirRecord]:
    return [_read(item, day) for item in items]


def _read(item: Item, day: dt.date) -> FhirRecord:
    try:
        return read_item(item, day)
    except InputError as error:
        warnings = [FhirWarning(one.code, "", one.found, "not read", "error") for one in error.issues]
        return FhirRecord(source=item.name, patient=None, warnings=tuple(warnings))


def _decoded(line: bytes, name: str) -> str:
    if len(line) > MOST_BYTES:
        expected = f"at most {MOST_BYTES:,} bytes"
        raise InputError(Issue("file.too-large", name, "a longer line", expected, "Split the record."))
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Issue("file.not-text", name, str(error)[:100], "UTF-8 text", "Export it as UTF-8.")) from None
