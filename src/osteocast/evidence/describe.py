"""Evidence as lines of text, for reading."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from osteocast.evidence.cite import reference
from osteocast.evidence.load import DATA, load_parameters, load_sources, load_targets
from osteocast.evidence.parameter import Parameter, Spread
from osteocast.evidence.target import Target
from osteocast.foundation.errors import InputError, Issue


def all_parameters(data: Path = DATA) -> dict[str, Parameter]:
    """Return every parameter by ``file.name``."""
    files = sorted((data / "parameters").glob("*.toml"))
    return {f"{f.stem}.{key}": p for f in files for key, p in load_parameters(f.stem, data).items()}


def table_of(what: str, data: Path = DATA) -> list[tuple[str, ...]]:
    """Return the rows, headings first, of the list of ``parameters``, ``sources`` or ``targets``."""
    if what == "sources":
        rows = [(key, str(s.year), reference(s)) for key, s in sorted(load_sources(data).items())]
        return [("key", "year", "reference"), *rows]
    if what == "targets":
        return [
            ("id", "use", "study", "arm", "endpoint", "value"),
            *((t.id, t.use, t.study, t.arm, t.endpoint, figure(t)) for t in load_targets(data).values()),
        ]
    return [
        ("name", "value", "unit", "grade", "source"),
        *((n, f"{p.value:g}", p.unit, p.grade, p.source) for n, p in all_parameters(data).items()),
    ]


def figure(target: Target) -> str:
    """Return the target's figure with its unit."""
    return target.value_text if target.value is None else f"{target.value:g} {target.unit}"


def show(name: str, data: Path = DATA) -> list[tuple[str, str]]:
    """Return (key, text) of everything known under a name: a parameter, a source key or a target id.

    `name` is ``file.parameter``, or the parameter alone where only one file has it.

    Raises
    ------
    InputError
        ``evidence.name-unknown``.
    """
    for table in (load_targets(data), load_sources(data)):
        if name in table:
            return _lines(table[name])
    parameters = all_parameters(data)
    matches = [n for n in parameters if n == name or n.partition(".")[2] == name]
    if len(matches) == 1:
        parameter, sources = parameters[matches[0]], load_sources(data)
        lines = [("parameter", matches[0]), *_lines(parameter)[1:]]
        if parameter.source in sources:
            lines.append(("reference", reference(sources[parameter.source])))
        return lines
    found = "no such name" if not matches else "several: " + ", ".join(matches)
    expected, fix = "one parameter, source or target", "See `osteocast evidence list`."
    raise InputError(Issue("evidence.name-unknown", name, found, expected, fix))


def _lines(thing: Any) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key in asdict(thing):
        value = getattr(thing, key)
        if isinstance(value, Spread):
            value = value.kind if value.kind == "none" else f"{value.kind}, sd {value.sd:g}"
        if value is not None and value != "":
            lines.append((key.replace("_", " "), str(value)))
    return lines
