"""Compiled kernels of a System: traced, printed, compiled once, and kept by content."""

from __future__ import annotations

import importlib
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

from osteocast.engine import cache, fingerprint
from osteocast.engine.stepper import KERNEL_FUNCTIONS, Options, Work
from osteocast.engine.system import System, sizes_of

EXAMPLE = "example:"
VECTOR, MATRIX = "float64[::1]", "float64[:, ::1]"
SIGNATURES = {
    "new_work": "(int64,)",
    "signals": f"({VECTOR}, {VECTOR}, {VECTOR}, {VECTOR})",
    "body_observables": f"({VECTOR}, {VECTOR}, {VECTOR}, {VECTOR}, {VECTOR})",
    "lesion_observables": f"({VECTOR}, {VECTOR}, {VECTOR}, {VECTOR})",
}


class Entry(NamedTuple):
    """A function of another module that is compiled together with the kernels.

    Its first argument is the bundle of kernels (``k.advance``, ``k.new_work``, ...); `signature` is numba's
    text for the others, such as ``"(uint64, float64[:, ::1], float64)"``, or ``"example:MODULE.NAME"``: a function
    that returns arguments of the right types.
    """

    module: str
    function: str
    signature: str


@dataclass(frozen=True, slots=True)
class Kernels:
    """Compiled functions of one System.

    `advance`, `new_work`, `signals`, `sum_exports`, `body_observables` and `lesion_observables` are described
    in docs/engine.md; `entries` holds the compiled entry functions by name; `notices` what the user should
    know of the kernel cache.
    """

    system: System
    sizes: tuple[int, int, int, int]
    advance: Callable[..., tuple[int, float, int]]
    new_work: Callable[[int], Work]
    signals: Callable[..., None]
    sum_exports: Callable[..., None]
    body_observables: Callable[..., None]
    lesion_observables: Callable[..., None]
    entries: Mapping[str, Callable[..., Any]]
    notices: tuple[str, ...]


# Modules loaded by this process; equal functions are the same object, so the system itself is the key.
_loaded: dict[tuple[str, System, tuple[Entry, ...]], tuple[ModuleType, tuple[str, ...]]] = {}
_lock = threading.Lock()


def _entry_text(entries: tuple[Entry, ...]) -> str:
    """Print a compiled wrapper for each entry that hands it the kernels."""
    text = ""
    for entry in entries:
        if entry.function in KERNEL_FUNCTIONS:
            raise ValueError(f"the entry {entry.function} has the name of a kernel")
        function = getattr(importlib.import_module(entry.module), entry.function)
        names = list(inspect.signature(function).parameters)[1:]
        text += f"\nfrom {entry.module} import {entry.function} as _{entry.function}\n"
        text += f"@allocating\ndef {entry.function}({', '.join(names)}):\n"
        text += f"    return _{entry.function}({', '.join(['KERNELS', *names])})\n"
    return text


def _type(value: Any) -> Any:
    """Return numba's type of a value."""
    import numba

    return numba.typeof(value)  # type: ignore[no-untyped-call]


def _argument_types(signature: str) -> tuple[Any, ...]:
    """Return numba's argument types of a signature text, or of the arguments that an example function returns."""
    from numba.core import sigutils

    if signature.startswith(EXAMPLE):
        module, _, function = signature.removeprefix(EXAMPLE).rpartition(".")
        return tuple(_type(argument) for argument in getattr(importlib.import_module(module), function)())
    # numba's cache would file a text signature as text and not find it for real arguments
    normalised: Any = sigutils.normalize_signature(signature)  # type: ignore[no-untyped-call]
    types: tuple[Any, ...] = normalised[0]
    return types


def _compile(module: ModuleType, system: System, entries: tuple[Entry, ...]) -> None:
    """Compile every function that is called from outside, for the one signature it is called with."""
    import numpy as np
    from numba import int64, types

    for name, signature in SIGNATURES.items():
        getattr(module, name).compile(_argument_types(signature))
    nb, nl, _, _ = sizes_of(system)
    vector, matrix = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
    options = Options(1e-6, 0.0, 1e-9, 1e9, 1, np.zeros(nb), np.zeros(nl))
    states = (vector, matrix, int64, vector, matrix, vector)
    number = types.float64
    work = _type(module.new_work(0))
    module.sum_exports.compile((*states, work, vector))
    module.advance.compile((number, number, number, *states, work, _type(options)))
    for entry in entries:
        getattr(module, entry.function).compile(_argument_types(entry.signature))


def _generate(system: System) -> str:
    """Return the generated text; SymPy is loaded here and not where kernels come from the cache."""
    from osteocast.engine.generate import generate

    return generate(system)


def _obtain(system: System, entries: tuple[Entry, ...]) -> tuple[ModuleType, tuple[str, ...]]:
    generated = "" if fingerprint.traced_from_source(system) else _generate(system)
    return cache.load_or_build(
        fingerprint.content_key(system, entries, generated),
        lambda: (generated or _generate(system)) + _entry_text(entries),
        lambda module: _compile(module, system, entries),
    )


def kernels(system: System, entries: tuple[Entry | tuple[str, str, str], ...] = ()) -> Kernels:
    """Return the compiled kernels of `system`, from the cache where it holds them.

    Parameters
    ----------
    system
        The equations.
    entries
        Functions to compile together with the kernels (see Entry).

    Returns
    -------
    Kernels
        Functions that release the interpreter lock and share nothing between calls but their arguments.
    """
    wanted = tuple(Entry(*entry) for entry in entries)
    place = (str(cache.cache_root()), system, wanted)
    with _lock:
        if place not in _loaded:
            _loaded[place] = _obtain(system, wanted)
        module, notices = _loaded[place]
    return Kernels(
        system=system,
        sizes=sizes_of(system),
        advance=module.advance,
        new_work=module.new_work,
        signals=module.signals,
        sum_exports=module.sum_exports,
        body_observables=module.body_observables,
        lesion_observables=module.lesion_observables,
        entries={entry.function: getattr(module, entry.function) for entry in wanted},
        notices=notices,
    )
