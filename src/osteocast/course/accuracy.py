"""Accuracy of the integration in a course."""

from __future__ import annotations

from functools import cache

import numpy as np

from osteocast.engine.stepper import Options
from osteocast.engine.system import fields_of, flatten
from osteocast.evidence.load import fill
from osteocast.models import body, lesion

RTOL = 6e-3
"""Relative tolerance; events are drawn on a grid of six days, so more would not be seen. Against a run six hundred
times tighter, uNTx of 300 courses on zoledronate differs by 5e-4 at most in 95 %, and none of 2,138 events does."""
SMALL = 1e-4
"""Absolute tolerance as a share of a state's healthy value."""
EMPTY_IN_HEALTH = {
    "denosumab.depot": 1e3,
    "denosumab.central": 1e3,
    "denosumab.peripheral": 1e3,
    "bisphosphonate.plasma": 3e3,
    "bisphosphonate.tissue": 3e3,
    "bisphosphonate.surface": 3e3,
    "bisphosphonate.buried": 3e3,
    "bisphosphonate.exposure": 3e3,
    "systemic_kill": 1e-3,
    "bone": 1.0,
    "woven": 1.0,
    "tumour": 1e-3,
    "extent": 1.0,
    "epidural": 1.0,
    "rt_kill": 1e-3,
}
"""Scale of states that are zero (or tiny) in health, in their own units; 0.1 where none is named. Drugs in mg: the
tolerance is a thousandth of a dose of denosumab and a thirteenth of one of zoledronate (a four-hundredth costs half as
many steps again and changes no marker by 1e-4)."""


@cache
def loop_options() -> Options:
    """Tolerances and limits of every integration in a course; steps in days. Only to be read."""
    healthy = flatten(body.initial_state(fill(body.Params, "body")))
    seeded = flatten(lesion.initial_state(fill(lesion.Params, "lesion")))
    return Options(
        RTOL,
        0.0,
        1e-9,
        60.0,
        20_000,
        np.array(_scales([f.name for f in fields_of(body.State)], healthy)),
        np.array(_scales([f.name for f in fields_of(lesion.State)], seeded)),
    )


def _scales(names: list[str], values: list[float]) -> list[float]:
    return [
        SMALL * EMPTY_IN_HEALTH.get(name, abs(value) if abs(value) > 0 else 0.1)
        for name, value in zip(names, values, strict=True)
    ]
