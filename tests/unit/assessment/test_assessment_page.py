"""The clinician's page: its order, its numbers, nothing that runs, one printed page, and the text for pasting."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.assessment.cases import DAY, NEUROLOGY, hypercalcaemic, lesion, measured, patient, symptom, with_bone
from tests.unit.fhir.records import breast, bundle, person, read

from osteocast import assess_forecast, cli
from osteocast.clinical.assessment import Assessment, assess
from osteocast.formats.schema import schemas
from osteocast.foundation.errors import ForecastError, Issue
from osteocast.report.assessment_fit import FOLDS
from osteocast.report.assessment_html import assessment_html
from osteocast.report.assessment_summary import WIDTH, assessment_summary

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "patients").glob("*.toml"))
ORDER = ["banner", "urgency", "complications", "instruments", "drugs", "options", "data", "change", "footer", "paste"]
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Reads a page as a browser would and keeps what is seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.ids: list[str] = []
        self.shown: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.shown.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.shown).split())


def checked(found: Assessment, **more: Any) -> dict[str, Any]:
    result = {**found.to_dict(), **more}
    jsonschema.Draft202012Validator(schemas()["assessment.schema.json"]).validate(json.loads(json.dumps(result)))
    return result


def synthetic() -> dict[str, Any]:
    return checked(assess(read(hypercalcaemic()), today=DAY))


def forecast_part(**more: Any) -> dict[str, Any]:
    """A small forecast with two treatments, one risk too wide and one that the record already meets."""

    def risk(event: str, low: float | None, high: float | None, instead: str = "") -> list[dict[str, Any]]:
        middle = None if low is None or high is None else (low + high) / 2
        numbers = {"probability": middle, "low": low, "high": high, "instead": instead}
        return [{"event": event, "title": event, "month": month, **numbers} for month in (12, 24)]

    risks = [
        *risk("any_event", 0.2, 0.4),
        *risk("fracture", 0.02, 0.81),
        *risk("hypercalcaemia", None, None, "present"),
    ]
    treatments = [
        {"name": name, "title": name, "current": name == "zoledronate-q4w", "risks": risks}
        for name in ("zoledronate-q4w", "denosumab-q4w")
    ]
    difference = {"regimen": "denosumab-q4w", "against": "zoledronate-q4w", "text": "", "separated": False,
                  "avoided_per_100": 1.0, "low": -3.0, "high": 5.0}  # fmt: skip
    part = {"state": "done", "label": assess_forecast.LABEL, "missing": [], "months": 24, "from_day": "2026-03-02",
            "seed": 1, "draws": 64, "continuations": 16, "interval_percent": 90, "event_definition": "An event.",
            "population": "virtual people", "calibration": "calibrated on 68 levels", "treatments": treatments,
            "differences": [difference], "not_compared": [],
            "limits": [{"level": "note", "text": "A limit."}]}  # fmt: skip
    return {**part, **more}


def test_sections_stand_in_the_order_of_the_note() -> None:
    page = Page(assessment_html(synthetic()))
    assert [one for one in page.ids if one in ORDER] == ORDER
    assert not page.unbalanced
    assert not page.open
    with_forecast = Page(assessment_html(checked(assess(read(hypercalcaemic()), today=DAY), forecast=forecast_part())))
    ids = [one for one in with_forecast.ids if one in (*ORDER, "forecast")]
    assert ids == [*ORDER[:6], "forecast", *ORDER[6:]]


def test_text_for_pasting_has_the_same_order_and_short_lines() -> None:
    for path in EXAMPLES:
        text = assessment_summary(assess(path, today=DAY).to_dict())
        assert max(map(len, text.split("\n"))) <= WIDTH
    text = assessment_summary(checked(assess(read(hypercalcaemic()), today=DAY), forecast=forecast_part()))
    heads = ["not a diagnosis", "RED FLAGS AND URGENCY", "SUSPECTED COMPLICATIONS", "INSTRUMENTS", "DRUG SAFETY",
             "OPTIONS DESCRIBED", "FORECAST (model", "DATA USED", "WHAT WOULD CHANGE", "rules edition"]  # fmt: skip
    places = [text.index(head) for head in heads]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "said",
    [
        "not a diagnosis", "SAME DAY, at least", "awaiting clinical review", "13.36 mg/dL", "2026-03-02",
        "calcium.from-3", "at once with confusion, coma or arrhythmia", "Red flags not recorded (14)", "no reassurance",
        "location T9, 1 point", "1 to 16 of 18", "2118 patients", "The rule is a fact",
        "from age 65 years, weight 60.0 kg, 2026-03-02", "Vitamin D", "not checked", "Endocrine Society 2023",
        "[strong]", "Says otherwise", "OLD: description of lesions", "could be EMERGENCY, above the level of this page",
        "rules edition", "doi.org", "Apache-2.0", "Regenstrief", "SNOMED", "Where sources contradict",
    ],
)  # fmt: skip
def test_what_the_page_must_say(said: str) -> None:
    content = hypercalcaemic()
    found = checked(assess(read(content), today=DAY.replace(day=5)))
    assert said in Page(assessment_html(found)).text


def test_every_probability_of_the_forecast_has_its_interval() -> None:
    page = assessment_html(checked(assess(read(hypercalcaemic()), today=DAY), forecast=forecast_part()))
    section = page[page.index('id="forecast"') : page.index('id="data"')]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", section)
    assert set(cells) == {"30 % (20–40)", "not known (2–81)", "present"}
    assert "model, not observation" in section
    assert "not a ranking" in section
    assert "not separated by this run" in section


def test_a_script_in_a_name_is_inert() -> None:
    bad = "</textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>"
    content = hypercalcaemic()
    content["entry"][0]["resource"]["identifier"] = [{"value": bad}]
    content["entry"][0]["resource"]["name"] = [{"text": bad}]
    content["entry"].append({"resource": symptom(bad)})
    result = checked(assess(read(content), today=DAY), forecast=forecast_part(population=bad, calibration=bad))
    result["record"] |= {"source": bad, "identifier": bad}
    html = assessment_html(result)
    page = Page(html)
    assert not page.tags & {"script", "img", "iframe", "object", "link"}
    assert not {one for one in page.attributes if one.startswith("on") and one != "open"}
    assert "default-src 'none'" in html
    assert not page.unbalanced
    assert "http" not in re.sub(r">[^<]*<", "><", html).replace("http-equiv", "")


def test_levels_are_told_without_colour() -> None:
    page = Page(assessment_html(checked(with_bone(symptom(NEUROLOGY[0]), symptom("back pain at night")))))
    assert "!!!" in page.text
    assert "EMERGENCY, at least" in page.text


def test_nothing_recorded_is_no_reassurance_on_the_page() -> None:
    text = Page(assessment_html(checked(assess(read(bundle(person())), today=DAY)))).text
    assert "NO LISTED TRIGGER" in text
    assert "no reassurance" in text
    assert not re.search(r"\b(?:safe|normal record|routine care|all clear)\b", text)


def test_what_would_change_is_ranked_and_asks_for_no_drug() -> None:
    found = checked(assess(patient(observations=(measured("calcium", "", 2.4, "mmol/L"),)), today=DAY))
    changes = found["would_change"]
    order = ["EMERGENCY", "SAME DAY", "URGENT", "SOON", ""]
    ranks = [order.index(one["level"]) for one in changes]
    assert ranks == sorted(ranks)
    assert changes[0]["raises"]
    assert "muscle weakness" in changes[0]["missing"]
    assert not [one for one in changes if any("denosumab" in text for text in one["missing"])]
    # normal calcium: symptoms of high calcium would change nothing
    assert not [one for one in changes if "thirst" in one["missing"]]
    open_ = checked(assess(patient(), today=DAY))["would_change"]
    assert any("calcium" in one["missing"] for one in open_)


def test_open_scores_name_what_would_settle_them() -> None:
    found = checked(assess(patient(lesion("T8", kind="lytic")), today=DAY))
    sins = next(one for one in found["would_change"] if one["where"] == "T8" and one["kind"] == "instrument")
    assert {"alignment", "pain"} <= set(sins["missing"])
    assert any(one["where"] == "T8" and one["missing"] == ["ESCC grade"] for one in found["would_change"])


def test_a_date_after_the_reading_is_said() -> None:
    value = measured("calcium", "2.4 mmol/L", 2.4, "mmol/L", DAY.replace(day=9))
    html = assessment_html(checked(assess(patient(observations=(value,)), today=DAY)))
    assert "dated after the day of reading" in Page(html).text


# The forecast from the same record.
def test_a_record_that_lacks_what_a_forecast_needs_is_assessed_all_the_same(tmp_path: Path, capsys) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(bundle(person(), breast(), symptom("leg weakness"))), encoding="utf-8")
    assert cli.run(["assess", str(path), "--forecast", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "EMERGENCY" in said
    assert "No forecast: [assess.no-forecast]" in said
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schemas()["assessment.schema.json"]).validate(result)
    codes = [one["code"] for one in result["forecast"]["missing"]]
    assert codes[0] == "assess.no-forecast"
    assert len(codes) > 1
    assert "[assess.no-forecast]" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "[assess.no-forecast]" in (tmp_path / "out" / "summary.txt").read_text(encoding="utf-8")


def test_what_a_forecast_refuses_is_listed_and_its_emergency_is_the_assessments(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise ForecastError((Issue("forecast.emergency", "EMERGENCY", "a", "b", "c"),
                             Issue("forecast.effective-sample", "calcium", "too few", "100", "Check it.")))  # fmt: skip

    monkeypatch.setattr(assess_forecast, "forecast", refuse)
    part = assess_forecast.forecast_part(assess(patient(), today=DAY))
    assert [one["code"] for one in part["missing"]] == ["forecast.effective-sample"]
    checked(assess(patient(), today=DAY), forecast=part)


def test_a_forecast_of_many_records_is_refused(tmp_path: Path, capsys) -> None:
    assert cli.run(["assess", str(tmp_path), "--forecast"]) == 2
    assert "assess.batch" in capsys.readouterr().err


@pytest.mark.slow
def test_a_forecast_stands_on_the_page(tmp_path: Path, capsys) -> None:
    assert cli.run(["assess", str(EXAMPLES[0]), "--forecast", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.rstrip().split("\n")
    assert len(lines) <= 25
    assert "Forecast (model, not observation)" in "\n".join(lines)
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schemas()["assessment.schema.json"]).validate(result)
    for one in result["forecast"]["treatments"]:
        assert all(risk["instead"] or risk["low"] <= risk["probability"] <= risk["high"] for risk in one["risks"])


# Print.
def crowded() -> dict[str, Any]:
    """A record with most of the findings at once."""
    places = ("T6", "T8", "T9", "L1", "L3", "femur-left-shaft", "femur-right-trochanteric", "humerus-left-shaft")
    spine = {"epidural_grade": "2", "collapse_percent": 30.0}
    lesions = [
        lesion(name, kind="lytic", pain_at_rest=5.0, pain_on_loading=8.0, **(spine if name[0] in "TL" else {}))
        for name in places
    ]
    values = (measured("calcium", "", 3.7, "mmol/L"), measured("creatinine", "", 250.0, "umol/L"))
    signs = ["muscle-weakness", "numbness", "confusion", "jaw-osteonecrosis", "thigh-pain", "dental-infection"]
    found = assess(
        patient(*lesions, observations=values, weight_kg=50.0), today=DAY, findings=dict.fromkeys(signs, True)
    )
    return checked(found, forecast=forecast_part())


def records() -> dict[str, dict[str, Any]]:
    named = {path.stem: assess(path, today=DAY.replace(day=5)).to_dict() for path in EXAMPLES}
    nothing = assess(read(bundle(person())), today=DAY).to_dict()
    return named | {"synthetic": synthetic(), "nothing": nothing, "crowded": crowded()}


def test_red_flags_complications_drugs_and_options_are_never_folded() -> None:
    html = assessment_html(crowded())
    style = html[html.index("<style>") : html.index("</style>")]
    hidden = re.findall(r"\.fold-\d ([^{]+)\{ display: none", style)
    named = set(re.findall(r"\.[a-z-]+", " ".join(hidden)))
    assert not named & {".flags", ".unrecorded", ".options", ".line", ".level", ".clock", ".banner"}
    assert len(re.findall(r"fold-\d", html[html.index("<body") : html.index("<main>")])) <= len(FOLDS) - 1


def test_prints_on_one_page(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium to print with")
    for name, result in records().items():
        page, paper = tmp_path / f"{name}.html", tmp_path / f"{name}.pdf"
        page.write_text(assessment_html(result), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        where = [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={paper}", page.as_uri()]
        done = subprocess.run([browser, *flags, *where], capture_output=True, timeout=120, check=False)
        if not paper.is_file():
            pytest.skip(f"Chromium does not print here: {done.stderr[-200:]!r}")
        assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) == 1, name
