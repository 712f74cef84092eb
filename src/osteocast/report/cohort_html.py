"""The report of a simulated cohort as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from osteocast.report import trial_figures, wording
from osteocast.report.cohort_terminal import figure_text, published_text
from osteocast.report.figures import key_line
from osteocast.report.page import environment
from osteocast.report.skeleton import skeleton_shares

View = dict[str, Any]

_USES: Final = {
    "fit": "open to matching, not used",
    "matched": "matched",
    "check": "held back",
    "input": "input",
    "context": "context, nothing matched to it",
}
_WAYS: Final = {
    "pain": "pain",
    "fracture": "fracture",
    "calcium": "blood calcium",
    "staging": "staging of the cancer",
    "imaging": "imaging later",
}


def cohort_report_html(result: Mapping[str, Any]) -> str:
    """Return the report as text; the same result gives the same bytes."""
    return environment().get_template("cohort.html").render(_view(result)) + "\n"


def _view(result: Mapping[str, Any]) -> View:
    outcomes = result["outcomes"]
    compared = [one for one in outcomes if one["published"] and one["unit"] == "%"]
    scale = trial_figures.scale_of(compared, False) if compared else None
    return {
        "result": result,
        "primaries": [_primary(one) for one in result["primaries"]],
        "ways": _WAYS,
        "figures": _figures(result),
        "skeletons": _skeletons(result),
        "marks": trial_figures.marks(),
        "scale": None if scale is None else trial_figures.strip_scale(scale, "%"),
        "forest": [{**_row(one), "strip": trial_figures.strip(one, scale)} for one in compared] if scale else [],
        "rows": [_row(one) for one in outcomes],
    }


def _primary(one: Mapping[str, Any]) -> View:
    return {**one, "ways": {name: one["found_by"][name] for name in _WAYS}}


def _figures(result: Mapping[str, Any]) -> list[View]:
    """Return curves of all primaries together, and those of each by stage."""
    together = [one for one in result["curves"] if one["stage"] == "all stages"]
    groups = [("All stages, by primary" if len(together) > 1 else "All stages", together, "origin")]
    for primary in result["primaries"]:
        own = [one for one in result["curves"] if one["origin"] == primary["origin"] and one not in together]
        groups.append((f"{primary['title'].capitalize()}, by stage", own, "stage"))
    figures = []
    for title, series, key in groups:
        styles = [wording.style_of(i) for i in range(len(series))]
        svg = trial_figures.curves(series, styles, True, title, "months after the cancer was found")
        legend = [
            {"letter": style.letter, "line": key_line(style), "name": one[key]}
            for one, style in zip(series, styles, strict=True)
        ]
        figures.append({"title": title, "svg": svg, "legend": legend})
    return figures


def _skeletons(result: Mapping[str, Any]) -> list[View]:
    found = []
    for primary in result["primaries"]:
        shares = {one["site"]: one["share"] for one in result["sites"] if one["origin"] == primary["origin"]}
        lesions = sum(one["lesions"] for one in result["sites"] if one["origin"] == primary["origin"])
        if lesions:
            found.append({"title": primary["title"].capitalize(), "n": lesions, "svg": skeleton_shares(shares)})
    return found


def _row(one: Mapping[str, Any]) -> View:
    published = one["published"]
    return {
        "origin": one["origin"],
        "title": one["name"],
        "figure": figure_text(one),
        "n": one["n"],
        "published": published_text(one),
        "source": published["source"] if published else "",
        "use": _USES[published["use"]] if published else "",
        "verdict": "" if not published else "met" if published["met"] else "missed",
        "method": one["method"],
    }
