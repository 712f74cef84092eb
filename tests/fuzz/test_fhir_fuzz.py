"""Mutated FHIR records: each is read or refused with codes, never anything else."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from tests.unit.fhir.records import (
    LOINC,
    RXNORM,
    SCT,
    bone,
    breast,
    bundle,
    coded,
    drug,
    lab,
    person,
    read,
    sided,
)

from osteocast.formats.fhir_patient import patient_file_text
from osteocast.foundation.errors import InputError

SEED, MUTANTS = 20_261_128, 2_000
WEIRD: list[Any] = [
    None, True, False, 0, -1, 2**70, 10**400, 1e308, "", " ", "x" * 5000, {"coding": [{}]}, "\x07\u202e", "\ud800",
    "2026-02-30", "9999-12-31", "<script>", "mg/dL", "94222008", SCT, LOINC, [], {}, [[]], [{}], [None], {"value": 1},
    {"reference": "#x"}, {"reference": 3}, [{"url": "volume", "valueReference": {"reference": "Patient/p"}}],
]  # fmt: skip


def full_record() -> dict[str, Any]:
    femur = sided(coded(SCT, "29627003", "Structure of neck of femur"), "left")
    dosage = [
        {
            "timing": {"repeat": {"frequency": 1, "period": 12, "periodUnit": "wk"}},
            "doseAndRate": [{"doseQuantity": {"value": 4, "unit": "mg"}}],
        }
    ]
    radiotherapy = {
        "resourceType": "Procedure", "id": "rt", "status": "completed", "subject": {"reference": "Patient/p"},
        "code": coded(SCT, "53438000"), "performedDateTime": "2025-06-01", "bodySite": [coded(SCT, "33766003")],
    }  # fmt: skip
    return bundle(
        person(), breast(), bone(femur, coded(SCT, "33766003")), radiotherapy,
        lab("17861-6", 12.4, "mg/dL", id="ca", referenceRange=[{"low": {"value": 8.5, "unit": "mg/dL"}}]),
        lab("29463-7", 60, "kg"), lab("89247-1", 2, "{score}"), lab("6768-6", 240, "U/L"),
        drug("MedicationRequest", coded(RXNORM, "77655"), authoredOn="2025-12-01", dosageInstruction=dosage),
        drug("MedicationStatement", coded(RXNORM, "1163195"), effectivePeriod={"start": "2024-01-01", "end": "2025"}),
    )  # fmt: skip


def nodes(node: Any, found: list[Any]) -> list[Any]:
    if isinstance(node, dict | list):
        found.append(node)
        for child in node.values() if isinstance(node, dict) else node:
            nodes(child, found)
    return found


def mutate(document: dict[str, Any], rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        node = rng.choice([one for one in nodes(document, []) if one])
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        action = rng.choice(("drop", "retype", "retype", "swap", "wrap", "repeat"))
        if action == "drop":
            del node[key]
        elif action == "retype":
            node[key] = copy.deepcopy(rng.choice(WEIRD))
        elif action == "swap":
            other = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            node[key], node[other] = node[other], node[key]
        elif action == "wrap":
            node[key] = [node[key]] if rng.random() < 0.5 else {"coding": node[key]}
        elif isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
    text = json.dumps(document)
    return text[: rng.randrange(len(text))] if rng.random() < 0.05 else text


@pytest.mark.parametrize("part", range(10))
def test_mutated_records_give_codes_and_nothing_else(part: int) -> None:
    original, patients, refused = full_record(), 0, []
    for number in range(MUTANTS // 10):
        rng = random.Random(SEED + part * MUTANTS + number)
        text = mutate(copy.deepcopy(original), rng)
        try:
            record = read(text)
        except InputError as error:
            refused += [one.code.partition(".")[0] for one in error.issues]
            continue
        assert (record.patient is None) == bool(record.errors)
        assert all(one.code and one.done for one in record.warnings)
        if record.patient is not None:
            patients += 1
            patient_file_text(record.patient).encode()
    assert patients > 40
    assert set(refused) <= {"file"}
    assert len(refused) < 40
