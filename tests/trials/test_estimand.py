"""Estimands: each strategy changes what it should and nothing else; the whole chain gives valid follow-up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trials.courses import courses_of, leaving
from tests.trials.test_detection import DEATHS, EVENTS, EXITS, TWELVE_WEEKS, K, N, V, alive

from osteocast.course.detection import detect
from osteocast.course.event_definitions import definition_names, event_definition
from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError
from osteocast.trials.estimand import ALLOWED, Estimand, Strategy, estimand, follow_up
from osteocast.trials.follow_up import FollowUp, Outcome, first_events

RT, CHANGE, DEATH = K.RADIOTHERAPY, K.CHANGE_OF_SYSTEMIC_THERAPY, K.DEATH
SRE = event_definition("SRE")
# Patient 0 dies on day 400, 1 changes therapy on day 100, 2 drops out on day 150, 3 stays to the end.
ROWS = [
    (0, 10.0, V, 0), (0, 300.0, RT, 1), (0, 400.0, DEATH, 0),
    (1, 50.0, RT, 1), (1, 100.0, CHANGE, 0), (1, 200.0, RT, 1), (1, 250.0, CHANGE, 0),
    (2, 120.0, RT, 1), (2, 149.0, V, 0), (2, 300.0, N, 1),
]  # fmt: skip
COURSES = courses_of(ROWS, [400.0], n=4)
LEAVING = leaving([600.0] * 4, [np.inf, np.inf, 150.0, np.inf])
SEEN = detect(COURSES, TWELVE_WEEKS, LEAVING.closed_day)
BASE = estimand("while-alive")


def counted(chosen, definition=SRE):
    return follow_up(SEEN, definition, chosen, LEAVING)


def events(arm):
    columns = (arm.event_patient, arm.event_day, arm.event_kind)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def changed(one, other):
    """Names of the fields in which two arms differ."""
    return {name for name in FollowUp.__slots__ if not np.array_equal(getattr(one, name), getattr(other, name))}


EVENTS_OF = {"event_patient", "event_day", "event_kind"}


def test_while_alive_and_on_study():
    arm = counted(BASE)
    assert arm.exit_day.tolist() == [400.0, 600.0, 150.0, 600.0]
    assert arm.died.tolist() == [True, False, False, False]
    assert events(arm) == [(0, 84.0, V), (0, 300.0, RT), (1, 50.0, RT), (1, 200.0, RT), (2, 120.0, RT)]


def test_death_as_a_loss_changes_the_flag_only():
    assert changed(counted(BASE), counted(replace(BASE, death=Strategy.HYPOTHETICAL))) == {"died"}
    assert not counted(estimand("as-published")).died.any()


def test_death_as_an_event_adds_the_deaths_only():
    arm = counted(estimand("event-or-death"))
    assert changed(counted(BASE), arm) == EVENTS_OF
    assert set(events(arm)) - set(events(counted(BASE))) == {(0, 400.0, DEATH)}
    day, outcome = first_events(arm, [DEATH])
    assert (day[0], outcome[0]) == (400.0, Outcome.EVENT)


def test_without_regard_to_drop_out_only_those_who_dropped_out_change():
    arm = counted(estimand("treatment-policy"))
    assert changed(counted(BASE), arm) == EVENTS_OF | {"exit_day"}
    assert arm.exit_day.tolist() == [400.0, 600.0, 600.0, 600.0]
    # The silent fracture of day 149 is now found by the survey of day 168, the felt one on its day.
    assert set(events(arm)) - set(events(counted(BASE))) == {(2, 168.0, V), (2, 300.0, N)}


def test_a_change_of_therapy_ends_follow_up_or_is_an_event():
    first_line = counted(estimand("first-line"))
    assert changed(counted(BASE), first_line) == EVENTS_OF | {"exit_day"}
    assert first_line.exit_day.tolist() == [400.0, 100.0, 150.0, 600.0]
    assert set(events(counted(BASE))) - set(events(first_line)) == {(1, 200.0, RT)}
    composite = counted(replace(BASE, switch=Strategy.COMPOSITE))
    assert changed(counted(BASE), composite) == EVENTS_OF
    assert set(events(composite)) - set(events(counted(BASE))) == {(1, 100.0, CHANGE)}
    gone = leaving([600.0] * 4, [np.inf, 90.0, 150.0, np.inf])
    arms = [follow_up(SEEN, SRE, replace(BASE, switch=switch), gone) for switch in ALLOWED["switch"]]
    assert changed(arms[0], arms[1]) == changed(arms[0], arms[2]) == set()


def test_what_is_counted_already_is_not_counted_twice():
    courses = courses_of(ROWS, [400.0], n=4, series={"pain_worst": 8.0})
    seen = detect(courses, TWELVE_WEEKS, LEAVING.closed_day)
    arms = [
        follow_up(seen, event_definition("SRE-therapy-change"), replace(BASE, switch=switch), LEAVING)
        for switch in (Strategy.TREATMENT_POLICY, Strategy.COMPOSITE)
    ]
    assert changed(*arms) == set()
    assert (1, 100.0, CHANGE) in events(arms[0])
    # Two fractures of one survey stay two where every one counts, whatever else is added.
    twice = courses_of([(0, 10.0, V, 0), (0, 11.0, V, 0), (0, 200.0, DEATH, 0)], [200.0])
    seen = detect(twice, TWELVE_WEEKS, np.array([600.0]))
    arm = follow_up(seen, event_definition("complication"), estimand("event-or-death"), leaving([600.0]))
    assert events(arm) == [(0, 84.0, V), (0, 84.0, V), (0, 200.0, DEATH)]


def test_a_drop_out_after_death_is_no_drop_out():
    arm = follow_up(SEEN, SRE, BASE, leaving([600.0] * 4, [450.0, 700.0, 150.0, np.inf]))
    assert changed(arm, counted(BASE)) == set()
    before = follow_up(SEEN, SRE, BASE, leaving([600.0] * 4, [399.0, np.inf, 150.0, np.inf]))
    assert (before.exit_day[0], before.died[0]) == (399.0, False)


def test_strata_name_and_entry_are_handed_on():
    strata = np.array([1, 0, 1, 0])
    arm = follow_up(SEEN, SRE, BASE, replace(LEAVING, entry_day=np.arange(4.0)), strata, "test")
    assert arm.stratum.tolist() == strata.tolist()
    assert (arm.name, arm.entry_day.tolist()) == ("test", [0.0, 1.0, 2.0, 3.0])


def test_too_short_an_observation_is_refused():
    seen = detect(COURSES, TWELVE_WEEKS, np.array([600.0, 600.0, 150.0, 600.0]))
    assert changed(follow_up(seen, SRE, BASE, LEAVING), counted(BASE)) == set()
    with pytest.raises(InputError) as caught:
        follow_up(seen, SRE, estimand("treatment-policy"), LEAVING)
    assert {issue.code for issue in caught.value.issues} == {"trial.exit-not-observed"}
    with pytest.raises(InputError):
        follow_up(SEEN, SRE, BASE, leaving([800.0] * 4))


@pytest.mark.parametrize(
    "wrong",
    [{"death": Strategy.TREATMENT_POLICY}, {"drop_out": Strategy.COMPOSITE}, {"switch": Strategy.WHILE_ALIVE}],
)
def test_strategies_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError) as caught:
        replace(BASE, **wrong)
    assert {issue.code for issue in caught.value.issues} == {"trial.estimand"}


def test_the_estimands_of_the_package():
    for name in read_table("estimands"):
        assert estimand(name).text
        assert estimand(name).switch_kinds == (CHANGE,)


@given(
    EVENTS,
    DEATHS,
    EXITS,
    EXITS,
    st.tuples(*(st.sampled_from(allowed) for allowed in ALLOWED.values())),
    st.sampled_from(definition_names()),
)
def test_every_counted_event_lies_within_follow_up(rows, deaths, closed, drop_out, strategies, name):
    courses = courses_of(alive(rows, deaths), deaths)
    seen = detect(courses, TWELVE_WEEKS, closed)
    chosen = Estimand("any", "", *strategies)
    # `FollowUp` refuses an event outside of it.
    arm = follow_up(seen, event_definition(name), chosen, leaving(closed, drop_out))
    assert (arm.exit_day <= closed).all()
    assert (np.diff(arm.event_patient) >= 0).all()
    assert not (arm.died & np.isnan(courses.death_day)).any()
