"""The record of the last validation: it belongs to the shipped scales, and with other scales nothing is claimed."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from osteocast.domain.table import read_table
from osteocast.evidence.load import DATA
from osteocast.formats.trial_file import builtin_trials
from osteocast.inference.posterior import read_posterior
from osteocast.inference.validated import Group, Validated, brief, statement, validated_of, validation_of
from osteocast.validation.validated_file import validated_text

POSTERIOR = read_posterior(DATA / "posterior.toml")


def test_the_shipped_record_belongs_to_the_shipped_scales() -> None:
    # fails: copy validated.toml of a validation with these scales to src/osteocast/data (docs/validation.md)
    found = validation_of(POSTERIOR)
    assert found is not None
    assert (found.patients, found.replicates >= 10) == (None, True)
    assert {one.name for one in found.trials} == set(builtin_trials())
    assert sum(one.held_back for one in found.trials) == sum(one.rows for one in found.held_back())
    assert sum(one.hits for one in found.trials) == sum(one.hits for one in found.held_back())
    assert not any(one.fitted and one.held_back for one in found.trials)
    said = statement(found)
    for group in found.held_back():
        assert f"{group.hits} of {group.rows} {group.family}s" in said
        assert f"{group.hits}/{group.rows} {group.family}s" in brief(found)


def test_other_scales_are_not_checked() -> None:
    other = replace(POSTERIOR, mean=POSTERIOR.mean + np.eye(len(POSTERIOR.names))[0] * 1e-3)
    assert other.scales_sha256 != POSTERIOR.scales_sha256
    assert validation_of(other) is None
    assert statement(None).startswith("not checked with these scales")
    assert brief(None) == "not checked with these scales"


def test_words_about_a_posterior_are_no_scales() -> None:
    assert replace(POSTERIOR, statement="other words", rows=()).scales_sha256 == POSTERIOR.scales_sha256


def test_a_record_of_another_format_is_refused() -> None:
    with pytest.raises(KeyError, match="schema"):
        validated_of({**read_table("validated"), "schema": "osteocast.validated/0"})


def test_widths_and_scores_that_do_not_exist_are_not_said() -> None:
    bare = Validated("", "2026-01-01", "0", 3, groups=(Group("check", "level", 2, 1, 1),))
    assert statement(bare).endswith("1 of 2 levels lie within 90 % intervals of simulated trials")


def result() -> dict[str, Any]:
    def row(trial: str, target: str, use: str, covered: bool | None) -> dict[str, Any]:
        own = None if covered is None else {"covered": covered}
        return {"trial": trial, "target": target, "use": use, "simulation": own}

    def summary(on: str, model: str, score: float, hits: int) -> dict[str, Any]:
        head = {"use": "check", "family": "level", "on": on, "model": model}
        return head | {"rows": 2, "trials": 1, "hits": hits, "width": 1.5, "interval_score": score}

    return {
        "version": "0.1.0",
        "settings": {"patients": None, "replicates": 10},
        "calibration": {"scales_sha256": POSTERIOR.scales_sha256, "fitted": ["EV1"]},
        "trials": [
            {"name": "fitted-1999", "origins": {"breast": 0.69, "myeloma": 0.31}},
            {"name": 'odd "name"', "origins": {"prostate": 1.0}},
        ],
        "rows": [
            row("fitted-1999", "EV1", "fit", True),
            row("fitted-1999", "EV2", "fit", True),
            row('odd "name"', "EV3", "check", True),
            row('odd "name"', "EV4", "check", False),
            row('odd "name"', "EV5", "check", None),
        ],
        "summaries": [
            summary("all rows", "simulation", 2.0, 1),
            summary("rows of both models", "simulation", 1.25, 1),
            summary("rows of both models", "null", 1.5, 2),
        ],
    }


def test_a_result_becomes_the_record() -> None:
    found = validated_of(tomllib.loads(validated_text(result(), "2026-11-28")))
    assert found.groups == (Group("check", "level", 2, 1, 1, 1.5, 1.25, 1.5),)
    assert [(one.fitted, one.held_back, one.hits) for one in found.trials] == [(1, 0, 0), (0, 2, 1)]
    assert found.trials_of("breast")[0].name == "fitted-1999"
    assert found.trials_of("myeloma") == ()
    assert found.fitted_with("myeloma") == {"fitted-1999": 0.31}
    assert "1.25 against 1.50 for levels" in statement(found)
    assert json.dumps(found.to_dict(), allow_nan=False)
