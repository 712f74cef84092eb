"""Formulas of the laboratory: corrected calcium and creatinine clearance.

Both are the formulas that the drugs' labels name, so that doses follow the labels.
"""

import datetime as dt
import math
from dataclasses import dataclass

from osteocast.domain.observation import Observation
from osteocast.domain.patient import Patient, Sex
from osteocast.domain.quantity import accepted_unit, quantity_facts
from osteocast.domain.table import read_table

__all__ = [
    "CalciumReading",
    "calcium_readings",
    "corrected_calcium",
    "creatinine_clearance",
    "patient_clearance",
    "reported_unit",
]


def _constant(name: str) -> float:
    return float(read_table("laboratory")[name]["value"])


def corrected_calcium(calcium: float, albumin: float) -> float:
    """Return total calcium corrected for albumin [mmol/L].

    Parameters
    ----------
    calcium : float
        Total serum calcium as measured [mmol/L].
    albumin : float
        Serum albumin [g/L].

    Notes
    -----
    Ca + 0.02 (40 - albumin), the formula of the zoledronate label in SI units. It misleads in
    paraproteinaemia (myeloma), acid-base disturbance and very low albumin.
    """
    return calcium + _constant("calcium_per_albumin") * (_constant("normal_albumin") - albumin)


def creatinine_clearance(age_years: float, weight_kg: float, sex: Sex, creatinine: float) -> float:
    """Return creatinine clearance after Cockcroft and Gault (Nephron 1976;16:31-41) [mL/min].

    Parameters
    ----------
    age_years, weight_kg : float
        Age [year] and actual body weight [kg].
    sex : {"female", "male"}
        Women: factor 0.85.
    creatinine : float
        Serum creatinine [umol/L].

    Notes
    -----
    The label of zoledronate names this formula. The result is not rounded: rounding up a clearance
    just below a limit would raise the dose.
    """
    factor = _constant("clearance_women") if sex == "female" else 1.0
    mg_per_dl = creatinine / _constant("creatinine_conversion")
    return factor * (_constant("clearance_age") - age_years) * weight_kg / (_constant("clearance_scale") * mg_per_dl)


def patient_clearance(patient: Patient) -> float | None:
    """Return creatinine clearance from the newest creatinine [mL/min], or ``None`` where it is unknown.

    A value reported as a limit (``<`` or ``>``) does not give a clearance.
    """
    exact = [seen for seen in patient.observed("creatinine") if seen.censoring == "="]
    if not exact or patient.weight_kg is None:
        return None
    return creatinine_clearance(patient.age_years, patient.weight_kg, patient.sex, exact[-1].value)


@dataclass(frozen=True, slots=True)
class CalciumReading:
    """Calcium on one day in the form that models and dose rules use.

    Parameters
    ----------
    date : datetime.date
        Day of the sample.
    value : float
        Albumin-corrected total calcium [mmol/L]; as measured where `basis` is ``uncorrected``.
    basis : {"laboratory", "albumin", "uncorrected"}
        Corrected by the laboratory; corrected here; or not corrected because no albumin lies near.
    censoring : {"=", "<", ">"}
        As reported.
    unit : str
        Unit in which the laboratory reported it: rules with limits in both units look at this one.
    """

    date: dt.date
    value: float
    basis: str
    censoring: str
    unit: str = "mmol/L"


def calcium_readings(patient: Patient) -> tuple[CalciumReading, ...]:
    """Return all calcium readings, oldest first, corrected by the albumin nearest in time.

    Albumin of at most 14 days' distance is used. On a day that has a value corrected by the laboratory,
    that one alone is returned.
    """
    readings = {
        seen.date: CalciumReading(seen.date, seen.value, "laboratory", seen.censoring, reported_unit(seen))
        for seen in patient.observed("corrected-calcium")
    }
    albumins = [seen for seen in patient.observed("albumin") if seen.censoring == "="]
    for seen in patient.observed("calcium"):
        if seen.date in readings and readings[seen.date].basis == "laboratory":
            continue
        near = [(abs((one.date - seen.date).days), one.value) for one in albumins]
        distance, albumin = min(near, default=(math.inf, 0.0))
        if distance <= _constant("albumin_holds"):
            value, basis = corrected_calcium(seen.value, albumin), "albumin"
        else:
            value, basis = seen.value, "uncorrected"
        readings[seen.date] = CalciumReading(seen.date, value, basis, seen.censoring, reported_unit(seen))
    return tuple(readings[day] for day in sorted(readings))


def reported_unit(seen: Observation) -> str:
    """Return the unit in which a value was reported; the canonical one where the file does not say."""
    words = seen.given.split(maxsplit=1)
    return accepted_unit(quantity_facts(seen.quantity), words[-1] if words else "") or seen.unit
