"""What the record says was done to a lesion, or happened to it, before day 0."""

from __future__ import annotations

from osteocast.course.typical import file_of
from osteocast.domain.patient import Lesion, Patient


def irradiation_days(patient: Patient, lesion: Lesion) -> tuple[float, ...]:
    """Days of recorded radiotherapy of a lesion, rising, the last one at most -1.

    Both the lesion's own date and dated events of radiotherapy at its site count.
    """
    dates = {e.date for e in patient.events if e.kind == "radiotherapy" and e.site == lesion.site and e.date}
    if lesion.irradiated is not None:
        dates.add(lesion.irradiated)
    return tuple(sorted({min(-1.0, float(patient.day_of(date))) for date in dates}))


def fixation_day(patient: Patient, lesion: Lesion) -> float | None:
    """Day on which a rod or cement was put through a lesion, at most -1; None without one."""
    return None if lesion.fixed is None else min(-1.0, float(patient.day_of(lesion.fixed)))


def first_treated_day(patient: Patient, lesion: Lesion) -> float | None:
    """Day of the first recorded radiotherapy or fixation of a lesion; None without any."""
    days = [*irradiation_days(patient, lesion), fixation_day(patient, lesion)]
    return min((day for day in days if day is not None), default=None)


def is_broken(patient: Patient, lesion: Lesion) -> bool:
    """Whether a bone is recorded as broken: by a fracture there, or by enough loss of height of a vertebra."""
    if any(e.kind == "fracture" and e.site == lesion.site for e in patient.events):
        return True
    limit = 100.0 * file_of("population")["collapse_fracture"].value
    return lesion.collapse_percent is not None and lesion.collapse_percent >= limit


def event_marks(patient: Patient) -> tuple[float, float]:
    """Return what recorded events mean for the hazard of death: (any, cord), each 1 or 0.

    The first is 1 after a fracture or cord compression, the second after cord compression (`hazards.death_hazard`). A
    recorded fracture is taken as felt. A lost height of a vertebra alone is not an event: most are silent.
    """
    kinds = {event.kind for event in patient.events}
    return float(bool(kinds & {"fracture", "cord-compression"})), float("cord-compression" in kinds)
