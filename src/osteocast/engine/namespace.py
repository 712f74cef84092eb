"""A constant bundle of compiled functions that other compiled code can be given as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


def namespace(name: str, functions: Mapping[str, Any], names: tuple[str, ...], **constants: Any) -> ModuleType:
    """Return a module object with the named functions and constants as attributes.

    numba resolves attributes of a module while compiling and can cache the result on disk; a tuple of
    compiled functions would be frozen by address, which it refuses to cache.
    """
    bundle = ModuleType(name)
    for function in names:
        setattr(bundle, function, functions[function])
    for constant, value in constants.items():
        setattr(bundle, constant, value)
    return bundle
