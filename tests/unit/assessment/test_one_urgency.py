"""The urgency instrument and an assessment stand on one table and say the same of the same facts."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

import osteocast
from osteocast.clinical.assessment import assess
from osteocast.domain.emergencies import URGENT
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.site import site
from osteocast.domain.table import read_table
from osteocast.forecasting.applicability import emergencies_and_limits
from osteocast.formats.assessment_rules import finding_rules, urgency_rules
from osteocast.formats.fields import parse_measure
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


@pytest.mark.parametrize(
    ("quantity", "unit", "numbers"),
    [
        ("corrected-calcium", "mmol/L", [2.4, 2.9, 2.99, 3.0, 3.1, 3.3, 3.4, 3.41, 3.5, 3.6, 4.2]),
        ("corrected-calcium", "mg/dL", [10.5, 11.9, 11.99, 12.0, 12.1, 13.5, 13.51, 13.9, 14.0, 15.0]),
        ("calcium", "mg/dL", [11.9, 12.0, 13.5, 13.6, 14.0]),
        ("ionised-calcium", "mmol/L", [1.3, 1.55, 1.59, 1.6, 1.7, 1.8, 1.81, 2.0]),
    ],
)
def test_a_forecast_says_the_level_of_an_assessment(quantity: Any, unit: str, numbers: list[float]) -> None:
    for number, sign in itertools.product(numbers, ("=", ">", "<")):
        given = f"{sign.strip('=')}{number} {unit}"
        seen = Observation(quantity, parse_measure(given, quantity).value, "mmol/L", DAY, sign, given)
        patient = Patient(60.0, "female", PrimaryTumour("breast"), assessed=DAY, observations=(seen,))
        assessed = assess(patient, today=DAY).level
        said = [one.level.upper() for one in emergencies_and_limits(patient)]
        assert said == ([assessed] if assessed in ("EMERGENCY", "SAME DAY") else []), given


def test_levels_of_a_forecast_stand_in_the_table() -> None:
    table = urgency_rules()
    assert tuple(one.name.lower() for one in table.levels)[: len(URGENT)] == URGENT
    assert {table.rules[name].level for name in ("cord.imaging", "cord.recorded")} == {"EMERGENCY"}
    assert {read_table("applicability")[name]["level"] for name in ("epidural", "cord_event")} == {"emergency"}


def test_the_instrument_holds_no_condition_and_no_level_of_its_own() -> None:
    entry, table = instrument("urgency"), urgency_rules()
    met = [entry.outputs[name] for name in entry.outputs["urgency"].level_of]
    assert all(one.triggers_of and not one.rules for one in met)
    asked = {one.triggers_of for one in met}
    names = {trigger.id for group in asked for name in group for trigger in finding_rules()[name].triggers}
    assert names <= set(table.rules)
    words = {one.name for one in table.levels} | {"ROUTINE"}
    given = {str(rule.gives) for output in entry.outputs.values() for rule in output.rules}
    assert not words & given


def test_nothing_recorded_is_called_no_listed_trigger_by_both() -> None:
    assert levels_of(None, (), None) == ("NO LISTED TRIGGER", "NO LISTED TRIGGER")
