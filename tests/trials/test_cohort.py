"""Cohorts from the primary on: command, document, bytes, and trials that draw patients from the natural history."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from osteocast.cli import app
from osteocast.cohort_command import cohort_command
from osteocast.course.natural_history import origins_with_history
from osteocast.domain.table import read_table
from osteocast.evidence.load import load_targets
from osteocast.formats.schema import schemas
from osteocast.formats.trial_file import read_trial, trial_from_mapping
from osteocast.foundation.errors import InputError
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.trials.cohort import candidates, groups_of
from osteocast.trials.cohort_document import _met
from osteocast.trials.cohort_measures import MEASURES, outcomes_for
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.simulate_trial import POSTERIOR

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "trials" / "breast_from_natural_history.toml"


def test_every_outcome_can_be_measured_and_its_target_is_a_number() -> None:
    names = [entry["measure"] for entry in read_table("cohort_outcomes")["outcome"]]
    assert set(names) <= set(MEASURES)
    for asked in outcomes_for(origins_with_history()):
        if asked.target:
            target = load_targets()[asked.target]
            assert target.value is not None
            assert target.use in ("fit", "check")


def test_command_writes_all_files_and_a_short_summary(tmp_path: Path) -> None:
    text = cohort_command("lung", (600, 1, 1), tmp_path / "one", as_json=False)
    assert len(text.splitlines()) <= 15
    assert max(map(len, text.splitlines()[:-1])) <= 80
    assert {file.name for file in (tmp_path / "one").iterdir()} == {
        "result.json", "run_record.json", "report.html", "outcomes.csv", "curves.csv", "sites.csv",
    }  # fmt: skip
    document = json.loads((tmp_path / "one" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schemas()["cohort-result.schema.json"])
    (primary,) = document["primaries"]
    assert primary["local"] + primary["regional"] + primary["distant"] == primary["people"] == 600
    assert sum(primary["found_by"].values()) == primary["bone_found"]
    for curve in document["curves"]:
        known = [v for v in curve["value"] if v is not None]
        assert known == sorted(known)


def test_bytes_do_not_depend_on_threads(tmp_path: Path) -> None:
    for threads in (1, 3):
        cohort_command("kidney", (1500, 2, threads), tmp_path / str(threads), as_json=False)
    for name in ("result.json", "report.html", "outcomes.csv", "curves.csv", "sites.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_every_problem_of_the_options_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        cohort_command("myeloma", (3, -1, 0), tmp_path / "no", as_json=False)
    assert [issue.code for issue in caught.value.issues] == ["cohort.primary"] + 3 * ["cohort.setting"]
    assert not (tmp_path / "no").exists()
    assert CliRunner().invoke(app, ["cohort", "--help"]).exit_code == 0


def test_a_trial_draws_patients_from_their_history() -> None:
    trial = read_trial(EXAMPLE)
    assert trial.populations[0].source == "natural-history"
    assert "oldest_lesion" not in trial.populations[0].inputs
    parameters = Parameters(read_posterior(POSTERIOR), 1, False)
    entered = candidates(trial, groups_of(trial)[0], parameters, 0, np.arange(512, dtype=np.int64), 1)
    lesions = entered.entry[:, list(QUANTITIES).index("lesions")]
    assert 20 < len(entered.key) < 150
    assert (lesions >= 1).all()
    assert len(np.unique(lesions)) > 3
    assert (entered.present.draws.place[:, 0, 2] < -trial.populations[0]["line_started"]).all()


def test_lesions_are_described_once() -> None:
    raw = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    twice, none = copy.deepcopy(raw), copy.deepcopy(raw)
    number = {"value": 6, "unit": "1", "grade": "assumed", "why": "test"}
    twice["populations"][0]["lesions"] = number
    del none["populations"][0]["source"]
    for wrong, count in ((twice, 1), (none, 2)):
        with pytest.raises(InputError) as caught:
            trial_from_mapping(wrong)
        assert [issue.code for issue in caught.value.issues] == count * ["trial.population"]
    raw["populations"][0]["source"] = "guess"
    with pytest.raises(InputError):
        trial_from_mapping(raw)


@pytest.mark.parametrize(
    ("simulated", "value", "limits", "text", "met"),
    [
        # intervals that touch at 3.5 are 2.5 standard errors apart
        ((3.2, 3.0, 3.5), 3.6, (3.5, 3.7), "", False),
        ((3.3, 3.0, 3.6), 3.6, (3.5, 3.7), "", True),
        ((4.7, 4.2, 5.3), 4.5, (3.4, 5.9), "", True),
        ((9.2, 8.9, 9.5), 8.4, (8.2, 8.6), "", False),
        # a range is no interval of chance: to reach it is enough
        ((63.0, 60.0, 66.0), 70.0, (65.0, 75.0), "65 to 75", True),
        ((40.0, 38.0, 42.0), 35.0, (None, None), "", True),
        ((44.0, 30.0, 60.0), 35.0, (None, None), "", False),
        ((None, None, None), 35.0, (30.0, 40.0), "", False),
    ],
)
def test_a_figure_is_met_where_chance_in_both_explains_the_distance(simulated, value, limits, text, met):
    assert _met(simulated, {"value": value, "low": limits[0], "high": limits[1], "text": text}) is met
