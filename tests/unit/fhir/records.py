"""Small FHIR records for the tests."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

from osteocast.formats.fhir_json import parse
from osteocast.formats.fhir_reader import record_of
from osteocast.formats.fhir_record import FhirRecord

TODAY = dt.date(2026, 6, 1)
SCT, LOINC, ICD = "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM, UCUM = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://unitsofmeasure.org"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
SUBJECT = {"reference": "Patient/p"}


def coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def person(**changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-05-01", **changes}


def condition(code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": code, "subject": SUBJECT, "onsetDateTime": "2025-01-10", **more}


def breast() -> dict[str, Any]:
    return condition(coded(SCT, "254837009", "Malignant neoplasm of breast (disorder)"), onsetDateTime="2021-02-01")


def bone(*sites: dict[str, Any], **more: Any) -> dict[str, Any]:
    code = coded(SCT, "94222008", "Secondary malignant neoplasm of bone (disorder)")
    return condition(code, **({"bodySite": list(sites)} if sites else {}), **more)


def sided(code: dict[str, Any], side: str) -> dict[str, Any]:
    value = coded(SCT, {"left": "7771000", "right": "24028007"}[side], side.capitalize())
    return {**code, "extension": [{"url": f"{MCODE}mcode-laterality-qualifier", "valueCodeableConcept": value}]}


def lab(code: str, value: Any, unit: str = "", display: str = "", **more: Any) -> dict[str, Any]:
    quantity = {"value": value, **({"unit": unit, "system": UCUM, "code": unit} if unit else {})}
    content = {"valueQuantity": quantity, "effectiveDateTime": "2026-03-02T08:00:00Z", **more}
    head = {"resourceType": "Observation", "status": "final", "subject": SUBJECT}
    return {**head, "code": coded(LOINC, code, display), **content}


def drug(kind: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "status": "active", "medicationCodeableConcept": code, "subject": SUBJECT, **more}


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = [{"resource": copy.deepcopy(one)} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def read(document: Any) -> FhirRecord:
    text = document if isinstance(document, str) else json.dumps(document)
    return record_of([("", parse(text, "record.json"))], "record.json", TODAY)


def with_cancer(*resources: dict[str, Any]) -> FhirRecord:
    return read(bundle(person(), breast(), bone(), *resources))


def codes(record: FhirRecord) -> set[str]:
    return {one.code for one in record.warnings}
