"""Harms of antiresorptives by exposure: necrosis of the jaw, renal events, reactions to the first dose.

They change nothing else in a course and are found afterwards, each from its own random number of the patient, so that
no other event moves. Exposure counts standard doses: 120 mg of denosumab, 4 mg of zoledronate or what acts as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.course.streams import stream_number
from osteocast.domain.regimen import Dose
from osteocast.foundation.random import exponential_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HARMS: Final = ("jaw_necrosis", "renal_event", "acute_phase_reaction")
"""Names in the order of the columns of `harm_days`."""

# Units of exposure: the labelled dose of each mechanism, the labelled infusion of zoledronate, a healthy filtration.
_STANDARD: Final = {"denosumab": 120.0, "bisphosphonate": 4.0}
_INFUSION: Final = 15.0 / 1440.0
_CLEARANCE: Final = 90.0
_REACTION_DAYS: Final = 3.0  # within which a reaction to the first dose is counted


class HarmParams(NamedTuple):
    """Hazards of harms; values in data/parameters/harms.toml."""

    jaw_denosumab: Annotated[float, "1/day", "hazard of jaw necrosis per standard dose of denosumab so far; neutral 0"]
    jaw_bisphosphonate: Annotated[float, "1/day", "the same per standard dose of a bisphosphonate; neutral 0"]
    renal_background: Annotated[float, "1/day", "renal events reported without a drug that harms kidneys; neutral 0"]
    renal_infusion: Annotated[float, "1", "hazard of a renal event by one standard infusion; neutral 0"]
    renal_speed: Annotated[float, "1", "exponent of it on the speed of infusion; neutral 0"]
    renal_clearance: Annotated[float, "1", "exponent of it on the clearance missing; neutral 0"]
    acute_background: Annotated[float, "1", "hazard of a reaction reported in the first days without a drug; neutral 0"]
    acute_first_dose: Annotated[float, "1", "hazard of a reaction by a first standard infusion; neutral 0"]


@dataclass(frozen=True, slots=True)
class Exposed:
    """Patients who are given the same doses.

    Attributes
    ----------
    doses : from day 0, rising.
    clearance : creatinine clearance on day 0 [mL/min], shape (n,).
    death_day : nan where alive at the horizon [day], shape (n,).
    seed, key : of the random numbers; the same key under every regimen, shape (n,).
    """

    doses: Sequence[Dose]
    clearance: FloatArray
    death_day: FloatArray
    seed: int
    key: IntArray


def harm_days(patients: Exposed, horizon: float, p: HarmParams) -> FloatArray:
    """Return the first day of each of `HARMS`, inf where it does not come before death or the horizon, shape (n, 3)."""
    day = np.arange(0.0, horizon + 1.0)
    every = np.ones(len(patients.key))
    kidney = (_CLEARANCE / np.maximum(patients.clearance, 1.0)) ** p.renal_clearance
    hazards = (
        (every, jaw_hazard(patients.doses, day, p), np.zeros_like(day)),
        (kidney, infusion_hazard(patients.doses, day, p), p.renal_background * day),
        (every, reaction_hazard(patients.doses, day, p), p.acute_background * np.minimum(day / _REACTION_DAYS, 1.0)),
    )
    found = np.full((len(patients.key), len(HARMS)), np.inf)
    for column, (factor, own, background) in enumerate(hazards):
        wait = exponential_array(patients.seed, patients.key, stream_number(f"harm.{HARMS[column]}"), 0)
        reached = factor[:, None] * own[None, :] + background[None, :] >= wait[:, None]
        found[:, column] = np.where(reached.any(axis=1), day[reached.argmax(axis=1)], np.inf)
    return np.where(found > patients.death_day[:, None], np.inf, found)


def jaw_hazard(doses: Sequence[Dose], day: FloatArray, p: HarmParams) -> FloatArray:
    """Return the cumulative hazard of jaw necrosis by each day: its rate grows with every dose so far, shape (d,)."""
    slope = {"denosumab": p.jaw_denosumab, "bisphosphonate": p.jaw_bisphosphonate}
    total = np.zeros_like(day)
    for dose in doses:
        total += slope[dose.mechanism] * standard_doses(dose) * np.maximum(day - dose.day, 0.0)
    return total


def infusion_hazard(doses: Sequence[Dose], day: FloatArray, p: HarmParams) -> FloatArray:
    """Return the cumulative hazard of a renal event by infusions up to each day at a healthy clearance, shape (d,)."""
    total = np.zeros_like(day)
    for dose in doses:
        if dose.mechanism == "bisphosphonate" and dose.infusion_days > 0.0:
            speed = (_INFUSION / dose.infusion_days) ** p.renal_speed
            total += p.renal_infusion * standard_doses(dose) * speed * (day > dose.day)
    return total


def reaction_hazard(doses: Sequence[Dose], day: FloatArray, p: HarmParams) -> FloatArray:
    """Return the cumulative hazard of a reaction by the first dose of a bisphosphonate up to each day, shape (d,)."""
    first = next((dose for dose in doses if dose.mechanism == "bisphosphonate"), None)
    if first is None:
        return np.zeros_like(day)
    # of a tablet taken every day only what enters in the first days counts
    at_once = min(1.0, _REACTION_DAYS / first.infusion_days) if first.infusion_days > 0.0 else 1.0
    return np.asarray(p.acute_first_dose * standard_doses(first) * at_once * (day > first.day), dtype=np.float64)


def standard_doses(dose: Dose) -> float:
    """Return a dose in standard doses of its mechanism [1]."""
    return dose.equivalent_mg / _STANDARD[dose.mechanism]
