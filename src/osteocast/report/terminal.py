"""The few lines a forecast prints on the terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from osteocast.domain.emergencies import URGENT
from osteocast.report import wording
from osteocast.report.wording import INTERVAL, avoided_text, interval, percent, plain, style_of, value_at

WIDTH: Final = 80
"""Columns of a line at most."""
LINES: Final = 14
"""Lines at most, so that one is left for the caller."""

_SHOWN: Final = {
    "any_event": "any event",
    "fracture": "fracture",
    "radiotherapy": "radiotherapy",
    "cord_compression": "cord",
    "death": "death",
    "surgery": "surgery",
}
"""Columns of the table, the last ones left out first where a long name needs the room."""
_TITLES: Final = {"hypercalcaemia": "high calcium"}
_FEWEST: Final = 3
_UNKNOWN: Final = "?"
"""In place of a percentage whose interval is too wide; explained in the heading."""
_MOST_REGIMENS: Final = 4
_LONGEST_NAME: Final = 36


def terminal_summary(result: Mapping[str, Any]) -> str:
    """Return the summary of a result: at most 14 lines of 80 columns.

    Lines that the report holds too give way where an emergency or many regimens need the room. Control characters
    in names are replaced, so a patient file cannot steer the terminal.
    """
    first = [
        cut(f"Osteocast {result['version']}: {plain(result['title'])}", WIDTH),
        *_wrapped(person_text(result)),
        *_emergency(result["applicability"]),
        *_wrapped(plain(result["banner"])),
    ]
    calibration = result["calibration"]
    last = _not_compared(result)
    last += _wrapped(_capital(plain(calibration.get("brief") or calibration["statement"])))
    room = LINES - len(first) - len(last)
    first += _table(result, room)
    room = LINES - len(first) - len(last)
    rest: list[str] = []
    optional = (
        _warning(result["applicability"]),
        _contrast_lines(result),
        _first_events(result),
        _excluded(result),
        _draws(result),
    )
    for lines in optional:
        if len(rest) + len(lines) <= room:
            rest += lines
    return "\n".join([*first, *rest, *last])


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
    # without a recorded lesion they are drawn: "no lesions" would be a finding
    lesions = f"{count} lesion{'' if count == 1 else 's'}" if count else "lesions not recorded"
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


def _wrapped(text: str) -> list[str]:
    return [cut(line, WIDTH) for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _emergency(applicability: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what cannot wait, in whole."""
    lines = []
    for level in URGENT:
        found = [_brief(a) for a in applicability if a["level"] == level]
        lines += _wrapped(f"{level.upper()}: {'; '.join(found)}. {wording.ACT}") if found else []
    return lines


def _brief(entry: Mapping[str, Any]) -> str:
    return plain(entry.get("brief") or entry["text"])


def _table(result: Mapping[str, Any], room: int) -> list[str]:
    """Return the risks with their heading, in as many columns as fit beside the names and at most `room` lines."""
    months = result["settings"]["months"]
    regimens = result["regimens"][: min(_MOST_REGIMENS, room - 3)]
    current = any(r["current"] for r in regimens)
    within = f"{months} month{'' if months == 1 else 's'}"
    heading = f"Risk within {within} in per cent ({INTERVAL} % interval){'; * current' if current else ''}"
    shown = [k for k in _SHOWN if any(r["risk"].get(k) is not None for r in regimens)]
    lines = _rows(regimens, shown, months)
    while len(shown) > _FEWEST and max(map(columns, lines)) > WIDTH:
        shown.pop()
        lines = _rows(regimens, shown, months)
    if any(f"{_UNKNOWN} (" in line for line in lines):
        heading += f"; {_UNKNOWN} {wording.NOT_KNOWN}"
    more = len(result["regimens"]) - len(regimens)
    if more:
        lines.append(f"and {more} more {'treatment' if more == 1 else 'treatments'} in the report")
    return [heading, *lines]


def _rows(regimens: Sequence[Mapping[str, Any]], shown: Sequence[str], months: int) -> list[str]:
    cells = [["", *(_SHOWN[k] for k in shown)]]
    for index, regimen in enumerate(regimens):
        name = f"{cut(plain(regimen['name']), _LONGEST_NAME)}{' *' if regimen['current'] else ''}"
        cells.append([f"{style_of(index).letter} {name}", *(_cell(regimen, k, months) for k in shown)])
    widths = [max(columns(row[i]) for row in cells) for i in range(len(shown) + 1)]
    lines = []
    for first, *rest in cells:
        pads = [" " * (w - columns(c)) + c for c, w in zip(rest, widths[1:], strict=True)]
        lines.append(" ".join([first + " " * (widths[0] - columns(first)), *pads]))
    return lines


def _cell(regimen: Mapping[str, Any], kind: str, months: int) -> str:
    series = regimen["risk"].get(kind)
    if series is None:
        return "–"
    middle, low, high = (value_at(series, name, months) for name in ("probability", "low", "high"))
    if middle is None:
        return "–"
    known = wording.middle_text(middle, low, high) != wording.NOT_KNOWN
    return f"{percent(middle) if known else _UNKNOWN} ({interval(low, high)})"


def _contrast_lines(result: Mapping[str, Any]) -> list[str]:
    """Compare the treatments shown with the reference on any event."""
    letters = {r["name"]: style_of(i).letter for i, r in enumerate(result["regimens"][:_MOST_REGIMENS])}
    shown = [c for c in result["contrasts"] if {c["regimen"], c["against"]} <= set(letters)]
    chosen = [c for c in shown if c["kind"] == "any_event" and c["distinguishable"] is not None]
    against = [c["against"] for c in chosen][:1]
    of_reference = [c for c in chosen if [c["against"]] == against]
    if not of_reference:
        return []
    told = [
        f"{letters[c['regimen']]} {avoided_text(c['avoided_per_100'], c['low'], c['high'])}"
        for c in of_reference
        if c["distinguishable"]
    ]
    alike = ", ".join(letters[c["regimen"]] for c in of_reference if not c["distinguishable"])
    parts = [*told, *([f"{alike} {wording.NOT_SEPARATED}"] if alike else [])]
    return _wrapped(f"Any event against {letters[against[0]]}, of 100: {'; '.join(parts)}")


def _not_compared(result: Mapping[str, Any]) -> list[str]:
    """Say which outcomes are given no number, and that treatments are not compared by them; never left out."""
    lines: dict[str, None] = {}
    for entry in result["applicability"]:
        gone = [_SHOWN.get(k, _TITLES.get(k, k)) for k in entry.get("suppresses", ())]
        if gone:
            compared = any(c["kind"] in entry["not_compared"] for c in result["contrasts"])
            by_it = "" if "any_event" in entry["not_compared"] else " by it"
            rest = f"; drugs not compared{by_it}" if compared else ""
            line = f"No risk of {', '.join(gone)}: {plain(entry['instead_brief'])}{rest}"
            lines |= dict.fromkeys(_wrapped(line))
    return list(lines)


def _excluded(result: Mapping[str, Any]) -> list[str]:
    """Name the usual regimens that are not compared; their reasons stand in the report."""
    names = ", ".join(plain(one["name"]) for one in result.get("excluded", ()))
    return _wrapped(f"Not compared: {names} (reasons in the report)") if names else []


def _first_events(result: Mapping[str, Any]) -> list[str]:
    """Say on one line what any event is made of under the reference treatment, the most frequent kinds first."""
    index = wording.reference(result["regimens"])
    parts = wording.first_events(result["regimens"][index])
    if not parts:
        return []
    start = f"First event, {style_of(index).letter}, %: "
    line, other = "", 0
    while not line or (columns(line) > WIDTH and len(parts) > 1):
        if line:
            other += parts.pop()[1]
        words = [f"{count} {wording.FIRST_BRIEF[kind]}" for kind, count in parts]
        line = start + ", ".join([*words, *([f"{other} other"] if other else [])])
    return _wrapped(line)


def _draws(result: Mapping[str, Any]) -> list[str]:
    settings, weights = result["settings"], result["weights"]
    size = weights.get("effective_sample_size")
    sample = "" if size is None else f"; effective sample size {size:.0f} of {weights.get('candidates', 0):,}"
    draws = f"{settings['draws']} parameter draws x {settings['continuations']} courses"
    return _wrapped(f"{draws}, seed {settings['seed']}{sample}")


def _warning(applicability: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the gravest remarks on whether the model applies to this person, as many as fit on a line."""
    for level, word in (("outside", "Outside the model"), ("caution", "Caution")):
        found = [_brief(a) for a in applicability if a["level"] == level]
        for count in range(len(found), 0, -1):
            more = f"; {len(found) - count} more in the report" if count < len(found) else ""
            line = f"{word}: {'; '.join(found[:count])}{more}"
            if columns(line) <= WIDTH or count == 1:
                return _wrapped(line)
    return []
