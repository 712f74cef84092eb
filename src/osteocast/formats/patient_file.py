"""Patients' files: TOML or JSON to `osteocast.domain.patient.Patient` and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from osteocast.domain.observation import Observation, Quantity
from osteocast.domain.patient import (
    EarlierCourse,
    EpiduralGrade,
    EventKind,
    Lesion,
    LesionKind,
    Patient,
    PrimaryTumour,
    Sex,
    SkeletalEvent,
    TherapyLine,
)
from osteocast.domain.primary import find_origin, therapy_classes
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.site import site
from osteocast.formats.fields import Measured
from osteocast.formats.issues import issues_of
from osteocast.formats.patient_checks import cross_issues, newest_date
from osteocast.formats.patient_model import (
    SECTIONS,
    EarlierCourseEntry,
    EventEntry,
    LesionEntry,
    ObservationEntry,
    PatientEntry,
    PrimaryEntry,
    TherapyEntry,
)
from osteocast.formats.text import read_mapping
from osteocast.foundation.errors import InputError

__all__ = ["patient_from_mapping", "read_patient"]


def read_patient(path: str | Path) -> Patient:
    """Read a patient's file (TOML or JSON).

    Raises
    ------
    InputError
        With every problem of the file: ``file.*``, ``key.*``, ``value.*`` and ``patient.*``.
    """
    return patient_from_mapping(read_mapping(path), Path(path).name)


def patient_from_mapping(raw: Mapping[str, Any], name: str = "patient") -> Patient:
    """Make a patient from a mapping with the keys of a patient's file.

    Parameters
    ----------
    raw : mapping
        Content of a file.
    name : str
        Name of the file, which begins each place in a message.

    Raises
    ------
    InputError
        With every problem.
    """
    issues = cross_issues(raw, name)
    try:
        entry = PatientEntry.model_validate(dict(raw))
    except ValidationError as error:
        raise InputError(issues_of(error, name, SECTIONS) + issues) from None
    if issues:
        raise InputError(issues)
    return Patient(
        age_years=entry.age_years,
        sex=cast(Sex, entry.sex),
        primary=_primary(entry.primary),
        identifier=entry.identifier,
        weight_kg=entry.weight,
        ecog=entry.ecog,
        visceral_metastases=entry.visceral_metastases,
        assessed=entry.assessed or newest_date(raw),
        lesions=tuple(_lesion(one) for one in entry.lesions),
        lines=tuple(_line(one) for one in entry.therapies),
        drug_history=tuple(_earlier_course(one) for one in entry.antiresorptives),
        events=tuple(_event(one) for one in entry.events),
        observations=tuple(_observation(one) for one in entry.observations),
        current_regimen=entry.current_regimen,
    )


def _primary(entry: PrimaryEntry) -> PrimaryTumour:
    # The origin has been validated, so the fallback is never taken.
    origin, implied = find_origin(entry.origin) or ("unknown", None)
    given = "" if entry.origin == origin else entry.origin
    return PrimaryTumour(origin=origin, subtype=entry.subtype or implied, diagnosed=entry.diagnosed, given=given)


def _lesion(entry: LesionEntry) -> Lesion:
    return Lesion(
        site=site(entry.site),
        kind=cast(LesionKind | None, entry.kind),
        size_mm=entry.size,
        cortical_involvement=entry.cortical_involvement,
        pain_at_rest=entry.pain_at_rest,
        pain_on_loading=entry.pain_on_loading,
        collapse_percent=entry.collapse,
        epidural_grade=cast(EpiduralGrade | None, entry.epidural_grade),
        irradiated=entry.irradiated,
        fixed=entry.fixed,
        found=entry.found,
        note=entry.note or "",
    )


def _line(entry: TherapyEntry) -> TherapyLine:
    name = entry.name or therapy_classes()[entry.therapy_class]
    return TherapyLine(entry.therapy_class, name, entry.started, entry.stopped)


def _earlier_course(entry: EarlierCourseEntry) -> EarlierCourse:
    return EarlierCourse(entry.drug, entry.dose, entry.interval, entry.started, entry.stopped)


def _event(entry: EventEntry) -> SkeletalEvent:
    where = None if entry.site is None else site(entry.site)
    return SkeletalEvent(cast(EventKind, entry.kind), where, entry.date)


def _observation(entry: ObservationEntry) -> Observation:
    measured: Measured = entry.value
    return Observation(
        quantity=cast(Quantity, entry.quantity),
        value=measured.value,
        unit=quantity_facts(entry.quantity).unit,
        date=entry.date,
        censoring=measured.censoring,
        given=measured.given,
    )
