"""The report as one HTML file that needs nothing else: no network, no scripts, no fonts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from osteocast.domain.emergencies import URGENT
from osteocast.formats.trial_result_model import TRIAL_RESULT_FORMAT
from osteocast.foundation.files import write_atomically
from osteocast.report import figures, wording
from osteocast.report.page import environment
from osteocast.report.skeleton import legend_marker, skeleton
from osteocast.report.terminal import person_text
from osteocast.report.trial_html import trial_report_html

View = dict[str, Any]

_SHORT_LINE: Final = 25
"""Characters that fit half the width of the list of what was given."""


def write_report(result: Mapping[str, Any], path: str | Path) -> None:
    """Write the report of a result as one self-contained HTML file.

    Parameters
    ----------
    result : mapping
        A result of a forecast or of a trial as described by ``data/schema/result.schema.json`` or
        ``trial-result.schema.json``; it is not changed.
    path : path
        File to write, usually ``report.html``.

    Raises
    ------
    StorageError
        The file cannot be written; nothing half-written is left.
    """
    of_trial = result["schema"] == TRIAL_RESULT_FORMAT
    write_atomically(path, trial_report_html(result) if of_trial else report_html(result))


def report_html(result: Mapping[str, Any]) -> str:
    """Return the report as text; the same result gives the same bytes."""
    return environment().get_template("report.html").render(_view(result)) + "\n"


def _view(result: Mapping[str, Any]) -> View:
    months = result["settings"]["months"]
    regimens = [_regimen_view(i, r, months) for i, r in enumerate(result["regimens"])]
    contrasts = _contrast_views(result["contrasts"], regimens)
    return {
        "result": result,
        "patient": result["patient"],
        "person": person_text(result),
        "emergency": wording.EMERGENCY,
        "alerts": [(a["level"].capitalize(), a["text"]) for a in result["applicability"] if a["level"] in URGENT],
        "limits": [a for a in result["applicability"] if a["level"] not in URGENT],
        "record_fit": [_fit_text(one) for one in result.get("record_fit", [])],
        "excluded": result.get("excluded", []),
        "not_separated": wording.NOT_SEPARATED,
        "first_event": _first_event(result["regimens"]),
        "coverage": wording.INTERVAL,
        "months": months,
        "horizons": wording.horizons(months),
        "given": _given(result["patient"]["given"]),
        "drawn_groups": _drawn_groups(result["patient"]),
        "skeleton": skeleton(result["patient"]["lesions"]),
        "markers": [(legend_marker(k), k or "kind unknown") for k in _kinds(result["patient"]["lesions"])],
        "dot_samples": [figures.dot_sample(level) for level in (3, 2, 1, 0)],
        "regimens": regimens,
        "risk_rows": _risk_rows(result, months),
        "panels": _risk_panels(result["regimens"], months),
        "headlines": [c for c in contrasts if c["kind"] == "any_event" and not c["instead"]],
        "not_compared": _not_compared(result) if contrasts else [],
        # where no outcome is compared the sentence why stands alone
        "differences": _contrast_table(contrasts if any(not c["instead"] for c in contrasts) else []),
        "scale": figures.difference_scale(_reach(result["contrasts"])),
        "lesions": _lesion_views(result),
        "courses": _course_views(result["regimens"]),
        "harms": _harm_rows(result["regimens"]),
        "fit": [_fit_view(row) for row in result["calibration"]["rows"]],
        "assumptions": [_assumption_view(a) for a in result["assumptions"]],
        "weights": _weight_rows(result["weights"]),
    }


def _kinds(lesions: Sequence[Mapping[str, Any]]) -> list[str | None]:
    present = {lesion.get("kind") for lesion in lesions}
    return [*("lytic", "mixed", "sclerotic"), *([None] if present - {"lytic", "mixed", "sclerotic"} else [])]


def _given(entries: Sequence[Mapping[str, str]]) -> list[View]:
    """Return what was given; a long value gets a line of its own."""
    return [
        {
            "item": wording.sentence_case(e["item"]),
            "value": e["value"],
            "long": len(e["item"]) + len(e["value"]) > _SHORT_LINE,
        }
        for e in entries
    ]


def _drawn_groups(patient: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Gather what was drawn by how; the same field of several lesions becomes one entry."""
    sites = {lesion["site"] for lesion in patient["lesions"]}
    groups: dict[str, dict[str, list[str]]] = {}
    for entry in patient["drawn"]:
        field, _, site = entry["item"].rpartition(" of ")
        item = field if site in sites else entry["item"]
        groups.setdefault(entry["how"], {}).setdefault(item, []).extend([site] if site in sites else [])
    return [(how, ", ".join(_with_sites(item, at) for item, at in items.items())) for how, items in groups.items()]


def _with_sites(item: str, sites: Sequence[str]) -> str:
    if len(sites) > 1:
        return f"{item} of {len(sites)} lesions"
    return f"{item} of {wording.site_text(sites[0])}" if sites else item


def _regimen_view(index: int, regimen: Mapping[str, Any], months: int) -> View:
    style = wording.style_of(index)
    survival = regimen["survival"]
    alive = [wording.value_at(survival, name, months) for name in ("probability", "low", "high")]
    median = survival.get("median_months")
    return {
        "name": regimen["name"],
        "title": regimen["title"],
        "letter": style.letter,
        "key": figures.key_line(style),
        "current": regimen["current"],
        "eligible": regimen["eligible"],
        "reasons": regimen["reasons"],
        "note": regimen.get("calendar_note") or "",
        "alive": wording.risk_text(*alive),
        "median": f"beyond {months} months" if median is None else f"{wording.whole(median)} months",
        "expected": _per_hundred(regimen["expected_events"]),
    }


def _per_hundred(expected: Mapping[str, float]) -> str:
    mean, low, high = (wording.whole(100 * expected[k]) for k in ("mean", "low", "high"))
    return f"{mean} ({low}–{high})"


def _cell(series: Mapping[str, Any] | None, month: int) -> View:
    if series is None:
        return {"month": month, "middle": "–", "span": ""}
    middle, low, high = (wording.value_at(series, name, month) for name in ("probability", "low", "high"))
    if middle is None:
        return {"month": month, "middle": "–", "span": ""}
    return {"month": month, "middle": wording.middle_text(middle, low, high), "span": wording.interval(low, high)}


def _risk_rows(result: Mapping[str, Any], months: int) -> list[View]:
    regimens = result["regimens"]
    rows: list[View] = []
    for kind, title in wording.EVENTS.items():
        if instead := wording.withheld(result["applicability"], kind):
            rows.append({"kind": kind, "title": title, "instead": instead})
        elif any(kind in r["risk"] for r in regimens):
            cells = [[_cell(r["risk"].get(kind), m) for m in wording.horizons(months)] for r in regimens]
            rows.append({"kind": kind, "title": title, "instead": "", "cells": cells})
    return rows


def _risk_panels(regimens: Sequence[Mapping[str, Any]], months: int) -> list[View]:
    series = [r["risk"]["any_event"] for r in regimens]
    highest = max((v for s in series for v in figures.finite(s["high"])), default=1.0)
    top = min(1.0, max(0.2, figures.round_limit(highest)))
    panels = []
    for index, one in enumerate(series):
        values = figures.finite([wording.value_at(one, n, months) for n in ("probability", "low", "high")])
        middle, low, high = values if len(values) == 3 else (0.0, 0.0, 0.0)
        panels.append(
            {
                "curve": figures.risk_panel(series, index, wording.style_of(index), top),
                "dots": figures.dots(middle, low, high),
                "count": wording.middle_text(middle, low, high).replace("%", "of 100"),
                "span": wording.interval(low, high),
            }
        )
    return panels


def _reach(contrasts: Sequence[Mapping[str, Any]]) -> float:
    shown = [c for c in contrasts if c["distinguishable"] is not None]
    return figures.round_limit(max((abs(c[k]) for c in shown for k in ("low", "high")), default=1.0))


def _contrast_views(contrasts: Sequence[Mapping[str, Any]], regimens: Sequence[View]) -> list[View]:
    letters = {r["name"]: r["letter"] for r in regimens}
    reach = _reach(contrasts)
    return [
        _no_contrast(c, (letters[c["regimen"]], letters[c["against"]]))
        if c["distinguishable"] is None
        else {
            "kind": c["kind"],
            "pair": (letters[c["regimen"]], letters[c["against"]]),
            "instead": "",
            "text": wording.avoided_text(c["avoided_per_100"], c["low"], c["high"]),
            "span": wording.avoided_span(c["low"], c["high"]),
            "apart": c["distinguishable"],
            "bar": figures.difference_bar(c["low"], c["avoided_per_100"], c["high"], reach, c["distinguishable"]),
        }
        for c in contrasts
    ]


def _not_compared(result: Mapping[str, Any]) -> list[str]:
    """Return why treatments are not compared by any event; a single outcome has its reason in the table."""
    found = [a["instead"] for a in result["applicability"] if "any_event" in a.get("not_compared", ())]
    return list(dict.fromkeys(found))


def _no_contrast(contrast: Mapping[str, Any], pair: tuple[str, str]) -> View:
    return {"kind": contrast["kind"], "pair": pair, "instead": contrast["text"], "apart": False, "bar": "", "span": ""}


def _contrast_table(contrasts: Sequence[View]) -> View:
    """Arrange the differences as kinds of event by pairs of treatments."""
    by_pair: dict[tuple[str, str], View] = {}
    for c in contrasts:
        by_pair.setdefault(c["pair"], {})[c["kind"]] = c
    # Pairs compared on one kind of event only stand with the headlines; a column each would be empty.
    most = max((len(kinds) for kinds in by_pair.values()), default=0)
    pairs = [pair for pair, kinds in by_pair.items() if len(kinds) > 1 or most == 1]
    present = {kind for pair in pairs for kind in by_pair[pair]}
    kinds = [k for k in wording.EVENTS if k in present] + sorted(present - set(wording.EVENTS))
    cells = {kind: [by_pair[pair].get(kind) for pair in pairs] for kind in kinds}
    rows = [(wording.event_text(kind), row, next((c["instead"] for c in row if c), "")) for kind, row in cells.items()]
    return {"pairs": pairs, "rows": rows}


def _first_event(regimens: Sequence[Mapping[str, Any]]) -> View:
    """Say what any event is made of under the treatment that the others are compared with."""
    index = wording.reference(regimens)
    return {"letter": wording.style_of(index).letter, "text": wording.first_event_text(regimens[index])}


def _lesion_views(result: Mapping[str, Any]) -> list[View]:
    views = []
    for index, lesion in enumerate(result["patient"]["lesions"]):
        forecasts = [r["lesions"][index] for r in result["regimens"]]
        rows = [
            (title, [_lesion_risk(f, key) for f in forecasts])
            for key, title in wording.LESION_EVENTS.items()
            if any(f.get(key) is not None or _settled(f, key) for f in forecasts)
        ]
        if not any(f.get("already_fractured") for f in forecasts):
            rows.append(("Strength if not broken or fixed", [_strength_text(f) for f in forecasts]))
            rows.append(("Neither broken nor fixed by then", [_share_text(f) for f in forecasts]))
        site = wording.site_text(wording.plain(lesion["site"]))
        drawn = ", ".join(wording.label_of(d).lower() for d in lesion["drawn"])
        view = {
            "number": index + 1,
            "site": site,
            "text": wording.lesion_text(lesion),
            "drawn": drawn,
            "rows": rows,
        }
        views.append({**view, "marker": legend_marker(lesion.get("kind"))})
    return views


def _settled(forecast: Mapping[str, Any], event: str) -> str:
    """Say that the record already holds an event at a lesion."""
    if event == "fracture" and forecast.get("already_fractured"):
        return "already broken"
    return "in the record already" if event == "cord" and forecast.get("cord_recorded") else ""


def _three(risk: Mapping[str, float] | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if risk is None else (risk["probability"], risk["low"], risk["high"])


def _lesion_risk(forecast: Mapping[str, Any], event: str) -> str:
    return _settled(forecast, event) or wording.risk_text(*_three(forecast.get(event)))


def _strength_text(forecast: Mapping[str, Any]) -> str:
    """Write the strength of bone without fracture or implant: "62 → 58 %"."""
    now, end = forecast.get("strength_now"), forecast.get("strength_end")
    if now is None:
        return "fixed already"
    if end is None:
        return f"{wording.whole(100 * now)} % → none left"
    return f"{wording.whole(100 * now)} → {wording.whole(100 * end)} %"


def _share_text(forecast: Mapping[str, Any]) -> str:
    share = forecast.get("strength_share")
    return "–" if share is None else f"{wording.percent(share)} % of those alive"


def _course_views(regimens: Sequence[Mapping[str, Any]]) -> list[View]:
    views = []
    for name, title in wording.COURSES.items():
        courses = [r["courses"].get(name) for r in regimens]
        present = [c for c in courses if c is not None]
        if not present:
            continue
        lines = wording.COURSE_LINES.get(name, ())
        values = [value for value, _ in lines]
        limits = figures.course_limits(present, values)
        panels = [
            "" if c is None else figures.course_panel(c, wording.style_of(i), limits, values)
            for i, c in enumerate(courses)
        ]
        unit = {"1": "as a ratio to healthy"}.get(present[0]["unit"], present[0]["unit"])
        dotted = ", ".join(f"{wording.number_text(value)} {words}" for value, words in lines)
        views.append({"title": title, "unit": unit, "dotted": dotted, "panels": panels})
    return views


def _harm_rows(regimens: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    keys = list(dict.fromkeys(key for r in regimens for key in r["harms"]))
    return [(wording.harm_text(key), [_harm_text(r["harms"].get(key)) for r in regimens]) for key in keys]


def _harm_text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping) and "probability" in value:
        return wording.risk_text(*_three(value))
    if isinstance(value, Mapping):
        middle = next((value[k] for k in ("median", "mean", "value") if value.get(k) is not None), None)
        if middle is None:
            return "–"
        unit = value.get("unit", "")
        known = value.get("low") is not None and value.get("high") is not None
        text = wording.span_text(middle, value["low"], value["high"]) if known else wording.number_text(middle)
        return f"{text} {unit}".strip()
    return wording.number_text(value) if isinstance(value, int | float) else str(value)


def _fit_text(one: Mapping[str, Any]) -> View:
    """Split "calcium on a day: recorded ..." into what was measured and how the model meets it."""
    item, _, numbers = wording.plain(one["text"]).partition(": ")
    return {"item": wording.sentence_case(item), "numbers": numbers, "inside": one["inside"]}


def _fit_view(row: Mapping[str, Any]) -> View:
    values = {
        k: wording.number_text(row[k]) if row.get(k) is not None else "–" for k in ("published", "simulated", "error")
    }
    return {"target": row["target"], "text": row["text"], "unit": row["unit"], **values}


def _assumption_view(entry: Mapping[str, Any]) -> View:
    value = entry["value"]
    text = wording.number_text(value) if isinstance(value, int | float) else str(value)
    return {**entry, "value": text, "unit": "" if entry["unit"] == "1" else entry["unit"]}


def _weight_rows(weights: Mapping[str, Any]) -> list[tuple[str, str]]:
    size, shape = weights.get("effective_sample_size"), weights.get("pareto_k")
    used = ", ".join(wording.plain(o) for o in weights.get("observations_used", [])) or "none"
    return [
        ("Virtual patients tried", f"{weights.get('candidates', 0):,}"),
        ("Effective sample size", "–" if size is None else f"{wording.whole(size):,}"),
        ("Pareto k of the weights", "–" if shape is None else f"{shape:.2f}"),
        ("Observations used", used),
    ]
