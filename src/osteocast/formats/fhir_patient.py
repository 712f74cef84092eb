"""The patient that a record describes, put together under the rules of a patient's file."""

import datetime as dt
from typing import Any

from osteocast.domain.patient import Patient
from osteocast.domain.primary import origin_facts
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.formats.fhir_codes import shapes
from osteocast.formats.fhir_drugs import courses_of, lines_of, running_regimen
from osteocast.formats.fhir_findings import FoundPrimary, FoundValue, Scene
from osteocast.formats.fhir_node import Node
from osteocast.formats.patient_file import patient_from_mapping
from osteocast.formats.patient_text import mapping_to_toml, patient_to_mapping
from osteocast.foundation.errors import InputError

__all__ = ["assemble", "patient_file_text"]

_YOUNGEST, _OLDEST = 18, 110
_MOST_LESIONS, _MOST_EVENTS, _MOST_VALUES = 60, 200, 1000
_SAME = 0.005


def assemble(person: Node | None, born: dt.date | None, scene: Scene) -> Patient | None:
    """Return the patient, or ``None`` after noting as errors what stands in the way.

    Parameters
    ----------
    person : Node or None
        The Patient resource.
    born : datetime.date or None
        Its birth date.
    scene : Scene
        All that was read from the other resources.
    """
    notes = scene.notes
    primary = _primary(scene)
    sex = _sex(person, scene)
    if person is not None and born is None:
        notes.refuse("fhir.birth-date", person.at, "no birth date that can be read", "no patient: the age is not known")
    if person is not None and (person.raw.get("deceasedBoolean") is True or person.raw.get("deceasedDateTime")):
        notes.refuse("fhir.deceased", person.at, "the person has died", "no patient: nothing to forecast")
    days = [day for day in (*(one.date for one in notes.used), *(one.date for one in notes.facts)) if day is not None]
    assessed = max(days, default=None)
    age = 0 if born is None else _years(born, assessed or scene.clock.today)
    _note_person(person, sex, None if born is None else age, scene)
    if born is not None and person is not None and not _YOUNGEST <= age <= _OLDEST:
        notes.refuse("fhir.age", f"{person.at}/birthDate", f"{age} years", "no patient: adults of 18 to 110 only")
    if primary is None or sex is None or person is None or born is None:
        return None
    origin = primary["origin"]
    if sex not in origin_facts(origin).sexes:
        notes.refuse(
            "patient.sex-and-primary", person.at, f"{sex} with {origin}", "no patient: one of the two is wrong"
        )
    if any(one.level == "error" for one in notes.warnings):
        return None
    raw = _mapping(person, primary, assessed, scene)
    raw.update(age_years=age, sex=sex)
    try:
        return patient_from_mapping(raw, "record")
    except InputError as error:
        for issue in error.issues:
            notes.refuse("fhir.patient", issue.place, f"{issue.code}: {issue.found}", "no patient: see the code")
        return None


def patient_file_text(patient: Patient) -> str:
    """Return the text of a patient's file that reads back to the same patient."""
    return "# Read from a FHIR record; docs/fhir.md says how.\n" + mapping_to_toml(patient_to_mapping(patient))


def _note_person(person: Node | None, sex: str | None, age: int | None, scene: Scene) -> None:
    """Keep who it is as facts, for readers that can go on where there is no patient."""
    at = "" if person is None else person.at
    for name, value, unit in (("sex", sex, ""), ("age", age, "year")):
        if value is not None:
            scene.fact(name, value, unit, None, at)
    for one in scene.found.primaries:
        scene.fact("primary", str(one.concept.facts["origin"]), "", one.date, one.pointer)


def _years(born: dt.date, day: dt.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _sex(person: Node | None, scene: Scene) -> str | None:
    if person is None:
        return None
    gender = person.text("gender")
    if gender in ("female", "male"):
        return gender
    extension = person.extension(shapes()["extensions"]["birth_sex"])
    recorded = extension.text("valueCode") if extension is not None else ""
    if recorded in ("F", "M"):
        scene.notes.warn("fhir.sex", person.at, gender or "no gender", f"sex recorded at birth is used: {recorded}")
        return "female" if recorded == "F" else "male"
    scene.notes.refuse("fhir.sex", person.at, gender or "no gender", "no patient: kidney function needs female or male")
    return None


def _primary(scene: Scene) -> dict[str, Any] | None:
    found, notes = scene.found, scene.notes
    for pointer in found.refused:
        notes.refuse("fhir.primary-bone-tumour", pointer, "a tumour that begins in bone", "no patient: another disease")
    if not found.primaries and not found.metastases:
        notes.refuse("fhir.no-cancer", "", "no cancer that can be read", "no patient")
        return None
    bone = "bone" in found.metastases or any(one.concept.facts.get("disease_of_bone") for one in found.primaries)
    if not bone:
        done = "no patient: Osteocast is about bone metastases and myeloma"
        notes.refuse("fhir.no-bone-disease", "", "cancer without a bone metastasis that can be read", done)
        return None
    if not found.primaries:
        notes.warn("fhir.primary-missing", "", "bone metastases without a primary tumour", "taken as of unknown origin")
        return {"origin": "unknown"}
    linked = [one for one in found.primaries if found.linked.intersection(one.names)]
    candidates = linked or found.primaries
    origins = {(one.concept.facts["origin"], _other_subtype(one)) for one in candidates}
    if len(origins) > 1:
        names = " and ".join(sorted({one.concept.name for one in candidates}))
        notes.refuse("fhir.two-primaries", "", names, "no patient: which of them is in the bone is not said")
        return None
    origin = str(candidates[0].concept.facts["origin"])
    subtype = next((one.concept.facts["subtype"] for one in candidates if "subtype" in one.concept.facts), None)
    days = [one.date for one in candidates if one.date is not None]
    return {"origin": origin, "subtype": subtype or _subtype(origin, scene), "diagnosed": min(days, default=None)}


def _other_subtype(one: FoundPrimary) -> str:
    return str(one.concept.facts.get("subtype", "")) if one.concept.facts["origin"] == "other" else ""


def _subtype(origin: str, scene: Scene) -> str | None:
    """Return the subtype that coded answers imply; answers that contradict each other imply none."""
    said: dict[str, set[Any]] = {}
    for fact in scene.notes.facts:
        said.setdefault(fact.name, set()).add(fact.value)
    for row in read_table("codes/concepts")["subtype"]:
        if row["origin"] == origin and all(said.get(name) == {value} for name, value in row["when"].items()):
            return str(row["subtype"])
    return None


def _mapping(person: Node, primary: dict[str, Any], assessed: dt.date | None, scene: Scene) -> dict[str, Any]:
    values = _values(scene)
    courses = courses_of(scene)
    raw = {
        "identifier": _label(person),
        "assessed": assessed,
        "weight": _newest(values, "weight"),
        "ecog": _newest(values, "ecog"),
        "visceral_metastases": True if "viscera" in scene.found.metastases else None,
        "current_regimen": running_regimen(courses),
        "primary": {key: value for key, value in primary.items() if value is not None},
        "lesions": _lesions(scene),
        "therapies": lines_of(str(primary["origin"]), scene),
        "antiresorptives": [{key: value for key, value in one.items() if value is not None} for one in courses],
        "events": _events(scene),
        "observations": _observations(values, scene),
    }
    return {key: value for key, value in raw.items() if value is not None}


def _label(person: Node) -> str | None:
    first = next(iter(person.children("identifier")), None) if "identifier" in person.raw else None
    return person.text("id") or (first.text("value") if first is not None else "") or None


def _lesions(scene: Scene) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in scene.found.lesions:
        # a bone without its part or side may be any; each mention stays a lesion of its own
        key = (one.site, f"{one.pointer} {one.note}" if one.site == "other" else "")
        entry = {"site": one.site, "note": one.note, "found": one.date}
        if key in found:
            scene.notes.warn("fhir.lesion-twice", one.pointer, one.site, "one lesion with the first of the days")
            days = [day for day in (found[key]["found"], one.date) if day is not None]
            found[key]["found"] = min(days, default=None)
        else:
            found[key] = entry
    for event in scene.found.events:
        lesion = found.get((event.site or "", ""))
        key_of = "irradiated" if event.kind == "radiotherapy" else "fixed" if event.fixes else ""
        if lesion is not None and key_of and event.date is not None:
            lesion[key_of] = max(lesion.get(key_of) or event.date, event.date)
    entries = [{key: value for key, value in one.items() if value not in (None, "")} for one in found.values()]
    return _cut(entries, _MOST_LESIONS, "lesions", scene)


def _events(scene: Scene) -> list[dict[str, Any]]:
    found = list(dict.fromkeys((one.kind, one.site, one.date) for one in scene.found.events))
    entries = [
        {key: value for key, value in zip(("kind", "site", "date"), one, strict=True) if value is not None}
        for one in found
    ]
    return _cut(entries, _MOST_EVENTS, "events", scene)


def _cut(entries: list[Any], most: int, what: str, scene: Scene) -> list[Any]:
    if len(entries) > most:
        scene.notes.warn("fhir.too-many", "", f"{len(entries)} {what}", f"the last {most} are used")
    return entries[-most:]


def _values(scene: Scene) -> list[FoundValue]:
    """Return one value a quantity and day: of contradicting ones the worse by the rule of the data, with a warning."""
    groups: dict[tuple[str, dt.date | None], list[FoundValue]] = {}
    for one in scene.found.values:
        groups.setdefault((one.quantity, one.date), []).append(one)
    chosen = []
    for (quantity, day), same in groups.items():
        rule = str(same[0].concept.facts["worse"])
        worst = max(same, key=lambda one: _badness(one, rule))
        distinct = {one.given for one in same}
        spread = max(one.number for one in same) - min(one.number for one in same)
        if len(distinct) > 1 and spread > _SAME * abs(worst.number):
            found = f"{quantity} on {day}: " + ", ".join(sorted(distinct))
            scene.notes.warn(
                "fhir.value-contradiction", worst.pointer, found, f"all listed; the patient gets {worst.given}"
            )
        elif len(same) > 1:
            scene.notes.warn("fhir.duplicate", worst.pointer, f"{quantity} on {day} {len(same)} times", "read once")
        chosen.append(worst)
    return sorted(chosen, key=lambda one: (one.date or dt.date.min, one.quantity))


def _badness(one: FoundValue, rule: str) -> float:
    if rule == "outside":
        low, high = quantity_facts(one.quantity).reference or (one.number, one.number)
        return max(low - one.number, one.number - high)
    return one.number if rule == "high" else -one.number


def _newest(values: list[FoundValue], quantity: str) -> Any:
    found = [one for one in values if one.quantity == quantity]
    if not found:
        return None
    return int(found[-1].number) if quantity == "ecog" else f"{found[-1].number:.12g} kg"


def _observations(values: list[FoundValue], scene: Scene) -> list[dict[str, Any]]:
    entries = [
        {"quantity": one.quantity, "value": one.given, "date": one.date}
        for one in values
        if "quantity" in one.concept.facts
    ]
    return _cut(entries, _MOST_VALUES, "values", scene)
