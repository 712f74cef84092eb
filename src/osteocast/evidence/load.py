"""TOML files to parameters, sources, targets, and parameters to a model's Params."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from osteocast.evidence.entry import Entry, read_parameter, read_source, read_target
from osteocast.evidence.parameter import Parameter, Spread
from osteocast.evidence.source import Source
from osteocast.evidence.target import Target
from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.files import folder_sha256
from osteocast.foundation.units import UnitError, convert

P = TypeVar("P")
T = TypeVar("T")

DATA = Path(__file__).resolve().parent.parent / "data"
"""Folder of everything Osteocast knows as data."""


def load_parameters(name: str, data: Path = DATA) -> dict[str, Parameter]:
    """Read ``data/parameters/<name>.toml``; `EvidenceError` lists every problem of the file."""
    return _strictly(*read_file(data / "parameters" / f"{name}.toml", read_parameter, data))


def load_sources(data: Path = DATA) -> dict[str, Source]:
    """Read all sources (``data/sources/*.toml``) by key; `EvidenceError` lists every problem."""
    return _strictly(*read_folder("sources", read_source, data))


def load_targets(data: Path = DATA) -> dict[str, Target]:
    """Read all targets (``data/targets/*.toml``) by id; `EvidenceError` lists every problem."""
    return dict(_own_targets()) if data == DATA else _strictly(*read_folder("targets", read_target, data))


@functools.cache
def _own_targets() -> dict[str, Target]:
    return _strictly(*read_folder("targets", read_target, DATA))


def evidence_sha256(data: Path = DATA) -> str:
    """Return one SHA-256 over everything in the data folder, for the run record."""
    return folder_sha256(data)


def parameters_of(params: type[P], name: str, data: Path = DATA) -> dict[str, Parameter]:
    """Return the parameters that fill a model's Params, converted to its units, by dotted field name.

    Parameters
    ----------
    params : type
        A `NamedTuple` whose fields are ``Annotated[float, unit, meaning]`` or further such tuples. A nested
        field ``x`` is filled from ``data/parameters/x.toml`` where that file exists, else from the file of
        its parent.
    name : str
        Name of the parameter file.
    data : Path

    Raises
    ------
    EvidenceError
        A field without entry, or a unit that does not convert: all of them at once.
    """
    issues: list[Issue] = []
    found = collect(params, name, data, issues)
    return _strictly({field: parameter for field, (_, parameter) in found.items()}, issues)


def fill(params: type[P], name: str, data: Path = DATA) -> P:
    """Return the model's Params with the typical values of ``data/parameters/<name>.toml`` in its own units.

    Nested tuples and errors as in :func:`parameters_of`.
    """
    return assemble(params, {key: p.value for key, p in parameters_of(params, name, data).items()})


def assemble(params: type[P], values: dict[str, float], prefix: str = "") -> P:
    """Build a Params from values by dotted field name."""
    fields = {
        field: values[prefix + field] if unit is not None else assemble(inner, values, f"{prefix}{field}.")
        for field, unit, inner in annotated_fields(params)
    }
    return params(**fields)


def annotated_fields(params: type[Any]) -> list[tuple[str, str | None, type[Any]]]:
    """Return (field, unit, type) of a `NamedTuple`; the unit is None for a nested tuple."""
    fields: list[tuple[str, str | None, type[Any]]] = []
    for field, hint in get_type_hints(params, include_extras=True).items():
        if get_origin(hint) is Annotated:
            inner, unit, *_ = get_args(hint)
            fields.append((field, str(unit), inner))
        else:
            fields.append((field, None, hint))
    return fields


def collect(params: type[Any], name: str, data: Path, issues: list[Issue]) -> dict[str, tuple[str, Parameter]]:
    """Find what fills a Params, as :func:`parameters_of`, adding the problems to `issues` instead of raising.

    Returns
    -------
    dict of str to (str, Parameter)
        By dotted field name: the parameter file and the parameter in the model's unit.
    """
    place = f"parameters/{name}.toml"
    entries, problems = read_file(data / place, read_parameter, data)
    issues += [i for i in problems if i not in issues]
    result: dict[str, tuple[str, Parameter]] = {}
    for field, unit, inner in annotated_fields(params):
        here = f"{place}: {field}"
        if unit is None:
            nested = field if (data / "parameters" / f"{field}.toml").exists() else name
            result |= {f"{field}.{k}": v for k, v in collect(inner, nested, data, issues).items()}
        elif field in entries:
            try:
                result[field] = (name, in_unit(entries[field], unit))
            except UnitError as error:
                expected, fix = f"a unit that converts to {unit}", "Correct it, or name the substance."
                issues.append(Issue("evidence.unit", f"{here}.unit", str(error), expected, fix))
        elif not any(i.place == here or i.place.startswith(f"{here}.") for i in problems):
            owner, fix = f"{params.__module__}.{params.__qualname__}", "Add the entry."
            expected = f"a value in {unit} for {owner}"
            issues.append(Issue("evidence.parameter-missing", here, "nothing", expected, fix))
    return result


def in_unit(parameter: Parameter, unit: str) -> Parameter:
    """Return the parameter with value, neutral value and normal spreads converted to `unit`.

    Raises
    ------
    UnitError
    """
    if unit == parameter.unit:
        return parameter

    def to(value: float) -> float:
        """Return a value of the parameter in the unit asked for."""
        return convert(value, parameter.unit, unit, parameter.substance)

    def spread(s: Spread) -> Spread:
        """Return a spread in that unit; only a normal one has a unit."""
        return Spread("normal", to(s.sd)) if s.kind == "normal" else s

    return replace(
        parameter,
        value=to(parameter.value),
        unit=unit,
        neutral=None if parameter.neutral is None else to(parameter.neutral),
        uncertainty=spread(parameter.uncertainty),
        between_patient=spread(parameter.between_patient),
    )


def read_file(path: Path, read: Callable[[Entry, str], T], data: Path = DATA) -> tuple[dict[str, T], list[Issue]]:
    """Read every table of a TOML file; a value above the first table is a default for all of them.

    Returns
    -------
    (dict of str to object, list of Issue)
        A flawed entry is returned too, as far as it could be read; who uses it must look at the issues.
    """
    place = path.relative_to(data).as_posix()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = ", ".join(sorted(f.stem for f in path.parent.glob("*.toml"))) or "none"
        return {}, [Issue("evidence.file-missing", place, "no such file", f"one of: {names}", "Check the name.")]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [Issue("evidence.syntax", place, str(error), "valid TOML", "Correct the line.")]
    defaults = {key: value for key, value in content.items() if not isinstance(value, dict)}
    result: dict[str, T] = {}
    issues: list[Issue] = []
    for key, table in content.items():
        if isinstance(table, dict):
            result[key] = read(Entry(f"{place}: {key}", defaults | table, issues), key)
    return result, issues


def read_folder(folder: str, read: Callable[[Entry, str], T], data: Path = DATA) -> tuple[dict[str, T], list[Issue]]:
    """Read all TOML files of a folder into one dictionary; a key in two files is a problem."""
    result: dict[str, T] = {}
    issues: list[Issue] = []
    home: dict[str, str] = {}
    for path in sorted((data / folder).glob("*.toml")):
        entries, problems = read_file(path, read, data)
        issues += problems
        place = path.relative_to(data).as_posix()
        for key, value in entries.items():
            if key in result:
                found = f"also in {home[key]}"
                issues.append(
                    Issue("evidence.key-twice", f"{place}: {key}", found, "one entry a key", "Keep one of them.")
                )
            result[key], home[key] = value, place
    return result, issues


def _strictly(value: T, issues: list[Issue]) -> T:
    if issues:
        raise EvidenceError(issues)
    return value
