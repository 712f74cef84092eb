"""An assessment in words: at most 25 lines for the terminal, and the whole of it as plain text for pasting."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from osteocast.report.wording import plain, risk_text

__all__ = ["LINES", "assessment_terminal", "assessment_text", "score_line"]

_WIDTH = 80
LINES = 25

Result = Mapping[str, Any]


def assessment_terminal(result: Result) -> str:
    """Write an assessment in at most 25 lines of 80 columns; what does not fit is counted, the gravest stays."""
    head = [*_head(result), *_level(result)]
    passed = _not_used(result)[:2]
    tail = [*_unrecorded(result), *passed, *_old(result), *_brief_scores(result, 4 - len(passed))]
    tail += [*_forecast_brief(result), *_more(result)]
    room = LINES - len(head) - len(tail)
    body: list[str] = []
    listed = result["findings"]
    for number, one in enumerate(listed):
        lines = _wrapped(_finding_line(one), 2 if one["level"] == "SOON" else 3)
        rest = len(listed) - number
        if len(body) + len(lines) + (1 if rest > 1 else 0) > room:
            body.append(f"  {rest} more findings, none graver: --json or --out")
            break
        body += lines
    return "\n".join([*head, *body, *tail])


def _head(result: Result) -> list[str]:
    record = result["record"]
    who = f"{record['age_years']:g}-year-old" if record["age_years"] is not None else "age not recorded"
    words = ", ".join(plain(one) for one in (who, record["sex"], record["primary"]) if one)
    name = plain(record["source"])
    return [
        _cut(f"Osteocast {result['version']}: {name[:40]}, {words}, read on {record['today']}"),
        *textwrap.wrap(result["banner"], _WIDTH),
    ]


def _level(result: Result) -> list[str]:
    urgency = result["urgency"]
    least = ", at least" if urgency["rule"] else ""
    return [*_wrapped(f"{urgency['level']}{least}: {urgency['means']}"), _cut(f"(table {urgency['review']})")]


def _finding_line(one: Mapping[str, Any]) -> str:
    where = "" if one["where"] == "patient" else f" at {plain(one['where'])}"
    facts = "; ".join(plain(text) for text in one["trigger"]) or plain(one["says"])
    clock = f" -> {'; '.join(one['clock'])}" if one["clock"] else ""
    return f"{one['level']}: {one['title']}{where}: {facts} [{one['rule']}]{clock}"


def _unrecorded(result: Result) -> list[str]:
    flags = result["urgency"]["red_flags_not_recorded"]
    return _wrapped(f"Red flags not recorded: {', '.join(flags)}", 4) if flags else []


def _not_used(result: Result) -> list[str]:
    passed = "; ".join(plain(text) for text in result["urgency"]["not_used"])
    return _wrapped(f"In the record, but not used, and perhaps a red flag: {passed}", 3) if passed else []


def _old(result: Result) -> list[str]:
    old = [f"{one['title']} {one['days']} days (over {one['limit']})" for one in result["ages"] if one["old"]]
    return _wrapped(f"Old data: {', '.join(old)}", 2) if old else []


def _brief_scores(result: Result, most: int) -> list[str]:
    lines = [line for one in result["scores"] if (line := score_line(one))]
    return _wrapped(f"Instruments: {'; '.join(lines)}", most) if lines else []


def score_line(one: Mapping[str, Any]) -> str:
    """Write the main answer of an instrument in a few words; empty where it does not apply."""
    if not one["applicable"]:
        return ""
    answers = [answer for answer in one["answers"] if not isinstance(answer["value"], bool)]
    numbers = [answer for answer in answers if answer["bounds"] is not None]
    first = (numbers or answers)[0] if answers else None
    if first is None:
        return ""
    where = "" if one["where"] == "patient" else f"{plain(one['where'])} "
    title = one["instrument"]
    unit = f" {first['unit']}" if first["unit"] else ""
    if first["settled"]:
        value = first["value"]
        return f"{where}{title} {value:.4g}{unit}" if isinstance(value, int | float) else f"{where}{title} {value}"
    if first["bounds"]:
        return f"{where}{title} open, {first['bounds'][0]:.3g} to {first['bounds'][1]:.3g}{unit}"
    return f"{where}{title} open"


def _forecast_brief(result: Result) -> list[str]:
    """Return the chance of any skeletal event under each treatment, or what is missing for it, in two lines."""
    forecast = result.get("forecast")
    if forecast is None:
        return []
    if not forecast["treatments"]:
        missing = "; ".join(f"[{one['code']}] {plain(one['found'])}" for one in forecast["missing"])
        return _wrapped(f"No forecast: {missing}", 2)
    parts = []
    for one in forecast["treatments"]:
        risk = next(r for r in one["risks"] if r["event"] == "any_event" and r["month"] == forecast["months"])
        current = "*" if one["current"] else ""
        parts.append(f"{one['name']}{current} {risk_text(risk['probability'], risk['low'], risk['high'])}")
    head = f"Forecast ({forecast['label']}), any skeletal event in {forecast['months']} months"
    return _wrapped(f"{head}, {forecast['interval_percent']} % interval: {'; '.join(parts)}", 3)


def _more(result: Result) -> list[str]:
    options = len(result["options"])
    parts = [f"{options} options of guidelines side by side"] if options else []
    off = len(result["rules_off"]) + result["options_off"]
    parts += [f"{off} rules read in no source are off (--unchecked)"] if off else []
    parts += [f"{len(result['warnings'])} warnings of the reader"] if result["warnings"] else []
    return _wrapped(f"More with --json or --out: {'; '.join(parts) or 'facts and sources'}", 2)


def assessment_text(result: Result) -> str:
    """Write the whole assessment as plain text: findings, instruments, options, facts, what is not recorded."""
    lines = [*_head(result), *textwrap.wrap(result["intended_use"], _WIDTH), "", *_level(result)]
    for one in result["findings"]:
        lines += ["", *_finding_block(one)]
    lines += ["", *_unrecorded(result), *_not_used(result), *_old(result), "", "INSTRUMENTS"]
    for one in result["scores"]:
        lines += _score_block(one)
    lines += ["", "OPTIONS DESCRIBED IN GUIDELINES AND LABELS (each in its own grading; none is a recommendation)"]
    for one in result["options"]:
        lines += _option_block(one)
    lines += ["", "FACTS OF THE RECORD"]
    lines += [part for one in result["facts"] for part in _fact_lines(one)]
    if result["rules_off"] or result["options_off"]:
        lines += ["", *_wrapped(f"Off, read in no source: {', '.join(result['rules_off'])}")]
    lines += [part for one in result["warnings"] for part in _wrapped(_warning_line(one))]
    lines += ["", "REFERENCES", *(part for text in result["references"].values() for part in _wrapped(plain(text)))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _finding_block(one: Mapping[str, Any]) -> list[str]:
    lines = _wrapped(_finding_line(one))
    rows: tuple[tuple[str, Sequence[str]], ...] = (
        ("", [one["says"]]),
        ("For: ", one["supports"]),
        ("Against: ", one["against"]),
        ("Not recorded: ", one["not_recorded"]),
        ("", [one["note"]] if one["note"] else []),
        ("Source: ", [f"{', '.join(one['sources'])} ({one['status']})"]),
    )
    for label, texts in rows:
        if texts:
            lines += [f"  {line}" for line in _wrapped(label + "; ".join(plain(text) for text in texts))]
    return lines


def _score_block(one: Mapping[str, Any]) -> list[str]:
    where = "" if one["where"] == "patient" else f"{plain(one['where'])}: "
    if not one["applicable"]:
        return _wrapped(f"{where}{one['title']}: not applicable. {' '.join(one['reasons'])}")
    words = []
    for answer in one["answers"]:
        value = answer["text"] or _value(answer)
        words.append(f"{answer['title']} {value}")
    items = "; ".join(f"{i['title']} {plain(i['given'])}" for i in one["items"])
    missing = "; ".join(m["title"] for m in one["missing"])
    text = f"{where}{one['title']}, {one['version']} ({one['status']}): {'; '.join(words)}. From: {items}."
    return _wrapped(text + (f" Not recorded: {missing}." if missing else ""))


def _value(answer: Mapping[str, Any]) -> str:
    if answer["settled"]:
        value = answer["value"]
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:.4g} {answer['unit']}".strip() if isinstance(value, int | float) else str(value or "none")
    if answer["bounds"]:
        return f"open, {answer['bounds'][0]:.3g} to {answer['bounds'][1]:.3g} {answer['unit']}".strip()
    return "open"


def _option_block(one: Mapping[str, Any]) -> list[str]:
    text = f"{one['guideline']} {one['year']} [{one['strength']}]: {one['says']}."
    text += f" Limits: {one['limits']}." if one["limits"] else ""
    text += f" Differs: {one['differs']}." if one["differs"] else ""
    return _wrapped(text + f" ({one['status']})")


def _fact_lines(one: Mapping[str, Any]) -> list[str]:
    date = f" on {one['date']}" if one["date"] else ""
    return _wrapped(f"{one['name']}: {plain(one['text'])}{date}")


def _warning_line(one: Mapping[str, Any]) -> str:
    return f"Reader: [{one['code']}] {plain(one['pointer'])} {plain(one['found'])}: {plain(one['done'])}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1].rstrip() + "…"


def _wrapped(text: str, most: int = 1000) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent="    ")
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1][: _WIDTH - 2].rstrip()} …"]
