"""Resources and cards that are written: required fields, limits, and markup that stays text."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from osteocast.formats.fhir_cards import INDICATORS, Card, cards
from osteocast.formats.fhir_output import Source, detected_issue, observation, risk_assessment

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


@pytest.mark.parametrize("card", [Card("", "URGENT", "x"), Card("x", "URGENT", ""), Card("x", "red", "x")])
def test_cards_without_required_words_are_refused(card: Card) -> None:
    with pytest.raises(ValueError, match="needs a summary"):
        cards([card])


def test_resources_hold_their_required_fields() -> None:
    risk = risk_assessment("Patient/1", "fracture", (0.3, 0.2, 0.4), 12, DAY, SOURCE)
    assert (risk["status"], risk["subject"]) == ("final", {"reference": "Patient/1"})
    assert risk["prediction"][0]["probabilityDecimal"] == 0.3
    assert "20.0 to 40.0 %" in risk["prediction"][0]["rationale"]
    score = observation("Patient/1", ("SINS", None), (9, "{score}"), "potentially unstable", DAY, SOURCE)
    assert score["valueQuantity"]["value"] == 9
    assert score["interpretation"] == [{"text": "potentially unstable"}]
    unknown = observation("Patient/1", ("SINS", ("http://example.org", "sins")), None, "", DAY, SOURCE)
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
        observation("Patient/1", (" ", None), None, "", DAY, SOURCE)
