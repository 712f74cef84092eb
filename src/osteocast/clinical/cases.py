"""Worked cases: what is expected of an instrument beside what it computes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from osteocast.clinical.score import Score, apply_instrument
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited

__all__ = ["check_case", "read_cases"]

_KEYS = {"id", "instrument", "input", "expected"}


def read_cases(path: str | Path) -> list[dict[str, Any]]:
    """Read a list of worked cases: ``id``, ``instrument``, ``input`` and ``expected`` each.

    Raises
    ------
    InputError
        ``file.*`` or ``instrument.cases``
    """
    place, fix = str(path), "See docs/instruments.md."
    try:
        found = json.loads(read_text_limited(path))
    except (ValueError, RecursionError) as error:
        issue = Issue("file.syntax", place, str(error)[:200], "valid JSON", "Correct the JSON at that place.")
        raise InputError(issue) from None
    if not isinstance(found, list) or not found:
        raise InputError(Issue("instrument.cases", place, "no list of cases", "a list of cases", fix))
    issues = [
        Issue("instrument.cases", f"{place}: [{number}]", "another shape", ", ".join(sorted(_KEYS)), fix)
        for number, case in enumerate(found, 1)
        if not isinstance(case, dict)
        or not case.keys() >= _KEYS
        or not isinstance(case["input"], dict)
        or not isinstance(case["expected"], dict)
    ]
    if issues:
        raise InputError(issues)
    return found


def check_case(case: dict[str, Any]) -> dict[str, Any]:
    """Return expected and computed values of one case, compared at the digits that are expected.

    Instruments of any check status take part: a case says what is expected of the table as it stands here.
    """
    row: dict[str, Any] = {"id": str(case["id"]), "instrument": str(case["instrument"]), "problem": ""}
    try:
        found = apply_instrument(row["instrument"], case["input"], unchecked=True)
    except InputError as error:
        problem = "; ".join(f"[{i.code}] {i.place}: {i.found}" for i in error.issues)
        return {**row, "same": False, "compared": {}, "problem": problem}
    compared = {}
    for key, expected in case["expected"].items():
        computed = _computed(found, key)
        compared[key] = {"expected": expected, "computed": computed, "same": _same(expected, computed)}
    same = found.applicable and all(pair["same"] for pair in compared.values())
    return {**row, "same": same, "compared": compared, "problem": " ".join(found.reasons)}


def _computed(found: Score, key: str) -> Any:
    """Return the output of that name; ``bounds`` are those of the total, ``bands_possible`` the bands that are left."""
    answers = {one.name: one for one in found.answers}
    if key == "bounds" and "total" in answers:
        return list(answers["total"].bounds or ())
    if key == "bands_possible" and "band" in answers:
        return list(answers["band"].possible)
    if key not in answers:
        return "no such output"
    value = answers[key].value
    return list(value) if isinstance(value, tuple) else value


def _same(expected: Any, computed: Any) -> bool:
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (expected, computed)]
    if not all(numbers):
        return bool(expected == computed) and type(expected) is type(computed)
    exponent = Decimal(str(expected)).as_tuple().exponent
    return round(float(computed), -exponent if isinstance(exponent, int) else 0) == float(expected)
