"""Shares of patients and changes of markers: published examples, by hand, definition of the exact limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, t
from tests.trials.published import arm

from osteocast.foundation.errors import InputError
from osteocast.trials.marker_change import mean_change, median_change, percent_change
from osteocast.trials.proportions import (
    event_proportion,
    event_proportion_difference,
    proportion,
    proportion_difference,
    proportions_by_first_type,
    proportions_by_type,
)

TYPES = {"fracture": [0, 1], "compression": [2], "radiation": [3]}


def patients():
    events = [(0, 5, 1), (0, 9, 3), (1, 4, 3), (1, 4, 2), (2, 8, 0), (2, 9, 0), (3, 2, 7)]
    return arm([10] * 6, events=events)


def test_shares_by_type_and_first_type():
    assert {k: v.value for k, v in proportions_by_type(patients(), TYPES).items()} == pytest.approx(
        {"fracture": 2 / 6, "compression": 1 / 6, "radiation": 2 / 6}
    )
    first = proportions_by_first_type(patients(), TYPES)
    assert {k: v.value for k, v in first.items()} == pytest.approx(
        {"fracture": 2 / 6, "compression": 1 / 6, "radiation": 0.0}
    )
    kinds = [k for kinds in TYPES.values() for k in kinds]
    assert sum(v.value for v in first.values()) == pytest.approx(event_proportion(patients(), kinds).value)
    difference = event_proportion_difference(patients(), arm([10] * 4, events=[(0, 1, 0)]), kinds)
    assert difference.value == pytest.approx(3 / 6 - 1 / 4)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_limits_are_where_the_tail_is_half_of_the_rest(case):
    count, n = case
    found = proportion(count, n)
    if count > 0:
        assert binom.sf(count - 1, n, found.low) == pytest.approx(0.025)
    else:
        assert found.low == 0.0
    if count < n:
        assert binom.cdf(count, n, found.high) == pytest.approx(0.025)
    else:
        assert found.high == 1.0


# Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("test", "control", "limits"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ],
)
def test_difference_as_published(test, control, limits):
    found = proportion_difference(test, control)
    assert (found.low, found.high) == pytest.approx(limits, abs=5e-5)
    swapped = proportion_difference(control, test)
    assert (swapped.low, swapped.high) == pytest.approx((-found.high, -found.low))


def test_nobody_and_impossible_counts():
    assert proportion(0, 0).reason == "trial.no-patients"
    assert proportion_difference((0, 0), (1, 2)).reason == "trial.no-patients"
    for count, n in ((3, 2), (-1, 2)):
        with pytest.raises(InputError):
            proportion(count, n)
    with pytest.raises(InputError):
        proportion(1, 2, level=95)


def test_changes_of_a_marker_by_hand():
    baseline, later = np.array([50.0, 80.0, 20.0, np.nan, 40.0]), np.array([10.0, 20.0, np.nan, 3.0, 30.0])
    changes = percent_change(baseline, later)
    assert changes == pytest.approx([-80, -75, np.nan, np.nan, -25], nan_ok=True)
    middle = median_change(changes)
    assert (middle.value, middle.n, middle.reason) == (pytest.approx(-75), 3, "trial.no-interval")
    mean = mean_change(changes)
    half = t.ppf(0.975, 2) * np.std([-80, -75, -25], ddof=1) / math.sqrt(3)
    assert (mean.value, mean.low, mean.high, mean.n) == pytest.approx((-60, -60 - half, -60 + half, 3))


@pytest.mark.parametrize(("n", "low", "high"), [(5, None, None), (6, 1, 6), (10, 2, 9), (20, 6, 15), (100, 40, 61)])
def test_median_lies_between_the_tabled_order_statistics(n, low, high):
    found = median_change(np.arange(1.0, n + 1.0))
    assert found.value == (n + 1) / 2
    if low is None:
        assert np.isnan([found.low, found.high]).all()
    else:
        assert (found.low, found.high) == (low, high)


def test_markers_that_cannot_be_used():
    assert median_change(np.array([np.nan])).reason == "trial.no-patients"
    assert mean_change(np.array([np.nan])).reason == "trial.no-patients"
    assert mean_change(np.array([3.0])).reason == "trial.no-interval"
    with pytest.raises(InputError):
        percent_change(np.array([0.0]), np.array([1.0]))
    with pytest.raises(InputError):
        percent_change(np.array([1.0]), np.array([1.0, 2.0]))
