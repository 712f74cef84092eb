"""The same question gives the same bytes, however the work is shared out; another seed gives another answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cache

import numpy as np
import pytest

from osteocast.course import workshare
from osteocast.course.calendar import calendar_of, coming_calendar, past_calendar
from osteocast.course.courses import Courses
from osteocast.course.population import Draws, draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.rules import constants
from osteocast.course.simulate import Simulated, continue_from, simulate
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.forecasting.run import Settings, forecast
from osteocast.formats.regimen_file import read_regimen
from osteocast.models import radiotherapy
from osteocast.report.folder import result_text

TODAY = dt.date(2026, 2, 10)
WITH_VALUES = Patient(
    61.0,
    "female",
    PrimaryTumour("breast"),
    assessed=TODAY,
    lesions=(Lesion(site("femur-left-shaft"), "lytic", size_mm=20.0), Lesion(site("T9"))),
    observations=(
        Observation("calcium", 2.4, "mmol/L", TODAY),
        Observation("uNTx", 60.0, "nmol BCE/mmol creatinine", TODAY),
    ),
)
UNKNOWN = Patient(66.0, "male", PrimaryTumour("prostate"), assessed=TODAY)
MONTHS = 9


def answer(workers: int, seed: int = 11, names: tuple[str, ...] = ("supportive-care", "denosumab-q4w")) -> str:
    """The text of result.json of a small forecast."""
    settings = Settings(months=4, draws=12, continuations=20, seed=seed)
    found = forecast(WITH_VALUES, [read_regimen(name) for name in names], settings, workers=workers)
    return result_text(found.to_dict())


@cache
def reference() -> str:
    return answer(workers=1)


@pytest.mark.parametrize("workers", [1, 2])
def test_result_does_not_depend_on_workers_or_repetition(workers: int) -> None:
    assert answer(workers) == reference()


@pytest.mark.parametrize("chunk", [7, 50])
def test_result_does_not_depend_on_the_size_of_batches(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshare, "CHUNK", chunk)
    assert answer(workers=2) == reference()


def test_another_seed_gives_another_answer() -> None:
    assert answer(workers=2, seed=12) != reference()


def drawn(keys: list[int] | range, seed: int = 5) -> Draws:
    """Patients of whom little is known, three of each parameter draw."""
    patients = np.asarray(keys, dtype=np.int64)
    return draw_patients(UNKNOWN, Typical(Streams(seed, patients, patients // 3), {}, {}))


def courses_of(draws: Draws, name: str = "zoledronate-q4w", workers: int = 2) -> Simulated:
    regimen = dataclasses.replace(read_regimen("zoledronate-q4w"), name=name)
    rule = constants(radiotherapy.Params, "radiotherapy", draws.typical)
    calendar = calendar_of(UNKNOWN, regimen, MONTHS, rule, (-30.0, 0.0))
    return simulate(draws, calendar, MONTHS, workers=workers)


def same(a: Courses, b: Courses) -> bool:
    """Whether all arrays are equal to the last bit."""
    names = ("events", "death_day", "patient_series", "lesion_series", "status", "times")
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)


@cache
def cohort() -> Simulated:
    return courses_of(drawn(range(60)))


@pytest.mark.parametrize("key", [0, 7, 59])
def test_a_patient_alone_is_the_patient_of_the_cohort(key: int) -> None:
    alone, all_of_them = courses_of(drawn([key])), cohort()
    slots = alone.courses.lesion_series.shape[1]
    assert np.array_equal(alone.courses.patient_series[0], all_of_them.courses.patient_series[key], equal_nan=True)
    together = all_of_them.courses.lesion_series[key]
    assert np.array_equal(alone.courses.lesion_series[0], together[:slots], equal_nan=True)
    assert np.isnan(together[slots:]).all()
    events = all_of_them.courses.events
    events = events[events["course"] == key].copy()
    events["course"] = 0
    assert events.tobytes() == alone.courses.events.tobytes()
    assert len(events) > 0
    assert np.array_equal(alone.records[0], all_of_them.records[key])
    assert alone.log_history[0] == all_of_them.log_history[key]


def test_order_of_patients_does_not_matter() -> None:
    backwards = courses_of(drawn(range(59, -1, -1)))
    forwards = cohort()
    found = backwards.courses.patient_series[::-1]
    assert np.array_equal(found, forwards.courses.patient_series, equal_nan=True)
    assert np.array_equal(backwards.log_history[::-1], forwards.log_history)


def test_identical_regimens_under_different_names_give_identical_courses() -> None:
    other = courses_of(drawn(range(60)), name="same-drug-by-another-name")
    assert same(other.courses, cohort().courses)
    assert other.records.tobytes() == cohort().records.tobytes()


def test_identical_regimens_have_equal_rows_in_a_forecast() -> None:
    regimen = read_regimen("supportive-care")
    twin = dataclasses.replace(regimen, name="twin", title="Twin")
    found = forecast(WITH_VALUES, [regimen, twin], Settings(months=4, draws=12, continuations=20, seed=11), workers=2)
    one, two = found.to_dict()["regimens"]
    for part in ("risk", "survival", "expected_events", "lesions", "courses"):
        assert one[part] == two[part]


def test_courses_of_another_seed_differ() -> None:
    other = courses_of(drawn(range(60), seed=6))
    assert not np.array_equal(other.courses.death_day, cohort().courses.death_day, equal_nan=True)


def test_one_worker_and_two_give_the_same_courses() -> None:
    assert same(courses_of(drawn(range(60)), workers=1).courses, cohort().courses)


def test_chance_belongs_to_its_key_alone() -> None:
    """A patient continued twice keeps its history and parts ways after day 0 only by the key of chance."""
    people = drawn(range(6))
    index = np.array([2, 2, 2], dtype=np.int64)
    found = courses_of(people.take(index, np.array([100, 101, 100], dtype=np.int64))).courses
    assert np.array_equal(found.patient_series[0], found.patient_series[2], equal_nan=True)
    assert np.array_equal(found.patient_series[0, 0, :8], found.patient_series[1, 0, :8])
    first, second = (found.events[found.events["course"] == i] for i in (0, 1))
    assert first["day"].tobytes() != second["day"].tobytes()


def present_of(draws: Draws, history_events: bool = False) -> Present:
    return carry(draws, past_calendar(UNKNOWN, (-30.0, 0.0)), history_events=history_events)


def future_of(present: Present, name: str = "zoledronate-q4w") -> Courses:
    rule = constants(radiotherapy.Params, "radiotherapy", present.draws.typical)
    return continue_from(present, coming_calendar(UNKNOWN, read_regimen(name), MONTHS, rule), MONTHS)


@pytest.mark.parametrize("history_events", [False, True])
def test_a_stored_history_goes_on_as_if_it_had_not_been_stored(history_events: bool) -> None:
    """Continued at once, after another regimen, and from a copy in another order: the same bytes."""
    people = drawn(range(60))
    rule = constants(radiotherapy.Params, "radiotherapy", people.typical)
    calendar = calendar_of(UNKNOWN, read_regimen("zoledronate-q4w"), MONTHS, rule, (-30.0, 0.0))
    at_once = simulate(people, calendar, MONTHS, history_events=history_events)
    present = present_of(people, history_events)
    before = [array.tobytes() for array in present.standing]
    other = future_of(present, "denosumab-q4w")
    assert not np.array_equal(other.patient_series, at_once.courses.patient_series, equal_nan=True)
    assert [array.tobytes() for array in present.standing] == before
    assert same(future_of(present), at_once.courses)
    assert np.array_equal(present.records, at_once.records)
    backwards = np.arange(59, -1, -1)
    turned = future_of(present.take(backwards, people.chance[backwards]))
    assert np.array_equal(turned.patient_series[::-1], at_once.courses.patient_series, equal_nan=True)
    assert np.array_equal(turned.death_day[::-1], at_once.courses.death_day, equal_nan=True)


def test_a_quiet_history_takes_the_chance_of_its_future() -> None:
    """Taken on with another key, a patient lives as if carried with that key from the first day."""
    people = drawn(range(12))
    keys = 500 + np.arange(12)
    everyone = np.arange(12)
    taken = future_of(present_of(people).take(everyone, keys))
    assert same(taken, future_of(present_of(people.take(everyone, keys))))
    assert not np.array_equal(taken.death_day, future_of(present_of(people)).death_day, equal_nan=True)


def test_a_history_with_events_keeps_its_chance() -> None:
    present = present_of(drawn(range(4)), history_events=True)
    with pytest.raises(ValueError, match="chance"):
        present.take(np.arange(4), 500 + np.arange(4))


def test_actions_belong_to_their_side_of_day_zero() -> None:
    people = drawn(range(2))
    dose = np.array([[0.0, 0.0, 120.0, 0.0]])
    with pytest.raises(ValueError, match="day 0"):
        carry(people, dose)
    with pytest.raises(ValueError, match="day 0"):
        continue_from(present_of(people), dose - [1.0, 0.0, 0.0, 0.0], 1)
