"""From finished trials to result, table, page and terminal; and the command itself."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from scipy.special import stdtrit

from osteocast.calibration.plan_file import read_plan
from osteocast.evidence.load import DATA, load_targets
from osteocast.formats.trial_file import read_trial
from osteocast.foundation.errors import ForecastError, InputError, Issue, SolveError
from osteocast.report.validation_folder import table_text, terminal_text
from osteocast.report.validation_page import in_order, span, summary_cells, validation_html
from osteocast.trials.run import _refuse_failures
from osteocast.validation import run as validation_run
from osteocast.validation.row import Row, rows_of
from osteocast.validation.run import (
    Replicates,
    TrialRun,
    Validation,
    ValidationSettings,
    published_size,
    run_trial,
    scored,
)
from osteocast.validation.scale import from_scale

TARGETS = load_targets()
STANDARD = np.array([-1.5, -0.5, 0.0, 0.5, 1.5])


def finished(name: str, shift: float) -> TrialRun:
    """Return a trial whose replicates lie around the published figures, shifted by so much on the scale."""
    trial = read_trial(name)
    rows = rows_of(trial, TARGETS, published_size(trial))

    def values(row: Row) -> tuple[float, ...]:
        centre = row.value + shift
        return tuple(from_scale(row.scale, centre + (row.error or 0.1) * one, row.n) for one in STANDARD)

    return TrialRun(
        trial, published_size(trial), rows, {r.target: Replicates(values(r), (True,) * 5, "") for r in rows}, ""
    )


@pytest.fixture(scope="module")
def found() -> Validation:
    trial = read_trial("major-2001")
    silent = TrialRun(trial, 275, rows_of(trial, TARGETS, 275), {}, "trial.nobody-left")
    runs = (finished("saad-2002", 0.0), finished("fizazi-2011", 2.0), silent)
    return scored(runs, ValidationSettings(replicates=5))


@pytest.fixture(scope="module")
def document(found: Validation) -> dict:
    return found.to_dict()


def test_result_is_what_its_schema_says_and_the_same_again(found: Validation, document: dict) -> None:
    schema = json.loads((DATA / "schema" / "validation.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert json.dumps(found.to_dict(), allow_nan=False) == json.dumps(document, allow_nan=False)


def test_every_row_stays_in_whether_hit_missed_or_silent(document: dict) -> None:
    rows = document["rows"]
    assert len(rows) == 15 + 27 + 15
    assert all(row["simulation"]["covered"] for row in rows if row["trial"] == "saad-2002")
    assert not any(row["simulation"]["covered"] for row in rows if row["endpoint"] == "first-event-ratio")
    assert all(row["reason"] == "trial.nobody-left" for row in rows if row["trial"] == "major-2001")
    assert sum(row["large_miss"] for row in rows) > 10


def test_fit_and_check_and_levels_and_contrasts_stand_apart(document: dict) -> None:
    own = {(s["use"], s["family"]): s for s in document["summaries"] if s["on"] == "all rows"}
    assert own["fit", "level"]["coverage"] == 1.0
    assert own["check", "contrast"]["coverage"] == 0.0
    assert own["check", "contrast"]["faults"]
    shared = [s for s in document["summaries"] if s["on"] == "rows of both models"]
    pairs = {(s["use"], s["family"]): s["rows"] for s in shared if s["model"] == "simulation"}
    assert pairs == {(s["use"], s["family"]): s["rows"] for s in shared if s["model"] == "null"}
    assert all(s["against_the_other"]["width_ratio"] > 0.0 for s in shared)


def test_discrepancy_widens_every_interval_and_is_judged_beside_the_null_model(document: dict) -> None:
    for row in document["rows"]:
        own, wide = row["simulation"], row["with_discrepancy"]
        if own is not None and own["width"] is not None:
            assert wide["width"] > own["width"]
            assert wide["covered"] or not own["covered"]
    shared = [s for s in document["summaries"] if s["on"] == "rows of both models"]
    assert {s["model"] for s in shared} == {"simulation", "with_discrepancy", "null"}
    null = {(s["use"], s["family"]): s["interval_score"] for s in shared if s["model"] == "null"}
    for one in shared:
        if one["model"] != "null":
            reference = null[one["use"], one["family"]]
            assert one["against_the_other"]["skill"] == pytest.approx(1.0 - one["interval_score"] / reference, rel=1e-4)
            behind = any("the reference has" in fault for fault in one["faults"])
            assert behind == (one["interval_score"] > reference)
            assert behind or one["use"] == "fit"


def test_each_row_is_widened_by_the_discrepancy_that_the_fit_gives_it(document: dict) -> None:
    fitted = {row.target: row for stage in read_plan().stages for row in stage.rows}
    # limits of one more of five trials: Student's t with four degrees of freedom
    limit = 2.0 * stdtrit(4, 0.95) * np.sqrt(1.2)
    compared = 0
    for row in document["rows"]:
        if row["target"] not in fitted or row["simulation"] is None:
            continue
        own, wide = (row[name]["width"] / limit for name in ("simulation", "with_discrepancy"))
        expected = fitted[row["target"]].discrepancy
        if fitted[row["target"]].day is not None:
            expected /= 2.0 * np.log(2.0)  # a median is fitted as the share by its day
        # replicates lie around the published figure, half an event apart in shares
        assert np.sqrt(wide**2 - own**2) == pytest.approx(expected, rel=0.01), row["endpoint"]
        compared += 1
    assert compared == 13


def test_page_needs_nothing_else_and_shows_every_row(document: dict) -> None:
    page = validation_html(document)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert all(row["target"] in page for row in document["rows"])
    assert "not understood" in page
    assert all(claim["id"] in page for claim in document["claims"])
    assert page.count("<svg") == 4


def test_table_has_one_line_a_row_and_the_terminal_at_most_thirteen(document: dict) -> None:
    assert table_text(document).count("\n") == len(document["rows"]) + 1
    lines = terminal_text(document).split("\n")
    assert len(lines) <= 13
    assert max(map(len, lines)) <= 80
    assert "major-2001" in lines[-1]
    assert lines[-2].startswith("Held back, with the discrepancy declared: levels ")


def test_trial_that_cannot_be_simulated_is_listed_with_the_reason(monkeypatch, tmp_path: Path) -> None:
    def refuse(*arguments: object) -> None:
        raise ForecastError(Issue("trial.nobody-left", "place", "found", "expected", "fix"))

    monkeypatch.setattr(validation_run, "simulate_trial", refuse)
    trial = read_trial("saad-2002")
    one = run_trial(trial, TARGETS, ValidationSettings().of(trial), (tmp_path, None, None, None))
    assert (one.reason, len(one.rows), one.estimates) == ("trial.nobody-left", 15, {})


def test_a_fitted_trial_is_simulated_again_by_a_calibration_without_it(monkeypatch, tmp_path: Path) -> None:
    asked = []

    def again(trial, targets, settings, how):
        asked.append((settings.unfitted, how[0]))
        return finished(trial.name, 1.0)

    monkeypatch.setattr(validation_run, "run_trial", again)
    monkeypatch.setattr(validation_run, "WITHOUT", tmp_path)
    (tmp_path / "saad-2002.toml").write_text("")
    settings, how = ValidationSettings(replicates=5), (tmp_path / "work", None, None, None)
    runs = tuple(
        validation_run._with_unfitted(finished(name, 0.0), TARGETS, settings, how)
        for name in ("saad-2002", "fizazi-2011")
    )
    assert asked == [("saad-2002", tmp_path / "work" / "unfitted" / "saad-2002")]
    document = scored(runs, settings).to_dict()
    for row in document["rows"]:
        assert (row["left_out"] is not None) == (row["trial"] == "saad-2002")
    own = [s for s in document["summaries"] if s["on"] == "rows of both models, trial left out"]
    assert {s["model"] for s in own} == {"left_out", "null_left_out"}
    # one standard error off, where the calibration with the trial is not
    told = [s for s in document["summaries"] if s["on"] == "rows of fitted trials" and s["family"] == "level"]
    scores = {s["model"]: s["interval_score"] for s in told}
    assert scores["left_out"] >= scores["simulation"]


def test_options_are_refused_together(tmp_path: Path) -> None:
    from osteocast.validate_command import Asked, validate_command

    with pytest.raises(InputError) as caught:
        validate_command(Asked("many", 2, ("nothere",), -1, 0), tmp_path / "out", as_json=False)
    codes = [issue.code for issue in caught.value.issues]
    assert codes == [
        "validation.workers", "validation.patients", "trial.setting", "validation.replicates", "trial.unknown",
    ]  # fmt: skip
    for patients, replicates in (("0", 3), ("9" * 5000, 3), ("9999999", 3), ("8", 10**7)):
        with pytest.raises(InputError, match=r"trial\.setting|validation\.patients"):
            validate_command(Asked(patients, replicates, ("stopeck-2010",), 1, 1), tmp_path / "out", as_json=False)
    assert not (tmp_path / "out").exists()


def test_a_trial_counts_once(tmp_path: Path) -> None:
    trial = read_trial("saad-2002")
    with pytest.raises(InputError, match=r"trial\.name-twice"):
        validation_run.validate((trial, trial), ValidationSettings(8, 3), tmp_path / "work")


@pytest.mark.slow
def test_command_gives_the_same_bytes_with_one_and_two_workers(tmp_path: Path) -> None:
    from osteocast.validate_command import Asked, validate_command

    results = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        asked = Asked("40", 3, ("paterson-1993", "saad-2002"), 1, workers, ("growth-feedback",))
        text = validate_command(asked, out, as_json=False)
        assert len(text.split("\n")) <= 15
        names = ("result.json", "rows.csv", "mechanisms.csv", "patterns.csv", "validation.html")
        results.append([(out / name).read_bytes() for name in names])
        # resumed, nothing is computed again and nothing changes
        validate_command(asked, out, as_json=False)
        assert [(out / name).read_bytes() for name in names] == results[-1]
    assert results[0] == results[1]


def test_time_that_is_not_reached_says_so() -> None:
    reached = {"middle": 336.0, "low": 185.0, "high": None, "reason": "trial.not-reached"}
    assert span(reached, "middle") == "336 (185 to not reached)"
    assert span(reached | {"middle": None, "low": None}, "middle") == "not reached"


def test_one_course_without_a_solution_stops_no_small_block() -> None:
    _refuse_failures(SimpleNamespace(failed=1, n=73), "arm")
    for failed, n in ((2, 73), (20, 1000)):
        with pytest.raises(SolveError, match=r"trial\.solver-failures"):
            _refuse_failures(SimpleNamespace(failed=failed, n=n), "arm")


def test_coverage_on_the_page_has_its_own_chance_and_held_back_rows_come_first(document: dict) -> None:
    ordered = in_order(document["summaries"])
    assert [one["use"] for one in ordered] == sorted(one["use"] for one in ordered)
    one = next(s for s in ordered if s["use"] == "fit" and s["family"] == "level" and s["on"] == "all rows")
    cells = summary_cells(one | {"hits": 33, "rows": 39})
    # 33 of 39, exact: 69.5 to 94.1 %
    assert cells["chance"] == "69 to 94 %"
    assert summary_cells(one)["chance"] in validation_html(document)
    assert "of which five" not in validation_html(document)
