"""The dated calendar of a course: past therapy from the record, doses and procedures of the regimen, read-outs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from osteocast.course.layout import Action
from osteocast.course.recorded import fixation_day, irradiation_days
from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Dose, Procedure, Regimen
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
Row = tuple[float, int, float, float]


def past_calendar(patient: Patient, record_days: tuple[float, ...] = (), fluids_before: float = 0.0) -> FloatArray:
    """Return the actions before day 0 in order, the same under every regimen, shape (n, 4).

    Parameters
    ----------
    patient : Patient
        Lines of systemic therapy, earlier antiresorptives, radiotherapy and rods are dated actions.
    record_days : tuple of float
        Days, not after 0, on which the body's read-outs are stored, in rising order.
    fluids_before : float
        Time before day 0 at which fluids into a vein begin, as for high calcium [day]; 0 for none.

    Returns
    -------
    (n, 4) float64
        Day, `Action`, amount, detail.
    """
    rows = [row for row in _recorded(patient) if row[0] < 0.0]
    rows += [(day, int(Action.RECORD), 0.0, float(i)) for i, day in enumerate(record_days)]
    if fluids_before > 0.0:
        rows.append((-fluids_before, int(Action.FLUIDS), 0.0, -1.0))
    return in_order(rows)


def coming_calendar(
    patient: Patient,
    regimen: Regimen,
    months: float,
    dose_rule: radiotherapy.Params,
    doses: Sequence[Dose] | None = None,
) -> FloatArray:
    """Return the actions from day 0 in order, shape (n, 4): day, `Action`, amount, detail.

    Parameters
    ----------
    patient : Patient
        What goes on from the record: a first line of therapy on day 0 where none is recorded, an infusion that runs.
    regimen : Regimen
        Doses (renal rules applied) and procedures from day 0.
    months : float
    dose_rule : radiotherapy.Params
        For the size of a radiotherapy course against a single 8 Gy.
    doses : sequence of Dose or None
        Given instead of those of the regimen for this patient.
    """
    rows = [row for row in _recorded(patient) if row[0] >= 0.0]
    for dose in regimen.calendar(patient, months) if doses is None else doses:
        rows += _dose_rows(dose.day, dose.mechanism, dose.equivalent_mg, dose.infusion_days)
    for procedure in regimen.procedures:
        rows.append(_procedure_row(patient, procedure, dose_rule))
    return in_order(rows)


def calendar_of(
    patient: Patient,
    regimen: Regimen,
    months: float,
    dose_rule: radiotherapy.Params,
    record_days: tuple[float, ...] = (),
) -> FloatArray:
    """Return the actions of a whole course in order: `past_calendar`, then `coming_calendar`; shape (n, 4)."""
    return np.vstack([past_calendar(patient, record_days), coming_calendar(patient, regimen, months, dose_rule)])


def split_calendar(calendar: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what belongs to the history (actions before day 0, read-outs) and what comes from day 0."""
    past = (calendar[:, 0] < 0.0) | (calendar[:, 1] == int(Action.RECORD))
    return np.ascontiguousarray(calendar[past]), np.ascontiguousarray(calendar[~past])


def _recorded(patient: Patient) -> list[Row]:
    return past_therapy(patient) + past_drugs(patient) + past_procedures(patient)


def in_order(rows: list[Row]) -> FloatArray:
    """Return the rows of a calendar as an array in order of day, shape (n, 4)."""
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


def past_drugs(patient: Patient) -> list[Row]:
    """Antiresorptive doses before day 0, from the drug history; the end of an infusion may lie after it."""
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
            rows += _dose_rows(day, drug.mechanism, drug.equivalent_mg(course.dose_mg), drug.infusion_days)
            day += step
    return rows


def past_procedures(patient: Patient) -> list[Row]:
    """Radiotherapy and rods on their days before day 0; a dose is not recorded and taken to be a single 8 Gy."""
    rows: list[Row] = []
    for i, lesion in enumerate(patient.lesions):
        rows += [(day, int(Action.RADIOTHERAPY), 1.0, float(i)) for day in irradiation_days(patient, lesion)]
        fixed = fixation_day(patient, lesion)
        if fixed is not None:
            rows.append((fixed, int(Action.ROD), 1.0, float(i)))
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
    single = radiotherapy.effective_dose(8.0, 1, rule)
    if procedure.kind == "rod":
        return (procedure.day, int(Action.ROD), 1.0, row)
    if procedure.kind == "radionuclide":
        given = radiotherapy.radionuclide_dose(procedure.activity_kbq_per_kg or 0.0, rule)
        return (procedure.day, int(Action.RADIONUCLIDE), given / single, -1.0)
    given = radiotherapy.effective_dose(procedure.dose_gy or 8.0, procedure.fractions or 1, rule)
    return (procedure.day, int(Action.RADIOTHERAPY), given / single, row)
