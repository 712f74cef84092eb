"""An assessment as FHIR resources and as cards of a CDS Hooks service."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Any

from osteocast.clinical.assessment import Assessment
from osteocast.clinical.data_used import dated_items
from osteocast.clinical.findings import Finding
from osteocast.clinical.score import Score
from osteocast.clinical.urgency import known_but_not_used
from osteocast.domain.table import read_table
from osteocast.evidence.load import load_sources
from osteocast.evidence.source import Source as Reference
from osteocast.formats.fhir_cards import Card, cards
from osteocast.formats.fhir_output import Source, Times, detected_issue, observation
from osteocast.foundation.version import VERSION

__all__ = ["cards_of", "fhir_of"]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NOT_USED = "Part of the record could not be used; any of it may be a red flag"
_SEVERITY = {"EMERGENCY": "high", "SAME DAY": "high", "URGENT": "moderate", "SOON": "low"}
_UNITS = {"mg/dL": "mg/dL", "mmol/L": "mmol/L", "mL/min": "mL/min", "mg": "mg", "%": "%"}


def fhir_of(found: Assessment) -> dict[str, Any]:
    """Return a FHIR R4 Bundle: a DetectedIssue for each finding, an Observation for each instrument with a number."""
    patient = found.facts.patient
    label = (patient.identifier if patient is not None else None) or ""
    subject = f"Patient/{label}" if _ID.fullmatch(label) else "Patient/unknown"
    day = found.facts.today
    resources = [
        detected_issue(subject, _words(one), _SEVERITY[one.level], _detail(one), day, _source(one))
        for one in found.findings
    ]
    for where, score in found.scores:
        resources += _observations(subject, where, score, found)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }


def cards_of(found: Assessment) -> dict[str, Any]:
    """Return the response of a CDS Hooks service: a card for each finding, and one for what could not be used.

    Neither gives an empty list, which means no guidance and is no reassurance.
    """
    listed = [
        Card(
            summary=_words(one),
            level=one.level,
            source=_source(one).label,
            detail=_detail(one),
            url=_source(one).url,
        )
        for one in found.findings
    ]
    if found.record is not None and known_but_not_used(found.record):
        passed = "; ".join(found.urgency.not_used)
        detail = f"{passed}. Red flags not recorded: {', '.join(found.urgency.not_recorded) or 'none'}."
        listed.append(Card(_NOT_USED, "SOON", f"Osteocast {VERSION}, reading of the record", detail))
    return cards(listed)


def _words(one: Finding) -> str:
    where = "" if one.where == "patient" else f" at {one.where}"
    return f"{one.title}{where}: {one.says}"


def _detail(one: Finding) -> str:
    parts = [f"{one.level} (rule {one.rule}; table awaiting clinical review)"]
    for label, texts in (
        ("Met by", one.trigger), ("Clock", one.clock), ("For", one.supports), ("Against", one.against),
        ("Not recorded", one.not_recorded),
    ):  # fmt: skip
        if texts:
            parts.append(f"{label}: {'; '.join(texts)}")
    return ". ".join(parts) + "."


def _source(one: Finding) -> Source:
    return _named(one.sources[0])


@cache
def _named(key: str) -> Source:
    reference: Reference = load_sources()[key]
    url = f"https://doi.org/{reference.doi}" if reference.doi else reference.url or ""
    return Source(f"{reference.title} ({reference.year})", url, f"Osteocast {VERSION}")


def _observations(subject: str, where: str, score: Score, found: Assessment) -> list[dict[str, Any]]:
    """Write the numbers of an instrument; one that is open has the reason unknown, never zero."""
    if not score.applicable:
        return []
    lasting = read_table("assessment")["lasting_items"]
    items = dated_items(score, where, found.facts, found.known)
    days = [one["date"] for one in items if one["date"] and not one["guard"] and one["name"] not in lasting]
    dates = [dt.date.fromisoformat(day) for day in days] or [found.facts.today]
    when = Times(min(dates), max(dates), found.facts.today)
    place = "" if where == "patient" else f" at {where}"
    band = next((one.text for one in score.answers if one.text), "")
    written = []
    for one in score.answers:
        if one.bounds is None:
            continue
        number = one.value if isinstance(one.value, int | float) and not isinstance(one.value, bool) else None
        value = None if number is None else (float(number), _UNITS.get(one.unit, "1"))
        title = f"{score.entry.title}{place}: {one.title}"
        source = _named(score.entry.sources[0])
        written.append(observation(subject, (title, None), value, band, when, source))
    return written
