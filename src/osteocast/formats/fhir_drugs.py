"""Mentions of drugs as courses of antiresorptives and lines of systemic therapy."""

import datetime as dt
from functools import cache
from itertools import pairwise
from typing import Any

from osteocast.domain.table import read_table, table_names
from osteocast.formats.drug_file import builtin_drug, builtin_drugs
from osteocast.formats.fhir_findings import FoundDrug, Scene
from osteocast.formats.fields import parse_measure

__all__ = ["courses_of", "lines_of", "running_regimen"]

_MOST = 40
_REGULAR = 0.25


def courses_of(scene: Scene) -> list[dict[str, Any]]:
    """Return the antiresorptive courses, as entries of a patient's file.

    Doses known to have been given stand before orders of the same drug, which are then not used.
    """
    by_drug: dict[str, list[FoundDrug]] = {}
    for one in scene.found.drugs:
        if one.drug in builtin_drugs():
            by_drug.setdefault(one.drug, []).append(one)
    courses = []
    for drug, mentions in by_drug.items():
        given = [one for one in mentions if one.how == "given"]
        if given:
            courses.append(_given_course(drug, given, scene))
        for one in mentions if not given else ():
            courses.append(_course(drug, one, scene))
    unique = list({tuple(sorted(one.items(), key=str)): one for one in courses}.values())
    if len(unique) > _MOST:
        scene.notes.warn("fhir.too-many", "", f"{len(unique)} courses", f"the last {_MOST} are used")
    return unique[-_MOST:]


def _dose(drug: str, one: FoundDrug, scene: Scene) -> str | None:
    if one.dose_mg is None:
        return None
    low, high = builtin_drug(drug).plausible_dose_mg
    if not low <= one.dose_mg <= high:
        found = f"{drug} {one.dose_mg:g} mg"
        scene.notes.warn("fhir.dose", one.pointer, found, f"single doses are {low:g} to {high:g} mg: dose not used")
        return None
    return f"{one.dose_mg:.12g} mg"


def _course(drug: str, one: FoundDrug, scene: Scene) -> dict[str, Any]:
    if one.how == "ordered":
        scene.notes.warn("fhir.order", one.pointer, drug, "an order; taken as given from that day")
    stopped = _end(one, scene)
    return {
        "drug": drug,
        "dose": _dose(drug, one, scene),
        "interval": _days(one.interval_days),
        "started": one.started,
        "stopped": stopped,
    }


def _end(one: FoundDrug, scene: Scene) -> dt.date | None:
    """Return the last day of a course; one that is over without a last day ends on the only day known."""
    if one.stopped is not None and one.started is not None and one.stopped < one.started:
        scene.notes.warn("patient.date-order", one.pointer, f"{one.started} to {one.stopped}", "the end is not used")
        return None
    if one.over and one.stopped is None:
        scene.notes.warn("fhir.end-missing", one.pointer, one.name, "over without a last day: the day known is taken")
        return one.started
    return one.stopped


def _given_course(drug: str, given: list[FoundDrug], scene: Scene) -> dict[str, Any]:
    days = sorted({one.started for one in given if one.started is not None})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    middle = sorted(gaps)[len(gaps) // 2] if gaps else 0
    regular = bool(gaps) and all(abs(gap - middle) <= _REGULAR * middle for gap in gaps)
    newest = max(given, key=lambda one: one.started or dt.date.min)
    return {
        "drug": drug,
        "dose": _dose(drug, newest, scene),
        "interval": _days(float(middle)) if regular else _days(newest.interval_days),
        "started": days[0] if days else None,
        "stopped": days[-1] if days else None,
    }


def _days(interval: float | None) -> str | None:
    return None if interval is None else f"{interval:.12g} days"


def lines_of(origin: str, scene: Scene) -> list[dict[str, Any]]:
    """Return the lines of systemic therapy, as entries of a patient's file."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in scene.found.drugs:
        facts = one.concept.facts
        if "class" not in facts:
            continue
        stopped = one.stopped if one.started is None or one.stopped is None or one.stopped >= one.started else None
        entry = {
            "class": facts.get("by_origin", {}).get(origin, facts["class"]),
            "name": one.name,
            "started": one.started,
            "stopped": stopped,
        }
        lines.setdefault(tuple(entry.values()), {key: value for key, value in entry.items() if value is not None})
    found = sorted(lines.values(), key=lambda line: line.get("started") or dt.date.min)
    if len(found) > _MOST:
        scene.notes.warn("fhir.too-many", "", f"{len(found)} lines of therapy", f"the newest {_MOST} are used")
    return found[-_MOST:]


@cache
def _plain_regimens() -> dict[tuple[str, float, float], str]:
    """Return the built-in regimens of one endless course, by drug, dose [mg] and interval [day]."""
    found = {}
    for name in table_names("regimens"):
        courses = read_table(f"regimens/{name}").get("courses", [])
        if len(courses) == 1 and set(courses[0]) <= {"drug", "dose", "interval", "start"} and "interval" in courses[0]:
            one = courses[0]
            dose, interval = parse_measure(one["dose"], "dose"), parse_measure(one["interval"], "interval")
            found[one["drug"], round(dose.value, 6), round(interval.value, 6)] = name
    return found


def running_regimen(courses: list[dict[str, Any]]) -> str | None:
    """Return the built-in regimen of the only running course, or ``None``."""
    running = [one for one in courses if one["stopped"] is None]
    if len(running) != 1 or running[0]["dose"] is None or running[0]["interval"] is None:
        return None
    one = running[0]
    return _plain_regimens().get(
        (
            one["drug"],
            round(parse_measure(one["dose"], "dose").value, 6),
            round(parse_measure(one["interval"], "interval").value, 6),
        )
    )
