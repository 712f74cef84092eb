"""Read an equation once with SymPy symbols and differentiate it sparsely.

The derivative is taken forward through the common subexpressions of the traced result (the chain rule, as in
automatic differentiation), so that its size stays near that of the equations whatever the nesting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sympy as sp

from osteocast.engine.system import Equation, argument_types, fields_of, flatten, result_type, unflatten

Expression = Any


class Traced(NamedTuple):
    """An equation as expressions over the symbols ``x0, p3, ...`` (argument name and flat position)."""

    steps: tuple[tuple[Expression, Expression], ...]
    results: tuple[Expression, ...]


class Derivative(NamedTuple):
    """Traced results with their sparse derivatives: ``entries[row][symbol]``; `steps` covers both."""

    steps: tuple[tuple[Expression, Expression], ...]
    results: tuple[Expression, ...]
    entries: tuple[dict[Expression, Expression], ...]


def symbols_of(letter: str, count: int) -> list[Expression]:
    """Return the symbols of one argument."""
    return [sp.Symbol(f"{letter}{i}", real=True) for i in range(count)]


def trace(function: Equation, prefix: str = "s") -> Traced:
    """Call `function` with symbols and split the result into common subexpressions named `prefix` + number.

    Raises
    ------
    TypeError
        If the function returns another type than it declares, or compares its arguments (a branch).
    """
    arguments = []
    for letter, kind in argument_types(function).items():
        arguments.append(unflatten(kind, symbols_of(letter, len(fields_of(kind)))))
    returned = function(*arguments)
    declared = result_type(function)
    if not isinstance(returned, declared):
        raise TypeError(f"{function.__name__} returned {type(returned).__name__}, not {declared.__name__}")
    results = [sp.sympify(r) for r in flatten(returned)]
    for field, result in zip(fields_of(declared), results, strict=True):
        if result.has(sp.nan, sp.zoo, sp.oo, sp.Max, sp.Min, sp.Piecewise, sp.Abs):
            raise TypeError(f"{function.__name__}.{field.name}: write kinks with osteocast.models.functions")
    names = (sp.Symbol(f"_{prefix}{i}", real=True) for i in range(10**9))
    steps, reduced = sp.cse(results, symbols=names, order="none")
    return Traced(tuple(steps), tuple(reduced))


def differentiate(traced: Traced, variables: Sequence[Expression], prefix: str = "d") -> Derivative:
    """Differentiate every result with respect to `variables`, keeping only entries that are not zero."""
    steps: list[tuple[Expression, Expression]] = []
    gradients: dict[Expression, dict[Expression, Expression]] = {v: {v: sp.Integer(1)} for v in variables}

    def named(expression: Expression) -> Expression:
        """Return a symbol that stands for an expression in a step of its own."""
        if expression.is_Atom or (-expression).is_Atom:
            return expression
        symbol = sp.Symbol(f"_{prefix}{len(steps)}", real=True)
        steps.append((symbol, expression))
        return symbol

    def gradient(expression: Expression) -> dict[Expression, Expression]:
        """Return the derivatives of an expression through the steps before it."""
        total: dict[Expression, list[Expression]] = {}
        for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
            inner = gradients.get(symbol)
            if not inner:
                continue
            slope = expression.diff(symbol)
            if slope == 0:
                continue
            if len(inner) > 1:
                slope = named(slope)
            for variable, factor in inner.items():
                total.setdefault(variable, []).append(slope * factor)
        return {v: named(sp.Add(*terms)) for v, terms in total.items()}

    for symbol, expression in traced.steps:
        steps.append((symbol, expression))
        gradients[symbol] = gradient(expression)
    entries = []
    for result in traced.results:
        row = gradient(result)
        entries.append({v: e for v, e in row.items() if e != 0})
    return Derivative(tuple(steps), traced.results, tuple(entries))
