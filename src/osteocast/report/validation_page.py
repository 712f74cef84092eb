"""The page of a validation: every published figure beside the simulated one, hits and misses alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from osteocast.report import svg
from osteocast.report.digits import number
from osteocast.report.page import environment
from osteocast.report.removal_page import pattern_rows, removal_view
from osteocast.trials.proportions import proportion

View = dict[str, Any]

_GROUPS: Final = {
    ("check", "contrast"): "Contrasts held back",
    ("check", "level"): "Levels held back",
    ("fit", "contrast"): "Contrasts that may be fitted",
    ("fit", "level"): "Levels that may be fitted",
}
_MODELS: Final = {
    "simulation": "simulation",
    "with_discrepancy": "simulation with discrepancy",
    "null": "null model",
    "null_left_out": "null model, trial left out",
    "left_out": "simulation, trial left out",
}
_LEFT, _WIDTH, _LINE, _RIGHT = 330.0, 640.0, 15.0, 20.0
# The axis of ratios; what lies beyond is drawn at its end.
_REACH: Final = float(np.log(8.0))
_TICKS: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
# Where a time that is not reached is drawn, a lower limit too: at the end of the axis.
_BEYOND: Final = 8.0


def validation_html(result: Mapping[str, Any]) -> str:
    """Return the page as text; the same result gives the same bytes.

    Parameters
    ----------
    result : as described by ``data/schema/validation.schema.json``.
    """
    return environment().get_template("validation.html").render(_view(result)) + "\n"


def _view(result: Mapping[str, Any]) -> View:
    groups = []
    for (use, family), title in _GROUPS.items():
        rows = [row for row in result["rows"] if (row["use"], row["family"]) == (use, family)]
        told = [row for row in rows if row["simulation"] is not None]
        groups.append(
            {
                "title": title,
                "figure": _figure(title, told) if told else "",
                "rows": [_row(row) for row in told],
                "left_out": any(row["left_out"] is not None for row in told),
                "hits": sum(row["simulation"]["covered"] for row in told),
                "silent": [row for row in rows if row["simulation"] is None],
            }
        )
    return {
        "result": result,
        "groups": groups,
        "summaries": [summary_cells(one) for one in in_order(result["summaries"])],
        "misses": [_row(row) for row in result["rows"] if _missed(row)],
        "claims": result["claims"],
        "removal": removal_view(result),
        "patterns": pattern_rows(result),
    }


def _missed(row: Mapping[str, Any]) -> bool:
    return row["simulation"] is not None and not row["simulation"]["covered"]


def in_order(summaries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return summaries with those held back first; within a group their order stays."""
    groups = list(_GROUPS)
    return sorted(summaries, key=lambda one: groups.index((one["use"], one["family"])))


def summary_cells(one: Mapping[str, Any]) -> View:
    """Return a summary as words and numbers for people."""
    against = one["against_the_other"] or {}
    exact = proportion(one["hits"], one["rows"])
    return {
        "group": _GROUPS[one["use"], one["family"]],
        "on": one["on"],
        "model": _MODELS[one["model"]],
        "rows": f"{one['rows']} of {one['trials']} trials",
        "coverage": f"{one['hits']}/{one['rows']} = {100 * one['coverage']:.0f} %",
        "chance": f"{100 * exact.low:.0f} to {100 * exact.high:.0f} %",
        "by_trial": f"{100 * one['coverage_by_trial']:.0f} %",
        "width": number(one["width"]),
        "score": number(one["interval_score"]),
        "score_by_trial": number(one["score_by_trial"]),
        "width_ratio": number(against.get("width_ratio")),
        "skill": number(against.get("skill")),
        "faults": "; ".join(one["faults"]),
    }


def _row(row: Mapping[str, Any]) -> View:
    own, null, wide = row["simulation"], row["null"], row["with_discrepancy"]
    return {
        "trial": row["trial"],
        "endpoint": row["endpoint"].replace("-", " "),
        "target": row["target"],
        "unit": row["unit"],
        "published": span(row["published"], "value"),
        "simulated": span(own, "middle"),
        "wide": "" if wide is None else f"{span(wide, 'middle')} {'hit' if wide['covered'] else 'miss'}",
        "left_out": "" if row["left_out"] is None else _with_verdict(row["left_out"]),
        "null": "" if null is None else span(null, "middle"),
        "z": number(own["z"]),
        "verdict": "hit" if own["covered"] else "miss",
        "reading": row["reading"],
        "large": row["large_miss"],
    }


def _with_verdict(prediction: Mapping[str, Any]) -> str:
    return span(prediction, "middle") + ("" if prediction["covered"] else " miss")


def span(values: Mapping[str, Any], middle: str) -> str:
    """Write a figure with its limits; a time that simulated trials do not reach says so."""
    lacking = "not reached" if values.get("reason") == "trial.not-reached" else "–"
    shown = [lacking if values[key] is None else number(values[key]) for key in (middle, "low", "high")]
    if values["low"] is None and values["high"] is None:
        return shown[0]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def _figure(title: str, rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw each simulated figure as a ratio to the published one (of odds, for shares) with its 90 % interval."""
    height = _LINE * (len(rows) + 2)
    parts = [*_axis(height)]
    for place, row in enumerate(rows):
        y = _LINE * (place + 1.2)
        name = f"{row['trial']}: {row['endpoint'].replace('-', ' ')}"
        parts.append(svg.tag("text", name[:56], x=_LEFT - 10, y=y + 4, text_anchor="end", font_size=10.5))
        if (error := row["published"]["error"]) is not None:
            low, high = _x(float(np.exp(-1.96 * error))), _x(float(np.exp(1.96 * error)))
            parts.append(svg.tag("rect", x=low, y=y - 5, width=high - low, height=10, fill="#d5dade"))
        own = row["simulation"]
        colour = "#00507d" if own["covered"] else "#b3261e"
        low, middle, high = (_x(_BEYOND if own[k] is None else own[k]) for k in ("ratio_low", "ratio", "ratio_high"))
        parts.append(svg.tag("line", x1=low, x2=high, y1=y, y2=y, stroke=colour, stroke_width=1.6))
        parts.append(_mark(middle, y, colour, hit=own["covered"]))
    return svg.picture((_LEFT + _WIDTH + _RIGHT, height), f"{title}: simulated over published", parts, "validation")


def _axis(height: float) -> list[Markup]:
    parts = []
    for tick in _TICKS:
        x = _x(tick)
        colour = "#14202b" if tick == 1.0 else "#e3e7ea"
        parts.append(svg.tag("line", x1=x, x2=x, y1=0, y2=height - _LINE, stroke=colour, stroke_width=1))
        parts.append(svg.tag("text", f"{tick:g}", x=x, y=height - 3, text_anchor="middle", font_size=10.5))
    return parts


def _mark(x: float, y: float, colour: str, *, hit: bool) -> Markup:
    """Draw a dot for a hit and a cross for a miss, so that colour is not needed to tell them apart."""
    if hit:
        return svg.tag("circle", cx=x, cy=y, r=3.6, fill=colour)
    path = f"M{svg.number(x - 4)},{svg.number(y - 4)}l8,8m0,-8l-8,8"
    return svg.tag("path", d=path, stroke=colour, stroke_width=2, fill="none")


def _x(ratio: float) -> float:
    place = float(np.clip(np.log(max(ratio, 1e-9)), -_REACH, _REACH))
    return _LEFT + _WIDTH * (0.5 + 0.5 * place / _REACH)
