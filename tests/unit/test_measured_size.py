"""A measured lesion has its size by growing to it: read-outs before day 0 carry it, and nothing jumps on day 0."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pytest

from osteocast.course import memory as m
from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.courses import Courses
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX
from osteocast.course.population import draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.streams import Streams
from osteocast.course.system import observable_names
from osteocast.course.typical import Typical
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, TherapyLine
from osteocast.domain.site import site
from osteocast.formats.regimen_file import read_regimen
from osteocast.models import radiotherapy

TODAY = dt.date(2026, 2, 10)
SIZES = {"L2": 30.0, "T9": 22.0, "femur-left-shaft": 26.0, "pelvis-left-ilium": 60.0}
MEASURED = Patient(
    61.0,
    "female",
    PrimaryTumour("breast"),
    assessed=TODAY,
    lines=(TherapyLine("other", "line at entry", started=TODAY - dt.timedelta(days=400)),),
    lesions=tuple(Lesion(site(name), "lytic", size_mm=size) for name, size in SIZES.items()),
)
N = 80


@cache
def cohort() -> tuple[Present, Courses]:
    keys = np.arange(N, dtype=np.int64)
    draws = draw_patients(MEASURED, Typical(Streams(5, keys, keys // 4), {}, {}))
    present = carry(draws, past_calendar(MEASURED, (-2 * DAYS_PER_MONTH, -DAYS_PER_MONTH, 0.0)))
    rule = constants(radiotherapy.Params, "radiotherapy", draws.typical)
    calendar = coming_calendar(MEASURED, read_regimen("supportive-care"), 2, rule)
    courses = continue_from(present, calendar, 2)
    assert courses.failed == 0
    return present, courses


def test_what_is_imposed_on_day_zero_is_tiny() -> None:
    imposed = cohort()[0].standing.lesion[:, : len(SIZES), m.IMPOSED]
    assert np.isfinite(imposed).all()
    assert np.max(np.abs(imposed - 1)) < 0.01


def test_measured_lesions_have_exactly_their_size_today() -> None:
    present, courses = cohort()
    seen = present.standing.place[:, :, PLACE_INDEX["seen_extent"]]
    rows = present.standing.place[:, :, PLACE_INDEX["report_index"]].astype(int)
    extent = courses.lesion_series[:, :, 0, 3]
    here = np.take_along_axis(extent, rows, axis=1)
    assert here[np.isfinite(seen)] == pytest.approx(seen[np.isfinite(seen)], rel=1e-12)


@pytest.mark.parametrize(
    ("read_out", "series", "largest"),
    [
        ("untx_ratio", "untx_ratio", 0.02),
        ("ctx_ratio", "ctx_ratio", 0.02),
        ("calcium_total", "calcium_mmol_per_l", 0.01),
    ],
)
def test_nothing_jumps_on_day_zero(read_out: str, series: str, largest: float) -> None:
    """Read-outs go through day 0 as they went before it: the change of a month differs little from that before."""
    present, courses = cohort()
    before = present.records[:, :, observable_names().index(read_out)]
    after = courses.of_patient(series)
    assert after[:, 0] == pytest.approx(before[:, 2], rel=1e-9)
    alive = np.isfinite(after[:, 1])
    past, coming = np.log(before[:, 2] / before[:, 1]), np.log(after[:, 1] / after[:, 0])
    assert np.median(np.abs(coming - past)[alive]) < largest
