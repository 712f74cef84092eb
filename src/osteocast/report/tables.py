"""Tidy tables of a result: one row per number with its interval, ready for any spreadsheet or data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from osteocast.foundation.files import write_atomically
from osteocast.report.wording import LESION_EVENTS, plain, withheld

Row = dict[str, Any]

_LESION_COLUMNS: Final = ("regimen", "lesion", "site", "quantity", "value", "low", "high")
_CONTRAST_COLUMNS: Final = ("regimen", "against", "kind", "avoided_per_100", "low", "high", "distinguishable", "note")
_COLUMNS: Final = {"lesions.csv": _LESION_COLUMNS, "contrasts.csv": _CONTRAST_COLUMNS}
"""Headings of the tables that may be without rows: no lesion recorded, nothing to compare."""


def tables(result: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the tables of a result, keyed by file name.

    Parameters
    ----------
    result : mapping
        A result as described by ``data/schema/result.schema.json``.

    Returns
    -------
    dict
        ``risk.csv`` (probability [1] of each kind of event by month), ``survival.csv`` (probability [1] by
        month), ``lesions.csv`` (risk [1] of each lesion; strength [1] of bone neither broken nor fixed and the
        share [1] it belongs to), ``courses.csv`` (calcium, pain and markers by month, each in its unit) and
        ``contrasts.csv`` (events avoided per 100 such people). Intervals are 90 %. Numbers of what the record already
        meets are empty, and ``note`` says why.
    """
    regimens = result["regimens"]
    return {
        "risk.csv": [row for r in regimens for row in _risk(r, result["applicability"])],
        "survival.csv": [{"regimen": r["name"], **row} for r in regimens for row in _months(r["survival"])],
        "lesions.csv": [row for r in regimens for row in _lesions(r)],
        "courses.csv": [row for r in regimens for row in _courses(r)],
        "contrasts.csv": [_contrast(c) for c in result["contrasts"]],
    }


def write_tables(result: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Write every table of a result into a folder as CSV (UTF-8); return the files.

    Raises
    ------
    StorageError
        A file cannot be written; no file is left half-written.
    """
    written = []
    for name, rows in tables(result).items():
        path = Path(folder) / name
        write_atomically(path, table_text(name, rows))
        written.append(path)
    return written


def table_text(name: str, rows: Sequence[Row]) -> str:
    """Write a table as CSV text; one without rows still has its heading."""
    return csv_text(rows, _COLUMNS.get(name, ()))


def csv_text(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """Write rows as CSV text with a heading; text that a spreadsheet would run as a formula is quoted."""
    stream = io.StringIO()
    if rows or columns:
        fields = list(rows[0]) if rows else list(columns)
        writer = csv.DictWriter(stream, fieldnames=fields, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({key: _safe(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _months(series: Mapping[str, Any]) -> Iterator[Row]:
    names = [n for n in ("probability", "median", "low", "high") if n in series]
    columns = (series["months"], *(series[n] for n in names))
    for month, *values in zip(*columns, strict=True):
        yield {"month": month, **dict(zip(names, values, strict=True))}


def _risk(regimen: Mapping[str, Any], applicability: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for kind, series in regimen["risk"].items():
        start = {"regimen": regimen["name"], "event": kind}
        if series is None:
            numbers = dict.fromkeys(("month", "probability", "low", "high"))
            yield {**start, **numbers, "note": withheld(applicability, kind)}
            continue
        for row in _months(series):
            yield {**start, **row, "note": ""}


def _contrast(contrast: Mapping[str, Any]) -> Row:
    note = contrast["text"] if contrast["distinguishable"] is None else ""
    return {k: v for k, v in contrast.items() if k != "text"} | {"note": note}


def _courses(regimen: Mapping[str, Any]) -> Iterator[Row]:
    for quantity, series in regimen["courses"].items():
        for row in _months(series):
            yield {"regimen": regimen["name"], "quantity": quantity, "unit": series["unit"], **row}


def _lesions(regimen: Mapping[str, Any]) -> Iterator[Row]:
    for number, lesion in enumerate(regimen["lesions"], start=1):
        start = {"regimen": regimen["name"], "lesion": number, "site": lesion["site"]}
        for event in LESION_EVENTS:
            risk = lesion.get(event)
            if risk is not None:
                yield {
                    **start,
                    "quantity": event,
                    "value": risk["probability"],
                    "low": risk["low"],
                    "high": risk["high"],
                }
        for when in ("strength_now", "strength_end", "strength_share"):
            if lesion.get(when) is not None:
                yield {**start, "quantity": when, "value": lesion[when], "low": None, "high": None}
