"""Care rules: Mirels points, rods, radiotherapy, fluids, surveys, performance status."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from osteocast.course.care import (
    CareParams,
    ecog_score,
    mirels_score,
    next_survey,
    radiotherapy_open,
    relief_left,
    rod_indicated,
    saline_rate,
)
from osteocast.evidence.load import fill

P: CareParams = fill(CareParams, "care")
# a state of the model that stands for each answer of the published score
SITE = {"upper": 1.0, "lower": 2.0, "peritrochanteric": 3.0}
PAIN = {"mild": (2.0, 1.0), "moderate": (5.0, 1.0), "functional": (6.0, 5.0)}
KIND = {"blastic": 0.9, "mixed": 0.5, "lytic": 0.1}
SIZE = {"<1/3": 0.2, "1/3-2/3": 0.5, ">2/3": 0.8}


def score_of(site: str, pain: str, lesion: str, size: str) -> float:
    """Mirels score of a state that stands for the four answers."""
    return mirels_score(SITE[site], *PAIN[pain], KIND[lesion], SIZE[size])


def mirels_cases(shared: Path) -> list[dict[str, Any]]:
    """Worked cases of the Mirels score."""
    cases = json.loads((shared / "evidence" / "clinical_cases.json").read_text(encoding="utf-8"))
    return [case for case in cases if case["instrument"] == "MIRELS"]


def test_mirels_points_meet_the_worked_cases(shared_dir: Path) -> None:
    cases = mirels_cases(shared_dir)
    assert len(cases) >= 4
    found = {case["id"]: score_of(**answers(case)) for case in cases}
    assert found == {case["id"]: case["expected"]["total"] for case in cases}


def test_rods_follow_the_bands_of_the_worked_cases(shared_dir: Path) -> None:
    for case in mirels_cases(shared_dir):
        given = answers(case)
        rod = rod_indicated(score_of(**given), PAIN[given["pain"]][1], P)
        assert rod == (case["expected"]["band"] == "prophylactic_fixation"), case["id"]


def answers(case: dict[str, Any]) -> dict[str, str]:
    """Return the four answers of a case."""
    return {name: case["input"][name] for name in ("site", "pain", "lesion", "size")}


@pytest.mark.parametrize(
    ("extent", "points"), [(0.0, 1.0), (0.33, 1.0), (0.34, 2.0), (0.66, 2.0), (0.67, 3.0), (1.0, 3.0)]
)
def test_size_points_change_at_thirds(extent: float, points: float) -> None:
    assert mirels_score(1.0, 0.0, 0.0, 0.9, extent) == 3.0 + points


def test_kind_points_change_at_thirds_of_the_axis() -> None:
    found = [mirels_score(1.0, 0.0, 0.0, theta, 0.1) for theta in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)]
    assert found == [6.0, 6.0, 5.0, 5.0, 4.0, 4.0]


def test_functional_pain_outweighs_resting_pain() -> None:
    assert mirels_score(1.0, 9.0, 0.0, 0.9, 0.1) == 5.0
    assert mirels_score(1.0, 1.0, 5.0, 0.9, 0.1) == 6.0


def test_rod_needs_more_points_without_pain_on_movement() -> None:
    assert rod_indicated(P.rod_score, 0.0, P)
    assert not rod_indicated(P.rod_score_pain, P.rod_pain - 0.1, P)
    assert rod_indicated(P.rod_score_pain, P.rod_pain, P)
    assert not rod_indicated(P.rod_score_pain - 1.0, 10.0, P)


def test_radiotherapy_waits_longer_after_each_course() -> None:
    first, more = P.radiotherapy_gap_first, P.radiotherapy_gap_more
    assert radiotherapy_open(0.0, math.nan, 0.0, P)
    assert not radiotherapy_open(first - 1.0, 0.0, 1.0, P)
    assert radiotherapy_open(first, 0.0, 1.0, P)
    assert not radiotherapy_open(first, 0.0, 2.0, P)
    assert radiotherapy_open(first + more, 0.0, 2.0, P)


def test_fluids_step_down_and_end() -> None:
    days = (0.0, 1.0, 1.25, 3.9, 4.0, 9.9, 10.0, 50.0)
    first, fourth, tenth = P.fluids_day1, P.fluids_day4, P.fluids_day10
    assert [saline_rate(day, P) for day in days] == [first, first, fourth, fourth, tenth, tenth, 0.0, 0.0]
    assert first > fourth > tenth > 0.0
    # 30 hours at the first rate: 4 to 5 litres, within what is given in practice
    assert 3.0 < 1.25 * first < 6.0


@pytest.mark.parametrize(
    ("day", "seen"), [(0.0, 84.0), (1.0, 84.0), (83.9, 84.0), (84.1, 168.0), (-10.0, 0.0), (-90.0, -84.0)]
)
def test_silent_fractures_are_seen_at_the_next_survey(day: float, seen: float) -> None:
    assert next_survey(day, 84.0) == pytest.approx(seen)


def test_performance_status_stays_on_its_scale_and_worsens() -> None:
    well = ecog_score(0.4, 0.0, 0.0, 0.0, 1.0, P)
    assert well == pytest.approx(0.4)
    assert ecog_score(0.4, 1.0, 0.0, 0.0, 1.0, P) > well
    assert ecog_score(0.4, 0.0, 0.8, 0.0, 1.0, P) > well
    assert ecog_score(0.4, 0.0, 0.0, 1.0, 1.0, P) > well
    assert ecog_score(0.4, 0.0, 0.0, 0.0, 0.0, P) > well + 1.0
    assert ecog_score(4.0, 3.0, 1.0, 1.0, 0.0, P) == 4.0
    assert ecog_score(0.0, -5.0, 0.0, 0.0, 1.0, P) == 0.0


def test_cord_symptoms_come_in_order() -> None:
    """Pain, then weakness, then numbness, all before the cord is fully compressed (D25)."""
    assert 0.0 < P.cord_pain < P.cord_weakness < P.cord_sensory < 1.0


def test_longer_cord_compression_costs_more_walking() -> None:
    lost = [1.0 - math.exp(-P.cord_walking_loss * days) for days in (1.0, P.cord_delay_median, 60.0)]
    assert lost[0] < 0.1
    assert lost[1] == pytest.approx(0.63, abs=0.02)
    assert lost[2] > 0.9


def test_relief_is_full_on_the_day_and_fades() -> None:
    assert relief_left(0.75, math.nan, 100.0, P) == 0.0
    assert relief_left(0.75, 100.0, 100.0, P) == 0.75
    assert relief_left(0.75, 100.0, 100.0 + P.relief_days, P) == pytest.approx(0.75 / math.e)
    lasting = P._replace(relief_days=math.inf)
    assert relief_left(0.75, 100.0, 9000.0, lasting) == 0.75
