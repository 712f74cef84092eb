"""Event hazards: limits, order, and the effect of each neutral value."""

from __future__ import annotations

import itertools
import math

import pytest
from scipy.stats import norm

from osteocast.course.hazards import (
    HazardParams,
    death_hazard,
    fall_rate,
    fracture_hazard,
    normal_tail,
    overload,
    referral_hazard,
)
from osteocast.evidence.load import annotated_fields, fill, load_parameters
from osteocast.foundation.units import registry

P: HazardParams = fill(HazardParams, "hazards")
LOADS = (1.5, 0.3, 0.05, 0.9, 0.4)
DAY = 1.0 / 365.25


def with_units() -> HazardParams:
    """Return the constants as quantities of their annotated units."""
    units = registry()
    fields = {name: units.Quantity(getattr(P, name), unit) for name, unit, _ in annotated_fields(HazardParams)}
    return HazardParams(**fields)


def neutral(name: str) -> HazardParams:
    """Return the constants with one of them at its neutral value."""
    value = load_parameters("hazards")[name].neutral
    assert value is not None
    return P._replace(**{name: value})


@pytest.mark.parametrize("z", [-6.0, -1.0, 0.0, 0.5, 1.96, 8.0])
def test_normal_tail_is_that_of_the_normal_distribution(z: float) -> None:
    assert normal_tail(z) == pytest.approx(norm.sf(z), rel=1e-12)


def test_fracture_hazard_falls_with_strength_to_the_two_limits() -> None:
    rates = [fracture_hazard(math.log(s), 0.0, DAY, LOADS, P.pain_protection) for s in (0.2, 0.5, 0.7, 0.9, 1.0, 1.5)]
    assert all(a > b for a, b in itertools.pairwise(rates))
    # a bone without strength breaks at the first load of the day, or in any fall that hits it
    assert fracture_hazard(-40.0, 0.0, DAY, LOADS, 0.0) == pytest.approx(1.0 + DAY * LOADS[2])
    assert fracture_hazard(40.0, 0.0, DAY, LOADS, 0.0) == pytest.approx(0.0, abs=1e-12)


def test_fracture_hazard_is_daily_loads_plus_falls() -> None:
    both = fracture_hazard(-0.4, 3.0, DAY, LOADS, P.pain_protection)
    daily = fracture_hazard(-0.4, 3.0, 0.0, LOADS, P.pain_protection)
    falls = DAY * LOADS[2] * norm.sf((LOADS[3] - 0.4) / LOADS[4])
    assert daily == pytest.approx((1 - 3 * P.pain_protection) * norm.sf((LOADS[0] - 0.4) / LOADS[1]))
    assert both == pytest.approx(daily + falls)


def test_pain_protects_from_daily_loads_and_not_from_falls() -> None:
    assert fracture_hazard(-0.5, 8.0, DAY, LOADS, P.pain_protection) < fracture_hazard(
        -0.5, 0.0, DAY, LOADS, P.pain_protection
    )
    off = neutral("pain_protection").pain_protection
    assert fracture_hazard(-0.5, 8.0, DAY, LOADS, off) == fracture_hazard(-0.5, 0.0, DAY, LOADS, off)
    only_falls = (50.0, *LOADS[1:])
    assert fracture_hazard(-0.5, 8.0, DAY, only_falls, P.pain_protection) == pytest.approx(
        fracture_hazard(-0.5, 0.0, DAY, only_falls, P.pain_protection)
    )


def test_overload_begins_before_fracture() -> None:
    """Loads that hurt are commoner than loads that break, so that pain precedes most fractures (D23)."""
    for log_strength in (-1.0, -0.5, 0.0):
        hurts = overload(log_strength, LOADS[0], LOADS[1], P.overload_share)
        breaks = overload(log_strength, LOADS[0], LOADS[1], 1.0)
        assert hurts > 5 * breaks
    assert overload(-0.5, LOADS[0], LOADS[1], 1.0) == pytest.approx(norm.sf((LOADS[0] - 0.5) / LOADS[1]))


def test_falls_rise_with_age_and_performance_status() -> None:
    assert fall_rate(0.6, 0.0, 65.0, P) == pytest.approx(0.6 / 365.25)
    assert fall_rate(0.6, 2.0, 65.0, P) == pytest.approx(0.6 / 365.25 * math.exp(2 * P.falls_ecog))
    assert fall_rate(0.6, 0.0, 80.0, P) > 1.5 * fall_rate(0.6, 0.0, 65.0, P)
    assert fall_rate(0.0, 3.0, 90.0, P) == 0.0


def test_referral_is_half_way_at_its_pain_and_saturates() -> None:
    assert referral_hazard(P.referral_pain, P) == pytest.approx(P.referral_rate / 2)
    assert referral_hazard(10.0, P) == pytest.approx(P.referral_rate, rel=0.01)
    assert referral_hazard(2.0, P) < 0.01 * P.referral_rate
    assert referral_hazard(7.0, P) > referral_hazard(6.5, P)


def test_death_hazard_is_the_baseline_for_an_average_course() -> None:
    assert death_hazard(DAY, 0.0, P.burden_reference, (0.0, 0.0), 2.4, P) == pytest.approx(DAY)


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("death_tempo", {"tempo": 1.0}),
        ("death_burden", {"burden": 0.9}),
        ("death_event", {"marks": (1.0, 0.0)}),
        ("death_cord", {"marks": (0.0, 1.0)}),
        ("death_calcium", {"calcium": 3.8}),
    ],
)
def test_each_cause_of_death_acts_through_its_own_constant(name: str, worse: dict[str, object]) -> None:
    usual = {"tempo": 0.0, "burden": P.burden_reference, "marks": (0.0, 0.0), "calcium": 2.4}

    def rate(p: HazardParams, **changed: object) -> float:
        given = usual | changed
        return death_hazard(DAY, given["tempo"], given["burden"], given["marks"], given["calcium"], p)  # type: ignore[arg-type]

    assert rate(P, **worse) > 1.1 * rate(P)
    assert rate(neutral(name), **worse) == pytest.approx(rate(neutral(name)))


def test_calcium_below_the_event_does_not_kill() -> None:
    low, high = (death_hazard(DAY, 0.0, 0.3, (0.0, 0.0), c, P) for c in (1.9, P.calcium_high))
    assert low == high


def test_levels_of_calcium_are_in_clinical_order() -> None:
    """Early symptoms, the event, late symptoms, crisis (D22)."""
    assert P.calcium_low < P.calcium_early < P.calcium_high < P.calcium_late < P.calcium_crisis


def test_rates_carry_their_units() -> None:
    units = registry()
    p = with_units()
    referral = referral_hazard(units.Quantity(7.0, "1"), p)
    assert referral.to("1/day").magnitude == pytest.approx(referral_hazard(7.0, P))
    marks = (units.Quantity(1.0, "1"), units.Quantity(0.0, "1"))
    death = death_hazard(
        units.Quantity(0.001, "1/day"),
        units.Quantity(0.2, "1"),
        units.Quantity(0.4, "1"),
        marks,
        units.Quantity(3.4, "mmol/L"),
        p,
    )
    assert death.to("1/day").magnitude == pytest.approx(death_hazard(0.001, 0.2, 0.4, (1.0, 0.0), 3.4, P))
