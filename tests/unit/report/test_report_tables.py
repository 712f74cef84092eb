"""Terminal lines and tables: short, safe, and with the numbers of the result."""

import csv
import io
from typing import Any

import pytest

from osteocast.report.tables import csv_text, tables, write_tables
from osteocast.report.terminal import columns, terminal_summary


def test_terminal_summary_is_short_and_safe(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"] * 3
    result["title"] = result["title"] * 20
    summary = terminal_summary(result)
    lines = summary.splitlines()
    assert len(lines) <= 14
    assert max(columns(line) for line in lines) <= 80
    assert "\x1b" not in summary
    assert lines[2].startswith("Research and education use only")
    assert "58 (37–80)" in summary
    assert "not yet checked on trials it did not see" in summary
    assert "Caution: a site without published rates" in summary
    assert "and 8 more treatments in the report" in summary


WIDEST = {"probability": 0.996, "low": 0.98, "high": 0.999}
NAMES = (
    "supportive-care",
    "zoledronate-q12w",
    "zoledronate-1y-then-denosumab",
    "rod@femur-left-subtrochanteric",
)


@pytest.mark.parametrize("names", [NAMES, NAMES[:2], NAMES[:1]])
@pytest.mark.parametrize("emergency", [False, True])
def test_nothing_on_the_terminal_is_cut(result: dict[str, Any], names: tuple[str, ...], emergency: bool) -> None:
    result["title"] = "unknown primary, thoracic cord threat"
    result["patient"]["primary"] = {"origin": "breast", "subtype": "hormone-receptor-positive"}
    result["regimens"] = result["regimens"][: len(names)]
    result["contrasts"] = [c for c in result["contrasts"] if c["regimen"] in {r["name"] for r in result["regimens"]}]
    for one, name in zip(result["regimens"], names, strict=True):
        for c in result["contrasts"]:
            c |= {key: name for key in ("regimen", "against") if c[key] == one["name"]}
        one["name"] = name
        for series in one["risk"].values():
            for key, value in WIDEST.items():
                series[key][-1] = value
    if emergency:
        statement = {"level": "emergency", "about": "epidural", "text": "long", "brief": "cord compression"}
        result["applicability"].append(statement)
    lines = terminal_summary(result).splitlines()
    assert len(lines) <= 14
    assert max(columns(line) for line in lines) <= 80
    assert not [line for line in lines if "…" in line]
    for name in names:
        assert sum(f" {name} " in f"{line} " for line in lines) == 1
    table = next(line for line in lines if "any event" in line and "against" not in line)
    assert "fracture" in table
    assert "radiotherapy" in table


def test_two_emergencies_and_many_treatments_still_fit(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"] * 3
    brief = "the record meets spinal cord compression, suspected or present"
    result["applicability"] += [{"level": "emergency", "about": "x", "text": brief, "brief": brief}] * 2
    lines = terminal_summary(result).splitlines()
    assert len(lines) <= 14
    assert "A supportive-care *" in "\n".join(lines)
    assert lines[-2].endswith("more treatments in the report")


def test_the_terminal_says_what_any_event_is_made_of_where_there_is_room(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"][:2]
    assert "First event under A, %: 38 preventive rod, 16 radiotherapy, 5 fracture" in terminal_summary(result)
    del result["regimens"][0]["first_event"]
    assert "First event" not in terminal_summary(result)


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


def test_one_month_is_written_in_the_singular(result: dict[str, Any]) -> None:
    assert f"Risk within {result['settings']['months']} months in" in terminal_summary(result)
    result["settings"]["months"] = 1
    assert "Risk within 1 month in per cent" in terminal_summary(result)
