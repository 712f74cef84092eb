"""Harms by exposure: hazards by hand, neutral values, doses by kidney, and the trial they were set on."""

import dataclasses

import numpy as np
import pytest
from tests.trials.courses import courses_of

from osteocast.course.courses import EventKind, joined
from osteocast.course.harms import HARMS, Exposed, HarmParams, harm_days, infusion_hazard, jaw_hazard, reaction_hazard
from osteocast.domain.trial_words import harm_names
from osteocast.evidence.load import fill, load_parameters, load_targets
from osteocast.formats.regimen_file import read_regimen
from osteocast.formats.trial_file import read_trial
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.laboratory import harm_event
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial
from osteocast.trials.treatment import same_doses

P = fill(HarmParams, "harms")
DAY = np.arange(0.0, 366.0)


def doses(name, clearance=None, months=12):
    return read_regimen(name).doses(clearance, months)


def days(given, p=P, n=4000, clearance=90.0, death=None):
    death_day = np.full(n, np.nan) if death is None else np.full(n, death)
    return harm_days(Exposed(given, np.full(n, clearance), death_day, 1, np.arange(n)), 365.0, p)


def test_hazards_by_hand():
    zoledronate, denosumab = doses("zoledronate-q4w"), doses("denosumab-q4w")
    # doses on days 0, 28 and 56 have acted for 60, 32 and 4 days
    assert jaw_hazard(denosumab, DAY, P)[60] == pytest.approx(P.jaw_denosumab * 96)
    assert jaw_hazard(zoledronate, DAY, P)[60] == pytest.approx(P.jaw_bisphosphonate * 96)
    assert infusion_hazard(zoledronate, DAY, P)[60] == pytest.approx(3 * P.renal_infusion)
    assert not infusion_hazard(denosumab, DAY, P).any()
    # 90 mg of pamidronate act as 1.2 mg and run eight times longer
    pamidronate = infusion_hazard(doses("pamidronate-q4w"), DAY, P)[60]
    assert pamidronate == pytest.approx(3 * P.renal_infusion * 0.3 * (1 / 8) ** 0.5, rel=1e-4)
    assert reaction_hazard(zoledronate, DAY, P)[[0, 1, 300]].tolist() == [0.0, *[pytest.approx(P.acute_first_dose)] * 2]
    assert not reaction_hazard(denosumab, DAY, P).any()
    assert reaction_hazard(doses("ibandronate-oral-daily"), DAY, P)[300] == pytest.approx(P.acute_first_dose * 0.045)


def test_shares_follow_the_hazard_and_the_kidney():
    given = doses("zoledronate-q4w")
    found = (days(given) <= 365).mean(axis=0)
    kidney = infusion_hazard(given, DAY, P)[-1] + 365 * P.renal_background
    reaction = P.acute_background + P.acute_first_dose
    expected = 1 - np.exp(-np.array([jaw_hazard(given, DAY, P)[-1], kidney, reaction]))
    assert np.abs(found - expected).max() < 0.02
    assert (days(given, clearance=30.0)[:, 1] <= days(given)[:, 1]).all()
    assert (days(given, death=1.0) <= 1.0).sum() == (days(given) <= 1.0).sum()


def test_neutral_values_harm_nobody():
    entries = load_parameters("harms")
    assert set(entries) == set(HarmParams._fields)
    assert {entry.neutral for entry in entries.values()} == {0.0}
    assert not np.isfinite(days(doses("zoledronate-q4w"), HarmParams(*[0.0] * len(HarmParams._fields)))).any()
    assert {harm_event(name) for name in harm_names()} - {None} == set(HARMS)


def test_courses_that_were_simulated_apart_are_put_together_in_place():
    whole = courses_of([(0, 5.0, EventKind.SURGERY, 1), (2, 9.0, EventKind.RADIOTHERAPY, 1)], death=(50.0,), n=3)
    one = courses_of([(0, 5.0, EventKind.SURGERY, 1), (1, 9.0, EventKind.RADIOTHERAPY, 1)], death=(50.0,), n=2)
    other = courses_of([], n=1)
    again = joined([(np.array([1]), other), (np.array([0, 2]), one)])
    assert again.events.tobytes() == whole.events.tobytes()
    np.testing.assert_array_equal(again.death_day, whole.death_day)
    np.testing.assert_array_equal(again.patient_series, whole.patient_series)


def test_patients_are_grouped_by_what_their_kidneys_allow():
    arm = read_trial("stopeck-2010").arm("zoledronate")
    clearance = np.array([80.0, 55.0, 61.0, 45.0, 35.0])
    assert sorted(tuple(group.tolist()) for group in same_doses(arm, clearance)) == [(0, 2), (1,), (3,), (4,)]
    amounts = [arm.regimen.doses(float(one), 1)[0].amount_mg for one in clearance]
    assert amounts == pytest.approx([4.0, 3.5, 4.0, 3.3, 3.0])
    assert len(same_doses(dataclasses.replace(arm, renal_doses=False), clearance)) == 1
    assert len(same_doses(read_trial("stopeck-2010").arm("denosumab"), clearance)) == 1


@pytest.fixture(scope="module")
def stopeck():
    return simulate_trial(read_trial("stopeck-2010"), TrialSettings(200, design="counterfactual"))


def test_simulated_harms_are_near_the_rows_they_were_set_on(stopeck):
    """Within four standard errors of 200 patients."""
    targets = load_targets()
    names = [one for one in stopeck.endpoints if one.name.startswith(("jaw", "renal", "acute"))]
    assert len(names) == 6
    for one in names:
        share = targets[one.published.target].value / 100
        assert abs(one.middle / 100 - share) < 4 * (share * (1 - share) / 200) ** 0.5, one.name


def test_a_lower_dose_weakens_the_effect_on_markers_of_those_with_weak_kidneys_only(stopeck):
    trial = stopeck.trial
    full = tuple(dataclasses.replace(arm, renal_doses=False) for arm in trial.arms)
    settings = dataclasses.replace(stopeck.settings, patients=60)
    other = simulate_trial(dataclasses.replace(trial, arms=full), settings).subjects
    own = simulate_trial(trial, settings).subjects
    clearance = own.entry[:, tuple(QUANTITIES).index("creatinine-clearance")]
    strong = (clearance > 60.0) | (own.arm == 1)
    np.testing.assert_array_equal(own.series[strong], other.series[strong])
    weak = (clearance <= 60.0) & (own.arm == 0)
    assert np.nanmedian(own.series[weak, 3, 1]) > np.nanmedian(other.series[weak, 3, 1])
