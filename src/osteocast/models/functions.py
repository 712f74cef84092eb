"""Elementary functions of the equations, safe at zero and with their own derivatives.

Every model writes its kinks, powers and saturations with the functions of this file. Each of them works on
four kinds of argument:

* plain floats: the model itself;
* pint quantities: arguments that must be dimensionless are checked to be so;
* SymPy expressions: the result carries its own derivative rule (`osteocast.models.symbolic`), finite
  everywhere, where SymPy's rule for the textbook form would give an infinity or NaN;
* inside numba-compiled functions.

A power law acts on a ratio to a reference, never on a dimensional number, so that its units mean something.
"""

import math
from collections.abc import Callable
from typing import Any

from osteocast.foundation.compiled import compiled_as, jitable

# Below this ratio a power is continued by its chord through zero: the slope stays finite.
SMALLEST_RATIO = 1e-9
# Below this ratio a logarithm is held constant.
SMALLEST_LOG_RATIO = 1e-30
# exp of more than this would overflow a double.
LARGEST_EXPONENT = 700.0


def _positive_power(ratio: float, exponent: float) -> float:
    if ratio >= SMALLEST_RATIO:
        return float(ratio**exponent)
    return float(SMALLEST_RATIO**exponent) * (ratio / SMALLEST_RATIO)


def _exp(x: float) -> float:
    return math.exp(min(x, LARGEST_EXPONENT))


def _log(ratio: float) -> float:
    return math.log(max(ratio, SMALLEST_LOG_RATIO))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(min(-x, LARGEST_EXPONENT)))


def _unit_step(u: float) -> float:
    v = min(max(u, 0.0), 1.0)
    return v * v * v * (10 + v * (6 * v - 15))


def _unit_ramp(u: float) -> float:
    v = min(max((u + 1) / 2, 0.0), 1.0)
    return v * v * v * v * (2 * v * v - 6 * v + 5) + max(u - 1, 0.0)


def _saturation(y: float) -> float:
    return y / (1 + abs(y))


def _dimensionless(x: Any) -> float:
    """Return `x` as a float; a pint quantity must be dimensionless."""
    if hasattr(x, "dimensionality"):
        return float(x.to("dimensionless").magnitude)
    return float(x)


def _apply(name: str, numeric: Callable[..., float], *arguments: Any) -> Any:
    """Evaluate on whatever kind of argument was given: SymPy expressions, pint quantities or floats."""
    if any(hasattr(a, "free_symbols") for a in arguments):
        from osteocast.models import symbolic

        return symbolic.FUNCTIONS[name](*arguments)
    return numeric(*(_dimensionless(a) for a in arguments))


def positive_power(ratio: float, exponent: float) -> float:
    """Return ``ratio ** exponent`` for a non-negative ratio, continued safely below zero.

    Parameters
    ----------
    ratio
        Dimensionless ratio to a reference value.
    exponent
        Positive exponent, dimensionless.

    Returns
    -------
    float
        The power. Below a ratio of 1e-9 it is the straight chord through zero, so value and slope are finite
        at 0 and for a slightly negative ratio. With exponent 1 it is the ratio itself.
    """
    if isinstance(exponent, int) and exponent == 1:
        return ratio
    result: float = _apply("positive_power", _positive_power, ratio, exponent)
    return result


def exp(x: float) -> float:
    """Return e to the power of the dimensionless `x`, held at e**700 above 700."""
    result: float = _apply("exp", _exp, x)
    return result


def log(ratio: float) -> float:
    """Return the natural logarithm of a dimensionless ratio, held constant below 1e-30."""
    result: float = _apply("log", _log, ratio)
    return result


def logistic(x: float) -> float:
    """Return ``1 / (1 + exp(-x))`` of the dimensionless `x` without overflow."""
    result: float = _apply("logistic", _logistic, x)
    return result


def unit_step(u: float) -> float:
    """Return the polynomial step 10 u^3 - 15 u^4 + 6 u^5 from 0 (u <= 0) to 1 (u >= 1)."""
    result: float = _apply("unit_step", _unit_step, u)
    return result


def unit_ramp(u: float) -> float:
    """Return 0 below u = -1, `u` above u = 1, and between them the integral of the polynomial step."""
    result: float = _apply("unit_ramp", _unit_ramp, u)
    return result


def saturation(y: float) -> float:
    """Return ``y / (1 + y)`` of a dimensionless stimulus, mirrored below zero so that it has no pole."""
    result: float = _apply("saturation", _saturation, y)
    return result


@jitable
def hill(x: float, k: float, n: float = 1) -> float:
    """Return the saturating response ``x^n / (k^n + x^n)``, between 0 and 1.

    Parameters
    ----------
    x, k
        Stimulus and its half-effect value, in the same unit.
    n
        Steepness, dimensionless.
    """
    return saturation(positive_power(x / k, n))


@jitable
def smooth_step(x: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high` and a twice differentiable polynomial between (same units)."""
    return unit_step((x - low) / (high - low))


@jitable
def positive_part(x: float, width: float) -> float:
    """Return max(x, 0) with its corner rounded between ``-width`` and ``+width`` (the unit of `x`).

    Outside that band the result is exact: 0 below and `x` above. At zero it is 5/32 of the width.
    """
    return width * unit_ramp(x / width)


@jitable
def smooth_maximum(a: float, b: float, width: float) -> float:
    """Return the larger of two values, rounded where they differ by less than `width` (same units)."""
    return b + positive_part(a - b, width)


@jitable
def smooth_minimum(a: float, b: float, width: float) -> float:
    """Return the smaller of two values, rounded where they differ by less than `width` (same units)."""
    return a - positive_part(a - b, width)


@jitable
def bounded(x: float, low: float, high: float, width: float) -> float:
    """Return `x` held between `low` and `high` with corners rounded over `width` (same units)."""
    return low + positive_part(x - low, width) - positive_part(x - high, width)


# In compiled code a public function is its numeric form (numba matches names and annotations of arguments).
@compiled_as(positive_power)
def _compiled_power(ratio: float, exponent: float) -> Callable[[float, float], float]:
    return _positive_power


@compiled_as(exp)
def _compiled_exp(x: float) -> Callable[[float], float]:
    return _exp


@compiled_as(log)
def _compiled_log(ratio: float) -> Callable[[float], float]:
    return _log


@compiled_as(logistic)
def _compiled_logistic(x: float) -> Callable[[float], float]:
    return _logistic


@compiled_as(unit_step)
def _compiled_step(u: float) -> Callable[[float], float]:
    return _unit_step


@compiled_as(unit_ramp)
def _compiled_ramp(u: float) -> Callable[[float], float]:
    return _unit_ramp


@compiled_as(saturation)
def _compiled_saturation(y: float) -> Callable[[float], float]:
    return _saturation
