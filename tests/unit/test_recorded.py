"""What the record says was done to a lesion: radiotherapy, rod and fracture act on their dates and are remembered."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from osteocast.course import memory as m
from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.courses import EventKind
from osteocast.course.layout import PLACE_INDEX, Action
from osteocast.course.population import draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.recorded import event_marks, first_treated_day, irradiation_days, is_broken
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.patient import EventKind as EventKindName
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, SkeletalEvent
from osteocast.domain.site import site
from osteocast.forecasting.candidates import find_candidates
from osteocast.forecasting.describe import describe
from osteocast.forecasting.run import POSTERIOR
from osteocast.formats.regimen_file import read_regimen
from osteocast.inference.posterior import read_posterior
from osteocast.models import radiotherapy

TODAY = dt.date(2026, 2, 10)
GIVEN = TODAY - dt.timedelta(days=45)
SPINE = Lesion(site("L2"), "lytic", size_mm=25.0, pain_at_rest=6.0)
PLAIN = Patient(61.0, "female", PrimaryTumour("breast"), assessed=TODAY, lesions=(SPINE,))
N = 60


def with_lesion(**changes: object) -> Patient:
    return replace(PLAIN, lesions=(replace(SPINE, **changes),))  # type: ignore[arg-type]


IRRADIATED = with_lesion(irradiated=GIVEN)


def present_of(patient: Patient) -> Present:
    keys = np.arange(N, dtype=np.int64)
    draws = draw_patients(patient, Typical(Streams(5, keys, np.zeros_like(keys)), {}, {}))
    found = carry(draws, past_calendar(patient))
    assert (found.status == 0).all()
    return found


def memory(found: Present, column: int) -> NDArray[np.float64]:
    """One column of the memory of the recorded lesion, which was seeded first."""
    assert (found.standing.place[:, 0, PLACE_INDEX["report_index"]] == 0).all()
    return np.asarray(found.standing.lesion[:, 0, column])


def referrals(patient: Patient, months: int) -> int:
    found = present_of(patient)
    rule = constants(radiotherapy.Params, "radiotherapy", found.draws.typical)
    calendar = coming_calendar(patient, read_regimen("supportive-care"), months, rule)
    events = continue_from(found, calendar, months).events
    return int(np.sum((events["kind"] == int(EventKind.RADIOTHERAPY)) & (events["lesion"] == 0) & (events["day"] > 0)))


def test_radiotherapy_is_an_action_on_its_date() -> None:
    again = SkeletalEvent("radiotherapy", SPINE.site, GIVEN - dt.timedelta(days=400))
    elsewhere = SkeletalEvent("radiotherapy", site("T4"), GIVEN - dt.timedelta(days=30))
    twice = replace(IRRADIATED, events=(again, elsewhere, SkeletalEvent("radiotherapy", SPINE.site)))
    assert irradiation_days(twice, IRRADIATED.lesions[0]) == (-445.0, -45.0)
    rows = past_calendar(twice)
    assert rows[rows[:, 1] == int(Action.RADIOTHERAPY)].tolist() == [[-445.0, 2.0, 1.0, 0.0], [-45.0, 2.0, 1.0, 0.0]]
    assert (memory(present_of(twice), m.IRRADIATIONS) == 2).all()
    today = with_lesion(irradiated=TODAY)
    assert irradiation_days(today, today.lesions[0]) == (-1.0,)


def test_radiotherapy_is_remembered_kills_tumour_and_relieves_some() -> None:
    found, without = present_of(IRRADIATED), present_of(PLAIN)
    assert (memory(found, m.IRRADIATED_DAY) == -45).all()
    assert (memory(found, m.IRRADIATIONS) == 1).all()
    assert (memory(without, m.IRRADIATIONS) == 0).all()
    relieved = memory(found, m.RELIEVED)
    assert 0.4 < np.mean(relieved > 0) < 0.8  # six in ten respond
    tumour = [one.standing.xl[:, 0, 3] for one in (found, without)]
    assert np.median(tumour[0]) < 0.7 * np.median(tumour[1])
    index = np.zeros(3, dtype=np.int64)
    copies = found.take(index, np.array([700, 701, 702]))
    assert (memory(copies, m.RELIEVED) == relieved[0]).all()  # the response stays with the patient


def test_a_lesion_was_there_before_it_was_treated() -> None:
    old = with_lesion(irradiated=TODAY - dt.timedelta(days=900), fixed=TODAY - dt.timedelta(days=1000))
    assert first_treated_day(old, old.lesions[0]) == -1000
    assert (present_of(old).draws.place[:, 0, PLACE_INDEX["seed_day"]] < -1000).all()
    assert first_treated_day(PLAIN, SPINE) is None


def test_radiotherapy_just_given_is_not_given_again_at_once() -> None:
    assert referrals(PLAIN, 6) > 5
    assert referrals(IRRADIATED, 6) == 0  # 0.8 years must pass
    assert referrals(IRRADIATED, 24) > 0


def test_a_rod_holds_from_its_date() -> None:
    femur = Lesion(site("femur-left-shaft"), "lytic", size_mm=25.0)
    held = replace(PLAIN, lesions=(replace(femur, fixed=TODAY - dt.timedelta(days=300)),))
    bare = replace(PLAIN, lesions=(femur,))
    found = present_of(held)
    assert (memory(found, m.ROD) == 1).all()
    assert (memory(present_of(bare), m.ROD) == 0).all()
    # what did not break in a held bone tells nothing
    late, early = (memory(one, m.HISTORY).sum() for one in (present_of(bare), found))
    assert early < late


@pytest.mark.parametrize(
    ("collapse", "broken"), [(None, False), (10.0, False), (19.9, False), (20.0, True), (60.0, True)]
)
def test_a_vertebra_is_broken_from_a_fifth_of_its_height(collapse: float | None, broken: bool) -> None:
    patient = with_lesion(collapse_percent=collapse)
    assert is_broken(patient, patient.lesions[0]) is broken
    draws = draw_patients(patient, Typical(Streams(5, np.arange(2), np.zeros(2, dtype=np.int64)), {}, {}))
    assert (draws.place[:, 0, PLACE_INDEX["fractured"]] == float(broken)).all()


def test_a_recorded_fracture_breaks_the_bone_whatever_its_height() -> None:
    patient = replace(with_lesion(collapse_percent=5.0), events=(SkeletalEvent("fracture", SPINE.site),))
    assert is_broken(patient, patient.lesions[0])


def test_the_dose_is_said_to_be_assumed() -> None:
    drawn = {one["item"]: one["how"] for one in describe(IRRADIATED)["drawn"]}
    assert drawn["radiotherapy dose of L2"] == "taken as a single 8 Gy; whether pain responded is drawn"
    assert "radiotherapy dose of L2" not in {one["item"] for one in describe(PLAIN)["drawn"]}


@pytest.mark.parametrize(
    ("kinds", "marks"),
    [
        ((), (0.0, 0.0)),
        (("radiotherapy", "surgery", "hypercalcaemia"), (0.0, 0.0)),
        (("fracture",), (1.0, 0.0)),
        (("cord-compression",), (1.0, 1.0)),
        (("fracture", "cord-compression"), (1.0, 1.0)),
    ],
)
def test_recorded_events_mark_the_hazard_of_death(kinds: tuple[EventKindName, ...], marks: tuple[float, float]) -> None:
    events = tuple(SkeletalEvent(kind, site("T7"), GIVEN) for kind in kinds)
    assert event_marks(replace(PLAIN, events=events)) == marks


def test_a_lost_height_is_no_event_of_the_hazard_of_death() -> None:
    assert is_broken(PLAIN, replace(SPINE, collapse_percent=50.0))
    assert event_marks(with_lesion(collapse_percent=50.0)) == (0.0, 0.0)


def test_earlier_events_bring_death_nearer_as_simulated_ones_do() -> None:
    """The integrated hazard of a person grows by the published factors; chance and everything else stay the same."""
    plain = present_of(PLAIN)
    before = plain.standing.body.copy()
    rule = constants(radiotherapy.Params, "radiotherapy", plain.draws.typical)
    calendar = coming_calendar(PLAIN, read_regimen("supportive-care"), 24, rule)
    dead, days = [], []
    for marks in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)):
        courses = continue_from(plain.marked(marks), calendar, 24)
        days.append(np.nan_to_num(courses.death_day, nan=np.inf))
        dead.append(np.count_nonzero(np.isfinite(days[-1])))
    np.testing.assert_array_equal(plain.standing.body, before)
    # who has an event of the kind before death is marked anyway and dies no earlier
    assert (days[1] <= days[0]).all()
    assert (days[2] <= days[1]).all()
    assert dead[0] < dead[2]
    early = np.isfinite(days[2]) & (days[2] < 60.0)
    assert (days[2][early] < days[0][early]).all()


def test_a_forecast_starts_from_people_marked_by_their_record() -> None:
    patient = replace(PLAIN, events=(SkeletalEvent("cord-compression", site("T7"), GIVEN),))
    body = find_candidates(patient, read_posterior(POSTERIOR), (4, 8), 1, 1).present.standing.body
    assert (body[:, [m.EVENT_MARK, m.CORD_MARK]] == 1.0).all()
    plain = find_candidates(PLAIN, read_posterior(POSTERIOR), (4, 8), 1, 1).present.standing.body
    assert (plain[:, [m.EVENT_MARK, m.CORD_MARK]] == 0.0).all()
