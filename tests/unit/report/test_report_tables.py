"""Terminal lines and tables: short, safe, and with the numbers of the result."""

import csv
import io
from typing import Any

from osteocast.report.tables import csv_text, tables, write_tables
from osteocast.report.terminal import columns, terminal_summary


def test_terminal_summary_is_short_and_safe(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"] * 3
    result["title"] = result["title"] * 20
    summary = terminal_summary(result)
    lines = summary.splitlines()
    assert len(lines) <= 14
    assert max(columns(line) for line in lines) <= 100
    assert "\x1b" not in summary
    assert lines[1].startswith("Research and education use only")
    assert "58% (37–80)" in summary
    assert "not yet checked on trials it did not see" in summary
    assert "Caution" in summary


def test_tables_hold_the_numbers_of_the_result(result: dict[str, Any], tmp_path: Any) -> None:
    found = tables(result)
    assert set(found) == {"risk.csv", "survival.csv", "lesions.csv", "courses.csv", "contrasts.csv"}
    assert len(found["risk.csv"]) == sum(len(one["risk"]) for one in result["regimens"]) * 25
    last = found["risk.csv"][-1]
    series = result["regimens"][-1]["risk"]["death"]
    assert (last["probability"], last["low"], last["high"]) == tuple(
        series[k][-1] for k in ("probability", "low", "high")
    )
    for path in write_tables(result, tmp_path):
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        assert len(rows) == len(found[path.name])
        assert None not in {value for row in rows for value in row.values()}


def test_csv_text_runs_no_formula() -> None:
    assert csv_text([{"regimen": "=cmd()", "value": -1.5}]) == "regimen,value\n'=cmd(),-1.5\n"
    assert csv_text([]) == ""
