"""The scorer itself: models that must fail, one that must pass, one that must be marked down."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from osteocast.evidence.load import load_targets
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.validation.discrepancy import declared_discrepancies
from osteocast.validation.row import Row, rows_of
from osteocast.validation.run import published_size
from osteocast.validation.scale import Scale, binomial_error, from_scale, relative_on_scale, to_scale
from osteocast.validation.score import Prediction, faults, predicted, score, summarise

TARGETS = load_targets()
TRIALS = [read_trial(name) for name in builtin_trials()]
ROWS = [row for trial in TRIALS for row in rows_of(trial, TARGETS, published_size(trial)) if row.error is not None]


def replicates(row: Row, centre: float, spread: float = 1.0) -> list[float]:
    """Return ten simulated trials around a centre on the scale, evenly spread with the published error."""
    standard = np.array([-1.55, -1.0, -0.66, -0.38, -0.12, 0.12, 0.38, 0.66, 1.0, 1.55])
    return [from_scale(row.scale, centre + spread * float(row.error or 0.0) * one, row.n) for one in standard]


def summary_of(rows: list[Row], predictions: dict[str, Prediction]):
    return summarise(rows, {row.target: score(row, predictions[row.target]) for row in rows})


def model(rows: list[Row], spread: float = 1.0, centre=lambda row: row.value) -> dict[str, Prediction]:
    return {row.target: predicted(row, replicates(row, centre(row), spread), [True] * 10, row.n) for row in rows}


@pytest.fixture(params=["fit", "check"])
def group(request) -> list[Row]:
    """Rows of one use, without those whose figure lies at the end of its scale."""
    return [row for row in ROWS if row.use == request.param]


def test_perfect_model_passes(group: list[Row]) -> None:
    found = summary_of(group, model(group))
    assert found.coverage == found.coverage_by_trial == 1.0
    assert not faults(found, summary_of(group, model(group, spread=1.2)))


def test_model_that_always_says_zero_fails(group: list[Row]) -> None:
    zero = {row.target: predicted(row, [0.0] * 10, [True] * 10, row.n) for row in group}
    found = summary_of(group, zero)
    assert found.coverage < 0.2
    assert len(faults(found, summary_of(group, model(group)))) == 2


def test_model_without_effect_of_treatment_fails_on_contrasts() -> None:
    contrasts = [row for row in ROWS if row.family == "contrast" and "death" not in row.endpoint]
    found = summary_of(contrasts, model(contrasts, centre=lambda row: 0.0))
    assert faults(found)
    # the same model meets deaths, which the drugs hardly move
    deaths = [row for row in ROWS if row.family == "contrast" and "death" in row.endpoint]
    assert summary_of(deaths, model(deaths, centre=lambda row: 0.0)).coverage == 1.0


def test_model_that_is_too_wide_covers_all_and_is_marked_down(group: list[Row]) -> None:
    sharp, wide = (summary_of(group, model(group, spread=spread)) for spread in (1.0, 5.0))
    assert wide.coverage == 1.0
    assert wide.interval_score > 3.0 * sharp.interval_score
    assert any("reference" in fault for fault in faults(wide, sharp))


def test_intervals_hold_one_more_trial_nine_times_in_ten() -> None:
    row = next(row for row in ROWS if row.target == "EV0001")
    rng = np.random.default_rng(1)
    error = float(row.error or 0.0)
    hits = 0
    for _ in range(400):
        values = [from_scale(row.scale, row.value + error * one, row.n) for one in rng.standard_normal(10)]
        drawn = dataclasses.replace(row, value=row.value + error * rng.standard_normal())
        hits += score(drawn, predicted(row, values, [True] * 10, row.n)).covered
    assert 0.86 < hits / 400 < 0.94


def test_interval_score_is_width_plus_twenty_times_the_distance() -> None:
    row = dataclasses.replace(ROWS[0], value=3.0)
    inside, outside = (score(row, Prediction(2.0, 0.5, low, 3.5)) for low in (1.0, 3.1))
    assert inside.interval_score == inside.width == 2.5
    assert outside.interval_score == pytest.approx(0.4 + 20.0 * 0.1)


def test_trials_count_as_one_beside_rows() -> None:
    rows = [dataclasses.replace(ROWS[0], target=str(i), trial="a" if i else "b", value=0.0) for i in range(5)]
    hit, miss = Prediction(0.0, 1.0, -1.0, 1.0), Prediction(9.0, 1.0, 8.0, 10.0)
    found = summarise(rows, {row.target: score(row, hit if row.trial == "a" else miss) for row in rows})
    assert (found.coverage, found.coverage_by_trial) == (0.8, 0.5)


def test_time_that_some_trials_do_not_reach_is_judged_for_coverage_alone() -> None:
    row = next(row for row in ROWS if row.target == "EV0002")
    values = [20.0, 22.0, 25.0, np.nan, np.nan, 30.0, 31.0, 32.0, 33.0, 34.0]
    found = predicted(row, values, [not np.isnan(v) for v in values], row.n)
    assert found.high == np.inf
    assert score(row, found).covered
    assert np.isnan(score(row, found).interval_score)
    never = predicted(row, [np.nan] * 10, [False] * 10, row.n)
    assert not score(row, never).covered


def test_share_of_nobody_keeps_the_width_of_chance() -> None:
    row = next(row for row in ROWS if row.target == "EV0053")
    found = predicted(row, [0.0] * 10, [True] * 10, row.n)
    assert found.sd == pytest.approx(binomial_error(found.centre, row.n))
    assert score(row, found).covered


def test_smaller_simulated_trial_is_widened_no_further_than_its_share() -> None:
    row = next(row for row in ROWS if row.target == "EV0005")
    small, large = (predicted(row, [36.5] * 10, [True] * 10, n) for n in (100.0, row.n))
    assert small.sd == pytest.approx(large.sd, rel=0.02)


@pytest.mark.parametrize("scale", list(Scale))
def test_scales_invert(scale: Scale) -> None:
    figure = -40.0 if scale is Scale.REMAINING else 12.0
    assert from_scale(scale, to_scale(scale, figure, 50.0), 50.0) == pytest.approx(figure)


@pytest.mark.parametrize("scale", list(Scale))
def test_relative_error_on_the_scale_is_the_slope_of_the_scale(scale: Scale) -> None:
    figure, n, step = (-40.0 if scale is Scale.REMAINING else 12.0), 1e9, 1e-5
    up, down = (100.0 * ((1.0 + figure / 100.0) * (1.0 + s) - 1.0) for s in (step, -step))
    if scale is not Scale.REMAINING:
        up, down = figure * (1.0 + step), figure * (1.0 - step)
    slope = (to_scale(scale, up, n) - to_scale(scale, down, n)) / (2.0 * step)
    assert relative_on_scale(scale, 0.1, to_scale(scale, figure, n)) == pytest.approx(0.1 * slope, rel=1e-5)


def test_discrepancy_widens_so_that_figures_off_by_as_much_are_held_nine_times_in_ten() -> None:
    row = next(row for row in ROWS if row.target == "EV0016")
    rng = np.random.default_rng(2)
    error, beyond = 0.1, 0.3
    hits = {0.0: 0, beyond: 0}
    for _ in range(400):
        values = [from_scale(row.scale, row.value + error * one, row.n) for one in rng.standard_normal(40)]
        off = error * rng.standard_normal() + beyond * rng.standard_normal()
        drawn = dataclasses.replace(row, value=row.value + off)
        for wide in hits:
            hits[wide] += score(drawn, predicted(row, values, [True] * 40, row.n, wide)).covered
    assert 0.86 < hits[beyond] / 400 < 0.94
    assert hits[0.0] / 400 < 0.6


def test_discrepancies_are_those_that_calibration_declares() -> None:
    found = declared_discrepancies()
    by = {(one.estimator, one.rate): found.of(one) for trial in TRIALS for one in trial.endpoints}
    assert by["cox", None] == found.contrast == 0.05
    assert by["morbidity-rate", "mean-of-patient-ratios"] == found.mean_of_ratios == 0.3
    assert by["first-event-proportion", None] == found.level == 0.12
