"""Courses of a single lesion under constant surroundings, integrated with SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from osteocast.evidence.load import fill
from osteocast.models import lesion
from osteocast.models.coupling import Exports, Signals

YEAR = 365.25
HEALTHY = Signals(pth=3.85, denosumab=0, bisphosphonate_effect=1, systemic_kill=0, calcium=2.35)
DENOSUMAB = HEALTHY._replace(denosumab=150)
BISPHOSPHONATE = HEALTHY._replace(bisphosphonate_effect=4.5)
TYPICAL = fill(lesion.Params, "lesion")
PHENOTYPES = fill(lesion.PhenotypeParams, "phenotype")


class Point(NamedTuple):
    """A lesion at one time."""

    state: lesion.State
    activity: lesion.Activity
    exports: Exports


def of_kind(theta: float, suppression: float = 0) -> lesion.Params:
    """Return a lesion at a place of the axis from lytic to sclerotic."""
    factors = lesion.phenotype(theta, PHENOTYPES, suppression)
    return TYPICAL._replace(**factors._asdict())


def point(x: lesion.State, p: lesion.Params, s: Signals) -> Point:
    """Return state, activity and exports together."""
    return Point(x, lesion.activity(x, p, s), lesion.exports(x, p, s))


def run(p: lesion.Params, days: float, s: Signals = HEALTHY, start: lesion.State | None = None) -> Point:
    """Run a lesion (a fresh micrometastasis unless `start` is given) and return it at the end."""
    return path(p, [0, days], s, start)[-1]


def path(
    p: lesion.Params, days: Sequence[float], s: Signals = HEALTHY, start: lesion.State | None = None
) -> list[Point]:
    """Run a lesion and return it at each of the days; the first is the start."""

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        return np.array(lesion.rates(lesion.State(*y), p, s))

    first = np.array(start if start is not None else lesion.initial_state(p), dtype=float)
    solved = solve_ivp(rates, (days[0], days[-1]), first, "LSODA", days, rtol=1e-7, atol=1e-11)
    assert solved.success, solved.message
    return [point(lesion.State(*map(float, y)), p, s) for y in solved.y.T]
