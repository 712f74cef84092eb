"""Corrected calcium, creatinine clearance and the facts of quantities."""

import datetime as dt

import pytest

from osteocast.domain.laboratory import calcium_readings, corrected_calcium, creatinine_clearance, patient_clearance
from osteocast.domain.observation import QUANTITIES, Observation
from osteocast.domain.patient import Patient, PrimaryTumour
from osteocast.domain.quantity import quantity_facts
from osteocast.foundation.units import convert


def seen(quantity, value, day, censoring="="):
    return Observation(quantity, value, quantity_facts(quantity).unit, dt.date(2026, 1, day), censoring)


def person(*observations, weight_kg=70.0, sex="male", age_years=70.0):
    return Patient(age_years, sex, PrimaryTumour("breast"), weight_kg=weight_kg, observations=observations)


def test_corrected_calcium_in_both_systems_of_units():
    # The label writes Ca + 0.8 (4.0 - albumin) in mg/dL and g/dL.
    label = 9.0 + 0.8 * (4.0 - 2.5)
    ours = corrected_calcium(convert(9.0, "mg/dL", "mmol/L", "calcium"), 25.0)
    assert convert(ours, "mmol/L", "mg/dL", "calcium") == pytest.approx(label, rel=2e-3)
    assert corrected_calcium(2.4, 40.0) == 2.4


def test_cockcroft_gault():
    assert creatinine_clearance(40, 72, "male", 88.4) == pytest.approx(100)
    assert creatinine_clearance(40, 72, "female", 88.4) == pytest.approx(85)


def test_clearance_is_unknown_without_weight_or_exact_creatinine():
    assert patient_clearance(person(seen("creatinine", 100.0, 3), weight_kg=None)) is None
    assert patient_clearance(person()) is None
    assert patient_clearance(person(seen("creatinine", 30.0, 3, "<"))) is None
    both = person(seen("creatinine", 90.0, 2), seen("creatinine", 180.0, 5))
    assert patient_clearance(both) == pytest.approx(creatinine_clearance(70, 70, "male", 180.0))


def test_calcium_is_corrected_by_the_albumin_nearest_in_time():
    readings = calcium_readings(
        person(seen("albumin", 30.0, 1), seen("albumin", 40.0, 20), seen("calcium", 2.4, 3), seen("calcium", 2.4, 19))
    )
    assert [one.value for one in readings] == pytest.approx([2.6, 2.4])
    assert [one.basis for one in readings] == ["albumin", "albumin"]


def test_calcium_without_albumin_near_is_left_and_said_so():
    far = calcium_readings(person(seen("albumin", 20.0, 1), seen("calcium", 2.4, 28)))
    assert (far[0].value, far[0].basis) == (2.4, "uncorrected")
    corrected_by_laboratory = calcium_readings(person(seen("calcium", 2.2, 5), seen("corrected-calcium", 2.5, 5)))
    assert [(one.value, one.basis) for one in corrected_by_laboratory] == [(2.5, "laboratory")]


@pytest.mark.parametrize("name", QUANTITIES)
def test_facts_of_every_quantity_hang_together(name):
    facts = quantity_facts(name)
    assert facts.unit in facts.units
    low, high = facts.plausible
    assert facts.reference is not None
    assert low <= facts.reference[0] <= facts.reference[1] <= high
    assert facts.assay is not None
    assert facts.assay.value > 0
    for unit in facts.units:
        if unit != facts.unit:
            assert convert(
                convert(1.0, unit, facts.unit, facts.substance), facts.unit, unit, facts.substance
            ) == pytest.approx(1)
    assert set(facts.spellings.values()) <= set(facts.units)


def test_assay_spreads_that_inference_relies_on():
    assert quantity_facts("uNTx").assay.value == pytest.approx(0.25)
    assert quantity_facts("calcium").assay.value == pytest.approx(0.02)
