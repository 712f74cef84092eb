"""Recorded pain: every score is met on day 0, and pain that only loading explains tells of a weaker bone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.courses import Courses
from osteocast.course.layout import PLACE_INDEX
from osteocast.course.population import draw_patients
from osteocast.course.present import carry
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.formats.regimen_file import read_regimen
from osteocast.models import radiotherapy

N = 120


def courses_with(rest: float | None, loading: float | None, cortex: float = 0.5) -> Courses:
    lesion = Lesion(
        site("femur-left-shaft"), "lytic", cortical_involvement=cortex, pain_at_rest=rest, pain_on_loading=loading
    )
    patient = Patient(61.0, "female", PrimaryTumour("breast"), assessed=dt.date(2026, 2, 10), lesions=(lesion,))
    keys = np.arange(N, dtype=np.int64)
    draws = draw_patients(patient, Typical(Streams(7, keys, np.zeros_like(keys)), {}, {}))
    rule = constants(radiotherapy.Params, "radiotherapy", draws.typical)
    calendar = coming_calendar(patient, read_regimen("supportive-care"), 1, rule)
    return continue_from(carry(draws, past_calendar(patient)), calendar, 1)


@pytest.mark.parametrize(
    ("rest", "loading"), [(2.0, 7.0), (0.0, 8.0), (6.0, 6.0), (7.0, 3.0), (None, 5.0), (4.0, None)]
)
def test_the_worst_recorded_score_is_met_on_day_zero(rest: float | None, loading: float | None) -> None:
    worst = max(one for one in (rest, loading) if one is not None)
    found = courses_with(rest, loading).of_lesion(0, "pain")[:, 0]
    np.testing.assert_allclose(found, worst, atol=0.05)


def test_pain_on_loading_alone_tells_of_a_weaker_bone_than_pain_at_rest() -> None:
    on_loading = courses_with(0.0, 8.0, 0.7).of_lesion(0, "strength")[:, 0]
    as_much_at_rest = courses_with(8.0, 8.0, 0.7).of_lesion(0, "strength")[:, 0]
    none = courses_with(0.0, 0.0, 0.7).of_lesion(0, "strength")[:, 0]
    assert on_loading.mean() < as_much_at_rest.mean()
    assert on_loading.mean() < none.mean()


def test_cortical_involvement_counts_before_a_diameter() -> None:
    def extent(size: float | None, cortex: float | None) -> float:
        lesion = Lesion(site("humerus-left-shaft"), "lytic", size_mm=size, cortical_involvement=cortex)
        patient = Patient(61.0, "female", PrimaryTumour("kidney"), lesions=(lesion,))
        keys = np.arange(2, dtype=np.int64)
        draws = draw_patients(patient, Typical(Streams(7, keys, np.zeros_like(keys)), {}, {}))
        return float(np.nanmax(draws.place[:, :, PLACE_INDEX["seen_extent"]]))

    assert extent(17.0, 0.3) == pytest.approx(0.3)
    assert extent(48.0, 0.65) == pytest.approx(0.65)
    assert extent(None, 0.4) == pytest.approx(0.4)
    assert 0.4 < extent(17.0, None) < 0.97
