"""The whole matrix of a system from its traced equations, without the engine's sparse derivatives and elimination.

Each traced step is differentiated by SymPy with respect to what stands in it, and the chain rule runs over the steps
in plain floating-point numbers (forward mode, dense). Nothing here is a finite difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.engine.solve import Case
from osteocast.engine.system import System, argument_types, fields_of, flatten
from osteocast.engine.trace import symbols_of, trace
from osteocast.models import functions as f

Floats = NDArray[np.float64]


def _slope_of_power(ratio: float, exponent: float) -> float:
    """Slope of the power, and of the chord that replaces it below the smallest ratio."""
    if ratio >= f.SMALLEST_RATIO:
        return exponent * float(ratio ** (exponent - 1))
    return float(f.SMALLEST_RATIO ** (exponent - 1))


NUMERIC: dict[str, Callable[..., float]] = {
    "PositivePower": f.positive_power,
    "PositivePowerSlope": _slope_of_power,
    "SafeExp": f.exp,
    "SafeLog": f.log,
    "LogSlope": lambda ratio: 1 / ratio if ratio >= f.SMALLEST_LOG_RATIO else 0.0,
    "Logistic": f.logistic,
    "Saturation": f.saturation,
    "SaturationRest": lambda y: 1 / (1 + abs(y)),
    "UnitStep": f.unit_step,
    "UnitRamp": f.unit_ramp,
    "UnitClip": lambda u: min(max(u, 0.0), 1.0),
}


def number(expression: Any, known: dict[Any, float]) -> float:
    """Evaluate an expression in floating-point numbers."""
    if expression.is_Symbol:
        return known[expression]
    if not expression.args:
        return float(expression)
    parts = [number(part, known) for part in expression.args]
    if expression.is_Add:
        return math.fsum(parts)
    if expression.is_Mul:
        return math.prod(parts)
    if expression.is_Pow:
        return float(parts[0] ** parts[1])
    return NUMERIC[type(expression).__name__](*parts)


class Local(NamedTuple):
    """One traced expression with its slopes in the symbols that stand in it."""

    expression: Any
    slopes: tuple[tuple[Any, Any], ...]


def _local(expression: Any) -> Local:
    slopes = tuple((s, expression.diff(s)) for s in sorted(expression.free_symbols, key=str))
    return Local(expression, slopes)


@cache
def _locals_of(function: Any) -> tuple[tuple[tuple[Any, Local], ...], tuple[Local, ...]]:
    traced = trace(function)
    steps = tuple((symbol, _local(expression)) for symbol, expression in traced.steps)
    return steps, tuple(_local(result) for result in traced.results)


class Linear(NamedTuple):
    """Values of a function and its dense slopes by argument name."""

    values: Floats
    slopes: dict[str, Floats]


def linear(function: Any, arguments: dict[str, Any]) -> Linear:
    """Evaluate a model function and all its slopes; `arguments` by letter, as the model's tuples."""
    counts = {letter: len(fields_of(kind)) for letter, kind in argument_types(function).items()}
    known: dict[Any, float] = {}
    size, first, rows = sum(counts.values()), {}, {}
    for letter, count in counts.items():
        first[letter] = len(known)
        for symbol, value in zip(symbols_of(letter, count), flatten(arguments[letter]), strict=True):
            rows[symbol] = np.eye(size)[len(known)]
            known[symbol] = float(value)
    steps, results = _locals_of(function)

    def row(local: Local) -> Floats:
        return sum((number(slope, known) * rows[s] for s, slope in local.slopes), np.zeros(size))

    for symbol, local in steps:
        known[symbol], rows[symbol] = number(local.expression, known), row(local)
    values = np.array([number(local.expression, known) for local in results])
    matrix = np.array([row(local) for local in results])
    return Linear(values, {x: matrix[:, first[x] : first[x] + n] for x, n in counts.items()})


def dense_jacobian(system: System, case: Case) -> Floats:
    """Return the Jacobian of body and lesions as one matrix."""
    told = linear(system.body_signals, {"x": case.body_start, "p": case.body_params, "c": case.controls})
    signals = system.signals(*told.values)
    lesions = []
    for x, p in zip(case.lesion_starts, case.lesion_params, strict=True):
        arguments = {"x": x, "p": p, "s": signals}
        lesions.append((linear(system.lesion_rates, arguments), linear(system.lesion_exports, arguments)))
    total = system.exports(*sum(export.values for _, export in lesions))
    body = linear(system.body_rates, {"x": case.body_start, "p": case.body_params, "e": total, "c": case.controls})
    by_export, of_signal = body.slopes["e"], told.slopes["x"]
    nb, nl = len(body.values), len(lesions[0][0].values)
    matrix = np.zeros((nb + nl * len(lesions),) * 2)
    matrix[:nb, :nb] = body.slopes["x"]
    for i, (rates, exports) in enumerate(lesions):
        own = slice(nb + i * nl, nb + (i + 1) * nl)
        matrix[:nb, :nb] += by_export @ exports.slopes["s"] @ of_signal
        matrix[:nb, own] = by_export @ exports.slopes["x"]
        matrix[own, :nb] = rates.slopes["s"] @ of_signal
        matrix[own, own] = rates.slopes["x"]
    return matrix
