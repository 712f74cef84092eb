"""Patterns of events by hand, under chance alone and under a frailty of known variance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.trials.published import arm

from osteocast.trials.follow_up import FollowUp
from osteocast.trials.patterns import EARLY, WINDOW, pattern

YEAR = 365.25


def test_by_hand():
    # A: events on days 10, 100 and 200, leaves on 300; B: event on 150, dead on 160; C and the rest: none.
    events = [(0, 10, 0), (0, 100, 0), (0, 200, 0), (1, 150, 0)]
    found = pattern(arm([300, 160, 80, 365], [0, 1, 0, 0], events=events), (0,))
    early = 10 + EARLY + 80 + EARLY
    later = 150 - EARLY + 365 - EARLY
    assert (found.patients, found.events) == (4, 4)
    assert found.first_early == pytest.approx(YEAR / early)
    assert found.first_later == pytest.approx(YEAR / later)
    assert found.first == pytest.approx(2 * YEAR / (early + later))
    # A is at risk of a second event from day 31; B leaves before that.
    assert found.next == pytest.approx(YEAR / (100 - 10 - WINDOW))
    # unequal follow-up alone would add (4 / 905)^2 of its variance
    by_time = (4 / 905) ** 2 * np.var([300, 160, 80, 365])
    assert found.variance_over_mean == pytest.approx(((3 - 1) ** 2 + 0 + 1 + 1) / 4 - by_time)
    assert found.top_tenth == pytest.approx(3 / 4)


def test_nothing_happens():
    found = pattern(arm([300.0, 200.0], [0, 0], events=[]), (0,))
    assert found.first == 0.0
    assert all(math.isnan(one) for one in (found.next, found.variance_over_mean, found.top_tenth))


def drawn(frailty: float, n: int = 20_000) -> FollowUp:
    """Two events a year over two years, none of them within the window of another, times a gamma frailty."""
    rng = np.random.default_rng(1)
    z = rng.gamma(1 / frailty, frailty, n) if frailty else np.ones(n)
    rows = []
    for i, rate in enumerate(2.0 * z / YEAR):
        day = rng.exponential(1 / rate)
        while day < 2 * YEAR:
            rows.append((i, day))
            day += WINDOW + rng.exponential(1 / rate)
    patient, day = (np.array(one) for one in zip(*rows, strict=True))
    exits, none = np.full(n, 2 * YEAR), np.zeros(n)
    zeros = np.zeros(n, dtype=np.int64)
    return FollowUp("arm", none, exits, none > 0, zeros, patient, day, np.zeros(len(day), dtype=np.int64))


def test_alike_patients_show_no_pattern_and_a_frailty_shows_in_every_one():
    alike, frail = pattern(drawn(0.0), (0,)), pattern(drawn(0.5), (0,))
    assert alike.first_early / alike.first_later == pytest.approx(1.0, abs=0.06)
    assert alike.next / alike.first == pytest.approx(1.0, abs=0.03)
    # the pause after an event makes numbers a little more alike than chance
    assert 0.75 < alike.variance_over_mean < 1.0
    # no event by t: (1 + t)^-2 with this frailty, so 8 in 9 have one within the 2/3 years at risk for it
    assert frail.first == pytest.approx(4 / 3, rel=0.02)
    assert frail.next > 1.2 * frail.first
    assert frail.first_early > 1.3 * frail.first_later
    assert frail.variance_over_mean > 1.8
    assert frail.top_tenth > alike.top_tenth + 0.05


def test_unequal_follow_up_is_not_clustering():
    """Poisson numbers over times with a coefficient of variation of one: the plain ratio would be 1 + 0.8."""
    rng = np.random.default_rng(2)
    time = rng.exponential(300.0, 20_000) + 1.0
    number = rng.poisson(0.8 * time / 300.0)
    patient = np.repeat(np.arange(len(time)), number)
    day = rng.uniform(0.0, time[patient]) + 1e-9
    zeros = np.zeros(len(time))
    followed = FollowUp("arm", zeros, time, zeros > 0, zeros.astype(np.int64), patient, day, np.zeros_like(patient))
    assert number.var() / number.mean() == pytest.approx(1.8, abs=0.05)
    assert pattern(followed, (0,)).variance_over_mean == pytest.approx(1.0, abs=0.05)
