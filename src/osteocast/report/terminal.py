"""The few lines a forecast prints on the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from osteocast.report.wording import INTERVAL, avoided_text, plain, risk_text, style_of, value_at

WIDTH: Final = 100
"""Columns of a line at most."""

_SHOWN: Final = {
    "any_event": "any event",
    "fracture": "fracture",
    "radiotherapy": "radiotherapy",
    "surgery": "surgery",
    "cord_compression": "cord",
    "death": "death",
}
_MOST_REGIMENS: Final = 4


def terminal_summary(result: Mapping[str, Any]) -> str:
    """Return the summary of a result: at most 14 lines of 100 columns, so one line is left for the caller.

    Control characters in names are replaced, so a patient file cannot steer the terminal.
    """
    months = result["settings"]["months"]
    lines = [
        f"Osteocast {result['version']}: {cut(plain(result['title']), 30)}, {person_text(result)}",
        plain(result["banner"]),
        f"Risk within {months} months with {INTERVAL} % interval",
        *_table(result["regimens"], months),
        *_contrast_lines(result),
        f"Calibration: {plain(result['calibration']['state'])}; {plain(result['calibration']['statement'])}",
        _draws_line(result),
        *_warning(result["applicability"]),
    ]
    return "\n".join(cut(line, WIDTH) for line in lines)


def person_text(result: Mapping[str, Any]) -> str:
    """Describe the patient in a few words: "62-year-old woman, breast cancer (ER+), 6 lesions"."""
    patient = result["patient"]
    person = {"female": "woman", "male": "man"}.get(str(patient["sex"]), "person")
    primary = patient["primary"]
    origin = plain(primary["origin"])
    named = {"myeloma": "myeloma", "unknown": "unknown primary", "other": "other cancer"}.get(
        origin, f"{origin} cancer"
    )
    subtype = plain(primary.get("subtype") or "")
    detail = f" ({subtype})" if subtype and subtype != "unknown" else ""
    count = len(patient["lesions"])
    lesions = f"{count or 'no'} lesion{'' if count == 1 else 's'}"
    return f"{patient['age_years']:.0f}-year-old {person}, {named}{detail}, {lesions}"


def cut(text: str, width: int) -> str:
    """Shorten a line to `width` columns; wide characters count as two."""
    if columns(text) <= width:
        return text
    kept = text
    while columns(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept}…"


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(0 if _is_joined(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _is_joined(character: str) -> bool:
    return unicodedata.combining(character) != 0 or unicodedata.category(character) in {"Cf", "Mn", "Me"}


def _table(regimens: Sequence[Mapping[str, Any]], months: int) -> list[str]:
    shown = [k for k in _SHOWN if any(k in r["risk"] for r in regimens)]
    cells = [["", *(_SHOWN[k] for k in shown)]]
    for index, regimen in enumerate(regimens[:_MOST_REGIMENS]):
        mark = " (now)" if regimen["current"] else ""
        name = cut(plain(regimen["name"]), 26 - len(mark))
        cells.append([f"{style_of(index).letter} {name}{mark}", *(_cell(regimen, k, months) for k in shown)])
    widths = [max(columns(row[i]) for row in cells) for i in range(len(shown) + 1)]
    lines = []
    for first, *rest in cells:
        pads = [" " * (w - columns(c)) + c for c, w in zip(rest, widths[1:], strict=True)]
        lines.append(first + " " * (widths[0] - columns(first)) + "".join(f"  {c}" for c in pads))
    if len(regimens) > _MOST_REGIMENS:
        lines.append(f"and {len(regimens) - _MOST_REGIMENS} more in the report")
    return lines


def _cell(regimen: Mapping[str, Any], kind: str, months: int) -> str:
    series = regimen["risk"].get(kind)
    if series is None:
        return "–"
    values = [value_at(series, name, months) for name in ("probability", "low", "high")]
    return risk_text(*values).replace(" %", "%")


def _contrast_lines(result: Mapping[str, Any]) -> list[str]:
    letters = {r["name"]: style_of(i).letter for i, r in enumerate(result["regimens"])}
    chosen = [c for c in result["contrasts"] if c["kind"] == "any_event"][:2]
    return [
        f"{letters.get(c['regimen'], '?')} against {letters.get(c['against'], '?')}, any event, of 100: "
        + (avoided_text(c["avoided_per_100"], c["low"], c["high"]) if c["distinguishable"] else "cannot be told apart")
        for c in chosen
    ]


def _draws_line(result: Mapping[str, Any]) -> str:
    settings, weights = result["settings"], result["weights"]
    size = weights.get("effective_sample_size")
    sample = "" if size is None else f"; effective sample size {size:.0f} of {weights.get('candidates', 0):,}"
    draws = f"{settings['draws']} parameter draws x {settings['continuations']} courses"
    return f"{draws}, seed {settings['seed']}{sample}"


def _warning(applicability: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the gravest remark on whether the model applies to this person."""
    for level, word in (("outside", "Outside what the model was made for"), ("caution", "Caution")):
        found = [a for a in applicability if a["level"] == level]
        if found:
            more = f" (and {len(found) - 1} more in the report)" if len(found) > 1 else ""
            return [f"{word}: {cut(plain(found[0]['text']), 60)}{more}"]
    return []
