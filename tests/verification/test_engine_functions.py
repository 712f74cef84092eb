"""The elementary functions: one number in Python, compiled and printed; finite derivatives everywhere."""

from typing import NamedTuple

import numba
import numpy as np
import pint
import pytest
import sympy as sp

from osteocast.engine.emit import Printer
from osteocast.engine.trace import differentiate, symbols_of, trace
from osteocast.foundation.units import registry
from osteocast.models import functions as f


class X(NamedTuple):
    x: float


class Values(NamedTuple):
    half_power: float
    own_power: float
    saturation: float
    step: float
    part: float
    growth: float
    logarithm: float
    switch: float
    held: float
    smaller: float
    larger: float


class N(NamedTuple):
    n: float


def everything(x: X, p: N) -> Values:
    v = x.x
    return Values(
        f.positive_power(v, 0.5),
        f.positive_power(v, p.n),
        f.hill(v, 2, p.n),
        f.smooth_step(v, 0, 1),
        f.positive_part(v, p.n / 10),
        f.exp(v),
        f.log(v),
        f.logistic(v),
        f.bounded(v, 0, 2, 1),
        f.smooth_minimum(v, 1, p.n),
        f.smooth_maximum(v, 1, p.n),
    )


def printed(n_x: int = 1):
    """Return the printed function (values, slopes)."""
    slopes = differentiate(trace(everything), symbols_of("x", n_x))
    printer = Printer(None)
    printer.define(slopes.steps)
    for i, value in enumerate(slopes.results):
        printer.store(f"out[{i}]", value)
    for i, row in enumerate(slopes.entries):
        printer.store(f"slope[{i}]", row.get(sp.Symbol("x0", real=True), sp.Integer(0)))
    names = {"logistic": f.logistic, "unit_ramp": f.unit_ramp, "compiled": lambda function: function}
    names |= {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
    exec(printer.function("evaluate", ("x", "p", "out", "slope")), names)
    return names["evaluate"]


@pytest.mark.parametrize("x", [-2.0, -1e-18, 0.0, 1e-18, 1e-3, 0.05, 0.3, 1.0, 1.7, 4.0, 30.0])
@pytest.mark.parametrize("n", [1.0, 0.3, 2.0, 3.7])
def test_printed_values_and_slopes_are_those_of_python(x, n):
    out, slope = np.zeros(11), np.zeros(11)
    printed()(np.array([x]), np.array([n]), out, slope)
    expected = np.array(everything(X(x), N(n)))
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-15)
    assert np.all(np.isfinite(slope))
    if abs(x) > 1e-3:
        up, down = (np.array(everything(X(x + h), N(n))) for h in (1e-6, -1e-6))
        np.testing.assert_allclose(slope, (up - down) / 2e-6, rtol=1e-4, atol=1e-6 * np.abs(expected).max())


def test_compiled_code_gives_the_same_numbers():
    @numba.njit
    def compiled(v: float, n: float) -> float:
        return f.hill(v, 2.0, n) + f.positive_part(v, 0.1) + f.smooth_step(v, 0.0, 1.0) + f.log(v) + f.exp(v)

    for x in (-1e-18, 0.0, 0.4, 3.0):
        assert compiled(x, 2.5) == pytest.approx(compiled.py_func(x, 2.5), rel=1e-14)


def test_power_and_hill_are_exact_away_from_zero_and_safe_at_it():
    assert f.positive_power(4.0, 0.5) == 2.0
    assert f.positive_power(0.0, 0.5) == 0.0
    assert f.positive_power(-1e-18, 0.5) <= 0.0
    assert f.hill(3.0, 3.0, 7) == 0.5
    assert f.positive_part(-1.0, 0.5) == 0.0
    assert f.positive_part(2.0, 0.5) == 2.0
    assert f.smooth_step(0.5, 0.0, 1.0) == 0.5
    assert f.exp(1e6) == np.exp(700.0)


def test_units_are_checked():
    mole, gram = registry().Quantity(1.0, "mol"), registry().Quantity(1.0, "g")
    assert f.hill(mole, 1000 * registry().Quantity(1.0, "mmol"), 2) == pytest.approx(0.5)
    assert f.positive_part(2 * mole, mole).check("[substance]")
    for wrong in (lambda: f.hill(mole, gram), lambda: f.exp(mole), lambda: f.positive_power(gram, 0.5)):
        with pytest.raises((pint.DimensionalityError, TypeError)):
            wrong()
