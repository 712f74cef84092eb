"""Covariance of rows: people who stand in several rows, and a model that errs alike within a trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from osteocast.calibration.misfit import Misfit, sizes
from osteocast.calibration.plan import FittedRow, Shared

FloatArray = NDArray[np.float64]


def sampling_covariance(rows: Sequence[FittedRow], share: float) -> FloatArray:
    """Return the covariance of the published sampling errors, shape (m, m).

    Rows of one arm share part of their variance, because they are the same people; a contrast of two arms goes with
    the rows of its own arm and against those of its comparator.

    Parameters
    ----------
    share : of the variance that rows of one arm have in common [0 to 1).
    """
    arms = sorted({(row.trial, arm) for row in rows for arm in row.loads})
    load = np.array([[row.loads.get(arm, 0.0) if row.trial == trial else 0.0 for trial, arm in arms] for row in rows])
    load /= np.linalg.norm(load, axis=1, keepdims=True)
    return _shared(np.array([row.error for row in rows]), load, share)


def discrepancy_covariance(rows: Sequence[FittedRow], share: float) -> FloatArray:
    """Return the covariance of the model's discrepancy, shape (m, m); part of it is shared within a trial."""
    trials = sorted({row.trial for row in rows})
    member = np.array([[float(row.trial == trial) for trial in trials] for row in rows])
    return _shared(np.array([row.discrepancy for row in rows]), member, share)


def row_misfit(rows: Sequence[FittedRow], shared: Shared, chance: FloatArray) -> Misfit:
    """Return the distribution of rows about their figures.

    Parameters
    ----------
    chance : covariance of simulated rows by the chance of a simulation, shape (m, m).
    """
    names = [row.trial for row in rows]
    order = list(dict.fromkeys(names))
    return Misfit(
        certain=sampling_covariance(rows, shared.sampling) + within_trials(rows, chance),
        discrepancy=discrepancy_covariance(rows, shared.discrepancy),
        trial=np.array([order.index(name) for name in names]),
        sizes=sizes(shared.freedom),
    )


def _shared(sd: FloatArray, load: FloatArray, share: float) -> FloatArray:
    """Return the covariance of errors of which `share` of the variance follows unit vectors of load, shape (m, m)."""
    correlation = (1.0 - share) * np.eye(len(sd)) + share * (load @ load.T)
    return np.asarray(correlation * np.outer(sd, sd))


def within_trials(rows: Sequence[FittedRow], covariance: FloatArray) -> FloatArray:
    """Return a covariance without what stands between trials, whose people are not the same."""
    trial = np.array([row.trial for row in rows])
    return np.asarray(np.where(trial[:, None] == trial[None, :], covariance, 0.0))
