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
    assert "Calibrated on 6 figures; not checked with these scales" in summary
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
    assert "First event, A, %: 38 preventive rod (by a rule of care), 21 other" in terminal_summary(result)
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


WITHHELD = {
    "level": "emergency",
    "about": "epidural",
    "brief": "the record meets spinal cord compression, suspected or present",
    "text": "The record meets spinal cord compression.",
    "suppresses": ["cord_compression"],
    "not_compared": ["any_event", "cord_compression"],
    "instead": "The record already meets it, which needs treatment today; the comparison of drugs does not apply.",
    "instead_brief": "in the record, needs treatment today",
}


def withhold(result: dict[str, Any]) -> dict[str, Any]:
    """Make the sample one of a patient whose record meets cord compression."""
    result["applicability"].append(WITHHELD)
    for one in result["regimens"]:
        one["risk"]["cord_compression"] = None
        one["first_event"]["cord_compression"] = None
        for lesion in one["lesions"]:
            lesion["cord"] = None
    for c in result["contrasts"]:
        if c["kind"] in WITHHELD["not_compared"]:
            c |= {"avoided_per_100": None, "low": None, "high": None, "distinguishable": None}
            c["text"] = WITHHELD["instead"]
    return result


def test_what_the_record_meets_has_no_number_on_the_terminal(result: dict[str, Any]) -> None:
    lines = terminal_summary(withhold(result)).splitlines()
    said = " ".join(lines)
    assert "No risk of cord: in the record, needs treatment today; drugs not compared" in lines
    assert "against A" not in said
    assert " cord " not in next(line for line in lines if "fracture" in line)
    assert len(lines) <= 14
    assert max(columns(line) for line in lines) <= 80


def test_what_the_record_meets_has_no_number_in_the_tables(result: dict[str, Any]) -> None:
    found = tables(withhold(result))
    rows = [row for row in found["risk.csv"] if row["event"] == "cord_compression"]
    assert len(rows) == len(result["regimens"])
    assert all(row["probability"] is None and row["note"] == WITHHELD["instead_brief"] for row in rows)
    assert {row["note"] for row in found["risk.csv"] if row["event"] == "fracture"} == {""}
    gone = [row for row in found["contrasts.csv"] if row["kind"] == "any_event"]
    assert all(row["low"] is None and row["note"] == WITHHELD["instead"] for row in gone)
    assert not [row for row in found["lesions.csv"] if row["quantity"] == "cord"]


def test_a_wide_interval_has_no_middle_on_the_terminal(result: dict[str, Any]) -> None:
    assert "not known" not in terminal_summary(result)
    series = result["regimens"][0]["risk"]["fracture"]
    series["probability"][-1], series["low"][-1], series["high"][-1] = 0.26, 0.002, 0.88
    lines = terminal_summary(result).splitlines()
    assert next(line for line in lines if line.startswith("Risk within")).endswith("? not known")
    assert "? (<1–88)" in next(line for line in lines if line.startswith("A "))


def test_regimens_left_out_are_named_on_the_terminal(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"][:1]
    result["excluded"] = [{"name": "zoledronate-q4w", "title": "Zoledronate", "reasons": ["Too low."]}]
    assert "Not compared: zoledronate-q4w (reasons in the report)" in terminal_summary(result)


def test_csv_text_runs_no_formula() -> None:
    assert csv_text([{"regimen": "=cmd()", "value": -1.5}]) == "regimen,value\n'=cmd(),-1.5\n"
    assert csv_text([]) == ""


def test_one_month_is_written_in_the_singular(result: dict[str, Any]) -> None:
    assert f"Risk within {result['settings']['months']} months in" in terminal_summary(result)
    result["settings"]["months"] = 1
    assert "Risk within 1 month in per cent" in terminal_summary(result)
