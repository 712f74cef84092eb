"""Resources and cards that are written: required fields, limits, and markup that stays text."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from tests.unit.assessment.cases import hypercalcaemic, symptom
from tests.unit.fhir.records import bundle, person, read

from osteocast.clinical.assessment import assess
from osteocast.clinical.assessment_fhir import cards_of
from osteocast.formats.fhir_cards import INDICATORS, Card, cards
from osteocast.formats.fhir_output import Source, Times, detected_issue, observation, risk_assessment

DAY = dt.date(2026, 3, 2)
SOURCE = Source("CTCAE v5", "https://example.org", "Osteocast 0.1.0")


def test_cards_hold_what_cds_hooks_requires() -> None:
    statements = [Card("Calcium *very* high " * 20, level, "NICE NG234", "<img src=x>") for level in INDICATORS]
    response = cards(statements)
    assert cards([]) == {"cards": []}
    for card in response["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"] == "NICE NG234"
        assert "<img" not in card["detail"]
        assert "not a diagnosis" in card["detail"]
    assert "null" not in json.dumps(response)
    assert [INDICATORS[level] for level in ("EMERGENCY", "URGENT", "SAME DAY")] == ["critical", "warning", "warning"]


# Fields of a response, a card and a source: what is required, what may be there, and of which type, by the tables of
# the specification (cds-hooks/docs, docs/specification/current.md, commit 0036280).
RESPONSE = {"cards": (True, list), "systemActions": (False, list)}
CARD = {
    "uuid": (False, str), "summary": (True, str), "detail": (False, str), "indicator": (True, str),
    "source": (True, dict), "suggestions": (False, list), "selectionBehavior": (False, str),
    "overrideReasons": (False, list), "links": (False, list),
}  # fmt: skip
ORIGIN = {"label": (True, str), "url": (False, str), "icon": (False, str), "topic": (False, dict)}


def conforms(part: dict[str, Any], fields: dict[str, tuple[bool, type]]) -> None:
    assert set(part) <= set(fields)
    assert {name for name, (needed, _) in fields.items() if needed} <= set(part)
    assert all(isinstance(value, fields[name][1]) for name, value in part.items())


def test_the_cards_of_an_assessment_have_every_field_that_cds_hooks_asks_for() -> None:
    flags = [symptom("leg weakness"), symptom("back pain at night"), symptom("<b>thirst</b>" * 60)]
    found = assess(read(bundle(*[one["resource"] for one in hypercalcaemic()["entry"]], *flags)), today=DAY)
    response = cards_of(found)
    conforms(response, RESPONSE)
    assert len(response["cards"]) == len(found.findings) >= 3
    for card in response["cards"]:
        conforms(card, CARD)
        conforms(card["source"], ORIGIN)
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert re.match(r"https?://", card["source"].get("url", "https://"))
        # suggestions would need a selectionBehavior, and systemActions would act by themselves
        assert not {"suggestions", "selectionBehavior"} & set(card)
    assert "systemActions" not in response
    assert "null" not in json.dumps(response)
    assert cards_of(assess(read(bundle(person())), today=DAY)) == {"cards": []}


@pytest.mark.parametrize("card", [Card("", "URGENT", "x"), Card("x", "URGENT", ""), Card("x", "red", "x")])
def test_cards_without_required_words_are_refused(card: Card) -> None:
    with pytest.raises(ValueError, match="needs a summary"):
        cards([card])


def test_resources_hold_their_required_fields() -> None:
    risk = risk_assessment("Patient/1", "fracture", (0.3, 0.2, 0.4), 12, DAY, SOURCE)
    assert (risk["status"], risk["subject"]) == ("final", {"reference": "Patient/1"})
    assert risk["prediction"][0]["probabilityDecimal"] == 0.3
    assert "20.0 to 40.0 %" in risk["prediction"][0]["rationale"]
    score = observation(
        "Patient/1", ("SINS", None), (9, "{score}"), "potentially unstable", Times(DAY, DAY, DAY), SOURCE
    )
    assert score["valueQuantity"]["value"] == 9
    assert score["interpretation"] == [{"text": "potentially unstable"}]
    unknown = observation("Patient/1", ("SINS", ("http://example.org", "sins")), None, "", Times(DAY, DAY, DAY), SOURCE)
    assert "valueQuantity" not in unknown
    assert unknown["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    issue = detected_issue(
        "Patient/1", "dose above the label's", "high", "4 mg ordered, 3 mg by the table.", DAY, SOURCE
    )
    assert issue["patient"] == {"reference": "Patient/1"}
    assert (issue["severity"], "subject" in issue) == ("high", False)


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValueError, match="fractions"):
        risk_assessment("Patient/1", "fracture", (0.1, 0.2, 0.4), 12, DAY, SOURCE)
    with pytest.raises(ValueError, match="severity"):
        detected_issue("Patient/1", "x", "awful", "y", DAY, SOURCE)
    with pytest.raises(ValueError, match="words"):
        observation("Patient/1", (" ", None), None, "", Times(DAY, DAY, DAY), SOURCE)
