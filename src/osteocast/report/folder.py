"""The folder a command writes: result, tables, report and run record, all of them or none."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from osteocast.foundation.errors import Issue, StorageError
from osteocast.foundation.files import write_atomically
from osteocast.foundation.run_record import RunRecord
from osteocast.report.html import report_html
from osteocast.report.tables import table_text, tables

RESULT, RECORD, REPORT = "result.json", "run_record.json", "report.html"


def result_text(result: Mapping[str, Any]) -> str:
    """Return the result as JSON text; the same result gives the same bytes."""
    return json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def check_folder(folder: str | Path) -> None:
    """Make sure, before a long run, that the folder can be made and written; nothing of the trial stays.

    Raises
    ------
    StorageError
        ``storage.folder``.
    """
    path = Path(folder)
    with _made(path) as created:
        _refuse_folders(path, (RESULT, RECORD, REPORT))
        with tempfile.TemporaryFile(dir=path):
            pass
        _remove_empty(created)


def write_folder(result: Mapping[str, Any], record: RunRecord, folder: str | Path) -> Path:
    """Write every file of a forecast and return the path of the report.

    The files are written beside their places first and moved there together, so that an interruption or a full disk
    leaves the folder as it was.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    texts = {RESULT: result_text(result), RECORD: record.to_json(), REPORT: report_html(result)}
    return write_files(texts | {name: table_text(name, rows) for name, rows in tables(result).items()}, folder)


def write_files(contents: Mapping[str, str | bytes], folder: str | Path) -> Path:
    """Write files by name, all of them or none, and return the path of the report among them.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    path = Path(folder)
    with _made(path):
        staging = Path(tempfile.mkdtemp(prefix=".osteocast-", dir=path))
        try:
            for name, content in contents.items():
                _stage(staging / name, content, path / name)
            _exchange(staging, path, tuple(contents))
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return path / REPORT


@contextmanager
def _made(path: Path) -> Iterator[list[Path]]:
    """Make a folder with its parents; where the work in it fails, take away again those that were made."""
    missing = [one for one in (path, *path.parents) if not os.path.exists(one)]  # noqa: PTH110 -- Path.exists raises for names too long
    try:
        path.mkdir(parents=True, exist_ok=True)
        yield missing
    except (OSError, ValueError) as error:
        _remove_empty(missing)
        raise _refused(path, error) from error
    except BaseException:
        _remove_empty(missing)
        raise


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as they are empty."""
    with suppress(OSError, ValueError):
        for folder in folders:
            folder.rmdir()


def _exchange(staging: Path, path: Path, names: Sequence[str]) -> None:
    """Move the new files into place and the old ones out; whatever stops it, the old ones come back."""
    old = staging / "old"
    old.mkdir()
    _refuse_folders(path, names)
    try:
        for name in names:
            if (path / name).exists():
                (path / name).replace(old / name)
            (staging / name).replace(path / name)
    except BaseException:
        for name in names:
            if (old / name).exists():
                (old / name).replace(path / name)
            elif not (staging / name).exists():
                (path / name).unlink(missing_ok=True)
        raise


def _refuse_folders(path: Path, names: Sequence[str]) -> None:
    for name in names:
        if (path / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{name} in it is a folder")


def _stage(staged: Path, content: str | bytes, place: Path) -> None:
    """Write one file beside its place; an error names the place that the reader knows."""
    try:
        write_atomically(staged, content)
    except StorageError as error:
        raise StorageError([replace(issue, place=str(place)) for issue in error.issues]) from error


def _refused(path: Path, error: OSError | ValueError) -> StorageError:
    found = getattr(error, "strerror", None) or str(error)
    return StorageError(
        Issue(
            "storage.folder",
            str(path),
            "a file has that name" if isinstance(error, FileExistsError) else found,
            "a folder that can be written",
            "Choose another folder with --out.",
        )
    )
