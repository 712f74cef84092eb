"""The page: what it says equals the result, nothing in a name can act, and it needs no network."""

import copy
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from osteocast.domain.table import read_table
from osteocast.foundation.errors import StorageError
from osteocast.report import wording
from osteocast.report.html import report_html, write_report
from osteocast.report.terminal import terminal_summary


class Page(HTMLParser):
    """Collects tags, attributes and the cells of the risk table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.cells: dict[tuple[str, str, int], str] = {}
        self._cell: tuple[str, str, int] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        found = dict(attrs)
        if tag == "td" and "data-event" in found:
            self._cell = (str(found["data-event"]), str(found["data-regimen"]), int(found["data-month"] or 0))
            self.cells[self._cell] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self.cells[self._cell] += data


def test_sample_satisfies_the_published_schema(result: dict[str, Any]) -> None:
    schema = json.loads(files("osteocast.data").joinpath("schema/result.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(result, schema)
    result["regimens"][0]["risk"]["death"]["high"][3] = 1.2
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, schema)


def test_report_is_self_contained_and_inert(result: dict[str, Any]) -> None:
    text = report_html(result)
    page = Page(text)
    assert page.tags.isdisjoint({"script", "img", "link", "iframe", "object", "embed", "base", "form", "a", "use"})
    assert not [a for a in page.attributes if a[1].startswith("on") or a[1] in {"src", "href", "xlink:href", "srcset"}]
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#hatch", "#fade"}
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Zoë" in text


def test_every_number_of_the_risk_table_equals_the_result(result: dict[str, Any]) -> None:
    cells = Page(report_html(result)).cells
    assert len(cells) == 2 * sum(len(one["risk"]) for one in result["regimens"])
    for one in result["regimens"]:
        for kind, series in one["risk"].items():
            for month in (12, 24):
                shown = cells[kind, one["name"], month].replace("–", " ").split()
                expected = [series[k][series["months"].index(month)] for k in ("probability", "low", "high")]
                written = [wording.percent(p) for p in expected]
                assert shown[:2] == [written[0], "%"]
                assert shown[2:] == (written[1:] if written[1] != written[2] else written[1:2])


def test_report_shows_what_it_must(result: dict[str, Any]) -> None:
    text = report_html(result)
    for needed in (
        "Research and education use only",
        "Suspected spinal cord compression",
        "not checked with these scales on figures that calibration did not see",
        "calibrated on 6 published figures",
        "not separated by this run",
        "19 fewer (10 to 28)",
        "the order is not a ranking",
        "Skeletal event: fracture",
        "Peterson &amp; Riggs",
        "62 → 58 %",
        "73 % of those alive",
        "Operation here",
        "38 have an operation to prevent a fracture (by a rule of care) first, 16 radiotherapy to bone, 5 a fracture.",
        "pain at rest of 6 lesions",
        "(4 more to 15 fewer)",
    ):
        assert needed in text, needed
    positions = [text.index(f'data-regimen="{one["name"]}"') for one in result["regimens"]]
    assert positions == sorted(positions), "regimens stand in the order given"


def test_a_broken_bone_is_called_so_in_place_of_a_percentage(result: dict[str, Any]) -> None:
    assert "already broken" not in report_html(result)
    for regimen in result["regimens"]:
        regimen["lesions"][0] |= {"already_fractured": True, "fracture": None}
    schema = json.loads(files("osteocast").joinpath("data/schema/result.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(result)
    assert report_html(result).count(">already broken<") == len(result["regimens"])


EMERGENCY = {
    "level": "emergency",
    "about": "epidural",
    "brief": "the record meets spinal cord compression, suspected or present",
    "text": "The record meets spinal cord compression, suspected or present. That is an emergency.",
    "suppresses": ["cord_compression"],
    "not_compared": ["any_event", "cord_compression"],
    "instead": "The record already meets it, which needs treatment today; the comparison of drugs does not apply.",
    "instead_brief": "in the record, needs treatment today",
}


def test_an_emergency_stands_above_everything_else(result: dict[str, Any]) -> None:
    quiet = report_html(result)
    assert 'class="emergency"' not in quiet
    assert "no risk is given" not in quiet
    result["applicability"].append(EMERGENCY)
    for one in result["regimens"]:
        one["risk"]["cord_compression"] = None
        one["lesions"][1] |= {"cord": None, "cord_recorded": True}
    for c in result["contrasts"]:
        if c["kind"] in EMERGENCY["not_compared"]:
            c |= {"avoided_per_100": None, "low": None, "high": None, "distinguishable": None}
            c["text"] = EMERGENCY["instead"]
    schema = json.loads(files("osteocast.data").joinpath("schema/result.schema.json").read_text("utf-8"))
    jsonschema.validate(result, schema)
    text = report_html(result)
    assert text.count(EMERGENCY["text"]) == 1
    assert text.index(EMERGENCY["text"]) < text.index('class="banner"') < text.index("Risk by treatment")
    assert "<b>In the record, needs treatment today</b>: no risk is given." in text
    assert f"<b>Treatments are not to be compared.</b> {EMERGENCY['instead']}" in text
    assert "Paired difference in any skeletal event" not in text
    assert not [cell for cell in Page(text).cells if cell[0] == "cord_compression"]
    row = text[text.index('<table class="stack contrasts">') :]
    row = row[row.index(">Any skeletal event<") : row.index(">Fracture<")]
    assert row.count(EMERGENCY["instead"]) == 1
    assert "fewer" not in row
    assert text.count("in the record already") == len(result["regimens"])
    lines = terminal_summary(result).splitlines()
    assert lines[2].startswith("EMERGENCY: the record meets spinal cord compression, suspected or present.")
    assert "follow the local pathway." in " ".join(lines[2:5])
    assert len(lines) <= 14


def test_where_nothing_is_compared_the_reason_stands_alone(result: dict[str, Any]) -> None:
    everything = EMERGENCY | {"not_compared": list(wording.EVENTS)}
    result["applicability"].append(everything)
    for c in result["contrasts"]:
        c |= {
            "avoided_per_100": None,
            "low": None,
            "high": None,
            "distinguishable": None,
            "text": everything["instead"],
        }
    text = report_html(result)
    assert 'class="stack contrasts"' not in text
    assert text.count(everything["instead"]) == 2
    assert "One treatment only" not in text


def test_an_interval_wider_than_the_rule_has_no_middle(result: dict[str, Any]) -> None:
    assert wording.risk_text(0.26, 0.002, 0.88) == "not known (<1–88)"
    assert wording.risk_text(0.4, 0.14, 0.69) == "40 % (14–69)"
    assert wording.risk_text(0.4, 0.1, 0.7) == "40 % (10–70)"
    assert wording.middle_text(None, None, None) == "–"
    series = result["regimens"][0]["risk"]["hypocalcaemia"]
    series["probability"][-1], series["low"][-1], series["high"][-1] = 0.26, 0.002, 0.88
    name = result["regimens"][0]["name"]
    assert Page(report_html(result)).cells["hypocalcaemia", name, 24] == "not known <1–88"


def test_recorded_values_stand_beside_those_of_the_model(result: dict[str, Any]) -> None:
    one = {"item": "calcium on 2026-10-01", "unit": "mmol/L", "recorded": 2.8, "censoring": "=", "model": 2.46}
    text = "calcium on 2026-10-01: recorded 2.80, model 2.46 (2.37–2.80) mmol/L"
    result["record_fit"] = [
        one | {"low": 2.37, "high": 2.8, "inside": True, "text": text},
        one | {"low": 2.3, "high": 2.6, "inside": False, "text": text.replace("2.37–2.80", "2.30–2.60")},
    ]
    page = report_html(result)
    assert "<dt>Calcium on 2026-10-01</dt><dd>recorded 2.80, model 2.46 (2.37–2.80) mmol/L</dd>" in page
    assert "<b>recorded 2.80, model 2.46 (2.30–2.60) mmol/L: outside</b>" in page


def test_regimens_left_out_stand_with_their_reasons(result: dict[str, Any]) -> None:
    assert "Not compared" not in report_html(result)
    reason = "Zoledronate is not recommended below 30 mL/min."
    result["excluded"] = [{"name": "zoledronate-q4w", "title": "Zoledronate every 4 weeks", "reasons": [reason]}]
    text = report_html(result)
    assert f"<b>Not compared</b>, because: Zoledronate every 4 weeks: {reason}" in text
    assert '<span class="tag">not compared</span>' in text


def test_without_a_clear_driver_the_page_says_so_once(result: dict[str, Any]) -> None:
    result["drivers"] = []
    assert report_html(result).count("With 200 draws of the parameters none stands out from chance.") == 1


def test_a_long_bone_has_fracture_and_rod_as_one_number(result: dict[str, Any]) -> None:
    assert "Fracture or preventive rod here" not in report_html(result)
    for one in result["regimens"]:
        one["lesions"][0]["fracture_or_rod"] = {"probability": 0.61, "low": 0.5, "high": 0.7}
    text = report_html(result)
    assert text.count("Fracture or preventive rod here") == 1
    assert text.count("61 % (50–70)") == len(result["regimens"])


def test_bone_that_is_broken_or_fixed_has_no_strength(result: dict[str, Any]) -> None:
    for one in result["regimens"]:
        one["lesions"][0] |= {"strength_now": None, "strength_end": None, "strength_share": 0.0}
        one["lesions"][1] |= {"strength_end": None, "strength_share": 0.0}
    text = report_html(result)
    assert text.count("fixed already") == len(result["regimens"])
    assert text.count("62 % → none left") == len(result["regimens"])


def test_report_bytes_repeat_and_result_is_untouched(result: dict[str, Any], tmp_path: Any) -> None:
    before = copy.deepcopy(result)
    write_report(result, tmp_path / "one.html")
    write_report(copy.deepcopy(result), tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert result == before
    with pytest.raises(StorageError):
        write_report(result, tmp_path)


def test_report_of_a_bare_result(result: dict[str, Any]) -> None:
    result["regimens"] = result["regimens"][:1]
    result["regimens"][0] |= {"lesions": [], "harms": {}, "courses": {}, "reasons": []}
    result["regimens"][0]["risk"]["any_event"]["probability"][-1] = None
    result["patient"] |= {"lesions": [], "given": [], "drawn": [], "assessed": None}
    result |= {
        "contrasts": [],
        "drivers": [],
        "missing": [],
        "citations": [],
        "assumptions": [],
        "applicability": [],
    }
    result["calibration"]["rows"] = []
    text = report_html(result)
    assert "No lesion was given." in text
    assert "One treatment only" in text
    assert len(terminal_summary(result).splitlines()) <= 15


@pytest.mark.parametrize("months", [1, 6, 12, 36])
def test_other_horizons(result: dict[str, Any], months: int) -> None:
    result["settings"]["months"] = months
    for one in result["regimens"]:
        for series in [*one["risk"].values(), one["survival"], *one["courses"].values()]:
            for key in ("months", "probability", "median", "low", "high"):
                if key in series:
                    series[key] = (list(series[key]) + [series[key][-1]] * 12)[: months + 1]
            series["months"] = list(range(months + 1))
    cells = Page(report_html(result)).cells
    assert {month for _, _, month in cells} == set(wording.horizons(months))
    assert max(wording.horizons(months)) == months


def test_a_harm_that_is_an_event_and_one_read_by_month_cannot_be_confused():
    assert wording.harm_text("hypocalcaemia") == "Calcium below 2.0 mmol/L, at any time (the event above)"
    assert "monthly readings" in wording.harm_text("calcium_below_1_75_at_a_month")
    assert set(read_table("event_definitions")["harms"]) == set(wording.HARMS)
    assert wording.harm_text("jaw_necrosis") == "Jaw necrosis"
