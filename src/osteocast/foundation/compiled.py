"""Functions that stay plain Python and can also be called from compiled code.

numba is imported when the first function is marked, never by importing this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def jitable(function: F) -> F:
    """Mark a plain Python function as callable from numba-compiled code; it is returned unchanged.

    A typed wrapper of :func:`numba.extending.register_jitable`. The function itself is not compiled: called
    from Python it can be read by the debugger, by coverage and with any argument types.
    """
    from numba.extending import register_jitable

    marked: F = register_jitable(forceinline=False)(function)
    return marked


def inlined(function: F) -> F:
    """Mark like `jitable`; compiled, its code is put where it is called.

    For small functions on a hot path whose arguments hold many numbers and arrays: a call hands over each of them.
    """
    from numba.extending import register_jitable

    marked: F = register_jitable(forceinline=True)(function)
    return marked


def uncounted(function: F) -> F:
    """Mark like `jitable`; compiled, it and what it calls do not count references to arrays.

    Counting is atomic, and on arrays that threads share they wait for one another. An uncounted function lives on the
    references of its caller: it may neither allocate an array nor return one.
    """
    from numba.extending import register_jitable

    marked: F = register_jitable(_nrt=False)(function)
    return marked


def compiled_as(function: Callable[..., Any]) -> Callable[[F], F]:
    """Give `function` another body in compiled code (a typed wrapper of :func:`numba.extending.overload`).

    The decorated function receives numba types and returns the implementation.
    """
    from numba.extending import overload

    decorator: Callable[[F], F] = overload(function)
    return decorator
