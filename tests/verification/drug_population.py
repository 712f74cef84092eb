"""Drug kinetics of many drawn patients at once: the plain equations on arrays, with a fixed step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from osteocast.evidence.load import assemble, parameters_of


def drawn(kind: type[Any], name: str, n: int, seed: int) -> Any:
    """Return parameters of `n` patients, drawn from the between-patient spreads of the data file."""
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for field, entry in parameters_of(kind, name).items():
        spread, noise = entry.between_patient, rng.standard_normal(n)
        if spread.kind == "lognormal":
            values[field] = entry.value * np.exp(spread.sd * noise)
        elif spread.kind == "logit-normal":
            logit = np.log(entry.value / (1 - entry.value)) + spread.sd * noise
            values[field] = 1 / (1 + np.exp(-logit))
        else:
            assert spread.kind == "none"
            values[field] = np.full(n, entry.value)
    return assemble(kind, values)


def run(rates: Callable[[Any, float], Any], x: Any, start: float, end: float, step: float) -> Any:
    """Return the state after classical Runge-Kutta steps of (about) `step` days from `start` to `end`."""
    count = max(1, round((end - start) / step))
    h = (end - start) / count

    def moved(x: Any, k: Any, by: float) -> Any:
        return type(x)(*[a + by * b for a, b in zip(x, k, strict=True)])

    for i in range(count):
        t = start + i * h
        k1 = rates(x, t)
        k2 = rates(moved(x, k1, h / 2), t)
        k3 = rates(moved(x, k2, h / 2), t)
        k4 = rates(moved(x, k3, h), t)
        for k, weight in ((k1, 1 / 6), (k2, 1 / 3), (k3, 1 / 3), (k4, 1 / 6)):
            x = moved(x, k, h * weight)
    return x
