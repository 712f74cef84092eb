"""Events behind a contrast, its power over replicates, the events it would need, and its decision against a margin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from osteocast.domain.trial import Endpoint, Trial
from osteocast.trials.endpoint import Case, survival_follow_up
from osteocast.trials.estimate import Estimate
from osteocast.trials.follow_up import Outcome, first_events
from osteocast.trials.non_inferiority import decision_against
from osteocast.trials.power import events_needed, simulated_power, simulated_power_against
from osteocast.trials.subjects import Subjects

ALPHA: Final = 0.05
"""Two-sided error of superiority; the limits of the 95 % interval against a margin are 0.025 one-sided."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What stands behind a contrast of two arms.

    Attributes
    ----------
    events : in both arms, median over replicates; None where the estimator counts none.
    needed_80, needed_90 : events in both arms for 80 and 90 % power at the simulated ratio (Schoenfeld), or None.
    needed_reason : code that says why not.
    margin : ratio to be excluded, or None. decision : of one replicate against it, in words; else empty.
    superior, non_inferior : share of replicates that show it, None with a single one or a design that has no power.
    drawn : whether these are assurance (parameters drawn) and not power.
    """

    events: int | None
    needed_80: int | None
    needed_90: int | None
    needed_reason: str
    margin: float | None
    decision: str
    superior: Estimate | None
    non_inferior: Estimate | None
    drawn: bool


def _first(case: Case) -> int:
    sides = (case.test, case.control)
    return sum(int(np.count_nonzero(first_events(arm, case.kinds)[1] == Outcome.EVENT)) for arm in sides)


def _all(case: Case) -> int:
    return len(case.test.event_day) + len(case.control.event_day)


def _deaths(case: Case) -> int:
    names = (case.endpoint.arms, (case.endpoint.comparator or "",))
    return sum(int(np.count_nonzero(survival_follow_up(case, one).died)) for one in names)


EVENTS: Final[MappingProxyType[str, tuple[Callable[[Case], int], bool]]] = MappingProxyType(
    {
        "log-rank": (_first, False),
        "cox": (_first, True),
        "fine-gray": (_first, True),
        "andersen-gill": (_all, False),
        "survival-cox": (_deaths, True),
    }
)
"""Number of events of a contrast by estimator, and whether Schoenfeld's formula holds for its ratio."""


def events_of(trial: Trial, subjects: Subjects, endpoint: Endpoint, seed: int) -> int | None:
    """Return the number of events of a contrast in both arms, None for other endpoints."""
    if endpoint.estimator not in EVENTS:
        return None
    return EVENTS[endpoint.estimator][0](Case(trial, subjects, endpoint, seed))


def contrast_of(
    trial: Trial, endpoint: Endpoint, estimates: Sequence[Estimate], events: Sequence[int | None], drawn: bool | None
) -> Contrast | None:
    """Return what replicates say of a contrast, None for an endpoint that compares nothing.

    Parameters
    ----------
    drawn : whether parameters were drawn for each replicate; None for a design without power (the same patients in
        every arm).
    """
    if endpoint.estimator not in EVENTS:
        return None
    values = np.array([one.value for one in estimates])
    known = values[np.isfinite(values)]
    middle = float(np.median(known)) if len(known) else np.nan
    needed, reason = _needed(trial, endpoint, middle)
    margin = endpoint.margin
    single = len(estimates) == 1
    decision = str(decision_against(estimates[0], margin)) if margin is not None and single else ""
    counted = [one for one in events if one is not None]
    none = single or drawn is None
    return Contrast(
        events=int(np.median(counted)) if counted else None,
        needed_80=needed[0],
        needed_90=needed[1],
        needed_reason=reason,
        margin=margin,
        decision=decision,
        superior=None if none else _superior(estimates, drawn is True),
        non_inferior=None if none or margin is None else _below(estimates, margin, drawn is True),
        drawn=drawn is True,
    )


def _superior(estimates: Sequence[Estimate], drawn: bool) -> Estimate:
    # A log-rank difference favours the test arm below 0, a ratio below 1.
    neutral = [1.0 if one.on_log_scale else 0.0 for one in estimates]
    favours = np.array([one.value < middle for one, middle in zip(estimates, neutral, strict=True)])
    p_value = np.where(favours, [one.p_value for one in estimates], np.nan)
    return _named(simulated_power(p_value, ALPHA), drawn)


def _below(estimates: Sequence[Estimate], margin: float, drawn: bool) -> Estimate:
    limits = np.array([one.high for one in estimates])
    return _named(simulated_power_against(limits, margin), drawn)


def _named(share: Estimate, drawn: bool) -> Estimate:
    """Return the share under its name: with one replicate a draw, assurance is the same exact binomial share."""
    return (
        replace(share, method=f"assurance, one replicate a draw of the parameters: {share.method}") if drawn else share
    )


def _needed(trial: Trial, endpoint: Endpoint, ratio: float) -> tuple[tuple[int | None, int | None], str]:
    """Return the events for 80 and 90 % power, or the reason why there are none."""
    if not EVENTS[endpoint.estimator][1]:
        return (None, None), "trial.no-formula"
    margin = endpoint.margin or 1.0
    if not 0.0 < ratio < margin:
        return (None, None), "trial.no-advantage"
    test = sum(trial.arm(name).share for name in endpoint.arms)
    share = test / (test + trial.arm(endpoint.comparator or "").share)
    return (
        events_needed(ratio, 0.8, share_test=share, margin=margin),
        events_needed(ratio, 0.9, share_test=share, margin=margin),
    ), ""
