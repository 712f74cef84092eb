"""Contrasts over replicates and curves by month: what is counted, who wins, where curves end."""

from dataclasses import replace

import numpy as np
import pytest
from tests.trials.small import raw_trial, small_trial

from osteocast.course.detection import until
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.trials.contrast import contrast_of, events_of
from osteocast.trials.curves import LEAST_AT_RISK, event_curves, first_event_curves, marker_courses, survival_curves
from osteocast.trials.endpoint import Case, estimate, with_death_competing
from osteocast.trials.estimate import Estimate, from_log, missing
from osteocast.trials.follow_up import Outcome, first_events
from osteocast.trials.power import events_needed
from osteocast.trials.recurrent import mean_events_ignoring_death
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial
from osteocast.trials.survival_curves import estimate_at, kaplan_meier


@pytest.fixture(scope="module")
def result():
    raw = raw_trial()
    raw["arms"][1]["regimen"] = "supportive-care"
    return simulate_trial(small_trial(arms=raw["arms"]), TrialSettings(120))


def ratio(value, error):
    return from_log(float(np.log(value)), error, 0.95, "ratio", 100)


def test_a_replicate_wins_by_favour_and_by_p(result):
    endpoint = result.trial.endpoint("first-event-ratio")
    estimates = [ratio(0.5, 0.2), ratio(2.0, 0.2), ratio(0.9, 0.2), missing("ratio", "trial.no-events")]
    found = contrast_of(result.trial, endpoint, estimates, [100, 120, 110, 0], False)
    assert found.superior.value == 0.25
    assert 0.0 < found.superior.low < 0.25 < found.superior.high < 1.0
    # 0.5 x exp(0.39) lies below 1.2, 0.9 x exp(0.39) does not
    assert found.non_inferior.value == 0.25
    assert found.events == 105
    assert found.needed_80 == events_needed(0.9, 0.8, margin=1.2)
    assert not found.superior.method.startswith("assurance")
    drawn = contrast_of(result.trial, endpoint, estimates, [100] * 4, True)
    assert drawn.superior.method.startswith("assurance")
    assert drawn.superior.value == 0.25
    paired = contrast_of(result.trial, endpoint, estimates, [100] * 4, None)
    assert paired.superior is None
    assert paired.non_inferior is None


def test_a_single_replicate_has_a_decision_and_no_power(result):
    endpoint = result.trial.endpoint("first-event-ratio")
    for value, words in ((0.5, "superior"), (0.9, "non-inferiority not shown"), (2.5, "inferior")):
        found = contrast_of(result.trial, endpoint, [ratio(value, 0.2)], [100], False)
        assert found.decision.startswith(words)
        assert found.superior is None
    worse = contrast_of(result.trial, endpoint, [ratio(2.5, 0.2)], [100], False)
    assert (worse.needed_80, worse.needed_reason) == (None, "trial.no-advantage")


def test_the_log_rank_test_favours_fewer_events_than_expected(result):
    raw = raw_trial()
    raw["endpoints"] = [
        {"name": "lr", "estimator": "log-rank", "arms": ["q12w"], "comparator": "q4w", "counting": "sre"}
    ]
    trial = small_trial(endpoints=raw["endpoints"])
    estimates = [Estimate(-8.0, p_value=0.01), Estimate(8.0, p_value=0.01)]
    found = contrast_of(trial, trial.endpoints[0], estimates, [10, 12], False)
    assert found.superior.value == 0.5
    assert found.needed_reason == "trial.no-formula"
    assert contrast_of(trial, result.trial.endpoint("untx-q4w"), estimates, [None, None], False) is None
    assert events_of(result.trial, result.subjects, result.trial.endpoint("untx-q4w"), 1) is None


def test_monthly_curves_are_those_of_the_estimator(result):
    trial, subjects = result.trial, result.subjects
    case = Case(trial, subjects, trial.endpoint("first-event-ratio"), 1)
    day, outcome = first_events(case.test, case.kinds)
    whole = kaplan_meier(day, outcome == Outcome.EVENT)
    curve = next(one for one in first_event_curves(trial, subjects) if one.arm == "q12w")
    assert curve.at_risk[0] == len(day) > 50
    assert curve.value[0] == 1.0
    assert len(np.unique(curve.value)) > 1
    for month in curve.months:
        if np.isfinite(curve.value[month]):
            assert curve.value[month] == pytest.approx(estimate_at(whole, month * DAYS_PER_MONTH).value, abs=1e-12)
            assert curve.at_risk[month] == np.count_nonzero(day >= month * DAYS_PER_MONTH - 1e-9)
            assert curve.at_risk[month] >= LEAST_AT_RISK
    (alive,) = (one for one in survival_curves(trial, subjects) if one.arm == "q4w")
    own = subjects.take(subjects.arm == 0)
    assert alive.value[-1] == pytest.approx(1 - np.isfinite(own.death_day).mean())


def test_mean_numbers_of_events_rise_and_markers_begin_at_entry(result):
    for curve in event_curves(result.trial, result.subjects):
        known = curve.value[np.isfinite(curve.value)]
        assert known[0] == 0.0
        assert (np.diff(known) >= 0.0).all()
    courses = list(marker_courses(result.trial, result.subjects, 1))
    assert {(one.marker, one.arm) for one in courses} == {
        (marker, arm)
        for marker in ("untx_ratio", "ctx_ratio", "bone_alp_ratio", "calcium_mmol_per_l")
        for arm in ("q4w", "q12w")
    }
    for one in courses:
        assert one.months[0] == 0
        assert ((one.low <= one.median) & (one.median <= one.high)).all()


def test_estimators_with_death_as_the_end_see_deaths_under_any_estimand(result):
    """An estimand that takes death for a loss leaves Cox as it is, and must not empty what is defined by death."""
    every = {"arms": ["q12w"], "counting": "sre", "time": "6 months"}
    both = {**every, "comparator": "q4w"}
    endpoints = [
        {"name": "mean-number", "estimator": "mean-cumulative-function", **every},
        {"name": "incidence", "estimator": "cumulative-incidence", **every},
        {"name": "sub-distribution", "estimator": "fine-gray", **both},
        {"name": "cause-specific", "estimator": "cox", **both},
    ]
    loss = small_trial(endpoints=endpoints)
    assert loss.estimand.death == "hypothetical"
    competing = with_death_competing(loss)
    # every other patient dies on day 100
    subjects = result.subjects
    sooner = np.fmin(subjects.death_day, 100.0)
    death = np.where(np.arange(subjects.n) % 2 == 0, sooner, subjects.death_day)
    seen = until(subjects.observed, np.fmin(subjects.observed.exit_day, death))
    seen = replace(seen, died=np.isfinite(death))
    dying = replace(subjects, death_day=death, observed=seen)
    for endpoint in loss.endpoints:
        assert estimate(loss, dying, endpoint, 1).value == estimate(competing, dying, endpoint, 1).value > 0
    arm = Case(loss, dying, loss.endpoints[0], 1).test
    days = np.array([180.0])
    ignoring = mean_events_ignoring_death(arm, Case(loss, dying, loss.endpoints[0], 1).kinds, days)
    assert estimate(loss, dying, loss.endpoints[0], 1).value < 0.9 * ignoring.value[0]
    curve = next(one for one in event_curves(loss, dying) if one.arm == "q12w")
    assert np.nanmax(curve.value) < 0.9 * ignoring.value[0]
