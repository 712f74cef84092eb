"""The report of a simulated trial as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from osteocast.report import trial_figures, trial_wording, wording
from osteocast.report.figures import key_line
from osteocast.report.page import environment

View = dict[str, Any]


def trial_report_html(result: Mapping[str, Any]) -> str:
    """Return the report as text; the same result gives the same bytes."""
    return environment().get_template("trial.html").render(_view(result)) + "\n"


def _view(result: Mapping[str, Any]) -> View:
    arms = [_arm(i, one) for i, one in enumerate(result["trial"]["arms"])]
    styles = {one["name"]: wording.style_of(i) for i, one in enumerate(result["trial"]["arms"])}
    endpoints = result["endpoints"]
    inputs = result["trial"]["inputs"]
    return {
        "result": result,
        "trial": result["trial"],
        "settings": result["settings"],
        "arms": arms,
        "bands": len(arms) <= trial_figures.MOST_BANDS,
        "many": result["settings"]["replicates"] > 1,
        "figures": _curve_figures(result["curves"], styles),
        "markers": _marker_figures(result["markers"], styles),
        "marks": trial_figures.marks(),
        "forests": _forests(endpoints),
        "rows": [_row(one) for one in endpoints],
        "contrasts": [_contrast(one) for one in endpoints if one["contrast"] is not None],
        "inputs": [{**one, "value": wording.number_text(one["value"])} for one in inputs],
        "assumed": sum(one["grade"] == "assumed" for one in [*inputs, *result["trial"]["entry"]]),
        "given": len(inputs) + len(result["trial"]["entry"]),
    }


def _arm(index: int, one: Mapping[str, Any]) -> View:
    style = wording.style_of(index)
    return {
        **one,
        "letter": style.letter,
        "key": key_line(style),
        "age": "–" if one["age"] is None else f"{wording.whole(one['age'])}",
        "lesions": "–" if one["lesions"] is None else f"{wording.whole(one['lesions'])}",
        "followed": "–" if one["followed"] is None else f"{wording.whole(one['followed'])} months",
        **{key: f"{wording.percent(one[key])} %" for key in ("ecog_0", "prior_event", "drop_out", "died")},
    }


def _curve_figures(found: Mapping[str, Any], styles: Mapping[str, wording.Style]) -> list[View]:
    named = (
        ("Share without a first event, %", found["definition"], found["first_event"], True),
        ("Mean number of events a patient", f"{found['definition']}; death ends events", found["events"], False),
        ("Share alive, %", "deaths are followed after the study, too", found["survival"], True),
    )
    return [
        {
            "title": title,
            "hint": hint,
            "svg": trial_figures.curves(series, [styles[s["arm"]] for s in series], percent, title),
        }
        for title, hint, series, percent in named
        if series
    ]


def _marker_figures(found: Sequence[Mapping[str, Any]], styles: Mapping[str, wording.Style]) -> list[View]:
    drawn = []
    for marker in dict.fromkeys(one["marker"] for one in found):
        series = [{**one, "value": one["median"]} for one in found if one["marker"] == marker]
        title = series[0]["title"]
        svg = trial_figures.curves(series, [styles[s["arm"]] for s in series], False, title)
        drawn.append({"title": title, "hint": series[0]["unit"], "svg": svg})
    return drawn


def _forests(endpoints: Sequence[Mapping[str, Any]]) -> list[View]:
    """Return the figures of each use of the published ones, by unit: checks and calibrated rows never side by side."""
    groups = []
    for use in ("held-back", "open", "calibrated", None):
        own = [e for e in endpoints if (e["published"] or {}).get("use") == use]
        if use is None:
            own = [e for e in own if e["value"] is not None and e["comparator"]]
        parts = []
        for unit, falls in dict.fromkeys((e["unit"], _falls(e)) for e in own):
            rows = [e for e in own if (e["unit"], _falls(e)) == (unit, falls)]
            scale = trial_figures.scale_of(rows, unit == "ratio")
            parts.append(
                {
                    "unit": trial_wording.unit_text(unit) or "ratio, test to control",
                    "scale": trial_figures.strip_scale(scale, unit),
                    "rows": [{**_row(e), "strip": trial_figures.strip(e, scale)} for e in rows],
                }
            )
        if parts:
            groups.append({"use": use or "none", "parts": parts})
    return groups


def _falls(endpoint: Mapping[str, Any]) -> bool:
    known = [v for v in (endpoint["value"], (endpoint["published"] or {}).get("value")) if v is not None]
    return bool(known) and known[0] < 0 and endpoint["unit"] == "%"


def _row(one: Mapping[str, Any]) -> View:
    published = one["published"]
    return {
        "title": trial_wording.title_of(one),
        "words": "" if one["title"] == one["name"] else one["title"],
        "figure": trial_wording.figure_text(one),
        "published": trial_wording.published_text(one),
        "target": published["target"] if published else "",
        "use": trial_wording.USES[published["use"]] if published else "",
        "unit": trial_wording.unit_text(one["unit"]),
        "reason": trial_wording.reason_text(one) if one["value"] is not None or one["low"] or one["high"] else "",
        "missing": f"{one['missing']} of {len(one['replicates'])} replicates without a figure"
        if one["missing"] and len(one["replicates"]) > 1
        else "",
        "p": _p_text(one["p_value"]),
        "method": one["method"],
    }


def _p_text(p: float | None) -> str:
    return "" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _contrast(one: Mapping[str, Any]) -> View:
    found = one["contrast"]
    power = found["power"]
    needed = [found["needed_80"], found["needed_90"]]
    return {
        "title": trial_wording.title_of(one),
        "figure": trial_wording.figure_text(one),
        "events": "–" if found["events"] is None else f"{found['events']:,}",
        "needed": " / ".join(f"{n:,}" for n in needed)
        if None not in needed
        else trial_wording.REASONS.get(found["needed_reason"], found["needed_reason"]),
        "margin": "" if found["margin"] is None else f"{found['margin']:g}",
        "decision": found["decision"],
        "kind": "" if power is None else power["kind"],
        "superior": "" if power is None else _share(power["superior"]),
        "non_inferior": "" if power is None or power["non_inferior"] is None else _share(power["non_inferior"]),
    }


def _share(one: Mapping[str, Any]) -> str:
    return wording.risk_text(one["value"], one["low"], one["high"])
