"""A strength in at most fifteen lines of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from osteocast.report.wording import plain

__all__ = ["strength_terminal"]

_WIDTH = 80
_SHOWN = 4
_MASK_CODES = ("axes.cut", "label.", "axes.")


def strength_terminal(result: Mapping[str, Any]) -> str:
    """Return the summary of a result of ``strength-result.schema.json``."""
    one, lesion, bone = result["strength"], result["lesion"], result["bone"]
    rows = [
        ("carries", f"{force_text(one['failure_load_n'])}, {interval_text(one)}"),
        ("failure is", definition_text(one)),
        ("fails", place_text(one)),
        ("stiffness", f"{one['stiffness_n_mm']:,.0f} N/mm"),
        ("bone", f"{bone['volume_ml']:.1f} mL, {bone['mean_density']:.0f} {bone['density_unit']}"),
    ]
    if lesion is not None:
        made = "SYNTHETIC lesion" if lesion["synthetic"] else "lesion"
        losses = ", ".join(f"{name} {lost(lesion[f'{name}_lost'])}" for name in ("load", "yield", "stiffness"))
        rows.append((made, f"{lesion['volume_ml']:.2f} mL; {losses}"))
    if result["daily_loads"]:
        most = max(result["daily_loads"], key=lambda one: one["ratio"])
        rows.append(("highest ratio", f"{ratio_text(most)} of it: {most['about']}"))
    warnings = first_the_gravest(result["warnings"])
    told = [plain(f"warning: [{w['code']}] {w['found']}") for w in warnings[:_SHOWN]]
    if len(warnings) > _SHOWN:
        told.append(f"more warnings in the report: {len(warnings) - _SHOWN}")
    head = [plain(f"{bone['title']}, {result['load']['name']}"), *textwrap.wrap(result["banner"], _WIDTH)]
    lines = [*head, *(f"{name:17}{plain(text)}" for name, text in rows), *told]
    return "\n".join(_cut(line) for line in lines)


def first_the_gravest(warnings: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Put what may make the whole result wrong (a bone cut off, the mask) before what shifts it."""
    places = {code: place for place, code in enumerate(_MASK_CODES)}
    return sorted(
        warnings,
        key=lambda w: next((place for code, place in places.items() if w["code"].startswith(code)), len(places)),
    )


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


DEFINITIONS = {
    "maximum": "highest force",
    "plateau": "force no longer rises",
    "limit": "force at a stated displacement",
}
"""What failure means, in words."""


def definition_text(one: Mapping[str, Any]) -> str:
    """Return what failure means; of a load at a limit also how much of it the size of the limit makes."""
    words = DEFINITIONS[one["definition"]]
    if one["definition"] != "limit":
        return words
    return f"{words}; at half of it {lost(1.0 - one['half_way_load_n'] / one['failure_load_n'])}"


def place_text(one: Mapping[str, Any]) -> str:
    """Return where the work of failure is done: ``within 10 mm of caps and supports 41 %, of the lesion 2 %``."""
    if one["contact_share"] is None:
        return "nowhere: nothing yielded"
    words = f"within 10 mm of caps and supports {100 * one['contact_share']:.0f} %"
    return words if one["lesion_share"] is None else f"{words}, of the lesion {100 * one['lesion_share']:.0f} %"


def force_text(newton: float | None) -> str:
    """Return a force with three digits: ``3,420 N``, ``85.2 N``."""
    if newton is None:
        return "–"
    rounded = float(f"{newton:.3g}")
    return f"{rounded:,.0f} N" if rounded >= 100 else f"{rounded:g} N"


def interval_text(one: Mapping[str, Any]) -> str:
    """Return the interval in words: ``interval 200 N to 2,840 N or wider``."""
    if one["low_n"] is None or one["high_n"] is None:
        return "no published series gives an interval"
    return f"interval {force_text(one['low_n'])} to {force_text(one['high_n'])} or wider"


def ratio_text(one: Mapping[str, Any]) -> str:
    """Return the ratio of a daily load with its interval: ``0.48 (0.23 to 1.20)``, ``0.48 (0.23 upwards)``."""
    text = f"{one['ratio']:.2f}"
    if one["ratio_low"] is None:
        return text
    upper = "upwards" if one["ratio_high"] is None else f"to {one['ratio_high']:.2f}"
    return f"{text} ({one['ratio_low']:.2f} {upper})"


def lost(share: float | None) -> str:
    """Return a loss in words: ``-23 %``, ``+4 %``."""
    if share is None:
        return "–"
    whole = round(-100.0 * share)
    return f"{whole:+d} %" if whole else "0 %"
