"""Parameters of the body equations for drawn patients: typical value, between-patient spread, what the record says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course.typical import Typical, entries_of, file_of, spread_out
from osteocast.domain.laboratory import creatinine_clearance, patient_clearance
from osteocast.domain.patient import Patient
from osteocast.engine.system import fields_of
from osteocast.models import body

FloatArray = NDArray[np.float64]

CLEARANCE_ERROR = 0.15
"""Log SD of filtration about the Cockcroft-Gault estimate (assumed; the formula's accuracy is about 30 %)."""


def body_parameters(patient: Patient, typical: Typical) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return the body parameters, shape (n, n_params), and the drawn quantities by name.

    Weight and creatinine clearance are taken from the record where it has them; where creatinine is not known,
    filtration follows age, sex and weight. Calcium intake is food and, for most, a supplement. Plasma PTHrP per
    tumour volume follows the primary.
    """
    entries = entries_of(body.Params, "body")
    columns = []
    latents: dict[str, FloatArray] = {}
    known = _from_record(patient, typical)
    for field in fields_of(body.Params):
        file, parameter = entries[field.name]
        name = f"{file}.{parameter.name}"
        value = known[name] if name in known else typical.person(file, parameter)
        if parameter.between_patient.kind != "none" and name not in latents:
            latents[name] = value
        columns.append(value)
    latents.update({name: value for name, value in known.items() if value.std() > 0})
    return np.ascontiguousarray(np.stack(columns, axis=1)), latents


def _from_record(patient: Patient, typical: Typical) -> dict[str, FloatArray]:
    streams = typical.streams
    n = len(streams.patients)
    known: dict[str, FloatArray] = {}
    if patient.weight_kg is not None:
        known["denosumab.weight"] = np.full(n, patient.weight_kg)
    else:
        weight = typical.get("population", f"weight_{patient.sex}")
        spread = typical.get("population", "weight_sd")
        known["denosumab.weight"] = weight * np.exp(spread * streams.person("population.weight"))
    known["kidney.gfr"] = _filtration(patient, typical, known["denosumab.weight"])
    known["mineral.oral_calcium"] = _calcium_intake(patient, typical)
    primary = patient.primary.origin
    production = typical.get("population", f"pthrp_{primary}")
    spread = typical.get("population", "pthrp_sd")
    known["malignancy.production"] = production * np.exp(spread * streams.person("population.pthrp"))
    return known


def _filtration(patient: Patient, typical: Typical, weight: FloatArray) -> FloatArray:
    """Filtration [mL/min], shape (n,), from the clearance of the record or the creatinine of the population."""
    deviate = typical.streams.person("kidney.gfr")
    clearance = patient_clearance(patient)
    if clearance is not None:
        return np.asarray(clearance * np.exp(CLEARANCE_ERROR * deviate))
    creatinine = typical.get("population", f"creatinine_{patient.sex}")
    spread = np.hypot(typical.get("population", "creatinine_sd"), CLEARANCE_ERROR)
    # per kilogram: the formula is linear in weight
    median = weight * creatinine_clearance(patient.age_years, 1.0, patient.sex, 1.0) / creatinine
    return np.asarray(median * np.exp(spread * deviate))


def _calcium_intake(patient: Patient, typical: Typical) -> FloatArray:
    """Calcium intake [mmol/day], shape (n,): food, and a supplement for those who take one."""
    streams = typical.streams
    food = typical.get("population", f"diet_calcium_{patient.sex}")
    food = spread_out(food, file_of("mineral")["oral_calcium"].between_patient, streams.person("mineral.oral_calcium"))
    takes = ndtr(streams.person("population.supplement")) < typical.get("population", "supplement_share")
    return np.asarray(food + takes * typical.get("population", "supplement_calcium"))
