"""What of a record cannot wait, wherever it is shown: the same limits for a forecast and an assessment."""

import datetime as dt

from osteocast.domain.patient import Lesion, Patient, SkeletalEvent
from osteocast.domain.table import read_table

__all__ = ["URGENT", "URGENT_CODES", "meets_cord_compression", "treated_since", "untreated_cord_compression"]


URGENT_CODES = {"emergency": "forecast.emergency", "same day": "forecast.same-day"}
URGENT = tuple(URGENT_CODES)
"""Levels of ``data/urgency.toml``, in small letters, that a forecast says before anything else, gravest first."""


def meets_cord_compression(lesion: Lesion) -> bool:
    """Whether the recorded epidural grade is compression of the cord on imaging, by ``data/findings.toml``."""
    (trigger,) = read_table("findings")["findings"]["cord-compression-imaging"]["triggers"]
    return lesion.epidural_grade in trigger["when"][0]["is"]


def untreated_cord_compression(patient: Patient) -> dt.date | None:
    """Return the day of a recorded cord compression of the last weeks that has seen no treatment, the newest one."""
    limit = read_table("applicability")["cord_event"]["within_days"]
    found = [
        event.date
        for event in patient.events
        if event.kind == "cord-compression"
        and event.date is not None
        and patient.day_of(event.date) >= -limit
        and not treated_since(patient, event, event.date)
    ]
    return max(found, default=None)


def treated_since(patient: Patient, what: SkeletalEvent, day: dt.date) -> bool:
    """Whether radiotherapy or surgery at the site, or of an unnamed site, is dated on that day or later."""
    dates = [
        event.date
        for event in patient.events
        if event.kind in {"radiotherapy", "surgery"} and (None in {what.site, event.site} or event.site == what.site)
    ]
    here = [one for one in patient.lesions if what.site in {None, one.site}]
    dates += [date for one in here for date in (one.irradiated, one.fixed)]
    return any(date is not None and date >= day for date in dates)
