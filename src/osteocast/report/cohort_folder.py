"""The folder of a simulated cohort: result, tables, report and run record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osteocast.foundation.run_record import RunRecord
from osteocast.report.cohort_html import cohort_report_html
from osteocast.report.folder import RECORD, REPORT, RESULT, result_text, write_files
from osteocast.report.tables import csv_text


def write_cohort_folder(document: Mapping[str, Any], record: RunRecord, folder: str | Path) -> Path:
    """Write every file of a cohort, all of them or none, and return the path of the report.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    return write_files(
        {
            RESULT: result_text(document),
            RECORD: record.to_json(),
            REPORT: cohort_report_html(document),
            "outcomes.csv": csv_text([_outcome(one) for one in document["outcomes"]]),
            "curves.csv": csv_text([row for one in document["curves"] for row in _curve(one)]),
            "sites.csv": csv_text(document["sites"]),
        },
        folder,
    )


def _outcome(one: Mapping[str, Any]) -> dict[str, Any]:
    published = one["published"] or {}
    row = {key: one[key] for key in ("origin", "name", "measure", "unit", "value", "low", "high", "n", "method")}
    return row | {f"published_{key}": published.get(key) for key in ("value", "low", "high", "source", "use", "met")}


def _curve(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = ("months", "value", "low", "high", "at_risk")
    return [
        {"origin": one["origin"], "stage": one["stage"], **dict(zip(columns, values, strict=True))}
        for values in zip(*(one[name] for name in columns), strict=True)
    ]
