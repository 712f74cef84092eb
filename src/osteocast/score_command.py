"""What the score command does between the terminal and the library: read items, print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.clinical.cases import check_case, read_cases
from osteocast.clinical.score import apply_instrument
from osteocast.formats.instrument_file import find_instrument, instrument, instrument_names
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue
from osteocast.report.score_terminal import cases_text, instrument_text, list_text, score_text

__all__ = ["Asked", "score_command"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command."""

    listed: bool
    cases: Path | None
    unchecked: bool
    as_json: bool


def score_command(name: str | None, arguments: list[str], asked: Asked) -> tuple[str, int]:
    """Return what the terminal shows, and the exit code: 1 where a worked case differs, else 0.

    Raises
    ------
    InputError
        With every problem of the items at once.
    """
    if asked.listed:
        return _listed(asked.as_json), 0
    if asked.cases is not None:
        return _cases(asked.cases, asked.as_json)
    if name is None:
        fix = "Write `osteocast score sins --location T9`, or --list."
        raise InputError(Issue("instrument.unknown", "instrument", "none", "the name of an instrument", fix))
    items = _items(name, arguments)
    if not items:
        found = find_instrument(name)
        entry = instrument(found).model_dump(mode="json", by_alias=True)
        return (_json(entry) if asked.as_json else instrument_text(found, entry)), 0
    result = apply_instrument(name, items, asked.unchecked).to_dict()
    return (_json(result) if asked.as_json else score_text(result)), 0


def _items(name: str, arguments: list[str]) -> dict[str, object]:
    """Read ``--item value`` and ``--item=value``; an item given twice holds both."""
    items: dict[str, object] = {}
    issues: list[Issue] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        key, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not key:
            fix = "Write --item value; quote values with spaces or signs."
            issues.append(Issue("instrument.argument", name, word, "--item value", fix))
            continue
        if not equals:
            if not rest or rest[0].startswith("--"):
                fix = "Give a value, or leave the item out where it is not known."
                issues.append(Issue("instrument.argument", name, word, "a value behind it", fix))
                continue
            value = rest.pop(0)
        before = items.get(key)
        items[key] = value if before is None else f"{before}, {value}"
    if issues:
        raise InputError(issues)
    return items


def _listed(as_json: bool) -> str:
    entries = {name: instrument(name) for name in instrument_names()}
    if as_json:
        return _json({name: entry.model_dump(mode="json", by_alias=True) for name, entry in entries.items()})
    return list_text([(name, entry.status, f"{entry.title}, {entry.version}") for name, entry in entries.items()])


def _cases(path: Path, as_json: bool) -> tuple[str, int]:
    rows = [check_case(case) for case in read_cases(path)]
    text = _json({"banner": BANNER, "cases": rows}) if as_json else cases_text(rows)
    return text, int(not all(row["same"] for row in rows))


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)
