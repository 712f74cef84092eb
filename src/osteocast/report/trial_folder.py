"""The folder of a simulated trial: result, tables in the shape of CDISC ADaM, report and run record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osteocast.foundation.run_record import RunRecord
from osteocast.report.folder import RECORD, REPORT, RESULT, result_text, write_files
from osteocast.report.parquet import parquet_bytes
from osteocast.report.trial_html import trial_report_html
from osteocast.trials.adam import adam_tables
from osteocast.trials.simulate_trial import TrialResult


def write_trial_folder(result: TrialResult, document: Mapping[str, Any], record: RunRecord, folder: str | Path) -> Path:
    """Write every file of a simulated trial, all of them or none, and return the path of the report.

    Parameters
    ----------
    document : ``result.to_dict()``.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    contents: dict[str, str | bytes] = {
        RESULT: result_text(document),
        RECORD: record.to_json(),
        REPORT: trial_report_html(document),
    }
    for table in adam_tables(result):
        contents[f"{table.name.lower()}.parquet"] = parquet_bytes(table)
    return write_files(contents, folder)
