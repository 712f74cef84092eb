"""What the terminal shows of a score, of the list of instruments and of worked cases."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from osteocast.foundation.banner import BANNER

__all__ = ["cases_text", "instrument_text", "list_text", "score_text"]

_WIDTH = 80
STATUS_WORDS = {
    "primary": "checked in the publication",
    "secondary": "checked in a reproduction, not in the publication",
    "memory": "NOT checked in any source",
}


def score_text(found: dict[str, Any]) -> str:
    """Write a score for people: the answer first, then what is open, then what to know about the instrument."""
    lines = [f"{found['title']}, {found['version']}", BANNER]
    if not found["applicable"]:
        lines += [f"Not applicable: {reason}" for reason in found["reasons"]]
    else:
        some_open = not all(one["settled"] for one in found["answers"])
        lines += [_answer_line(one) + (", settled" if some_open and one["settled"] else "") for one in found["answers"]]
        lines += _items(found["items"]) + _missing(found["missing"])
    lines += [f"Note: {note}" for note in found["notes"]]
    if found["not_checked"]:
        lines.append("Guards not checked: " + "; ".join(text.partition(": ")[0] for text in found["not_checked"]))
    lines += [f"Published: {one['text']}" for one in found["accuracy"]]
    lines += [f"Built on: {found['population']}", _table_line(found)]
    return "\n".join(_wrapped(lines))


def _table_line(found: dict[str, Any]) -> str:
    contradictions = ", ".join(one["about"] for one in found["conflicts"])
    more = f"; sources contradict each other on {contradictions} (--json)" if contradictions else ""
    return f"Table: {STATUS_WORDS[found['status']]}{more}; sources {', '.join(found['sources'])}"


def _wrapped(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, _WIDTH, subsequent_indent="    ")]


def _answer_line(one: dict[str, Any]) -> str:
    title = one["title"][:1].upper() + one["title"][1:]
    if one["settled"]:
        return f"{title}: {one['text'] or _shown(one['value']) + ' ' + one['unit']}".rstrip()
    if one["bounds"]:
        low, high = one["bounds"]
        return f"{title}: open, {low:g} to {high:g} {one['unit']}".rstrip()
    if one["possible"]:
        return f"{title}: open, {' or '.join(_shown(value) for value in one['possible'])}"
    return f"{title}: open"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, list):
        return "; ".join(str(one) for one in value) or "none"
    return f"{value:.6g}" if isinstance(value, int | float) else str(value).replace("_", " ")


def _items(items: Sequence[dict[str, Any]]) -> list[str]:
    parts = []
    for one in items:
        level = "" if one["level"].casefold() in ("", one["given"].casefold()) else f" = {one['level']}"
        points = "" if one["points"] is None else f" ({one['points']})"
        parts.append(f"{one['title']} {one['given']}{level}{points}")
    return ["From: " + "; ".join(parts)] if parts else []


def _missing(missing: Sequence[dict[str, Any]]) -> list[str]:
    if not missing:
        return []
    parts = [one["title"] + (" (settles it)" if one["settles"] else "") for one in missing]
    return ["Not given, the most useful first: " + "; ".join(parts)]


def list_text(rows: Sequence[tuple[str, str, str]]) -> str:
    """Write name, status and title of each instrument, separated by tabs."""
    return "\n".join("\t".join(row) for row in rows)


def instrument_text(name: str, entry: dict[str, Any]) -> str:
    """Write what an instrument asks for."""
    lines = [f"{entry['title']}, {entry['version']}: {entry['measures']}", BANNER]
    for key, item in entry["items"].items():
        words = ", ".join(level["name"] for level in item["levels"]) or item["unit"] or item["kind"]
        lines.append(f"--{key.replace('_', '-')}  {item['title']}: {words}")
    lines.append(f"Table: {STATUS_WORDS[entry['status']]}")
    return "\n".join(_wrapped(lines))


def cases_text(rows: Sequence[dict[str, Any]]) -> str:
    """Write worked cases: one line each, expected and computed."""
    lines = [BANNER]
    for row in rows:
        word = "same" if row["same"] else "DIFFERS"
        lines.append(f"{word:8}{row['id']:14}{row['instrument']}")
        for key, pair in row["compared"].items():
            mark = "" if pair["same"] else "  <-- differs"
            lines.append(f"    {key}: expected {pair['expected']}, computed {pair['computed']}{mark}")
        if row["problem"]:
            lines.append(f"    {row['problem']}")
    different = sum(not row["same"] for row in rows)
    return "\n".join([*lines, f"{len(rows)} cases, {different} different"])
