"""The few lines a simulated cohort prints on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from osteocast.report.terminal import LINES, WIDTH, columns, cut
from osteocast.report.trial_wording import number
from osteocast.report.wording import plain

_NOT_MATCHED: Final = ("fit", "check", "context")
"""Uses of published figures that no rate of the model was set to."""
_SHORT: Final = {"months": "months", "lesions": "", "%": "%"}


def cohort_summary(result: Mapping[str, Any]) -> str:
    """Return the summary of a cohort: at most 14 lines of 80 columns."""
    people = sum(one["people"] for one in result["primaries"])
    compared = [one for one in result["outcomes"] if one["published"]]
    checks = [one for one in compared if one["published"]["use"] in _NOT_MATCHED]
    met = sum(one["published"]["met"] for one in checks)
    first = [
        cut(f"Osteocast {result['version']}: {plain(result['title'])}", WIDTH),
        cut(f"{people:,} people, seed {result['settings']['seed']}; central parameters", WIDTH),
        *textwrap.wrap(result["banner"], WIDTH, break_on_hyphens=False),
    ]
    last = [cut(f"{met} of {len(checks)} figures that nothing was matched to are met; the rest in the report", WIDTH)]
    room = LINES - len(first) - len(last) - 1
    shown = _chosen(compared, room)
    rows = [("", "outcome", "simulated (95 %)", "published", "")]
    rows += [_row(one) for one in shown]
    widths = [max(columns(row[i]) for row in rows) for i in range(5)]
    # names give way, so that figures and verdicts are whole
    widths[1] = min(widths[1], max(WIDTH - sum(widths) + widths[1] - 8, 12))
    rows = [(row[0], cut(row[1], widths[1]), *row[2:]) for row in rows]
    table = [
        cut("  ".join(cell + " " * (w - columns(cell)) for cell, w in zip(row, widths, strict=True)).rstrip(), WIDTH)
        for row in rows
    ]
    return "\n".join([*first, *table, *last])


def _chosen(outcomes: Sequence[Mapping[str, Any]], room: int) -> list[Mapping[str, Any]]:
    """Return the outcomes to show in their order: the mixture first, then what nothing was matched to.

    Of the days on which the mixture is asked for one measure the last comes first.
    """
    last = {(one["origin"], one["measure"], one["published"]["use"]): i for i, one in enumerate(outcomes)}

    def rank(i: int) -> tuple[bool, bool, bool, int]:
        """Return what stands first: new figures of one primary, then those that nothing was matched to."""
        one = outcomes[i]
        repeated = one["origin"] == "all" and i not in last.values()
        return repeated, one["origin"] != "all", one["published"]["use"] not in _NOT_MATCHED, i

    return [outcomes[i] for i in sorted(sorted(range(len(outcomes)), key=rank)[:room])]


def figure_text(one: Mapping[str, Any]) -> str:
    """Write a simulated figure with its interval."""
    if one["value"] is None:
        return "no figure"
    unit = one["unit"]
    digits = number if unit == "months" or (unit == "%" and one["value"] >= 10.0) else _one_decimal
    ends = [None if one[key] is None else digits(one[key], unit) for key in ("low", "high")]
    interval = "" if None in ends else f" ({ends[0]}-{ends[1]})"
    return f"{digits(one['value'], unit)}{interval} {_SHORT[unit]}".rstrip()


def _one_decimal(value: float, unit: str) -> str:
    return f"{value:.1f}"


def published_text(one: Mapping[str, Any]) -> str:
    """Write the published figure; empty where there is none."""
    found = one["published"]
    if found is None:
        return ""
    if found["text"]:
        return str(found["text"])
    interval = "" if found["low"] is None else f" ({found['low']:g}-{found['high']:g})"
    return f"{found['value']:g}{interval}"


def _row(one: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    published = one["published"]
    mark = "met" if published["met"] else "missed"
    return one["origin"], plain(one["name"]), figure_text(one), published_text(one), mark
