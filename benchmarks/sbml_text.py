"""Write the traced body as SBML text with rate rules, for a program that is not ours."""

from __future__ import annotations

from typing import Any

import sympy as sp

from osteocast.engine.trace import Traced
from osteocast.models import symbolic

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" '
    'version="4"><model id="body"><listOfCompartments><compartment id="all" size="1"/></listOfCompartments>'
)
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'


def _apply(operator: str, *arguments: str) -> str:
    return f"<apply><{operator}/>{''.join(arguments)}</apply>"


def _number(value: float) -> str:
    return f"<cn>{value!r}</cn>"


def _piecewise(*pieces: tuple[str, str], otherwise: str) -> str:
    inner = "".join(f"<piece>{value}{condition}</piece>" for value, condition in pieces)
    return f"<piecewise>{inner}<otherwise>{otherwise}</otherwise></piecewise>"


def _step(u: str) -> str:
    polynomial = _apply(
        "times",
        _apply("power", u, _number(3.0)),
        _apply(
            "plus",
            _number(10.0),
            _apply("times", u, _apply("minus", _apply("times", _number(6.0), u), _number(15.0))),
        ),
    )
    pieces = ((_number(0.0), _apply("leq", u, _number(0.0))), (_number(1.0), _apply("geq", u, _number(1.0))))
    return _piecewise(*pieces, otherwise=polynomial)


def _ramp(u: str) -> str:
    v = _apply("divide", _apply("plus", u, _number(1.0)), _number(2.0))
    inside = _apply(
        "plus",
        _apply("times", _number(2.0), _apply("power", v, _number(2.0))),
        _apply("times", _number(-6.0), v),
        _number(5.0),
    )
    polynomial = _apply("times", _apply("power", v, _number(4.0)), inside)
    pieces = ((_number(0.0), _apply("leq", u, _number(-1.0))), (u, _apply("geq", u, _number(1.0))))
    return _piecewise(*pieces, otherwise=polynomial)


def mathml(e: Any) -> str:
    """Return an expression as content MathML."""
    if e.is_Symbol:
        return f"<ci>{e.name.strip('_')}</ci>"
    if e.is_Number:
        return _number(float(e))
    a = [mathml(argument) for argument in e.args]
    match e:
        case sp.Add():
            return _apply("plus", *a)
        case sp.Mul():
            return _apply("times", *a)
        case sp.Pow() if e.exp == -1:
            return _apply("divide", _number(1.0), a[0])
        case sp.Pow() | symbolic.PositivePower():
            return _apply("power", *a)
        case symbolic.SafeExp():
            return _apply("exp", *a)
        case symbolic.SafeLog():
            return _apply("ln", *a)
        case symbolic.Logistic():
            denominator = _apply("plus", _number(1.0), _apply("exp", _apply("minus", *a)))
            return _apply("divide", _number(1.0), denominator)
        case symbolic.Saturation():
            return _apply("divide", a[0], _apply("plus", _number(1.0), a[0]))
        case symbolic.UnitStep():
            return _step(a[0])
        case symbolic.UnitRamp():
            return _ramp(a[0])
    raise TypeError(f"no MathML for {type(e).__name__}")


def sbml(traced: Traced, values: dict[str, float], dose: tuple[str, float, float]) -> str:
    """Return SBML text: `values` of states and constants by symbol, `dose` = (state, amount, interval in days)."""
    steps = {symbol.name.strip("_"): expression for symbol, expression in traced.steps}
    rates = {f"x{i}": rate for i, rate in enumerate(traced.results)}
    target, amount, interval = dose
    parameters = "".join(
        f'<parameter id="{name}" value="{value!r}" constant="{"false" if name in rates else "true"}"/>'
        for name, value in values.items()
    )
    parameters += "".join(f'<parameter id="{name}" value="0" constant="false"/>' for name in steps)
    parameters += f'<parameter id="next_dose" value="{interval!r}" constant="false"/>'
    rules = "".join(
        f'<assignmentRule variable="{n}">{MATH}{mathml(e)}</math></assignmentRule>' for n, e in steps.items()
    )
    rules += "".join(f'<rateRule variable="{n}">{MATH}{mathml(e)}</math></rateRule>' for n, e in rates.items())
    time = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
    jumps = ((target, amount), ("next_dose", interval))
    sums = ((n, _apply("plus", f"<ci>{n}</ci>", _number(step))) for n, step in jumps)
    assignments = "".join(f'<eventAssignment variable="{n}">{MATH}{m}</math></eventAssignment>' for n, m in sums)
    event = (
        f'<event id="dose"><trigger>{MATH}{_apply("geq", time, "<ci>next_dose</ci>")}</math></trigger>'
        f"<listOfEventAssignments>{assignments}</listOfEventAssignments></event>"
    )
    return (
        f"{HEAD}<listOfParameters>{parameters}</listOfParameters><listOfRules>{rules}</listOfRules>"
        f"<listOfEvents>{event}</listOfEvents></model></sbml>"
    )
