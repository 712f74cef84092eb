"""Arms of published trials, simulated: patients drawn from the population as they stood when they entered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.courses import Courses
from osteocast.course.layout import DAYS_PER_MONTH, DAYS_PER_YEAR
from osteocast.course.population import draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.patient import Origin, Patient, PrimaryTumour, Sex, TherapyLine
from osteocast.domain.regimen import Regimen
from osteocast.domain.trial import Population, Trial, TrialInput
from osteocast.foundation.errors import Issue, SolveError
from osteocast.inference.scales import spread
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]

ENTRY_INPUTS = ("age", "line_started", "line_strength", "oldest_lesion", "lesions", "survey_interval")
"""Inputs that shape a patient before entry; arms that share them share their patients' histories."""

_MOST_FAILURES = 0.01
# Any date: only the days between the start of therapy and the entry matter.
_ENTRY = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class ReferenceArm:
    """One arm of a published trial.

    Attributes
    ----------
    name, title : short name and what it is.
    origin, subtype, sex : primary tumour and sex of the patients; no subtype: that of the population.
    regimen : given from entry.
    inputs : by the names of ``data/trial_quantities.toml``: of the population, the follow-up and the drop-out.
    """

    name: str
    title: str
    origin: str
    sex: str
    regimen: Regimen
    inputs: Mapping[str, TrialInput]
    subtype: str | None = None

    def __getitem__(self, name: str) -> float:
        return self.inputs[name].value


def reference_arm(trial: Trial, arm_name: str, name: str) -> ReferenceArm:
    """Return an arm of a trial as a reference arm.

    Raises
    ------
    KeyError
        The trial has no such arm.
    ValueError
        What a reference arm is not made for: several populations or both sexes in one arm, lesions from the natural
        history, or drop-out that depends on the state of the patient.
    """
    arm = trial.arm(arm_name)
    population = trial.populations[0]
    if len(trial.populations) > 1 or population["female"] not in (0.0, 1.0):
        raise ValueError(f"{trial.name} mixes populations or sexes")
    if population.source != "inputs":
        raise ValueError(f"lesions of {trial.name} come from the natural history")
    if arm.drop_out.per_ecog_point.value or arm.drop_out.after_progression.value:
        raise ValueError(f"drop-out of {trial.name} depends on the state of the patient")
    plan = trial.follow_up
    inputs = {field.name: getattr(plan, field.name) for field in fields(plan)}
    inputs |= {**population.inputs, "withdrawal": arm.drop_out.withdrawal}
    sex = "female" if population["female"] else "male"
    title = f"{arm.title}; {trial.title}"
    return ReferenceArm(name, title, population.origin, sex, arm.regimen, inputs, population.subtype)


@dataclass(frozen=True, slots=True)
class ArmCourses:
    """Simulated courses of an arm.

    Attributes
    ----------
    courses : all courses, day 0 is the entry.
    exit_day : last day on study: withdrawal, end of the trial for this patient, death or data cut, shape (n,).
    end_day : last day of observation for death: death or end of the simulation, shape (n,).
    """

    courses: Courses
    exit_day: FloatArray
    end_day: FloatArray


class TypicalStreams(Streams):
    """Streams in which every typical value stands at its evidence: people and chance vary, parameters do not."""

    __slots__ = ()

    def typical(self, name: str) -> FloatArray:
        """Return zeros, shape (n,), whatever the name."""
        return np.zeros(len(self.patients))


def simulate_arm(
    arm: ReferenceArm, scales: Mapping[str, float], patients: int, seed: int, workers: int | None = None
) -> ArmCourses:
    """Simulate an arm with given factors of the shared scales.

    Parameters
    ----------
    scales : factor of each scale of `inference.scales` by name; a scale that is not named stays at 1.
    patients : number of patients. The same `seed` draws the same patients and the same chances in every arm and
        for every factor (common random numbers), so outputs are smooth in the factors.
    workers : threads; the result does not depend on them.

    Raises
    ------
    SolveError
        ``calibrate.solver-failures``: more than 1 % of the courses could not be solved.
    """
    return follow_arm(arm, enter(arm, scales, patients, seed, workers), workers)


def entry_of(arm: ReferenceArm) -> tuple[str | float, ...]:
    """Return what an arm's patients at entry depend on: equal for arms of one trial."""
    return (arm.origin, arm.subtype or "", arm.sex, *(arm[name] for name in ENTRY_INPUTS))


def enter(
    arm: ReferenceArm, scales: Mapping[str, float], patients: int, seed: int, workers: int | None = None
) -> Present:
    """Carry the patients of an arm to their entry; arms with the same `entry_of` may share them."""
    typical = _typical(arm, scales, patients, seed)
    record = _record(arm)
    return carry(draw_patients(record, typical), past_calendar(record), history_events=True, workers=workers)


def follow_arm(arm: ReferenceArm, present: Present, workers: int | None = None) -> ArmCourses:
    """Follow patients from their entry under the regimen of an arm.

    Raises
    ------
    SolveError
        ``calibrate.solver-failures``: more than 1 % of the courses could not be solved.
    """
    typical = present.draws.typical
    months = int(arm["simulated"])
    rule = constants(radiotherapy.Params, "radiotherapy", typical)
    calendar = coming_calendar(_record(arm), arm.regimen, months, rule)
    courses = continue_from(present, calendar, months, workers=workers)
    if courses.failed > _MOST_FAILURES * courses.n:
        raise SolveError(
            Issue(
                "calibrate.solver-failures",
                arm.name,
                f"{courses.failed} of {courses.n} courses without a solution",
                f"at most {_MOST_FAILURES:.0%}",
                "Look for a parameter that the scales take out of its range.",
            )
        )
    end = np.where(np.isnan(courses.death_day), months * DAYS_PER_MONTH, courses.death_day)
    return ArmCourses(courses, np.minimum(_leaving(arm, typical.streams), end), end)


def _typical(arm: ReferenceArm, scales: Mapping[str, float], patients: int, seed: int) -> Typical:
    keys = np.arange(patients, dtype=np.int64)
    streams = TypicalStreams(seed, keys, np.zeros_like(keys))
    factors = spread({name: np.full(patients, factor) for name, factor in scales.items()})
    return at_entry_of(arm, arm["survey_interval"], Typical(streams, factors, {}))


def at_entry_of(people: ReferenceArm | Population, survey_interval: float, typical: Typical) -> Typical:
    """Return typical values with what a trial says of its patients at entry put in place.

    Parameters
    ----------
    survey_interval : between surveys before entry [day].
    """
    era = f"population.line_strength_{people.origin}"
    scales = dict(typical.scales)
    scales[era] = scales.get(era, np.ones(len(typical.streams.patients))) * people["line_strength"]
    of_lesions = {"oldest_lesion": "population.age_last", "lesions": f"population.lesions_{people.origin}"}
    given = {entry: people[name] for name, entry in of_lesions.items() if name in people.inputs}
    fixed = typical.fixed | given | {"population.survey_interval": survey_interval}
    return Typical(typical.streams, scales, fixed)


def _record(arm: ReferenceArm) -> Patient:
    return record_of(arm, cast(Sex, arm.sex))


def record_of(people: ReferenceArm | Population, sex: Sex) -> Patient:
    """Return the one thing known of every patient of a trial: who they are and when their present therapy began."""
    started = _ENTRY - dt.timedelta(days=round(people["line_started"]))
    return Patient(
        age_years=people["age"],
        sex=sex,
        primary=PrimaryTumour(cast(Origin, people.origin), people.subtype),
        assessed=_ENTRY,
        lines=(TherapyLine("other", "line at entry", started=started),),
    )


def _leaving(arm: ReferenceArm, streams: Streams) -> FloatArray:
    """Day on which a living patient leaves: withdrawal at a constant rate, end of the trial, data cut."""
    left = -np.log(ndtr(streams.person("reference-arm.withdrawal"))) / arm["withdrawal"] * DAYS_PER_YEAR
    share = ndtr(streams.person("reference-arm.entry"))
    closed = (arm["earliest_exit"] + share * (arm["latest_exit"] - arm["earliest_exit"])) * DAYS_PER_YEAR
    return np.asarray(np.minimum(np.minimum(left, closed), arm["cut_off"] * DAYS_PER_MONTH))
