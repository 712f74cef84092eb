"""What the page of a strength shows, made ready in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osteocast.report.strength_terminal import (
    definition_text,
    first_the_gravest,
    force_text,
    interval_text,
    lost,
    place_text,
    ratio_text,
)
from osteocast.report.wording import sentence_case

__all__ = ["strength_view"]

View = dict[str, Any]

_SCORES = {"sins": "SINS", "mirels": "Mirels", "axial-cortical": "Axial cortical involvement"}


def strength_view(result: Mapping[str, Any]) -> View:
    """Return the words of the page.

    Parameters
    ----------
    result : mapping
        As described by ``data/schema/strength-result.schema.json``.
    """
    one, lesion = result["strength"], result["lesion"]
    return {
        "result": result,
        "headline": f"{result['bone']['title']}: carries {force_text(one['failure_load_n'])}",
        "interval": sentence_case(interval_text(one)),
        "rules": [_rule(rule) for rule in one["rules"]],
        "definition": definition_text(one),
        "facts": _facts(result),
        "lesion": None if lesion is None else _lesion(lesion, one),
        "warnings": [_warning(w) for w in first_the_gravest(result["warnings"])],
        "bars": _bars(result),
        "daily": [_daily(one) for one in result["daily_loads"]],
        "curves": _curves(result),
        "technique": _technique(result["ct"]),
    }


def _rule(rule: Mapping[str, Any]) -> View:
    about, _, source = rule["about"].removeprefix(f"rule {rule['rule']}: ").partition(" (")
    load = force_text(rule["load_n"]) if rule["load_n"] is not None else rule["reason"]
    load += ", at a cap or support" if rule["at_contact"] else ""
    return {"about": sentence_case(about), "source": source.removesuffix(")"), "load": load}


def _pieces(lesion: Mapping[str, Any]) -> list[View]:
    """Return each lesion with the items of scores that the CT answers, and those it does not."""
    found = []
    for number, one in enumerate(lesion["pieces"], 1):
        title = f"Lesion {number}: {one['volume_ml']:.2f} mL, {one['diameter_mm']:.0f} mm across"
        title += f", {one['kind']}" if one["kind"] else ""
        rows = [_item(item) for item in one["items"]]
        found.append({"title": title, "rows": rows, "missing": one["missing"]})
    return found


def _item(item: Mapping[str, Any]) -> View:
    value = item["value"]
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return {
        "score": _SCORES.get(item["instrument"], item["instrument"]),
        "item": item["item"].replace("_", " "),
        "text": f"not known: {item['missing']}" if value is None else text,
    }


def _facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    one, bone = result["strength"], result["bone"]
    sizes = [f"{v:.3g}" for v in bone["spacing_mm"]]
    tension = one["tension_share"]
    moment = [] if one["moment_nm"] is None else [("Moment at failure", f"{one['moment_nm']:.3g} N m")]
    return [
        ("Load case", result["load"]["name"]),
        *moment,
        ("Stiffness", f"{one['stiffness_n_mm']:,.0f} N/mm"),
        ("Yield, 0.2 % offset", force_text(one["yield_load_n"])),
        ("Work to failure", f"{one['energy_mj'] / 1000.0:.3g} J"),
        ("Movement at failure", f"{one['displacement_mm']:.2f} mm"),
        ("Failed volume", f"{one['failed_ml']:.2g} mL"),
        ("of it in tension", "–" if tension is None else f"{100 * tension:.0f} %"),
        ("Work of failure", place_text(one)),
        ("Bone near caps", f"{100 * one['contact_bone_share']:.0f} %"),
        ("Bone", f"{bone['volume_ml']:.1f} mL, {bone['mean_density']:.0f} {bone['density_unit']}"),
        ("Voxels of the CT", f"{bone['voxels']:,} of {' x '.join(sizes)} mm"),
    ]


def _lesion(lesion: Mapping[str, Any], one: Mapping[str, Any]) -> View:
    without = lesion["without"]
    return {
        "synthetic": lesion["synthetic"],
        "pieces": _pieces(lesion),
        "volume": f"{lesion['volume_ml']:.2f} mL, {100 * lesion['share']:.1f} % of the bone",
        "rows": [
            ("Load carried", force_text(without["failure_load_n"]), force_text(one["failure_load_n"]),
             lost(lesion["load_lost"])),
            ("Yield load, 0.2 % offset", force_text(without["yield_load_n"]), force_text(one["yield_load_n"]),
             lost(lesion["yield_lost"])),
            ("Stiffness", f"{without['stiffness_n_mm']:,.0f} N/mm", f"{one['stiffness_n_mm']:,.0f} N/mm",
             lost(lesion["stiffness_lost"])),
        ],
    }  # fmt: skip


def _warning(one: Mapping[str, str]) -> View:
    note = one["fix"].removeprefix("Note: ")
    # What the axes found says little without what the label or the header says.
    expected = f"; expected {one['expected']}" if one["code"].startswith("axes.") else ""
    return {"found": sentence_case(one["found"]) + expected, "note": sentence_case(note), "code": one["code"]}


def _bars(result: Mapping[str, Any]) -> list[View]:
    one, lesion = result["strength"], result["lesion"]
    rows: list[View] = [{"title": "This bone", "load_n": one["failure_load_n"], "kind": "carried"}]
    rows[0] |= {"low_n": one["low_n"], "high_n": one["high_n"]}
    if lesion is not None:
        rows.append({"title": "without its lesion", "load_n": lesion["without"]["failure_load_n"], "kind": "without"})
    rows += [
        {
            "title": sentence_case(one["about"]),
            "load_n": one["load_n"],
            "low_n": one["low_n"],
            "high_n": one["high_n"],
            "kind": "daily",
        }
        for one in result["daily_loads"]
    ]
    return rows


def _daily(one: Mapping[str, Any]) -> View:
    return {
        "about": sentence_case(one["about"]),
        "load": force_text(one["load_n"]),
        "ratio": ratio_text(one),
        "over": (one["ratio_low"] or 0.0) > 1.0,
        "source": f"{one['spread']} ({one['source']}, {one['status']})",
    }


def _curves(result: Mapping[str, Any]) -> list[View]:
    lesion = result["lesion"]
    found = [("this bone" if lesion is None else "with lesion", result["strength"])]
    if lesion is not None:
        found.append(("without", lesion["without"]))
    return [
        {
            "title": title,
            "displacement_mm": one["curve"]["displacement_mm"],
            "force_n": one["curve"]["force_n"],
            "at_mm": one["displacement_mm"],
            "at_n": one["failure_load_n"],
        }
        for title, one in found
    ]


def _technique(ct: Mapping[str, Any]) -> list[tuple[str, str]]:
    contrast = {None: "not stated", True: "given", False: "none"}[ct["contrast"]]
    spacing = " x ".join(f"{v:.3g}" for v in ct["spacing_mm"])
    voxels = " x ".join(str(n) for n in ct["voxels"])
    return [
        ("CT", f"{ct['kind']}, {voxels} voxels of {spacing} mm, {ct['unit']}"),
        ("Tube voltage", "not stated" if ct["kvp"] is None else f"{ct['kvp']:g} kV"),
        ("Kernel", ct["kernel"] or "not stated"),
        ("Contrast agent", contrast),
        ("SHA-256 of voxels and places", ct["sha256"]),
    ]
