"""The evidence lint: every problem of every file in one pass."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.evidence.entry import read_parameter, read_source, read_target
from osteocast.evidence.load import DATA, collect, read_file, read_folder
from osteocast.evidence.parameter import Parameter
from osteocast.evidence.source import Source
from osteocast.evidence.target import Target
from osteocast.foundation.errors import Issue
from osteocast.foundation.units import UnitError, convert

HELD_BACK = ("check", "excluded")
"""Uses of a target that no parameter may rest on."""


@dataclass(frozen=True, slots=True)
class EvidenceCheck:
    """What a check found.

    Attributes
    ----------
    issues : tuple of Issue
    parameters, sources, targets : int
        Entries that could be read.
    not_read_twice : int
        Parameters without `checked_by`.
    """

    issues: tuple[Issue, ...]
    parameters: int
    sources: int
    targets: int
    not_read_twice: int


def find_params(packages: Sequence[str]) -> list[type[Any]]:
    """Import the packages' modules and return each `NamedTuple` class called ``Params`` or ``*Params``."""
    found: list[type[Any]] = []
    for package in packages:
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            module = importlib.import_module(info.name)
            found += [
                c
                for n, c in vars(module).items()
                if n.endswith("Params") and hasattr(c, "_fields") and c.__module__ == info.name
            ]
    return found


def file_of(params: type[Any], data: Path = DATA) -> str | None:
    """Return the name of the parameter file that fills a Params.

    ``CareParams`` is filled from ``care.toml`` or ``cares.toml``, and any Params from the file named like its
    module; None where there is no such file (it is then filled as part of a larger one).
    """
    stem, suffix, _ = params.__name__.lower().rpartition("params")
    candidates = [stem, f"{stem}s"] if stem and suffix else []
    for name in [*candidates, params.__module__.rpartition(".")[2]]:
        if (data / "parameters" / f"{name}.toml").exists():
            return name
    return None


def check_evidence(params: Sequence[type[Any]] = (), data: Path = DATA) -> EvidenceCheck:
    """Check all parameters, sources and targets, and that they fill the given Params.

    Parameters
    ----------
    params : sequence of type
        Classes from :func:`find_params`.
    data : Path
    """
    issues: list[Issue] = []
    parameters: dict[tuple[str, str], Parameter] = {}
    for path in sorted((data / "parameters").glob("*.toml")):
        entries, problems = read_file(path, read_parameter, data)
        issues += problems
        parameters |= {(path.stem, key): p for key, p in entries.items()}
    issues += _unit_issues(parameters)
    sources, problems = read_folder("sources", read_source, data)
    issues += problems + _source_issues(sources, data)
    targets, problems = read_folder("targets", read_target, data)
    issues += problems + _held_back_issues(parameters, targets) + _model_issues(params, parameters, data)
    return EvidenceCheck(
        issues=tuple(dict.fromkeys(issues)),
        parameters=len(parameters),
        sources=len(sources),
        targets=len(targets),
        not_read_twice=sum(not p.checked_by for p in parameters.values()),
    )


def _unit_issues(parameters: dict[tuple[str, str], Parameter]) -> Iterator[Issue]:
    for (file, key), parameter in parameters.items():
        try:
            convert(parameter.value, parameter.unit, parameter.unit + " ")
        except UnitError as error:
            place = f"parameters/{file}.toml: {key}.unit"
            yield Issue("evidence.unit", place, str(error), "a known unit", "Correct the unit.")


def _held_back_issues(parameters: dict[tuple[str, str], Parameter], targets: dict[str, Target]) -> list[Issue]:
    """Find parameters that lean on a published result which the model is to be checked with, or which is excluded."""
    issues: list[Issue] = []
    studies = _held_back_studies(targets)
    fix = "Take another source, or re-declare the row as an input, with the reason."
    for (file, key), parameter in parameters.items():
        place, text = f"parameters/{file}.toml: {key}", f"{parameter.where} {parameter.note}"
        for row in dict.fromkeys(re.findall(r"\bEV\d+\b", text)):
            if row not in targets:
                expected = "an id of data/targets/*.toml"
                issues.append(Issue("evidence.target-unknown", place, row, expected, "Correct the id."))
            elif targets[row].use in HELD_BACK:
                found = f"{row}, whose use is {targets[row].use}"
                issues.append(Issue("evidence.target-held-back", place, found, "rows of use fit or input", fix))
        named = [name for name, words in studies.items() if name == parameter.source or words in text]
        for name in named:
            found = f"{studies[name]}, all of it held back"
            issues.append(Issue("evidence.target-held-back", place, found, "a source that is not checked with", fix))
    return issues


def _held_back_studies(targets: dict[str, Target]) -> dict[str, str]:
    """Return the publications of which no row may inform a parameter: source key, and author with year."""
    open_studies = {t.study for t in targets.values() if t.use not in HELD_BACK}
    closed = {t.study for t in targets.values()} - open_studies
    return {
        f"{author.lower()}{year}": f"{author} {year}"
        for study in sorted(closed)
        for author, year in re.findall(r"([A-Z][\w-]+) (\d{4})", study)
    }


def _model_issues(params: Sequence[type[Any]], parameters: dict[tuple[str, str], Parameter], data: Path) -> list[Issue]:
    issues: list[Issue] = []
    read: set[tuple[str, str]] = set()
    files: set[str] = set()
    for cls in params:
        name = file_of(cls, data)
        if name is not None:
            found = collect(cls, name, data, issues)
            read |= {(file, parameter.name) for file, parameter in found.values()}
            files |= {name, *(file for file, _ in found.values())}
    for file, key in sorted(set(parameters) - read):
        if file in files and not any(i.place.startswith(f"parameters/{file}.toml: {key}.") for i in issues):
            place, fix = f"parameters/{file}.toml: {key}", "Remove it, or correct its name."
            issues.append(Issue("evidence.parameter-unknown", place, "no model asks for it", "a model's field", fix))
    return issues


def _source_issues(sources: dict[str, Source], data: Path) -> list[Issue]:
    issues: list[Issue] = []
    used: set[str] = set()
    for path in sorted(data.glob("**/*.toml")):
        place = path.relative_to(data).as_posix()
        if place.startswith(("targets/", "sources/")):
            continue
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            issues.append(Issue("evidence.syntax", place, str(error), "valid TOML", "Correct the line."))
            continue
        for key, where in _cited(content, ""):
            used.add(key)
            if key not in sources:
                expected, fix = "a key of data/sources/*.toml", "Add the source there, or correct the key."
                issues.append(Issue("evidence.source-unknown", f"{place}: {where}", repr(key), expected, fix))
    for key in sorted(set(sources) - used - _mentioned(set(sources) - used, data)):
        place, fix = f"sources: {key}", "Remove it, or cite it where it is used."
        issues.append(Issue("evidence.source-unused", place, "cited nowhere", "cited at least once", fix))
    by_doi: dict[str, str] = {}
    for key, source in sources.items():
        other = by_doi.setdefault(source.doi.lower(), key)
        if source.doi and other != key:
            found, fix = f"the DOI of {other}", "Keep one key for one publication."
            issues.append(Issue("evidence.doi-twice", f"sources: {key}.doi", found, "a DOI of its own", fix))
    return issues


def _mentioned(keys: set[str], data: Path) -> set[str]:
    """Return the keys that a note in the data, or a docstring of the package around it, names as a word."""
    files = [f for f in data.glob("**/*.toml") if f.parent.name not in ("sources", "targets")]
    texts = [f.read_text(encoding="utf-8", errors="replace") for f in [*files, *data.parent.glob("*/*.py")]]
    words = {word.strip(".-") for text in texts for word in re.findall(r"[\w.-]+", text)}
    return keys & words


def _cited(content: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield (source key, place) for every ``source`` and ``sources`` at any depth."""
    if isinstance(content, list):
        for index, item in enumerate(content):
            yield from _cited(item, f"{where}[{index}]")
    if isinstance(content, dict):
        for key, value in content.items():
            place = f"{where}.{key}".lstrip(".")
            if key == "source" and isinstance(value, str) and value:
                yield value, place
            elif key == "sources" and isinstance(value, list):
                yield from ((item, place) for item in value if isinstance(item, str))
            else:
                yield from _cited(value, place)
