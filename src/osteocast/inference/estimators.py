"""Estimators of published trials, applied to simulated courses in the way the trials applied them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses, EventKind

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


def first_event_share(
    courses: Courses,
    exit_day: FloatArray,
    counted: Collection[EventKind],
    first: Collection[EventKind],
    eligible: BoolArray | None = None,
) -> float:
    """Return the crude share [%] of patients whose first counted event on study is one of `first`.

    Parameters
    ----------
    exit_day : last day under observation, shape (n,).
    counted : what the trial counts as an event. An event counts on the day it is found (at a symptom or at a
        survey) if that is not after the exit and if it happened after day 0.
    first : kinds asked for; equal to `counted` for any event. Of several found on one day the kind that stands
        first in `EventKind` is taken: the fracture before the operation for it.
    eligible : which of `courses.events` may count at all, shape (n_events,); None for all.

    Notes
    -----
    Everybody who entered is in the denominator, whoever left early too: a crude proportion, as published.
    """
    events = courses.events
    kinds = [int(kind) for kind in counted]
    on_study = (events["day"] > 0.0) & np.isin(events["kind"], kinds)
    on_study &= events["detected_day"] <= exit_day[events["course"]]
    if eligible is not None:
        on_study &= eligible
    found = events[on_study]
    found = found[np.lexsort((found["kind"], found["detected_day"], found["course"]))]
    firsts = found[np.unique(found["course"], return_index=True)[1]]
    hits = np.count_nonzero(np.isin(firsts["kind"], [int(kind) for kind in first]))
    return 100.0 * float(hits) / courses.n
