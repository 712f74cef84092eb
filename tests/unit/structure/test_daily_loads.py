"""Loads of daily life over a strength: known ratios, intervals, order, errors."""

from __future__ import annotations

import pytest

from osteocast.foundation.errors import InputError
from osteocast.structure.daily_loads import GRAVITY, load_ratios


def test_walking_is_2_38_body_weights() -> None:
    rows = {row.activity: row for row in load_ratios("femur-left", "stance", 70.0, 5000.0)}
    walking = rows["femur-walking"]
    assert walking.load_n == pytest.approx(2.38 * 70 * GRAVITY)
    assert walking.ratio == pytest.approx(walking.load_n / 5000)
    assert walking.interval is None
    assert [row.load_n for row in rows.values()] == sorted(row.load_n for row in rows.values())
    # a range of the load alone gives an interval
    assert rows["femur-stumbling"].interval == pytest.approx((7.2 * 70 * GRAVITY / 5000, 8.7 * 70 * GRAVITY / 5000))


def test_both_intervals_are_taken_at_their_worst() -> None:
    (fall,) = load_ratios("femur-right", "femur-sideways-fall", 60.0, 2000.0, (1600.0, 2500.0))
    assert fall.ratio == pytest.approx(2.0)
    assert fall.interval == pytest.approx((2300 / 2500, 5700 / 1600))
    walking = load_ratios("femur-right", "stance", 60.0, 2000.0, (1600.0, 2500.0))[0]
    assert walking.interval == pytest.approx((walking.load_n / 2500, walking.load_n / 1600))


def test_a_strength_that_may_be_nothing_leaves_the_ratio_open_upwards() -> None:
    rows = load_ratios("vertebra-l4", "compression", 70.0, 1000.0, (0.0, 2000.0))
    assert all(row.interval is not None and row.interval[1] == float("inf") for row in rows)
    assert rows[0].interval is not None
    assert rows[0].interval[0] == pytest.approx(rows[0].load_n / 2000.0)


def test_a_case_without_daily_loads_gives_none() -> None:
    assert load_ratios("vertebra-l4", "flexion", 70.0, 2000.0) == ()
    assert load_ratios("tibia-left", "axial", 70.0, 2000.0) == ()
    assert len(load_ratios("vertebra-l4", "compression", 70.0, 2000.0)) == 6


@pytest.mark.parametrize(
    ("weight", "strength", "interval", "codes"),
    [
        (7.0, 1000.0, None, ["load.body-weight"]),
        (float("nan"), 0.0, None, ["load.body-weight", "load.strength"]),
        (70.0, 1000.0, (1200.0, 1500.0), ["load.strength"]),
    ],
)
def test_errors(weight: float, strength: float, interval: tuple[float, float] | None, codes: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        load_ratios("femur-left", "stance", weight, strength, interval)
    assert [issue.code for issue in raised.value.issues] == codes
