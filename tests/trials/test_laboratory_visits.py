"""Laboratory findings: sampled at visits, graded on the limits, reported in part."""

from dataclasses import replace

import numpy as np
import pytest
from tests.trials.courses import MONTH, courses_of

from osteocast.course.laboratory_visits import (
    finding,
    first_of_grade,
    grades,
    reported_day,
    sample,
    worst_grade,
)
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError

CALCIUM, FILTRATION = "calcium_mmol_per_l", "gfr_ml_per_min"
EXACT = {name: replace(finding(name), error=0.0) for name in ("hypocalcaemia", "hypercalcaemia", "reduced_filtration")}
MONTHLY = np.arange(1, 25) * MONTH


def flat(name, values, **kwargs):
    """Courses with a constant value of a series, one patient for each value."""
    values = np.asarray(values, dtype=float)
    return courses_of([], n=len(values), series={name: values[:, None]}, **kwargs)


def graded(of, name, values):
    courses = flat(name, values)
    return worst_grade(sample(courses, EXACT[of], MONTHLY, np.full(courses.n, 700.0))).tolist()


def test_grades_of_calcium_at_their_borders():
    low = [2.15, 2.149, 2.0, 1.999, 1.75, 1.749, 1.5, 1.499]
    assert graded("hypocalcaemia", CALCIUM, low) == [0, 1, 1, 2, 2, 3, 3, 4]
    high = [2.6, 2.601, 2.9, 2.901, 3.1, 3.101, 3.4, 3.401]
    assert graded("hypercalcaemia", CALCIUM, high) == [0, 1, 1, 2, 2, 3, 3, 4]
    assert graded("hypercalcaemia", CALCIUM, low) == [0] * 8


def test_grades_of_filtration_at_their_borders():
    values = [90.0, 89.9, 60.0, 59.9, 30.0, 29.9, 15.0, 14.9]
    assert graded("reduced_filtration", FILTRATION, values) == [0, 1, 1, 2, 2, 3, 3, 4]


def test_the_first_limit_is_the_usual_limit_of_a_healthy_adult():
    limits = quantity_facts("calcium").reference
    assert (finding("hypocalcaemia").limits[0], finding("hypercalcaemia").limits[0]) == limits
    assert {finding(name).unit for name in ("hypocalcaemia", "hypercalcaemia")} == {quantity_facts("calcium").unit}
    for name in read_table("laboratory_grades"):
        assert quantity_facts(read_table("laboratory_grades")[name]["assay"]).assay.kind == "cv"
        assert finding(name).reported == (1.0,) * 4
        steps = np.diff(finding(name).limits)
        assert (steps < 0).all() if finding(name).below else (steps > 0).all()


def test_a_low_between_visits_is_not_seen():
    series = np.full((1, 25), 2.4)
    series[0, 4] = 1.6
    courses = courses_of([], n=1, series={CALCIUM: series})
    low, leave = EXACT["hypocalcaemia"], np.array([700.0])
    assert worst_grade(sample(courses, low, np.array([3.0, 6.0]) * MONTH, leave)).tolist() == [0]
    seen = sample(courses, low, np.array([3.0, 3.75, 4.0]) * MONTH, leave)
    np.testing.assert_allclose(seen.value, [[2.4, 1.8, 1.6]])
    assert first_of_grade(seen, 2)[0] == 3.75 * MONTH
    assert first_of_grade(seen, 3)[0] == 4 * MONTH
    assert first_of_grade(seen, 4)[0] == np.inf


def test_visits_end_with_exit_and_death():
    courses = courses_of([], [100.0], n=2, series={CALCIUM: 1.9})
    found = sample(courses, EXACT["hypocalcaemia"], np.array([0.0, 95.0, 100.0, 101.0, 730.5]), np.array([700.0, 95.0]))
    assert (~np.isnan(found.value)).tolist() == [[True, True, True, False, False], [True, True, False, False, False]]
    np.testing.assert_allclose(found.value[~np.isnan(found.value)], 1.9)
    assert grades(found).tolist() == [[2, 2, 2, -1, -1], [2, 2, -1, -1, -1]]
    unseen = sample(courses, EXACT["hypocalcaemia"], np.empty(0), np.array([700.0, 95.0]))
    assert worst_grade(unseen).tolist() == [-1, -1]
    assert reported_day(unseen).tolist() == [np.inf, np.inf]


def test_the_assay_errs_by_its_coefficient_of_variation_and_by_patient():
    courses = flat(CALCIUM, np.full(300, 2.3))
    of, leave = finding("hypocalcaemia"), np.full(300, 700.0)
    one = sample(courses, of, MONTHLY[:20], leave).value
    assert np.log(one / 2.3).std() == pytest.approx(0.02, rel=0.05)
    assert np.log(one / 2.3).mean() == pytest.approx(0.0, abs=0.001)
    keys = np.arange(300)[::-1].astype(np.int64)
    np.testing.assert_array_equal(sample(courses, of, MONTHLY[:20], leave, (0, keys)).value, one[::-1])
    assert (sample(courses, of, MONTHLY[:20], leave, (1, keys)).value != one[::-1]).all()
    # The same visit errs in the same way for both findings of one series: it is one sample.
    np.testing.assert_array_equal(sample(courses, finding("hypercalcaemia"), MONTHLY[:20], leave).value, one)


def test_a_part_of_findings_is_reported():
    courses = flat(CALCIUM, np.repeat([2.1, 1.9], 500))
    leave = np.full(1000, 700.0)
    half = replace(EXACT["hypocalcaemia"], reported=(0.2, 0.6, 1.0, 1.0))
    all_of_them = reported_day(sample(courses, EXACT["hypocalcaemia"], MONTHLY, leave))
    np.testing.assert_array_equal(all_of_them, MONTHLY[0])
    found = np.isfinite(reported_day(sample(courses, half, MONTHLY, leave)))
    assert found[:500].mean() == pytest.approx(0.2, abs=0.06)
    assert found[500:].mean() == pytest.approx(0.6, abs=0.07)
    none = replace(half, reported=(0.0,) * 4)
    assert np.isinf(reported_day(sample(courses, none, MONTHLY, leave))).all()
    assert np.isinf(reported_day(sample(flat(CALCIUM, [2.3]), EXACT["hypocalcaemia"], MONTHLY, leave[:1]))).all()


@pytest.mark.parametrize("days", [[-1.0], [731.0], [30.0, 30.0], [np.nan]])
def test_visits_outside_of_the_courses_are_refused(days):
    with pytest.raises(InputError) as caught:
        sample(flat(CALCIUM, [2.3]), EXACT["hypocalcaemia"], np.array(days), np.array([700.0]))
    assert {issue.code for issue in caught.value.issues} == {"measurement.visits"}
