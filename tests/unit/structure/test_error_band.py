"""The interval of published experiments around a computed failure load."""

from __future__ import annotations

import math

import pytest
from scipy import stats
from tests.unit.structure.written import codes

from osteocast.domain.table import read_table
from osteocast.structure.error_band import LOWER_BOUND, error_band
from osteocast.structure.failure_rules import rule_names

SERIES = read_table("strength_experiments")["series"]


def test_a_linear_rule_of_the_femur_takes_the_widest_of_two_series() -> None:
    half = stats.t.ppf(0.975, 12) * 814 * math.sqrt(1 + 1 / 14)
    band = error_band("femur-left", "strain-limits", 6000.0)
    assert band.low_n == pytest.approx(min(6000 * 0.6, 6000 - half))
    assert band.high_n == pytest.approx(max(6000 * 1.6, 6000 + half))
    weak = error_band("femur-right", "pistoia", 1000.0)
    assert weak.low_n == 0.0
    assert weak.high_n == pytest.approx(1000 + half)


def test_a_nonlinear_load_of_the_femur_says_whose_interval_it_has() -> None:
    band = error_band("femur-left", "nonlinear", 6000.0)
    assert band.low_n is not None
    assert any("other kind" in line for line in band.lines)
    assert band.lines[-1] == LOWER_BOUND


def test_vertebra_has_the_wider_interval_of_two_series() -> None:
    band = error_band("vertebra", "nonlinear", 3000.0)
    metastatic = stats.norm.ppf(0.975) * 1600 * math.sqrt(0.17)
    sound = stats.t.ppf(0.975, 79) * 670 * math.sqrt(1 + 1 / 81)
    half = max(metastatic, sound)
    assert band.high_n == pytest.approx(3000 + half)
    assert band.low_n == pytest.approx(3000 - half)


def test_a_load_beyond_those_of_the_series_is_told() -> None:
    assert any("outside" in line for line in error_band("vertebra", "nonlinear", 9000.0).lines)
    assert not any("outside" in line for line in error_band("vertebra", "nonlinear", 3000.0).lines)


@pytest.mark.parametrize("site", ["humerus-left", "generic"])
def test_a_bone_without_series_has_no_interval_and_says_so(site: str) -> None:
    band = error_band(site, "nonlinear", 3000.0)
    assert band.low_n is None
    assert band.high_n is None
    assert "no error band" in band.lines[0]


def test_every_rule_has_a_band_around_its_load() -> None:
    for rule in (*rule_names(), "nonlinear"):
        for site in ("femur-left", "vertebra"):
            band = error_band(site, rule, 2500.0)
            assert band.low_n is not None
            assert band.high_n is not None
            assert 0 <= band.low_n < 2500 < band.high_n


def test_series_say_population_source_and_status() -> None:
    for name, one in SERIES.items():
        assert one["status"] in {"read", "recalled"}, name
        assert all(one[key] for key in ("population", "where", "differs")), name
        assert all(0 <= value <= 1 for value in one["r2"]), name
        assert name in {line.partition(":")[0] for line in error_band(one["site"], "nonlinear", 1.0).lines}


def test_no_recalled_series_makes_an_interval() -> None:
    for name, one in SERIES.items():
        if one["status"] == "recalled":
            assert not {"relative", "see_n", "spread_n"} & set(one), name


@pytest.mark.parametrize("load", [0.0, -1.0, math.nan, math.inf])
def test_a_load_that_is_none_is_refused(load: float) -> None:
    assert codes(lambda: error_band("femur-left", "nonlinear", load)) == ["failure.load"]
