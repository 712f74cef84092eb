"""How much of an assessment one printed page holds: what is folded first, estimated from the length of its texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

__all__ = ["FOLDS", "Fold", "fold_of"]

View = Mapping[str, Any]

_COLUMN: Final = 76.0
"""Letters of a line of one of the two columns at the usual size, measured on printed pages, on the narrow side."""
_LINES: Final = 192.0
"""Lines of both columns of an A4 page together at the usual size, less some room for breaks."""
_PICTURE: Final = 11.0
"""Lines that the picture of the skeleton takes away from the text beside it."""


class Fold(NamedTuple):
    """One step of folding: what is left out of print from here on, and the size of print."""

    left_out: str
    scale: float


FOLDS: Final = (
    Fold("", 1.0),
    Fold("population and accuracy of the instruments", 1.0),
    Fold("items of the instruments, values and conversions", 1.0),
    Fold("open rules of lower levels", 0.93),
    Fold("references and licences", 0.87),
    Fold("picture of the skeleton, what the instruments lack, warnings of the reader", 0.78),
)
"""Steps of folding, each with those before it. Red flags, urgency, complications, drug safety and options stay."""


def fold_of(view: View, result: View) -> int:
    """Return the first step of `FOLDS` at which the page is likely to fit on one sheet, or the last one."""
    # smaller print loses less at the ends of its lines than the estimate says
    room = [_LINES / math.sqrt(fold.scale) for fold in FOLDS]
    return next((step for step in range(len(FOLDS)) if _lines(view, result, step) <= room[step]), len(FOLDS) - 1)


def _lines(view: View, result: View, step: int) -> float:
    """Estimate the lines of both columns at the usual size."""
    scale = FOLDS[step].scale
    texts = [*_always(view, result), *_foldable(view, result, step)]
    lines = sum(math.ceil(max(length, 1) * scale / _COLUMN) for length in texts)
    table = _table_lines(view["forecast"])
    picture = _PICTURE if view["skeleton"] and step < len(FOLDS) - 1 else 0.0
    return (lines + table) * scale + picture + 2.0 * _headings(view)


def _headings(view: View) -> int:
    return 7 + (view["forecast"] is not None)


def _always(view: View, result: View) -> Iterator[int]:
    """Yield the length of each paragraph that is never folded; one across the page counts for both columns."""
    yield from _wide([len(result["banner"]) + len(result["intended_use"]) + 60, 110, 140])
    flags = result["urgency"]["red_flags_not_recorded"]
    yield from _wide([_length(flags) + 110])
    passed = result["urgency"]["not_used"]
    yield from _wide([_length(passed) + 100] if passed else [])
    for one in view["groups"]:
        cases = sum(_length(case["trigger"]) + len(case["where"]) + 4 for case in one["cases"])
        yield from _wide([len(one["title"]) + cases + _length(one["clock"]) + len(one["rule"]) + 30])
    for one in view["complications"]:
        yield len(one["title"]) + _length(one["places"])
        yield len(one["says"]) + _length(one["sources"]) + len(one["checked"])
        for case in one["cases"]:
            yield len(case["where"]) + sum(_length(case[key]) for key in ("supports", "against", "missing")) + 50
    for one in view["drugs"]:
        yield len(one["says"]) + _length(one["clock"]) + len(one["rule"]) + len(one["note"]) + 30
    yield sum(len(row["title"]) + len(row["text"]) + 4 for row in view["safety"])
    for group in view["options"]:
        yield len(group["title"])
        for one in group["rows"]:
            yield sum(len(one[key]) for key in ("guideline", "strength", "says", "limits", "differs")) + 60
    yield from _forecast(view["forecast"])


def _foldable(view: View, result: View, step: int) -> Iterator[int]:
    for one in view["instruments"]:
        items = 0
        for case in one["cases"]:
            items += _length(case["missing"]) if step < 5 else 0
            items += _length(case["answers"]) + _length(case["reasons"]) + 16
            items += (_length(case["items"]) + 8) if step < 2 else 0
        yield len(one["title"]) + len(one["version"]) + len(one["checked"]) + items
        if step < 1:
            yield len(one["population"]) + _length(one["accuracy"]) + 24
    yield sum(len(one["text"]) + len(one["limit"]) + 12 for one in view["ages"])
    if step < 2:
        yield sum(len(day) + _length(texts) for day, texts in view["days"])
        yield sum(len(one["quantity"]) + 30 for one in result["conversions"])
    for kind in ("rejected", "warnings") if step < 5 else ():
        yield sum(len(one["code"]) + len(one.get("what", "") or one.get("found", "")) + 50 for one in result[kind][:12])
    for one in view["changes"]:
        if step < 3 or one["raises"] or one["level"] in ("", "EMERGENCY"):
            yield len(one["about"]) + len(one["effect"]) + _length(one["missing"]) + _length(one["rules"])
    yield 300
    if step < 4:
        yield round(0.75 * sum(len(one["brief"]) + 2 for one in view["references"]))
        yield round(0.75 * (240 + sum(len(licence) + _length(names) for licence, names in view["licences"])))


def _forecast(forecast: View | None) -> Iterator[int]:
    if forecast is None:
        return
    yield len(forecast["population"]) + len(forecast["calibration"]) + 90
    yield _length(forecast["differences"]) + 40
    yield from (len(text) + 30 for text in forecast["not_compared"])
    yield from (len(one["text"]) + 10 for one in forecast["limits"])
    yield len(forecast["event_definition"]) + 190
    for one in forecast["missing"]:
        yield sum(len(one[key]) for key in ("code", "place", "found", "expected", "fix")) + 20


def _table_lines(forecast: View | None) -> float:
    if forecast is None or not forecast["treatments"]:
        return 0.0
    columns = 1 + len(forecast["treatments"])
    room = _COLUMN / columns
    head = max(len(one["title"]) + 24 for one in forecast["treatments"])
    rows = sum(
        max(math.ceil(len(text) / room) for text in (row["title"], *(cell["text"] for cell in row["cells"])))
        for row in forecast["rows"]
    )
    return math.ceil(head / room) + rows * 1.15


def _wide(lengths: Iterable[int]) -> Iterator[int]:
    """Yield the length of a text across both columns so that it counts for the lines of both."""
    for length in lengths:
        yield 2 * round(_COLUMN) * math.ceil(length / (2.05 * _COLUMN))


def _length(texts: Iterable[str]) -> int:
    return sum(len(text) + 2 for text in texts)
