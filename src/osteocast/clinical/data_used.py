"""The data behind an assessment: every item that was used with its place, value and age, and where points come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from osteocast.clinical.facts import Facts
from osteocast.clinical.known import Known, Reading
from osteocast.clinical.score import Score
from osteocast.domain.patient import Lesion
from osteocast.domain.table import read_table
from osteocast.formats.fhir_record import FhirRecord

__all__ = ["Datum", "data_used", "dated_items"]

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Datum:
    """One item of the record as it was used; `age_days` is ``None`` where it has no day."""

    resource: str
    pointer: str
    name: str
    code: str
    value: str
    unit: str
    date: dt.date | None
    age_days: int | None


def data_used(facts: Facts, account: FhirRecord | None) -> tuple[Datum, ...]:
    """Return every item that was used: those of the account of a FHIR record, or the entries of a patient's file."""
    if account is not None:
        return tuple(
            _datum(facts, (one.resource, one.pointer, one.name, one.code), (one.value, one.unit), one.date)
            for one in account.used
        )
    return tuple(_of_file(facts))


def _datum(facts: Facts, what: tuple[str, str, str, str], value: tuple[str, str], day: dt.date | None) -> Datum:
    age = None if day is None else (facts.today - day).days
    return Datum(*what, *value, day, age)


def _of_file(facts: Facts) -> Iterator[Datum]:
    names: list[str] = read_table("assessment")["basics"]
    for name in names:
        one = facts.known.get(name)
        if one is not None:
            yield _datum(facts, ("patient", name, name, ""), (one.text, ""), one.date)
    for number, lesion in enumerate(facts.lesions):
        words = ", ".join(_lesion_words(lesion))
        yield _datum(facts, ("lesion", f"lesions[{number}]", lesion.site.title, ""), (words, ""), lesion.found)
    patient = facts.patient
    for number, course in enumerate(patient.drug_history if patient is not None else ()):
        dose = "" if course.dose_mg is None else f"{course.dose_mg:g}"
        yield _datum(
            facts,
            ("antiresorptive", f"antiresorptives[{number}]", course.drug, ""),
            (dose, "mg" if dose else ""),
            course.started,
        )
    for number, event in enumerate(patient.events if patient is not None else ()):
        where = event.site.title if event.site is not None else ""
        yield _datum(facts, ("event", f"events[{number}]", event.kind, ""), (where, ""), event.date)
    for readings in facts.readings.values():
        for reading in readings:
            value = f"{reading.sign}{reading.number:g}"
            yield _datum(facts, ("observation", reading.pointer, reading.name, ""), (value, reading.unit), reading.date)


def _lesion_words(lesion: Lesion) -> Iterator[str]:
    if lesion.kind is not None:
        yield lesion.kind
    if lesion.size_mm is not None:
        yield f"{lesion.size_mm:g} mm"
    if lesion.cortical_involvement is not None:
        yield f"cortex {100 * lesion.cortical_involvement:.3g} %"
    if lesion.collapse_percent is not None:
        yield f"loss of height {lesion.collapse_percent:g} %"
    if lesion.epidural_grade is not None:
        yield f"ESCC {lesion.epidural_grade}"
    if lesion.pain_at_rest is not None:
        yield f"pain at rest {lesion.pain_at_rest:g}"
    if lesion.pain_on_loading is not None:
        yield f"pain on loading {lesion.pain_on_loading:g}"
    if lesion.fixed is not None:
        yield f"rod or cement {lesion.fixed.isoformat()}"


def dated_items(score: Score, where: str, facts: Facts, known: Mapping[str, Known]) -> list[dict[str, Any]]:
    """Return the items of an instrument with unit, day and place of the value, where these can be told.

    The day is that of the newest reading that has the very number of the item, or of the fact that it was made from;
    where there is neither, it stays open. `guard` marks what only decides whether the instrument applies.

    Parameters
    ----------
    score : Score
    where : str
        Site of the lesion, or ``patient``.
    facts : Facts
    known : mapping of Known
        The facts with those that instruments add.
    """
    table = read_table("assessment")
    lesion = next((one for one in facts.lesions if one.site.title == where), None)
    ionised = any(one.name == "basis" and one.given == "ionised" for one in score.items)
    found = []
    for one in score.items:
        key = "ionised" if one.name == "corrected" and ionised else one.name
        names = table["item_readings"].get(key)
        day, pointer = _origin(names or (), one.given, facts, known)
        if names is None and lesion is not None:
            day, pointer = lesion.found, f"lesions[{facts.lesions.index(lesion)}]"
        entry = score.entry.items.get(one.name)
        bare = entry is not None and one.given.replace(".", "", 1).isdigit()
        found.append(
            {
                "name": one.name,
                "title": table["item_titles"].get(one.name, one.title),
                "given": one.given.removesuffix(".0"),
                "unit": entry.unit if entry is not None and bare else "",
                "level": one.level,
                "points": one.points,
                "date": None if day is None else day.isoformat(),
                "pointer": pointer,
                "guard": entry is None,
            }
        )
    return found


def _origin(names: Iterable[str], given: str, facts: Facts, known: Mapping[str, Known]) -> tuple[dt.date | None, str]:
    for name in names:
        for reading in reversed(facts.readings.get(name, ())):
            if _is_same(given, reading):
                return reading.date, reading.pointer
        one = known.get(name)
        if one is not None:
            return one.date, one.pointer
    return None, ""


def _is_same(given: str, one: Reading) -> bool:
    try:
        return abs(float(given.split(maxsplit=1)[0]) - one.number) <= _SAME * max(1.0, abs(one.number))
    except (ValueError, IndexError):
        return False
