"""What patients of an arm are given: doses by their own kidneys where the arm says so, their courses, their harms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course.calendar import coming_calendar
from osteocast.course.courses import Courses, joined
from osteocast.course.harms import HARMS, Exposed, HarmParams, harm_days
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.course.present import Present
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.domain.patient import Patient
from osteocast.domain.trial import Arm
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Treated:
    """Courses of the patients of an arm, and the first day of each of `HARMS`, inf where none, shape (n, 3)."""

    courses: Courses
    harms: FloatArray


@dataclass(frozen=True, slots=True)
class Plan:
    """How an arm is simulated.

    Attributes
    ----------
    arm : its regimen and whether doses follow the kidney. record : what is known of every patient.
    months : length of the simulation. read_days : days of read-outs, shape (r,). workers : threads.
    """

    arm: Arm
    record: Patient
    months: int
    read_days: FloatArray
    workers: int | None


def treat(present: Present, clearance: FloatArray, plan: Plan) -> Treated:
    """Follow patients under the regimen of an arm.

    Parameters
    ----------
    clearance : creatinine clearance on day 0 [mL/min], shape (n,).
    """
    typical = present.draws.typical
    rule = constants(radiotherapy.Params, "radiotherapy", typical)
    hazards = constants(HarmParams, "harms", typical)
    regimen, months = plan.arm.regimen, plan.months
    parts: list[tuple[IntArray, Courses]] = []
    harms = np.empty((len(clearance), len(HARMS)))
    for place in same_doses(plan.arm, clearance):
        doses = regimen.doses(float(clearance[place[0]]) if plan.arm.renal_doses else None, months)
        calendar = coming_calendar(plan.record, regimen, months, rule, doses)
        some = present.take(place, present.draws.chance[place])
        courses = continue_from(some, calendar, months, read_days=plan.read_days, workers=plan.workers)
        exposed = Exposed(doses, clearance[place], courses.death_day, typical.streams.seed, some.draws.chance)
        harms[place] = harm_days(exposed, months * DAYS_PER_MONTH, hazards)
        parts.append((place, courses))
    return Treated(joined(parts), harms)


def same_doses(arm: Arm, clearance: FloatArray) -> list[IntArray]:
    """Return the places of patients with the same doses, group by group; all of them where kidneys do not count."""
    if not arm.renal_doses:
        return [np.arange(len(clearance))]
    shares = [tuple(drug.dose_fraction(float(one)) for drug in arm.regimen.drugs) for one in clearance]
    return [np.array([i for i, own in enumerate(shares) if own == share]) for share in sorted(set(shares))]
