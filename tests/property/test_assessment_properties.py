"""What must hold of every assessment: red flags only raise, unknown stays unknown, units change nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteocast.clinical.assessment import Assessment, assess
from osteocast.clinical.findings import levels
from osteocast.domain.observation import Observation
from osteocast.domain.patient import ESCC_GRADES, EarlierCourse, Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.forecasting.applicability import emergencies_and_limits
from osteocast.formats.assessment_rules import urgency_rules

DAY = dt.date(2026, 3, 2)
NAMED = {name for one in urgency_rules().red_flags for name in one.facts if "." not in name}
FLAGS = sorted(NAMED - {"pathological-fracture"})
OTHERS = [
    "back-pain",
    "bone-pain",
    "thigh-pain",
    "dental-infection",
    "constipation",
    "thirst",
    "dialysis",
    "spinal-claudication",
]
PAIN = st.none() | st.integers(0, 10).map(float)


def observations() -> st.SearchStrategy[tuple[Observation, ...]]:
    calcium = st.floats(1.2, 5.0).map(lambda v: Observation("calcium", round(v, 2), "mmol/L", DAY))
    albumin = st.floats(15.0, 50.0).map(lambda v: Observation("albumin", round(v), "g/L", DAY))
    creatinine = st.floats(40.0, 500.0).map(lambda v: Observation("creatinine", round(v), "umol/L", DAY))
    each = [st.none() | one for one in (calcium, albumin, creatinine)]
    return st.tuples(*each).map(lambda found: tuple(one for one in found if one is not None))


@st.composite
def lesions(draw: st.DrawFn) -> Lesion:
    place = site(draw(st.sampled_from(["T8", "L3", "femur-left-trochanteric", "femur-right-head-neck", "rib-left-4"])))
    spine = place.is_vertebra
    return Lesion(
        place,
        kind=draw(st.sampled_from([None, "lytic", "mixed", "sclerotic"])),
        cortical_involvement=draw(st.none() | st.floats(0, 1)),
        pain_at_rest=draw(PAIN),
        pain_on_loading=draw(PAIN),
        collapse_percent=draw(st.none() | st.integers(0, 100).map(float)) if spine else None,
        epidural_grade=draw(st.none() | st.sampled_from(ESCC_GRADES)) if spine else None,
    )


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    return Patient(
        age_years=float(draw(st.integers(20, 95))),
        sex="female",
        primary=PrimaryTumour(draw(st.sampled_from(["breast", "lung", "myeloma", "unknown"]))),
        weight_kg=draw(st.none() | st.integers(40, 120).map(float)),
        assessed=DAY,
        visceral_metastases=draw(st.sampled_from([None, True, False])),
        lesions=tuple(draw(st.lists(lesions(), max_size=2, unique_by=lambda one: one.site.name))),
        drug_history=tuple(
            EarlierCourse(name, dose_mg=4.0 if name == "zoledronate" else 120.0, started=dt.date(2025, 1, 1))
            for name in draw(st.sets(st.sampled_from(["zoledronate", "denosumab"]), max_size=2))
        ),
        observations=draw(observations()),
    )


def said() -> st.SearchStrategy[dict[str, bool]]:
    return st.dictionaries(st.sampled_from([*FLAGS, *OTHERS]), st.booleans(), max_size=6)


def gravity(found: Assessment) -> int:
    return -levels().index(found.level)


@settings(max_examples=40, deadline=None)
@given(patients(), said(), st.sampled_from([*FLAGS, *OTHERS]))
def test_adding_a_red_flag_never_lowers_the_urgency(patient: Patient, findings: dict[str, bool], flag: str) -> None:
    before = assess(patient, today=DAY, findings={k: v for k, v in findings.items() if k != flag})
    after = assess(patient, today=DAY, findings={**findings, flag: True})
    assert gravity(after) >= gravity(before)


@settings(max_examples=40, deadline=None)
@given(patients(), said(), st.data())
def test_removing_information_never_makes_an_unknown_a_no(
    patient: Patient, findings: dict[str, bool], data: st.DataObject
) -> None:
    names = ["weight_kg", "visceral_metastases", "lesions", "observations", "drug_history", "findings"]
    gone = data.draw(st.sets(st.sampled_from(names), min_size=1))
    empty = {"weight_kg": None, "visceral_metastases": None, "lesions": (), "observations": (), "drug_history": ()}
    less = dataclasses.replace(patient, **{name: empty[name] for name in gone if name != "findings"})
    before = assess(patient, today=DAY, findings=findings)
    after = assess(less, today=DAY, findings={} if "findings" in gone else findings)
    derived = ("ctcae-", "renal.", "axial.")  # grades and criteria of an instrument, not facts of the person
    for name, one in after.known.items():
        if one.possible.value is False and not name.startswith(("record.", *derived)):
            assert name in before.known
            assert before.known[name].possible.value is False
    assert set(before.urgency.not_recorded) <= set(after.urgency.not_recorded)
    absent = {text for one in after.findings for text in one.against}
    known_absent = {text for one in before.findings for text in one.against}
    shared = {one.name for one in after.findings} & {one.name for one in before.findings}
    if shared == {one.name for one in after.findings}:
        assert absent <= known_absent


@settings(max_examples=40, deadline=None)
@given(patients(), said())
def test_what_the_forecast_puts_first_is_urgent(patient: Patient, findings: dict[str, bool]) -> None:
    level = assess(patient, today=DAY, findings=findings).level
    for one in emergencies_and_limits(patient):
        if one.level == "emergency":
            # calcium from 3.0 mmol/L is given the same day at least, see docs/assess.md
            assert level in (("EMERGENCY", "SAME DAY") if one.about == "calcium" else ("EMERGENCY",))


# CTCAE's own limits differ by unit by up to 0.13 mg/dL; values in between are left out.
CALCIUM = st.sampled_from([1.4, 1.6, 1.9, 2.1, 2.3, 2.5, 2.7, 2.8, 2.95, 3.05, 3.3, 3.6, 4.2])


@settings(max_examples=50, deadline=None)
@given(CALCIUM, st.none() | st.integers(20, 48), st.integers(50, 400), st.integers(40, 110))
def test_units_change_nothing(calcium: float, albumin: int | None, creatinine: int, weight: int) -> None:
    def with_units(conventional: bool) -> Assessment:
        mg = calcium * 4.0078
        texts = {
            "calcium": (f"{mg:.4f} mg/dL" if conventional else f"{calcium} mmol/L", calcium, "mmol/L"),
            "creatinine": (
                f"{creatinine / 88.4!r} mg/dL" if conventional else f"{creatinine} umol/L",
                creatinine,
                "umol/L",
            ),
        }
        if albumin is not None:
            texts["albumin"] = (f"{albumin / 10} g/dL" if conventional else f"{albumin} g/L", albumin, "g/L")
        seen = tuple(Observation(name, float(v), unit, DAY, given=text) for name, (text, v, unit) in texts.items())
        course = EarlierCourse("zoledronate", dose_mg=4.0, started=dt.date(2025, 1, 1))
        patient = Patient(60.0, "female", PrimaryTumour("breast"), weight_kg=float(weight), assessed=DAY,
                          drug_history=(course,), observations=seen)  # fmt: skip
        return assess(patient, today=DAY)

    one, other = with_units(True), with_units(False)
    converted = one.known["calcium.converted"].possible.value
    assert converted == pytest.approx(other.known["calcium.converted"].possible.value, abs=0.02)
    near = [2.0, 1.75, 1.5, 2.15, 2.6, 2.9, 3.0, 3.1, 3.4, 3.5]
    if all(abs(converted - limit) > 0.05 for limit in near):
        assert [f.rule for f in one.findings] == [f.rule for f in other.findings]
        assert one.level == other.level
    clearances = [found.score("zoledronate-dose").values["crcl_ml_min"] for found in (one, other)]
    assert clearances[0] == pytest.approx(clearances[1])
