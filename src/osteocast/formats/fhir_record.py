"""What was read from a FHIR record: the patient, further facts, and an account of every item used or refused."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, final

from osteocast.domain.patient import Patient
from osteocast.formats.fields import clipped

__all__ = ["Conversion", "Fact", "FactValue", "FhirRecord", "FhirWarning", "Ledger", "Rejected", "Used"]

Level = Literal["warning", "error"]
FactValue = float | str | bool | None
_MOST_WARNINGS = 2000


@dataclass(frozen=True, slots=True)
class FhirWarning:
    """One thing that the reader of a record should know.

    Parameters
    ----------
    code : str
        Stable code, explained in ``docs/errors.md``.
    pointer : str
        JSON pointer into the file (after ``name#`` where a folder was read); empty for the whole.
    found, done : str
        What stands there, and what was done about it.
    level : {"warning", "error"}
        After an error there is no patient.
    """

    code: str
    pointer: str
    found: str
    done: str
    level: Level = "warning"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that `Patient` has no place for; `name` is a concept of ``data/codes``.

    Parameters
    ----------
    name : str
        Such as ``karnofsky``, ``urinary-retention``, ``ordered-zoledronate`` (its dose) or ``lesion-site``.
    value : float, str, bool or None
        Number in `unit`; words; whether a finding is there; ``None`` where only the item itself is known.
    unit : str
        Unit of a number, else empty.
    date : datetime.date or None
        Day, where recorded.
    pointer : str
        JSON pointer of where it stands.
    """

    name: str
    value: FactValue
    unit: str
    date: dt.date | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Used:
    """One item that was used, in the words and the unit of the record.

    Parameters
    ----------
    resource, pointer : str
        Type of the resource and where it stands.
    name, code : str
        Concept that was understood, and the code (or text) that said so.
    value, unit : str
        As the record gives them; empty where it has none.
    date : datetime.date or None
        Day of the item.
    low, high : float or None
        The laboratory's own limits, where given in the unit of the value.
    """

    resource: str
    pointer: str
    name: str
    code: str
    value: str = ""
    unit: str = ""
    date: dt.date | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item that was not used: where it stands, the code of the reason, and what it is."""

    pointer: str
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion of units: value in `to_unit` = `factor` times value in `from_unit`."""

    pointer: str
    quantity: str
    from_unit: str
    to_unit: str
    factor: float


@dataclass(frozen=True, slots=True)
class FhirRecord:
    """Everything that was read from one record.

    Parameters
    ----------
    source : str
        Name of the file (and line) it came from.
    patient : Patient or None
        ``None`` where an error stands among the warnings.
    extra : tuple of Fact
        Facts that `Patient` has no place for.
    used, rejected, conversions, warnings : tuple
        The account of the reading, in the order of the record.
    version : str
        Version of FHIR that the shapes speak for: ``R4``, ``R5``, ``STU3``, ``DSTU2`` or ``unknown``.
    """

    source: str
    patient: Patient | None
    extra: tuple[Fact, ...] = ()
    used: tuple[Used, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    warnings: tuple[FhirWarning, ...] = ()
    version: str = "unknown"

    @property
    def errors(self) -> tuple[FhirWarning, ...]:
        """The warnings that stand in the way of a patient."""
        return tuple(one for one in self.warnings if one.level == "error")

    def facts(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of one name, oldest first, undated ones before all."""
        found = (fact for fact in self.extra if fact.name == name)
        return tuple(sorted(found, key=lambda fact: fact.date or dt.date.min))


@final
class Ledger:
    """The account while a record is being read; entries keep the order in which they were made."""

    __slots__ = ("conversions", "facts", "rejected", "used", "warnings")

    def __init__(self) -> None:
        self.warnings: list[FhirWarning] = []
        self.used: list[Used] = []
        self.rejected: list[Rejected] = []
        self.conversions: list[Conversion] = []
        self.facts: list[Fact] = []

    def warn(self, code: str, pointer: str, found: object, done: str) -> None:
        """Note a warning; a record with thousands of them keeps the first ones and says so."""
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(FhirWarning(code, pointer, clipped(found, 120), done))
        elif len(self.warnings) == _MOST_WARNINGS:
            found = f"more than {_MOST_WARNINGS} warnings"
            self.warnings.append(FhirWarning("fhir.many-warnings", "", found, "the rest is not listed"))

    def refuse(self, code: str, pointer: str, found: object, done: str) -> None:
        """Note an error, after which there is no patient."""
        self.warnings.append(FhirWarning(code, pointer, clipped(found, 120), done, "error"))

    def reject(self, code: str, pointer: str, what: object, done: str = "not used") -> None:
        """Note an item that is not used, with a warning."""
        self.rejected.append(Rejected(pointer, code, clipped(what, 120)))
        self.warn(code, pointer, what, done)

    def unread(self, pointer: str, what: object) -> None:
        """Note an item whose code is not known here; such items are counted in one warning at the end."""
        self.rejected.append(Rejected(pointer, "fhir.code-unknown", clipped(what, 120)))
