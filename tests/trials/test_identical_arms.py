"""Two arms of one regimen: nothing differs, and intervals say so as often as they promise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.trials.small import raw_trial

from osteocast.domain.trial import Trial
from osteocast.formats.trial_file import trial_from_mapping
from osteocast.trials.curves import counted_arms, main_kinds
from osteocast.trials.estimate import Estimate, difference_of
from osteocast.trials.follow_up import FollowUp
from osteocast.trials.hazard_ratio import first_event_hazard_ratio, recurrent_hazard_ratio
from osteocast.trials.proportions import event_proportion_difference
from osteocast.trials.recurrent import mean_events_with_death
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial
from osteocast.trials.subjects import Subjects
from osteocast.trials.survival_curves import estimate_at

PATIENTS, REPLICATES = 200, 200
DAY = 360.0
"""Shortly before the end of a year's follow-up."""

Kinds = tuple[int, ...]


def identical() -> Trial:
    """Return a trial of a year with two arms of zoledronate every four weeks in women with few lesions."""
    raw: dict[str, Any] = raw_trial(12)
    for arm in raw["arms"]:
        arm["regimen"] = "zoledronate-q4w"
    raw["populations"][0]["lesions"]["value"] = 3
    return trial_from_mapping(raw | {"regimen": {}}, "identical.toml")


def ghosh_lin(test: FollowUp, control: FollowUp, kinds: Kinds) -> Estimate:
    """Difference of the mean numbers of events by a day, death competing."""
    day = np.array([DAY])
    return difference_of(*(estimate_at(mean_events_with_death(arm, kinds, day), DAY) for arm in (test, control)))


ESTIMATORS: dict[str, tuple[Callable[[FollowUp, FollowUp, Kinds], Estimate], float]] = {
    "hazard ratio of the first event": (first_event_hazard_ratio, 1.0),
    "Andersen-Gill rate ratio": (recurrent_hazard_ratio, 1.0),
    "difference of mean numbers": (ghosh_lin, 0.0),
    "difference of shares": (event_proportion_difference, 0.0),
}


def contrasts(trial: Trial, subjects: Subjects) -> dict[str, Estimate]:
    """Return every estimate of the second arm against the first."""
    control, test = counted_arms(trial, subjects)
    return {name: function(test, control, main_kinds(trial)) for name, (function, _) in ESTIMATORS.items()}


def coverage(patients: int, replicates: int) -> dict[str, float]:
    """Return how often the 95 % interval of trials of so many patients, cut out of one large trial, holds no effect.

    Patients are independent of one another, so trials of disjoint patients are too.
    """
    trial = identical()
    pool = simulate_trial(trial, TrialSettings(patients * replicates)).subjects
    rank = np.argsort(np.argsort(pool.key, kind="stable"), kind="stable")
    inside: dict[str, list[bool]] = {name: [] for name in ESTIMATORS}
    for number in range(replicates):
        found = contrasts(trial, pool.take(rank // patients == number))
        for name, (_, none) in ESTIMATORS.items():
            inside[name].append(bool(found[name].low <= none <= found[name].high))
    return {name: float(np.mean(one)) for name, one in inside.items()}


def test_the_same_patients_in_two_arms_differ_in_nothing() -> None:
    trial = identical()
    subjects = simulate_trial(trial, TrialSettings(40, design="counterfactual")).subjects
    one, other = (subjects.take(subjects.arm == arm) for arm in (0, 1))
    assert one.n == other.n == 40
    assert np.array_equal(one.key, other.key)
    assert np.array_equal(one.death_day, other.death_day, equal_nan=True)
    assert np.array_equal(one.series, other.series, equal_nan=True)
    assert np.array_equal(one.observed.day, other.observed.day)
    assert len(one.observed.day) > 0
    for name, found in contrasts(trial, subjects).items():
        assert found.value == pytest.approx(ESTIMATORS[name][1], abs=1e-12), name


@pytest.mark.slow
def test_intervals_of_identical_arms_cover_no_effect(capsys: pytest.CaptureFixture[str]) -> None:
    found = coverage(PATIENTS, REPLICATES)
    with capsys.disabled():
        sys.stdout.write(", ".join(f"{name} {100 * share:.1f} %" for name, share in found.items()) + "\n")
    # 0.95 with 200 trials: 91 to 99 % holds all but 1 in 200 of right intervals
    for name, share in found.items():
        assert 0.91 <= share <= 0.99, name
