"""What the clinician's page and the text for pasting say of an assessment, in one order and in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from osteocast.domain.table import read_table
from osteocast.report import wording
from osteocast.report.wording import plain

__all__ = ["SIGNS", "STATUS", "assessment_view"]

Result = Mapping[str, Any]
View = dict[str, Any]

SIGNS: Final[Mapping[str, str]] = {"EMERGENCY": "!!!", "SAME DAY": "!!", "URGENT": "!", "SOON": "•"}
"""Signs beside the words of a level, so that no colour is needed; no sign where no trigger is met."""

STATUS: Final[Mapping[str, str]] = {
    "primary": "source read",
    "secondary": "read in a secondary source",
    "memory": "read in no source",
}
"""How a rule or table was checked."""

_ACT: Final = "Follow the local pathway. What is not recorded is not known."
_DAY = re.compile(r" on \d{4}-\d{2}-\d{2}")
_NAMES: Final = {"ctx": "CTX", "untx": "uNTx", "ecog": "ECOG", "psa": "PSA", "pthrp": "PTHrP", "her2": "HER2"}
_PEOPLE: Final = {"female": "woman", "male": "man"}


def assessment_view(result: Result) -> View:
    """Return the parts of the page in its order; text is as it was recorded, to be escaped where it is shown.

    Parameters
    ----------
    result : mapping
        As described by ``data/schema/assessment.schema.json``.
    """
    groups = _groups(result["findings"])
    titles = {one["name"]: one["title"] for one in result["findings"]}
    return {
        "who": _who(result["record"]),
        "act": _ACT,
        "sign": SIGNS.get(result["urgency"]["level"], ""),
        "groups": groups,
        "complications": [one for one in groups if one["kind"] == "complication"],
        "drugs": [one for one in groups if one["kind"] == "drug"],
        "safety": _safety(result),
        "instruments": _instruments(result["scores"]),
        "licences": _licences(result["scores"]),
        "options": _options(result["options"], titles),
        "forecast": _forecast(result["forecast"]),
        "data": [_datum(one) for one in result["data"]],
        "days": _days(result["data"]),
        "lesions": [f"{one['title']} ({wording.lesion_text(one)})" for one in result["lesions"]],
        "ages": [_age(one) for one in result["ages"]],
        "raising": [one for one in result["would_change"] if one["raises"]],
        "changes": _changes(result["would_change"]),
        "hash": result["edition"]["data_sha256"][:12],
        "input_hash": (result["edition"]["input_sha256"] or "")[:12],
        "references": [_reference(key, text) for key, text in result["references"].items()],
    }


def _who(record: Result) -> str:
    age = record["age_years"]
    person = _PEOPLE.get(str(record["sex"]), "person, sex not recorded")
    primary = record["primary"]
    cancer = {"myeloma": "myeloma", "unknown": "unknown primary", None: "no cancer recorded"}.get(primary)
    who = f"{age:g}-year-old {person}" if age is not None else f"{person}, age not recorded"
    return f"{who}, {cancer or f'{plain(primary)} cancer'}"


def dated(texts: Iterable[str]) -> list[str]:
    """Return facts with their day; where it is not recorded they say so."""
    return [text if _DAY.search(text) else f"{text} (day not recorded)" for text in texts]


def _groups(findings: Sequence[Result]) -> list[View]:
    """Gather findings by rule: the same rule at several sites is one entry with its places."""
    found: dict[str, View] = {}
    for one in findings:
        keys = ("name", "title", "kind", "level", "rule", "says", "clock", "status", "sources", "note")
        group = found.setdefault(one["rule"], {**{key: one[key] for key in keys}, "cases": [], "places": []})
        places = [] if one["where"] == "patient" else [one["where"]]
        group["places"] += places
        case = {
            "trigger": dated(one["trigger"]),
            "supports": one["supports"],
            "against": one["against"],
            "missing": one["not_recorded"],
        }
        # lesions of which the same is said stand together
        same = next((other for other in group["cases"] if all(other[key] == case[key] for key in case)), None)
        if same is None:
            group["cases"].append({**case, "where": ", ".join(places)})
        else:
            same["where"] = ", ".join([same["where"], *places])
    for group in found.values():
        group["sign"] = SIGNS.get(group["level"], "")
        group["checked"] = STATUS[group["status"]]
    return list(found.values())


def _safety(result: Result) -> list[View]:
    """Return the lines of drug safety; what is not recorded says so."""
    facts = {one["name"]: one for one in result["facts"]}
    rows = []
    for row in read_table("assessment")["drug_safety"]:
        texts = [_fact_text(facts[name]) for name in row["facts"] if name in facts and _is_told(facts[name])]
        inputs = _inputs(result["scores"], row.get("inputs", "")) if texts else ""
        text = "; ".join(dict.fromkeys(texts)) or row.get("says", "not recorded")
        rows.append({"title": row["title"], "text": f"{text} (from {inputs})" if inputs else text})
    return rows


def _is_told(fact: Result) -> bool:
    """Whether a fact says something of the person: a statement that the record lacks a word does not."""
    return not (fact["name"].startswith("record.") and fact["value"] is False)


def _fact_text(fact: Result) -> str:
    titles: Mapping[str, str] = read_table("assessment")["titles"]
    title = titles.get(fact["name"]) or fact["name"].rpartition(".")[2].replace("-", " ")
    told = str(fact["text"])
    text = {"yes": title, "no": f"{title}: no"}.get(told, told)
    return f"{text}, {fact['date']}" if fact["date"] else text


def _inputs(scores: Sequence[Result], instrument: str) -> str:
    for one in scores:
        if one["instrument"] == instrument:
            return ", ".join(item_text(item) for item in one["items"] if item["name"] != "indication")
    return ""


def item_text(item: Result) -> str:
    """Write an item of an instrument: "location T9, 1 point, 2025-11-10"."""
    value = f"{item['given']} {item['unit']}".strip().replace(" year", " years")
    parts = [f"{item['title']} {value}"]
    if item["points"] is not None:
        parts.append(f"{item['points']} point{'' if item['points'] == 1 else 's'}")
    if item["date"]:
        parts.append(item["date"])
    return ", ".join(plain(part) for part in parts)


def answer_text(answer: Result) -> str:
    """Write an answer of an instrument, or what it may still be."""
    if answer["settled"]:
        if answer["text"]:
            return str(answer["text"])
        value = answer["value"]
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None:
            return "none"
        return f"{value:.4g} {answer['unit']}".strip() if isinstance(value, int | float) else _words(value)
    if answer["bounds"]:
        return f"open, {answer['bounds'][0]:.3g} to {answer['bounds'][1]:.3g} {answer['unit']}".strip()
    possible = [_words(one) for one in answer["possible"] if isinstance(one, str)]
    return f"open: {' or '.join(possible)}" if len(possible) > 1 else "open"


def _words(value: object) -> str:
    return plain(value).replace("_", " ")


def _answer(answer: Result) -> str:
    return f"{answer['title']} {answer_text(answer)}"


def _instruments(scores: Sequence[Result]) -> list[View]:
    """Gather scores by instrument: one entry with a line for each place."""
    found: dict[str, View] = {}
    for one in scores:
        group = found.setdefault(
            one["instrument"],
            {
                "title": one["title"],
                "version": one["version"],
                "checked": STATUS[one["status"]],
                "population": one["population"],
                "accuracy": [entry["text"] for entry in one["accuracy"]],
                "licence": one["licence"],
                "read": one["read"],
                "conflicts": one["conflicts"],
                "cases": [],
            },
        )
        group["cases"].append(
            {
                "where": "" if one["where"] == "patient" else one["where"],
                "applicable": one["applicable"],
                "reasons": one["reasons"],
                "answers": [_answer(answer) for answer in one["answers"] if answer["settled"] or answer["bounds"]],
                "open": [_answer(answer) for answer in one["answers"] if not (answer["settled"] or answer["bounds"])],
                "items": [item_text(item) for item in one["items"] if not item["guard"]],
                "missing": [item["title"] for item in one["missing"]],
                "notes": one["notes"],
                "not_checked": one["not_checked"],
            }
        )
    return list(found.values())


def _licences(scores: Sequence[Result]) -> list[tuple[str, list[str]]]:
    found: dict[str, dict[str, None]] = {}
    for one in scores:
        found.setdefault(one["licence"], {})[one["instrument"]] = None
    return [(licence, list(names)) for licence, names in found.items()]


def _options(options: Sequence[Result], titles: Mapping[str, str]) -> list[View]:
    """Gather options by finding, so that guidelines stand side by side."""
    found: dict[str, View] = {}
    for one in options:
        entry = found.setdefault(one["finding"], {"title": titles[one["finding"]], "rows": []})
        entry["rows"].append({**one, "checked": STATUS[one["status"]]})
    return list(found.values())


def _forecast(forecast: Result | None) -> View | None:
    """Return the forecast as a table: a row an event, a column a treatment, every number with its interval."""
    if forecast is None:
        return None
    treatments = forecast["treatments"]
    months = sorted({risk["month"] for one in treatments for risk in one["risks"]})
    rows: dict[str, View] = {}
    letters = {one["name"]: wording.style_of(index).letter for index, one in enumerate(treatments)}
    for one in treatments:
        label = f"{letters[one['name']]} {one['title']}"
        for risk in one["risks"]:
            row = rows.setdefault(risk["event"], {"title": risk["title"], "cells": []})
            text = risk["instead"] or wording.risk_text(risk["probability"], risk["low"], risk["high"])
            last = risk["month"] == months[-1]
            row["cells"].append({"month": risk["month"], "label": label, "text": text, "last": last})
    return {
        **forecast,
        "horizons": months,
        "treatments": [{**one, "letter": letters[one["name"]]} for one in treatments],
        "rows": list(rows.values()),
        "differences": [_difference(one, letters) for one in forecast["differences"]],
    }


def _difference(one: Result, letters: Mapping[str, str]) -> str:
    pair = f"{letters[one['regimen']]} against {letters[one['against']]}"
    if one["separated"] is None:
        return f"{pair}: {one['text']}"
    if not one["separated"]:
        return f"{pair}: {wording.NOT_SEPARATED} ({wording.avoided_span(one['low'], one['high'])} of 100)"
    return f"{pair}: {wording.avoided_text(one['avoided_per_100'], one['low'], one['high'])} of 100"


def _datum(one: Result) -> View:
    return {
        **one,
        "name": _NAMES.get(one["name"]) or wording.sentence_case(plain(one["name"]).replace("-", " ")),
        "text": f"{one['value']} {one['unit']}".strip(),
        "age": "" if one["age_days"] is None else _age_text(one["age_days"]),
    }


def _age_text(days: int) -> str:
    """Write an age; what is dated after the day of reading says so."""
    if days < 0:
        return "dated after the day of reading"
    return f"{days} day{'' if days == 1 else 's'} old"


def _days(data: Sequence[Result]) -> list[tuple[str, list[str]]]:
    """Gather the items of a day with its age, the newest day first, for a short line."""
    found: dict[str, list[str]] = {}
    for one in sorted(data, key=lambda entry: entry["date"] or "", reverse=True):
        item = _datum(one)
        day = f"{one['date']} ({item['age']})" if one["date"] else "day not recorded"
        found.setdefault(day, []).append(f"{item['name']} {item['text']}".strip())
    return list(found.items())


def _age(one: Result) -> View:
    return {**one, "text": f"{one['title']} {_age_text(one['days'])} ({one['date']})"}


def _changes(changes: Sequence[Result]) -> list[View]:
    """Write what would change, the greatest effect first; what several scores lack is one line."""
    found = []
    for one in changes:
        if one["kind"] != "urgency":
            continue
        where = "" if one["where"] == "patient" else f" at {plain(one['where'])}"
        effect = f"could be {one['level']}" + (", above the level of this page" if one["raises"] else "")
        found.append({**one, "about": f"{one['about']}{where}", "effect": effect, "sign": SIGNS[one["level"]]})
    lacking: dict[str, list[str]] = {}
    for one in changes:
        for item in one["missing"] if one["kind"] == "instrument" else ():
            name = _short(one["about"])
            lacking.setdefault(item, []).append(name if one["where"] == "patient" else f"{name} {plain(one['where'])}")
    if lacking:
        missing = [f"{item} ({', '.join(dict.fromkeys(names))})" for item, names in lacking.items()]
        about = {"kind": "instrument", "about": "Scores", "effect": "would narrow or be settled by"}
        found.append({**about, "missing": missing, "rules": [], "sign": "", "raises": False, "level": ""})
    old = [f"{one['about']} ({', '.join(one['missing'])})" for one in changes if one["kind"] == "age"]
    if old:
        about = {"kind": "age", "about": "Old data", "effect": "would be replaced by"}
        found.append({**about, "missing": old, "rules": [], "sign": "", "raises": False, "level": ""})
    return found


def _short(title: str) -> str:
    """Return the name in brackets of a long title, or the title without the word "score"."""
    brackets = re.search(r"\(([^)]+)\)$", title)
    return brackets[1] if brackets else title.removesuffix(" score")


def _reference(key: str, text: str) -> View:
    name, mark, address = text.partition("https:" if "https:" in text else "http:")
    author = name.split(",")[0].split(" (")[0]
    year = re.search(r"\((\d{4})\)", name)
    doi = address.removeprefix("//doi.org/") if address.startswith("//doi.org/") else ""
    return {
        "key": key,
        "text": name.strip(),
        "address": f"{mark}{address}",
        "brief": f"{author} {year[1] if year else ''}{f' doi:{doi}' if doi else ''}".strip(),
    }
