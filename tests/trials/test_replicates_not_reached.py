"""Quantiles over replicates where a median is not reached in some: it lies beyond those that are."""

import numpy as np
import pytest

from osteocast.trials.result import quantiles_of

NAN = float("nan")


def test_without_a_missing_time_the_quantiles_are_the_usual_ones():
    values = np.array([10.0, 20.0, 30.0, 40.0])
    none = np.zeros(4, dtype=bool)
    assert quantiles_of(values, none) == pytest.approx((25.0, 11.5, 38.5))


def test_a_time_that_is_not_reached_is_late_and_not_unknown():
    values = np.array([10.0, 20.0, NAN, NAN, NAN])
    later = np.isnan(values)
    middle, low, high = quantiles_of(values, later)
    assert np.isnan(middle)
    assert np.isnan(high)
    assert low == 10.0
    middle, low, high = quantiles_of(np.array([10.0, 20.0, 30.0, 40.0, NAN]), np.array([False] * 4 + [True]))
    assert (middle, low) == (30.0, 10.0)
    assert np.isnan(high)


def test_a_replicate_without_a_figure_for_another_reason_is_left_out():
    values = np.array([10.0, NAN, 30.0])
    assert quantiles_of(values, np.zeros(3, dtype=bool))[0] == 20.0
    assert all(np.isnan(quantiles_of(np.array([NAN, NAN]), np.zeros(2, dtype=bool))))
