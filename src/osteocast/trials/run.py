"""Run a trial: replicates of cohorts, arms and what is seen of them; each replicate ends in estimates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses, EventKind
from osteocast.course.detection import Surveys, detect
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.trial import Arm, Trial
from osteocast.foundation.errors import InputError, Issue, SolveError
from osteocast.foundation.settings import MOST_SEED, out_of_range
from osteocast.inference.parameter_draws import Parameters
from osteocast.trials.allocation import allocate
from osteocast.trials.checkpoint import Checkpoint, NothingKept
from osteocast.trials.cohort import (
    KEYS_OF_GROUP,
    KEYS_OF_REPLICATE,
    Entered,
    Group,
    block_size,
    blocks,
    candidates,
    groups_of,
    keys_of,
    numbers_of_groups,
    refuse_if_not_filled,
    searching,
)
from osteocast.trials.drop_out import ExitPlan, exits
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.entry_strata import Strata, strata_of
from osteocast.trials.laboratory import calcium_at_visits, first_after_entry, visit_days
from osteocast.trials.subjects import MEASURED_COLUMNS, Subjects, nobody, together
from osteocast.trials.treatment import Plan, treat

IntArray = NDArray[np.int64]
Design = Literal["parallel", "counterfactual"]
Progress = Callable[[str, int, int], None]

MOST_PATIENTS = 100_000
MOST_REPLICATES = 1_000
_MOST_FAILURES = 0.01


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """Size and design of a simulated trial.

    Attributes
    ----------
    patients : in all arms together; under a counterfactual design each of them is followed in every arm.
    replicates : how often the whole trial is simulated.
    design : "parallel" allocates each patient to one arm; "counterfactual" follows the same patients in every arm.
    seed : of every random number.
    drawn_parameters : True: each replicate draws its parameters from what is known of them; False: all stand at their
        centre, so that replicates differ by chance alone.
    neutral : parameters, as ``file.name``, that stand at their declared neutral value: mechanisms that are out.
    unfitted : name of a trial whose figures the calibrated scales shall not rest on; empty for those that rest on all.
    """

    patients: int
    replicates: int = 1
    design: Design = "parallel"
    seed: int = 1
    drawn_parameters: bool = False
    neutral: tuple[str, ...] = ()
    unfitted: str = ""

    def check(self) -> None:
        """Raise `InputError` ``trial.setting`` with every setting that is out of range."""
        limits = {
            "patients": (self.patients, 2, MOST_PATIENTS),
            "replicates": (self.replicates, 1, MOST_REPLICATES),
            "seed": (self.seed, 0, MOST_SEED),
        }
        if issues := out_of_range("trial.setting", limits):
            raise InputError(issues)


def subjects_of(
    trial: Trial,
    settings: TrialSettings,
    parameters: Parameters,
    replicate: int,
    work: tuple[Checkpoint | NothingKept, int | None, Progress],
) -> Subjects:
    """Return the subjects of one replicate.

    Parameters
    ----------
    parameters : see `inference.parameter_draws`.
    replicate : its number; the bytes depend on it, the seed and the trial alone.
    work : where finished units are kept, threads, and whom to tell of progress.
    """
    checkpoint, workers, tell = work
    groups = groups_of(trial)
    _refuse_too_many(trial, groups)
    parts: list[Subjects] = []
    entered_before = 0
    for number, (group, needed) in enumerate(zip(groups, numbers_of_groups(groups, settings.patients), strict=True)):
        strata, tried = strata_of(trial.entry_share, needed), 0
        taken = np.zeros_like(strata.wanted)
        size = block_size(needed)
        # Counted within the group: the arm of a patient must not depend on how large other groups are.
        seen: dict[int, int] = {}
        for block in blocks(needed):
            if not searching(strata, taken, tried):
                break
            keys = keys_of(number, replicate, block, size)

            def unit(
                one: tuple[int, Group] = (number, group),
                keys: IntArray = keys,
                room: tuple[Strata, IntArray] = (strata, taken),
                seen: dict[int, int] = seen,
            ) -> Subjects:
                """Carry a block to entry and follow the admitted."""
                entered = candidates(trial, one[1], parameters, replicate, keys, workers)
                chosen = room[0].with_room(entered.entry, room[1])
                return _follow(trial, settings, (*one, replicate), (entered, chosen, seen), workers)

            found = checkpoint.unit(f"replicate-{replicate:04d}-group-{number:02d}-block-{block:04d}", unit)
            parts.append(found)
            own = _own(found, settings)
            for stratum, count in zip(*np.unique(found.stratum[own], return_counts=True), strict=True):
                seen[int(stratum)] = seen.get(int(stratum), 0) + int(count)
            taken = taken + strata.counted(found.entry[own])
            tried = (block + 1) * size
            tell(f"replicate {replicate + 1}", entered_before + int(taken.sum()), settings.patients)
        entered_before += int(taken.sum())
        refuse_if_not_filled(trial, group, strata, taken, tried)
    return together(parts)


def _refuse_too_many(trial: Trial, groups: tuple[Group, ...]) -> None:
    if len(groups) * KEYS_OF_GROUP > KEYS_OF_REPLICATE:
        raise InputError(
            Issue(
                "trial.groups",
                trial.name,
                str(len(groups)),
                f"at most {KEYS_OF_REPLICATE // KEYS_OF_GROUP}",
                "Use fewer populations.",
            )
        )


def _own(subjects: Subjects, settings: TrialSettings) -> NDArray[np.bool_]:
    """Return one row of each subject: under a counterfactual design that of the first arm."""
    if settings.design == "counterfactual":
        return np.asarray(subjects.arm == 0, dtype=np.bool_)
    return np.ones(subjects.n, dtype=np.bool_)


def _follow(
    trial: Trial,
    settings: TrialSettings,
    who: tuple[int, Group, int],
    admitted: tuple[Entered, IntArray, dict[int, int]],
    workers: int | None,
) -> Subjects:
    """Allocate the admitted of a block who may enter, by their rows, and follow them in their arms."""
    (number_of_group, group, replicate), (entered, enters, seen) = who, admitted
    n = len(enters)
    stratum = _strata(trial, group, entered.entry[enters])
    place = np.zeros(n, dtype=np.int64)
    for value in np.unique(stratum):
        own = stratum == value
        place[own] = seen.get(int(value), 0) + np.arange(np.count_nonzero(own))
    every = np.arange(n)
    if settings.design == "counterfactual":
        rows = [every] * len(trial.arms)
    else:
        lot = replicate * (KEYS_OF_REPLICATE // KEYS_OF_GROUP) + number_of_group
        arm_of = allocate(trial, settings.seed, lot, stratum, place)
        rows = [every[arm_of == arm] for arm in range(len(trial.arms))]
    parts = [
        _arm(trial, (number, arm), group, (entered, enters[chosen], stratum[chosen]), workers)
        for number, (arm, chosen) in enumerate(zip(trial.arms, rows, strict=True))
    ]
    if settings.design == "counterfactual":
        # A patient without a solution in one arm leaves all of them, so that the arms stay the same people.
        whole = reduce(np.intersect1d, [part.key for part in parts])
        parts = [part.take(np.isin(part.key, whole)) for part in parts]
    return together(parts)


def _strata(trial: Trial, group: Group, entry: NDArray[np.float64]) -> IntArray:
    """Return the number of each patient's stratum: population, then each quantity of the allocation rounded."""
    number = np.full(len(entry), group.population, dtype=np.int64)
    names = tuple(QUANTITIES)
    for quantity in trial.allocation.strata:
        number = number * 128 + np.clip(np.round(entry[:, names.index(quantity)]), 0, 127).astype(np.int64)
    return number


def _arm(
    trial: Trial, arm: tuple[int, Arm], group: Group, chosen: tuple[Entered, IntArray, IntArray], workers: int | None
) -> Subjects:
    """Follow patients in one arm and keep what the trial sees of them."""
    (number, what), (entered, rows, stratum) = arm, chosen
    months, days = round(trial.follow_up.simulated.value), visit_days(trial)
    if not len(rows):
        return nobody(months, len(QUANTITIES), len(days))
    present = entered.present.take(rows, entered.key[rows])
    clearance = entered.entry[rows, tuple(QUANTITIES).index("creatinine-clearance")]
    treated = treat(present, clearance, Plan(what, group.record, months, days, workers))
    courses = treated.courses
    _refuse_failures(courses, f"{trial.name}: {what.name}")
    plan = trial.follow_up
    leaving = ExitPlan(
        what.drop_out.withdrawal.value,
        plan.earliest_exit.value,
        plan.latest_exit.value,
        plan.cut_off.value,
        what.drop_out.per_ecog_point.value,
        what.drop_out.after_progression.value,
    )
    end = np.full(courses.n, months * DAYS_PER_MONTH)
    observed = detect(courses, Surveys(interval_days=plan.survey_interval.value), end, entered.key[rows])
    gone = exits(
        courses,
        leaving,
        present.draws.typical.streams,
        first_after_entry(courses, EventKind.CHANGE_OF_SYSTEMIC_THERAPY),
    )
    subjects = Subjects(
        key=entered.key[rows],
        arm=np.full(len(rows), number, dtype=np.int64),
        population=np.full(len(rows), group.population, dtype=np.int64),
        stratum=stratum,
        entry=entered.entry[rows],
        entry_day=gone.entry_day,
        drop_out_day=gone.drop_out_day,
        closed_day=gone.closed_day,
        death_day=courses.death_day,
        series=np.ascontiguousarray(courses.patient_series[:, :, list(MEASURED_COLUMNS)]),
        visits=calcium_at_visits(courses, present.draws.typical.streams.seed, entered.key[rows]),
        harms=treated.harms,
        observed=observed,
    )
    # The few without a solution have no fate: others take their place.
    return subjects.take(courses.status == 0)


def _refuse_failures(courses: Courses, place: str) -> None:
    # one among few courses is no share of them: a block of an arm may hold less than a hundred
    if courses.failed > max(1.0, _MOST_FAILURES * courses.n):
        found = f"{courses.failed} of {courses.n} courses without a solution"
        fix = "Look for a parameter or an input that is out of its range."
        raise SolveError(Issue("trial.solver-failures", place, found, f"at most {_MOST_FAILURES:.0%}", fix))


def fingerprint_of(trial: Trial, settings: TrialSettings, code_and_data: str) -> str:
    """Return a SHA-256 of everything that the subjects and estimates depend on but the number of threads."""
    return hashlib.sha256(f"{trial!r}\n{settings!r}\n{code_and_data}".encode()).hexdigest()
