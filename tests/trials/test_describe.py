"""What was simulated in words: numbers that are told are those of the file, arm by arm where arms differ."""

from __future__ import annotations

import copy

from tests.trials.small import raw_trial, small_trial

from osteocast.formats.trial_file import read_trial
from osteocast.trials.describe import follow_up_texts


def leaving(trial) -> str:
    return next(one for one in follow_up_texts(trial) if "leave" in one)


def test_who_leaves_is_told_of_every_arm() -> None:
    assert leaving(read_trial("stopeck-2010")) == "Of those still in it 30 % leave within a year."
    told = leaving(read_trial("saad-2002"))
    assert "% on zoledronate" in told
    assert "% on placebo" in told


def test_a_rate_that_follows_the_state_is_not_told_of_everybody() -> None:
    drop_out = copy.deepcopy(raw_trial()["drop_out"])
    drop_out["per_ecog_point"]["value"] = 0.2
    assert "at performance status 0" in leaving(small_trial(drop_out=drop_out))
