"""Treatment of high calcium: responses, their duration and relapse by hand, and the published trial."""

import dataclasses
import math

import numpy as np
import pytest
from tests.trials.courses import courses_of

from osteocast.course.courses import EventKind
from osteocast.course.laboratory_visits import finding, sample
from osteocast.course.system import observable_names
from osteocast.evidence.load import load_targets
from osteocast.formats.trial_file import read_trial
from osteocast.trials.calcium_response import CalciumVisits, calcium_response, response_duration, time_to_relapse
from osteocast.trials.laboratory import calcium_at_visits, visit_days
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial

NAN = math.nan
DAY = np.arange(0.0, 70.0, 10.0)
VALUE = np.array(
    [
        [3.4, 2.6, 2.6, 2.8, 2.95, 3.1, 3.1],  # normal on days 10 and 20, below 2.9 up to day 30
        [3.4, 2.9, 2.6, 2.6, 2.6, 2.6, 2.6],  # first normal on day 20: too late
        [2.6, 3.1, 3.1, 3.1, 3.1, 3.1, 3.1],  # the value of the day of entry is no response
        [3.2, 2.7, 2.7, 2.7, NAN, NAN, NAN],  # exactly the limit; leaves while normal
        [3.2, NAN, NAN, NAN, NAN, NAN, NAN],  # dies before the first visit
    ]
)
CALCIUM = CalciumVisits(DAY, VALUE, 2.7, 10.0)


def of(*patients, by=10.0):
    return dataclasses.replace(CALCIUM, value=VALUE[list(patients)], by=by)


def test_a_response_is_a_normal_value_in_time_and_after_entry():
    assert CALCIUM.responded.tolist() == [True, False, False, True, False]
    assert calcium_response(CALCIUM).value == pytest.approx(2 / 5)
    assert of(0, 1, by=20.0).responded.tolist() == [True, True]


def test_a_response_lasts_to_its_last_normal_value():
    assert response_duration(of(0)).value == 10.0
    assert response_duration(of(0, 1, by=20.0)).value == 10.0  # one of two has lost it, half of them by day 10
    assert response_duration(of(3)).reason == "trial.not-reached"  # censored while normal
    assert response_duration(of(4)).reason == "trial.no-patients"


def test_high_calcium_is_back_after_the_last_value_below_the_higher_limit():
    assert time_to_relapse(of(0), 2.9).value == 30.0
    assert time_to_relapse(of(2), 2.9).value == 0.0  # never normal: back at once
    assert time_to_relapse(of(3), 2.9).reason == "trial.not-reached"


def test_visits_take_what_was_read_out_on_their_days_and_end_with_the_next_treatment():
    days = np.array([0.0, 4.0, 7.0])
    read = np.zeros((2, 3, len(observable_names())))
    read[:, :, observable_names().index("calcium_total")] = [[3.3, 2.9, 2.6], [3.3, 3.2, 3.1]]
    courses = courses_of([(1, 5.0, EventKind.HYPERCALCAEMIA_TREATMENT, 0)], n=2)
    courses = dataclasses.replace(courses, read_days=days, read_outs=read)
    exact = dataclasses.replace(finding("hypercalcaemia"), error=0.0)
    assert sample(courses, exact, days, np.full(2, 60.0)).value.tolist() == [[3.3, 2.9, 2.6], [3.3, 3.2, 3.1]]
    assert sample(courses, exact, days[1:], np.full(2, 60.0)).value[0].tolist() == [2.9, 2.6]
    measured = calcium_at_visits(courses, 1, np.arange(2))
    assert np.isnan(measured).tolist() == [[False] * 3, [False, False, True]]
    np.testing.assert_allclose(measured[0], [3.3, 2.9, 2.6], rtol=0.1)
    with pytest.raises(ValueError, match="read_outs"):
        dataclasses.replace(courses, read_outs=read[:1])


def test_only_a_trial_that_asks_for_them_has_visits_of_its_own():
    assert visit_days(read_trial("stopeck-2010")).size == 0
    days = visit_days(read_trial("major-2001"))
    assert days.tolist() == list(range(57))


@pytest.fixture(scope="module")
def lung():
    """The published trial in its patients with lung cancer alone, each of them under every arm."""
    trial = read_trial("major-2001")
    one = trial.populations[0]
    share = dataclasses.replace(one.inputs["share"], value=1.0)
    female = dataclasses.replace(one.inputs["female"], value=0.0)
    lung = dataclasses.replace(one, inputs={**one.inputs, "share": share, "female": female})
    settings = TrialSettings(24, design="counterfactual")
    return simulate_trial(dataclasses.replace(trial, populations=(lung,)), settings)


def test_all_enter_with_high_calcium_after_fluids_and_most_respond(lung):
    assert lung.subjects.visits.shape == (72, 57)
    assert (lung.subjects.entry[:, 3] >= 3.0).all()
    found = {one.name: one.middle for one in lung.endpoints}
    for drug in ("zoledronate-4-mg", "zoledronate-8-mg", "pamidronate"):
        assert found[f"response-day-4-{drug}"] <= found[f"response-day-7-{drug}"] <= found[f"response-day-10-{drug}"]
    for day in (4, 7, 10):
        four, eight, pamidronate = (found[f"response-day-{day}-{drug}"] for drug in
                                    ("zoledronate-4-mg", "zoledronate-8-mg", "pamidronate"))  # fmt: skip
        assert eight >= four >= pamidronate


def test_responses_by_day_10_are_near_the_published_ones(lung):
    """24 patients of one primary: within two standard errors of so few, 20 points."""
    targets = load_targets()
    for one in lung.endpoints:
        if one.name.startswith("response-day-10"):
            assert abs(one.middle - targets[one.published.target].value) < 20, one.name
