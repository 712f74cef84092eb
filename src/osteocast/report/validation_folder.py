"""The folder of a validation: result, table, page and run record; and what the terminal shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from osteocast.foundation.files import write_atomically
from osteocast.foundation.run_record import RunRecord
from osteocast.report.folder import RECORD, RESULT, result_text
from osteocast.report.removal_page import mechanisms_text, patterns_text, terminal_line
from osteocast.report.validation_page import summary_cells, validation_html
from osteocast.validation.validated_file import validated_text

PAGE: Final = "validation.html"
TABLE: Final = "rows.csv"
MECHANISMS: Final = "mechanisms.csv"
PATTERNS: Final = "patterns.csv"
VALIDATED: Final = "validated.toml"
"""What forecasts and trials say of this validation, once it stands in ``data/``."""
_OWN: Final = ("middle", "low", "high", "z", "covered", "width", "interval_score", "missing")
_HEAD: Final = ("trial", "endpoint", "target", "use", "family", "scale", "unit", "n")


def write_validation(result: Mapping[str, Any], record: RunRecord, folder: Path) -> Path:
    """Write every file of a validation and return the path of the page.

    Parameters
    ----------
    result : as described by ``data/schema/validation.schema.json``.

    Raises
    ------
    StorageError
        ``storage.write``.
    """
    write_atomically(folder / RESULT, result_text(result))
    write_atomically(folder / RECORD, record.to_json())
    write_atomically(folder / TABLE, table_text(result))
    write_atomically(folder / VALIDATED, validated_text(result, record.started[:10]))
    if result["mechanisms"] is not None:
        write_atomically(folder / MECHANISMS, mechanisms_text(result))
        write_atomically(folder / PATTERNS, patterns_text(result))
    write_atomically(folder / PAGE, validation_html(result))
    return folder / PAGE


def table_text(result: Mapping[str, Any]) -> str:
    """Return one row for each published figure as CSV; what does not exist is empty."""
    models = ("simulation", "with_discrepancy", "null", "null_left_out", "left_out")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    published = ("value", "low", "high", "error_basis")
    columns = [f"{model}_{name}" for model in models for name in _OWN]
    writer.writerow([*_HEAD, *(f"published_{name}" for name in published), *columns, "reason", "reading"])
    for row in result["rows"]:
        cells = [None if row[m] is None else row[m][name] for m in models for name in _OWN]
        writer.writerow(
            [*(row[k] for k in _HEAD), *(row["published"][k] for k in published), *cells, row["reason"], row["reading"]]
        )
    return buffer.getvalue()


def terminal_text(result: Mapping[str, Any]) -> str:
    """Return at most 14 lines: coverage and width of each group, ours and the null model's on the same rows."""
    own = sum(row["simulation"] is not None for row in result["rows"])
    lines = [
        f"Osteocast {result['version']}: {len(result['trials'])} trials, {len(result['rows'])} figures, {own} compared",
        f"{'rows':29}{'within 90 %':>14}{'as trials':>11}{'width/null':>12}{'skill':>8}",
    ]
    shown = ("all rows", "rows of both models")
    null = {
        (one["use"], one["family"]): f"  same rows as null ({one['hits']}/{one['rows']})"
        for one in result["summaries"]
        if one["model"] == "null"
    }
    for one in result["summaries"]:
        if one["model"] == "simulation" and one["on"] in shown:
            cells = summary_cells(one)
            name = cells["group"] if one["on"] == shown[0] else null[one["use"], one["family"]]
            numbers = f"{cells['by_trial']:>11}{cells['width_ratio']:>12}{cells['skill']:>8}"
            lines.append(f"{name:29}{cells['coverage']:>14}{numbers}")
    beyond = [
        f"{one['family']}s {one['hits']}/{one['rows']}"
        for one in result["summaries"]
        if one["model"] == "with_discrepancy" and one["on"] == shown[0] and one["use"] == "check"
    ]
    if beyond:
        lines.append("Held back, with the discrepancy declared: " + ", ".join(beyond))
    silent = [f"{one['name']} ({one['reason']})" for one in result["trials"] if one["reason"]]
    without = [] if result["mechanisms"] is None else [terminal_line(result)]
    return "\n".join([*lines, *without, *(["Not simulated: " + ", ".join(silent)] if silent else [])])
