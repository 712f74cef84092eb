"""Urgency of a record: the gravest level of its findings, red flags that are not recorded, and the age of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from osteocast.clinical.facts import Facts
from osteocast.clinical.findings import Finding
from osteocast.clinical.known import Known
from osteocast.domain.table import read_table
from osteocast.formats.assessment_rules import urgency_rules
from osteocast.formats.fhir_record import FhirRecord

__all__ = ["Age", "Urgency", "ages_of", "known_but_not_used", "urgency_of"]

_UNKNOWN = "fhir.code-unknown"


@dataclass(frozen=True, slots=True)
class Urgency:
    """The level that is met at least.

    Parameters
    ----------
    level, means : str
        Of no trigger it says "no listed trigger in what was recorded"; no level is called safe.
    rule : str
        Id of the trigger behind it, or empty.
    not_recorded : tuple of str
        Red flags that are not recorded, neither present nor absent.
    review : str
        How far the table has been reviewed.
    not_used : tuple of str
        What the record holds and the reader could not use: any of it might be a red flag.
    """

    level: str
    means: str
    rule: str
    not_recorded: tuple[str, ...]
    review: str
    not_used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Age:
    """How old the newest of some data are; `old` where that is more than the table admits."""

    title: str
    date: dt.date
    days: int
    old: bool
    limit: str


def urgency_of(findings: tuple[Finding, ...], known: Mapping[str, Known], record: FhirRecord | None = None) -> Urgency:
    """Return the level of the gravest finding, the red flags that are not recorded, and what could not be used."""
    rules, passed = urgency_rules(), _passed_over(record)
    missing = tuple(flag.title for flag in rules.red_flags if not any(name in known for name in flag.facts))
    if not findings:
        return Urgency(rules.none.name, rules.none.means, "", missing, rules.review, passed)
    first = findings[0]
    means = next(one.means for one in rules.levels if one.name == first.level)
    return Urgency(first.level, means, first.rule, missing, rules.review, passed)


def _passed_over(record: FhirRecord | None) -> tuple[str, ...]:
    """Name what of a record was not used although it may be of this person and hold, and count unknown codes."""
    if record is None:
        return ()
    most = read_table("assessment")["not_used"]["named"]
    named, unknown = known_but_not_used(record), sum(one.code == _UNKNOWN for one in record.rejected)
    more = len(named) - most
    texts = [*named[:most], *([f"{more} more"] if more > 0 else [])]
    return (*texts, *([f"{unknown} with codes that are not known here"] if unknown else []))


def known_but_not_used(record: FhirRecord) -> list[str]:
    """Return what was understood and not used: a value without its day, a display that contradicts its code."""
    silent = {*read_table("assessment")["not_used"]["for_good_reason"], _UNKNOWN}
    found = [f"{one.what} [{one.code}]" for one in record.rejected if one.code not in silent]
    return list(dict.fromkeys(found))


def ages_of(facts: Facts) -> tuple[Age, ...]:
    """Return how old the newest calcium, creatinine and description of a lesion are on the day of reading."""
    found = []
    for row in read_table("assessment")["stale"]:
        dates = [one.date for name in row["readings"] for one in facts.readings.get(name, ()) if one.date is not None]
        if "imaging" in row["readings"]:
            dates += [one.found for one in facts.lesions if one.found is not None]
        if dates:
            days = (facts.today - max(dates)).days
            found.append(Age(row["title"], max(dates), days, days > row["days"], row["says"]))
    return tuple(found)
