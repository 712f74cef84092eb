"""Drop-out: exponential where nothing moves it, earlier in those who are ill or have had an event."""

import numpy as np
import pytest
from scipy.stats import kstest
from tests.trials.courses import MONTH, courses_of

from osteocast.course.streams import Streams
from osteocast.foundation.errors import InputError
from osteocast.trials.drop_out import ExitPlan, drop_out_day, exits

N = 2000
STREAMS = Streams(5, np.arange(N), np.zeros(N, dtype=np.int64))
NEVER = np.full(N, np.inf)


def plan(**kwargs):
    return ExitPlan(**({"withdrawal": 0.4, "earliest_exit": 0.9, "latest_exit": 3.2, "cut_off": 36.0} | kwargs))


def courses(ecog=1.0, death=()):
    return courses_of([], death, n=N, series={"ecog": ecog})


def test_neutral_drop_out_is_exponential():
    found = exits(courses(), plan(), STREAMS).drop_out_day
    assert kstest(found / 365.25 * 0.4, "expon").pvalue > 0.01
    assert np.isinf(exits(courses(), plan(withdrawal=0.0), STREAMS).drop_out_day).all()


def test_everybody_reaches_one_data_cut_from_a_spread_entry():
    found = exits(courses(), plan(cut_off=100.0), STREAMS)
    np.testing.assert_allclose(found.entry_day + found.closed_day, 3.2 * 365.25)
    assert 0.0 <= found.entry_day.min() < 20.0 < 2.2 * 365.25 < found.entry_day.max() <= 2.3 * 365.25
    assert exits(courses(), plan(cut_off=12.0), STREAMS).closed_day.max() == 12 * MONTH


def test_performance_status_and_events_bring_drop_out_forward():
    ecog = np.linspace(0.0, 3.0, N)[:, None] + 0.02 * np.arange(25)[None, :]
    neutral = exits(courses(ecog), plan(), STREAMS).drop_out_day
    ill = exits(courses(ecog), plan(per_ecog=0.4), STREAMS).drop_out_day
    assert (ill < neutral).all()
    event = np.full(N, 60.0)
    after = exits(courses(ecog), plan(after_progression=0.7), STREAMS, event).drop_out_day
    late = neutral > 60.0
    np.testing.assert_array_equal(after[~late], neutral[~late])
    np.testing.assert_allclose(after[late], 60.0 + (neutral[late] - 60.0) * np.exp(-0.7))
    np.testing.assert_array_equal(exits(courses(ecog), plan(after_progression=0.7), STREAMS).drop_out_day, neutral)


def test_the_rate_by_hand():
    # Performance status 0 for two months, then 1; threshold 0.5 at 1.2 a year; event on day 100.
    ecog = np.where(np.arange(25) < 2, 0.0, 1.0)
    one = courses_of([], n=1, series={"ecog": ecog})
    rule = plan(withdrawal=1.2, per_ecog=np.log(2.0), after_progression=np.log(3.0))
    needed = 0.5 / 1.2 * 365.25
    before = 2 * MONTH + 2.0 * (100.0 - 2 * MONTH)
    expected = 100.0 + (needed - before) / 6.0
    np.testing.assert_allclose(drop_out_day(one, rule, np.array([0.5]), np.array([100.0])), expected)
    # Without the event, and far beyond the last month with the status of that month.
    np.testing.assert_allclose(
        drop_out_day(one, rule, np.array([5.0]), np.array([np.inf])), 2 * MONTH + (10 * needed - 2 * MONTH) / 2.0
    )


def test_after_death_the_last_status_goes_on_and_changes_nothing_before():
    ecog = np.where(np.arange(25) < 1, 0.0, 2.0)
    dead = exits(courses(ecog, death=[50.0] * N), plan(per_ecog=0.3), STREAMS).drop_out_day
    np.testing.assert_allclose(dead, exits(courses(ecog), plan(per_ecog=0.3), STREAMS).drop_out_day)


@pytest.mark.parametrize(
    "wrong",
    [
        {"withdrawal": -0.1},
        {"latest_exit": 0.5},
        {"cut_off": np.inf},
        {"per_ecog": np.nan},
        {"after_progression": np.inf},
    ],
)
def test_flawed_plans_are_refused(wrong):
    with pytest.raises(InputError) as caught:
        plan(**wrong)
    assert {issue.code for issue in caught.value.issues} == {"trial.exit-plan"}
