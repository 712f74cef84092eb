"""Margins, decisions, power and assurance: by hand and against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import Estimate, from_log, missing
from osteocast.trials.non_inferiority import (
    Decision,
    HistoricEffect,
    against_placebo,
    decide,
    margin,
    preserved_fraction_p_value,
)
from osteocast.trials.power import (
    assurance,
    events_needed,
    normal_assurance,
    patients_needed,
    power_of_events,
    simulated_power,
    simulated_power_against,
)


def ratio(value, error):
    return from_log(math.log(value), error, 0.95, "made up", 100)


HISTORIC = ratio(0.6, 0.1)


def between(low, high):
    return Estimate(math.sqrt(low * high), low, high, math.log(high / low) / 3.92, True)


def test_margin_by_hand():
    # Upper limit 0.6 exp(0.196) = 0.730; half of its log effect kept: 0.730^-0.5.
    assert HISTORIC.high == pytest.approx(0.6 * math.exp(0.1959964))
    assert margin(HISTORIC, 0.5).ratio == pytest.approx((0.6 * math.exp(0.1959964)) ** -0.5)
    assert margin(HISTORIC, 0.0, HistoricEffect.POINT).ratio == pytest.approx(1 / 0.6)
    assert margin(HISTORIC, 0.75, HistoricEffect.POINT).ratio == pytest.approx(0.6**-0.25)


@pytest.mark.parametrize(("historic", "preserved"), [(ratio(0.9, 0.1), 0.5), (missing("", "trial.no-events"), 0.5)])
def test_no_margin_without_a_historic_effect(historic, preserved):
    with pytest.raises(InputError) as caught:
        margin(historic, preserved)
    assert caught.value.issues[0].code == "trial.margin"
    with pytest.raises(InputError):
        margin(HISTORIC, 1.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.7, 0.95, Decision.SUPERIOR),
        (0.8, 1.1, Decision.NON_INFERIOR),
        (1.02, 1.2, Decision.NON_INFERIOR_YET_WORSE),
        (0.8, 1.3, Decision.NOT_SHOWN),
        (1.1, 1.6, Decision.NOT_SHOWN),
        (1.3, 1.6, Decision.INFERIOR),
    ],
)
def test_decisions(low, high, expected):
    limit = margin(ratio(0.64, 1e-9), 0.5)
    assert limit.ratio == pytest.approx(1.25)
    assert decide(between(low, high), limit).decision is expected


def test_assay_sensitivity_is_said_with_the_decision():
    found = decide(ratio(0.9, 0.08), margin(HISTORIC, 0.5))
    assert "without placebo cannot show that its control worked" in found.statement
    assert found.against_placebo.value == pytest.approx(0.54)
    assert found.against_placebo.standard_error == pytest.approx(math.hypot(0.08, 0.1))
    assert "0.54" in found.statement
    nothing = decide(missing("x", "trial.no-events"), margin(HISTORIC, 0.5))
    assert (nothing.decision, nothing.against_placebo.reason) == (Decision.NO_ESTIMATE, "trial.no-events")
    with pytest.raises(InputError):
        against_placebo(Estimate(0.9, standard_error=0.1), HISTORIC)


def test_synthesis_by_hand():
    # Keeps more than half: (log 0.9 + 0.5 log 0.6) / sqrt(0.08^2 + 0.25 * 0.1^2).
    expected = norm.cdf((math.log(0.9) + 0.5 * math.log(0.6)) / math.sqrt(0.08**2 + 0.25 * 0.01))
    assert preserved_fraction_p_value(ratio(0.9, 0.08), margin(HISTORIC, 0.5)) == pytest.approx(expected)


def test_events_by_hand():
    # (1.95996 + 1.28155)^2 / (0.25 log(0.7)^2) = 330.4; unequal arms 2:1 need 9/8 as many.
    assert events_needed(0.7, 0.9) == 331
    assert events_needed(0.7, 0.9, share_test=2 / 3) == math.ceil(330.38 * 9 / 8)
    assert events_needed(1.0, 0.8, margin=1.25) == math.ceil((1.95996 + 0.84162) ** 2 * 4 / math.log(1.25) ** 2)
    assert patients_needed(331, 0.4) == 828
    assert patients_needed(300, 0.3) == 1000


@given(st.floats(0.4, 0.95), st.floats(0.5, 0.99), st.floats(0.005, 0.1), st.floats(0.2, 0.8))
def test_power_and_events_are_inverse(hazard_ratio, power, alpha, share):
    events = events_needed(hazard_ratio, power, alpha, share)
    assert power_of_events(events, hazard_ratio, alpha, share) >= power - 1e-9
    assert power_of_events(events - 1, hazard_ratio, alpha, share) <= power + 1e-9
    assert power_of_events(events, 1.0, alpha, share) == pytest.approx(alpha)


@pytest.mark.parametrize("wrong", [(1.0, 0.9), (1.2, 0.9), (0.7, 1.0), (0.7, 0.01), (-1.0, 0.9)])
def test_impossible_designs_are_refused(wrong):
    with pytest.raises(InputError):
        events_needed(*wrong)


def test_power_from_replicates():
    p_values = np.array([0.01, 0.2, np.nan, 0.05])
    found = simulated_power(p_values)
    assert (found.value, found.n) == (0.5, 4)
    assert found.low == pytest.approx(0.0676, abs=5e-5)
    assert simulated_power_against(np.array([1.1, 1.3, np.nan]), 1.25).value == pytest.approx(1 / 3)
    assert simulated_power(np.array([])).reason == "trial.no-replicates"


def test_assurance_by_hand():
    won = np.array([True, True, False, False, True, False])
    draw = np.array([0, 0, 1, 1, 2, 2])
    assert assurance(won, draw).value == pytest.approx(0.5)
    assert assurance(won, draw, np.array([1.0, 1.0, 2.0])).value == pytest.approx((1 + 0 + 2 * 0.5) / 4)
    assert assurance(won[:2], draw[:2]).reason == "trial.no-interval"
    # Equal weights: the error is that of a mean of three draws.
    assert assurance(won, draw).standard_error == pytest.approx(np.std([1, 0, 0.5], ddof=1) / math.sqrt(3))
    with pytest.raises(InputError):
        assurance(won, draw, np.array([1.0]))


def test_assurance_in_closed_form_is_power_averaged_over_the_prior():
    mean, spread, events = math.log(0.8), 0.15, 400
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    power = [power_of_events(events, math.exp(mean + spread * z)) for z in nodes]
    averaged = float(weights @ power / weights.sum())
    assert normal_assurance((mean, spread), 2 / math.sqrt(events)) == pytest.approx(averaged)
    assert normal_assurance((mean, 0.0), 0.1) == pytest.approx(power_of_events(400, 0.8))
    # Simulated: draws of the effect, each with replicate trials.
    rng = np.random.default_rng(3)
    effect = np.repeat(rng.normal(mean, spread, 500), 20)
    won = norm.cdf(rng.normal(effect, 0.1) / 0.1) <= 0.025
    simulated = assurance(won, np.repeat(np.arange(500), 20))
    assert simulated.low < averaged < simulated.high
