"""FHIR R4 records (plain and mCODE) to `Patient`, tolerantly: what is odd becomes a warning, never a guess."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from osteocast.domain.patient import Patient
from osteocast.formats.fhir_codes import shapes, text_of
from osteocast.formats.fhir_conditions import read_condition, read_procedure
from osteocast.formats.fhir_findings import Findings, Scene
from osteocast.formats.fhir_json import Parsed, parse_file, resources_of, version_of
from osteocast.formats.fhir_medications import read_medication
from osteocast.formats.fhir_node import Node, clean
from osteocast.formats.fhir_observations import read_observation
from osteocast.formats.fhir_patient import assemble
from osteocast.formats.fhir_record import FhirRecord, Ledger
from osteocast.formats.fhir_values import Clock, month_of
from osteocast.foundation.errors import InputError, Issue

__all__ = ["is_fhir", "patient_of", "read_fhir", "record_of"]

_START = 65_536
_READERS: dict[str, Callable[[Node, Scene], None]] = {
    "Condition": read_condition,
    "Observation": read_observation,
    "Procedure": read_procedure,
    "MedicationRequest": read_medication,
    "MedicationOrder": read_medication,
    "MedicationStatement": read_medication,
    "MedicationUsage": read_medication,
    "MedicationAdministration": read_medication,
}


def is_fhir(path: str | Path) -> bool:
    """Return whether a file looks like a FHIR record: JSON whose beginning holds ``resourceType``."""
    try:
        with Path(path).open("rb") as stream:
            start = stream.read(_START).lstrip(b"\xef\xbb\xbf \t\r\n")
    except (OSError, ValueError):
        return False
    return start[:1] in (b"{", b"[") and b'"resourceType"' in start


def read_fhir(path: str | Path, today: dt.date | None = None) -> FhirRecord:
    """Read one patient's FHIR record.

    Parameters
    ----------
    path : str or Path
        A bundle (collection, searchset, transaction, ...), a list of resources, NDJSON, or a folder of such files.
    today : datetime.date, optional
        Dates after this day are not believed; the day of the clock by default.

    Raises
    ------
    InputError
        ``file.*`` only: a file that cannot be read as JSON at all. Everything else is in the record's warnings.
    """
    path = Path(path)
    return record_of(parse_file(path), clean(path.name), today or dt.datetime.now(tz=dt.UTC).date())


def patient_of(record: FhirRecord) -> Patient:
    """Return the patient of a record.

    Raises
    ------
    InputError
        With every error of the record, where it has no patient.
    """
    if record.patient is not None:
        return record.patient
    wanted = "one adult's record with bone metastases or myeloma"
    raise InputError(
        [
            Issue(
                one.code,
                f"{record.source}: {one.pointer or 'the record'}",
                one.found,
                wanted,
                f"Correct the record: {one.done}.",
            )
            for one in record.errors
        ]
    )


def record_of(documents: list[tuple[str, Any]], source: str, today: dt.date) -> FhirRecord:
    """Return the record of parsed documents (see `osteocast.formats.fhir_json.parse_file`)."""
    notes = Ledger()
    resources = resources_of(documents, notes)
    version = version_of(resources, notes)
    resources = _without_repeats(resources, notes)
    person, born = _person(resources, today, notes)
    scene = Scene(notes, Findings(), Clock(today, born), _named(resources))
    names = _names_of(person, resources)
    passed: Counter[str] = Counter()
    for node, _ in resources:
        kind = node.raw["resourceType"]
        if kind in _READERS:
            if _is_used(node, kind, names, notes):
                _READERS[kind](node, scene)
        elif kind not in ("Patient", *shapes()["referred"]):
            passed[kind] += 1
    _tell_passed(passed, notes)
    patient = assemble(person, born, scene)
    return FhirRecord(
        source=source,
        patient=patient,
        extra=tuple(notes.facts),
        used=tuple(notes.used),
        rejected=tuple(notes.rejected),
        conversions=tuple(notes.conversions),
        warnings=tuple(notes.warnings),
        version=version,
    )


def _without_repeats(resources: list[Parsed], notes: Ledger) -> list[Parsed]:
    seen: dict[tuple[str, str], str] = {}
    kept = []
    for one in resources:
        given = one.node.raw.get("id")
        if isinstance(given, str):
            key = (one.node.raw["resourceType"], given)
            content = json.dumps(one.node.raw, sort_keys=True)
            if seen.get(key) == content:
                notes.reject("fhir.duplicate", one.node.at, "/".join(key), "the same resource again: read once")
                continue
            if key in seen:
                notes.warn(
                    "fhir.id-twice", one.node.at, "/".join(key), "another content under the same id: both are read"
                )
            seen[key] = content
        kept.append(one)
    return kept


def _person(resources: list[Parsed], today: dt.date, notes: Ledger) -> tuple[Node | None, dt.date | None]:
    people = [one.node for one in resources if one.node.raw["resourceType"] == "Patient"]
    if not people:
        notes.refuse("fhir.no-patient", "", "no Patient resource", "no patient")
        return None, None
    if len(people) > 1:
        notes.refuse("fhir.two-patients", people[1].at, f"{len(people)} Patient resources", "no patient: one a record")
        return people[0], None
    given = people[0].text("birthDate")
    born, whole = month_of(given)
    if born is None or born > today:
        return people[0], None
    if not whole:
        notes.warn("fhir.date-partial", f"{people[0].at}/birthDate", given, f"taken as {born}")
    return people[0], born


def _named(resources: list[Parsed]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node, url in resources:
        if url:
            found.setdefault(url, node)
        if isinstance(node.raw.get("id"), str):
            found.setdefault(f"{node.raw['resourceType']}/{node.raw['id']}", node)
    return found


def _names_of(person: Node | None, resources: list[Parsed]) -> set[str]:
    if person is None:
        return set()
    given = str(person.raw.get("id", ""))
    urls = {one.url for one in resources if one.node is person and one.url}
    return {f"Patient/{given}", f"urn:uuid:{given}", given, *urls}


def _is_used(node: Node, kind: str, names: set[str], notes: Ledger) -> bool:
    rules = shapes()
    what = f"{kind} {text_of(node.child('code')) if 'code' in node.raw else ''}".strip()
    if "modifierExtension" in node.raw or "implicitRules" in node.raw:
        notes.reject("fhir.modifier", node.at, what, "it changes the meaning in a way not known here: not used")
        return False
    if not _is_of(node, names, what, notes):
        return False
    for rule, key in (("status", "status"), ("intent", "intent"), ("verification", "verificationStatus")):
        words = _words(node.raw.get(key))
        if words & set(rules[f"refused_{rule}"].get(kind, ())):
            notes.reject(
                "fhir.status",
                node.at,
                f"{what}: {' '.join(sorted(words))}",
                "did not happen or does not hold: not used",
            )
            return False
        if words & set(rules.get(f"doubtful_{rule}", {}).get(kind, ())):
            notes.warn("fhir.unconfirmed", node.at, f"{what}: {' '.join(sorted(words))}", "used")
    return True


def _words(value: object) -> set[str]:
    """Return the codes under a status, which is a word, or a CodeableConcept."""
    if isinstance(value, str):
        return {value}
    codings = value.get("coding") if isinstance(value, dict) else None
    listed = codings if isinstance(codings, list) else []
    return {one["code"] for one in listed if isinstance(one, dict) and isinstance(one.get("code"), str)}


def _is_of(node: Node, names: set[str], what: str, notes: Ledger) -> bool:
    key = node.first(shapes()["names"]["subject"])
    subject = node.child(key) if key else None
    reference = subject.text("reference") if subject is not None else ""
    if not reference:
        notes.warn("fhir.subject-missing", node.at, what, "taken as of this patient")
        return True
    if not names or reference in names or "/".join(reference.split("/")[-2:]) in names:
        return True
    notes.reject("fhir.other-patient", node.at, f"{what} of {reference}", "of somebody else: not used")
    return False


def _tell_passed(passed: Counter[str], notes: Ledger) -> None:
    known = set(shapes()["passed_over"])
    for kind, count in sorted(passed.items()):
        code = "fhir.type-ignored" if kind in known else "fhir.type-unknown"
        notes.warn(code, "", f"{count} x {kind[:60]}", "passed over")
    unread = sum(one.code == "fhir.code-unknown" for one in notes.rejected)
    if unread:
        notes.warn("fhir.code-unknown", "", f"{unread} items with codes not known here", "listed as rejected, not used")
