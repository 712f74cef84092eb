"""Records for the tests of assessments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.unit.fhir.records import (
    RXNORM,
    SCT,
    TODAY,
    bone,
    breast,
    bundle,
    coded,
    condition,
    drug,
    lab,
    person,
    read,
    sided,
)

from osteocast.clinical.assessment import Assessment, assess
from osteocast.domain.observation import Observation
from osteocast.domain.patient import EarlierCourse, Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site

DAY = dt.date(2026, 3, 2)
DOSAGE = [{"doseAndRate": [{"doseQuantity": {"value": 4, "unit": "mg", "code": "mg"}}]}]
NEUROLOGY = (
    "muscle weakness",
    "numbness",
    "urinary retention",
    "faecal incontinence",
    "unsteady gait",
    "radicular pain",
)
SPINAL = ("back pain at night", "back pain on coughing", "progressive back pain", "spinal tenderness")


def symptom(text: str, **more: Any) -> dict[str, Any]:
    return condition({"text": text}, **more)


def absent(text: str) -> dict[str, Any]:
    head = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"}}
    return {**head, "code": {"text": text}, "valueBoolean": False, "effectiveDateTime": "2026-03-02"}


def hypercalcaemic() -> dict[str, Any]:
    """Our own copy of the facts of the synthetic bundle."""
    femur = sided(coded(SCT, "71341001", "Bone structure of femur"), "left")
    upper = {"referenceRange": [{"high": {"value": 10.5, "unit": "mg/dL", "code": "mg/dL"}}]}
    return bundle(
        person(), breast(), bone(coded(SCT, "33766003"), femur),
        lab("17861-6", 12.4, "mg/dL", **upper), lab("1751-7", 2.8, "g/dL"), lab("2160-0", 1.4, "mg/dL"),
        lab("29463-7", 60, "kg"), lab("72514-3", 8, "{score}"),
        drug("MedicationRequest", coded(RXNORM, "77655", "zoledronic acid"), authoredOn="2025-12-01",
             intent="order", dosageInstruction=DOSAGE),
    )  # fmt: skip


def of(*resources: dict[str, Any], **more: Any) -> Assessment:
    return assess(read(bundle(*resources)), today=TODAY, **more)


def with_bone(*resources: dict[str, Any], **more: Any) -> Assessment:
    return of(person(), breast(), bone(), *resources, **more)


def patient(*lesions: Lesion, **more: Any) -> Patient:
    start: dict[str, Any] = {"age_years": 60.0, "sex": "female", "primary": PrimaryTumour("breast"), "assessed": DAY}
    return Patient(**{**start, "lesions": lesions, **more})


def lesion(name: str, **more: Any) -> Lesion:
    return Lesion(site(name), **more)


def measured(quantity: Any, given: str, value: float, unit: str, day: dt.date = DAY) -> Observation:
    return Observation(quantity, value, unit, day, given=given)


def course(name: str, **more: Any) -> EarlierCourse:
    return EarlierCourse(name, **{"started": dt.date(2025, 6, 1), **more})
