"""The patient as understood: what was given, and what had to be drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from osteocast.course.prognosis import REFERENCE, SUBTYPES, standing
from osteocast.course.recorded import irradiation_days
from osteocast.course.typical import file_of
from osteocast.domain.patient import Lesion, Patient
from osteocast.domain.quantity import quantity_facts

Document = dict[str, Any]

# What is drawn for a lesion, and the fields any one of which settles it. Collapse is never drawn.
DRAWN_OF_LESION = {
    "kind": ("kind",),
    "size": ("size_mm", "cortical_involvement"),
    "pain": ("pain_at_rest", "pain_on_loading"),
}
SUBTYPE = "subtype of the primary"
# Read and shown, but no part of the forecast (docs/patient-file.md).
SHOWN_ONLY: Final = ("ionised-calcium", "PTH", "phosphate", "pain-worst")
RADIOTHERAPY_DOSE = "radiotherapy dose of "
NO_COURSE = "start or dose of earlier "
NO_INTERVAL = "interval of earlier "
DRAWN_OF_VERTEBRA = {"epidural grade": ("epidural_grade",)}


def describe(patient: Patient, drawn: Mapping[str, str] | None = None) -> Document:
    """Return the patient part of ``result.json``.

    Parameters
    ----------
    drawn : how each unrecorded item was drawn, by item; by default the population of the same primary.
    """
    return {
        "age_years": patient.age_years,
        "sex": patient.sex,
        "primary": {"origin": patient.primary.origin, "subtype": patient.primary.subtype},
        "assessed": None if patient.assessed is None else patient.assessed.isoformat(),
        "given": [{"item": item, "value": value} for item, value in given(patient)],
        "drawn": [{"item": item, "how": (drawn or {}).get(item, _how(item, patient))} for item in unrecorded(patient)],
        "lesions": [_lesion(one) for one in patient.lesions],
    }


def title(patient: Patient) -> str:
    """Return the heading of the forecast: the patient's label, or simply "Patient"."""
    return patient.identifier or "Patient"


def given(patient: Patient) -> tuple[tuple[str, str], ...]:
    """Return what the file says beside age, sex and primary, as pairs of item and value."""
    facts = [
        ("weight", None if patient.weight_kg is None else f"{patient.weight_kg:g} kg"),
        ("ECOG performance status", None if patient.ecog is None else str(patient.ecog)),
        (SUBTYPE, _unused_subtype(patient)),
        ("visceral metastases", _yes(patient.visceral_metastases)),
        ("current regimen", patient.current_regimen),
        ("lines of systemic therapy", _listed([_dated(x.name, x.started, x.stopped) for x in patient.lines])),
        (
            "earlier bone-targeted treatment",
            _listed([_dated(x.drug, x.started, x.stopped) for x in patient.drug_history]),
        ),
        (
            "earlier skeletal events",
            _listed([_dated(e.kind + (f" of {e.site.name}" if e.site else ""), e.date) for e in patient.events]),
        ),
    ]
    rows = [(item, value) for item, value in facts if value]
    for seen in patient.observations:
        sign = "" if seen.censoring == "=" else seen.censoring
        value = f"{seen.given or f'{sign}{seen.value:g} {seen.unit}'} on {seen.date.isoformat()}"
        unused = " (not used by the model)" if seen.quantity in SHOWN_ONLY else ""
        rows.append((quantity_facts(seen.quantity).title, value + unused))
    return tuple(rows)


def unrecorded(patient: Patient) -> tuple[str, ...]:
    """Return the items that the file leaves open and a forecast has to draw."""
    open_items = [
        ("weight", patient.weight_kg is None),
        ("ECOG performance status", patient.ecog is None),
        (SUBTYPE, standing(patient.primary) == "drawn"),
        ("visceral metastases", patient.visceral_metastases is None),
        ("lesions", not patient.lesions),
        ("kidney function (creatinine)", not patient.observed("creatinine")),
        ("calcium", not (patient.observed("calcium") or patient.observed("corrected-calcium"))),
        ("bone resorption (uNTx or CTX)", not (patient.observed("uNTx") or patient.observed("CTX"))),
    ]
    lesion_items = [f"{words} of {lesion.site.name}" for lesion in patient.lesions for words in _open_fields(lesion)]
    irradiated = [one for one in patient.lesions if irradiation_days(patient, one)]
    doses = [f"{RADIOTHERAPY_DOSE}{one.site.name}" for one in irradiated]
    return (*(item for item, is_open in open_items if is_open), *lesion_items, *doses, *_open_courses(patient))


def _open_courses(patient: Patient) -> tuple[str, ...]:
    """Return what earlier antiresorptive courses leave open; see `osteocast.course.calendar.past_drugs`."""
    found = []
    for course in patient.drug_history:
        if course.started is None or course.dose_mg is None:
            found.append(f"{NO_COURSE}{course.drug}")
        elif course.interval_days is None:
            found.append(f"{NO_INTERVAL}{course.drug}")
    return tuple(dict.fromkeys(found))


def subtype_shares(origin: str) -> str:
    """Say how an unrecorded subtype is drawn: "34 % castration-sensitive, 66 % as castration-resistant"."""
    own = {name: file_of("prognosis")[f"share_{entry}"].value for name, entry in SUBTYPES.get(origin, {}).items()}
    rest = f"as {REFERENCE.get(origin, ('any other',))[0]}"
    shares = own | {rest: 1.0 - sum(own.values())}
    return ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items())


def _open_fields(lesion: Lesion) -> list[str]:
    drawn = DRAWN_OF_LESION | (DRAWN_OF_VERTEBRA if lesion.site.is_vertebra else {})
    return [words for words, fields in drawn.items() if all(getattr(lesion, field) is None for field in fields)]


def _lesion(lesion: Lesion) -> Document:
    return {
        "site": lesion.site.name,
        "site_class": lesion.site.kind,
        "kind": lesion.kind,
        "size_mm": lesion.size_mm,
        "drawn": _open_fields(lesion),
    }


def _how(item: str, patient: Patient) -> str:
    if item == SUBTYPE:
        return f"{_population(patient)}: {subtype_shares(patient.primary.origin)}"
    if item.startswith(RADIOTHERAPY_DOSE):
        return "taken as a single 8 Gy; whether pain responded is drawn"
    if item.startswith(NO_COURSE):
        return "the course is left out, as if it had not been given"
    if item.startswith(NO_INTERVAL):
        return "taken as a single dose on the day it started"
    return _population(patient)


def _population(patient: Patient) -> str:
    names = {"unknown": "cancer of unknown primary", "other": "cancer", "myeloma": "myeloma"}
    origin = patient.primary.origin
    words = names.get(origin, f"{origin} cancer")
    return f"from the population of {words} with bone {'disease' if origin == 'myeloma' else 'metastases'}"


def _yes(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


def _unused_subtype(patient: Patient) -> str | None:
    """Return a recorded subtype that moves nothing; the others stand with the primary."""
    if standing(patient.primary) != "none":
        return None
    reference = REFERENCE.get(patient.primary.origin, ())
    known = f"survival as {reference[0]}" if reference else "not used by the model"
    return f"{patient.primary.subtype} ({known})"


def _listed(items: list[str]) -> str | None:
    return "; ".join(items) or None


def _dated(name: str, start: dt.date | None, stop: dt.date | None = None) -> str:
    dates = " to ".join(day.isoformat() for day in (start, stop) if day)
    return f"{name} ({dates})" if dates else name
