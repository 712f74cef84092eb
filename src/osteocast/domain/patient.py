"""The patient, the primary tumour, the lesions and what happened before today."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from osteocast.domain.observation import Observation, Quantity
from osteocast.domain.site import Site

__all__ = [
    "ESCC_GRADES",
    "ORIGINS",
    "EarlierCourse",
    "EpiduralGrade",
    "EventKind",
    "Lesion",
    "LesionKind",
    "Origin",
    "Patient",
    "PrimaryTumour",
    "Sex",
    "SkeletalEvent",
    "TherapyLine",
]

Sex = Literal["female", "male"]
Origin = Literal["breast", "prostate", "lung", "kidney", "thyroid", "myeloma", "unknown", "other"]
ORIGINS: tuple[Origin, ...] = (
    "breast", "prostate", "lung", "kidney", "thyroid", "myeloma", "unknown", "other",
)  # fmt: skip
LesionKind = Literal["lytic", "mixed", "sclerotic"]
EpiduralGrade = Literal["0", "1a", "1b", "1c", "2", "3"]
ESCC_GRADES: tuple[EpiduralGrade, ...] = ("0", "1a", "1b", "1c", "2", "3")
EventKind = Literal["fracture", "cord-compression", "radiotherapy", "surgery", "hypercalcaemia"]


@dataclass(frozen=True, slots=True)
class PrimaryTumour:
    """Where the cancer began; the secondary tumour keeps the name of this organ.

    Parameters
    ----------
    origin : str
        One of `ORIGINS`; ``unknown`` where the primary was never found.
    subtype : str or None
        One of the subtypes listed for the origin in ``data/primaries.toml``.
    diagnosed : datetime.date or None
        Day of the diagnosis of the primary.
    given : str
        The word of the file, where it was a synonym.
    """

    origin: Origin
    subtype: str | None = None
    diagnosed: dt.date | None = None
    given: str = ""


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion at one site. What is not known is ``None``, never zero.

    Parameters
    ----------
    site : Site
        Where it lies.
    kind : {"lytic", "mixed", "sclerotic"} or None
        What it does to bone.
    size_mm : float or None
        Largest diameter [mm].
    cortical_involvement : float or None
        Fraction of the circumference of the cortex destroyed (0 to 1).
    pain_at_rest, pain_on_loading : float or None
        Pain in this bone, 0 to 10.
    collapse_percent : float or None
        Loss of height of a vertebral body [%].
    epidural_grade : str or None
        Epidural extension, one of `ESCC_GRADES`.
    irradiated, fixed : datetime.date or None
        Day of the last radiotherapy of, and of a rod or cement through, this lesion.
    found : datetime.date or None
        Day on which the lesion was first seen.
    note : str
        Free text, shown in the report and used for nothing else.
    """

    site: Site
    kind: LesionKind | None = None
    size_mm: float | None = None
    cortical_involvement: float | None = None
    pain_at_rest: float | None = None
    pain_on_loading: float | None = None
    collapse_percent: float | None = None
    epidural_grade: EpiduralGrade | None = None
    irradiated: dt.date | None = None
    fixed: dt.date | None = None
    found: dt.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TherapyLine:
    """One line of systemic anticancer therapy: a class with dates, and the drug's name if given."""

    therapy_class: str
    name: str
    started: dt.date | None = None
    stopped: dt.date | None = None


@dataclass(frozen=True, slots=True)
class EarlierCourse:
    """An antiresorptive course given before, or running at, the assessment."""

    drug: str
    dose_mg: float | None = None
    interval_days: float | None = None
    started: dt.date | None = None
    stopped: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SkeletalEvent:
    """A skeletal complication that has happened, with its site and day where known."""

    kind: EventKind
    site: Site | None = None
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A person with bone metastases or myeloma bone disease, as known on one day.

    Only `age_years`, `sex` and `primary` are always known; what is ``None`` (or empty) is unknown and
    is drawn from the population by a forecast.

    Parameters
    ----------
    age_years : float
        Age on the day of the assessment [year].
    sex : {"female", "male"}
        Sex used by the formulas of kidney function.
    primary : PrimaryTumour
        Where the cancer began.
    identifier : str or None
        A label of the user's; never needed.
    weight_kg : float or None
        Body weight [kg].
    ecog : int or None
        ECOG performance status, 0 to 4.
    visceral_metastases : bool or None
        Whether organs other than bone carry metastases.
    assessed : datetime.date or None
        Day 0 of a forecast; ``None`` only where the file holds no dates at all.
    lesions, lines, drug_history, events, observations : tuple
        What is known. An empty tuple of lesions means that none was described.
    current_regimen : str or None
        Name of the built-in regimen that is running.
    """

    age_years: float
    sex: Sex
    primary: PrimaryTumour
    identifier: str | None = None
    weight_kg: float | None = None
    ecog: int | None = None
    visceral_metastases: bool | None = None
    assessed: dt.date | None = None
    lesions: tuple[Lesion, ...] = ()
    lines: tuple[TherapyLine, ...] = ()
    drug_history: tuple[EarlierCourse, ...] = ()
    events: tuple[SkeletalEvent, ...] = ()
    observations: tuple[Observation, ...] = ()
    current_regimen: str | None = None

    def day_of(self, when: dt.date) -> int:
        """Return the day of a date, counted from the assessment (negative: before it).

        Raises
        ------
        ValueError
            If the patient has no day of assessment.
        """
        if self.assessed is None:
            raise ValueError("the patient has no day of assessment, so dates have no day number")
        return (when - self.assessed).days

    def observed(self, quantity: Quantity) -> tuple[Observation, ...]:
        """Return the observations of one quantity, oldest first."""
        found = (seen for seen in self.observations if seen.quantity == quantity)
        return tuple(sorted(found, key=lambda seen: seen.date))

    def newest(self, quantity: Quantity) -> Observation | None:
        """Return the newest observation of one quantity, or ``None``."""
        found = self.observed(quantity)
        return found[-1] if found else None

    def lesion_at(self, site_name: str) -> Lesion | None:
        """Return the first lesion at a site, or ``None``."""
        return next((lesion for lesion in self.lesions if lesion.site.name == site_name), None)
