"""Reading of the reference tables that describe the clinic (sites, primaries, quantities)."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["read_table", "table_names"]


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return one TOML table of ``osteocast/data``, such as ``sites`` or ``drugs/zoledronate``.

    The result is shared: treat it as read-only.
    """
    source = files("osteocast").joinpath("data", f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


@cache
def table_names(folder: str) -> tuple[str, ...]:
    """Return the names of the TOML tables in a folder of ``osteocast/data``, in alphabetical order."""
    entries = files("osteocast").joinpath("data", folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))
