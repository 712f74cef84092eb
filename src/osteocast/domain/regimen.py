"""Regimens as data: dated courses of drugs, procedures on lesions, and the calendar they give."""

import math
from dataclasses import dataclass
from typing import Literal

from osteocast.domain.laboratory import patient_clearance
from osteocast.domain.patient import Patient

__all__ = [
    "DAYS_PER_MONTH",
    "LOCAL",
    "Dose",
    "Drug",
    "DrugCourse",
    "Mechanism",
    "Procedure",
    "ProcedureKind",
    "Regimen",
    "RenalDose",
]

Mechanism = Literal["denosumab", "bisphosphonate"]
ProcedureKind = Literal["radiotherapy", "rod", "radionuclide"]
LOCAL: tuple[ProcedureKind, ...] = ("radiotherapy", "rod")
"""Procedures on one lesion; a radionuclide is given to the whole person."""
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class RenalDose:
    """A row of a renal dosing table: the share of the full dose from this clearance upwards.

    Parameters
    ----------
    clearance : float
        Lower limit of creatinine clearance [mL/min].
    inclusive : bool
        Whether the limit itself belongs to the row.
    fraction : float
        Share of the full dose [1].
    """

    clearance: float
    inclusive: bool
    fraction: float

    def holds(self, clearance: float) -> bool:
        """Whether a clearance [mL/min] lies in or above this row."""
        return clearance >= self.clearance if self.inclusive else clearance > self.clearance


@dataclass(frozen=True, slots=True)
class Drug:
    """An antiresorptive drug.

    Parameters
    ----------
    name, title : str
        Key and name for people.
    mechanism : {"denosumab", "bisphosphonate"}
        Which part of the model it acts through.
    potency : float
        Effect per mg relative to zoledronate [mg/mg]; 1 for denosumab, which has its own model.
    bioavailability : float
        Share of a dose that is absorbed [1]; 1 for what is injected or infused.
    infusion_days : float
        Duration of one infusion, or over which an oral dose is absorbed [day]; 0 for an injection.
    renal_doses : tuple of RenalDose
        Dosing table, highest clearance first; empty where the dose does not depend on the kidney.
    minimum_clearance : float or None
        Below this clearance [mL/min] the label does not recommend the drug.
    plausible_dose_mg : tuple of float
        Lowest and highest single dose that is believed [mg].
    sources : tuple of str
        Keys of the sources.
    """

    name: str
    title: str
    mechanism: Mechanism
    potency: float = 1.0
    bioavailability: float = 1.0
    infusion_days: float = 0.0
    renal_doses: tuple[RenalDose, ...] = ()
    minimum_clearance: float | None = None
    plausible_dose_mg: tuple[float, float] = (0.0, math.inf)
    sources: tuple[str, ...] = ()

    def equivalent_mg(self, amount_mg: float) -> float:
        """Return what a dose [mg] comes to in zoledronate equivalents; the dose itself for denosumab [mg]."""
        return amount_mg * self.potency * self.bioavailability if self.mechanism == "bisphosphonate" else amount_mg

    def dose_fraction(self, clearance: float | None) -> float:
        """Return the share of the full dose at a creatinine clearance [mL/min]; 1 where it is unknown.

        Below the last row of the table the last row's share is returned: such a patient is not
        eligible, but a what-if question keeps its answer.
        """
        if clearance is None or not self.renal_doses:
            return 1.0
        for row in self.renal_doses:
            if row.holds(clearance):
                return row.fraction
        return self.renal_doses[-1].fraction


@dataclass(frozen=True, slots=True)
class DrugCourse:
    """Doses of one drug at an interval, from a day to a day.

    Parameters
    ----------
    drug : Drug
        What is given.
    dose_mg : float
        Full single dose [mg], before renal adjustment.
    interval_days : float or None
        Time between doses [day]; ``None`` for a single dose (and its loading doses).
    start_day : float
        Day of the first dose, counted from the assessment.
    stop_day : float or None
        No dose is given on or after this day; ``None``: the course goes on.
    loading_days : tuple of float
        Days of additional doses, counted from `start_day`.
    averaged_days : float or None
        Doses within this time are put on the calendar as one even infusion [day]; ``None``: each on its day.
        For daily oral doses, whose single peaks matter to nothing that is slower than a day.
    """

    drug: Drug
    dose_mg: float
    interval_days: float | None
    start_day: float = 0.0
    stop_day: float | None = None
    loading_days: tuple[float, ...] = ()
    averaged_days: float | None = None

    def days(self, horizon_day: float) -> tuple[float, ...]:
        """Return the days of all doses from day 0 up to, and without, the horizon."""
        end = horizon_day if self.stop_day is None else min(horizon_day, self.stop_day)
        days = {self.start_day, *(self.start_day + extra for extra in self.loading_days)}
        if self.interval_days is not None:
            count = max(0, math.ceil((end - self.start_day) / self.interval_days))
            days.update(self.start_day + number * self.interval_days for number in range(count))
        return tuple(sorted(day for day in days if 0 <= day < end))

    def doses(self, horizon_day: float, clearance: float | None) -> tuple["Dose", ...]:
        """Return all doses from day 0 up to the horizon at a creatinine clearance [mL/min], None where unknown."""
        amount = self.dose_mg * self.drug.dose_fraction(clearance)
        days = self.days(horizon_day)
        if self.averaged_days is None or self.interval_days is None:
            return tuple(self._dose(day, amount, self.drug.infusion_days) for day in days)
        together: dict[int, list[float]] = {}
        for day in days:
            together.setdefault(int((day - self.start_day) // self.averaged_days), []).append(day)
        return tuple(
            self._dose(group[0], len(group) * amount, len(group) * self.interval_days) for group in together.values()
        )

    def _dose(self, day: float, amount: float, infusion_days: float) -> "Dose":
        drug = self.drug
        return Dose(day, drug.name, drug.mechanism, amount, drug.equivalent_mg(amount), infusion_days)


@dataclass(frozen=True, slots=True)
class Procedure:
    """Radiotherapy of, or a rod through, the lesion at a site; a radionuclide given to the person.

    Parameters
    ----------
    kind : {"radiotherapy", "rod", "radionuclide"}
        What is done.
    site : str
        Name of the site of the lesion; empty where the whole person is treated.
    day : float
        Day, counted from the assessment.
    dose_gy : float or None
        Total dose [Gy]; radiotherapy only.
    fractions : int or None
        Number of fractions; radiotherapy only.
    activity_kbq_per_kg : float or None
        Radium-223 given [kBq per kg of body weight]; radionuclide only.
    """

    kind: ProcedureKind
    site: str
    day: float = 0.0
    dose_gy: float | None = None
    fractions: int | None = None
    activity_kbq_per_kg: float | None = None

    @property
    def local(self) -> bool:
        """Whether it is done to one lesion."""
        return self.kind in LOCAL


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose on the calendar.

    Parameters
    ----------
    day : float
        Day, counted from the assessment.
    drug : str
        Name of the drug.
    mechanism : {"denosumab", "bisphosphonate"}
        Which part of the model it enters.
    amount_mg : float
        Amount given, after renal adjustment; of several doses given as one, their sum [mg].
    equivalent_mg : float
        The same in zoledronate equivalents for a bisphosphonate; equal to `amount_mg` for denosumab [mg].
    infusion_days : float
        Duration [day]; 0 for an injection.
    """

    day: float
    drug: str
    mechanism: Mechanism
    amount_mg: float
    equivalent_mg: float
    infusion_days: float


@dataclass(frozen=True, slots=True)
class Regimen:
    """What is given and done: courses and procedures. Supportive care has none of either.

    Parameters
    ----------
    name, title : str
        Key and name for people.
    courses : tuple of DrugCourse
        Courses of drugs; a switch, a holiday, a loading or a combination is several courses.
    procedures : tuple of Procedure
        Procedures on lesions.
    note : str
        What a reader should know, such as that an interval is not licensed.
    sources : tuple of str
        Keys of the sources.
    """

    name: str
    title: str
    courses: tuple[DrugCourse, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    note: str = ""
    sources: tuple[str, ...] = ()

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """The drugs of the courses, each once, in order of first appearance."""
        return tuple(dict.fromkeys(course.drug for course in self.courses))

    def calendar(self, patient: Patient, months: float) -> tuple[Dose, ...]:
        """Return every dose of the first `months`, adjusted to the patient's kidney function.

        Without creatinine or weight the full dose is given; `calendar_note` says so.
        """
        return self.doses(patient_clearance(patient), months)

    def doses(self, clearance: float | None, months: float) -> tuple[Dose, ...]:
        """Return every dose of the first `months` at a creatinine clearance [mL/min]; the full doses where None."""
        end = months * DAYS_PER_MONTH
        doses = [dose for course in self.courses for dose in course.doses(end, clearance)]
        return tuple(sorted(doses, key=lambda dose: (dose.day, dose.drug)))

    def late_note(self, months: float) -> str:
        """Return a sentence on what begins after the first `months` and is not in the forecast; empty without."""
        end = months * DAYS_PER_MONTH
        late = [course.drug.title for course in self.courses if course.start_day >= end]
        late += [f"{one.kind} at {one.site}" if one.local else one.kind for one in self.procedures if one.day >= end]
        named = ", ".join(dict.fromkeys(late))
        return f"Begins only after the end of this forecast and is not in it: {named}." if named else ""

    def calendar_note(self, patient: Patient) -> str:
        """Return one or more sentences on how doses were adjusted; empty where nothing was to adjust."""
        clearance = patient_clearance(patient)
        notes = (_dose_note(course, clearance) for course in self.courses)
        return " ".join(note for note in dict.fromkeys(notes) if note)


def _dose_note(course: DrugCourse, clearance: float | None) -> str:
    drug = course.drug
    if not drug.renal_doses and drug.minimum_clearance is None:
        return ""
    if clearance is None:
        return f"{drug.title}: creatinine or weight is not given, so the full dose is assumed."
    # Truncated, so that a printed 30 never stands for 29.6.
    shown = math.floor(clearance)
    if drug.minimum_clearance is not None and clearance < drug.minimum_clearance:
        limit = f"{drug.minimum_clearance:g}"
        return f"{drug.title}: not recommended at a creatinine clearance of {shown} mL/min (below {limit})."
    amount = course.dose_mg * drug.dose_fraction(clearance)
    verb = "reduced to" if amount < course.dose_mg else "full dose of"
    return f"{drug.title}: {verb} {amount:g} mg at a creatinine clearance of {shown} mL/min."
