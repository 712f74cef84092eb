"""What published figures and patterns of events do when a mechanism is out, for the page, tables and terminal."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from osteocast.report.digits import number

View = dict[str, Any]

_WHOLE: Final = "with every mechanism"
_CHANGED: Final = ("lost", "gained")
_ROW: Final = ("trial", "endpoint", "target", "use", "family", "unit")
_MOVED: Final = ("whole", "without", "change", "error", "low", "high", "verdict")
_PATTERN: Final = (
    "patients",
    "events",
    "first_early",
    "first_later",
    "first",
    "next",
    "variance_over_mean",
    "top_tenth",
)


def removal_view(result: Mapping[str, Any]) -> View | None:
    """Return what the page shows of mechanisms that were out; None where none was.

    Rows are contrasts, and levels that come into or leave their interval without a mechanism.
    """
    found = result["mechanisms"]
    if found is None:
        return None
    moved = [{row["target"]: row for row in one["rows"]} for one in found["each"]]
    rows = []
    for row in result["rows"]:
        own = [each.get(row["target"]) for each in moved]
        shown = [one for one in own if one is not None]
        if shown and (row["family"] == "contrast" or any(one["verdict"] in _CHANGED for one in shown)):
            rows.append(_row(row, own))
    rows.sort(key=lambda one: one["family"] != "contrast")
    return {"each": found["each"], "rows": rows, "patterns": [_cells(one) for one in _patterns(found)]}


def _row(row: Mapping[str, Any], moved: Sequence[Mapping[str, Any] | None]) -> View:
    whole = next(one["whole"] for one in moved if one is not None)
    cells = [{"value": _without(one, row["scale"]), "verdict": _mark(one)} for one in moved]
    head = {key: row[key] for key in ("trial", "target", "unit", "family")}
    names = {"endpoint": row["endpoint"].replace("-", " ")}
    return head | names | {"published": number(row["published"]["value"]), "whole": number(whole), "cells": cells}


def _without(moved: Mapping[str, Any] | None, scale: str) -> str:
    """Write a figure without a mechanism, with the change one standard error smaller and larger."""
    if moved is None or moved["verdict"] == "not told":
        return "–"
    if moved["without"] is None:
        return "not reached"
    if scale != "log" or moved["error"] is None:
        return number(moved["without"])
    low, high = (math.exp(moved["change"] + sign * moved["error"]) * moved["whole"] for sign in (-1.0, 1.0))
    return f"{number(moved['without'])} ({number(low)}–{number(high)})"


def _mark(moved: Mapping[str, Any] | None) -> str:
    return moved["verdict"] if moved is not None and moved["verdict"] in _CHANGED else ""


def _patterns(found: Mapping[str, Any]) -> Iterator[View]:
    """Yield the patterns of every arm, with every mechanism and without each."""
    for trial, arms in found["patterns"].items():
        for place, arm in enumerate(arms):
            yield {"trial": trial, "without": _WHOLE} | arm
            for one in found["each"]:
                if trial in one["patterns"]:
                    yield {"trial": trial, "without": one["name"]} | one["patterns"][trial][place]


def pattern_rows(result: Mapping[str, Any]) -> list[View]:
    """Return the patterns of the first simulated trial of each, as text."""
    return [_cells({"trial": trial["name"], **arm}) for trial in result["trials"] for arm in trial["patterns"]]


def _cells(pattern: Mapping[str, Any]) -> View:
    early = _over(pattern["first_early"], pattern["first_later"])
    after = _over(pattern["next"], pattern["first"])
    words = {key: pattern[key] for key in ("trial", "without", "arm") if key in pattern}
    return words | {key: number(pattern[key]) for key in _PATTERN} | {"early": early, "after": after}


def _over(above: float | None, below: float | None) -> str:
    return number(above / below) if above is not None and below else number(None)


def mechanisms_text(result: Mapping[str, Any]) -> str:
    """Return one line for each mechanism and published figure as CSV; what does not exist is empty."""
    rows = {row["target"]: row for row in result["rows"]}
    lines = [
        [one["name"], *(rows[moved["target"]][key] for key in _ROW), rows[moved["target"]]["published"]["value"]]
        + [moved[key] for key in _MOVED]
        for one in result["mechanisms"]["each"]
        for moved in one["rows"]
    ]
    return _csv(["mechanism", *_ROW, "published", *_MOVED], lines)


def patterns_text(result: Mapping[str, Any]) -> str:
    """Return one line for each arm and mechanism as CSV."""
    head = ("trial", "arm", "without", *_PATTERN)
    return _csv(head, [[one[key] for key in head] for one in _patterns(result["mechanisms"])])


def _csv(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return buffer.getvalue()


def terminal_line(result: Mapping[str, Any]) -> str:
    """Return how many rows are lost and gained without each mechanism, in at most 80 columns for six of them."""
    each = result["mechanisms"]["each"]
    return "Rows lost, gained without " + ", ".join(
        f"{one['name'].split('-')[0]} {one['counts']['lost']}/{one['counts']['gained']}" for one in each
    )
