"""Summaries against closed forms: competing exponential hazards."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from osteocast.course.courses import LESION_SERIES
from osteocast.course.courses import EventKind as K
from osteocast.course.event_definitions import event_definition
from osteocast.domain.patient import Lesion
from osteocast.domain.site import site
from osteocast.forecasting.contrast import _sentence, contrasts
from osteocast.forecasting.events import first_day, first_kinds
from osteocast.forecasting.quantiles import rank_correlation, weighted_quantile, weighted_rank
from osteocast.forecasting.result import Curve
from osteocast.forecasting.summary import RegimenRun, median_months, summarise
from osteocast.inference.nested import NestedSample, estimate

LESIONS = (Lesion(site("femur-left-shaft")), Lesion(site("T8")))
DRAWS, CONTINUATIONS = 40, 100
N = DRAWS * CONTINUATIONS
DRAW = np.repeat(np.arange(DRAWS), CONTINUATIONS)
MONTHS = np.arange(25) * 30.4375 / 365.25


def run(name, courses, current=False):
    return RegimenRun(name, name.title(), current, True, (), "", courses)


@pytest.fixture
def summary(exponential_courses):
    courses = exponential_courses(np.full(N, 0.3), np.full(N, 0.5), np.full(N, 0.4))
    return summarise(run("a", courses), NestedSample.of(DRAW), event_definition(), LESIONS)


def test_cumulative_incidence_has_death_competing(summary):
    fracture = 0.3 / 0.7 * (1 - np.exp(-0.7 * MONTHS))
    anything = 0.8 / 1.2 * (1 - np.exp(-1.2 * MONTHS))
    np.testing.assert_allclose(summary.risk["fracture"].probability, fracture, atol=0.02)
    np.testing.assert_allclose(summary.risk["any_event"].probability, anything, atol=0.02)
    np.testing.assert_allclose(summary.survival.probability, np.exp(-0.4 * MONTHS), atol=0.02)
    assert summary.median_survival_months == pytest.approx(np.log(2) / 0.4 * 12, abs=1.2)


def test_a_broken_bone_has_no_risk_of_fracture(exponential_courses):
    courses = exponential_courses(np.full(N, 0.3), np.full(N, 0.5), np.full(N, 0.4))
    found = summarise(run("a", courses), NestedSample.of(DRAW), event_definition(), LESIONS, frozenset({0}))
    femur, spine = (one.to_dict() for one in found.lesions)
    assert femur["already_fractured"] is True
    assert femur["fracture"] is None
    assert spine["already_fractured"] is False
    assert spine["fracture"]["probability"] == 0.0


def test_fracture_or_rod_is_one_number_at_a_long_bone(courses_of):
    rows = [
        (0, 50.0, 50.0, K.SURGERY, 0, 1),
        (0, 60.0, 60.0, K.NON_VERTEBRAL_FRACTURE, 0, 1),
        (1, 70.0, 70.0, K.NON_VERTEBRAL_FRACTURE, 0, 1),
        (2, 70.0, 70.0, K.SURGERY, 0, 1),
        (3, 70.0, 70.0, K.VERTEBRAL_FRACTURE, 1, 1),
    ]
    courses = courses_of(rows, [np.nan] * 5)
    femur, spine = (one.to_dict() for one in lesions_of(courses))
    assert femur["fracture_or_rod"]["probability"] == pytest.approx(0.6)
    assert spine["fracture_or_rod"] is None
    sample = NestedSample.of(np.zeros(5, dtype=int))
    gone = summarise(run("a", courses), sample, event_definition(), LESIONS, frozenset({0})).lesions[0]
    assert gone.fracture_or_rod is None


def test_any_event_is_never_rarer_than_one_of_its_parts(summary):
    whole = np.array(summary.risk["any_event"].probability)
    for part in ("fracture", "cord_compression", "radiotherapy", "surgery"):
        assert np.all(whole >= np.array(summary.risk[part].probability) - 1e-12)


def test_limits_never_fall_and_hold_the_estimate(summary):
    for curve in summary.risk.values():
        p, low, high = (np.array(x) for x in (curve.probability, curve.low, curve.high))
        for part in (p, low, high):
            assert np.all(np.diff(part) >= 0)
        assert np.all(low <= p)
        assert np.all(p <= high)
    survival = summary.survival
    assert np.all(np.array(survival.low) <= np.array(survival.high))


def test_expected_number_and_lesions(summary):
    both = 0.3 / 0.7 * (1 - np.exp(-0.7 * 2)) + 0.5 / 0.9 * (1 - np.exp(-0.9 * 2))
    # A few pairs fall within 21 days of one another and count once.
    assert summary.expected_events.mean == pytest.approx(both, abs=0.05)
    assert summary.expected_events.mean < both
    femur, spine = summary.lesions
    assert femur.fracture.probability == pytest.approx(summary.risk["fracture"].probability[-1])
    assert femur.radiotherapy.probability == 0.0
    assert femur.cord is None
    assert spine.cord is not None
    assert spine.cord.probability == 0.0
    assert 0 < spine.cord.high < 0.002
    assert spine.radiotherapy.probability == pytest.approx(summary.risk["radiotherapy"].probability[-1])


def test_bands_leave_the_dead_out(courses_of):
    courses = courses_of([], [100.0, np.nan, np.nan])
    courses.patient_series[0, :4, 0] = 4.0
    forecast = summarise(run("a", courses), NestedSample.of(np.zeros(3, dtype=int)), event_definition(), ())
    calcium = forecast.courses["calcium"]
    assert calcium.high[0] > 3.0
    assert calcium.high[10] == 2.4
    assert calcium.to_dict()["median"][0] == 2.4


def test_nobody_alive_gives_no_number(courses_of):
    courses = courses_of([], [10.0, 10.0])
    forecast = summarise(run("a", courses), NestedSample.of(np.zeros(2, dtype=int)), event_definition(), ())
    assert forecast.courses["pain"].to_dict()["median"][-1] is None


def test_low_calcium_is_the_event_of_the_risk_table_and_a_deep_fall_a_monthly_reading(courses_of):
    events = [(0, 20.0, 20.0, K.HYPOCALCAEMIA, -1, 0), (2, 20.0, 20.0, K.HYPOCALCAEMIA, -1, 0)]
    courses = courses_of(events, [np.nan, np.nan, 10.0, np.nan])
    courses.patient_series[0, 3, 0] = 1.9
    courses.patient_series[1, 3, 0] = 1.7
    forecast = summarise(run("a", courses), NestedSample.of(np.zeros(4, dtype=int)), event_definition(), ())
    assert list(forecast.harms) == ["hypocalcaemia", "calcium_below_1_75_at_a_month"]
    # the third person dies before the event; a low monthly reading alone is not the event
    assert forecast.harms["hypocalcaemia"] == forecast.risk["hypocalcaemia"].at(courses.months)
    assert forecast.harms["hypocalcaemia"].probability == 0.25
    assert forecast.harms["calcium_below_1_75_at_a_month"].probability == 0.25


def lesions_of(courses, lesions=LESIONS, rods=()):
    sample = NestedSample.of(np.zeros(courses.n, dtype=int))
    return summarise(replace(run("a", courses), rods=rods), sample, event_definition(), lesions).lesions


def with_strength(courses, values):
    """Give each course its own strength of the first lesion, at all times."""
    courses.lesion_series[:, 0, :, LESION_SERIES.index("strength")] *= np.array(values)[:, None]
    return courses


def test_strength_is_that_of_bone_neither_broken_nor_fixed(courses_of):
    rows = [
        (0, 50.0, 50.0, K.SURGERY, 0, 1),
        (1, 90.0, np.nan, K.NON_VERTEBRAL_FRACTURE, 0, 0),
        (2, 10.0, 10.0, K.SURGERY, 1, 1),
    ]
    courses = with_strength(courses_of(rows, [np.nan] * 4 + [300.0]), [1.0, 0.9, 0.3, 0.5, 0.7])
    femur, spine = lesions_of(courses)
    assert femur.strength_now == pytest.approx(0.7)
    assert femur.strength_end == pytest.approx(0.4)
    assert femur.strength_share == pytest.approx(2 / 4)
    assert femur.surgery.probability == pytest.approx(1 / 5)
    assert spine.strength_share == pytest.approx(3 / 4)


def test_an_operation_that_frees_the_cord_leaves_no_rod(courses_of):
    rows = [(0, 50.0, 50.0, K.CORD_COMPRESSION, 1, 1), (0, 50.0, 50.0, K.SURGERY, 1, 1)]
    _, spine = lesions_of(courses_of(rows, [np.nan] * 2))
    assert spine.strength_share == 1.0
    assert spine.surgery.probability == pytest.approx(0.5)


def test_recorded_and_planned_rods_count_as_fixed(courses_of):
    courses = courses_of([], [np.nan] * 2)
    fixed = (replace(LESIONS[0], fixed=dt.date(2025, 1, 1)), LESIONS[1])
    femur, spine = (one.to_dict() for one in lesions_of(courses, fixed))
    assert (femur["strength_now"], femur["strength_end"], femur["strength_share"]) == (None, None, 0.0)
    assert spine["strength_now"] == 1.0
    femur, _ = (one.to_dict() for one in lesions_of(courses, rods=(("femur-left-shaft", 45.0),)))
    assert (femur["strength_now"], femur["strength_end"], femur["strength_share"]) == (1.0, None, 0.0)


def test_shares_by_first_kind_add_up_to_any_event(courses_of, summary):
    rows = [
        (0, 50.0, 50.0, K.SURGERY, 0, 1),
        (0, 60.0, 60.0, K.NON_VERTEBRAL_FRACTURE, 0, 1),
        (1, 70.0, 70.0, K.NON_VERTEBRAL_FRACTURE, 0, 1),
        (1, 70.0, 70.0, K.SURGERY, 0, 1),
        (2, 80.0, 80.0, K.CORD_COMPRESSION, 1, 1),
        (2, 80.0, 80.0, K.SURGERY, 1, 1),
        (2, 80.0, 80.0, K.RADIOTHERAPY, 1, 1),
        (3, 20.0, 90.0, K.VERTEBRAL_FRACTURE, 1, 0),
        (3, 40.0, 40.0, K.RADIOTHERAPY, 1, 1),
    ]
    found = first_kinds(courses_of(rows, [np.nan] * 5), NestedSample.of(np.zeros(5, dtype=int)), event_definition())
    expected = {"prevention": 0.2, "fracture": 0.2, "cord_compression": 0.2, "radiotherapy": 0.2}
    assert found == pytest.approx(expected)
    assert sum(summary.first_event.values()) == pytest.approx(summary.risk["any_event"].probability[-1])
    assert summary.first_event["prevention"] == 0.0


def test_median_survival_is_interpolated_or_absent():
    flat = (0.0, 0.0, 0.0)
    assert median_months(Curve((0, 1, 2), (1.0, 0.75, 0.25), flat, flat)) == pytest.approx(1.5)
    assert median_months(Curve((0, 1, 2), (1.0, 0.9, 0.8), flat, flat)) is None


def test_the_paired_difference_is_that_of_the_closed_form(exponential_courses):
    sample = NestedSample.of(DRAW)
    rates = [np.full(N, r) for r in (0.6, 0.3)]
    base = exponential_courses(rates[0], np.zeros(N), np.full(N, 0.2))
    better = exponential_courses(rates[1], np.zeros(N), np.full(N, 0.2))
    found = {c.kind: c for c in contrasts([run("b", better), run("a", base, True)], sample, event_definition())}
    expected = 100 * (0.6 / 0.8 * (1 - np.exp(-1.6)) - 0.3 / 0.5 * (1 - np.exp(-1.0)))
    c = found["any_event"]
    assert (c.regimen, c.against) == ("b", "a")
    assert c.avoided_per_100 == pytest.approx(expected, abs=1.5)
    assert c.low < c.avoided_per_100 < c.high
    assert c.distinguishable
    assert "fewer" in c.text
    # Common random numbers: less chance than in two independent samples of this size.
    parts = event_definition().components
    other = exponential_courses(rates[1], np.zeros(N), np.full(N, 0.2), seed=2)
    happened = [np.isfinite(first_day(x, parts)).astype(float) for x in (base, better, other)]
    paired, independent = (estimate(sample, happened[0] - y, "difference").chance_error[0] for y in happened[1:])
    assert paired < 0.75 * independent
    assert found["death"].avoided_per_100 == 0.0
    assert not found["death"].distinguishable
    assert found["death"].text.startswith("This run does not separate B and A for death")


def test_an_interval_that_does_not_reach_none_is_not_written_as_if_it_did():
    assert "(90 % interval under 1 to 12)" in _sentence(("b", "a", 24), "fracture", (6.0, 0.3, 12.0), True)
    assert "(90 % interval 3 to 12)" in _sentence(("b", "a", 24), "fracture", (-6.0, -12.0, -3.0), True)


def test_a_harmful_regimen_is_told_as_more_events(exponential_courses):
    low = exponential_courses(np.full(N, 0.3), np.zeros(N), np.full(N, 0.2))
    high = exponential_courses(np.full(N, 0.6), np.zeros(N), np.full(N, 0.2))
    found = contrasts([run("a", low, True), run("b", high)], NestedSample.of(DRAW), event_definition())
    worse = next(c for c in found if c.kind == "fracture")
    assert worse.avoided_per_100 < -10
    assert worse.distinguishable
    assert "more have fracture" in worse.text


def test_a_tiny_but_certain_difference_is_not_told_apart(courses_of):
    rows = [(i, 5.0, 5.0, K.SURGERY, 0, 1) for i in range(16)]
    sample = NestedSample.of(np.repeat(np.arange(40), 50))
    runs = [run("a", courses_of(rows, [np.nan] * 2000, 1), True), run("b", courses_of([], [np.nan] * 2000, 1))]
    surgery = next(c for c in contrasts(runs, sample, event_definition()) if c.kind == "surgery")
    assert surgery.avoided_per_100 == pytest.approx(0.8)
    assert not surgery.distinguishable


def test_every_pair_is_compared_on_any_event(courses_of):
    runs = [run(x, courses_of([], [np.nan] * 10), x == "b") for x in "abc"]
    found = contrasts(runs, NestedSample.of(np.zeros(10, dtype=int)), event_definition())
    pairs = [(c.regimen, c.against) for c in found if c.kind == "any_event"]
    assert pairs == [("a", "b"), ("c", "b"), ("c", "a")]


def test_weighted_quantiles_and_ranks():
    x = np.array([[1.0], [2.0], [3.0], [np.nan]])
    assert weighted_quantile(x, np.array([1.0, 1, 1, 9]), np.array([0.5]))[0, 0] == 2.0
    repeated = weighted_quantile(np.repeat(x[:3], [1, 5, 2], axis=0), np.ones(8), np.array([0.5]))
    assert repeated[0, 0] == 2.0
    np.testing.assert_allclose(weighted_rank(np.array([5.0, 7, 7, 9]), np.ones(4)), [0.125, 0.5, 0.5, 0.875])
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 500))
    assert rank_correlation(a, np.exp(a), np.ones(500)) == pytest.approx(1.0)
    assert abs(rank_correlation(a, b, np.ones(500))) < 0.1
