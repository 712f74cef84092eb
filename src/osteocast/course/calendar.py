"""The dated calendar of a course: past therapy from the record, doses and procedures of the regimen, read-outs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osteocast.course.layout import Action
from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Procedure, Regimen
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
Row = tuple[float, int, float, float]


def calendar_of(
    patient: Patient,
    regimen: Regimen,
    months: float,
    dose_rule: radiotherapy.Params,
    record_days: tuple[float, ...] = (),
) -> FloatArray:
    """Return the actions of a course in order, shape (n, 4): day, `Action`, amount, detail.

    Parameters
    ----------
    patient : Patient
        Lines of systemic therapy and earlier antiresorptives enter as dated actions before day 0.
    regimen : Regimen
        Doses (renal rules applied) and procedures from day 0.
    months : float
    dose_rule : radiotherapy.Params
        For the size of a radiotherapy course against a single 8 Gy.
    record_days : tuple of float
        Days, not after 0, on which the body's read-outs are stored, in rising order.
    """
    rows = past_therapy(patient) + past_drugs(patient, regimen)
    for dose in regimen.calendar(patient, months):
        rows += _dose_rows(dose.day, dose.mechanism, dose.equivalent_mg, dose.infusion_days)
    for procedure in regimen.procedures:
        rows.append(_procedure_row(patient, procedure, dose_rule))
    rows += [(day, int(Action.RECORD), 0.0, float(i)) for i, day in enumerate(record_days)]
    # a read-out on the day of a dose is taken before it
    rows.sort(key=lambda row: (row[0], row[1] != int(Action.RECORD), row[1]))
    return np.array(rows, dtype=float).reshape(-1, 4)


def past_therapy(patient: Patient) -> list[Row]:
    """Lines of systemic therapy by day; with none recorded the first line starts on day 0."""
    rows: list[Row] = []
    for line in patient.lines:
        if line.started is not None:
            rows.append((float(patient.day_of(line.started)), int(Action.THERAPY_LINE), 0.0, 0.0))
    return rows or [(0.0, int(Action.THERAPY_LINE), 0.0, 0.0)]


def past_drugs(patient: Patient, regimen: Regimen) -> list[Row]:
    """Antiresorptive doses before day 0, from the drug history."""
    from osteocast.formats.drug_file import builtin_drug

    rows: list[Row] = []
    for course in patient.drug_history:
        if course.started is None or course.dose_mg is None:
            continue
        drug = builtin_drug(course.drug)
        first = float(patient.day_of(course.started))
        last = 0.0 if course.stopped is None else min(0.0, float(patient.day_of(course.stopped)))
        step = course.interval_days or max(1.0, last - first)
        day = first
        while day < last:
            rows += _dose_rows(day, drug.mechanism, course.dose_mg * drug.potency, drug.infusion_days)
            day += step
    return rows


def _dose_rows(day: float, mechanism: str, amount: float, infusion_days: float) -> list[Row]:
    if mechanism == "denosumab":
        return [(day, int(Action.DENOSUMAB), amount, 0.0)]
    return [
        (day, int(Action.BISPHOSPHONATE), amount, infusion_days),
        (day + infusion_days, int(Action.STOP_INFUSION), amount, infusion_days),
    ]


def _procedure_row(patient: Patient, procedure: Procedure, rule: radiotherapy.Params) -> Row:
    rows = [i for i, lesion in enumerate(patient.lesions) if lesion.site.name == procedure.site]
    row = float(rows[0]) if rows else -1.0
    if procedure.kind == "rod":
        return (procedure.day, int(Action.ROD), 1.0, row)
    given = radiotherapy.effective_dose(procedure.dose_gy or 8.0, procedure.fractions or 1, rule)
    single = radiotherapy.effective_dose(8.0, 1, rule)
    return (procedure.day, int(Action.RADIOTHERAPY), given / single, row)
