"""Report and terminal summary of a simulated trial."""

import copy
import html
import itertools
import json
import re

import pytest
from tests.trials.small import raw_trial, small_trial

from osteocast.foundation.banner import BANNER
from osteocast.report.html import write_report
from osteocast.report.trial_figures import Scale, scale_of, strip_scale
from osteocast.report.trial_html import trial_report_html
from osteocast.report.trial_terminal import trial_summary
from osteocast.report.trial_wording import figure_text, number, published_text, reason_text, span
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial


@pytest.fixture(scope="module")
def single():
    raw = raw_trial()
    # a figure of another trial, only so that there is one to draw
    raw["endpoints"][0]["target"] = "EV0001"
    return simulate_trial(small_trial(endpoints=raw["endpoints"]), TrialSettings(24)).to_dict()


@pytest.fixture(scope="module")
def many():
    return simulate_trial(small_trial(), TrialSettings(24, 2, drawn_parameters=True)).to_dict()


def test_the_page_is_whole_and_needs_nothing_else(single):
    page = trial_report_html(single)
    assert trial_report_html(json.loads(json.dumps(single))) == page
    assert BANNER in page
    assert "None" not in page
    assert "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", page)
    assert not re.search(r"<script|(src|href)=|url\(|@import", page)
    for part in (
        "Arms",
        "Curves by arm",
        "Simulated beside published",
        "What was simulated",
        "All endpoints",
        "Inputs",
    ):
        assert f"<h2>{part}" in page
    for endpoint in single["endpoints"]:
        assert endpoint["name"].replace("-", " ") in page
    assert page.count('<span class="assumed">assumed</span>') >= 10
    assert "whose interval leaves out 1 shows a difference" in page


def test_figures_used_in_the_calibration_and_checks_stand_apart(single):
    changed = copy.deepcopy(single)
    rows = changed["endpoints"]
    for one, use in zip(rows, ("calibrated", "open", "held-back"), strict=False):
        one["published"] = {"target": "EV0001", "value": 0.8, "low": 0.7, "high": 0.9, "n": 100, "use": use}
    page = trial_report_html(changed)
    places = [page.index(f'class="forest use-{use}"') for use in ("held-back", "open", "calibrated")]
    assert places == sorted(places)
    assert "agreement is no evidence" in page


def test_power_is_said_with_many_replicates_only(single, many):
    assert "Contrasts: assurance" in trial_report_html(many)
    assert "assurance" not in trial_report_html(single)
    decisions = ("superior", "non-inferior", "non-inferiority not shown", "inferior", "no estimate")
    decision = single["endpoints"][0]["contrast"]["decision"]
    assert decision.startswith(decisions)
    assert f"1.2: {decision}" in trial_report_html(single)


def test_names_from_a_file_are_text_and_nothing_else(single):
    changed = copy.deepcopy(single)
    evil = "<img src=x onerror=alert(1)>\x1b[31m"
    changed["title"] = changed["trial"]["arms"][0]["title"] = changed["endpoints"][0]["name"] = evil
    changed["trial"]["note"] = evil
    page = trial_report_html(changed)
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\x1b" not in trial_summary(changed)


def test_write_report_takes_trials_too(single, tmp_path):
    write_report(single, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == trial_report_html(single)


def test_the_summary_fits(single, many):
    for result in (single, many):
        lines = trial_summary(result).splitlines()
        assert len(lines) <= 14
        assert max(map(len, lines)) <= 80
    assert "0.82 (0.71–0.95)" in trial_summary(single)


def test_a_trial_without_endpoints_is_reported():
    bare = simulate_trial(small_trial(endpoints=[]), TrialSettings(8)).to_dict()
    assert "asks for no endpoint" in trial_summary(bare)
    page = trial_report_html(bare)
    assert "Share alive" in page
    assert "without a first event" not in page


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(None, "%", "–"), (33.6, "%", "34"), (-79.6, "%", "−80"), (0.2, "%", "<1"), (0.0, "%", "0"),
     (0.816, "ratio", "0.82"), (26.4, "months", "26"), (0.456, "events/patient", "0.46")],
)  # fmt: skip
def test_numbers_are_written_for_their_unit(value, unit, told):
    assert number(value, unit) == told


def test_open_intervals_and_missing_figures_are_said_in_words():
    assert span(None, None, "%") == ""
    assert span(16.5, None, "months") == "17 to …"
    assert span(-80.8, -76.6, "%") == "−81 to −77"
    missing = {
        "value": None,
        "low": None,
        "high": None,
        "unit": "months",
        "reasons": ["trial.not-reached"],
        "published": None,
    }
    assert figure_text(missing) == "not reached within follow-up"
    assert reason_text({**missing, "reasons": ["trial.odd"]}) == "trial.odd"
    assert published_text(missing) == ""


def test_scales_hold_what_is_drawn():
    def one(value, low, high):
        return {"value": value, "low": low, "high": high, "published": None}

    assert Scale(0.5, 2.0, True).share(1.0) == pytest.approx(0.5)
    assert scale_of([one(0.8, 0.5, 1.2)], True) == Scale(pytest.approx(0.5), pytest.approx(2.0), True)
    assert scale_of([one(-80.0, -82.0, -70.0)], False) == Scale(-100.0, 0.0, False)
    assert scale_of([one(None, None, None)], False).high > 0
    # one wide interval does not press the others together
    assert scale_of([one(1.0, 0.9, 500.0)], False).high <= 3.0


@pytest.mark.parametrize("high", [1.5, 2.0, 3.0, 5.0, 5.6, 8.0])
def test_numbers_on_a_scale_of_ratios_do_not_cover_one_another(high):
    """About six and a half units a character of size 11, centred; the outermost stand within the picture."""
    drawn = str(strip_scale(Scale(1 / high, high, True), "ratio"))
    texts = re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="(\w+)"[^>]*>([\d.]+)</text>', drawn)
    assert len(texts) >= 3
    ends = []
    for x, anchor, words in texts:
        begin = float(x) - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * 6.5 * len(words)
        ends.append((begin, begin + 6.5 * len(words)))
    assert all(before[1] < after[0] for before, after in itertools.pairwise(sorted(ends)))


def test_events_needed_at_one_trials_ratio_are_told_with_care(single, many):
    assert "one trial's estimate" in html.unescape(trial_report_html(single))
    assert "one trial's estimate" not in html.unescape(trial_report_html(many))
