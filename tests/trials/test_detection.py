"""Detection: felt on the day, silent at the next survey, never after death or exit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trials.courses import courses_of

from osteocast.course.courses import EventKind as K
from osteocast.course.detection import Observed, Surveys, as_simulated, detect, until
from osteocast.foundation.errors import InputError

V, N, RT, OP = K.VERTEBRAL_FRACTURE, K.NON_VERTEBRAL_FRACTURE, K.RADIOTHERAPY, K.SURGERY
TWELVE_WEEKS = Surveys(interval_days=84.0)
FIELDS = [name for name in Observed.__slots__ if name != "raw"]


def seen(rows, death=(), *, surveys=TWELVE_WEEKS, exit_day=700.0, n=None):
    courses = courses_of(rows, death, n=n)
    return detect(courses, surveys, np.full(courses.n, exit_day))


def same(one, other, names=FIELDS):
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize(
    ("day", "survey", "interval"),
    [
        (10.0, 84.0, (0.0, 84.0)),
        (84.0, 84.0, (0.0, 84.0)),
        (84.5, 168.0, (84.0, 168.0)),
        (600.0, 672.0, (588.0, 672.0)),
    ],
)
def test_a_silent_fracture_waits_for_the_next_survey(day, survey, interval):
    found = seen([(0, day, V, 0)])
    assert found.day.tolist() == [survey]
    assert (found.after_day[0], found.until_day[0]) == interval
    assert not found.symptomatic[0]


@pytest.mark.parametrize(("death", "exit_day"), [([50.0], 700.0), ([83.9], 700.0), ([], 83.9), ([], 20.0)])
def test_a_silent_fracture_is_never_seen_if_death_or_exit_comes_first(death, exit_day):
    assert len(seen([(0, 10.0, V, 0)], death, exit_day=exit_day).day) == 0


@pytest.mark.parametrize(("death", "exit_day"), [([84.0], 700.0), ([], 84.0)])
def test_a_survey_on_the_last_day_still_finds(death, exit_day):
    found = seen([(0, 10.0, V, 0)], death, exit_day=exit_day)
    assert found.day.tolist() == [84.0]
    assert found.exit_day.tolist() == [84.0]
    assert found.died.tolist() == [bool(death)]


def test_what_is_felt_is_seen_on_its_day_and_known_to_the_day():
    found = seen([(0, 10.0, V, 1), (0, 11.0, RT, 1), (0, 12.0, K.CHANGE_OF_SYSTEMIC_THERAPY, 0)])
    assert found.day.tolist() == found.after_day.tolist() == found.until_day.tolist() == [10.0, 11.0, 12.0]
    assert found.symptomatic.tolist() == [True, True, False]


def test_fractures_of_one_survey_are_one_row_a_kind_with_their_number():
    found = seen([(0, 10.0, V, 0), (0, 60.0, V, 0), (0, 70.0, N, 0), (0, 90.0, V, 0), (0, 84.0, V, 1)])
    assert found.day.tolist() == [84.0, 84.0, 84.0, 168.0]
    assert found.kind.tolist() == [V, V, N, V]
    # The fracture that was felt on the day of a survey is an event of its own.
    assert found.number.tolist() == [1, 2, 1, 1]
    assert found.symptomatic.tolist() == [True, False, False, False]


def test_events_up_to_the_day_of_entry_belong_to_the_history():
    assert len(seen([(0, -5.0, V, 0), (0, 0.0, RT, 1), (0, 0.0, V, 0), (0, -80.0, OP, 1)]).day) == 0
    assert seen([(0, 1e-9, RT, 1)]).day.tolist() == [1e-9]


def test_new_lesions_and_low_calcium_are_not_seen_as_events():
    assert len(seen([(0, 5.0, K.NEW_LESION, 0), (0, 6.0, K.HYPOCALCAEMIA, 0)]).day) == 0


def test_explicit_days_and_no_survey_at_all():
    rows = [(0, 10.0, V, 0), (0, 40.0, V, 0), (0, 400.0, V, 0)]
    found = seen(rows, surveys=Surveys(days=(30.0, 365.0)))
    assert found.day.tolist() == [30.0, 365.0]
    assert found.after_day.tolist() == [0.0, 30.0]
    assert len(seen(rows, surveys=Surveys(days=())).day) == 0


def test_nothing_is_known_after_the_simulation():
    found = seen([(0, 720.0, V, 0), (0, 729.0, RT, 1)], exit_day=5000.0)
    assert found.exit_day.tolist() == [730.5]
    assert found.day.tolist() == [729.0]


def test_missed_surveys_delay_and_widen_the_interval():
    n = 400
    courses = courses_of([(i, 100.0, V, 0) for i in range(n)], n=n)
    exit_day = np.full(n, 700.0)
    found = detect(courses, Surveys(interval_days=84.0, missed=0.3, seed=4), exit_day)
    delay = (found.day - 168.0) / 84.0
    assert set(delay.tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
    assert np.mean(delay == 0.0) == pytest.approx(0.7, abs=0.07)
    assert np.mean(found.after_day == 84.0) == pytest.approx(0.7, abs=0.07)
    assert set(found.after_day.tolist()) == {0.0, 84.0}
    assert len(detect(courses, Surveys(interval_days=84.0, missed=1.0), exit_day).day) == 0
    same(
        detect(courses, Surveys(interval_days=84.0, missed=0.0, seed=4), exit_day),
        detect(courses, TWELVE_WEEKS, exit_day),
    )


def test_the_days_stored_by_the_simulation_are_read_by_one_function_only():
    courses = courses_of([(0, 10.0, V, 0), (0, 20.0, RT, 1), (1, 30.0, V, 0), (1, 40.0, V, 0), (1, 50.0, V, 0)])
    courses.events["detected_day"] = [100.0, 20.0, 100.0, 100.0, np.nan]
    stored = as_simulated(courses, np.full(2, 700.0))
    assert stored.day.tolist() == [20.0, 100.0, 100.0]
    assert stored.number.tolist() == [1, 1, 2]
    assert np.isnan(stored.after_day).tolist() == [False, True, True]
    assert detect(courses, TWELVE_WEEKS, np.full(2, 700.0)).day.tolist() == [20.0, 84.0, 84.0]
    assert courses.events["detected_day"][0] == 100.0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"interval_days": 84.0, "days": (84.0,)},
        {"interval_days": 0.0},
        {"interval_days": np.inf},
        {"days": (0.0, 84.0)},
        {"days": (84.0, 84.0)},
        {"days": (np.nan,)},
        {"interval_days": 84.0, "missed": 1.1},
    ],
)
def test_schedules_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(InputError) as caught:
        Surveys(**wrong)
    assert {issue.code for issue in caught.value.issues} == {"measurement.surveys"}


KINDS = st.sampled_from([V, N, RT, OP, K.CORD_COMPRESSION, K.HYPERCALCAEMIA, K.CHANGE_OF_SYSTEMIC_THERAPY])
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.floats(-50.0, 720.0), KINDS, st.integers(0, 1)), max_size=25)
DEATHS = st.lists(st.one_of(st.just(np.nan), st.floats(1.0, 730.0)), min_size=5, max_size=5)
EXITS = st.lists(st.floats(0.0, 730.0), min_size=5, max_size=5).map(np.array)


def alive(rows, deaths):
    """Nothing happens after death."""
    return [row for row in rows if not row[1] > deaths[row[0]]]


@given(EVENTS, DEATHS, EXITS, st.floats(20.0, 200.0), st.integers(2, 4))
def test_more_surveys_never_find_fewer_silent_fractures(rows, deaths, exit_day, interval, times):
    courses = courses_of(alive(rows, deaths), deaths)
    # Each survey of the wide schedule is one of the narrow schedule too; without that a lucky day can find more.
    wide, narrow = (detect(courses, Surveys(interval_days=i), exit_day) for i in (interval, interval / times))
    fractures = [found.number[~found.symptomatic & np.isin(found.kind, [V, N])].sum() for found in (wide, narrow)]
    assert fractures[0] <= fractures[1]


@given(EVENTS, DEATHS, EXITS, st.permutations(range(5)), st.sampled_from([0.0, 0.4]))
def test_permuted_patients_give_permuted_results(rows, deaths, exit_day, order, missed):
    surveys = Surveys(interval_days=60.0, missed=missed, seed=1)
    rows = alive(rows, deaths)
    courses = courses_of(rows, deaths)
    order = np.array(order)
    moved = courses_of(
        [(int(np.flatnonzero(order == row[0])[0]), *row[1:]) for row in rows], [deaths[i] for i in order]
    )
    one, other = detect(courses, surveys, exit_day), detect(moved, surveys, exit_day[order], order.astype(np.int64))
    np.testing.assert_array_equal(other.exit_day, one.exit_day[order])
    for place, patient in enumerate(order):
        a, b = one.patient == patient, other.patient == place
        for name in ("day", "kind", "number", "after_day", "symptomatic"):
            np.testing.assert_array_equal(getattr(one, name)[a], getattr(other, name)[b])


@given(EVENTS, DEATHS, EXITS, EXITS, st.sampled_from([0.0, 0.4]))
def test_an_earlier_end_is_what_detection_with_that_end_gives(rows, deaths, exit_day, earlier, missed):
    surveys = Surveys(interval_days=45.0, missed=missed)
    courses = courses_of(alive(rows, deaths), deaths)
    earlier = np.minimum(exit_day, earlier)
    same(until(detect(courses, surveys, exit_day), earlier), detect(courses, surveys, earlier))
