"""Covariance of rows: people who stand in several rows, and a model that errs alike within a trial."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from osteocast.calibration.misfit import Misfit, sizes
from osteocast.calibration.plan import FittedRow, Shared

FloatArray = NDArray[np.float64]
_Name = TypeVar("_Name", bound=Hashable)


def sampling_covariance(rows: Sequence[FittedRow], shared: Shared) -> FloatArray:
    """Return the covariance of the published sampling errors, shape (m, m).

    Rows of one arm share part of their variance, because they are the same people; a contrast of two arms goes with
    the rows of its own arm and against those of its comparator. An arm of a pooled report is made of the arms of the
    same name that it pools: with each it shares the part that its people have there.
    """
    loads = [
        {
            (trial, arm): sign * float(np.sqrt(part))
            for trial, part in shared.people(row.trial).items()
            for arm, sign in row.loads.items()
        }
        for row in rows
    ]
    return _shared(np.array([row.error for row in rows]), _directions(loads), shared.sampling)


def discrepancy_covariance(rows: Sequence[FittedRow], shared: Shared) -> FloatArray:
    """Return the covariance of the model's discrepancy, shape (m, m); the same people share part of it."""
    loads = [{name: float(np.sqrt(part)) for name, part in shared.people(row.trial).items()} for row in rows]
    return _shared(np.array([row.discrepancy for row in rows]), _directions(loads), shared.discrepancy)


def row_misfit(rows: Sequence[FittedRow], shared: Shared, chance: FloatArray) -> Misfit:
    """Return the distribution of rows about their figures.

    Parameters
    ----------
    chance : covariance of simulated rows by the chance of a simulation, shape (m, m).
    """
    names = [shared.programme(row.trial) for row in rows]
    order = list(dict.fromkeys(names))
    return Misfit(
        certain=sampling_covariance(rows, shared) + within_trials(rows, chance),
        discrepancy=discrepancy_covariance(rows, shared),
        trial=np.array([order.index(name) for name in names]),
        sizes=sizes(shared.freedom),
    )


def _directions(loads: Sequence[Mapping[_Name, float]]) -> FloatArray:
    """Return unit vectors of loads given by name, shape (m, names)."""
    names = list(dict.fromkeys(name for one in loads for name in one))
    vectors = np.array([[one.get(name, 0.0) for name in names] for one in loads])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _shared(sd: FloatArray, load: FloatArray, share: float) -> FloatArray:
    """Return the covariance of errors of which `share` of the variance follows unit vectors of load, shape (m, m)."""
    correlation = (1.0 - share) * np.eye(len(sd)) + share * (load @ load.T)
    return np.asarray(correlation * np.outer(sd, sd))


def within_trials(rows: Sequence[FittedRow], covariance: FloatArray) -> FloatArray:
    """Return a covariance without what stands between trials, whose simulated people are not the same."""
    trial = np.array([row.trial for row in rows])
    return np.asarray(np.where(trial[:, None] == trial[None, :], covariance, 0.0))
