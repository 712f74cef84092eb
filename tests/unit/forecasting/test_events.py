"""Counting events: clocks, definitions, windows, death."""

import numpy as np
import pytest

from osteocast.course.courses import PATIENT_SERIES
from osteocast.course.courses import EventKind as K
from osteocast.course.event_definitions import component, definition_names, event_definition
from osteocast.forecasting.events import any_event_share, counted, first_day, first_kinds, happened_by, number_of_events
from osteocast.inference.nested import NestedSample

NAN = np.nan


def test_the_definitions_name_what_they_count():
    assert {"SRE", "SSE"} <= set(definition_names())
    for name in ("SRE", "SSE"):
        kinds = {k for c in event_definition(name).components for k in c.kinds}
        assert kinds == {0, 1, 2, 3, 4}
        assert event_definition(name).window_days == 21
        assert "21 days" in event_definition(name).text


def test_a_fracture_counts_when_it_is_found_and_never_if_it_is_not(courses_of):
    courses = courses_of(
        [
            (0, 10.0, 90.0, K.VERTEBRAL_FRACTURE, 0, 0),
            (1, 10.0, NAN, K.VERTEBRAL_FRACTURE, 0, 0),
            (2, 10.0, NAN, K.RADIOTHERAPY, 0, 1),
        ],
        [NAN, NAN, NAN],
    )
    np.testing.assert_array_equal(first_day(courses, event_definition("SRE").components), [90.0, np.inf, 10.0])


def test_symptomatic_events_leave_silent_fractures_out(courses_of):
    courses = courses_of(
        [(0, 10.0, 90.0, K.VERTEBRAL_FRACTURE, 0, 0), (1, 10.0, 10.0, K.NON_VERTEBRAL_FRACTURE, 0, 1)],
        [NAN, NAN],
    )
    assert np.isfinite(first_day(courses, event_definition("SRE").components)).tolist() == [True, True]
    assert np.isfinite(first_day(courses, event_definition("SSE").components)).tolist() == [False, True]


def test_nothing_counts_after_death_or_the_horizon(courses_of):
    courses = courses_of(
        [
            (0, 50.0, 120.0, K.VERTEBRAL_FRACTURE, 0, 1),
            (1, 100.0, 100.0, K.DEATH, -1, 1),
            (2, 5000.0, 5000.0, K.SURGERY, 0, 1),
        ],
        [100.0, 100.0, NAN],
    )
    parts = event_definition("SRE").components
    assert np.all(np.isinf(first_day(courses, parts)))
    assert first_day(courses, (component("death"),))[1] == 100.0


@pytest.mark.parametrize(
    ("days", "number"),
    [([10], 1), ([10, 31], 1), ([10, 31.5], 2), ([10, 30, 45], 2), ([10, 20, 30, 40, 50], 2), ([], 0)],
)
def test_events_within_21_days_of_a_counted_one_are_the_same(courses_of, days, number):
    rows = [(1, d, d, K.RADIOTHERAPY, 0, 1) for d in reversed(days)]
    courses = courses_of([*rows, (0, 15.0, 15.0, K.SURGERY, 0, 1)], [NAN, NAN])
    np.testing.assert_array_equal(number_of_events(courses, event_definition()), [1, number])


def test_events_of_one_lesion(courses_of):
    courses = courses_of([(0, 40.0, 40.0, K.SURGERY, 1, 1), (0, 20.0, 20.0, K.SURGERY, 0, 1)], [NAN])
    assert first_day(courses, (component("surgery"),), lesion=1)[0] == 40.0
    assert counted(courses, (component("surgery"),))[1].tolist() == [20.0, 40.0]


def test_happened_by_never_falls_and_starts_empty(courses_of):
    courses = courses_of([(0, 40.0, 40.0, K.SURGERY, 1, 1)], [NAN, NAN])
    y = happened_by(first_day(courses, (component("surgery"),)), courses.times)
    assert y.shape == (2, 25)
    assert y[0].tolist() == [0.0, 0.0] + [1.0] * 23
    assert not y[1].any()


def test_the_share_with_any_event_is_taken_over_regimens(courses_of):
    under = [courses_of([(0, 10.0, 10.0, K.RADIOTHERAPY, 0, 1), (1, 30.0, NAN, K.VERTEBRAL_FRACTURE, 0, 0)], [NAN] * 3)]
    under.append(courses_of([(0, 90.0, 90.0, K.CORD_COMPRESSION, 0, 1), (2, 9.0, 9.0, K.SURGERY, 0, 1)], [NAN] * 3))
    np.testing.assert_array_equal(any_event_share(under, event_definition("SRE")), [1.0, 0.0, 0.5])


def test_a_forecast_counts_by_the_definitions_of_trials_too(courses_of):
    rows = [
        (0, 10.0, 10.0, K.RADIOTHERAPY, 0, 1),
        (0, 12.0, 12.0, K.SURGERY, 0, 1),
        (0, 40.0, 40.0, K.CHANGE_OF_SYSTEMIC_THERAPY, -1, 0),
        (1, 20.0, 20.0, K.CHANGE_OF_SYSTEMIC_THERAPY, -1, 0),
    ]
    courses = courses_of(rows, [NAN, NAN])
    courses.patient_series[1, :, PATIENT_SERIES.index("pain_worst")] = 7.0
    numbers = {name: number_of_events(courses, event_definition(name)).tolist() for name in definition_names()}
    assert numbers["SRE"] == [1, 0]
    assert numbers["complication"] == [2, 0]
    # Of the two changes of therapy one was made in pain.
    assert numbers["SRE-therapy-change"] == [1, 1]
    for name in definition_names():
        assert sum(first_kinds(courses, NestedSample.of(np.zeros(2, dtype=int)), event_definition(name)).values()) > 0
