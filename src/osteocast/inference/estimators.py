"""Estimators of published trials, applied to simulated courses in the way the trials applied them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from osteocast.course.counting import count, first_kind
from osteocast.course.courses import EventKind
from osteocast.course.detection import Observed
from osteocast.course.event_definitions import EventDefinition

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def kaplan_meier(time: FloatArray, died: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the product-limit estimate of survival (Kaplan & Meier 1958).

    Parameters
    ----------
    time : days to death or to the end of observation, shape (n,).
    died : whether the observation ended by death, shape (n,). Who is censored on a day of death was at risk on it.

    Returns
    -------
    times : (m,) days on which somebody died, rising. survival : (m,) share alive just after each.

    Notes
    -----
    The value alone, for calibration; `trials.survival_curves` lies above this layer and adds intervals. A test holds
    the two equal.
    """
    times, deaths = np.unique(time[died], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    return times, np.asarray(np.cumprod(1.0 - deaths / at_risk), dtype=np.float64)


def median_survival(time: FloatArray, died: BoolArray) -> float:
    """Return the first day on which at most half are alive by `kaplan_meier`; nan if that is never reached."""
    times, survival = kaplan_meier(time, died)
    # A product of ratios can miss one half by rounding alone.
    reached = np.flatnonzero(survival <= 0.5 + 1e-12)
    return float(times[reached[0]]) if len(reached) else float("nan")


def first_event_share(observed: Observed, definition: EventDefinition, first: Collection[EventKind]) -> float:
    """Return the crude share [%] of patients whose first counted event on study is one of `first`.

    Parameters
    ----------
    first : kinds asked for; all of the definition for any event. Of several found on one day the kind that stands
        first in `EventKind` is taken: the fracture before the operation for it.

    Notes
    -----
    Everybody who entered is in the denominator, whoever left early too: a crude proportion, as published.
    """
    found = first_kind(count(observed, definition), observed.n)
    hits = np.count_nonzero(np.isin(found, [int(kind) for kind in first]))
    return 100.0 * float(hits) / observed.n
