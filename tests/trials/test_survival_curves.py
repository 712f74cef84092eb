"""Kaplan-Meier, Nelson-Aalen and Aalen-Johansen: by hand, as published, and against a second implementation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.qc import endpoints as literal
from tests.trials.published import leukaemia

from osteocast.foundation.errors import InputError
from osteocast.trials.survival_curves import aalen_johansen, estimate_at, kaplan_meier, median, nelson_aalen

PATIENTS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0, 1, 2])), min_size=1, max_size=25)


def columns(patients):
    day, outcome = (np.array(c) for c in zip(*patients, strict=True))
    return day.astype(float), outcome


def test_by_hand():
    # Days 1, 2+, 3, 3+, 4: at risk 5 on day 1, 3 on day 3 (who is censored on it was at risk), 1 on day 4.
    day, happened = np.array([1.0, 2, 3, 3, 4]), np.array([True, False, True, False, True])
    curve = kaplan_meier(day, happened)
    assert curve.day.tolist() == [1.0, 3.0, 4.0]
    assert curve.at_risk.tolist() == [5, 3, 1]
    assert curve.value == pytest.approx([4 / 5, 4 / 5 * 2 / 3, 0.0])
    # Greenwood: S^2 (1/(5*4) + 1/(3*2)) on day 3.
    assert curve.standard_error[1] == pytest.approx(8 / 15 * math.sqrt(1 / 20 + 1 / 6))
    z = 1.959964 * math.sqrt(1 / 20 + 1 / 6) / abs(math.log(8 / 15))
    assert (curve.low[1], curve.high[1]) == pytest.approx(((8 / 15) ** math.exp(z), (8 / 15) ** math.exp(-z)))
    assert np.isnan([curve.standard_error[2], curve.low[2], curve.high[2]]).all()
    hazard = nelson_aalen(day, happened)
    assert hazard.value == pytest.approx([1 / 5, 1 / 5 + 1 / 3, 1 / 5 + 1 / 3 + 1])
    assert hazard.standard_error**2 == pytest.approx([1 / 25, 1 / 25 + 1 / 9, 1 / 25 + 1 / 9 + 1])


def test_competing_events_by_hand():
    # Days 1 (event), 2 (death), 3+, 4 (event), 5+: F = 1/5 + (4/5)(3/4) * 1/2 = 1/2; death 4/5 * 1/4 = 1/5.
    day, outcome = np.arange(1.0, 6.0), np.array([1, 2, 0, 1, 0])
    assert aalen_johansen(day, outcome, 1).value == pytest.approx([1 / 5, 1 / 5, 1 / 2])
    assert aalen_johansen(day, outcome, 2).value == pytest.approx([0.0, 1 / 5, 1 / 5])


def test_remission_of_leukaemia_as_published():
    six_mp, placebo = leukaemia()
    curve = kaplan_meier(six_mp.exit_day, six_mp.died)
    # Cox 1972 and every textbook since; the limits as printed by SAS LIFETEST with the log(-log) scale.
    assert curve.day.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert np.round(curve.value, 4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert np.round(curve.standard_error, 4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    of_six_mp, of_placebo = (median(kaplan_meier(a.exit_day, a.died)) for a in (six_mp, placebo))
    assert (of_six_mp.value, of_six_mp.low) == (23.0, 13.0)
    assert math.isnan(of_six_mp.high)
    assert of_six_mp.reason == "trial.not-reached"
    assert (of_placebo.value, of_placebo.low, of_placebo.high, of_placebo.reason) == (8.0, 4.0, 11.0, "")


def test_values_between_and_beyond_the_steps():
    curve = kaplan_meier(np.array([2.0, 4.0, 9.0]), np.array([True, True, False]))
    assert estimate_at(curve, 1.0).value == 1.0
    assert estimate_at(curve, 3.99).value == pytest.approx(2 / 3)
    assert estimate_at(curve, 9.0).value == pytest.approx(1 / 3)
    beyond = estimate_at(curve, 9.01)
    assert math.isnan(beyond.value)
    assert beyond.reason == "trial.not-observed"


def test_no_event_and_one_patient():
    nothing = kaplan_meier(np.array([3.0, 4.0]), np.array([False, False]))
    assert estimate_at(nothing, 3.5).value == 1.0
    assert median(nothing).reason == "trial.not-reached"
    alone = kaplan_meier(np.array([3.0]), np.array([True]))
    assert alone.value.tolist() == [0.0]
    assert estimate_at(alone, 3.0).reason == "trial.no-interval"
    assert median(alone).value == 3.0


@pytest.mark.parametrize(("day", "happened"), [([1.0, np.nan], [True, True]), ([1.0], [True, False])])
def test_data_that_cannot_be_used_are_refused(day, happened):
    with pytest.raises(InputError) as caught:
        kaplan_meier(np.array(day), np.array(happened))
    assert caught.value.issues[0].code == "trial.argument"


@given(PATIENTS)
def test_second_implementation(patients):
    day, outcome = columns(patients)
    curve = kaplan_meier(day, outcome == 1)
    for step, t in enumerate(curve.day):
        value, variance = literal.survival(day.tolist(), (outcome == 1).tolist(), t)
        assert curve.value[step] == pytest.approx(value, abs=1e-12)
        assert curve.standard_error[step] ** 2 == pytest.approx(variance, rel=1e-9, nan_ok=True)
    competing = aalen_johansen(day, outcome, 1)
    for step, t in enumerate(competing.day):
        value, variance = literal.incidence(day.tolist(), outcome.tolist(), 1, t)
        assert competing.value[step] == pytest.approx(value, abs=1e-12)
        assert competing.standard_error[step] ** 2 == pytest.approx(max(variance, 0.0), abs=1e-12)


@given(PATIENTS)
def test_properties(patients):
    day, outcome = columns(patients)
    n = len(day)
    # Without censoring the curve and its variance are those of a share.
    whole = kaplan_meier(day, np.ones(n, dtype=bool))
    share = np.array([(day > t).mean() for t in whole.day])
    assert whole.value == pytest.approx(share, abs=1e-12)
    alive = share > 0
    assert whole.standard_error[alive] == pytest.approx(np.sqrt(share * (1 - share) / n)[alive], abs=1e-12)
    # With one kind of event the incidence is 1 - Kaplan-Meier, and the kinds and survival add up to one.
    one = aalen_johansen(day, (outcome == 1).astype(int), 1)
    km = kaplan_meier(day, outcome == 1)
    assert one.value == pytest.approx(1.0 - km.value, abs=1e-12)
    alive = km.value > 1e-9
    assert one.standard_error[alive] == pytest.approx(km.standard_error[alive], abs=1e-9)
    assert one.low[alive] == pytest.approx(1.0 - km.high[alive], nan_ok=True)
    every = kaplan_meier(day, outcome != 0)
    total = aalen_johansen(day, outcome, 1).value + aalen_johansen(day, outcome, 2).value + every.value
    assert total == pytest.approx(np.ones(len(every.day)))
    # The limits enclose the value and follow the level.
    inside = ~np.isnan(km.low)
    assert (km.low[inside] <= km.value[inside]).all()
    assert (km.value[inside] <= km.high[inside]).all()
    assert (kaplan_meier(day, outcome == 1, 0.8).low[inside] >= km.low[inside]).all()


@pytest.mark.parametrize("n", [2, 4, 10, 26, 50, 98])
def test_a_share_of_exactly_one_half_is_reached(n):
    """Products of ratios miss 1/2 by rounding for some of these numbers."""
    assert median(kaplan_meier(np.arange(1.0, n + 1.0), np.ones(n, dtype=bool))).value == n / 2
