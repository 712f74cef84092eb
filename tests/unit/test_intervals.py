"""Intervals of the hazards: the mean of both ends acts, they begin and end where a course jumps, no month is missed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from osteocast.course import memory as m
from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.care import FLUIDS_CHANGE
from osteocast.course.courses import EventKind
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX, SITES_INDEX, Action
from osteocast.course.lesion_events import crossing_day, lesion_events, reached_day
from osteocast.course.loop import GRID_PER_MONTH, HISTORY_GRID, grid_day, next_care
from osteocast.course.patient_events import set_saline
from osteocast.course.population import Draws, draw_patients
from osteocast.course.present import carry
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.formats.regimen_file import read_regimen
from osteocast.models import radiotherapy

PATIENT = Patient(61.0, "female", PrimaryTumour("breast"), lesions=(Lesion(site("L2"), "lytic"),))
N = 40


def drawn() -> Draws:
    keys = np.arange(N, dtype=np.int64)
    return draw_patients(PATIENT, Typical(Streams(3, keys, np.zeros_like(keys)), {}, {}))


def test_the_grid_meets_every_month_exactly() -> None:
    for month in range(1, 121):
        assert grid_day(GRID_PER_MONTH * month, False) == month * DAYS_PER_MONTH
        assert grid_day(-month, True) == -month * HISTORY_GRID


def test_doses_on_the_grid_leave_no_month_out() -> None:
    # a dose within rounding of a month, before and after it, every month
    draws = drawn()
    rows = []
    for month in range(37):
        day = month * DAYS_PER_MONTH * (1.0 + (month % 3 - 1) * 2e-16)
        rows += [
            (day, float(Action.BISPHOSPHONATE), 4.0, 0.0104),
            (day + 0.0104, float(Action.STOP_INFUSION), 4.0, 0.0104),
        ]
    courses = continue_from(carry(draws, past_calendar(PATIENT)), np.array(rows), 36)
    assert courses.failed == 0
    lived = np.where(np.isnan(courses.death_day), np.inf, courses.death_day)
    for month in range(37):
        written = np.isfinite(courses.patient_series[:, month, 0])
        np.testing.assert_array_equal(written, lived > month * DAYS_PER_MONTH, err_msg=f"month {month}")


@pytest.mark.parametrize("tick", range(1, 400, 7))
def test_fluids_change_on_their_days_wherever_they_begin(tick: int) -> None:
    begun = grid_day(tick, False)
    care = constants_of_care()
    run = cast(Any, SimpleNamespace(body=np.zeros(m.BODY_COLUMNS), controls=np.zeros(8)))
    run.body[m.FLUIDS_DAY], run.body[m.RESCUE_DAY] = begun, np.nan
    rules = cast(Any, SimpleNamespace(care=care, at=SimpleNamespace(saline=0)))
    rates = []
    day = begun
    for _ in range(1 + len(FLUIDS_CHANGE)):
        set_saline(run, rules, day)
        rates.append(run.controls[0])
        day = next_care(run, rules, day)
    assert rates == [care.fluids_day1, care.fluids_day4, care.fluids_day10, 0.0]
    assert np.isnan(run.body[m.FLUIDS_DAY])
    assert day == np.inf


def constants_of_care() -> Any:
    from osteocast.course.care import CareParams

    return constants(CareParams, "care", drawn().typical)


def test_days_within_an_interval() -> None:
    assert crossing_day(12.0, 6.0, 1.5, 1.0, 0.25) == 10.0
    assert reached_day(12.0, 6.0, 2.0, 3.0, 2.5) == 9.0  # rising
    assert reached_day(12.0, 6.0, 3.0, 2.0, 2.25) == 10.5  # falling
    assert reached_day(12.0, 6.0, 2.75, 3.0, 2.5) == 12.0  # beyond it before


def test_the_mean_of_both_ends_acts() -> None:
    memory = np.zeros((1, m.LESION_COLUMNS))
    memory[0, [m.FRACTURE_AT, m.REFERRAL_AT, m.ROD_AT]] = np.inf
    memory[0, m.IRRADIATED_DAY] = np.nan
    memory[0, [m.HAZARD_BEFORE, m.HAZARD]] = 0.1, 0.3
    memory[0, [m.REFERRAL_BEFORE, m.REFERRAL_RATE]] = 0.4, 0.2
    memory[0, [m.ROD_BEFORE, m.ROD_RATE]] = 0.0, 0.05
    run = cast(Any, SimpleNamespace(lesion=memory, place=np.zeros((1, len(PLACE_INDEX)))))
    rules = cast(Any, SimpleNamespace(care=constants_of_care(), sites=np.zeros((1, len(SITES_INDEX)))))
    lesion_events(run, rules, 0, 30.0, 5.0)
    sums = memory[0, [m.FRACTURE_SUM, m.REFERRAL_SUM, m.ROD_SUM]]
    np.testing.assert_allclose(sums, [1.0, 1.5, 0.125])


def test_a_lesion_seeded_within_a_month_counts_from_its_own_day() -> None:
    # a hazard that hardly changes: the sums before day 0 are as the days since seeding
    draws = drawn()
    sums = []
    for day in (-2.25 * HISTORY_GRID, -1.125 * HISTORY_GRID):
        place = draws.place.copy()
        place[:, 0, PLACE_INDEX["seed_day"]] = day
        place[:, 1:, PLACE_INDEX["seed_day"]] = np.inf
        found = carry(replace(draws, place=place), np.zeros((0, 4)))
        assert (found.status == 0).all()
        sums.append(found.standing.lesion[:, 0, m.HISTORY : m.HISTORY + len(m.HISTORY_STEPS)].mean())
    assert sums[0] / sums[1] == pytest.approx(2.0, rel=0.05)


def test_nothing_happens_to_the_dead() -> None:
    draws = drawn()
    rule = constants(radiotherapy.Params, "radiotherapy", draws.typical)
    calendar = coming_calendar(PATIENT, read_regimen("supportive-care"), 60, rule)
    courses = continue_from(carry(draws, past_calendar(PATIENT)), calendar, 60)
    ends = np.where(np.isnan(courses.death_day), 60 * DAYS_PER_MONTH, courses.death_day)
    assert np.isfinite(courses.death_day).sum() > N // 3
    assert (courses.events["day"] <= ends[courses.events["course"]]).all()
    dead = courses.events[courses.events["kind"] == int(EventKind.DEATH)]
    np.testing.assert_array_equal(dead["day"], courses.death_day[dead["course"]])
