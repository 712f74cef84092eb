"""The urgency instrument and an assessment stand on one table and say the same of the same facts."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

import osteocast
from osteocast.clinical.assessment import assess
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.site import site
from osteocast.formats.assessment_rules import finding_rules, urgency_rules
from osteocast.formats.instrument_file import instrument

DAY = dt.date(2026, 3, 2)
FACTS = {
    "limb weakness": "muscle-weakness",
    "gait disturbance": "gait-disturbance",
    "bladder dysfunction": "urinary-retention",
    "bowel dysfunction": "faecal-incontinence",
    "sensory loss": "numbness",
    "radicular pain": "radicular-pain",
    "neurological signs": "cord-signs",
    "night spinal pain": "night-back-pain",
    "pain on straining": "back-pain-on-straining",
    "unremitting spinal pain": "unremitting-back-pain",
    "progressive spinal pain": "progressive-back-pain",
    "mechanical spinal pain": "mechanical-back-pain",
    "spinal tenderness": "spinal-tenderness",
    "claudication": "spinal-claudication",
    "confusion": "confusion",
    "arrhythmia": "arrhythmia",
    "coma": "coma",
    "constipation": "constipation",
    "lethargy": "fatigue",
    "thirst": "thirst",
    "polyuria": "polyuria",
}
CALCIUM = (None, 1.4, 1.7, 1.9, 2.05, 2.4, 2.7, 2.95, 3.05, 3.2, 3.45, 3.6)


def levels_of(calcium: float | None, symptoms: tuple[str, ...], pain: int | None) -> tuple[str, str]:
    low, high = quantity_facts("corrected-calcium").reference or (0.0, 0.0)
    seen = () if calcium is None else (Observation("corrected-calcium", calcium, "mmol/L", DAY),)
    lesions = () if pain is None else (Lesion(site("rib-left-4"), pain_at_rest=float(pain)),)
    patient = Patient(60.0, "female", PrimaryTumour("breast"), assessed=DAY, observations=seen, lesions=lesions)
    items: dict[str, object] = {"symptoms": list(symptoms), "worst_pain": pain, "neuro": None}
    if calcium is not None:
        items |= {"corrected_ca_mmol_l": calcium, "uln": high, "lln": low}
    scored = osteocast.score("urgency", unchecked=True, **items).values["urgency"]
    return str(scored), assess(patient, today=DAY, findings={FACTS[one]: True for one in symptoms}).level


@pytest.mark.parametrize("calcium", CALCIUM)
def test_the_same_facts_have_the_same_level(calcium: float | None) -> None:
    for symptom, pain in itertools.product((None, *FACTS), (None, 3, 8)):
        scored, assessed = levels_of(calcium, (symptom,) if symptom else (), pain)
        assert scored == assessed, (calcium, symptom, pain)


def test_the_instrument_names_rules_of_the_table_and_holds_no_level_of_its_own() -> None:
    entry, table = instrument("urgency"), urgency_rules()
    named = entry.outputs["urgency"].level_of
    met = {rule.gives for name in named for rule in entry.outputs[name].rules} - {""}
    assert met <= set(table.rules)
    assert met <= {trigger.id for one in finding_rules().values() for trigger in one.triggers}
    words = {one.name for one in table.levels} | {"ROUTINE"}
    given = {str(rule.gives) for output in entry.outputs.values() for rule in output.rules}
    assert not words & given


def test_nothing_recorded_is_called_no_listed_trigger_by_both() -> None:
    assert levels_of(None, (), None) == ("NO LISTED TRIGGER", "NO LISTED TRIGGER")
