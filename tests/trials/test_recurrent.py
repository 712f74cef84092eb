"""Mean numbers of events and morbidity rates: by hand, second implementation, properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson, t
from tests.qc import endpoints as literal
from tests.trials.published import arm

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import difference_of, ratio_of
from osteocast.trials.follow_up import merged_within
from osteocast.trials.morbidity_rate import RateEstimator, morbidity_rate, rate_ratios
from osteocast.trials.recurrent import mean_events_ignoring_death, mean_events_with_death
from osteocast.trials.survival_curves import aalen_johansen, estimate_at

POOLED, RATIOS = RateEstimator.EVENTS_PER_PERSON_TIME, RateEstimator.MEAN_OF_PATIENT_RATIOS


@st.composite
def arms(draw, least=2):
    exits = draw(st.lists(st.tuples(st.integers(1, 10), st.booleans()), min_size=least, max_size=12))
    events = [
        (i, day, draw(st.integers(0, 1)))
        for i, (exit_day, _) in enumerate(exits)
        for day in draw(st.lists(st.integers(1, exit_day), max_size=4))
    ]
    return arm([e for e, _ in exits], [d for _, d in exits], events=events)


def test_by_hand():
    # A: events on days 1 and 3, dead on 4; B: event on 2, leaves on 5; C: dead on 2.
    patients = arm([4, 5, 2], [1, 0, 1], events=[(0, 1, 0), (0, 3, 0), (1, 2, 0)])
    days = np.array([1.0, 2.0, 3.0, 5.0, 6.0])
    with_death = mean_events_with_death(patients, [0], days)
    # At risk 3, 3, 2; two thirds alive just before day 3: 1/3 + 1/3 + 2/3 * 1/2.
    assert with_death.value == pytest.approx([1 / 3, 2 / 3, 1, 1, math.nan], nan_ok=True)
    assert mean_events_ignoring_death(patients, [0], days).value[2] == pytest.approx(1 / 3 + 1 / 3 + 1 / 2)
    # Nobody left before day 5, so the variance is that of the numbers 2, 1, 0 over 3.
    assert with_death.standard_error[2] ** 2 == pytest.approx(((2 - 1) ** 2 + 0 + 1) / 9)
    assert estimate_at(with_death, 6.0).reason == "trial.not-observed"
    assert with_death.at_risk.tolist() == [3, 3, 2, 1, 0]
    assert with_death.events.tolist() == [1, 2, 3, 3, 3]


@given(arms())
def test_second_implementation(patients):
    days = np.array([2.0, 5.0, 9.0])
    exits, died = patients.exit_day.tolist(), patients.died.tolist()
    events = list(zip(patients.event_patient.tolist(), patients.event_day.tolist(), strict=True))
    for function, dead in ((mean_events_with_death, died), (mean_events_ignoring_death, [False] * patients.n)):
        curve = function(patients, [0, 1], days)
        for i, day in enumerate(days):
            if day <= max(exits):
                assert curve.value[i] == pytest.approx(literal.mean_events(exits, dead, events, day))
                variance = literal.mean_events_variance(exits, dead, events, day)
                assert curve.standard_error[i] ** 2 == pytest.approx(variance, rel=1e-4, abs=1e-9)


@given(arms())
def test_properties(patients):
    days = np.arange(1.0, 11.0)
    with_death, ignoring = (f(patients, [0, 1], days) for f in (mean_events_with_death, mean_events_ignoring_death))
    known = ~np.isnan(with_death.value)
    assert (with_death.value[known] <= ignoring.value[known] + 1e-12).all()
    # Without death the two are one; the ignoring one is the plain sum of events / number at risk.
    alive = arm(patients.exit_day, events=events_of(patients))
    assert mean_events_with_death(alive, [0, 1], days).value == pytest.approx(ignoring.value, nan_ok=True)
    by_hand = np.zeros(len(days))
    for event_day in patients.event_day:
        by_hand[days >= event_day] += 1.0 / (patients.exit_day >= event_day).sum()
    assert ignoring.value[known] == pytest.approx(by_hand[known])
    # Without censoring it is the mean of the patients' numbers, with the variance of that mean.
    dead = arm(patients.exit_day, np.ones(patients.n), events=events_of(patients))
    whole = mean_events_with_death(dead, [0, 1], days)
    number = np.array([[np.sum(dead.event_day[dead.event_patient == i] <= d) for d in days] for i in range(dead.n)])
    assert whole.value[known] == pytest.approx(number.mean(axis=0)[known])
    assert whole.standard_error[known] ** 2 == pytest.approx(number.var(axis=0)[known] / dead.n, abs=1e-12)
    # Kinds add up.
    parts = sum(mean_events_with_death(patients, [kind], days).value for kind in (0, 1))
    assert parts == pytest.approx(with_death.value, nan_ok=True)


def events_of(patients):
    columns = (patients.event_patient, patients.event_day, patients.event_kind)
    return list(zip(*(c.tolist() for c in columns), strict=True))


@given(arms())
def test_first_events_only_is_the_cumulative_incidence(patients):
    """Events on the day of death come before it, in both."""
    first = {}
    for i, day, kind in sorted(events_of(patients)):
        first.setdefault(i, (i, day, kind))
    exits = [first[i][1] if i in first else e for i, e in enumerate(patients.exit_day.tolist())]
    outcome = np.array([1 if i in first else 2 * int(d) for i, d in enumerate(patients.died.tolist())])
    # Whoever has had the first event leaves, as a death just after it would make them.
    died = [i in first or bool(d) for i, d in enumerate(patients.died.tolist())]
    curve = mean_events_with_death(arm(exits, died, events=list(first.values())), [0, 1], np.array([3.0, 7.0]))
    incidence = aalen_johansen(np.array(exits), outcome, 1)
    for i, day in enumerate((3.0, 7.0)):
        assert curve.value[i] == pytest.approx(estimate_at(incidence, day).value, nan_ok=True)


def test_rates_by_hand():
    # Two years with events on days 10, 20, 40, 61; half a year with one; no time at all.
    patients = arm([730.5, 182.625, 0.0], events=[(0, 10, 0), (0, 20, 1), (0, 40, 0), (0, 61, 0), (1, 30, 0)])
    assert morbidity_rate(patients, [0, 1], POOLED).value == pytest.approx(5 / 2.5)
    assert morbidity_rate(patients, [0, 1], RATIOS).value == pytest.approx((4 / 2 + 1 / 0.5) / 2)
    # Within 21 days of a counted one: 20 is, 40 lies 30 after 10, 61 lies exactly 21 after 40 and is not counted.
    kept = merged_within(patients, [0, 1], 21.0)
    assert events_of(kept) == [(0, 10.0, 0), (0, 40.0, 0), (1, 30.0, 0)]
    assert morbidity_rate(patients, [0, 1], POOLED, 21.0).value == pytest.approx(3 / 2.5)
    assert morbidity_rate(patients, [0, 1], POOLED, 20.0).value == pytest.approx(4 / 2.5)
    names = {morbidity_rate(patients, [0, 1], e, w).method for e in RateEstimator for w in (None, 21.0)}
    assert len(names) == 4
    assert any("21 days" in name for name in names)


def test_intervals_of_rates_by_hand():
    patients = arm([365.25, 730.5, 365.25], events=[(0, 5, 0), (0, 9, 0), (1, 7, 0)])
    pooled = morbidity_rate(patients, [0], POOLED)
    # 3 events in 4 years; residuals 2 - 0.75, 1 - 1.5, 0 - 0.75.
    error = math.sqrt((1.25**2 + 0.5**2 + 0.75**2) * 3 / 2) / 4
    assert (pooled.value, pooled.standard_error) == pytest.approx((0.75, error))
    assert (pooled.low, pooled.high) == pytest.approx([0.75 * math.exp(s * 1.959964 * error / 0.75) for s in (-1, 1)])
    ratios = morbidity_rate(patients, [0], RATIOS)
    half = t.ppf(0.975, 2) * np.std([2, 0.5, 0], ddof=1) / math.sqrt(3)
    assert (ratios.value, ratios.high) == pytest.approx((2.5 / 3, 2.5 / 3 + half))
    none = morbidity_rate(patients, [9], POOLED)
    assert (none.value, none.low) == (0.0, 0.0)
    assert poisson.cdf(0, none.high * 4) == pytest.approx(0.025)


def test_ratios_by_type():
    test = arm([365.25] * 2, events=[(0, 5, 0), (1, 9, 1)])
    control = arm([365.25] * 3, events=[(0, 5, 0), (0, 90, 0), (1, 9, 0), (2, 8, 2)])
    ratios = rate_ratios(test, control, {"a": [0], "b": [1], "c": [2], "any": [0, 1, 2]}, POOLED)
    assert ratios["a"].value == pytest.approx((1 / 2) / (3 / 3))
    assert ratios["any"].value == pytest.approx((2 / 2) / (4 / 3))
    assert [ratios[k].reason for k in "abc"] == ["", "trial.no-events-in-arm", "trial.no-events-in-arm"]
    a, b = (morbidity_rate(x, [0], POOLED) for x in (test, control))
    error = math.hypot(a.standard_error / a.value, b.standard_error / b.value)
    assert (ratios["a"].standard_error, ratio_of(a, b).low) == pytest.approx((error, ratios["a"].low))
    difference = difference_of(a, b)
    assert difference.value == pytest.approx(-0.5)
    assert difference.standard_error == pytest.approx(math.hypot(a.standard_error, b.standard_error))
    with pytest.raises(InputError):
        difference_of(ratios["a"], b)


def test_no_time_one_patient_nobody():
    assert morbidity_rate(arm([0.0]), [0], POOLED).reason == "trial.no-time"
    assert morbidity_rate(arm([]), [0], RATIOS).reason == "trial.no-time"
    for estimator in RateEstimator:
        alone = morbidity_rate(arm([365.25], events=[(0, 3, 0)]), [0], estimator)
        assert (alone.value, alone.reason) == (pytest.approx(1.0), "trial.no-interval")
    empty = mean_events_with_death(arm([]), [0], np.array([1.0]))
    assert estimate_at(empty, 1.0).reason == "trial.not-observed"
    with pytest.raises(InputError):
        mean_events_with_death(arm([3]), [0], np.array([2.0, 1.0]))


def test_a_rate_of_few_events_has_no_limit_below_zero():
    """One event in ten patients: Student's t alone would reach below 0."""
    few = arm([365.0] * 10, [0] * 10, events=[(0, 100, 0)])
    found = morbidity_rate(few, [0], RATIOS)
    assert found.low == 0.0
    assert found.high > found.value > 0.0
