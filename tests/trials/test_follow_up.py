"""Counted data of an arm: refused where they contradict themselves, first events, data cut."""

import math

import numpy as np
import pytest
from tests.trials.published import arm

from osteocast.foundation.errors import InputError
from osteocast.trials.follow_up import FollowUp, Outcome, cut, first_events, first_kinds, merged_within


def test_first_events_and_kinds():
    # An event on the day of death counts; of two on one day the kind that is named first is taken.
    patients = arm([5, 6, 7, 8], [1, 1, 0, 0], events=[(0, 5, 2), (2, 4, 3), (2, 4, 2), (2, 1, 9)])
    day, outcome = first_events(patients, [2, 3])
    assert day.tolist() == [5, 6, 4, 8]
    assert outcome.tolist() == [Outcome.EVENT, Outcome.DEATH, Outcome.EVENT, Outcome.CENSORED]
    assert first_kinds(patients, [2, 3]).tolist() == [2, -1, 2, -1]
    assert first_kinds(patients, [3, 2]).tolist() == [2, -1, 3, -1]
    assert first_kinds(patients, [2, 3, 9]).tolist() == [2, -1, 9, -1]
    same_day = merged_within(patients, [3, 2], 0.0)
    assert same_day.event_kind.tolist() == [2, 3]


def test_data_cut():
    patients = arm([50, 50, 50], [1, 0, 1], events=[(0, 20, 0), (1, 20, 0), (2, 50, 0)], entry=[0, 40, 60])
    known = cut(patients, 60.0)
    assert known.n == 2
    assert known.exit_day.tolist() == [50, 20]
    assert known.died.tolist() == [True, False]
    assert known.event_day.tolist() == [20, 20]
    assert cut(patients, 200.0).event_patient.tolist() == [0, 1, 2]
    assert cut(patients, 59.9).event_patient.tolist() == [0]
    assert cut(patients, 0.0).n == 0
    # What happens on the day of the cut is known.
    assert cut(patients, 50.0).died.tolist() == [True, False]
    assert cut(patients, 20.0).event_day.tolist() == [20]


@pytest.mark.parametrize(
    "wrong",
    [
        {"exit_day": [-1.0]},
        {"exit_day": [math.inf]},
        {"exit_day": [3.0], "events": [(0, 4, 0)]},
        {"exit_day": [3.0], "events": [(0, 0, 0)]},
        {"exit_day": [3.0], "events": [(1, 2, 0)]},
        {"exit_day": [3.0], "events": [(-1, 2, 0)]},
        {"exit_day": [3.0], "entry": [0.0, 1.0]},
        {"exit_day": [3.0], "entry": [math.nan]},
    ],
)
def test_contradictions_are_refused(wrong):
    with pytest.raises(InputError) as caught:
        arm(**wrong)
    assert {i.code for i in caught.value.issues} == {"trial.follow-up"}


def test_all_problems_are_listed_at_once():
    with pytest.raises(InputError) as caught:
        FollowUp("a", np.zeros(1), np.array([-1.0]), np.array([1]), np.zeros(1, dtype=int), np.array([3]),
                 np.array([math.nan]), np.array([0]))  # fmt: skip
    assert len(caught.value.issues) == 4
