"""Drugs, calcium and markers in simulated cohorts: what lesion osteoclasts, uNTx and calcium do on each drug.

The event is true calcium below 2.0 mmol/L on the six-day grid, in the first year, without assay error and before any
correction for albumin. Trials sampled calcium about monthly and corrected it; they reported 12 % (all tumours) and
about 20 % (prostate) as laboratory values on denosumab, and 5.5 % (denosumab) and 3.4 % (zoledronate) as adverse
events in breast cancer.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from osteocast.course.courses import LESION_SERIES, EventKind
from osteocast.domain.patient import Patient, PrimaryTumour

from .course_cohort import BREAST, LINE, TODAY, cohort

FloatArray = NDArray[np.float64]
Fixed = tuple[tuple[str, float], ...]
PROSTATE = Patient(72.0, "male", PrimaryTumour("prostate"), assessed=TODAY, lines=LINE)
SIZE = (500, 12)
DENOSUMAB, ZOLEDRONATE = "denosumab-q4w", "zoledronate-q4w"


def first_day(patient: Patient, regimen: str, fixed: Fixed = ()) -> FloatArray:
    """First day of low calcium of each course, infinite where there is none."""
    found = cohort(patient, regimen, SIZE, fixed)
    events = found.events(int(EventKind.HYPOCALCAEMIA))
    first = np.full(found.courses.n, np.inf)
    np.minimum.at(first, events["course"], events["day"])
    return first


def low(patient: Patient, regimen: str, fixed: Fixed = ()) -> float:
    """Percentage of courses with low calcium in a year."""
    return float(100 * np.isfinite(first_day(patient, regimen, fixed)).mean())


@pytest.mark.xfail(strict=True, reason="2.8 % on denosumab in breast cancer; published: 5.5 %")
def test_how_often_calcium_is_low_in_breast_cancer() -> None:
    assert 4 <= low(BREAST, DENOSUMAB) <= 10


def test_how_often_calcium_is_low() -> None:
    assert low(PROSTATE, DENOSUMAB) > low(BREAST, DENOSUMAB)
    for patient in (BREAST, PROSTATE):
        assert 0 < low(patient, ZOLEDRONATE) < 0.75 * low(patient, DENOSUMAB)
        assert low(patient, "supportive-care") < 1.5


@pytest.mark.xfail(strict=True, reason="6 % on denosumab in prostate cancer; published: 13 %")
def test_how_often_calcium_is_low_in_prostate_cancer() -> None:
    assert 8 <= low(PROSTATE, DENOSUMAB) <= 20


@pytest.mark.xfail(strict=True, reason="0.8 % on zoledronate in breast cancer; published: 3.4 %")
def test_how_often_calcium_is_low_on_zoledronate() -> None:
    assert low(BREAST, ZOLEDRONATE) > 1


def test_lack_of_vitamin_d_raises_it() -> None:
    draws = cohort(PROSTATE, DENOSUMAB, SIZE).draws
    supply = draws.latents["hormones.hydroxylase_factor"]
    got = np.isfinite(first_day(PROSTATE, DENOSUMAB))
    assert np.median(supply[got]) < 0.8 * np.median(supply[~got])


def test_only_turnover_around_lesions_makes_it_that_frequent() -> None:
    assert low(PROSTATE, DENOSUMAB, (("lesion.marrow_yield", 0.0),)) < 3


def test_poor_kidneys_and_no_supplement_raise_it() -> None:
    usual = low(PROSTATE, DENOSUMAB)
    assert low(PROSTATE, DENOSUMAB, (("population.creatinine_male", 170.0),)) > 1.5 * usual
    assert low(PROSTATE, DENOSUMAB, (("population.supplement_share", 0.0),)) > 1.4 * usual


def test_it_comes_to_those_with_high_turnover() -> None:
    alp = cohort(PROSTATE, DENOSUMAB, SIZE).courses.of_patient("bone_alp_ratio")[:, 0]
    got = np.isfinite(first_day(PROSTATE, DENOSUMAB))
    assert np.median(alp[got]) > 1.2 * np.median(alp[~got])


@pytest.mark.xfail(
    strict=True,
    reason="all cases begin in the first five weeks: formation in lesions falls within a month of resorption, and "
    "intake, supplements and kidneys of a simulated patient never change",
)
def test_some_cases_begin_after_the_first_month() -> None:
    first = first_day(PROSTATE, DENOSUMAB)
    assert np.mean(first[np.isfinite(first)] > 35) > 0.1


def untx_change(regimen: str, fixed: Fixed = ()) -> float:
    """Median change of uNTx [%] at week 13, with assay and day-to-day error of 25 % at both times."""
    untx = cohort(BREAST, regimen, SIZE, fixed).courses.of_patient("untx_ratio")
    noise = np.exp(0.25 * np.random.default_rng(13).standard_normal((2, len(untx))))
    return float(100 * (np.nanmedian(untx[:, 3] * noise[1] / (untx[:, 0] * noise[0])) - 1))


def test_untx_falls_as_published() -> None:
    assert -81 < untx_change(DENOSUMAB) < -73
    assert -79 < untx_change(ZOLEDRONATE) < -67
    assert untx_change(DENOSUMAB) < untx_change(ZOLEDRONATE) - 4
    assert untx_change(DENOSUMAB, (("markers.untx_floor", 0.01),)) < -86


def residual(regimen: str) -> FloatArray:
    """Osteoclasts of each lesion at week 13 over those of the same lesion without a drug."""
    cells = LESION_SERIES.index("osteoclasts")
    names = (regimen, "supportive-care")
    given, none = (cohort(BREAST, name, SIZE).courses.lesion_series[:, :, 3, cells] for name in names)
    both = (given > 0) & (none > 0)
    return np.asarray(given[both] / none[both])


@pytest.mark.parametrize(("regimen", "low", "high"), [(DENOSUMAB, 0.11, 0.19), (ZOLEDRONATE, 0.28, 0.40)])
def test_lesion_osteoclasts_left_on_a_drug(regimen: str, low: float, high: float) -> None:
    """The event prototype assumed 0.15 and 0.30, with a log SD between lesions of about a half."""
    left = residual(regimen)
    assert low < np.median(left) < high
    assert 0.4 < np.log(left).std() < 0.65
