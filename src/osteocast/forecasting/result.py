"""The Forecast and its parts: frozen nouns that know how to become ``result.json``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from osteocast.foundation.banner import BANNER

Document = dict[str, Any]

SCHEMA = "osteocast.result/1"


def rounded(value: float) -> float | None:
    """Return a number with four decimals for the file; None for nan and infinities."""
    return round(float(value), 4) + 0.0 if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Risk:
    """A probability with its 90 % interval over parameter draws."""

    probability: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.probability:.2f} (90 % interval {self.low:.2f}–{self.high:.2f})"

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        values = {"probability": self.probability, "low": self.low, "high": self.high}
        return {key: rounded(v) for key, v in values.items()}


@dataclass(frozen=True, slots=True)
class Curve:
    """A probability by month with its 90 % interval; month 0 is today."""

    months: tuple[int, ...]
    probability: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, month: int) -> Risk:
        """Return the risk at one month.

        Raises
        ------
        ValueError
            If the forecast does not reach that month.
        """
        if month not in self.months:
            raise ValueError(f"month {month} is not among 0 to {self.months[-1]}")
        i = self.months.index(month)
        return Risk(self.probability[i], self.low[i], self.high[i])

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {"months": list(self.months)} | {
            key: [rounded(v) for v in getattr(self, key)] for key in ("probability", "low", "high")
        }


@dataclass(frozen=True, slots=True)
class Number:
    """An expected number with its 90 % interval."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {"mean": rounded(self.mean), "low": rounded(self.low), "high": rounded(self.high)}


@dataclass(frozen=True, slots=True)
class Band:
    """Median and 5 to 95 % of a quantity over all weighted courses still alive."""

    unit: str
    months: tuple[int, ...]
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def to_dict(self) -> Document:
        """Return the part of ``result.json``; None where nobody is left alive."""
        return {"unit": self.unit, "months": list(self.months)} | {
            key: [rounded(v) for v in getattr(self, key)] for key in ("median", "low", "high")
        }


@dataclass(frozen=True, slots=True)
class LesionForecast:
    """What may happen at one lesion.

    Attributes
    ----------
    already_fractured : whether the bone is recorded as broken; `fracture` is then None.
    fracture, radiotherapy, surgery, cord : risk over the horizon; surgery includes operations that prevent a
        fracture, and fractures are those that happen although some are prevented.
    cord_recorded : whether the record already meets cord compression here, so that `cord` is no first one.
    strength_now, strength_end : median relative to the same bone without the lesion [1], of courses alive whose
        bone has neither broken since nor holds an implant; nan where there is none.
    strength_share : share of the courses alive at the end to which `strength_end` belongs [1].
    """

    site: str
    already_fractured: bool
    fracture: Risk | None
    radiotherapy: Risk
    surgery: Risk
    cord: Risk | None
    cord_recorded: bool
    strength_now: float
    strength_end: float
    strength_share: float

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {
            "site": self.site,
            "already_fractured": self.already_fractured,
            "fracture": None if self.fracture is None else self.fracture.to_dict(),
            "radiotherapy": self.radiotherapy.to_dict(),
            "surgery": self.surgery.to_dict(),
            "cord": None if self.cord is None else self.cord.to_dict(),
            "cord_recorded": self.cord_recorded,
            "strength_now": rounded(self.strength_now),
            "strength_end": rounded(self.strength_end),
            "strength_share": rounded(self.strength_share),
        }


@dataclass(frozen=True, slots=True)
class RegimenForecast:
    """Everything forecast under one regimen.

    Attributes
    ----------
    first_event : share of all courses whose first event over the horizon is of each kind [1], "prevention" for an
        operation that comes before any fracture or cord compression; the shares add up to the risk of any event.
    """

    name: str
    title: str
    current: bool
    eligible: bool
    reasons: tuple[str, ...]
    calendar_note: str
    risk: dict[str, Curve]
    first_event: dict[str, float]
    expected_events: Number
    survival: Curve
    median_survival_months: float | None
    lesions: tuple[LesionForecast, ...]
    courses: dict[str, Band]
    harms: dict[str, Risk]

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        median = self.median_survival_months
        return {
            "name": self.name,
            "title": self.title,
            "current": self.current,
            "eligible": self.eligible,
            "reasons": list(self.reasons),
            "calendar_note": self.calendar_note,
            "risk": {k: v.to_dict() for k, v in self.risk.items()},
            "first_event": {k: rounded(v) for k, v in self.first_event.items()},
            "expected_events": self.expected_events.to_dict(),
            "survival": self.survival.to_dict() | {"median_months": None if median is None else rounded(median)},
            "lesions": [lesion.to_dict() for lesion in self.lesions],
            "courses": {k: v.to_dict() for k, v in self.courses.items()},
            "harms": {k: v.to_dict() for k, v in self.harms.items()},
        }


@dataclass(frozen=True, slots=True)
class Contrast:
    """Events avoided by `regimen` against `against`, per 100 such patients."""

    regimen: str
    against: str
    kind: str
    avoided_per_100: float
    low: float
    high: float
    distinguishable: bool
    text: str

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        numbers = {"avoided_per_100": self.avoided_per_100, "low": self.low, "high": self.high}
        names = {"regimen": self.regimen, "against": self.against, "kind": self.kind}
        told = {"distinguishable": self.distinguishable, "text": self.text}
        return names | {key: rounded(v) for key, v in numbers.items()} | told


@dataclass(frozen=True, slots=True)
class Driver:
    """A drawn parameter and how strongly the risk of any event goes with it."""

    parameter: str
    meaning: str
    grade: str
    correlation: float
    effect: str

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {
            "parameter": self.parameter,
            "meaning": self.meaning,
            "grade": self.grade,
            "correlation": rounded(self.correlation),
            "effect": self.effect,
        }


@dataclass(frozen=True, slots=True)
class MissingValue:
    """An unrecorded item and the share of what differs between courses that it would explain."""

    item: str
    narrowing: float
    text: str

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {"item": self.item, "narrowing": rounded(self.narrowing), "text": self.text}


@dataclass(frozen=True, slots=True)
class Applicability:
    """A statement on how far the forecast can be relied on, or on what the record calls for.

    Attributes
    ----------
    level : emergency, outside, caution or note.
    text, brief : the statement, and the same in a few words.
    about : section of ``data/applicability.toml`` that it comes from.
    """

    level: str
    text: str
    about: str
    brief: str

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        return {"level": self.level, "text": self.text, "about": self.about, "brief": self.brief}


@dataclass(frozen=True, slots=True)
class Forecast:
    """The course of one patient's bone disease under each regimen, with uncertainty, reasons and sources.

    Attributes
    ----------
    patient, settings, calibration, weights : parts of ``result.json`` that are already plain documents.
    regimens : one forecast for each regimen, in the order asked for; the current one is the reference.
    """

    version: str
    title: str
    patient: Document
    settings: Document
    calibration: Document
    applicability: tuple[Applicability, ...]
    weights: Document
    regimens: tuple[RegimenForecast, ...]
    contrasts: tuple[Contrast, ...]
    drivers: tuple[Driver, ...]
    missing: tuple[MissingValue, ...]
    assumptions: tuple[Document, ...]
    citations: tuple[Document, ...]

    def risk(self, kind: str = "any_event", month: int | None = None, regimen: str | None = None) -> Risk:
        """Return the risk of one kind of event by a month under one regimen.

        Parameters
        ----------
        kind : fracture, cord_compression, radiotherapy, surgery, any_event, hypercalcaemia, hypocalcaemia,
            loss_of_walking or death.
        month : None for the end of the forecast.
        regimen : its name; None for the first.

        Raises
        ------
        ValueError
            For an unknown kind, month or regimen, naming the known ones.
        """
        chosen = self.under(regimen) if regimen is not None else self.regimens[0]
        if kind not in chosen.risk:
            raise ValueError(f"unknown kind of event {kind!r}; known: {', '.join(chosen.risk)}")
        curve = chosen.risk[kind]
        return curve.at(curve.months[-1] if month is None else month)

    def under(self, regimen: str) -> RegimenForecast:
        """Return the forecast under one regimen by its name.

        Raises
        ------
        ValueError
            If the forecast does not hold that regimen.
        """
        for r in self.regimens:
            if r.name == regimen:
                return r
        raise ValueError(f"unknown regimen {regimen!r}; known: {', '.join(r.name for r in self.regimens)}")

    def to_dict(self) -> Document:
        """Return the document that is written as ``result.json``."""
        return {
            "schema": SCHEMA,
            "version": self.version,
            "title": self.title,
            "banner": BANNER,
            "patient": self.patient,
            "settings": self.settings,
            "calibration": self.calibration,
            "applicability": [a.to_dict() for a in self.applicability],
            "weights": self.weights,
            "regimens": [r.to_dict() for r in self.regimens],
            "contrasts": [c.to_dict() for c in self.contrasts],
            "drivers": [d.to_dict() for d in self.drivers],
            "missing": [m.to_dict() for m in self.missing],
            "assumptions": list(self.assumptions),
            "citations": list(self.citations),
        }
