"""Mechanisms that a validation takes out one at a time; which parameters are theirs is data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from osteocast.domain.table import read_table
from osteocast.foundation.errors import Issue

EVERY: Final = "every"
"""Word that stands for all mechanisms."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism of the model.

    Attributes
    ----------
    name, title : key and words.
    neutral : parameters, as ``file.name``, whose declared neutral values together take it out.
    reading : what is expected without it.
    """

    name: str
    title: str
    neutral: tuple[str, ...]
    reading: str


def mechanisms() -> tuple[Mechanism, ...]:
    """Return every mechanism of ``data/validation/mechanisms.toml`` in the order of the file."""
    table: dict[str, dict[str, Any]] = read_table("validation/mechanisms")
    return tuple(
        Mechanism(name, entry["title"], tuple(entry["neutral"]), entry["reading"]) for name, entry in table.items()
    )


def chosen(names: Sequence[str]) -> tuple[Mechanism, ...]:
    """Return mechanisms by name, in the order of the file; `EVERY` names all."""
    return tuple(one for one in mechanisms() if one.name in names or EVERY in names)


def unknown_mechanisms(names: Sequence[str]) -> list[Issue]:
    """Return an issue ``validation.mechanism`` for every name that no mechanism has."""
    known = [*(one.name for one in mechanisms()), EVERY]
    fix = f"Choose among {', '.join(known)}."
    return [
        Issue("validation.mechanism", "without", name, "a mechanism of the model", fix)
        for name in names
        if name not in known
    ]
