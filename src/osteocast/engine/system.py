"""The equations of one disease process, as the engine takes them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, cast, get_args, get_origin, get_type_hints

Equation = Callable[..., Any]


class Field(NamedTuple):
    """One number of a flattened NamedTuple type."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class System:
    """Plain functions over NamedTuples that together are one model: a body and any number of equal lesions.

    Parameters
    ----------
    body_rates
        ``rates(x, p, e, c) -> State``: derivatives per day of the body states. `x` State, `p` Params,
        `e` Exports summed over the lesions, `c` Controls. Arguments `e` and `c` may be left out of the function.
    body_signals
        ``signals(x, p, c) -> Signals``: what the body tells each lesion.
    lesion_rates
        ``rates(x, p, s) -> State`` of one lesion.
    lesion_exports
        ``exports(x, p, s) -> Exports`` of one lesion; every field adds over lesions.
    body_observables, lesion_observables
        Optional read-outs with the arguments of `body_rates` and of `lesion_rates`.
    nonnegative
        States that must not undershoot zero: ``"body.NAME"``, ``"lesion.NAME"``, ``"body.*"``, ``"lesion.*"``.
    """

    body_rates: Equation
    body_signals: Equation | None = None
    lesion_rates: Equation | None = None
    lesion_exports: Equation | None = None
    body_observables: Equation | None = None
    lesion_observables: Equation | None = None
    nonnegative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        coupling = (self.body_signals, self.lesion_rates, self.lesion_exports)
        if any(f is None for f in coupling) and any(f is not None for f in coupling):
            raise ValueError("lesions need body_signals, lesion_rates and lesion_exports together")
        known = {f"body.{f.name}" for f in fields_of(self.body_state)} | {"body.*"}
        if self.lesion_state is not None:
            known |= {f"lesion.{f.name}" for f in fields_of(self.lesion_state)} | {"lesion.*"}
        unknown = sorted(set(self.nonnegative) - known)
        if unknown:
            raise ValueError(f"nonnegative names no state: {', '.join(unknown)}")

    @property
    def functions(self) -> tuple[Equation, ...]:
        """Every function of the system that is given."""
        given = (
            self.body_rates,
            self.body_signals,
            self.lesion_rates,
            self.lesion_exports,
            self.body_observables,
            self.lesion_observables,
        )
        return tuple(f for f in given if f is not None)

    @property
    def body_state(self) -> type[Any]:
        """State type of the body."""
        return argument_types(self.body_rates)["x"]

    @property
    def body_params(self) -> type[Any]:
        """Parameter type of the body."""
        return argument_types(self.body_rates)["p"]

    @property
    def controls(self) -> type[Any] | None:
        """Controls type, or None if no equation takes controls."""
        for function in self.functions:
            if "c" in argument_types(function):
                return argument_types(function)["c"]
        return None

    @property
    def exports(self) -> type[Any] | None:
        """Exports type, or None without one."""
        return argument_types(self.body_rates).get("e")

    @property
    def signals(self) -> type[Any] | None:
        """Signals type, or None without lesions."""
        return None if self.body_signals is None else result_type(self.body_signals)

    @property
    def lesion_state(self) -> type[Any] | None:
        """State type of a lesion, or None without lesions."""
        return None if self.lesion_rates is None else argument_types(self.lesion_rates)["x"]

    @property
    def lesion_params(self) -> type[Any] | None:
        """Parameter type of a lesion, or None without lesions."""
        return None if self.lesion_rates is None else argument_types(self.lesion_rates)["p"]


def argument_types(function: Equation) -> dict[str, type[Any]]:
    """Return the annotated NamedTuple type of each argument, in order."""
    hints = get_type_hints(function, include_extras=True)
    return {name: hints[name] for name in inspect.signature(function).parameters}


def result_type(function: Equation) -> type[Any]:
    """Return the annotated result type of an equation."""
    result: type[Any] = get_type_hints(function, include_extras=True)["return"]
    return result


def _is_tuple_type(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def fields_of(kind: type[Any] | None) -> tuple[Field, ...]:
    """Flatten a NamedTuple type in field order; fields of a nested one get dotted names."""
    return () if kind is None else _fields(cast(Hashable, kind))


@functools.cache
def _fields(kind: Any) -> tuple[Field, ...]:
    flat: list[Field] = []
    hints = get_type_hints(kind, include_extras=True)
    for name in kind._fields:
        hint = hints[name]
        inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if _is_tuple_type(inner):
            flat.extend(Field(f"{name}.{f.name}", f.unit, f.meaning) for f in fields_of(inner))
        else:
            notes = [str(a) for a in get_args(hint)[1:]] if get_origin(hint) is Annotated else []
            flat.append(Field(name, notes[0] if notes else "1", notes[1] if len(notes) > 1 else ""))
    return tuple(flat)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: type[Any], values: Iterator[Any]) -> Any:
    hints = _hints(cast(Hashable, kind))
    parts = (_build(hints[n], values) if _is_tuple_type(hints[n]) else next(values) for n in kind._fields)
    return kind(*parts)


def unflatten(kind: type[Any], values: Sequence[Any]) -> Any:
    """Build a (nested) NamedTuple from its flat values."""
    count = len(fields_of(kind))
    if len(values) != count:
        raise ValueError(f"{kind.__name__} has {count} fields, {len(values)} values were given")
    return _build(kind, iter(values))


def flatten(instance: Any) -> list[Any]:
    """Return the values of a (nested) NamedTuple in flat field order."""
    flat: list[Any] = []
    for value in instance:
        flat.extend(flatten(value) if _is_tuple_type(type(value)) else [value])
    return flat


def sizes_of(system: System) -> tuple[int, int, int, int]:
    """Return the numbers of body states, lesion states, signals and exports."""
    kinds = (system.body_state, system.lesion_state, system.signals, system.exports)
    body, lesion, signals, exports = (len(fields_of(kind)) for kind in kinds)
    return body, lesion, signals, exports
