"""Mutated records: each is assessed or refused with codes, never anything else."""

from __future__ import annotations

import copy
import json
import random

import jsonschema
import pytest
from tests.fuzz.test_fhir_fuzz import full_record, mutate
from tests.unit.assessment.cases import absent, hypercalcaemic, symptom
from tests.unit.fhir.records import TODAY, read

from osteocast.assess_command import result_json
from osteocast.clinical.assessment import assess
from osteocast.clinical.assessment_fhir import cards_of, fhir_of
from osteocast.formats.schema import schemas
from osteocast.foundation.errors import InputError
from osteocast.report.assessment_text import LINES, assessment_terminal, assessment_text

SEED, MUTANTS = 20_261_129, 200


@pytest.mark.parametrize("start", ["full", "calcium"])
def test_mutated_records_are_assessed_or_refused(start: str) -> None:
    rng = random.Random(SEED)
    document = full_record() if start == "full" else hypercalcaemic()
    document["entry"] += [{"resource": symptom("leg weakness")}, {"resource": absent("numbness")}]
    validator = jsonschema.Draft202012Validator(schemas()["assessment.schema.json"])
    assessed = 0
    for _ in range(MUTANTS):
        text = mutate(copy.deepcopy(document), rng)
        try:
            found = assess(read(text), today=TODAY)
        except InputError:
            continue
        assessed += 1
        result = found.to_dict()
        validator.validate(result)
        json.loads(result_json(result))
        lines = assessment_terminal(result).split("\n")
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= 80
        assert "\x1b" not in assessment_text(result)
        assert len(cards_of(found)["cards"]) - len(found.findings) in (0, 1)
        assert fhir_of(found)["resourceType"] == "Bundle"
    assert assessed > MUTANTS // 4
