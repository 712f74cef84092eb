"""Many bones at once: a list in TOML or CSV, or a folder of images with their labels beside them."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited
from osteocast.structure.strength_question import Question, box_of_text, part_of_text

__all__ = ["Case", "is_list", "read_cases"]

_LISTS = (".toml", ".csv")
_IMAGES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
_LABELS = "_labels"
_MOST = 100_000
_TEXTS = {
    "unit": "unit",
    "series": "series",
    "labels-table": "table",
    "label": "label",
    "lesion": "lesion",
    "insert-lesion": "insert",
    "site": "site",
    "load": "load",
    "boundary": "boundary",
    "calibration": "calibration",
}
_NUMBERS = {"threshold": "threshold", "spacing": "spacing_mm", "body-weight": "body_weight_kg"}
_KEYS = ("name", "ct", "labels", "law", "part", "box", "allow-metal", *_TEXTS, *_NUMBERS)


@dataclass(frozen=True, slots=True)
class Case:
    """One bone of a list.

    Attributes
    ----------
    name : str
        Of the folder its result goes to.
    ct : Path
    question : Question
    """

    name: str
    ct: Path
    question: Question


def is_list(path: Path) -> bool:
    """Whether a path names many bones: a list, or a folder in which an image has its labels beside it."""
    if path.suffix.casefold() in _LISTS:
        return True
    try:
        return path.is_dir() and bool(_pairs(path))
    except OSError:
        return False  # what cannot be read is told where it is read


def read_cases(path: Path, question: Question) -> list[Case]:
    """Read a list of bones; what a line does not say is taken from `question`.

    Raises
    ------
    InputError
        All at once: ``file.*``, ``cases.empty``, ``cases.key``, ``cases.value``, ``cases.name``
    """
    if path.is_dir():
        cases = [Case(name, ct, replace(question, labels=labels)) for name, ct, labels in _pairs(path)]
        return _checked(cases, path, [])
    rows = _toml_rows(path) if path.suffix.casefold() == ".toml" else _csv_rows(path)
    issues: list[Issue] = []
    cases = []
    for number, row in enumerate(rows, 1):
        try:
            cases.append(_case(row, f"{path.name}: case {number}", path.parent, question))
        except InputError as error:
            issues += error.issues
    return _checked(cases, path, issues)


def _checked(cases: list[Case], path: Path, issues: list[Issue]) -> list[Case]:
    names = [one.name for one in cases]
    for name in sorted({n for n in names if names.count(n) > 1}) if len(names) <= _MOST else []:
        fix = "Give each case a name of its own."
        issues.append(Issue("cases.name", path.name, f"{name} more than once", "names that differ", fix))
    if not cases and not issues:
        fix = "Write [[cases]] tables in TOML, or a CSV with a line a case; see docs/strength.md."
        issues.append(Issue("cases.empty", path.name, "no case", "one or more", fix))
    if issues:
        raise InputError(issues)
    return cases


def _pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """Return name, image and labels of every image that has its labels beside it."""
    found = []
    for file in sorted(folder.iterdir()):
        ending = next((e for e in _IMAGES if file.name.casefold().endswith(e)), None)
        if ending is None:
            continue
        name = file.name[: -len(ending)]
        beside = [folder / f"{name}{_LABELS}{e}" for e in (*_IMAGES, ".seg.nrrd")]
        labels = next((one for one in beside if one.is_file()), None)
        if labels is not None:
            found.append((name, file, labels))
    return found


def _toml_rows(path: Path) -> list[Mapping[str, Any]]:
    try:
        rows = tomllib.loads(read_text_limited(path, 20_000_000)).get("cases", [])
    except tomllib.TOMLDecodeError as error:
        raise InputError(Issue("file.syntax", path.name, str(error), "valid TOML", "Correct that line.")) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(Issue("cases.value", path.name, "cases is no list", "[[cases]] tables", "Write [[cases]]."))
    return rows


def _csv_rows(path: Path) -> list[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(read_text_limited(path, 20_000_000)), restkey="")
    return [{key: value for key, value in row.items() if value not in (None, "")} for row in reader]


def _case(row: Mapping[str, Any], place: str, folder: Path, question: Question) -> Case:
    unknown = [str(key) for key in row if key not in _KEYS]
    if unknown or "ct" not in row:
        found = ", ".join(unknown) if unknown else "no ct"
        fix = "Use these keys; the others are options of the command."
        raise InputError(Issue("cases.key", place, found[:80], "ct and any of " + ", ".join(_KEYS), fix))
    changed: dict[str, Any] = {field: str(row[key]) for key, field in _TEXTS.items() if key in row}
    changed |= {field: _number(row[key], f"{place}: {key}") for key, field in _NUMBERS.items() if key in row}
    if "labels" in row:
        changed["labels"] = folder / str(row["labels"])
    if "law" in row:
        changed["laws"] = _words(row["law"])
    if "part" in row:
        changed["parts"] = tuple(part_of_text(one) for one in _words(row["part"]))
    if "box" in row:
        changed["box_mm"] = box_of_text(str(row["box"]))
    if "allow-metal" in row:
        changed["metal_allowed"] = str(row["allow-metal"]).casefold() in ("true", "yes", "1")
    ct = folder / str(row["ct"])
    name = str(row.get("name") or ct.name.partition(".")[0])
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith("."):
        fix = "Use letters, digits, points, hyphens and underscores; and no name of a person."
        raise InputError(Issue("cases.name", place, name[:60], "a name a folder can have", fix))
    return Case(name, ct, replace(question, **changed))


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else tuple(str(value).split())


def _number(value: Any, place: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(Issue("cases.value", place, str(value)[:40], "a number", "Correct it.")) from None
