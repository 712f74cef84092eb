"""Facts of one record: a patient, or a FHIR record whether or not it holds a whole patient. Unknown stays unknown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeGuard

from osteocast.clinical.known import Known, Reading, fact
from osteocast.domain.emergencies import treated_since, untreated_cord_compression
from osteocast.domain.observation import Observation
from osteocast.domain.patient import EarlierCourse, Lesion, Patient
from osteocast.domain.quantity import accepted_unit, quantity_facts
from osteocast.domain.table import read_table
from osteocast.formats.fhir_codes import concept
from osteocast.formats.fhir_node import clean
from osteocast.formats.fhir_record import Fact, FhirRecord, Used
from osteocast.foundation.units import convert

__all__ = ["Facts", "canonical", "facts_of_patient", "facts_of_record"]

_GIVEN = re.compile(r"\s*([<>]?)=?\s*([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)\s*(\S.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record says, flat.

    Parameters
    ----------
    source : str
        Name of the record.
    today : datetime.date
        Day on which it is read.
    patient : Patient or None
        ``None`` where the record holds no whole patient; its facts are used all the same.
    known : dict
        Facts by name. What is not in it is not recorded.
    readings : dict
        Measured values by quantity, oldest first, one a day (the worse of several).
    lesions : tuple of Lesion
    """

    source: str
    today: dt.date
    patient: Patient | None
    known: dict[str, Known]
    readings: dict[str, tuple[Reading, ...]] = field(default_factory=dict)
    lesions: tuple[Lesion, ...] = ()

    def newest(self, *names: str, exact: bool = False) -> Reading | None:
        """Return the newest reading of any of these quantities; of one day that of the quantity named first."""
        found = [
            (one.date or dt.date.min, -rank, one)
            for rank, name in enumerate(names)
            for one in self.readings.get(name, ())
            if not (exact and one.sign)
        ]
        return max(found, key=lambda one: one[:2])[2] if found else None

    def value(self, name: str) -> bool | float | str | None:
        """Return the one value of a fact, or ``None`` where it is not recorded or open."""
        one = self.known.get(name)
        value = None if one is None else one.possible.value
        return value if isinstance(value, bool | int | float | str) else None


def facts_of_patient(patient: Patient, today: dt.date, source: str = "patient") -> Facts:
    """Return the facts of a patient's file."""
    readings = _by_quantity(_reading_of(one, f"observations[{n}]") for n, one in enumerate(patient.observations))
    return _finish(clean(source), today, patient, _of_patient(patient), readings)


def facts_of_record(record: FhirRecord, today: dt.date) -> Facts:
    """Return the facts of a FHIR record; symptoms, orders and values count although there is no whole patient."""
    found = _of_extra(record.extra)
    # the newest mention of an event may say that it is over, which the patient's list of events cannot
    over = {name for name in ("cord-compression", "pathological-fracture") if _is_over(found.get(name))}
    unsure = {one.pointer for one in record.warnings if one.code == "fhir.unconfirmed"}
    cancers = [one for one in record.used if _is_cancer(one)]
    sure = [one for one in cancers if one.pointer not in unsure]
    for name, listed in (("record.cancer", sure), ("record.cancer-suspected", cancers)):
        if listed:
            found[name] = fact(True, date=min((one.date for one in listed if one.date), default=None))
    past = found.get("history-of-cancer")
    if _there(past):
        found.setdefault("record.cancer", past)
        found.setdefault("record.cancer-suspected", past)
    readings = _by_quantity(_used_reading(one) for one in record.used if one.resource == "Observation" and one.value)
    if record.patient is not None:
        found |= {name: one for name, one in _of_patient(record.patient).items() if name not in over}
    return _finish(record.source, today, record.patient, found, readings)


def _finish(
    source: str,
    today: dt.date,
    patient: Patient | None,
    found: dict[str, Known],
    readings: dict[str, tuple[Reading, ...]],
) -> Facts:
    for name in ("record.cancer", "record.cancer-suspected", "record.bone-disease"):
        found.setdefault(name, fact(False))
    calcium = any(readings.get(name) for name in ("calcium", "corrected-calcium", "ionised-calcium"))
    found["record.calcium"] = fact(calcium)
    _events(found, patient, today)
    _calcium_words(found, readings, today)
    _drugs(found, patient, today)
    return Facts(source, today, patient, found, readings, patient.lesions if patient is not None else ())


def _of_patient(patient: Patient) -> dict[str, Known]:
    found = {
        "age": fact(patient.age_years, f"{patient.age_years:g} years"),
        "sex": fact(patient.sex),
        "primary": fact(patient.primary.origin),
        "record.cancer": fact(True, date=patient.primary.diagnosed),
        "record.bone-disease": fact(True),
    }
    if patient.ecog is not None:
        found["ecog"] = fact(float(patient.ecog), str(patient.ecog))
    if patient.weight_kg is not None:
        found["weight"] = fact(patient.weight_kg, f"{patient.weight_kg:g} kg")
    if patient.visceral_metastases is not None:
        found["visceral-metastases"] = fact(patient.visceral_metastases)
    for number, lesion in enumerate(patient.lesions):
        if lesion.site.is_vertebra and (lesion.pain_on_loading or 0.0) > (lesion.pain_at_rest or 0.0):
            text = f"at {lesion.site.title}: pain on loading {lesion.pain_on_loading:g} of 10"
            found["mechanical-back-pain"] = fact(True, text, None, f"lesions[{number}].pain_on_loading")
    for event in patient.events:
        name = {"fracture": "pathological-fracture"}.get(event.kind, event.kind)
        found[name] = fact(True, date=event.date)
    return found


def _of_extra(facts: Iterable[Fact]) -> dict[str, Known]:
    """Return the newest of each fact; where days are equal or missing, what is there stands before what is not."""
    chosen: dict[str, Fact] = {}
    for one in facts:
        before = chosen.get(one.name)
        if before is None or _rank(one, before) > _rank(before, one):
            chosen[one.name] = one
    return {name: _fact_of(one) for name, one in chosen.items()}


def _rank(one: Fact, other: Fact) -> tuple[dt.date, bool]:
    undated = one.date is None or other.date is None
    return dt.date.min if undated or one.date is None else one.date, one.value is True


def _fact_of(one: Fact) -> Known:
    value = one.value
    if isinstance(value, float) and one.unit:
        return fact(value, f"{value:g} {one.unit}", one.date, one.pointer)
    # an item without a value (a drug without dose) is there all the same
    return fact(True if value is None else value, "", one.date, one.pointer)


def _is_cancer(one: Used) -> bool:
    try:
        return concept(one.name).kind in ("primary", "metastasis")
    except KeyError:
        return False


def _reading_of(one: Observation, pointer: str) -> Reading:
    """Return an observation in the unit in which it was reported."""
    match = _GIVEN.fullmatch(one.given)
    facts = quantity_facts(one.quantity)
    unit = accepted_unit(facts, match[3] or "") if match else None
    if match is None or unit is None:
        sign = "" if one.censoring == "=" else one.censoring
        return Reading(one.quantity, one.value, sign, one.unit, one.date, pointer)
    return Reading(one.quantity, float(match[2].replace(",", ".")), match[1], unit, one.date, pointer)


def _used_reading(one: Used) -> Reading | None:
    match = _GIVEN.fullmatch(one.value)
    if match is None or match[3]:
        return None
    name = str(concept(one.name).facts.get("quantity", one.name))
    return Reading(name, float(match[2]), match[1], one.unit, one.date, one.pointer, one.low, one.high)


def _by_quantity(readings: Iterable[Reading | None]) -> dict[str, tuple[Reading, ...]]:
    """Group readings; of several on one day the worse stays, by the rule of the codes' table."""
    days: dict[tuple[str, dt.date | None], Reading] = {}
    for one in readings:
        if one is not None:
            key = (one.name, one.date)
            days[key] = max(days.get(key, one), one, key=_badness)
    found: dict[str, list[Reading]] = {}
    for one in sorted(days.values(), key=lambda r: r.date or dt.date.min):
        found.setdefault(one.name, []).append(one)
    return {name: tuple(listed) for name, listed in found.items()}


def canonical(one: Reading) -> float:
    """Return the number in the canonical unit of its quantity; as it is where there is none."""
    if one.name not in read_table("observations") and one.name not in read_table("measures"):
        return one.number
    facts = quantity_facts(one.name)
    return convert(one.number, one.unit, facts.unit, facts.substance) if one.unit != facts.unit else one.number


@cache
def _worse() -> dict[str, str]:
    """Return which of two values of a day is the worse, by quantity."""
    return {
        entry.get("quantity", name): entry["worse"]
        for name, entry in read_table("codes/concepts").items()
        if isinstance(entry, dict) and "worse" in entry
    }


def _badness(one: Reading) -> float:
    rule, number = _worse().get(one.name, "high"), canonical(one)
    if rule == "outside":
        low, high = quantity_facts(one.name).reference or (number, number)
        return max(low - number, number - high)
    return number if rule == "high" else -number


def _events(found: dict[str, Known], patient: Patient | None, today: dt.date) -> None:
    """Note cord compression and fracture that are as of today: untreated, and undated or of the last weeks."""
    window = read_table("assessment")["recent_days"]
    if patient is None:
        cord, fracture = found.get("cord-compression"), found.get("pathological-fracture")
        found["record.cord-compression"] = cord if _there(cord) else fact(False)
        found["record.fracture"] = fact(False)
        if _there(fracture) and (fracture.date is None or (today - fracture.date).days <= window):
            found["record.fracture"] = fracture
        return
    day = untreated_cord_compression(patient)
    undated = [e for e in patient.events if e.kind == "cord-compression" and e.date is None]
    still = (day is not None or bool(undated)) and not _is_over(found.get("cord-compression"))
    found["record.cord-compression"] = fact(still, date=day if still else None)
    recent = [
        event
        for event in patient.events
        if event.kind == "fracture"
        and (
            event.date is None
            or (patient.day_of(event.date) >= -window and not treated_since(patient, event, event.date))
        )
    ]
    dates = [event.date for event in recent if event.date is not None]
    where = ", ".join(event.site.title for event in recent if event.site is not None)
    still = bool(recent) and not _is_over(found.get("pathological-fracture"))
    found["record.fracture"] = fact(still, f"at {where}" if where else "", max(dates, default=None))


def _calcium_words(found: dict[str, Known], readings: Mapping[str, tuple[Reading, ...]], today: dt.date) -> None:
    """Note high or low calcium that the record names in words alone: recent, and with no value since."""
    window = read_table("assessment")["recent_days"]
    names = ("calcium", "corrected-calcium", "ionised-calcium")
    days = [one.date or dt.date.max for name in names for one in readings.get(name, ())]
    for name in ("hypercalcaemia", "hypocalcaemia"):
        one = found.get(name)
        found[f"record.{name}"] = fact(False)
        if not _there(one) or any(day >= (one.date or dt.date.min) for day in days):
            continue
        if one.date is None or (today - one.date).days <= window:
            found[f"record.{name}"] = one


def _is_over(one: Known | None) -> bool:
    return one is not None and one.possible.value is False


def _there(one: Known | None) -> TypeGuard[Known]:
    return one is not None and one.possible.value is True


def _drugs(found: dict[str, Known], patient: Patient | None, today: dt.date) -> None:
    """Note under which antiresorptives the person is: a running course, a standing order, or a dose not long ago."""
    table = read_table("assessment")["drugs"]
    courses = patient.drug_history if patient is not None else ()
    day = patient.assessed if patient is not None and patient.assessed is not None else today
    under: dict[str, Known] = {}
    for course in courses:
        if course.stopped is None or course.stopped > day:
            under[course.drug] = fact(True, date=course.started)
            if course.drug == "zoledronate" and course.dose_mg is not None:
                found["zoledronate.dose"] = fact(course.dose_mg, f"{course.dose_mg:g} mg", course.started)
    names = (*table["bisphosphonates"], "denosumab")
    for name in names:
        given, order = found.get(f"given-{name}"), found.get(f"current-{name}")
        if given is not None and (given.date is None or (day - given.date).days <= table["given_holds_days"]):
            under.setdefault(name, fact(True, date=given.date))
        if order is not None:
            under.setdefault(name, fact(True, date=order.date))
    _ordered_dose(found)
    for name, one in under.items():
        found[f"under.{name}"] = one
    bisphosphonates = [under[name] for name in table["bisphosphonates"] if name in under]
    if bisphosphonates:
        found["under.bisphosphonate"] = bisphosphonates[0]
    if under:
        found["under.antiresorptive"] = next(iter(under.values()))
    if under or courses or any(f"{how}-{name}" in found for how in ("ordered", "given", "stated") for name in names):
        found["under.antiresorptive-ever"] = fact(True)
    if "denosumab" not in under:
        _uncovered(found, courses, table["bisphosphonates"])


def _ordered_dose(found: dict[str, Known]) -> None:
    """Let the newest standing order of zoledronate stand before the dose of the course, where it is not older."""
    dose = found.get("zoledronate.dose")
    for key in ("current-zoledronate", "given-zoledronate"):
        order = found.get(key)
        if order is None or not isinstance(order.possible.value, float):
            continue
        if dose is None or (order.date or dt.date.min) >= (dose.date or dt.date.min):
            found["zoledronate.dose"] = order
            return


def _uncovered(found: dict[str, Known], courses: tuple[EarlierCourse, ...], bisphosphonates: list[str]) -> None:
    """Note denosumab that was stopped with no bisphosphonate running then or begun since."""
    ends = [one.stopped for one in courses if one.drug == "denosumab" and one.stopped is not None]
    if not ends or any(f"under.{name}" in found for name in bisphosphonates):
        return
    last = max(ends)
    if not any(one.drug in bisphosphonates and (one.stopped is None or one.stopped > last) for one in courses):
        found["under.denosumab-uncovered"] = fact(True, date=last)
