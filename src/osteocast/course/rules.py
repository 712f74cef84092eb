"""Constants of the course loop for one parameter draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from osteocast.course.accuracy import loop_options
from osteocast.course.care import CareParams
from osteocast.course.hazards import HazardParams
from osteocast.course.layout import SITES
from osteocast.course.memory import Rules
from osteocast.course.system import loop_index
from osteocast.course.typical import Typical, entries_of
from osteocast.domain.site import SiteClass
from osteocast.models import lesion, pain, radiotherapy, strength

FloatArray = NDArray[np.float64]
P = TypeVar("P")


def constants(params: type[P], file: str, typical: Typical) -> P:
    """Fill a constants tuple with the typical values of the first patient of `typical`, in the model's units."""
    values = {name: float(typical.of(f, p)[0]) for name, (f, p) in entries_of(cast(Any, params), file).items()}
    return params(**values)


def site_table(typical: Typical) -> FloatArray:
    """Return loads and consequences by site class, shape (n_classes, len(SITES))."""
    table = np.empty((len(SiteClass), len(SITES)))
    for member in SiteClass:
        for column, name in enumerate(SITES):
            if name == "is_vertebra":
                table[member, column] = float(member <= SiteClass.VERTEBRA_LUMBAR)
            else:
                table[member, column] = typical.get("loads", f"{name}_{member.name.lower()}")[0]
    return table


def rules_by_draw(typical: Typical, history_events: bool) -> dict[int, Rules]:
    """Return the rules of each parameter draw, without a calendar.

    Parameters
    ----------
    typical : Typical
        Typical values of every course.
    history_events : bool
        Whether events before day 0 are simulated (population) or weighed as not having happened (record).
    """
    draws, first = np.unique(typical.streams.draws, return_index=True)
    return {
        int(draw): rules_of(typical.take(np.array([at])), history_events) for draw, at in zip(draws, first, strict=True)
    }


def with_calendar(rules: Mapping[int, Rules], calendar: FloatArray, horizon: float) -> dict[int, Rules]:
    """Return the rules of each draw with dated actions up to a last day.

    Parameters
    ----------
    rules : mapping of draw to Rules
    calendar : (n, 4) float64
        Dated actions in order of day; see `layout.Action`.
    horizon : float
        Last day.
    """
    return {draw: one._replace(calendar=calendar, horizon=horizon) for draw, one in rules.items()}


def rules_of(typical: Typical, history_events: bool) -> Rules:
    """Build the rules of the parameter draw of the first stream, without a calendar; see `rules_by_draw`."""
    decay = float(typical.of(*entries_of(lesion.Params, "lesion")["rt_decay"])[0])
    dose = constants(radiotherapy.Params, "radiotherapy", typical)
    fields: dict[str, Any] = {
        "hazard": constants(HazardParams, "hazards", typical),
        "care": constants(CareParams, "care", typical),
        "pain": constants(pain.Params, "pain", typical),
        "strength": constants(strength.Params, "strength", typical),
        "weakening_sd": float(typical.get("population", "lesion_weakening_sd")[0]),
        "kill_of_8gy": radiotherapy.kill_jump(8, 1, decay, dose),
        "at": loop_index(),
        "sites": site_table(typical),
        "calendar": np.zeros((0, 4)),
        "horizon": 0.0,
        "seed": typical.streams.seed,
        "history_events": history_events,
        "options": loop_options(),
    }
    return Rules(**fields)
