"""Treatment of high calcium: who responds by a day, how long it lasts, when high calcium is back.

The rules are those of the label of zoledronate: a response is a corrected calcium at or below a limit on a visit up
to a day; it lasts until the last such value; high calcium is back after the last value below a second, higher limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.trials.estimate import Estimate, missing
from osteocast.trials.proportions import proportion
from osteocast.trials.survival_curves import kaplan_meier, median

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CalciumVisits:
    """Corrected calcium of patients at visits.

    Attributes
    ----------
    day : days of the visits since entry, rising, shape (v,).
    value : as measured [mmol/L]; nan after the patient left, died or was treated again, shape (n, v).
    normal : highest value that is a response [mmol/L].
    by : last day on which a first normal value is a response [day].
    """

    day: FloatArray
    value: FloatArray
    normal: float
    by: float

    def at_most(self, limit: float) -> BoolArray:
        """Return which values after the day of entry lie at or below a limit, shape (n, v)."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.value <= limit) & (self.day[None, :] > 0.0))

    @property
    def responded(self) -> BoolArray:
        """Return who had a normal value in time, shape (n,)."""
        return np.asarray((self.at_most(self.normal) & (self.day[None, :] <= self.by)).any(axis=1))

    @property
    def seen_to(self) -> FloatArray:
        """Return the day of each patient's last value, 0 without any, shape (n,)."""
        return _last(self.day, np.isfinite(self.value))


def calcium_response(calcium: CalciumVisits) -> Estimate:
    """Crude share with a normal value by a day; who left or died before has not responded."""
    responded = calcium.responded
    return proportion(int(np.count_nonzero(responded)), len(responded))


def response_duration(calcium: CalciumVisits) -> Estimate:
    """Kaplan-Meier median time from the first normal value to the last in those who responded.

    A response that goes on at the last value is censored there.
    """
    responded = calcium.responded
    if not responded.any():
        return missing("Kaplan-Meier median duration of response", "trial.no-patients")
    normal = calcium.at_most(calcium.normal)[responded]
    last = _last(calcium.day, normal)
    first = np.where(normal, calcium.day[None, :], np.inf).min(axis=1)
    return median(kaplan_meier(last - first, last < calcium.seen_to[responded]))


def time_to_relapse(calcium: CalciumVisits, limit: float) -> Estimate:
    """Kaplan-Meier median time from entry to the last value at or below a limit; 0 in those who did not respond."""
    last = np.where(calcium.responded, _last(calcium.day, calcium.at_most(limit)), 0.0)
    back = ~calcium.responded | (last < calcium.seen_to)
    return median(kaplan_meier(last, back))


def _last(day: FloatArray, hit: BoolArray) -> FloatArray:
    return np.asarray(np.where(hit, day[None, :], 0.0).max(axis=1, initial=0.0))
