"""Records as clinics send them: nothing grave is lost, and what cannot be used is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.assessment.cases import of, symptom, with_bone
from tests.unit.fhir.records import ICD, LOINC, MCODE, SCT, TODAY, bone, breast, coded, condition, drug, lab, person

from osteocast.clinical.assessment_fhir import cards_of, fhir_of
from osteocast.formats.fields import parse_measure
from osteocast.foundation.decimal_mark import with_point
from osteocast.report.assessment_html import assessment_html
from osteocast.report.assessment_summary import assessment_summary
from osteocast.report.assessment_text import assessment_terminal

DAY = {"effectiveDateTime": "2026-05-30"}


def calcium(value: Any, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    return lab({"mmol/L": "2000-8", "mg/dL": "17861-6"}[unit], value, unit, **{**DAY, **more})


def said_as_text(text: str) -> dict[str, Any]:
    found = calcium(1.0)
    del found["valueQuantity"]
    return {**found, "valueString": text}


@pytest.mark.parametrize(
    ("text", "number"),
    [("2,61 mmol/L", "2.61 mmol/L"), ("<0,300 pmol/L", "<0.300 pmol/L"), ("1,234 umol/L", "1,234 umol/L"),
     ("1,2,3 kg", "1,2,3 kg"), ("1,234.5", "1,234.5"), ("-3,1", "-3.1"), ("T9, T10", "T9, T10")],
)  # fmt: skip
def test_a_decimal_comma_is_read_where_it_can_only_be_one(text: str, number: str) -> None:
    assert with_point(text) == number


def test_a_decimal_comma_means_the_same_in_a_patient_file() -> None:
    assert parse_measure("2,61 mmol/L", "calcium") == parse_measure("2.61 mmol/L", "calcium")


@pytest.mark.parametrize("text", ["3,6 mmol/L", "3.6 mmol/l", ">3,5 mmol/L", "14,5 mg/dL"])
def test_a_number_as_text_is_read_with_a_warning(text: str) -> None:
    found = with_bone(said_as_text(text))
    assert found.level == "EMERGENCY"
    assert found.record is not None
    assert "fhir.number-as-text" in {one.code for one in found.record.warnings}


@pytest.mark.parametrize("text", ["3,600 mmol/L", "3,6", "3,6 wombats", "high", "3,6 or 3,7 mmol/L"])
def test_a_text_that_may_mean_two_things_is_named_and_not_used(text: str) -> None:
    found = with_bone(said_as_text(text))
    assert "calcium" in found.urgency.not_recorded
    assert any("2000-8" in one for one in found.urgency.not_used)


@pytest.mark.parametrize(
    ("value", "sign", "unit", "level"),
    [(3.4, ">", "mmol/L", "EMERGENCY"), (3.4, "", "mmol/L", "SAME DAY"), (13.5, ">", "mg/dL", "EMERGENCY"),
     (1.75, "<", "mmol/L", "EMERGENCY"), (1.75, "", "mmol/L", "SAME DAY"), (3.5, "<", "mmol/L", "NO LISTED TRIGGER")],
)  # fmt: skip
def test_a_value_beyond_a_limit_is_graded_beyond_it(value: float, sign: str, unit: str, level: str) -> None:
    sent = calcium(value, unit)
    if sign:
        sent["valueQuantity"]["comparator"] = sign
    assert with_bone(sent).level == level


def test_a_correction_that_contradicts_the_sample_does_not_hide_a_high_calcium() -> None:
    theirs, albumin = lab("29265-6", 2.5, "mmol/L", **DAY), lab("1751-7", 25, "g/L", **DAY)
    found = with_bone(calcium(2.9), albumin, theirs)
    assert found.level == "SAME DAY"
    assert "the laboratory's own correction says 2.5 mmol/L" in found.known["calcium.converted"].text
    agreeing = with_bone(calcium(2.9), albumin, lab("29265-6", 3.15, "mmol/L", **DAY))
    assert agreeing.known["calcium.converted"].text == "3.15 mmol/L, corrected by the laboratory"


def test_the_day_farther_east_has_begun() -> None:
    east = calcium(3.8, effectiveDateTime="2026-06-02T07:00:00+12:00")
    assert with_bone(east).level == "EMERGENCY"
    assert {one.old for one in with_bone(east).ages} == {False}
    assert with_bone(calcium(3.8, effectiveDateTime="2026-06-03")).urgency.not_used


@pytest.mark.parametrize(
    "item",
    [calcium(3.8, effectiveDateTime="2026"), calcium(3.8, "mmol/L", effectiveDateTime="2026-06-09"),
     condition(coded(SCT, "71286001", "Rückenmarkskompression"))],
)  # fmt: skip
def test_what_could_not_be_used_stands_beside_the_red_flags(item: dict[str, Any]) -> None:
    found = with_bone(item)
    (named,) = found.urgency.not_used
    result = found.to_dict()
    words = named.partition(" [")[0].split()[0]
    for text in (assessment_html(result), assessment_summary(result), assessment_terminal(result)):
        assert "In the record, but not used" in text
        assert words in text


def test_what_did_not_happen_and_unknown_codes_are_not_named_one_by_one() -> None:
    void = calcium(3.8, status="entered-in-error")
    other = [condition({"text": f"something {number}"}) for number in range(3)]
    assert with_bone(void, *other).urgency.not_used == ("3 with codes that are not known here",)


@pytest.mark.parametrize(
    "brand", ["Wyost", "Osenvelt 120 mg", "Xgeva", "Zoledronsäure", "acide zolédronique", "Fosamax"]
)
def test_brands_and_other_languages_name_the_drug(brand: str) -> None:
    found = with_bone(drug("MedicationStatement", {"text": brand}, effectiveDateTime="2026-05-01"), calcium(1.9))
    assert found.finding("drug-low-calcium") is not None


@pytest.mark.parametrize(
    "past",
    [condition(coded(ICD, "Z85.3", "Personal history of malignant neoplasm of breast")), symptom("history of cancer")],
)
def test_a_past_cancer_is_a_cancer_for_the_spine(past: dict[str, Any]) -> None:
    status = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    for one in (past, {**past, **status}):
        assert of(person(), one, symptom("mechanical back pain")).level == "URGENT"
    family = symptom("family history of cancer")
    assert of(person(), family, symptom("mechanical back pain")).level == "NO LISTED TRIGGER"


def test_a_suspected_cancer_with_mechanical_spinal_pain_is_urgent() -> None:
    suspected = {**breast(), "verificationStatus": {"coding": [{"code": "provisional"}]}}
    found = of(person(), suspected, symptom("mechanical back pain"))
    assert found.urgency.rule == "cord.pain-suspected-cancer"
    assert of(person(), symptom("mechanical back pain")).level == "NO LISTED TRIGGER"


@pytest.mark.parametrize(
    ("more", "there"),
    [({}, True), ({"abatementDateTime": "2026-05-20"}, False), ({"abatementDateTime": "2026-07-01"}, True),
     ({"abatementBoolean": True}, False), ({"abatementString": "last week"}, False)],
)  # fmt: skip
def test_a_symptom_that_has_ended_is_not_there(more: dict[str, Any], there: bool) -> None:
    assert (with_bone(symptom("numbness", **more)).level == "EMERGENCY") == there


@pytest.mark.parametrize("event", ["spinal cord compression", "pathological fracture"])
def test_resolved_is_no_treatment_of_an_event_of_these_days(event: str) -> None:
    resolved = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    recent = symptom(event, onsetDateTime="2026-05-25", **resolved)
    undated = {key: value for key, value in recent.items() if key != "onsetDateTime"}
    assert with_bone(recent).level == "EMERGENCY"
    assert with_bone(undated).level == "NO LISTED TRIGGER"
    assert with_bone(undated, symptom(event, onsetDateTime="2026-05-25")).level == "EMERGENCY"


def test_a_lesion_on_both_sides_is_two() -> None:
    both = {
        "url": f"{MCODE}mcode-laterality-qualifier",
        "valueCodeableConcept": coded(SCT, "51440002", "Right and left"),
    }
    shafts = bone({**coded(SCT, "68505006", ""), "extension": [both]}, {"text": "femur", "extension": [both]})
    found = of(person(), breast(), shafts)
    assert len(found.facts.lesions) in (2, 4)
    assert {one.note.partition(" ")[0] for one in found.facts.lesions if one.site.name == "other"} == {"left", "right"}


@pytest.mark.parametrize("system", ["LOINC", "loinc", "HTTP://LOINC.ORG/", LOINC])
def test_a_code_system_is_known_by_its_usual_names(system: str) -> None:
    sent = calcium(3.6)
    sent["code"]["coding"][0]["system"] = system
    assert with_bone(sent).level == "EMERGENCY"


def test_allergies_are_said_to_be_unread() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": "Patient/p"},
        "code": {"text": "zoledronate"},
    }
    result = with_bone(
        allergy, drug("MedicationStatement", {"text": "Zometa"}, effectiveDateTime="2026-05-01")
    ).to_dict()
    assert "Allergies: not read from any record" in assessment_summary(result)
    assert json.dumps(result)
    assert result["record"]["today"] == TODAY.isoformat()


def test_what_could_not_be_used_is_a_card_of_its_own() -> None:
    found = with_bone(calcium(3.8, effectiveDateTime="2026"))
    assert found.level == "NO LISTED TRIGGER"
    (card,) = cards_of(found)["cards"]
    assert card["indicator"] == "info"
    assert "calcium 3.8 mmol/L" in card["detail"]
    assert cards_of(with_bone(calcium(2.4)))["cards"] == []


def test_a_score_is_dated_by_its_values_and_not_by_the_day_of_reading() -> None:
    old = lab("29463-7", 60, "kg", effectiveDateTime="2026-03-02")
    creatinine = lab("2160-0", 1.4, "mg/dL", **DAY)
    entries = fhir_of(with_bone(calcium(3.2), old, creatinine))["entry"]
    by_text = {one["resource"]["code"]["text"]: one["resource"] for one in entries}
    grade = next(one for text, one in by_text.items() if text.startswith("CTCAE grade of hypercalcaemia"))
    clearance = next(one for text, one in by_text.items() if "creatinine clearance" in text)
    assert grade["effectiveDateTime"] == "2026-05-30"
    assert clearance["effectivePeriod"] == {"start": "2026-03-02", "end": "2026-05-30"}
    assert {one["issued"] for one in (grade, clearance)} == {"2026-06-01T00:00:00Z"}
