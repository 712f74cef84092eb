"""Wrong codes, contradictions and odd shapes found in public records: each is told, and none silently used."""

from __future__ import annotations

import datetime as dt

import pytest

from osteocast.formats.fhir_codes import agrees, concept

from .records import (
    ICD,
    LOINC,
    MCODE,
    RXNORM,
    SCT,
    SUBJECT,
    UCUM,
    bone,
    breast,
    bundle,
    coded,
    codes,
    condition,
    drug,
    lab,
    person,
    read,
    sided,
    with_cancer,
)

FEMUR_NECK = coded(SCT, "29627003", "Structure of neck of femur")


def test_rib_coded_as_unemployed_gives_no_site() -> None:
    record = read(bundle(person(), breast(), bone(coded(SCT, "73438004", "Rib structure"))))
    assert "fhir.code-display" in codes(record)
    assert record.patient is not None
    assert record.patient.lesions == ()


def test_bone_code_shown_as_liver_is_no_metastasis_of_bone() -> None:
    code = coded(SCT, "94222008", "Secondary malignant neoplasm of liver (disorder)")
    record = read(bundle(person(), breast(), condition(code)))
    assert {"fhir.code-display", "fhir.no-bone-disease"} <= codes(record)
    assert record.patient is None


def test_calcium_code_labelled_crp_is_rejected() -> None:
    record = with_cancer(lab("17861-6", 3.1, "mg/dL", "C reactive protein [Mass/volume] in Serum or Plasma"))
    assert "fhir.code-display" in codes(record)
    assert record.patient is not None
    assert record.patient.observations == ()
    assert [one.code for one in record.rejected] == ["fhir.code-display"]


def test_unconfirmed_drug_code_is_read_by_its_name_with_a_warning() -> None:
    order = drug("MedicationRequest", coded(RXNORM, "1546263", "zoledronic acid"), authoredOn="2026-01-01")
    record = with_cancer(order)
    assert "fhir.by-text" in codes(record)
    assert record.facts("ordered-zoledronate")


def test_a_drug_that_was_declined_is_not_read_from_text() -> None:
    record = with_cancer(drug("MedicationRequest", {"text": "denosumab declined"}, authoredOn="2026-01-01"))
    assert not record.facts("ordered-denosumab")


def test_swapped_side_of_the_femoral_neck_is_not_used() -> None:
    named_left = coded(SCT, "29627003", "Structure of neck of left femur")
    record = read(bundle(person(), breast(), bone(sided(named_left, "right"))))
    assert "fhir.side-contradiction" in codes(record)
    assert record.patient is not None
    assert [lesion.site.name for lesion in record.patient.lesions] == ["other"]


def test_right_femoral_neck_and_missing_side() -> None:
    record = read(bundle(person(), breast(), bone(sided(FEMUR_NECK, "right"))))
    assert record.patient is not None
    assert record.patient.lesions[0].site.name == "femur-right-head-neck"
    without = read(bundle(person(), breast(), bone(FEMUR_NECK)))
    assert "fhir.side-missing" in codes(without)
    assert without.patient is not None
    assert without.patient.lesions[0].site.name == "other"


def test_side_code_shown_as_the_other_side() -> None:
    site = sided(FEMUR_NECK, "left")
    site["extension"][0]["valueCodeableConcept"]["coding"][0]["display"] = "Right"
    record = read(bundle(person(), breast(), bone(site)))
    assert "fhir.code-display" in codes(record)
    assert record.patient is not None
    assert record.patient.lesions[0].site.name == "other"


def test_any_vertebra_shown_as_cervical_contradicts() -> None:
    record = read(bundle(person(), breast(), bone(coded(SCT, "3572006", "Body of cervical vertebra"))))
    assert "fhir.code-display" in codes(record)
    assert record.patient is not None
    assert record.patient.lesions == ()


def test_two_codings_that_mean_different_things() -> None:
    code = {"coding": [*coded(SCT, "94222008")["coding"], *coded(SCT, "254837009")["coding"]]}
    record = read(bundle(person(), breast(), condition(code)))
    assert "fhir.codes-contradict" in codes(record)
    assert record.patient is None


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ({"value": 12.4}, "fhir.unit-missing"),
        ({"value": 12.4, "unit": "furlong"}, "fhir.unit-unknown"),
        ({"value": 12.4, "system": UCUM, "code": "mg/dL", "unit": "mmol/L"}, "fhir.unit-contradiction"),
        ({"value": 12.4, "system": UCUM, "code": "mmol/L"}, "value.implausible"),
        ({"value": -1, "unit": "mg/dL"}, "value.negative"),
        ({"value": 12.4, "unit": "g/L"}, "value.unit"),
        ({"value": "12,400", "unit": "mg/dL"}, "fhir.value"),
        ({"value": "about 12", "unit": "mg/dL"}, "fhir.value"),
        ({"value": 10**400, "unit": "mg/dL"}, "fhir.value"),
        ({"unit": "mg/dL"}, "fhir.value"),
        ({"value": 12.4, "unit": "mg/dL", "comparator": "~"}, "fhir.value"),
    ],
)
def test_a_value_without_a_unit_that_holds_is_rejected(quantity: dict, code: str) -> None:
    record = with_cancer(lab("17861-6", 0, valueQuantity=quantity))
    assert code in {one.code for one in record.rejected}
    assert record.patient is not None
    assert record.patient.observations == ()


def test_a_mass_code_with_a_molar_unit_is_used_and_told() -> None:
    record = with_cancer(lab("17861-6", 3.1, "mmol/L"))
    assert "fhir.unit-of-code" in codes(record)
    assert record.patient is not None
    assert record.patient.observations[0].value == 3.1


def test_contradicting_values_of_a_day_are_both_listed_and_the_worse_one_taken() -> None:
    record = with_cancer(
        lab("17861-6", 9.5, "mg/dL"), lab("17861-6", 13.9, "mg/dL"), lab("29463-7", 60, "kg"), lab("29463-7", 90, "kg")
    )
    assert "fhir.value-contradiction" in codes(record)
    assert [one.value for one in record.used if one.name == "calcium"] == ["9.5", "13.9"]
    assert record.patient is not None
    assert [one.given for one in record.patient.observations] == ["13.9 mg/dL"]
    assert record.patient.weight_kg == 60.0


def test_the_same_value_twice_is_one() -> None:
    record = with_cancer(lab("17861-6", 9.5, "mg/dL", id="a"), lab("17861-6", 9.5, "mg/dL", id="b"))
    assert "fhir.duplicate" in codes(record)
    assert record.patient is not None
    assert len(record.patient.observations) == 1


def test_karnofsky_is_kept_and_not_turned_into_ecog() -> None:
    karnofsky = lab("89243-0", 0, valueInteger=60)
    del karnofsky["valueQuantity"]
    record = with_cancer(karnofsky)
    assert record.facts("karnofsky")[0].value == 60.0
    assert record.patient is not None
    assert record.patient.ecog is None


def test_symptoms_by_code_by_text_by_answer_and_denied() -> None:
    numb = {"resourceType": "Observation", "status": "final", "subject": SUBJECT, "effectiveDateTime": "2026-03-02"}
    record = with_cancer(
        condition(coded(SCT, "267064002", "Retention of urine")),
        condition({"text": "Leg weakness"}),
        condition(coded(ICD, "R26.81", "Unsteady gait")),
        {**numb, "code": coded(SCT, "44077006", "Numbness"), "valueBoolean": False},
        {**numb, "code": coded(LOINC, "75325-1", "Symptom"), "valueCodeableConcept": {"text": "Confusion"}},
        condition({"text": "No bladder dysfunction"}),
    )
    said = {fact.name: fact.value for fact in record.extra}
    assert said["urinary-retention"] is said["muscle-weakness"] is said["gait-disturbance"] is said["confusion"] is True
    assert said["numbness"] is False
    assert "urinary-incontinence" not in said


def test_radiotherapy_with_dose_in_cgy_and_volume() -> None:
    dose = {
        "url": f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume",
        "extension": [
            {"url": "volume", "valueReference": {"reference": "BodyStructure/v"}},
            {"url": "totalDoseDelivered", "valueQuantity": {"value": 800, "system": UCUM, "code": "cGy"}},
            {"url": "fractionsDelivered", "valueUnsignedInt": 1},
        ],
    }
    course = {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": SUBJECT,
        "code": coded(SCT, "1217123003", "Radiotherapy Course of Treatment (regime/therapy)"),
        "performedPeriod": {"start": "2025-03-01", "end": "2025-03-01"},
        "extension": [dose],
    }
    volume = {"resourceType": "BodyStructure", "id": "v", "location": coded(SCT, "33766003", "Ninth thoracic vertebra")}
    record = read(bundle(person(), breast(), bone(coded(SCT, "33766003")), course, volume))
    assert record.facts("radiotherapy-dose")[0].value == pytest.approx(8.0)
    assert record.facts("radiotherapy-fractions")[0].value == 1
    assert record.patient is not None
    assert record.patient.lesions[0].irradiated == dt.date(2025, 3, 1)
    assert [event.site.name for event in record.patient.events if event.site] == ["T9"]


def test_doses_given_stand_before_orders_and_contained_drugs_are_found() -> None:
    inside = {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "993449", "denosumab")}
    days = ("2026-01-01", "2026-01-29", "2026-02-26")
    given = [
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "contained": [inside],
            "medicationReference": {"reference": "#m"},
            "subject": SUBJECT,
            "effectiveDateTime": day,
            "dosage": {"dose": {"value": 120, "unit": "mg"}},
        }
        for day in days
    ]
    order = drug("MedicationRequest", coded(RXNORM, "993449", "denosumab"), authoredOn="2025-12-20")
    record = with_cancer(*given, order)
    assert record.patient is not None
    (course,) = record.patient.drug_history
    assert (course.dose_mg, course.interval_days) == (120.0, 28.0)
    assert (course.started, course.stopped) == (dt.date(2026, 1, 1), dt.date(2026, 2, 26))


def test_what_did_not_happen_is_not_used() -> None:
    zoledronate = coded(RXNORM, "77655", "zoledronic acid")
    record = with_cancer(
        lab("17861-6", 13.0, "mg/dL", status="entered-in-error"),
        drug("MedicationStatement", zoledronate, status="not-taken", effectiveDateTime="2026-01-01"),
        drug("MedicationRequest", zoledronate, intent="proposal", authoredOn="2026-01-01"),
        drug("MedicationRequest", zoledronate, doNotPerform=True, authoredOn="2026-01-01"),
        lab("17861-6", 13.5, "mg/dL", modifierExtension=[{"url": "http://example.org/not"}]),
        condition(coded(SCT, "71286001", "Spinal cord compression"), verificationStatus=coded("x", "refuted")),
        lab("17861-6", 13.6, "mg/dL", subject={"reference": "Patient/other"}),
        {"resourceType": "FamilyMemberHistory", "condition": [{"code": coded(SCT, "254837009")}]},
        {"resourceType": "AllergyIntolerance", "code": zoledronate},
    )
    assert record.patient is not None
    assert (record.patient.observations, record.patient.events, record.patient.drug_history) == ((), (), ())
    assert {"fhir.status", "fhir.modifier", "fhir.other-patient", "fhir.type-ignored"} <= codes(record)


def test_r5_and_stu3_shapes_are_named_and_read() -> None:
    r5 = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medication": {"concept": coded(RXNORM, "993449", "denosumab")},
        "subject": SUBJECT,
        "authoredOn": "2026-01-01",
    }
    record = with_cancer(r5)
    assert record.version == "R5"
    assert "fhir.version" in codes(record)
    assert record.facts("ordered-denosumab")
    assert with_cancer(breast() | {"clinicalStatus": "active"}).version == "STU3"


def test_html_in_names_stays_text() -> None:
    statement = drug(
        "MedicationStatement", coded(RXNORM, "0", "<script>alert(1)</script> letrozole"), effectiveDateTime="2026-01-01"
    )
    record = read(bundle(person(name=[{"text": "<b>A</b>"}]), breast(), bone(), statement))
    assert record.patient is not None
    assert record.patient.lines[0].name == "<script>alert(1)</script> letrozole"


def test_displays_of_our_own_code_lists_agree_with_their_codes() -> None:
    from osteocast.domain.table import read_table

    wrong = [
        (system, code, row[2])
        for system in ("snomed", "loinc", "icd10cm", "rxnorm")
        for code, row in read_table(f"codes/{system}")["codes"].items()
        if not agrees(row[0], row[2]) or row[1] not in ("T", "U", "M") or concept(row[0]).name != row[0]
    ]
    assert wrong == []
