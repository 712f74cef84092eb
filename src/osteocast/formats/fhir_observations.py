"""Observations of a record: laboratory values, weight, performance status, pain, coded answers, symptoms."""

import datetime as dt

from osteocast.formats.fhir_codes import Meaning, concept, meaning, shapes, text_of
from osteocast.formats.fhir_conditions import note_condition
from osteocast.formats.fhir_findings import FoundValue, Scene
from osteocast.formats.fhir_node import Node
from osteocast.formats.fhir_record import Used
from osteocast.formats.fhir_values import Amount, amount_of, bare_amount, fact_value, measured, text_amount
from osteocast.foundation.units import UnitError, same_dimension

__all__ = ["read_observation"]

_KINDS = ("measure", "category", "finding", "event")
_UNDATED = ("ecog", "weight")
_HIGHEST_ECOG, _DEAD_ECOG = 4, 5


def read_observation(node: Node, scene: Scene) -> None:
    """Read one Observation and its components."""
    names = shapes()["names"]
    date, why = scene.clock.day(node, names["observed"])
    if why == "fhir.date-missing" and node.raw.get("issued") is not None:
        date, why = scene.clock.day(node, ["issued"])
        if date is not None:
            scene.notes.warn("fhir.date-issued", node.at, "no day of the sample", f"day of issue {date} is used")
    if why in ("fhir.date-future", "fhir.date-before-birth", "fhir.date-invalid"):
        scene.notes.reject(why, node.at, text_of(node.child("code")))
        return
    parts = node.children("component") if "component" in node.raw else []
    if not parts or any(key.startswith("value") for key in node.raw):
        _read_part(node, node, date, scene)
    for part in parts:
        _read_part(part, node, date, scene)


def _read_part(part: Node, node: Node, date: dt.date | None, scene: Scene) -> None:
    code = part.child("code")
    said, reason = meaning(code, _KINDS)
    if said is None:
        _answer_only(part, node, date, scene, reason)
        return
    if "dataAbsentReason" in part.raw and not any(key.startswith("value") for key in part.raw):
        scene.notes.reject("fhir.value", part.at, f"{text_of(code)}: no value, with the reason")
        return
    kind = said.concept.kind
    if kind == "measure":
        _measure(part, node, said, date, scene)
    elif kind == "category":
        _category(part, said, date, scene)
    else:
        _finding(part, node, said, date, scene)


def _answer_only(part: Node, node: Node, date: dt.date | None, scene: Scene, reason: str) -> None:
    """An unknown question whose answer is a known symptom or event says that it is there."""
    what = text_of(part.child("code")) or "an Observation without code"
    if reason == "fhir.code-unknown" and isinstance(part.raw.get("valueCodeableConcept"), dict):
        said, _ = meaning(part.child("valueCodeableConcept"), ("finding", "event"))
        if said is not None:
            note_condition(node, said, date, scene)
            return
    if reason == "fhir.code-unknown":
        scene.notes.unread(part.at, what)
    else:
        scene.notes.reject(reason, part.at, what)


def _answer(part: Node) -> str | bool | int | None:
    """Return a coded, true-or-false or worded answer, or ``None``."""
    if "valueBoolean" in part.raw:
        return part.flag("valueBoolean")
    if "valueCodeableConcept" in part.raw:
        said, _ = meaning(part.child("valueCodeableConcept"), ("answer",))
        value = said.concept.facts["value"] if said is not None else None
        return value if isinstance(value, str | bool | int) else None
    return None


def _finding(part: Node, node: Node, said: Meaning, date: dt.date | None, scene: Scene) -> None:
    answer = _answer(part)
    there = {"positive": True, "negative": False}.get(answer, answer) if isinstance(answer, str) else answer
    if not isinstance(there, bool):
        scene.notes.reject("fhir.value", part.at, f"{said.concept.name}: neither there nor absent")
    elif there:
        note_condition(node, said, date, scene)
    else:
        scene.use(node, said, date)
        scene.fact(said.concept.name, False, "", date, part.at)


def _category(part: Node, said: Meaning, date: dt.date | None, scene: Scene) -> None:
    answer = _answer(part)
    words = answer if isinstance(answer, str) else ""
    if not words and "valueCodeableConcept" in part.raw:
        words = text_of(part.child("valueCodeableConcept"))
    words = words or (part.text("valueString") if "valueString" in part.raw else "")
    if not words:
        scene.notes.reject("fhir.value", part.at, f"{said.concept.name}: no answer")
        return
    scene.notes.used.append(Used("Observation", part.at, said.concept.name, said.code, words, "", date))
    scene.fact(said.concept.name, words, "", date, part.at)


def _amount(part: Node, said: Meaning) -> tuple[Amount | None, str]:
    bare = bool(said.concept.facts.get("bare"))
    if "valueQuantity" in part.raw:
        quantity = part.child("valueQuantity")
        return amount_of(quantity, bare) if quantity is not None else (None, "fhir.value")
    key = part.first(["valueInteger", "valueDecimal"])
    if key:
        amount = bare_amount(part, key)
        return (amount, "" if amount else "fhir.value") if bare else (None, "fhir.unit-missing")
    if "valueString" in part.raw:
        return text_amount(part, "valueString", bare)
    answer = _answer(part)
    if isinstance(answer, int) and not isinstance(answer, bool) and bare:
        return Amount(float(answer), "points", "", part.at), ""
    return None, "fhir.value"


def _measure(part: Node, node: Node, said: Meaning, date: dt.date | None, scene: Scene) -> None:
    name = said.concept.name
    amount, reason = _amount(part, said)
    if amount is None:
        scene.notes.reject(reason, part.at, f"{text_of(part.child('code'))}: {_shown(part)}")
        return
    if said.unit and not _same(said.unit, amount.unit):
        found = f"{said.code} asks for a unit like {said.unit}, found {amount.unit}"
        scene.notes.warn("fhir.unit-of-code", part.at, found, "the written unit is used")
    facts = said.concept.facts
    if date is None and name not in _UNDATED and "quantity" in facts:
        scene.notes.reject("fhir.date-missing", part.at, f"{name} {amount.shown} {amount.unit}")
        return
    if "quantity" in facts or "patient" in facts:
        taken = _value(amount, said, date, scene)
    else:
        value = fact_value(amount, concept(name), scene.notes)
        taken = value is not None
        if value is not None:
            scene.fact(name, value[0], value[1], date, amount.pointer)
    if taken:
        low, high = _limits(part, amount.unit)
        used = Used("Observation", part.at, name, said.code, amount.shown, amount.unit, date, low, high)
        scene.notes.used.append(used)


def _value(amount: Amount, said: Meaning, date: dt.date | None, scene: Scene) -> bool:
    facts = said.concept.facts
    quantity = str(facts.get("quantity") or facts["patient"])
    if quantity == "ecog":
        whole = amount.unit == "points" and not amount.sign and amount.number in range(_DEAD_ECOG + 1)
        if not whole or amount.number > _HIGHEST_ECOG:
            dead = whole and amount.number == _DEAD_ECOG
            code = "fhir.deceased" if dead else "value.implausible"
            scene.notes.reject(code, amount.pointer, f"ECOG {amount.shown}")
            if dead:
                scene.notes.refuse("fhir.deceased", amount.pointer, "ECOG 5", "no patient: the record says dead")
            return False
        given, number = amount.shown, amount.number
    else:
        value = measured(amount, quantity, scene.notes)
        if value is None:
            return False
        if quantity == "weight" and value.censoring != "=":
            scene.notes.reject("value.censored", amount.pointer, f"weight {amount.shown}")
            return False
        given, number = value.given, value.value
    found = FoundValue(quantity, said.concept, number, given, date, amount.pointer)
    scene.found.values.append(found)
    if quantity == "ecog":
        scene.fact("ecog", number, "points", date, amount.pointer)
    return True


def _same(unit: str, other: str) -> bool:
    try:
        return same_dimension(unit, "dimensionless" if other == "points" else other)
    except UnitError:
        return False


def _shown(part: Node) -> str:
    key = next((key for key in part.raw if key.startswith("value")), "")
    return f"{part.raw[key]!r}"[:80] if key else "no value"


def _limits(part: Node, unit: str) -> tuple[float | None, float | None]:
    """Return the laboratory's own limits where they carry the unit of the value."""
    limits: list[float | None] = [None, None]
    ranges = part.children("referenceRange") if "referenceRange" in part.raw else []
    for place, key in enumerate(("low", "high")):
        limit = ranges[0].child(key) if ranges else None
        amount = amount_of(limit)[0] if limit is not None else None
        if amount is not None and amount.unit == unit:
            limits[place] = amount.number
    return limits[0], limits[1]
