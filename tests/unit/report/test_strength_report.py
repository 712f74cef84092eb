"""Page, figures and views of a strength: what they show, escaped, and the same bytes again."""

import copy
import re

import numpy as np
import pytest

from osteocast.report.bone_surface import View, surface_view
from osteocast.report.strength_figures import carries, curve
from osteocast.report.strength_html import strength_html
from osteocast.report.strength_pictures import Pictures
from osteocast.report.strength_terminal import force_text, interval_text, lost, ratio_text, strength_terminal
from osteocast.report.strength_view import strength_view

CURVE = {"displacement_mm": [0.0, 0.5, 1.0], "force_n": [0.0, 1500.0, 2000.0]}
RULE = {"rule": "pistoia", "load_n": 950.0, "reason": "", "about": "rule pistoia: a share of volume (share 0.02; x)"}
RULE |= {"at_contact": True}


def carried(newton):
    return {
        "stiffness_n_mm": 3000.0,
        "failure_load_n": newton,
        "low_n": 800.0,
        "high_n": 3200.0,
        "moment_nm": None,
        "definition": "limit",
        "yield_load_n": 1800.0,
        "displacement_mm": 1.0,
        "energy_mj": 1200.0,
        "failed_ml": 2.5,
        "tension_share": None,
        "half_way_load_n": newton * 0.97,
        "contact_share": 0.92,
        "contact_bone_share": 0.71,
        "lesion_share": 0.04,
        "curve": CURVE,
        "rules": [RULE],
        "residual": 1e-7,
        "left_out_voxels": 0,
    }


@pytest.fixture
def result():
    item = {"instrument": "sins", "item": "location", "value": "T12", "missing": ""}
    unknown = {"instrument": "sins", "item": "pain", "value": None, "missing": "is asked of the patient"}
    piece = {"volume_ml": 1.4, "diameter_mm": 15.0, "kind": "lytic", "region": None, "items": [item, unknown]}
    daily = {"activity": "a", "about": "standing", "load_n": 600.0, "low_n": None, "high_n": None, "ratio": 0.3}
    daily |= {"ratio_low": None, "ratio_high": None, "spread": "one man", "source": "s", "status": "read"}
    return {
        "schema": "osteocast.strength-result/1",
        "version": "0",
        "banner": "Research and education use only; not a diagnosis",
        "ct": {"kind": "DICOM", "sha256": "ab", "unit": "HU", "voxels": [1, 2, 3], "spacing_mm": [1.0, 1.0, 2.0]}
        | {"kvp": 120.0, "kernel": "<b>Br40", "contrast": None, "manufacturer": None},
        "bone": {
            "site": "vertebra",
            "title": "Vertebra <T12>",
            "label": "t",
            "voxels": 9,
            "spacing_mm": [1.0, 1.0, 1.0],
        }
        | {"volume_ml": 30.0, "mean_density": 190.0, "density_unit": "mgHA/cm3"},
        "calibration": None,
        "laws": [],
        "load": {"name": "vertebra compression 1", "length_mm": 30.0},
        "strength": carried(2000.0),
        "lesion": {"synthetic": True, "volume_ml": 1.4, "share": 0.05, "without": carried(2500.0)}
        | {"pieces": [piece | {"missing": []}], "load_lost": 0.2, "yield_lost": None, "stiffness_lost": -0.04},
        "body_weight_kg": 70.0,
        "daily_loads": [daily, daily | {"about": "falling", "load_n": 4000.0, "ratio": 2.0}],
        "interval": ["a series"],
        "assumptions": ["<i>line</i>"],
        "warnings": [
            {"code": "ct.kvp", "place": "scan", "found": "80 kV", "expected": "", "fix": "Note: other HU."},
            {"code": "label.border", "place": "bone", "found": "cut off", "expected": "", "fix": "Look."},
        ],
        "citations": {"s": "Somebody (2000)."},
    }


@pytest.fixture
def pictures():
    return Pictures(b"1", b"2", b"3", b"4", b"5", (1, 2, 3), 0.018)


def test_the_page_says_what_it_must_and_runs_nothing(result, pictures):
    page = strength_html(result, pictures)
    assert page == strength_html(copy.deepcopy(result), pictures)
    for words in ("not a diagnosis", "carries 2,000 N", "Interval 800 N to 3,200 N or wider", "1.8 %", "a series"):
        assert words in page
    assert page.count("SYNTHETIC LESION") == 2
    assert "<script" not in page
    assert "<b>Br40" not in page
    assert "<i>line" not in page
    assert "Vertebra &lt;T12&gt;" in page
    assert set(re.findall(r'src="([a-z:/]+)', page)) == {"data:image/png"}


def test_without_lesion_weight_or_interval_nothing_is_made_up(result, pictures):
    result |= {"lesion": None, "body_weight_kg": None, "daily_loads": [], "warnings": []}
    result["strength"] = carried(2000.0) | {"low_n": None, "high_n": None}
    page = strength_html(result, pictures)
    assert "SYNTHETIC" not in page
    assert "What the lesion costs" not in page
    assert "No published series gives an interval" in page
    assert "--body-weight" in page


def test_what_is_wrong_with_the_mask_comes_first(result):
    assert [w["code"] for w in strength_view(result)["warnings"]] == ["label.border", "ct.kvp"]


def test_the_terminal_shows_at_most_fifteen_lines(result):
    result["warnings"] *= 20
    lines = strength_terminal(result).splitlines()
    assert len(lines) <= 14
    assert any("SYNTHETIC lesion" in line and "-20 %" in line and "+4 %" in line for line in lines)
    assert any(line.endswith("falling") and "2.00 of it" in line for line in lines)


def test_the_page_says_where_the_bone_fails_and_what_the_limit_makes(result, pictures):
    page, lines = strength_html(result, pictures), strength_terminal(result).splitlines()
    for words in (
        "force at a stated displacement; at half of it -3 %",
        "within 10 mm of caps and supports 92 %, of the lesion 4 %",
    ):
        assert words in page
        assert any(line.endswith(words) for line in lines)
    assert "950 N, at a cap or support" in page
    assert "Yield load, 0.2 % offset" in page
    result["strength"] |= {"definition": "plateau", "contact_share": None}
    assert "at half of it" not in strength_terminal(result)
    assert "nothing yielded" in strength_terminal(result)


def test_forces_and_losses_in_words():
    assert [force_text(v) for v in (1234.0, 85.21, 0.0, None)] == ["1,230 N", "85.2 N", "0 N", "–"]
    assert [lost(v) for v in (0.234, -0.04, 0.002)] == ["-23 %", "+4 %", "0 %"]
    assert interval_text({"low_n": None, "high_n": 3.0}) == "no published series gives an interval"


def test_loads_inside_of_the_interval_are_not_told_apart(result):
    result["daily_loads"][1] |= {"load_n": 3000.0, "ratio": 1.5, "ratio_low": 0.94, "ratio_high": 3.75}
    drawn = carries(strength_view(result)["bars"])
    assert "exceeds it" not in drawn
    assert drawn.count("within its interval") == 1
    assert not any(row["over"] for row in strength_view(result)["daily"])
    result["strength"] = carried(2000.0) | {"low_n": 0.0}
    band = re.search(r'<rect x="([\d.]+)"[^>]*fill-opacity', carries(strength_view(result)["bars"]))
    assert band is not None
    assert float(band[1]) == pytest.approx(8.0)


def test_a_ratio_has_its_interval_or_a_lower_end():
    assert ratio_text({"ratio": 0.5, "ratio_low": None, "ratio_high": None}) == "0.50"
    assert ratio_text({"ratio": 0.5, "ratio_low": 0.2, "ratio_high": 1.1}) == "0.50 (0.20 to 1.10)"
    assert ratio_text({"ratio": 0.5, "ratio_low": 0.2, "ratio_high": None}) == "0.50 (0.20 upwards)"


def test_bars_stand_on_one_scale_and_loads_beyond_are_named(result):
    drawn = carries(strength_view(result)["bars"])
    assert drawn.count("exceeds it") == 1
    ends = [float(x) for x in re.findall(r'<rect x="8" y="[\d.]+" width="([\d.]+)"', drawn)]
    assert ends == pytest.approx([128.0, 160.0, 38.4, 256.0], abs=0.1)
    assert "Force against displacement" in curve(strength_view(result)["curves"])


def ball(at, radius, shape=(30, 30, 30)):
    grid = np.indices(shape)
    return sum((g - c) ** 2 for g, c in zip(grid, at, strict=True)) <= radius**2


def test_a_ball_looks_round_from_everywhere_and_its_mark_lies_on_its_side():
    bone, mark = ball((14, 14, 14), 10), ball((14, 14, 20), 4)
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    plain = surface_view(bone, {}, affine, View(30.0, 20.0), inside=True)
    dark = (plain < 250).any(axis=2)
    height, width = (np.ptp(np.flatnonzero(dark.any(axis=axis))) for axis in (1, 0))
    assert height == pytest.approx(width, rel=0.03)
    assert dark.sum() == pytest.approx(np.pi / 4 * height * width, rel=0.03)
    front = surface_view(bone, {"failed": mark}, affine, View(0.0, 0.0), inside=True).astype(int)
    orange = front[..., 0] - front[..., 2] > 90
    columns = np.flatnonzero(orange.any(axis=0))
    # The patient's left (x grows) is on the right of a picture from the front.
    assert columns.mean() > 1.1 * front.shape[1] / 2
    at_front = {"failed": ball((14, 7, 14), 4)}
    assert (np.ptp(surface_view(bone, at_front, affine, View(0.0, 0.0), inside=False), axis=2) > 90).any()
    hidden = surface_view(bone, at_front, affine, View(180.0, 0.0), inside=False).astype(int)
    assert not (hidden[..., 0] - hidden[..., 2] > 90).any()
    assert np.array_equal(plain, surface_view(bone, {}, affine, View(30.0, 20.0), inside=True))
