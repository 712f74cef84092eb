"""Read an equation with units: does every result have the dimension that its annotation declares?"""

from __future__ import annotations

from typing import Any

from osteocast.engine.system import Equation, argument_types, fields_of, flatten, result_type, unflatten
from osteocast.foundation.units import registry

# Distinct magnitudes, so that no difference of two arguments is zero by accident.
FIRST, STRIDE = 1.1, 0.013


def unit_problems(equation: Equation, per: str = "1") -> tuple[str, ...]:
    """Call `equation` with pint quantities and compare the dimension of each result with its annotation.

    Parameters
    ----------
    equation
        A model function over NamedTuples.
    per
        What the annotated unit is divided by: ``"day"`` for rates, which return a State per day.

    Returns
    -------
    tuple[str, ...]
        One sentence for each problem; empty if the units hold.
    """
    import pint

    units = registry()
    arguments = []
    for kind in argument_types(equation).values():
        fields = fields_of(kind)
        values = [units.Quantity(FIRST + STRIDE * i, f.unit) for i, f in enumerate(fields)]
        arguments.append(unflatten(kind, values))
    try:
        results = flatten(equation(*arguments))
    except pint.DimensionalityError as error:
        return (f"{equation.__name__}: {error}",)
    problems = []
    for field, result in zip(fields_of(result_type(equation)), results, strict=True):
        wanted = units.Quantity(1.0, field.unit) / units.Quantity(1.0, per)
        problem = _problem(units.Quantity(result), wanted, is_zero=isinstance(result, int) and result == 0)
        if problem:
            problems.append(f"{equation.__name__}.{field.name}: {problem}")
    return tuple(problems)


def _problem(found: Any, wanted: Any, is_zero: bool) -> str:
    """Compare dimensions; a literal 0 has every dimension."""
    if is_zero or found.is_compatible_with(wanted):
        return ""
    return f"is in {found.units}, not in {wanted.units}"
