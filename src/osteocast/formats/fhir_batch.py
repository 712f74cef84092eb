"""Many FHIR records, one after another in constant memory, on several processors where wanted."""

import datetime as dt
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from osteocast.formats.fhir_json import MOST_BYTES, parse
from osteocast.formats.fhir_reader import read_fhir, record_of
from osteocast.formats.fhir_record import FhirRecord, FhirWarning
from osteocast.foundation.errors import InputError, Issue

__all__ = ["read_many"]

_CHUNK = 32
_PENDING = 3
_LINES = (".ndjson", ".jsonl")


class _Item(NamedTuple):
    path: Path
    line: int
    content: bytes


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
    items = _items([sources] if isinstance(sources, str | Path) else sources)
    if workers <= 1:
        for item in items:
            yield _read(item, day)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        pending: deque[Future[list[FhirRecord]]] = deque()
        for chunk in iter(lambda: list(islice(items, _CHUNK)), []):
            pending.append(pool.submit(_read_chunk, chunk, day))
            if len(pending) >= _PENDING * workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()


def _items(sources: Iterable[str | Path]) -> Iterator[_Item]:
    for source in sources:
        path = Path(source)
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        for one in inside:
            if one.suffix.casefold() in _LINES and one.is_file():
                yield from _lines(one)
            elif one is path or one.suffix.casefold() == ".json":
                yield _Item(one, 0, b"")


def _lines(path: Path) -> Iterator[_Item]:
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MOST_BYTES + 1):
            number += 1
            if line.strip():
                yield _Item(path, number, line)
            while line and len(line) > MOST_BYTES and not line.endswith(b"\n"):
                line = stream.readline(MOST_BYTES + 1)


def _read_chunk(items: list[_Item], day: dt.date) -> list[FhirRecord]:
    return [_read(item, day) for item in items]


def _read(item: _Item, day: dt.date) -> FhirRecord:
    name = f"{item.path.name}:{item.line}" if item.line else item.path.name
    try:
        if not item.line:
            return read_fhir(item.path, day)
        return record_of([("", parse(_decoded(item.content, name), name))], name, day)
    except InputError as error:
        warnings = [FhirWarning(one.code, "", one.found, "not read", "error") for one in error.issues]
        return FhirRecord(source=name, patient=None, warnings=tuple(warnings))


def _decoded(line: bytes, name: str) -> str:
    if len(line) > MOST_BYTES:
        expected = f"at most {MOST_BYTES:,} bytes"
        raise InputError(Issue("file.too-large", name, "a longer line", expected, "Split the record."))
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Issue("file.not-text", name, str(error)[:100], "UTF-8 text", "Export it as UTF-8.")) from None
