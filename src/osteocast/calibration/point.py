"""One design point: the trials of a stage simulated at given scales, and the value of every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.calibration.plan import FittedRow, FittedTrial
from osteocast.foundation.errors import Issue, SolveError
from osteocast.inference.parameter_draws import Parameters
from osteocast.trials.checkpoint import NothingKept
from osteocast.trials.endpoint import CURVES, Case, estimate, unit_of
from osteocast.trials.published import factor
from osteocast.trials.run import TrialSettings, subjects_of
from osteocast.trials.subjects import Subjects
from osteocast.trials.survival_curves import Curve
from osteocast.validation.scale import Scale, binomial_error, to_scale

FloatArray = NDArray[np.float64]

GROUPS: Final = 20
"""Groups of patients that are left out in turn to know the error of a simulation of this size."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose courses are simulated.

    Attributes
    ----------
    patients : admitted to each trial. seed, replicate : keys of their random numbers. workers : threads.
    """

    patients: int
    seed: int
    replicate: int = 0
    workers: int | None = 1


def simulated_trial(one: FittedTrial, parameters: Parameters, who: Who) -> Subjects:
    """Return the subjects of a trial, the same patients in every arm."""
    settings = TrialSettings(one.patients or who.patients, design="counterfactual", seed=who.seed)
    work = (NothingKept(), who.workers, lambda what, done, total: None)
    return subjects_of(one.trial, settings, parameters, who.replicate, work)


def values_of(one: FittedTrial, subjects: Subjects, who: Who) -> list[float]:
    """Return the value of each row of a trial on the row's scale; may be infinite or nan."""
    return [_value(one, row, subjects, who.seed + who.replicate) for row in one.rows]


def _value(one: FittedTrial, row: FittedRow, subjects: Subjects, seed: int) -> float:
    endpoint = row.of(one.trial)
    if row.day is not None:
        curve = CURVES[endpoint.estimator](Case(one.trial, subjects, endpoint, seed))
        return to_scale(row.scale, 100.0 * (1.0 - share_without(curve, row.day)), curve.n)
    found = estimate(one.trial, subjects, endpoint, seed)
    return to_scale(row.scale, found.value * factor(unit_of(endpoint), row.unit, row.target), found.n)


def share_without(curve: Curve, day: float) -> float:
    """Return the share without the event on a day; after the longest follow-up that of its end; nan for nobody."""
    if curve.n == 0:
        return float("nan")
    step = int(np.searchsorted(curve.day, day, side="right")) - 1
    return float(curve.value[step]) if step >= 0 else curve.start


def point_values(trials: Sequence[FittedTrial], parameters: Parameters, who: Who, place: str) -> FloatArray:
    """Return the value of every row on its scale at one point, shape (rows,).

    Parameters
    ----------
    place : name of the point, for what goes wrong.

    Raises
    ------
    SolveError
        ``calibration.output``: a row without a finite value; ``trial.solver-failures``.
    """
    rows = [row for one in trials for row in one.rows]
    found = [v for one in trials for v in values_of(one, simulated_trial(one, parameters, who), who)]
    _refuse_infinite(rows, np.array(found), place)
    return np.array(found)


def sampling_error(trials: Sequence[FittedTrial], parameters: Parameters, who: Who, place: str) -> FloatArray:
    """Return the covariance of the rows by the chance of a simulation of this size, shape (rows, rows).

    Delete-a-group jackknife: a group of patients is left out of every trial and arm at once, so that what rows and
    paired arms have in common counts.

    Raises
    ------
    SolveError
        ``calibration.output``: a row without a finite value.
    """
    rows = [row for one in trials for row in one.rows]
    subjects = [simulated_trial(one, parameters, who) for one in trials]
    whole = [v for one, own in zip(trials, subjects, strict=True) for v in values_of(one, own, who)]
    left_out = []
    for group in range(GROUPS):
        kept = [one.take(one.key % GROUPS != group) for one in subjects]
        values = [v for one, own in zip(trials, kept, strict=True) for v in values_of(one, own, who)]
        _refuse_infinite(rows, np.array(values), f"{place}, without group {group}")
        left_out.append(values)
    away = np.array(left_out) - np.mean(left_out, axis=0)
    covariance = (GROUPS - 1.0) / GROUPS * away.T @ away
    # Where nobody has an event leaving somebody out changes nothing, and yet the share is not known exactly.
    number = [own.n / len(one.trial.arms) for one, own in zip(trials, subjects, strict=True) for _ in one.rows]
    least = [
        binomial_error(value, n) ** 2 if row.scale is Scale.LOGIT else 0.0
        for row, value, n in zip(rows, whole, number, strict=True)
    ]
    return np.asarray(covariance + np.diag(np.maximum(np.array(least) - np.diag(covariance), 0.0)))


def _refuse_infinite(rows: Sequence[FittedRow], values: FloatArray, place: str) -> None:
    wrong = [
        Issue(
            "calibration.output",
            f"{row.trial}: {row.target} at {place}",
            str(value),
            "a finite value on the row's scale",
            "Simulate more --patients, or leave the row out with its reason.",
        )
        for row, value in zip(rows, values, strict=True)
        if not np.isfinite(value)
    ]
    if wrong:
        raise SolveError(wrong)
