"""Curves of a simulated trial by arm and month: first event, survival, number of events, markers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.trial import Counting, Trial
from osteocast.trials.endpoint import counted, kinds_of, survival_of, with_death_competing
from osteocast.trials.follow_up import FollowUp, Outcome, first_events
from osteocast.trials.laboratory import measured
from osteocast.trials.recurrent import mean_events_with_death
from osteocast.trials.subjects import Subjects
from osteocast.trials.survival_curves import Curve, kaplan_meier

FloatArray = NDArray[np.float64]

MARKERS: Final = MappingProxyType(
    {
        "untx_ratio": ("uNTx", "ratio to healthy"),
        "ctx_ratio": ("CTX", "ratio to healthy"),
        "bone_alp_ratio": ("Bone ALP", "ratio to healthy"),
        "calcium_mmol_per_l": ("Corrected calcium", "mmol/L"),
    }
)
"""Name for people and unit of each monthly series that is shown."""
LEAST_AT_RISK: Final = 5
"""A curve ends where fewer are left: what follows says nothing."""


@dataclass(frozen=True, slots=True)
class MonthlyCurve:
    """A curve of one arm by month; nan where nothing is known.

    Attributes
    ----------
    arm : its name. months : since entry. value, low, high : with 95 % limits. at_risk : patients.
    """

    arm: str
    months: tuple[int, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MarkerCourse:
    """Median and quartiles of a marker by month in one arm, of those alive and on study; see `MARKERS`."""

    marker: str
    arm: str
    months: tuple[int, ...]
    median: FloatArray
    low: FloatArray
    high: FloatArray


def main_counting(trial: Trial) -> Counting | None:
    """Return the definition that curves are drawn for: that of the first endpoint that counts events."""
    name = next((one.counting for one in trial.endpoints if one.counting is not None), None)
    return None if name is None else trial.countings[name]


def first_event_curves(trial: Trial, subjects: Subjects) -> list[MonthlyCurve]:
    """Return the Kaplan-Meier share without a counted event by arm."""
    return [
        _by_month(arm.name, kaplan_meier(day, outcome == Outcome.EVENT), day, _months(trial))
        for arm in counted_arms(trial, subjects)
        for day, outcome in [first_events(arm, main_kinds(trial))]
    ]


def event_curves(trial: Trial, subjects: Subjects) -> list[MonthlyCurve]:
    """Return the mean number of counted events of a patient by arm, death competing (Ghosh-Lin)."""
    months = _months(trial)
    days = np.asarray(months[1:], dtype=np.float64) * DAYS_PER_MONTH
    return [
        _by_month(arm.name, mean_events_with_death(arm, main_kinds(trial), days), arm.exit_day, months)
        for arm in counted_arms(with_death_competing(trial), subjects)
    ]


def survival_curves(trial: Trial, subjects: Subjects) -> list[MonthlyCurve]:
    """Return the Kaplan-Meier share alive by arm, to the end of the simulation."""
    found = []
    months = tuple(range(round(trial.follow_up.simulated.value) + 1))
    for number, name in enumerate(arm.name for arm in trial.arms):
        arm = survival_of(trial, subjects.take(subjects.arm == number), name)
        if arm.n:
            found.append(_by_month(name, kaplan_meier(arm.exit_day, arm.died), arm.exit_day, months))
    return found


def marker_courses(trial: Trial, subjects: Subjects, seed: int) -> Iterator[MarkerCourse]:
    """Yield the measured course of every marker in every arm."""
    for marker in MARKERS:
        values = measured(subjects, marker, seed)
        day = np.arange(values.shape[1]) * DAYS_PER_MONTH
        on_study = day[None, :] <= np.minimum(subjects.drop_out_day, subjects.closed_day)[:, None]
        for number, arm in enumerate(trial.arms):
            own = np.where(on_study, values, np.nan)[subjects.arm == number]
            enough = np.count_nonzero(np.isfinite(own), axis=0) >= LEAST_AT_RISK
            if not enough.any():
                continue
            months = tuple(int(m) for m in np.flatnonzero(enough))
            low, middle, high = np.nanquantile(own[:, enough], (0.25, 0.5, 0.75), axis=0)
            yield MarkerCourse(marker, arm.name, months, middle, low, high)


def counted_arms(trial: Trial, subjects: Subjects) -> list[FollowUp]:
    """Return what was counted in every arm with patients under `main_counting`; nothing where nothing is counted."""
    counting = main_counting(trial)
    if counting is None:
        return []
    arms = [(arm.name, subjects.take(subjects.arm == i)) for i, arm in enumerate(trial.arms)]
    return [counted(trial, own, counting, None, name) for name, own in arms if own.n]


def main_kinds(trial: Trial) -> tuple[int, ...]:
    """Return the kinds of event of `main_counting`."""
    counting = main_counting(trial)
    return () if counting is None else kinds_of(trial, counting)


def _months(trial: Trial) -> tuple[int, ...]:
    return tuple(range(round(trial.follow_up.cut_off.value) + 1))


def _by_month(arm: str, curve: Curve, exit_day: FloatArray, months: tuple[int, ...]) -> MonthlyCurve:
    days = np.asarray(months) * DAYS_PER_MONTH
    at_risk = len(exit_day) - np.searchsorted(np.sort(exit_day), days - 1e-9, side="left")
    step = np.searchsorted(curve.day, days + 1e-9, side="right")
    known = (days <= curve.last_day) & ((at_risk >= LEAST_AT_RISK) | (step == 0))

    def held(start: float, values: FloatArray) -> FloatArray:
        """Return the steps by month; nan where too few are at risk."""
        return np.where(known, np.append(start, values)[step], np.nan)

    start = curve.start
    return MonthlyCurve(
        arm, months, held(start, curve.value), held(start, curve.low), held(start, curve.high), at_risk.astype(np.int64)
    )
