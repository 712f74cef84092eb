"""Change of a marker from baseline: median or mean over patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, Estimate, bad_argument, critical_value, missing
from osteocast.trials.morbidity_rate import mean_with_interval

FloatArray = NDArray[np.float64]


def percent_change(baseline: FloatArray, later: FloatArray) -> FloatArray:
    """Return each patient's change from baseline [%], nan where one of the two was not measured, shape (n,).

    Raises
    ------
    InputError
        `trial.argument`: arrays of different shape, or a baseline of zero or less.
    """
    if baseline.shape != later.shape:
        raise InputError(bad_argument("marker", f"{len(baseline)} and {len(later)} values", "one of each a patient"))
    if (baseline <= 0.0).any():
        raise InputError(bad_argument("baseline", "a value of zero or less", "positive values, nan where missing"))
    return np.asarray(100.0 * (later / baseline - 1.0), dtype=np.float64)


def median_change(changes: FloatArray, level: float = LEVEL) -> Estimate:
    """Return the median of the patients' changes, in their unit, with an interval free of any distribution.

    The limits are order statistics whose binomial coverage is at least `level` (Thompson 1936). Patients that were not
    measured (nan) are left out; `n` says how many remain. Too few for the level have no interval.
    """
    method = "median of the patients' changes, order-statistic interval"
    measured = np.sort(changes[~np.isnan(changes)])
    n = len(measured)
    critical_value(level)  # the level is checked there
    if n == 0:
        return missing(method, "trial.no-patients")
    value = float(np.median(measured))
    # Largest number of patients that may be cut off on either side; scipy.stats would take a second to load.
    cut = int(np.searchsorted(bdtr(np.arange(n), n, 0.5), 0.5 - 0.5 * level, side="right")) - 1
    if cut < 0:
        return Estimate(value, level=level, n=n, method=method, reason="trial.no-interval")
    return Estimate(value, float(measured[cut]), float(measured[n - 1 - cut]), level=level, n=n, method=method)


def mean_change(changes: FloatArray, level: float = LEVEL) -> Estimate:
    """Return the mean of the patients' changes, in their unit, with the interval of Student's t; nan is left out."""
    critical_value(level)  # the level is checked there
    return mean_with_interval(changes[~np.isnan(changes)], level, "mean of the patients' changes, Student's t interval")
