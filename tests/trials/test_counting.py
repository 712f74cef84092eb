"""Counting by definition: what is an event, what is the same event, what is left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trials.courses import courses_of
from tests.trials.test_detection import DEATHS, EVENTS, EXITS, TWELVE_WEEKS, K, N, V, alive

from osteocast.course.counting import count, first_day, first_kind, separate_events
from osteocast.course.detection import detect
from osteocast.course.event_definitions import definition_names, event_definition, ways_of_finding

RT, OP, HIGH, CHANGE = K.RADIOTHERAPY, K.SURGERY, K.HYPERCALCAEMIA, K.CHANGE_OF_SYSTEMIC_THERAPY


def counted(rows, name="SRE", *, pain=1.0, n=None):
    courses = courses_of(rows, n=n, series={"pain_worst": pain})
    return count(detect(courses, TWELVE_WEEKS, np.full(courses.n, 700.0)), event_definition(name))


def days(rows, name="SRE", **kwargs):
    return counted(rows, name, **kwargs).day.tolist()


def test_the_gap_between_definitions_is_the_silent_fractures():
    rows = [(0, 10.0, V, 0), (0, 120.0, V, 1), (0, 200.0, RT, 1), (0, 230.0, N, 0)]
    assert days(rows) == [84.0, 120.0, 200.0, 252.0]
    assert days(rows, "SSE") == [120.0, 200.0]


@pytest.mark.parametrize(("second", "number"), [(RT, [(31.0, 1), (31.1, 2)]), (OP, [(10.0, 1), (31.0, 1), (31.1, 2)])])
def test_treatment_of_a_fracture_within_21_days_is_the_same_event(second, number):
    for day, events in number:
        found = counted([(0, 10.0, N, 1), (0, day, second, 1)])
        assert len(found.day) == events
        assert found.kind[0] == N
        assert found.number[0] == 3 - events


def test_the_window_runs_from_the_last_counted_event():
    assert days([(0, day, RT, 1) for day in (10.0, 20.0, 30.0, 40.0, 52.0, 60.0)]) == [10.0, 40.0]
    # Two patients never share a window.
    assert days([(0, 10.0, RT, 1), (1, 11.0, RT, 1)]) == [10.0, 11.0]


def test_one_survey_is_one_event_and_keeps_the_number():
    found = counted([(0, 10.0, V, 0), (0, 20.0, V, 0), (0, 30.0, N, 0)])
    assert (found.day.tolist(), found.kind.tolist(), found.number.tolist()) == ([84.0], [V], [3])
    assert (found.after_day.tolist(), found.until_day.tolist()) == ([0.0], [84.0])


def test_older_definitions_count_every_fracture_and_procedure():
    rows = [(0, 10.0, V, 0), (0, 20.0, V, 0), (0, 84.0, OP, 1), (0, 85.0, HIGH, 1)]
    assert days(rows) == [84.0]
    assert days(rows, "complication") == [84.0, 84.0, 84.0]
    assert days(rows, "complication-hypercalcaemia") == [84.0, 84.0, 84.0, 85.0]


def test_hypercalcaemia_counts_where_the_trial_counted_it():
    rows = [(0, 10.0, HIGH, 1), (0, 20.0, RT, 1), (0, 90.0, RT, 1)]
    assert days(rows) == [20.0, 90.0]
    # It opens the window, so that the radiotherapy ten days later is part of it.
    assert days(rows, "SRE-hypercalcaemia") == [10.0, 90.0]
    assert days(rows, "SRE-therapy-change", pain=9.0) == [20.0, 90.0]


@pytest.mark.parametrize(("pain", "number"), [(6.9, 0), (7.0, 1), (10.0, 1), (np.nan, 0)])
def test_a_change_of_therapy_counts_from_the_pain_of_the_definition(pain, number):
    rows = [(0, 10.0, CHANGE, 0)]
    assert len(days(rows, "SRE-therapy-change", pain=pain)) == number
    assert days(rows, "SRE", pain=pain) == []


def test_pain_is_that_of_the_month_of_the_change():
    pain = np.where(np.arange(25) == 2, 8.0, 3.0)
    rows = [(0, 60.0, CHANGE, 0), (0, 61.0, CHANGE, 0), (0, 100.0, CHANGE, 0)]
    assert days(rows, "SRE-therapy-change", pain=pain) == [61.0]


def test_every_definition_says_what_it_is_and_who_used_it():
    for name in definition_names():
        found = event_definition(name)
        assert found.text.endswith(".")
        assert found.every_finding == (found.window_days == 0.0)
        assert ("21 days" in found.text) == (found.window_days == 21.0)
        assert not {k for c in found.components for k in c.kinds} & set(ways_of_finding().never)
    assert event_definition("SRE-radioisotope").not_simulated == ("radioisotope",)
    assert event_definition("SRE-radioisotope").components == event_definition("SRE").components


def test_first_day_and_kind():
    found = counted([(0, 30.0, OP, 1), (0, 30.0, N, 1), (2, 9.0, RT, 1), (2, 90.0, OP, 1)], n=4)
    assert first_day(found, 4).tolist() == [30.0, np.inf, 9.0, np.inf]
    assert first_kind(found, 4).tolist() == [N, -1, RT, -1]
    nothing = counted([], n=2)
    assert first_kind(nothing, 2).tolist() == [-1, -1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 90)), max_size=30), st.sampled_from([0.0, 1.0, 21.0]))
def test_the_window_in_columns_is_the_window_in_a_loop(rows, window):
    rows = sorted(rows)
    kept, owner, last = [], -1, -np.inf
    for patient, day in rows:
        kept.append(patient != owner or day - last > window)
        if kept[-1]:
            owner, last = patient, day
    columns = np.array(rows, dtype=np.int64).reshape(-1, 2)
    assert separate_events(columns[:, 0], columns[:, 1].astype(float), window).tolist() == kept


@given(EVENTS, DEATHS, EXITS)
def test_symptomatic_events_are_never_more(rows, deaths, exit_day):
    courses = courses_of(alive(rows, deaths), deaths)
    seen = detect(courses, TWELVE_WEEKS, exit_day)
    number = {
        name: np.bincount(count(seen, event_definition(name)).patient, minlength=5) for name in definition_names()
    }
    assert (number["SSE"] <= number["SRE"]).all()
    assert (number["SRE"] <= number["complication"]).all()
    assert (number["SRE"] <= number["SRE-hypercalcaemia"]).all()
    assert (number["complication"] <= number["complication-hypercalcaemia"]).all()
    first = {name: first_day(count(seen, event_definition(name)), 5) for name in ("SRE", "SSE")}
    assert (first["SRE"] <= first["SSE"]).all()
