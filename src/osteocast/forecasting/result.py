"""The Forecast and its parts: frozen nouns that know how to become ``result.json``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from osteocast.foundation.banner import BANNER

Document = dict[str, Any]

SCHEMA = "osteocast.result/1"


WIDEST_KNOWN = 0.6
"""Width of an interval of a probability [1] beyond which its middle is not printed: it is not known."""


def rounded(value: float) -> float | None:
    """Return a number with four decimals for the file; None for nan and infinities."""
    return round(float(value), 4) + 0.0 if math.isfinite(value) else None


def is_known(low: float, high: float) -> bool:
    """Whether a probability with this interval [1] is printed: an interval wider than 60 points has no middle."""
    return round(high - low, 6) <= WIDEST_KNOWN


@dataclass(frozen=True, slots=True)
class Risk:
    """A probability with its 90 % interval over parameter draws."""

    probability: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the interval is narrow enough for its middle to say anything."""
        return is_known(self.low, self.high)

    def __str__(self) -> str:
        middle = f"{self.probability:.2f}" if self.known else "not known"
        return f"{middle} (90 % interval {self.low:.2f}–{self.high:.2f})"

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


def _document(part: Risk | Curve | None) -> Document | None:
    return None if part is None else part.to_dict()


@dataclass(frozen=True, slots=True)
class LesionForecast:
    """What may happen at one lesion.

    Attributes
    ----------
    already_fractured : whether the bone is recorded as broken; `fracture` is then None.
    fracture, radiotherapy, surgery, cord : risk over the horizon; surgery includes operations that prevent a
        fracture, and fractures are those that happen although some are prevented.
    fracture_or_rod : risk of either at a long bone, None elsewhere and where the bone is broken.
    cord_recorded : whether the record already meets cord compression here; `cord` is then None.
    strength_now, strength_end : median relative to the same bone without the lesion [1], of courses alive whose
        bone has neither broken since nor holds an implant; nan where there is none.
    strength_share : share of the courses alive at the end to which `strength_end` belongs [1].
    """

    site: str
    already_fractured: bool
    fracture: Risk | None
    radiotherapy: Risk
    surgery: Risk
    fracture_or_rod: Risk | None
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
            "fracture": _document(self.fracture),
            "radiotherapy": self.radiotherapy.to_dict(),
            "surgery": self.surgery.to_dict(),
            "fracture_or_rod": _document(self.fracture_or_rod),
            "cord": _document(self.cord),
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
    risk : by kind of event; None where the record already meets it (see `Applicability.suppresses`).
    first_event : share of all courses whose first event over the horizon is of each kind [1], "prevention" for an
        operation that comes before any fracture or cord compression; the shares add up to the risk of any event; nan
        for a kind that is withheld.
    """

    name: str
    title: str
    current: bool
    eligible: bool
    reasons: tuple[str, ...]
    calendar_note: str
    risk: dict[str, Curve | None]
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
            "risk": {k: _document(v) for k, v in self.risk.items()},
            "first_event": {k: rounded(v) for k, v in self.first_event.items()},
            "expected_events": self.expected_events.to_dict(),
            "survival": self.survival.to_dict() | {"median_months": None if median is None else rounded(median)},
            "lesions": [lesion.to_dict() for lesion in self.lesions],
            "courses": {k: v.to_dict() for k, v in self.courses.items()},
            "harms": {k: v.to_dict() for k, v in self.harms.items()},
        }


@dataclass(frozen=True, slots=True)
class Contrast:
    """Events avoided by `regimen` against `against`, per 100 such patients.

    The numbers are nan and `distinguishable` is None where the comparison does not apply; `text` says why.
    """

    regimen: str
    against: str
    kind: str
    avoided_per_100: float
    low: float
    high: float
    distinguishable: bool | None
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
    level : a level of `osteocast.domain.emergencies.URGENT`, outside, caution or note.
    text, brief : the statement, and the same in a few words.
    about : section of ``data/applicability.toml`` that it comes from.
    suppresses, not_compared : risks that get no number, and outcomes in which regimens are not compared.
    instead, instead_brief : what is said in their place, in whole and in a few words.
    """

    level: str
    text: str
    about: str
    brief: str
    suppresses: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    instead: str = ""
    instead_brief: str = ""

    def to_dict(self) -> Document:
        """Return the part of ``result.json``."""
        said = {"level": self.level, "text": self.text, "about": self.about, "brief": self.brief}
        if not (self.suppresses or self.not_compared):
            return said
        withheld = {"suppresses": list(self.suppresses), "not_compared": list(self.not_compared)}
        return said | withheld | {"instead": self.instead, "instead_brief": self.instead_brief}


@dataclass(frozen=True, slots=True)
class Forecast:
    """The course of one patient's bone disease under each regimen, with uncertainty, reasons and sources.

    Attributes
    ----------
    patient, settings, calibration, weights : parts of ``result.json`` that are already plain documents.
    regimens : one forecast for each regimen, in the order asked for; the current one is the reference.
    record_fit : each recorded laboratory value beside that of the model on its day.
    excluded : regimens of the usual comparison that are left out, with the reasons.
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
    record_fit: tuple[Document, ...] = ()
    excluded: tuple[Document, ...] = ()

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
            For an unknown kind, month or regimen, naming the known ones; for a risk that the record already meets.
        """
        chosen = self.under(regimen) if regimen is not None else self.regimens[0]
        if kind not in chosen.risk:
            raise ValueError(f"unknown kind of event {kind!r}; known: {', '.join(chosen.risk)}")
        curve = chosen.risk[kind]
        if curve is None:
            raise ValueError(next(a.instead for a in self.applicability if kind in a.suppresses))
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
            "record_fit": list(self.record_fit),
            "regimens": [r.to_dict() for r in self.regimens],
            "excluded": list(self.excluded),
            "contrasts": [c.to_dict() for c in self.contrasts],
            "drivers": [d.to_dict() for d in self.drivers],
            "missing": [m.to_dict() for m in self.missing],
            "assumptions": list(self.assumptions),
            "citations": list(self.citations),
        }
