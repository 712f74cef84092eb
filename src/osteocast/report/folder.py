"""The folder a command writes: result, tables, report and run record, all of them or none."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osteocast.foundation.errors import Issue, StorageError
from osteocast.foundation.files import write_atomically
from osteocast.foundation.run_record import RunRecord
from osteocast.report.html import report_html
from osteocast.report.tables import csv_text, tables

REPORT = "report.html"


def result_text(result: Mapping[str, Any]) -> str:
    """Return the result as JSON text; the same result gives the same bytes."""
    return json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def prepare_folder(folder: str | Path) -> None:
    """Make sure, before a long run, that the folder exists and can be written.

    Raises
    ------
    StorageError
        ``storage.folder``.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _refused(path, error) from error


def write_folder(result: Mapping[str, Any], record: RunRecord, folder: str | Path) -> Path:
    """Write every file of a forecast and return the path of the report.

    The files are written beside their places first and moved there together, so that an interruption or a full disk
    leaves the folder as it was.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    path = Path(folder)
    prepare_folder(path)
    texts = {"result.json": result_text(result), "run_record.json": record.to_json(), REPORT: report_html(result)}
    texts |= {f"{name}.csv": csv_text(rows) for name, rows in tables(result).items()}
    staging = Path(tempfile.mkdtemp(prefix=".osteocast-", dir=path))
    try:
        for name, text in texts.items():
            write_atomically(staging / name, text)
        for name in texts:
            (staging / name).replace(path / name)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return path / REPORT


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        Issue(
            "storage.folder",
            str(path),
            error.strerror or str(error),
            "a folder that can be written",
            "Choose another folder with --out.",
        )
    )
