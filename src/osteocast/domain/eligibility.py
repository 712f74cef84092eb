"""Which regimens a patient is eligible for, and why others are left out. Rules of the labels, not advice."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from osteocast.domain.laboratory import CalciumReading, calcium_readings, patient_clearance
from osteocast.domain.patient import Patient
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.regimen import Drug, Regimen

__all__ = ["Eligibility", "default_comparison", "eligibility"]

_MOST_COMPARED = 4
_COMPARED_FIRST = ("supportive-care", "zoledronate-q4w", "denosumab-q4w", "zoledronate-q12w")
# The clearance below which the label of denosumab warns of hypocalcaemia most [mL/min].
_DENOSUMAB_WARNING = 30.0
_YEARS = 3653.0


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether the labels' rules allow a regimen to a patient.

    Parameters
    ----------
    regimen : Regimen
        The regimen judged.
    current : bool
        Whether it is the regimen that is running.
    eligible : bool
        Whether no rule speaks against it.
    reasons : tuple of str
        Sentences: why not, or what to mind.
    """

    regimen: Regimen
    current: bool
    eligible: bool
    reasons: tuple[str, ...]


def eligibility(regimen: Regimen, patient: Patient) -> Eligibility:
    """Judge one regimen by renal limits, calcium, combination and the presence of its lesions."""
    against = [reason for drug in regimen.drugs for reason in _against_drug(drug, patient)]
    if _together(regimen):
        against.append("The label of denosumab excludes a bisphosphonate at the same time.")
    against += _twice_in_a_day(regimen)
    for procedure in regimen.procedures:
        if procedure.local and patient.lesion_at(procedure.site) is None:
            against.append(f"The patient has no lesion at {procedure.site}.")
    mind = [reason for drug in regimen.drugs for reason in _mind_drug(drug, patient)]
    return Eligibility(
        regimen=regimen,
        current=regimen.name == patient.current_regimen,
        eligible=not against,
        reasons=tuple(dict.fromkeys(against + mind)),
    )


def default_comparison(patient: Patient, regimens: Sequence[Regimen]) -> tuple[Eligibility, ...]:
    """Choose the regimens to compare, and say why the others of the usual list are left out.

    Parameters
    ----------
    patient : Patient
        For whom.
    regimens : sequence of Regimen
        The regimens on offer (the built-in ones).

    Returns
    -------
    tuple of Eligibility
        First the compared ones (``eligible`` or ``current``; at most four, the current one first), then
        those left out because a rule speaks against them.
    """
    by_name = {regimen.name: regimen for regimen in regimens}
    wanted = [patient.current_regimen] if patient.current_regimen else []
    wanted += [name for name in _COMPARED_FIRST if name not in wanted]
    judged = [eligibility(by_name[name], patient) for name in wanted if name in by_name]
    compared = [one for one in judged if one.eligible or one.current][:_MOST_COMPARED]
    return tuple(compared + [one for one in judged if not (one.eligible or one.current)])


def _against_drug(drug: Drug, patient: Patient) -> list[str]:
    reasons = []
    clearance = patient_clearance(patient)
    if drug.minimum_clearance is not None and clearance is not None and clearance < drug.minimum_clearance:
        reasons.append(
            f"{drug.title} is not recommended below {drug.minimum_clearance:g} mL/min; "
            f"creatinine clearance is {math.floor(clearance)} mL/min."
        )
    low = _low_calcium(patient)
    if low is not None and low.basis != "uncorrected":
        reasons.append(f"Low calcium is to be corrected before {drug.title.lower()}: {_shown(low)}.")
    return reasons


def _low_calcium(patient: Patient) -> CalciumReading | None:
    """Return the newest calcium where it lies below the usual limit, else ``None``."""
    readings = calcium_readings(patient)
    limits = quantity_facts("corrected-calcium").reference
    if not readings or limits is None or readings[-1].censoring == ">" or readings[-1].value >= limits[0]:
        return None
    return readings[-1]


def _shown(reading: CalciumReading) -> str:
    return f"{reading.value:.2f} mmol/L on {reading.date.isoformat()}"


def _mind_drug(drug: Drug, patient: Patient) -> list[str]:
    clearance = patient_clearance(patient)
    reasons = []
    if drug.mechanism == "denosumab" and clearance is not None and clearance < _DENOSUMAB_WARNING:
        reasons.append("Low calcium is most likely when creatinine clearance is below 30 mL/min.")
    low = _low_calcium(patient)
    if low is not None and low.basis == "uncorrected":
        # Without albumin a low total calcium may be no more than low albumin.
        reasons.append(f"Calcium looks low, but no albumin is given to correct it: {_shown(low)}.")
    if drug.renal_doses and clearance is None:
        reasons.append("Creatinine clearance is unknown: the full dose is assumed.")
    if drug.name == "zoledronate" and patient.primary.origin == "prostate" and not _progressed(patient):
        reasons.append("The label asks for progression on hormonal therapy; none is recorded.")
    return reasons


def _progressed(patient: Patient) -> bool:
    return patient.primary.subtype == "castration-resistant" or any(line.stopped for line in patient.lines)


def _twice_in_a_day(regimen: Regimen) -> list[str]:
    """Say of each drug whose courses give it twice on one day; found within the years that a forecast may take."""
    reasons = []
    for drug in regimen.drugs:
        days = Counter(day for course in regimen.courses if course.drug == drug for day in course.days(_YEARS))
        day = min((day for day, count in days.items() if count > 1), default=None)
        if day is not None:
            reasons.append(f"Two courses of {drug.title.lower()} give a dose each on day {day:g}.")
    return reasons


def _together(regimen: Regimen) -> bool:
    """Whether doses of the two mechanisms overlap in time (a switch does not)."""
    spans = [
        (course.drug.mechanism, course.start_day, math.inf if course.stop_day is None else course.stop_day)
        for course in regimen.courses
    ]
    return any(
        first[0] != second[0] and first[1] < second[2] and second[1] < first[2]
        for index, first in enumerate(spans)
        for second in spans[index + 1 :]
    )
