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
    return constants_of_draws(params, file, typical)[0]


def constants_of_draws(params: type[P], file: str, typical: Typical) -> list[P]:
    """Fill a constants tuple for every patient of `typical`, in the model's units."""
    values = {name: typical.of(f, p) for name, (f, p) in entries_of(cast(Any, params), file).items()}
    return [params(**{name: float(v[i]) for name, v in values.items()}) for i in range(len(typical.streams.draws))]


def site_tables(typical: Typical) -> FloatArray:
    """Return loads and consequences by site class, shape (n, n_classes, len(SITES))."""
    tables = np.empty((len(typical.streams.draws), len(SiteClass), len(SITES)))
    for member in SiteClass:
        for column, name in enumerate(SITES):
            if name == "is_vertebra":
                tables[:, member, column] = float(member <= SiteClass.VERTEBRA_LUMBAR)
            else:
                tables[:, member, column] = typical.get("loads", f"{name}_{member.name.lower()}")
    return tables


def rules_by_draw(typical: Typical, history_events: bool) -> dict[int, Rules]:
    """Return the rules of each parameter draw, built at once, without a calendar.

    Parameters
    ----------
    typical : Typical
        Typical values of every course.
    history_events : bool
        Whether events before day 0 are simulated (population) or weighed as not having happened (record).
    """
    draws, first = np.unique(typical.streams.draws, return_index=True)
    return dict(zip(draws.tolist(), _rules_of(typical.take(first), history_events), strict=True))


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


def _rules_of(typical: Typical, history_events: bool) -> list[Rules]:
    """Build the rules of each patient of `typical`, one of each draw."""
    decay = typical.of(*entries_of(lesion.Params, "lesion")["rt_decay"])
    weakening = typical.get("population", "lesion_weakening_sd")
    people = typical.get("population", "pain_sensitivity_sd")
    lesions = typical.get("population", "pain_lesion_sd")
    report = typical.get("population", "pain_report_sd")
    by_draw = zip(
        constants_of_draws(HazardParams, "hazards", typical),
        constants_of_draws(CareParams, "care", typical),
        constants_of_draws(pain.Params, "pain", typical),
        constants_of_draws(strength.Params, "strength", typical),
        constants_of_draws(radiotherapy.Params, "radiotherapy", typical),
        site_tables(typical),
        strict=True,
    )
    return [
        Rules(
            hazard=hazard,
            care=care,
            pain=hurt,
            strength=strong,
            weakening_sd=float(weakening[i]),
            pain_sd=(float(people[i]), float(lesions[i]), float(report[i])),
            kill_of_8gy=float(radiotherapy.kill_jump(8, 1, float(decay[i]), dose)),
            at=loop_index(),
            sites=sites,
            calendar=np.zeros((0, 4)),
            horizon=0.0,
            seed=typical.streams.seed,
            history_events=history_events,
            options=loop_options(),
        )
        for i, (hazard, care, hurt, strong, dose, sites) in enumerate(by_draw)
    ]
