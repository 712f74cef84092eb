"""Replicates whose drawn parameters let nobody enter: without a figure and counted, not the end of the run."""

import json

import jsonschema
import numpy as np
import pytest
from tests.trials.small import small_trial

from osteocast.formats.schema import schemas
from osteocast.foundation.errors import ForecastError
from osteocast.trials import run
from osteocast.trials.cohort import KEYS_OF_REPLICATE, Entered
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial

DRAWN = TrialSettings(8, 3, drawn_parameters=True)


@pytest.fixture(scope="module")
def trial():
    return small_trial()


@pytest.fixture
def without_entry_in(monkeypatch):
    """Return a function after which nobody meets the criteria in some replicates."""
    real = run.candidates

    def chosen(*replicates):
        def candidates(trial, group, parameters, replicate, keys, workers):
            assert np.all(keys // KEYS_OF_REPLICATE == replicate)
            found = real(trial, group, parameters, replicate, keys, workers)
            none = np.zeros(0, dtype=np.int64)
            return Entered(found.present.take(none, none), found.entry[:0], none) if replicate in replicates else found

        monkeypatch.setattr(run, "candidates", candidates)

    return chosen


def test_such_a_replicate_has_no_figure_and_is_counted(trial, without_entry_in, tmp_path):
    whole = simulate_trial(trial, DRAWN, tmp_path / "whole")
    without_entry_in(0)
    found = simulate_trial(trial, DRAWN, tmp_path / "w")
    assert (found.shown, len(found.nobody_left)) == (1, 1)
    assert "candidates meet the criteria of entry" in found.nobody_left[0]
    for one, other in zip(found.endpoints, whole.endpoints, strict=True):
        assert one.estimates[0].reason == "trial.nobody-left"
        assert [repr(x) for x in one.estimates[1:]] == [repr(x) for x in other.estimates[1:]]
        assert one.missing == 1 + sum(np.isnan(x.value) for x in other.estimates[1:])
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    jsonschema.Draft202012Validator(schemas()["trial-result.schema.json"]).validate(document)
    (note,) = (text for text in document["notes"] if "no figure" in text)
    assert note.startswith("1 of 3 replicates have no figure")
    assert note.endswith("of replicate 2.")
    # kept work gives the same, without a search for people
    without_entry_in(0, 1, 2)
    assert json.dumps(simulate_trial(trial, DRAWN, tmp_path / "w").to_dict()) == json.dumps(found.to_dict())


def test_where_all_replicates_are_so_the_run_is_refused(trial, without_entry_in):
    without_entry_in(0, 1, 2)
    with pytest.raises(ForecastError, match=r"trial\.nobody-left"):
        simulate_trial(trial, DRAWN)


@pytest.mark.parametrize("settings", [TrialSettings(8, 2), TrialSettings(8, 1, drawn_parameters=True)])
def test_a_trial_that_is_simulated_once_or_at_the_centre_is_refused(settings, trial, without_entry_in):
    without_entry_in(0)
    with pytest.raises(ForecastError, match=r"trial\.nobody-left"):
        simulate_trial(trial, settings)
