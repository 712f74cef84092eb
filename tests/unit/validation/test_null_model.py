"""The null model: its formulas against simulation, its fit against known parameters, what it may look at."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from osteocast.evidence.load import load_targets
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.validation.null_fit import fit_null, left_out, predict_null, same_people
from osteocast.validation.null_model import answers_of, names_of, null_model
from osteocast.validation.null_rows import NullRow, null_rows
from osteocast.validation.row import rows_of
from osteocast.validation.run import published_size

TARGETS = load_targets()


@pytest.fixture(scope="module")
def rows() -> list[NullRow]:
    trials = [read_trial(name) for name in builtin_trials()]
    return [one for trial in trials for one in null_rows(trial, rows_of(trial, TARGETS, published_size(trial)))]


def test_parts_of_an_event_and_single_markers_are_not_expressed(rows: list[NullRow]) -> None:
    expressed = {one.row.target for one in rows}
    assert {"EV0001", "EV0004", "EV0014", "EV0148", "EV0157"} <= expressed
    assert not {"EV0006", "EV0017", "EV0034", "EV0152"} & expressed


def test_formulas_are_those_of_simulated_patients(rows: list[NullRow]) -> None:
    model = null_model([one for one in rows if one.row.target == "EV0142"])
    names = [f"{prior} {owner}".strip() for prior, owner in names_of().all]
    parameters = np.zeros(len(names))
    parameters[names.index("shape")], parameters[names.index("frailty")] = np.log(0.8), np.log(1.5)
    found = answers_of(model.sides, model.names, parameters)
    cell = model.rows[0].test[0]
    rng = np.random.default_rng(3)
    n = 40_000
    frailty = rng.gamma(1 / 1.5, 1.5, n)
    first = (rng.exponential(size=n) / frailty) ** (1 / 0.8)
    end = np.minimum(rng.exponential(1 / (1.0 + cell.withdrawal), n), rng.uniform(cell.earliest, cell.latest, n))
    end = np.minimum(end, cell.horizon)
    assert found.share[0] == pytest.approx(np.mean(first <= end), abs=0.01)
    assert found.time[0] == pytest.approx(np.mean(end), rel=0.02)
    assert found.events[0] == pytest.approx(np.mean(frailty * end**0.8), rel=0.05)


def test_fit_finds_what_its_rows_were_made_with(rows: list[NullRow]) -> None:
    fit_rows = [one for one in rows if one.row.use == "fit" and one.row.error is not None]
    model = null_model(fit_rows)
    names = [f"{prior} {owner}".strip() for prior, owner in names_of().all]
    truth = np.zeros(len(names))
    for name, value in (("ratio strong bisphosphonate", 0.6), ("ratio denosumab", 0.45), ("rate prostate", 1.4)):
        truth[names.index(name)] = np.log(value)
    made = [
        NullRow(dataclasses.replace(one.row, value=float(value)), one.form, one.test, one.control)
        for one, value in zip(fit_rows, model.values(truth), strict=True)
    ]
    found = dict(zip([name.replace("_", " ") for name in names], np.exp(fit_null(made).mode), strict=True))
    assert found["ratio strong bisphosphonate"] == pytest.approx(0.6, rel=0.06)
    assert found["ratio denosumab"] == pytest.approx(0.45, rel=0.06)
    assert found["rate prostate"] == pytest.approx(1.4, rel=0.1)


def test_rows_held_back_are_not_looked_at(rows: list[NullRow]) -> None:
    few = [one for one in rows if one.row.trial in ("saad-2002", "fizazi-2011")]
    moved = [
        NullRow(dataclasses.replace(one.row, value=one.row.value + 5.0), one.form, one.test, one.control)
        if one.row.use == "check"
        else one
        for one in few
    ]
    np.testing.assert_array_equal(fit_null(few).mode, fit_null(moved).mode)


def test_prediction_is_wider_than_the_chance_of_the_trial_alone(rows: list[NullRow]) -> None:
    few = [one for one in rows if one.row.trial == "saad-2002"]
    found = predict_null(fit_null(few), few)
    assert all(found[one.row.target].sd > (one.row.error or 0.0) for one in few)


def test_a_trial_is_left_out_with_the_publications_of_its_people(rows: list[NullRow]) -> None:
    """The pooled publication of two protocols must not give the left-out figures of one of them back."""
    own = [one for one in rows if one.row.trial == "hortobagyi-1996"]
    pooled = [one for one in rows if one.row.trial in ("lipton-2000", "theriault-1999")]
    others = [one for one in rows if one.row.trial == "stopeck-2010"]
    assert set(same_people("hortobagyi-1996")) == {"hortobagyi-1996", "lipton-2000", "theriault-1999"}
    assert same_people("stopeck-2010") == ("stopeck-2010",)
    assert own
    assert pooled
    with_them, without = left_out(own, [*pooled, *others]), left_out(own, others)
    assert {target: one.centre for target, one in with_them.items()} == {t: one.centre for t, one in without.items()}
