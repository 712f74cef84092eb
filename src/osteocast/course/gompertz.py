"""Waiting times under Gompertz growth: when a rate that follows the size of a tumour has added up to a given sum.

With size ``T(u) = exp(-y0 exp(-growth u))`` the integral of ``T**power`` is
``(E1(power y) - E1(power y0)) / growth``, where ``y = -ln T(u)`` and E1 is the exponential integral, so that times are
found without a grid.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exp1

FloatArray = NDArray[np.float64]

_POINTS = 8000
_LEAST, _MOST = -20.0, 4.2
_LARGE = 15.0


@cache
def _table() -> tuple[FloatArray, FloatArray]:
    """Return ln E1 (rising) and the ln y it belongs to."""
    log_y = np.linspace(_MOST, _LEAST, _POINTS)
    return np.log(exp1(np.exp(log_y))), log_y


def log_of_integral(value: ArrayLike) -> FloatArray:
    """Return ln y with ``E1(y) = value``; minus infinity where the value is infinite."""
    found = np.asarray(value, dtype=float)
    with np.errstate(divide="ignore"):
        near = np.interp(np.log(found), *_table())
    # E1(y) = -gamma - ln y + y - ... for small y
    return np.asarray(np.where(found > _LARGE, -np.euler_gamma - found, near))


def cumulative(age: ArrayLike, growth: ArrayLike, start: ArrayLike, power: float) -> FloatArray:
    """Return the integral of size**power from 0 to `age`.

    Parameters
    ----------
    age : since the start [year]. growth : Gompertz rate [1/year]. start : size at age 0 against the plateau [1].
    power : of the size in the rate [1].

    Returns
    -------
    ndarray
        [year], broadcast over the arguments.
    """
    first = -np.log(np.asarray(start, dtype=float))
    y = first * np.exp(-np.asarray(growth) * np.asarray(age))
    return np.asarray((exp1(power * y) - exp1(power * first)) / np.asarray(growth))


def waiting(total: ArrayLike, growth: ArrayLike, start: ArrayLike, power: float) -> FloatArray:
    """Return the age at which the integral of size**power is `total` [year]: the inverse of `cumulative`."""
    first = -np.log(np.asarray(start, dtype=float))
    log_y = log_of_integral(exp1(power * first) + np.asarray(total) * np.asarray(growth)) - np.log(power)
    return np.asarray(np.maximum((np.log(first) - log_y) / np.asarray(growth), 0.0))


def time_between(small: ArrayLike, large: ArrayLike, growth: ArrayLike) -> FloatArray:
    """Return how long growth from one size to another takes [year]; sizes against the plateau [1]."""
    ratio = np.log(np.asarray(small, dtype=float)) / np.log(np.asarray(large, dtype=float))
    return np.asarray(np.log(ratio) / np.asarray(growth))
