"""Calcium before any drug: what vitamin D does to it, and how much healthy people differ."""

from __future__ import annotations

import numpy as np
import pytest

from osteocast.course.laboratory_visits import finding, sample
from osteocast.models import body

from .body_course import TYPICAL, course, published
from .course_cohort import BREAST, cohort

NO_DISEASE = (("population.pthrp_breast", 1e-6), ("lesion.marrow_yield", 0.0))
"""What little counted lesions hold is all that is left of disease in the calcium budget."""


def with_vitamin_d(p: body.Params, factor: float) -> body.Params:
    """Return a body that makes `factor` times as much calcitriol."""
    return p._replace(hormones=p.hormones._replace(hydroxylase_factor=factor))


def after_calcitriol(p: body.Params) -> tuple[float, float, float]:
    """Rise of calcitriol [pmol/L] and changes of calcium and PTH [1] after a week of oral calcitriol."""
    found = course(with_vitamin_d(p, 1.7), (0, 7), rtol=1e-6)
    first, last = found[0].seen, found[7].seen
    return last.calcitriol - first.calcitriol, last.calcium_total / first.calcium_total - 1, last.pth / first.pth - 1


def test_a_week_of_calcitriol_raises_calcium_and_lowers_pth() -> None:
    """Healthy men on 2 ug a day: calcitriol +60 pmol/L, calcium at most +2.5 %, PTH at most -43 %."""
    rise, calcium, pth = after_calcitriol(TYPICAL)
    assert rise == pytest.approx(60, abs=5)
    assert 0.01 < calcium < 0.025
    assert -0.43 < pth < -0.15


def test_in_the_published_model_vitamin_d_lowers_calcium() -> None:
    """The counter-test of the weakened switch of the gland."""
    assert after_calcitriol(published())[1] < -0.02


def test_lack_of_vitamin_d_lowers_calcium_and_raises_pth() -> None:
    seen = course(with_vitamin_d(TYPICAL, 0.6), (0, 1000), rtol=1e-6)[1000].seen
    assert 2.2 < seen.calcium_total < 2.34
    assert 3.85 < seen.pth < 7


def test_people_without_disease_differ_in_calcium_as_measured() -> None:
    """UK Biobank: 99 % of albumin-adjusted calcium between 2.19 and 2.56 mmol/L (Schini 2020), one sample each."""
    courses = cohort(BREAST, "supportive-care", (1500, 1), NO_DISEASE).courses
    value = sample(courses, finding("hypocalcaemia"), np.zeros(1), np.full(courses.n, 1e9)).value[:, 0]
    low, high = np.percentile(value, (0.5, 99.5))
    assert low == pytest.approx(2.19, abs=0.03)
    assert high == pytest.approx(2.56, abs=0.03)
    assert abs(np.mean(value) - np.median(value)) < 0.01


def test_a_person_keeps_their_set_point() -> None:
    """The same set-point in every part of the body: without a drug calcium stays where it began."""
    calcium = cohort(BREAST, "supportive-care", (200, 24), NO_DISEASE).courses.of_patient("calcium_mmol_per_l")
    alive = np.isfinite(calcium[:, 24])
    assert np.corrcoef(calcium[alive, 0], calcium[alive, 24])[0, 1] > 0.97
    assert np.median(np.abs(calcium[alive, 24] - calcium[alive, 0])) < 0.02
