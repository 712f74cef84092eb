"""The dosing course of the comparison with libRoadRunner, compiled with the kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from osteocast.engine.stepper import Options
from osteocast.foundation.compiled import jitable


class Dosing(NamedTuple):
    """Which state is dosed, how much and how often."""

    state: int
    amount: float
    interval: float


@jitable
def run_doses(k: Any, constants: Any, dosing: Dosing, options: Options, columns: Any, rows: Any) -> int:
    """Run one course without lesions; write the read states at the end of each interval; return the status."""
    start, p, c = constants
    y, none = start.copy(), np.zeros((0, 0))
    work = k.new_work(0)
    for i in range(rows.shape[0]):
        y[dosing.state] += dosing.amount
        t = i * dosing.interval
        status, _, _ = k.advance(t, t + dosing.interval, 0.0, y, none, 0, p, none, c, work, options)
        if status != 0:
            return int(status)
        for m in range(columns.size):
            rows[i, m] = y[columns[m]]
    return 0


def example() -> tuple[Any, ...]:
    """Return arguments of the right types."""
    v = np.zeros(1)
    options = Options(1e-3, 0.0, 1e-9, 60.0, 1, v, v)
    return (v, v, v), Dosing(0, 1.0, 1.0), options, np.zeros(1, dtype=np.int64), np.zeros((1, 1))
