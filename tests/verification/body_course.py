"""Courses of the body without the engine: plain float equations integrated with SciPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from osteocast.evidence.load import assemble, fill, parameters_of
from osteocast.models import body, denosumab
from osteocast.models.body import Controls, Exports, Observables, Params, State

TYPICAL = fill(body.Params, "body")
REST = Controls(saline=0, oral_calcium=1, bisphosphonate_infusion=0, resistance_rate=0)
OPENBONEMIN = fill(denosumab.Params, "denosumab", data=Path(__file__).parent / "data")
INFUSION = 15 / 1440
PG_PER_PMOL = 9.4

DRUGS = ("denosumab.", "bisphosphonate.")


def published() -> Params:
    """Return the body with every extension at its neutral value; drugs keep their action."""
    values = {}
    for name, entry in parameters_of(body.Params, "body").items():
        neutral = entry.neutral is not None and not name.startswith(DRUGS)
        values[name] = entry.neutral if neutral else entry.value
    return assemble(body.Params, values)


def flat(x: Any) -> list[float]:
    """Return the numbers of a nested tuple in field order."""
    return [number for v in x for number in (flat(v) if isinstance(v, tuple) else [float(v)])]


def names(x: Any, prefix: str = "") -> list[str]:
    """Return the dotted field names of a nested tuple."""
    found = []
    for field, v in zip(x._fields, x, strict=True):
        found += names(v, f"{prefix}{field}.") if isinstance(v, tuple) else [prefix + field]
    return found


def nested(like: Any, numbers: Sequence[float]) -> Any:
    """Return a nested tuple shaped `like` another with these numbers."""
    left = iter(numbers)

    def build(part: Any) -> Any:
        return type(part)(*[build(v) if isinstance(v, tuple) else next(left) for v in part])

    return build(like)


class Change(NamedTuple):
    """Something that happens at one time: amounts added to states, or new controls."""

    day: float
    add: dict[str, float] = {}
    controls: Controls | None = None


class Point(NamedTuple):
    """The body at one time."""

    state: State
    seen: Observables
    extra: np.ndarray


Extra = Callable[[float, State, Controls, Sequence[float]], tuple[Exports, list[float]]]


def course(
    p: Params,
    days: Sequence[float],
    changes: Sequence[Change] = (),
    exports: Exports = body.NO_LESIONS,
    start: State | None = None,
    **options: Any,
) -> dict[float, Point]:
    """Run the body from the first to the last of `days` and return it at each of them.

    Options: `extra` (function giving lesion fluxes and rates of further states), `extra_start`, `rtol`,
    `vary` (parameters as a function of time).
    """
    first = start if start is not None else body.initial_state(p)
    extra: Extra | None = options.get("extra")
    vary = options.get("vary", lambda _t: p)
    y = np.array([*flat(first), *options.get("extra_start", ())])
    n = len(flat(first))
    index = {name: i for i, name in enumerate(names(first))}
    stops = sorted({float(days[-1]), *(c.day for c in changes)})
    now, rest, found = float(days[0]), REST, {}
    for stop in stops:
        if stop > now:
            inside = [d for d in days if now <= d < stop or d == stop == days[-1]]

            def rates(t: float, y: np.ndarray, c: Controls = rest) -> list[float]:
                x = nested(first, y[:n].tolist())
                e, more = extra(t, x, c, y[n:]) if extra else (exports, [])
                return [*flat(body.rates(x, vary(t), e, c)), *more]

            solved = solve_ivp(
                rates, (now, stop), y, "LSODA", sorted({*inside, stop}), rtol=options.get("rtol", 1e-7), atol=1e-11
            )
            assert solved.success, solved.message
            for t, row in zip(solved.t, solved.y.T, strict=True):
                if t in inside:
                    x = nested(first, row[:n].tolist())
                    found[float(t)] = Point(x, body.observables(x, vary(t), exports, rest), row[n:])
            y, now = solved.y[:, -1].copy(), stop
        for change in changes:
            if change.day == stop:
                for name, amount in change.add.items():
                    y[index[name]] += amount
                rest = change.controls or rest
    return found


def injections(days: Sequence[float], dose_mg: float) -> list[Change]:
    """Return subcutaneous denosumab doses."""
    return [Change(float(d), {"denosumab.depot": dose_mg}) for d in days]


def infusions(days: Sequence[float], dose_mg: float) -> list[Change]:
    """Return 15-minute infusions in zoledronate equivalents."""
    on = REST._replace(bisphosphonate_infusion=dose_mg / INFUSION)
    return [c for d in days for c in (Change(float(d), {}, on), Change(d + INFUSION, {}, REST))]
