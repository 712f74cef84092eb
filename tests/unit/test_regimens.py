"""Regimens: read from data, adjusted to the kidney, combined, and refused where wrong."""

import datetime as dt
import itertools
from pathlib import Path

import pytest

from osteocast.domain.eligibility import eligibility
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.formats.drug_file import builtin_drug, builtin_drugs
from osteocast.formats.patient_file import patient_from_mapping, read_patient
from osteocast.formats.regimen_file import (
    builtin_regimens,
    check_for_patient,
    eligible_regimens,
    read_regimen,
    regimen_from_mapping,
)
from osteocast.foundation.errors import InputError

EXAMPLES = Path(__file__).parents[2] / "examples"
NOBODY = Patient(60, "female", PrimaryTumour("breast"))


def patient_with(clearance=None, calcium=None, **fields):
    """Return a patient of 40 years and 72 kg, so that clearance is 8840 over creatinine in umol/L."""
    observations = []
    if clearance is not None:
        observations.append({"quantity": "creatinine", "value": f"{8840 / clearance!r} umol/L", "date": "2026-01-05"})
    if calcium is not None:
        observations.append({"quantity": "corrected-calcium", "value": f"{calcium} mmol/L", "date": "2026-01-05"})
    base = {"age_years": 40, "sex": "male", "weight": "72 kg", "primary": {"origin": "lung"}}
    return patient_from_mapping({**base, "observations": observations, **fields})


def refused(name):
    with pytest.raises(InputError) as caught:
        read_regimen(name)
    assert caught.value.exit_code == 2
    return [issue.code for issue in caught.value.issues]


def problems(raw):
    with pytest.raises(InputError) as caught:
        regimen_from_mapping({"title": "A regimen", **raw}, "mine.toml")
    return {(issue.code, issue.place.removeprefix("mine.toml: ")) for issue in caught.value.issues}


def course(**fields):
    return {"courses": [{"drug": "zoledronate", "dose": "4 mg", "interval": "4 weeks", **fields}]}


def test_built_in_regimens_and_drugs():
    assert {"supportive-care", "zoledronate-q3w", "zoledronate-q4w", "zoledronate-q12w", "denosumab-q4w",
            "denosumab-q12w", "pamidronate-q4w", "radiotherapy-8gy", "rod"} <= set(builtin_regimens())  # fmt: skip
    assert builtin_drugs() == (
        "clodronate-oral", "denosumab", "ibandronate", "ibandronate-oral", "pamidronate", "zoledronate",
    )  # fmt: skip
    for name in builtin_drugs():
        low, high = builtin_drug(name).plausible_dose_mg
        assert 0 < low < high < 5000


@pytest.mark.parametrize(
    ("name", "interval", "amount"),
    [("zoledronate-q3w", 21, 4), ("zoledronate-q12w", 84, 4), ("denosumab-q4w", 28, 120), ("pamidronate-q4w", 28, 90)],
)
def test_calendar(name, interval, amount):
    doses = read_regimen(name).calendar(NOBODY, 12)
    assert [dose.day for dose in doses] == [interval * n for n in range(len(doses))]
    assert doses[-1].day < 12 * 30.4375 <= doses[-1].day + interval
    assert {dose.amount_mg for dose in doses} == {amount}


def test_supportive_care_is_empty():
    regimen = read_regimen("supportive-care")
    assert regimen.calendar(NOBODY, 24) == ()
    assert regimen.calendar_note(NOBODY) == ""


def test_equivalents_and_infusions():
    pamidronate = read_regimen("pamidronate-q4w").calendar(NOBODY, 1)[0]
    assert pamidronate.equivalent_mg == pytest.approx(1.2, rel=1e-3)
    assert pamidronate.infusion_days == pytest.approx(2 / 24)
    denosumab = read_regimen("denosumab-q4w").calendar(NOBODY, 1)[0]
    assert (denosumab.equivalent_mg, denosumab.infusion_days, denosumab.mechanism) == (120, 0, "denosumab")


@pytest.mark.parametrize(
    ("clearance", "dose"),
    [(90, 4.0), (60.1, 4.0), (60, 3.5), (50, 3.5), (49.5, 3.3), (40, 3.3), (39.9, 3.0), (30, 3.0), (29.6, 3.0)],
)
def test_renal_doses_of_zoledronate_follow_the_label_and_never_round_up(clearance, dose):
    regimen = read_regimen("zoledronate-q4w")
    # A hair above each limit, since the clearance is computed from creatinine.
    assert regimen.courses[0].drug.dose_fraction(clearance) * 4 == pytest.approx(dose)
    patient = patient_with(clearance + 0.01)
    if clearance != 60:
        assert regimen.calendar(patient, 1)[0].amount_mg == pytest.approx(dose)


def test_zoledronate_is_not_eligible_below_30_and_29_6_is_not_30():
    judged = eligibility(read_regimen("zoledronate-q4w"), patient_with(29.6))
    assert not judged.eligible
    assert "29 mL/min" in judged.reasons[0]
    assert "not recommended" in read_regimen("zoledronate-q4w").calendar_note(patient_with(29.6))
    assert eligibility(read_regimen("zoledronate-q4w"), patient_with(30.01)).eligible


def test_unknown_kidney_function_gives_the_full_dose_and_says_so():
    regimen = read_regimen("zoledronate-q4w")
    assert regimen.calendar(NOBODY, 1)[0].amount_mg == 4
    assert "full dose is assumed" in regimen.calendar_note(NOBODY)


def test_low_calcium_excludes_antiresorptives():
    for name in ("denosumab-q4w", "zoledronate-q4w"):
        assert not eligibility(read_regimen(name), patient_with(80, calcium=1.95)).eligible
        assert eligibility(read_regimen(name), patient_with(80, calcium=2.3)).eligible


def test_low_calcium_without_albumin_is_a_caution_only():
    raw = [{"quantity": "calcium", "value": "2.05 mmol/L", "date": "2026-01-05"}]
    judged = eligibility(read_regimen("denosumab-q4w"), patient_with(observations=raw))
    assert judged.eligible
    assert "no albumin" in judged.reasons[0]
    raw.append({"quantity": "albumin", "value": "41 g/L", "date": "2026-01-05"})
    assert not eligibility(read_regimen("denosumab-q4w"), patient_with(observations=raw)).eligible


def test_default_comparison():
    usual = eligible_regimens(patient_with(80))
    assert [one.regimen.name for one in usual] == [
        "supportive-care", "zoledronate-q4w", "denosumab-q4w", "zoledronate-q12w",
    ]  # fmt: skip
    current = eligible_regimens(patient_with(80, current_regimen="pamidronate-q4w"))
    assert current[0].regimen.name == "pamidronate-q4w"
    assert current[0].current
    assert len(current) == 4
    myeloma = eligible_regimens(read_patient(EXAMPLES / "patients" / "myeloma_poor_kidneys.toml"))
    assert [one.regimen.name for one in myeloma if one.eligible] == ["supportive-care", "denosumab-q4w"]
    assert all(one.reasons for one in myeloma if not one.eligible)


def test_a_running_regimen_is_compared_even_where_a_rule_speaks_against_it():
    first = eligible_regimens(patient_with(20, current_regimen="zoledronate-q4w"))[0]
    assert (first.current, first.eligible) == (True, False)


def test_switch_stop_and_loading():
    switch = read_regimen(EXAMPLES / "regimens" / "zoledronate_then_denosumab.toml").calendar(NOBODY, 12)
    assert [dose.day for dose in switch] == [28 * n for n in range(len(switch))]
    assert {dose.drug for dose in switch if dose.day < 168} == {"zoledronate"}
    assert {dose.drug for dose in switch if dose.day >= 168} == {"denosumab"}
    stopped = read_regimen("denosumab-1y-then-stop").calendar(NOBODY, 24)
    assert stopped[-1].day == 336
    loaded = read_regimen(EXAMPLES / "regimens" / "denosumab_extended_with_8gy.toml")
    days = [dose.day for dose in loaded.calendar(NOBODY, 24)]
    assert days[:4] == [0, 7, 14, 28]
    assert days[-1] - days[-2] == 84
    assert not eligibility(read_regimen("denosumab-q4w+zoledronate-q4w"), NOBODY).eligible
    assert eligibility(read_regimen("zoledronate-1y-then-denosumab"), NOBODY).eligible


def test_a_new_drug_regimen_needs_a_file_and_no_python(tmp_path):
    path = tmp_path / "clodronate.toml"
    path.write_text(
        """
title = "Clodronate 1500 mg every 3 weeks"
[drug.clodronate]
title = "Clodronate"
mechanism = "bisphosphonate"
potency = "0.001 mg/mg"
infusion = "4 h"
minimum_clearance = "12 mL/min"
[[drug.clodronate.renal_doses]]
above = "50 mL/min"
percent = 100
[[drug.clodronate.renal_doses]]
from = "12 mL/min"
percent = 50
[[courses]]
drug = "clodronate"
dose = "1.5 g"
interval = "3 weeks"
""",
        encoding="utf-8",
    )
    regimen = read_regimen(path)
    dose = regimen.calendar(patient_with(45), 1)[0]
    assert (dose.drug, dose.amount_mg) == ("clodronate", pytest.approx(750))
    assert dose.equivalent_mg == pytest.approx(0.75)
    assert dose.infusion_days == pytest.approx(1 / 6)
    assert not eligibility(regimen, patient_with(11)).eligible
    assert read_regimen(EXAMPLES / "regimens" / "ibandronate_q4w.toml").calendar(NOBODY, 1)[0].equivalent_mg == 3


def test_single_dose():
    regimen = regimen_from_mapping({"title": "Once", "courses": [{"drug": "zoledronate", "dose": "4 mg"}]}, "once.toml")
    assert [dose.day for dose in regimen.calendar(NOBODY, 24)] == [0]


def test_daily_tablets_enter_as_even_infusions():
    regimen = read_regimen("ibandronate-oral-daily")
    doses = regimen.calendar(NOBODY, 24)
    # 730.5 days: 731 tablets in 27 actions instead of 731.
    assert len(doses) == 27
    assert sum(dose.amount_mg for dose in doses) == pytest.approx(731 * 50)
    assert sum(dose.infusion_days for dose in doses) == pytest.approx(731)
    first = doses[0]
    assert (first.day, first.amount_mg, first.infusion_days) == (0, 28 * 50, 28)
    # 50 mg, of which 0.6 % is absorbed, at a fifth of the potency of zoledronate.
    assert first.equivalent_mg == pytest.approx(28 * 50 * 0.006 * 0.2)
    rates = {round(dose.equivalent_mg / dose.infusion_days, 12) for dose in doses}
    assert rates == {round(50 * 0.006 * 0.2, 12)}
    for earlier, later in itertools.pairwise(doses):
        assert later.day == pytest.approx(earlier.day + earlier.infusion_days)


def test_tablets_stop_on_their_day_and_follow_the_kidney():
    tablets = {"drug": "ibandronate-oral", "dose": "50 mg", "interval": "1 day", "averaged": "4 weeks"}
    stopped = regimen_from_mapping({"title": "Stopped", "courses": [{**tablets, "stop": "40 days"}]})
    assert [(d.day, d.infusion_days, d.amount_mg) for d in stopped.calendar(NOBODY, 12)] == [
        (0, 28, 28 * 50),
        (28, 12, 12 * 50),
    ]
    assert stopped.calendar(patient_with(40), 12)[0].amount_mg == pytest.approx(28 * 25)
    clodronate = read_regimen("clodronate-oral-daily")
    assert clodronate.calendar(NOBODY, 1)[0].equivalent_mg == pytest.approx(28 * 1600 * 0.02 * 0.0008)
    assert not eligibility(clodronate, patient_with(9)).eligible


def test_single_and_loading_doses_by_name():
    assert [dose.day for dose in read_regimen("zoledronate-once").calendar(NOBODY, 24)] == [0]
    assert [dose.amount_mg for dose in read_regimen("pamidronate-once").calendar(NOBODY, 24)] == [90]
    days = [dose.day for dose in read_regimen("denosumab-q4w-loaded").calendar(NOBODY, 3)]
    assert days == [0, 7, 14, 28, 56, 84]
    assert read_regimen("ibandronate-q4w").calendar(NOBODY, 1)[0].equivalent_mg == pytest.approx(1.2)


def test_a_loading_of_ibandronate_and_six_doses_of_radium():
    days = [dose.day for dose in read_regimen("ibandronate-q4w-loaded").calendar(NOBODY, 2)]
    assert days == [0, 1, 2, 28, 56]
    radium = read_regimen("radium-223")
    assert [one.day for one in radium.procedures] == [0, 28, 56, 84, 112, 140]
    assert {one.activity_kbq_per_kg for one in radium.procedures} == {55}
    check_for_patient(radium, NOBODY)  # it needs no lesion at a site
    assert eligibility(radium, NOBODY).eligible
    assert refused("radium-223@T8") == ["regimen.site-not-needed"]
    assert "radionuclide." in radium.late_note(3)
    both = read_regimen("radium-223+radiotherapy-8gy@T8")
    assert {one.site for one in both.procedures if one.local} == {"T8"}


def test_procedures_need_their_lesion():
    regimen = read_regimen("denosumab-q4w+radiotherapy-8gy@T8+rod@femur-left-shaft")
    assert [(one.kind, one.site) for one in regimen.procedures] == [("radiotherapy", "T8"), ("rod", "femur-left-shaft")]
    assert (regimen.procedures[0].dose_gy, regimen.procedures[0].fractions) == (8, 1)
    with pytest.raises(InputError) as caught:
        check_for_patient(regimen, Patient(60, "female", PrimaryTumour("breast"), lesions=(Lesion(site("T8")),)))
    issues = caught.value.issues
    assert [issue.code for issue in issues] == ["regimen.lesion-missing"]
    assert "femur-left-shaft" in issues[0].found
    assert "T8" in issues[0].expected
    both = (Lesion(site("T8")), Lesion(site("femur-left-shaft")))
    check_for_patient(regimen, Patient(60, "female", PrimaryTumour("breast"), lesions=both))


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("zoledronate", ["regimen.unknown"]),
        ("", ["regimen.unknown"]),
        ("rod", ["regimen.site-missing"]),
        ("rod@T8", ["regimen.rod-site"]),
        ("rod@hip", ["regimen.site"]),
        ("zoledronate-q4w@T8+rod", ["regimen.site-not-needed", "regimen.site-missing"]),
        ("none.toml", ["file.missing"]),
    ],
)
def test_bad_names(name, codes):
    assert refused(name) == codes


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        (course(drug="zoledronat"), "regimen.drug-unknown", "courses[1].drug"),
        (course(dose="120 mg"), "regimen.dose", "courses[1].dose"),
        (course(dose="4"), "value.unit-missing", "courses[1].dose"),
        (course(interval="4"), "value.unit-missing", "courses[1].interval"),
        (course(interval="0 weeks"), "value.implausible", "courses[1].interval"),
        (course(start="8 weeks", stop="4 weeks"), "regimen.order", "courses[1].stop"),
        (course(start="-2 weeks"), "value.negative", "courses[1].start"),
        (course(intervall="4 weeks"), "key.unknown", "courses[1].intervall"),
        (course(averaged="2 weeks"), "regimen.averaged", "courses[1].averaged"),
        (course(averaged="8 weeks", loading=["7 days"]), "regimen.averaged", "courses[1].averaged"),
        ({"drug": {"x": {"title": "X", "mechanism": "denosumab", "bioavailability": "50 %"}}},
         "drug.potency", "drug.x.bioavailability"),
        ({"procedures": [{"kind": "radiotherapy", "site": "T8"}]}, "regimen.radiation", "procedures[1]"),
        ({"procedures": [{"kind": "rod", "site": "T8"}]}, "regimen.rod-site", "procedures[1].site"),
        ({"procedures": [{"kind": "rod", "site": "skull", "dose": "8 Gy"}]}, "regimen.radiation", "procedures[1]"),
        ({"procedures": [{"kind": "radionuclide"}]}, "regimen.activity", "procedures[1]"),
        ({"procedures": [{"kind": "rod", "site": "skull", "activity": "55 kBq/kg"}]}, "regimen.activity",
         "procedures[1]"),
        ({"procedures": [{"kind": "radionuclide", "activity": "55 kBq/kg", "site": "T8"}]}, "regimen.site-not-needed",
         "procedures[1].site"),
        ({"procedures": [{"kind": "radionuclide", "activity": "55 kBq"}]}, "value.unit", "procedures[1].activity"),
        ({"drug": {"x": {"title": "X", "mechanism": "bisphosphonate"}}}, "drug.potency", "drug.x.potency"),
        ({"drug": {"x": {"title": "X", "mechanism": "denosumab", "potency": "1 mg/mg"}}},
         "drug.potency", "drug.x.potency"),
        ({"drug": {"zoledronate": {"title": "Z", "mechanism": "denosumab"}}}, "drug.built-in", "drug.zoledronate"),
        ({"drug": {"x": {"title": "X", "mechanism": "magic"}}}, "value.choice", "drug.x.mechanism"),
        ({"drug": {"x": {"title": "X", "mechanism": "denosumab", "renal_doses": [{"percent": 50}]}}},
         "drug.renal-row", "drug.x.renal_doses[1]"),
        ({"drug": {"x": {"title": "X", "mechanism": "denosumab", "renal_doses": [
            {"from": "30 mL/min", "percent": 50}, {"from": "60 mL/min", "percent": 100}]}}},
         "drug.renal-order", "drug.x.renal_doses"),
    ],
)  # fmt: skip
def test_bad_regimen_files(raw, code, place):
    assert (code, place) in problems(raw)


def test_all_problems_of_a_regimen_in_one_pass():
    raw = {"courses": [{"drug": "zoledronat", "dose": "4"}], "procedures": [{"kind": "rod"}, {"kind": "laser"}]}
    assert len(problems(raw)) == 3


def test_assessed_values_that_are_limits_do_not_decide():
    low = Observation("corrected-calcium", 2.0, "mmol/L", dt.date(2026, 1, 1), ">")
    patient = Patient(60, "female", PrimaryTumour("breast"), observations=(low,))
    assert eligibility(read_regimen("denosumab-q4w"), patient).eligible


def test_a_file_does_not_pass_for_a_built_in_regimen(tmp_path):
    own = tmp_path / "zoledronate-q4w.toml"
    own.write_text('title = "every 8 weeks"\n[[courses]]\ndrug = "zoledronate"\ndose = "4 mg"\ninterval = "8 weeks"\n')
    assert refused(own) == ["regimen.built-in"]
    own.write_text('name = "mine"\n' + own.read_text())
    assert read_regimen(own).name == "mine"


def test_what_begins_after_the_forecast_is_said():
    late = {"kind": "rod", "site": "femur-left-shaft", "day": "13 months"}
    regimen = regimen_from_mapping({"title": "late", "procedures": [late], **course(start="13 months")}, "late")
    assert regimen.late_note(12).endswith("Zoledronate, rod at femur-left-shaft.")
    assert regimen.late_note(24) == ""


def test_two_doses_of_a_drug_on_one_day_are_not_eligible():
    doubled = eligibility(read_regimen("zoledronate-q4w+zoledronate-q12w"), patient_with(80))
    assert not doubled.eligible
    assert "Two courses of zoledronate give a dose each on day 0." in doubled.reasons
    for name in builtin_regimens():
        judged = [one for one in eligible_regimens(patient_with(80)) if one.regimen.name == name]
        assert not any("Two courses" in reason for one in judged for reason in one.reasons)
