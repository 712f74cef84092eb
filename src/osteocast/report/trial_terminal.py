"""The few lines a simulated trial prints on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from osteocast.report.terminal import LINES, WIDTH, columns, cut
from osteocast.report.trial_wording import figure_text, published_text, title_of, unit_text
from osteocast.report.wording import plain


def trial_summary(result: Mapping[str, Any]) -> str:
    """Return the summary of a simulated trial: at most 14 lines of 80 columns."""
    settings = result["settings"]
    arms = ", ".join(f"{plain(a['name'])} {a['n']}" for a in result["trial"]["arms"])
    first = [
        cut(f"Osteocast {result['version']}: {plain(result['title'])}", WIDTH),
        *_wrapped(
            f"{settings['design']}, {settings['replicates']} replicate{'s' if settings['replicates'] > 1 else ''}, "
            f"{settings['parameters']} parameters, seed {settings['seed']}; patients: {arms}"
        ),
        *_wrapped(result["banner"]),
    ]
    last = _wrapped(f"Model {result['calibration']['statement'].split(';')[0]}; no ranking inside an interval")
    room = LINES - len(first) - len(last)
    rows = _table(result["endpoints"], room)
    return "\n".join([*first, *rows, *last])


def main_endpoints(endpoints: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """Return the endpoints that a short summary shows: contrasts first, then those with a published figure."""

    def rank(one: Mapping[str, Any]) -> int:
        """Return the rank of an endpoint, the lowest first."""
        return (0 if one["comparator"] else 2) + (0 if one["published"] else 1)

    order = sorted(range(len(endpoints)), key=lambda i: (rank(endpoints[i]), i))[:most]
    return [endpoints[i] for i in sorted(order)]


def _table(endpoints: Sequence[Mapping[str, Any]], room: int) -> list[str]:
    if not endpoints:
        return ["The trial's file asks for no endpoint; tables and curves are in the report."]
    more = len(endpoints) > room - 1
    shown = main_endpoints(endpoints, room - (2 if more else 1))
    cells = [("endpoint", "simulated (interval)", "published", "unit")]
    cells += [
        (cut(title_of(one), 30), _figure(one), published_text(one), cut(unit_text(one["unit"]), 10)) for one in shown
    ]
    widths = [max(columns(row[i]) for row in cells) for i in range(4)]
    lines = [
        cut("  ".join(cell + " " * (w - columns(cell)) for cell, w in zip(row, widths, strict=True)).rstrip(), WIDTH)
        for row in cells
    ]
    left = len(endpoints) - len(shown)
    return [*lines, f"and {left} more endpoints in the report"] if left else lines


def _figure(one: Mapping[str, Any]) -> str:
    """Return the simulated figure; why there is none stands in the report."""
    missing = one["value"] is None and one["low"] is None and one["high"] is None
    return "no figure" if missing else figure_text(one)


def _wrapped(text: str) -> list[str]:
    return [cut(line, WIDTH) for line in textwrap.wrap(plain(text), WIDTH, break_on_hyphens=False)]
