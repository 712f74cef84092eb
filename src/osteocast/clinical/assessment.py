"""One record -> what it says now: findings, urgency, instruments, options. Never a diagnosis, and no directive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from osteocast.clinical.changes import changes_of
from osteocast.clinical.data_used import Datum, data_used, dated_items
from osteocast.clinical.facts import Facts, facts_of_patient, facts_of_record
from osteocast.clinical.findings import Finding, find, switched_off
from osteocast.clinical.known import Known, fact
from osteocast.clinical.options import Option, options_for, options_off
from osteocast.clinical.record_scores import record_scores
from osteocast.clinical.score import Score
from osteocast.clinical.urgency import Age, Urgency, ages_of, urgency_of
from osteocast.domain.patient import Lesion, Patient
from osteocast.domain.table import read_table
from osteocast.evidence.cite import cite
from osteocast.evidence.load import evidence_sha256
from osteocast.formats.fhir_reader import is_fhir, read_fhir
from osteocast.formats.fhir_record import FhirRecord
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.patient_file import read_patient
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.version import VERSION

__all__ = ["ASSESSMENT_FORMAT", "Assessment", "assess", "read_record", "refuse_unfit"]

ASSESSMENT_FORMAT = "osteocast.assessment/1"
INTENDED_USE = (
    "Not a medical device; no regulator and no clinician has reviewed its rules. Not for deciding how fast a person is "
    "seen. Suspected spinal cord compression and severe hypercalcaemia are emergencies: contact emergency or oncology "
    "services directly."
)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a record says now.

    Attributes
    ----------
    facts : Facts
        What was recorded.
    known : dict of Known
        The facts of the patient with those that instruments add.
    findings : tuple of Finding
        Gravest first; complications and drug safety.
    urgency : Urgency
    scores : tuple of (str, Score)
        Whom or which site each instrument is about.
    options : tuple of Option
    ages : tuple of Age
    off : tuple of str
        Triggers that were not used because nobody has read them in a source.
    options_off : int
        How many options were left out for the same reason.
    record : FhirRecord or None
        The account of the reading, where the record was FHIR.
    """

    facts: Facts
    known: dict[str, Known]
    findings: tuple[Finding, ...]
    urgency: Urgency
    scores: tuple[tuple[str, Score], ...]
    options: tuple[Option, ...]
    ages: tuple[Age, ...]
    off: tuple[str, ...]
    options_off: int
    record: FhirRecord | None = None

    @property
    def level(self) -> str:
        """The level of urgency that is met at least."""
        return self.urgency.level

    def finding(self, name: str) -> Finding | None:
        """Return the gravest finding of that id, or ``None`` where no trigger of it holds."""
        return next((one for one in self.findings if one.name == name), None)

    def score(self, instrument: str, where: str = "patient") -> Score | None:
        """Return the first score of an instrument about a site or the patient, or ``None``."""
        return next((one for place, one in self.scores if one.instrument == instrument and place == where), None)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        facts, record = self.facts, self.record
        sources = {source for one in self.findings for source in one.sources} | {one.source for one in self.options}
        sources |= {source for _, one in self.scores for source in one.entry.sources}
        return {
            "format": ASSESSMENT_FORMAT,
            "version": VERSION,
            "banner": BANNER,
            "intended_use": INTENDED_USE,
            "record": {
                "source": facts.source,
                "today": facts.today.isoformat(),
                "identifier": facts.patient.identifier if facts.patient is not None else None,
                "age_years": facts.value("age"),
                "sex": facts.value("sex"),
                "primary": facts.value("primary"),
                "whole_patient": facts.patient is not None,
            },
            "urgency": {
                "level": self.urgency.level,
                "means": self.urgency.means,
                "rule": self.urgency.rule,
                "red_flags_not_recorded": list(self.urgency.not_recorded),
                "not_used": list(self.urgency.not_used),
                "review": self.urgency.review,
            },
            "findings": [one.to_dict() for one in self.findings],
            "scores": [
                {"where": where, **_without_banner(one.to_dict()), "items": dated_items(one, where, facts, self.known)}
                for where, one in self.scores
            ],
            "options": [asdict(one) for one in self.options],
            "ages": [_dated(one) for one in self.ages],
            "facts": [_fact(name, one) for name, one in sorted(self.known.items())],
            "data": [_dated(one) for one in data_used(facts, record)],
            "would_change": [
                one.to_dict() for one in changes_of(facts, self.known, self.findings, self.scores, self.ages)
            ],
            "lesions": [_lesion(one) for one in facts.lesions],
            "rules_off": list(self.off),
            "options_off": self.options_off,
            "conversions": [asdict(one) for one in record.conversions] if record is not None else [],
            "rejected": [asdict(one) for one in record.rejected] if record is not None else [],
            "warnings": [asdict(one) for one in record.warnings] if record is not None else [],
            "edition": _edition(facts.today),
            "references": cite(sources) if sources else {},
            "forecast": None,
        }


def _dated(one: Age | Datum) -> dict[str, Any]:
    return {**asdict(one), "date": one.date.isoformat() if one.date is not None else None}


def _lesion(one: Lesion) -> dict[str, Any]:
    return {"site": one.site.name, "title": one.site.title, "kind": one.kind, "size_mm": one.size_mm}


def _edition(today: dt.date) -> dict[str, Any]:
    """Say which rules were used and whether their sources were looked at too long ago."""
    table = read_table("assessment")["edition"]
    looked: dt.date = table["sources_looked_at"]
    months = 12 * (today.year - looked.year) + today.month - looked.month
    return {
        "number": table["number"],
        "dated": table["dated"].isoformat(),
        "sources_looked_at": looked.isoformat(),
        "expired": months > table["expires_months"],
        "data_sha256": evidence_sha256(),
        "input_sha256": None,
    }


def _without_banner(score: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in score.items() if key != "banner"}


def _fact(name: str, one: Known) -> dict[str, Any]:
    bounds = one.possible.bounds
    value = one.possible.value
    return {
        "name": name,
        "value": value if isinstance(value, bool | int | float | str) else None,
        "bounds": [_finite(end) for end in bounds] if bounds is not None and not one.possible.settled else None,
        "text": one.text,
        "date": one.date.isoformat() if one.date is not None else None,
        "pointer": one.pointer,
    }


def _finite(number: float) -> float | None:
    return round(number, 12) if abs(number) < float("inf") else None


def assess(
    record: Patient | FhirRecord | str | Path, *, today: dt.date | None = None, unchecked: bool = False,
    findings: Mapping[str, bool] | None = None,
) -> Assessment:  # fmt: skip
    """Say what a record holds now: suspected complications, urgency, instruments, drug safety, options of guidelines.

    Parameters
    ----------
    record : Patient, FhirRecord or path
        A patient, or a file of one: patient file (TOML or JSON) or FHIR record.
    today : datetime.date, optional
        Day of reading, for the age of data; the day of the clock by default.
    unchecked : bool
        Use rules and instruments too that nobody has read in a source.
    findings : mapping, optional
        Symptoms and signs beside the record, by name of ``data/codes/concepts.toml``: there or not there.

    Raises
    ------
    InputError
        Every problem of the file; ``assess.finding`` for a finding that is not known.
    """
    day = today or dt.datetime.now(tz=dt.UTC).date()
    name = "patient"
    if isinstance(record, str | Path):
        name, record = Path(record).name, read_record(record, day)
    if isinstance(record, Patient):
        facts, account = facts_of_patient(record, day, name), None
    else:
        refuse_unfit(record)
        facts, account = facts_of_record(record, day), record
    if findings:
        facts = replace(facts, known=facts.known | _beside(findings))
    return _assessed(facts, account, unchecked)


def _assessed(facts: Facts, account: FhirRecord | None, unchecked: bool) -> Assessment:
    scored = record_scores(facts, unchecked)
    found = find(scored.known, scored.by_lesion, unchecked)
    return Assessment(
        facts=facts,
        known=scored.known,
        findings=found,
        urgency=urgency_of(found, scored.known, account),
        scores=scored.scores,
        options=options_for(found, scored.known, unchecked),
        ages=ages_of(facts),
        off=() if unchecked else switched_off(),
        options_off=0 if unchecked else options_off(found),
        record=account,
    )


def _beside(findings: Mapping[str, bool]) -> dict[str, Known]:
    """Return findings that were given beside the record.

    Raises
    ------
    InputError
        ``assess.finding`` for every name that is no finding.
    """
    names = [name for name, entry in read_table("codes/concepts").items() if is_finding(entry)]
    issues = [
        Issue("assess.finding", "finding", clipped(name), "a finding", suggestion(name, names) or "See docs/assess.md.")
        for name in findings
        if name not in names
    ]
    if issues:
        raise InputError(issues)
    return {name: fact(bool(there), pointer="given beside the record") for name, there in findings.items()}


def is_finding(entry: Any) -> bool:
    """Whether an entry of the codes' table is a symptom, sign or other finding."""
    return isinstance(entry, dict) and entry.get("kind") == "finding"


def read_record(path: str | Path, today: dt.date) -> Patient | FhirRecord:
    """Read a patient's file or a FHIR record.

    Raises
    ------
    InputError
        Every problem of the file.
    """
    return read_fhir(path, today) if is_fhir(path) else read_patient(path)


def refuse_unfit(record: FhirRecord) -> None:
    """Refuse a record that is nobody's, of another disease, or not of an adult.

    Raises
    ------
    InputError
        With every such problem; other gaps (no cancer, no birth date) do not stand in the way.
    """
    refused = read_table("assessment")["refused"]
    issues = [
        Issue(
            one.code,
            f"{record.source}: {one.pointer or 'the record'}",
            one.found,
            "one adult's record, not of a tumour that begins in bone",
            f"Correct the record: {one.done}.",
        )
        for one in record.errors
        if one.code in refused or one.code.startswith("file.")
    ]
    if issues:
        raise InputError(issues)
