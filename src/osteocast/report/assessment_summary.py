"""An assessment as short plain text for pasting, in the order of the page; the whole of it is ``assessment.txt``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from osteocast.report.assessment_view import View, assessment_view
from osteocast.report.wording import plain

__all__ = ["WIDTH", "assessment_summary"]

WIDTH = 78
"""Columns of a line."""

_FEW = 4


def assessment_summary(result: Mapping[str, Any]) -> str:
    """Return the text: lines of at most 78 columns, one section after the other."""
    view = assessment_view(result)
    sections = (
        _head(result, view),
        _urgency(result, view),
        _complications(view),
        _instruments(view),
        _safety(view),
        _options(view),
        _forecast(view),
        _data(result, view),
        _changes(view),
        _foot(result, view),
    )
    return "\n\n".join("\n".join(lines) for lines in (list(section) for section in sections) if lines) + "\n"


def _wrap(text: str, indent: str = "  ", first: str = "") -> list[str]:
    return textwrap.wrap(plain(text), WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def _item(text: str) -> list[str]:
    return textwrap.wrap(f"- {plain(text)}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _head(result: Mapping[str, Any], view: View) -> Iterator[str]:
    record = result["record"]
    yield from _wrap(f"Osteocast {result['version']}, assessment of {record['source'][:60]}: {view['who']}", "")
    yield from _wrap(f"Read on {record['today']}.", "")
    yield from _wrap(f"{result['banner']} {result['intended_use']} {view['act']}", "")


def _urgency(result: Mapping[str, Any], view: View) -> Iterator[str]:
    urgency = result["urgency"]
    least = ", at least" if urgency["rule"] else ""
    yield from _wrap(f"RED FLAGS AND URGENCY: {urgency['level']}{least}: {urgency['means']}")
    yield from _wrap(f"Table of urgency {urgency['review']}.")
    for one in view["groups"]:
        for case in one["cases"]:
            where = f" at {case['where']}" if case["where"] else ""
            clock = f" Clock: {'; '.join(one['clock'])}." if one["clock"] else ""
            facts = "; ".join(case["trigger"]) or one["says"]
            yield from _item(f"{one['level']}: {one['title']}{where}: {facts} [{one['rule']}].{clock}")
    flags = urgency["red_flags_not_recorded"]
    if flags:
        yield from _wrap(f"Red flags not recorded: {', '.join(flags)}. A low level is no reassurance.")
    if urgency["not_used"]:
        passed = "; ".join(urgency["not_used"])
        yield from _wrap(f"In the record, but not used: {passed}. Any of them may be a red flag.")


def _complications(view: View) -> Iterator[str]:
    yield "SUSPECTED COMPLICATIONS"
    if not view["complications"]:
        yield "- No listed trigger is met in what was recorded; this is no reassurance."
    for one in view["complications"]:
        for case in one["cases"]:
            where = f" at {case['where']}" if case["where"] else ""
            yield from _item(f"{one['title']}{where}: {one['says']}.")
            for label, texts in (
                ("For", case["supports"]),
                ("Against", case["against"]),
                ("Not recorded", case["missing"]),
            ):
                if texts:
                    yield from _wrap(f"{label}: {'; '.join(texts)}", "    ", "  ")


def _instruments(view: View) -> Iterator[str]:
    if view["instruments"]:
        yield "INSTRUMENTS (items not recorded give bounds, never zero)"
    for one in view["instruments"]:
        for case in one["cases"]:
            where = f"{case['where']}: " if case["where"] else ""
            if not case["applicable"]:
                yield from _item(f"{where}{one['title']}: not applicable. {' '.join(case['reasons'])}")
                continue
            missing = f" Not recorded: {', '.join(case['missing'])}." if case["missing"] else ""
            yield from _item(f"{where}{one['title']} ({one['version']}): {'; '.join(case['answers'])}.{missing}")


def _safety(view: View) -> Iterator[str]:
    yield "DRUG SAFETY"
    for one in view["drugs"]:
        yield from _item(f"{one['level']}: {one['says']} [{one['rule']}]. {'; '.join(one['cases'][0]['trigger'])}")
    for row in view["safety"]:
        yield from _item(f"{row['title']}: {row['text']}")


def _options(view: View) -> Iterator[str]:
    if view["options"]:
        yield from _wrap("OPTIONS DESCRIBED IN GUIDELINES AND LABELS (own gradings; none is a recommendation)")
    for group in view["options"]:
        yield from _wrap(f"{group['title']}:")
        for one in group["rows"]:
            more = f" Limits: {one['limits']}." if one["limits"] else ""
            more += f" Differs: {one['differs']}." if one["differs"] else ""
            yield from _item(f"{one['guideline']} {one['year']} [{one['strength']}]: {one['says']}.{more}")


def _forecast(view: View) -> Iterator[str]:
    forecast = view["forecast"]
    if forecast is None:
        return
    yield from _wrap(f"FORECAST ({forecast['label']})")
    for one in forecast["missing"]:
        yield from _item(f"[{one['code']}] {one['place']}: {one['found']}; expected {one['expected']}")
    if not forecast["treatments"]:
        yield "- No forecast is given."
        return
    yield from _wrap(
        f"Chance within {forecast['months']} months, {forecast['interval_percent']} % interval in brackets, of "
        f"{forecast['population']}. {forecast['calibration']}."
    )
    for index, one in enumerate(forecast["treatments"]):
        current = " (current)" if one["current"] else ""
        risks = [
            f"{row['title'].lower()} {cell['text']}"
            for row in forecast["rows"]
            for cell in row["cells"][index * len(forecast["horizons"]) :][: len(forecast["horizons"])]
            if cell["last"]
        ]
        yield from _item(f"{one['letter']} {one['title']}{current}: {'; '.join(risks)}")
    yield from (line for text in forecast["not_compared"] for line in _item(f"Not to be compared. {text}"))
    yield from (line for text in forecast["differences"] for line in _item(f"Any skeletal event, {text}"))
    yield from (line for one in forecast["limits"] for line in _item(f"{one['level']}: {one['text']}"))


def _data(result: Mapping[str, Any], view: View) -> Iterator[str]:
    yield "DATA USED"
    for one in view["data"]:
        day = f", {one['date']} ({one['age']})" if one["date"] else ", day not recorded"
        yield from _item(f"{one['name']} {one['text']}".strip() + day)
    old = [f"{one['text']}, over {one['limit']}" for one in view["ages"] if one["old"]]
    yield from _few("Old data", old, len(old))
    conversions = [
        f"{one['quantity']} {one['from_unit']} x {one['factor']:.6g} = {one['to_unit']}"
        for one in result["conversions"]
    ]
    yield from _few("Conversions", conversions, _FEW)
    yield from _few("Rejected", [f"{one['what']} [{one['code']}]" for one in result["rejected"]], _FEW)
    yield from _few("Warnings", [f"{one['found']}: {one['done']} [{one['code']}]" for one in result["warnings"]], _FEW)


def _few(label: str, texts: Iterable[str], most: int) -> list[str]:
    listed = list(dict.fromkeys(texts))
    if not listed:
        return []
    more = f"; {len(listed) - most} more in result.json" if len(listed) > most else ""
    return _item(f"{label}: {'; '.join(listed[:most])}{more}")


def _changes(view: View) -> Iterator[str]:
    if view["changes"]:
        yield "WHAT WOULD CHANGE THIS (greatest effect first)"
    for one in view["changes"]:
        yield from _item(f"{one['about']} {one['effect']}".strip() + f": {', '.join(one['missing'])}")


def _foot(result: Mapping[str, Any], view: View) -> Iterator[str]:
    edition = result["edition"]
    record = f", record {view['input_hash']}" if view["input_hash"] else ""
    yield from _wrap(
        f"Osteocast {result['version']}; rules edition {edition['number']} of {edition['dated']}, sources looked at on "
        f"{edition['sources_looked_at']}, data {view['hash']}{record}. References: report.html."
    )
