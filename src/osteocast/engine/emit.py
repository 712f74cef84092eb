"""Print expressions as straight-line Python that numba compiles.

Every operation gets one line and a name; the same operation on the same operands is printed once (value
numbering). Operations on parameters alone are hoisted into a `prepare` function that runs once per patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from osteocast.models import symbolic
from osteocast.models.functions import LARGEST_EXPONENT, SMALLEST_LOG_RATIO, SMALLEST_RATIO

Expression = Any
LARGEST_UNROLLED_POWER = 16


class Hoisted:
    """Operations on parameters alone, shared by the functions of a block, and their places in `q`."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.names: dict[str, str] = {}
        self.slots: dict[str, int] = {}

    def name(self, code: str) -> str:
        """Return the name of a hoisted operation, adding it at its first use."""
        if code not in self.names:
            self.names[code] = f"h{len(self.lines)}"
            self.lines.append((self.names[code], code))
        return self.names[code]

    def slot(self, name: str) -> int:
        """Return the place of a hoisted value in `q`."""
        return self.slots.setdefault(name, len(self.slots))

    def function(self, name: str) -> str:
        """Print the function that fills `q` from `p`."""
        body = [f"{n} = {code}" for n, code in self.lines]
        stores = [f"q[{slot}] = {n}" for n, slot in self.slots.items()]
        return function_text(name, ("p", "q"), body + stores)


class Printer:
    """Prints one function: loads of its arguments, operations, stores."""

    def __init__(self, hoisted: Hoisted | None) -> None:
        self._hoisted = hoisted
        self._lines: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[Expression, str] = {}
        self._loads: dict[str, str] = {}

    def define(self, steps: Iterable[tuple[Expression, Expression]]) -> None:
        """Print named subexpressions in order; each later use of the symbol refers to it."""
        for symbol, expression in steps:
            self._values[symbol] = self.value(expression)

    def store(self, target: str, expression: Expression, operator: str = "=") -> None:
        """Print a store of an expression."""
        self._lines.append(f"{target} {operator} {self._used(self.value(expression))}")

    def function(self, name: str, arguments: tuple[str, ...]) -> str:
        """Return the text of the whole function."""
        loads = [f"{n} = {place}" for n, place in self._loads.items()]
        return function_text(name, arguments, loads + self._lines)

    def value(self, expression: Expression) -> str:
        """Print whatever `expression` needs and return the name or literal of its value."""
        if expression not in self._values:
            self._values[expression] = self._print(expression)
        return self._values[expression]

    def _fixed(self, name: str) -> bool:
        """Tell whether a value is a literal or, where hoisting is on, depends on parameters alone."""
        return not name[0].isalpha() or (self._hoisted is not None and name[0] in "ph")

    def _used(self, name: str) -> str:
        """Load a parameter or hoisted value that this function reads."""
        if name[0] == "h" and self._hoisted is not None:
            self._loads.setdefault(name, f"q[{self._hoisted.slot(name)}]")
        elif name[0] == "p":
            self._loads.setdefault(name, f"p[{name[1:]}]")
        return name

    def _node(self, pattern: str, *operands: str) -> str:
        if self._hoisted is not None and all(self._fixed(o) for o in operands):
            read = (f"p[{o[1:]}]" if o[0] == "p" else o for o in operands)
            return self._hoisted.name(pattern.format(*read))
        code = pattern.format(*operands)
        if code not in self._names:
            for operand in operands:
                self._used(operand)
            self._names[code] = f"t{len(self._names)}"
            self._lines.append(f"{self._names[code]} = {code}")
        return self._names[code]

    def _print(self, e: Expression) -> str:
        if e.is_Symbol:
            if e.name[0] == "_":
                raise KeyError(f"{e.name} is used before it is defined")
            if e.name[0] != "p":
                self._loads.setdefault(e.name, f"{e.name[0]}[{e.name[1:]}]")
            return str(e.name)
        if e.is_number and not e.has(sp.Function):
            return repr(float(e))
        if e.is_Add or e.is_Mul:
            return self._many(e)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if isinstance(e, sp.Function):
            return self._call(e)
        raise TypeError(f"no printed form for {type(e).__name__}: {e}")

    def _many(self, e: Expression) -> str:
        """Print a sum or product, its parameter part first so that it can be hoisted."""
        sign = " + " if e.is_Add else " * "
        values = [self.value(a) for a in e.args]
        fixed = [v for v in values if self._fixed(v)]
        free = [v for v in values if not self._fixed(v)]
        if free and len(fixed) > 1:
            fixed = [self._node(sign.join(["{}"] * len(fixed)), *fixed)]
        if e.is_Mul and free and fixed == ["-1.0"]:
            inner = free[0] if len(free) == 1 else self._node(" * ".join(["{}"] * len(free)), *free)
            return self._node("-{}", inner)
        operands = fixed + free
        return self._node(sign.join(["{}"] * len(operands)), *operands)

    def _power(self, base: Expression, exponent: Expression) -> str:
        if exponent.is_number and exponent.is_negative:
            return self._node("1.0 / {}", self.value(base ** (-exponent)))
        b = self.value(base)
        if exponent.is_Integer and int(exponent) <= LARGEST_UNROLLED_POWER:
            return self._integer_power(b, int(exponent))
        if exponent == sp.Rational(1, 2):
            return self._node("sqrt({})", b)
        return self._node("{} ** {}", b, self.value(exponent))

    def _integer_power(self, base: str, exponent: int) -> str:
        if exponent == 1:
            return base
        half = self._integer_power(base, exponent // 2)
        square = self._node("{} * {}", half, half)
        return square if exponent % 2 == 0 else self._node("{} * {}", square, base)

    def _call(self, e: Expression) -> str:
        a = [self.value(argument) for argument in e.args]
        match e:
            case symbolic.PositivePower():
                return self._positive_power(a[0], e.args[1], slope=False)
            case symbolic.PositivePowerSlope():
                return self._positive_power(a[0], e.args[1], slope=True)
            case symbolic.SafeExp() | sp.exp():
                return self._node("exp({})", self._node(f"min({{}}, {LARGEST_EXPONENT!r})", a[0]))
            case symbolic.SafeLog() | sp.log():
                return self._node("log({})", self._node(f"max({{}}, {SMALLEST_LOG_RATIO!r})", a[0]))
            case symbolic.LogSlope():
                return self._node(f"(1.0 / {{0}} if {{0}} >= {SMALLEST_LOG_RATIO!r} else 0.0)", a[0])
            case symbolic.UnitClip():
                return self._clip(a[0])
            case symbolic.Logistic():
                return self._node("logistic({})", a[0])
            case symbolic.Saturation():
                return self._node("{} * {}", a[0], self._node("1.0 / (1.0 + abs({}))", a[0]))
            case symbolic.SaturationRest():
                return self._node("1.0 / (1.0 + abs({}))", a[0])
            case symbolic.UnitStep():
                return self._node("{0} * {0} * {0} * (10.0 + {0} * (6.0 * {0} - 15.0))", self._clip(a[0]))
            case symbolic.UnitRamp():
                return self._node("unit_ramp({})", a[0])
        raise TypeError(f"no printed form for the function {type(e).__name__}")

    def _clip(self, u: str) -> str:
        return self._node("min(max({}, 0.0), 1.0)", u)

    def _positive_power(self, ratio: str, exponent: Expression, slope: bool) -> str:
        """Print the power above the smallest ratio and the chord through zero below it, sharing the power."""
        floored = self._node(f"max({{}}, {SMALLEST_RATIO!r})", ratio)
        n = self.value(exponent)
        if exponent.is_Integer and 0 < int(exponent) <= LARGEST_UNROLLED_POWER:
            power = self._integer_power(floored, int(exponent))
        else:
            # powers of one ratio share its logarithm; exp and log together also take less time than a power
            power = self._node("exp({} * {})", n, self._node("log({})", floored))
        if not slope:
            return self._node("{} * {}", power, self._node(f"min({{}} * {1 / SMALLEST_RATIO!r}, 1.0)", ratio))
        reach = self._node(f"({{}} if {{}} >= {SMALLEST_RATIO!r} else 1.0)", n, ratio)
        return self._node("{} * {} / {}", reach, power, floored)


def function_text(name: str, arguments: tuple[str, ...], lines: list[str]) -> str:
    """Return a compiled function as text."""
    body = "\n    ".join(lines) if lines else "return"
    return f"@compiled\ndef {name}({', '.join(arguments)}):\n    {body}\n"
