"""Mechanisms as data, what becomes of rows without them, and where that is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from osteocast.course.typical import file_of
from osteocast.evidence.load import DATA, load_targets
from osteocast.formats.trial_file import read_trial
from osteocast.foundation.errors import InputError
from osteocast.inference.parameter_draws import Parameters, neutral_values
from osteocast.inference.posterior import read_posterior
from osteocast.report.removal_page import mechanisms_text, patterns_text
from osteocast.report.validation_folder import terminal_text
from osteocast.report.validation_page import validation_html
from osteocast.trials.patterns import Pattern
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import POSTERIOR
from osteocast.validation.mechanisms import EVERY, chosen, mechanisms
from osteocast.validation.removal import Removals, Verdict, removal
from osteocast.validation.row import Row, rows_of
from osteocast.validation.run import Replicates, TrialRun, ValidationSettings, scored
from osteocast.validation.scale import from_scale

TRIAL = read_trial("saad-2002")
ROWS = rows_of(TRIAL, load_targets(), 643)
PATTERN = Pattern("zoledronate", 400, 300, 0.6, 0.4, 0.5, 1.0, 2.0, 0.4)


def run_of(figures: dict[str, tuple[float, ...]], reason: str = "") -> TrialRun:
    """Return a trial with these figures of its replicates, infinite where a time is not reached."""
    found = {
        target: Replicates(
            tuple(v if np.isfinite(v) else float("nan") for v in values),
            tuple(bool(np.isfinite(v)) for v in values),
            "",
        )
        for target, values in figures.items()
    }
    return TrialRun(TRIAL, 643, ROWS, found, reason, (PATTERN,))


def around(row: Row, shift: float = 0.0) -> tuple[float, ...]:
    """Return five replicates around the published figure, shifted by so many errors."""
    error = row.error or 0.1
    return tuple(from_scale(row.scale, row.value + error * (one + shift), row.n) for one in (-1.0, -0.5, 0.0, 0.5, 1.0))


@pytest.fixture(scope="module")
def document() -> dict:
    """A validation in which one row is moved out, one in, one is gone; contrasts stay."""
    moved, missed, gone = three_levels()
    spread = {row.target: around(row) for row in ROWS} | {missed.target: around(missed, 9.0)}
    found = scored((run_of(spread),), ValidationSettings(replicates=5, without=(EVERY,)))
    middle = {target: (values[2],) for target, values in spread.items()}
    shifted = middle | {
        moved.target: (around(moved, 9.0)[2],),
        missed.target: (around(missed)[2],),
        gone.target: (float("inf"),),
    }
    each = tuple(
        removal(one, neutral_values(one.neutral), ((run_of(middle),), (run_of(shifted),)), found.ours)
        for one in mechanisms()
    )
    return replace(found, removals=Removals({TRIAL.name: (PATTERN,)}, each)).to_dict()


def three_levels() -> tuple[Row, Row, Row]:
    one, two, three, *_ = (row for row in ROWS if row.family == "level" and row.scale == "log")
    return one, two, three


def test_rows_are_lost_gained_or_kept(document: dict) -> None:
    moved, missed, gone = three_levels()
    for one in document["mechanisms"]["each"]:
        verdicts = {row["target"]: row["verdict"] for row in one["rows"]}
        assert verdicts.pop(moved.target) == "lost"
        assert verdicts.pop(missed.target) == "gained"
        # a time that is not reached any more
        assert verdicts.pop(gone.target) == "lost"
        assert set(verdicts.values()) == {"kept"}
        assert one["counts"] == {"kept": len(ROWS) - 3, "lost": 2, "gained": 1, "missed": 0, "not told": 0}


def test_result_page_tables_and_terminal_show_them(document: dict) -> None:
    schema = json.loads((DATA / "schema" / "validation.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    page = validation_html(document)
    assert page.count("<b>lost</b>") == 2 * len(mechanisms())
    assert page.count("<b>gained</b>") == len(mechanisms())
    assert mechanisms_text(document).count("\n") == 1 + len(mechanisms()) * len(ROWS)
    for text in (mechanisms_text(document), patterns_text(document)):
        head = text.split("\n")[0].split(",")
        assert len(set(head)) == len(head), "a column by each name, or readers lose one"
    assert patterns_text(document).count("\n") == 1 + 1 + len(mechanisms())
    lines = terminal_text(document).split("\n")
    assert "growth 2/1" in lines[-1]
    assert max(map(len, lines)) <= 120


def test_trial_that_cannot_be_simulated_without_a_mechanism_says_why() -> None:
    whole = run_of({row.target: (around(row)[2],) for row in ROWS})
    found = removal(mechanisms()[0], {}, ((whole,), (run_of({}, "trial.nobody-left"),)), {})
    assert found.reasons == {TRIAL.name: "trial.nobody-left"}
    assert found.count(Verdict.UNKNOWN) == len(ROWS)
    assert found.patterns == {}


@pytest.mark.parametrize("mechanism", mechanisms(), ids=lambda one: one.name)
def test_every_mechanism_has_neutral_values_that_differ_from_its_own(mechanism) -> None:
    for name, value in neutral_values(mechanism.neutral).items():
        file, _, entry = name.partition(".")
        assert value != file_of(file)[entry].value


def test_neutral_values_stand_whatever_is_drawn_and_scaled() -> None:
    fixed = neutral_values(("strength.section_exponent", "hazards.referral_rate"))
    for drawn in (False, True):
        typical = Parameters(read_posterior(POSTERIOR), 1, drawn, fixed).typical(np.arange(5), 0)
        assert (typical.get("strength", "section_exponent") == 0.0).all()
        assert (typical.get("hazards", "referral_rate") == 0.0).all()
        assert (typical.get("hazards", "rod_rate") > 0.0).all()


@pytest.mark.parametrize("name", ["lesion.growth", "lesion.nothing", "nothing.growth", "growth"])
def test_parameter_without_a_neutral_value_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"parameter\.no-neutral"):
        neutral_values((name,))


def test_names_are_checked_and_every_stands_for_all() -> None:
    assert chosen((EVERY,)) == mechanisms()
    assert [one.name for one in chosen(("frailty", "care"))] == ["care", "frailty"]
    with pytest.raises(InputError) as caught:
        ValidationSettings(replicates=1, without=("luck", "care")).check()
    assert [issue.code for issue in caught.value.issues] == ["validation.replicates", "validation.mechanism"]
    assert "frailty" in caught.value.issues[1].fix


def test_settings_of_mechanisms_share_people_and_chance() -> None:
    settings = ValidationSettings(patients=40, seed=3)
    assert settings.at_centre(TRIAL, ("lesion.feedback",)) == TrialSettings(
        40, 1, "counterfactual", 3, drawn_parameters=False, neutral=("lesion.feedback",)
    )


def test_without_is_an_option_of_the_command(tmp_path: Path) -> None:
    from osteocast.validate_command import Asked, validate_command

    with pytest.raises(InputError, match=r"validation\.mechanism"):
        validate_command(Asked("40", 3, (), 1, 1, ("luck",)), tmp_path / "out", as_json=False)
