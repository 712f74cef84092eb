"""Cohorts: patients of a trial's populations, carried through their natural history to entry and admitted or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from osteocast.course.calendar import past_calendar
from osteocast.course.natural_history import live
from osteocast.course.population import Draws, draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.typical import Typical
from osteocast.domain.patient import Patient, Sex
from osteocast.domain.trial import Population, Trial
from osteocast.foundation.errors import ForecastError, Issue
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.reference_arms import at_entry_of, record_of
from osteocast.trials.describe import criterion_text
from osteocast.trials.entry import at_entry, meets
from osteocast.trials.entry_strata import WITH, Strata

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK: Final = 512
"""Most candidates that are carried to entry together; a unit of work that is kept."""
_SMALLEST_BLOCK: Final = 32
# Most of the candidates of most trials are admitted.
_CARRIED_FOR_ONE: Final = 1.25
KEYS_OF_GROUP: Final = 1 << 18
"""Keys set aside for the candidates of one group in one replicate."""
KEYS_OF_REPLICATE: Final = 1 << 22
# Rare states are what some trials ask for: calcium of 3.0 mmol/L in breast cancer, for one.
_LEAST_ADMITTED: Final = 0.001
# With the least share admitted about two of so many blocks are; with five times that share ten.
_BLOCKS_OF_TRIAL: Final = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of one population and sex.

    Attributes
    ----------
    population : number within the trial. sex : of all of them.
    share : of the trial's patients [1].
    record : what is known of every one of them.
    """

    population: int
    sex: Sex
    share: float
    record: Patient


@dataclass(frozen=True, slots=True)
class Entered:
    """Candidates of one block that were admitted.

    Attributes
    ----------
    present : the admitted, as they stand on day 0. entry : values of `entry.QUANTITIES`, shape (n, q).
    key : of each, shape (n,).
    """

    present: Present
    entry: FloatArray
    key: IntArray


def groups_of(trial: Trial) -> tuple[Group, ...]:
    """Return the groups of a trial with a share above 0: one for each population and sex."""
    found = []
    for number, population in enumerate(trial.populations):
        for sex, share in (("female", population["female"]), ("male", 1.0 - population["female"])):
            if share > 0.0:
                record = record_of(population, cast(Sex, sex))
                found.append(Group(number, cast(Sex, sex), population["share"] * share, record))
    return tuple(found)


def block_size(needed: int) -> int:
    """Return how many candidates of a group are carried together where `needed` are to be admitted.

    Who is admitted does not depend on it, only how many are carried in vain.
    """
    return int(min(BLOCK, max(_SMALLEST_BLOCK, np.ceil(_CARRIED_FOR_ONE * needed))))


def keys_of(number: int, replicate: int, block: int, size: int) -> IntArray:
    """Return the keys of a block of candidates of the group with this number."""
    first = replicate * KEYS_OF_REPLICATE + number * KEYS_OF_GROUP + block * size
    return np.arange(first, first + size, dtype=np.int64)


def candidates(
    trial: Trial, group: Group, parameters: Parameters, replicate: int, keys: IntArray, workers: int | None
) -> Entered:
    """Carry candidates of a group to entry and return those who are admitted.

    Parameters
    ----------
    parameters : of the replicate.
    replicate, keys : of the candidates; their bytes depend on nothing else. Keys are of shape (n,), see `keys_of`.
    """
    population = trial.populations[group.population]
    typical = at_entry_of(population, trial.follow_up.survey_interval.value, parameters.typical(keys, replicate))
    drawn, keys = _SOURCES[population.source](group, population, typical, keys)
    past = past_calendar(group.record, (0.0,), population["fluids_before"])
    present = carry(drawn, past, history_events=True, workers=workers)
    entry = at_entry(present)
    admitted = np.flatnonzero(meets(trial.entry, entry) & (present.status == 0))
    return Entered(present.take(admitted, keys[admitted]), entry[admitted], keys[admitted])


def _from_inputs(group: Group, population: Population, typical: Typical, keys: IntArray) -> tuple[Draws, IntArray]:
    """Draw everybody with lesions as the inputs of the trial describe them."""
    return draw_patients(group.record, typical), keys


def _from_history(group: Group, population: Population, typical: Typical, keys: IntArray) -> tuple[Draws, IntArray]:
    """Draw those whose bone metastases are found in their natural history and who live to entry.

    The present line of therapy began when they were found, so entry is ``line_started`` later.
    """
    lives = live(population.origin, typical)
    entry_day = lives.bone_day + population["line_started"]
    who = np.flatnonzero(np.isfinite(lives.bone_day) & (entry_day < lives.death_day)).astype(np.int64)
    return draw_patients(group.record, typical.take(who), lives.seeded(who, entry_day[who])), keys[who]


_SOURCES: Final = {"inputs": _from_inputs, "natural-history": _from_history}
"""How candidates are drawn, by the word in the trial's file."""


def blocks(needed: int) -> Iterator[int]:
    """Return the numbers of the blocks of one group, as many as its keys allow."""
    size = block_size(needed)
    most = _BLOCKS_OF_TRIAL * BLOCK + int(needed / _LEAST_ADMITTED)
    yield from range(min(KEYS_OF_GROUP, most) // size)


def hopeless(admitted: int, tried: int, needed: int) -> bool:
    """Tell after `tried` candidates whether the criteria admit too few for the search to go on.

    Too few are those below the least share, or below the share at which all keys of a group would not do.
    """
    return tried >= _BLOCKS_OF_TRIAL * BLOCK and admitted < _least_share(needed) * tried


def _least_share(needed: int) -> float:
    return max(_LEAST_ADMITTED, needed / KEYS_OF_GROUP)


def refuse_if_nobody_is_left(trial: Trial, group: Group, admitted: int, needed: int, tried: int) -> None:
    """Raise `ForecastError` ``trial.nobody-left`` where the criteria admit too few of a group."""
    if admitted >= needed:
        return
    where = f"{trial.name}: {trial.populations[group.population].name}, {group.sex}"
    expected = f"{needed} patients, at least {_least_share(needed):.1%} of candidates admitted"
    found = f"{admitted} of {tried:,} candidates meet the criteria of entry"
    raise ForecastError(
        Issue("trial.nobody-left", where, found, expected, "Widen the criteria, or change the population.")
    )


def searching(strata: Strata, taken: IntArray, tried: int) -> bool:
    """Tell after `tried` candidates whether a stratum has room and none of those with room is hopeless.

    Parameters
    ----------
    taken : patients of each stratum who entered, shape of `strata.wanted`.
    """
    pairs = [(int(n), int(wanted)) for n, wanted in zip(taken, strata.wanted, strict=True) if n < wanted]
    return bool(pairs) and not any(hopeless(n, tried, wanted) for n, wanted in pairs)


def refuse_if_not_filled(trial: Trial, group: Group, strata: Strata, taken: IntArray, tried: int) -> None:
    """Raise `ForecastError` where a group could not be filled.

    ``trial.nobody-left`` where the criteria admit too few, ``trial.entry-share`` where one stratum stays short.
    """
    needed, entered = int(strata.wanted.sum()), int(taken.sum())
    short_everywhere = bool((taken < strata.wanted).all())
    # A full stratum takes nobody any more: how many meet the criteria is then more than have entered.
    if strata.share is None or (short_everywhere and hopeless(entered, tried, needed)):
        refuse_if_nobody_is_left(trial, group, entered, needed, tried)
        return
    issues = []
    for stratum in np.flatnonzero(taken < strata.wanted):
        which = "with" if stratum == WITH else "without"
        text = criterion_text(strata.share.criterion)
        where = f"{trial.name}: {trial.populations[group.population].name}, {group.sex}, {which} {text}"
        short = int(taken[stratum])
        found = f"{short} of {tried:,} candidates ({short / tried:.2%}) belong here and meet the criteria of entry"
        expected = f"{strata.wanted[stratum]} of {needed} patients, as {strata.share.share.value:.1%} have it"
        fix = "Correct the share, or describe patients in whom it is less rare."
        issues.append(Issue("trial.entry-share", where, found, expected, fix))
    if issues:
        raise ForecastError(issues)


def numbers_of_groups(groups: tuple[Group, ...], patients: int) -> tuple[int, ...]:
    """Return how many patients each group has, by largest remainder."""
    share = np.array([group.share for group in groups])
    # Shares may be rounded to three digits.
    wanted = share / share.sum() * patients
    number = np.floor(wanted + 1e-9).astype(int)
    order = np.argsort(-(wanted - number), kind="stable")
    number[order[: patients - int(number.sum())]] += 1
    return tuple(int(n) for n in number)
