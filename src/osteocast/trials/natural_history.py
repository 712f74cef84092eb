"""Cohorts of people with a cancer: estimates of how often, when and how bone metastases come, death competing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from osteocast.course.natural_history import Lives
from osteocast.course.typical import file_of
from osteocast.trials.estimate import Estimate
from osteocast.trials.survival_curves import Curve, aalen_johansen, estimate_at, kaplan_meier

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FOLLOWED_DAYS = 10957.5
"""End of follow-up of a cohort, 30 years after the cancer is found [day]."""
BONE, DEATH = 1, 2


def first_of(lives: Lives) -> tuple[FloatArray, IntArray]:
    """Return the day of bone metastases or death, whichever comes first, and which (0 where neither), shape (n,)."""
    day = np.minimum(np.maximum(lives.bone_day, 0.0), lives.death_day)
    outcome = np.where(np.isfinite(lives.bone_day), BONE, DEATH)
    outcome = np.where(day > FOLLOWED_DAYS, 0, outcome)
    return np.minimum(day, FOLLOWED_DAYS), outcome.astype(np.int64)


def incidence_curve(lives: Lives, chosen: NDArray[np.bool_] | None = None) -> Curve:
    """Return the cumulative incidence of known bone metastases, death competing (Aalen-Johansen)."""
    day, outcome = first_of(lives)
    rows = slice(None) if chosen is None else chosen
    return aalen_johansen(day[rows], outcome[rows], BONE)


def claims_incidence(found: Mapping[str, Lives], day: float, people: int) -> Estimate:
    """Return the incidence as a registry of coded records estimates it: some are not coded, and death censors.

    Parameters
    ----------
    found : lives by primary, mixed by ``mix_*`` of the evidence. day : since the cancer was found [day].
    people : size of the mixture; nobody stands for more than one person where the lives allow it.
    """
    days, outcomes = zip(*(_coded(origin, lives, people) for origin, lives in found.items()), strict=True)
    curve = kaplan_meier(np.concatenate(days), np.concatenate(outcomes))
    alive = estimate_at(curve, day)
    return Estimate(
        1.0 - alive.value, 1.0 - alive.high, 1.0 - alive.low, alive.standard_error, n=alive.n, method=COMPLEMENT
    )


COMPLEMENT = "1 - Kaplan-Meier with death censored, coded bone metastases"


def _coded(origin: str, lives: Lives, people: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    entries = file_of("natural_history")
    total = sum(entry.value for name, entry in entries.items() if name.startswith("mix_"))
    n = min(round(people * entries[f"mix_{origin}"].value / total), lives.n)
    day, outcome = first_of(lives)
    # the first people of each primary: a share of them that follows their number is not coded
    every = (np.arange(lives.n) * 0.6180339887498949) % 1.0
    coded = (outcome == BONE) & (every < entries["claims_capture"].value)
    end = np.minimum(lives.death_day, FOLLOWED_DAYS)
    return np.where(coded, day, end)[:n], coded[:n]
