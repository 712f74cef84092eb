"""Trials without a mechanism: what it explains goes, and what it does not stays."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from osteocast.formats.trial_file import read_trial
from osteocast.trials.patterns import Pattern, patterns_of
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial
from osteocast.validation.mechanisms import mechanisms

PATIENTS = 400
MANY = 1000
NEUTRAL = {one.name: one.neutral for one in mechanisms()} | {"nothing": ()}

pytestmark = pytest.mark.slow


@cache
def simulated(trial: str, without: str, patients: int = PATIENTS) -> tuple[dict[str, float], dict[str, Pattern]]:
    """Return the figures of a trial in their unit, and patterns by arm; the same people in every arm and call."""
    settings = TrialSettings(patients, design="counterfactual", neutral=NEUTRAL[without])
    found = simulate_trial(read_trial(trial), settings)
    figures = {one.name: one.middle for one in found.endpoints}
    return figures, {one.arm: one for one in patterns_of(found.trial, found.subjects)}


def breast(without: str = "nothing") -> dict[str, float]:
    return simulated("stopeck-2010", without)[0]


def ratio(figures: dict[str, float], kind: str) -> float:
    """Denosumab over zoledronate."""
    return figures[f"{kind}-denosumab"] / figures[f"{kind}-zoledronate"]


def moved(name: str, without: str) -> float:
    """Change of the logarithm of a ratio without a mechanism."""
    return float(np.log(breast(without)[name] / breast()[name]))


def test_without_resorption_in_pain_radiotherapy_is_averted_no_more_than_fracture() -> None:
    whole, without = (simulated("stopeck-2010", one, MANY)[0] for one in ("nothing", "resorption-pain"))
    assert ratio(whole, "first-is-radiation") < ratio(whole, "first-is-fracture") - 0.05
    assert ratio(without, "first-is-radiation") > ratio(without, "first-is-fracture")
    # fractures do not know of it
    assert ratio(without, "first-is-fracture") == pytest.approx(ratio(whole, "first-is-fracture"), abs=0.05)


def test_without_feedback_the_survival_ratio_moves_little_and_events_are_averted_less() -> None:
    assert abs(moved("death-ratio", "growth-feedback")) < 0.08
    assert moved("death-ratio", "growth-feedback") > 0.0
    assert moved("first-event-ratio", "growth-feedback") > 0.0


def test_bone_that_lesions_do_not_weaken_does_not_break() -> None:
    whole, without = breast(), breast("load-against-strength")
    for arm in ("denosumab", "zoledronate"):
        assert whole[f"first-is-fracture-{arm}"] > 10.0
        assert without[f"first-is-fracture-{arm}"] < 2.0


def test_without_care_there_is_no_radiotherapy_but_that_of_the_cord() -> None:
    whole, without = breast(), breast("care")
    for arm in ("denosumab", "zoledronate"):
        assert without[f"any-radiation-{arm}"] < 0.3 * whole[f"any-radiation-{arm}"]
        assert without[f"first-is-fracture-{arm}"] > whole[f"first-is-fracture-{arm}"]


def test_without_frailty_first_events_are_less_early_and_less_often_followed_by_more() -> None:
    for arm in ("denosumab", "zoledronate"):
        whole, without = (simulated("stopeck-2010", one, MANY)[1][arm] for one in ("nothing", "frailty"))
        assert without.first_early / without.first_later < whole.first_early / whole.first_later - 0.2
        # the variance of numbers of events does not fall: more people live to have several
        assert without.next / without.first < whole.next / whole.first - 0.5
        assert without.top_tenth < whole.top_tenth


def test_resorption_in_epidural_growth_moves_no_other_figure() -> None:
    for name in ("first-event-ratio", "all-events-ratio", "death-ratio"):
        assert abs(moved(name, "epidural-resorption")) < 0.05, name


@pytest.mark.parametrize("trial", ["berenson-1996", "rosen-2003", "stopeck-2010"])
def test_events_come_early_and_to_the_few(trial: str) -> None:
    for arm in simulated(trial, "nothing", MANY)[1].values():
        assert arm.first_early > arm.first_later, arm.arm
        assert arm.next > 1.2 * arm.first, arm.arm
        assert arm.top_tenth > 0.25, arm.arm


@pytest.mark.parametrize("trial", ["berenson-1996", "stopeck-2010"])
def test_numbers_of_events_differ_more_than_by_chance(trial: str) -> None:
    # not in solid tumours: those with most events a year die first, which evens out the numbers (1.0)
    for arm in simulated(trial, "nothing", MANY)[1].values():
        assert arm.variance_over_mean > 1.2, arm.arm


def test_myeloma_which_enters_with_many_lytic_lesions_has_events_early() -> None:
    myeloma = simulated("berenson-1996", "nothing")[1]["placebo"]
    assert myeloma.first_early > 2.0 * simulated("stopeck-2010", "nothing")[1]["zoledronate"].first_early
    # it has them later as well: the early share of them is no larger than in breast cancer
    assert myeloma.first_early / myeloma.first_later > 1.2
