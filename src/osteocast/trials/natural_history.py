"""Cohorts of people with a cancer, followed from its finding to death, and those whose bone metastases are found.

Lives come from `course.natural_history`. Some of those with bone metastases are handed to the equations with the days
of seeding of their lesions, so that lesions, pain and laboratory values on the day of finding, and what follows, are
those of the model.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course import memory as m
from osteocast.course.calendar import coming_calendar, past_calendar
from osteocast.course.courses import EventKind
from osteocast.course.layout import PLACE_INDEX
from osteocast.course.natural_history import Lives, live, origins_with_history
from osteocast.course.population import draw_patients
from osteocast.course.present import carry
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.typical import file_of
from osteocast.domain.patient import Origin, Patient, PrimaryTumour, Sex
from osteocast.evidence.load import DATA
from osteocast.formats.regimen_file import read_regimen
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.settings import MOST_SEED, out_of_range
from osteocast.inference.parameter_draws import typical_of_draws
from osteocast.inference.posterior import read_posterior
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Progress = Callable[[str, int, int], None]

BLOCK: Final = 1024
"""People simulated together; bytes do not depend on it beyond the last digit, so it never changes."""
KEYS_OF_ORIGIN: Final = 1 << 24
CARRIED: Final = 240
"""People of one primary whose bone metastases are handed to the equations, the first found by number."""
CARRIED_MONTHS: Final = 60
LEAST_PEOPLE, MOST_PEOPLE = 100, 200_000
_FOUND: Final = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class CohortSettings:
    """Size of a cohort: primaries, number of people in all, seed of every random number."""

    origins: tuple[Origin, ...]
    people: int = 10_000
    seed: int = 1

    def check(self) -> None:
        """Raise `InputError` ``cohort.setting`` with every setting that is out of range."""
        limits = {"people": (self.people, LEAST_PEOPLE, MOST_PEOPLE), "seed": (self.seed, 0, MOST_SEED)}
        if issues := out_of_range("cohort.setting", limits):
            raise InputError(issues)


@dataclass(frozen=True, slots=True)
class Found:
    """People on the day on which their bone metastases are found.

    Attributes
    ----------
    rows : which lives, shape (k,). phenotype : of each lesion that is there, nan elsewhere, shape (k, slots).
    worst_pain : shape (k,). cord : whether the cord is compressed before death, shape (k,).
    """

    rows: IntArray
    phenotype: FloatArray
    worst_pain: FloatArray
    cord: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cohort:
    """People with one primary: their lives and, of some, the day of finding."""

    origin: Origin
    lives: Lives
    found: Found


def origins_of(name: str) -> tuple[Origin, ...]:
    """Return the primaries of a cohort by name, or all.

    Raises
    ------
    InputError
        ``cohort.primary``.
    """
    known = origins_with_history()
    if name == "all":
        return known
    if name not in known:
        expected = "all, or one of " + ", ".join(known)
        fix = "Choose one whose growth from the primary on is described; myeloma begins in marrow and has no primary."
        raise InputError(Issue("cohort.primary", "primary", name[:60], expected, fix))
    return (known[known.index(name)],)


def simulate_cohort(
    settings: CohortSettings, workers: int | None = None, progress: Progress | None = None
) -> dict[Origin, Cohort]:
    """Simulate a cohort at central parameters; the result does not depend on the number of threads.

    Raises
    ------
    InputError
        ``cohort.setting``.
    """
    settings.check()
    tell = progress or (lambda what, done, total: None)
    found: dict[Origin, Cohort] = {}
    for done, (origin, people) in enumerate(zip(settings.origins, _numbers(settings), strict=True)):
        lives, female = _lives(origin, people, settings.seed, workers)
        found[origin] = Cohort(origin, lives, _carried(origin, lives, female, settings.seed, workers))
        tell("primaries", done + 1, len(settings.origins))
    return found


def _numbers(settings: CohortSettings) -> tuple[int, ...]:
    """Return how many people each primary has: by their shares in the mixture."""
    share = np.array([file_of("natural_history")[f"mix_{origin}"].value for origin in settings.origins])
    return tuple(int(n) for n in np.maximum(np.round(share / share.sum() * settings.people), 1))


def _keys(origin: Origin, rows: IntArray) -> IntArray:
    return np.asarray(origins_with_history().index(origin) * KEYS_OF_ORIGIN + rows, dtype=np.int64)


def _lives(origin: Origin, people: int, seed: int, workers: int | None) -> tuple[Lives, NDArray[np.bool_]]:
    """Return the lives of one primary, block by block, and who is a woman."""
    posterior = read_posterior(DATA / "posterior.toml")

    def block(first: int) -> tuple[Lives, NDArray[np.bool_]]:
        """Return the lives of one block and who is a woman."""
        rows = np.arange(first, min(first + BLOCK, people), dtype=np.int64)
        typical = typical_of_draws(posterior, seed, _keys(origin, rows), np.zeros_like(rows), drawn=False)
        sex = ndtr(typical.streams.person("natural_history.sex")) < typical.get("natural_history", f"female_{origin}")
        return live(origin, typical), sex

    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(block, range(0, people, BLOCK)))
    return joined([part for part, _ in parts]), np.concatenate([sex for _, sex in parts])


def joined(parts: Sequence[Lives]) -> Lives:
    """Return lives one after another."""
    return Lives(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Lives)})


def record_of(origin: Origin, sex: Sex, age: float) -> Patient:
    """Return what is known of people on the day their bone metastases are found, before any treatment."""
    return Patient(age_years=age, sex=sex, primary=PrimaryTumour(origin), assessed=_FOUND)


def _carried(origin: Origin, lives: Lives, female: NDArray[np.bool_], seed: int, workers: int | None) -> Found:
    """Hand the first people with bone metastases to the equations, and follow them without antiresorptives."""
    chosen = np.flatnonzero(np.isfinite(lives.bone_day))[:CARRIED]
    age = float(np.round(file_of("natural_history")[f"age_{origin}"].value))
    parts = []
    for sex, who in (("female", female), ("male", ~female)):
        rows = chosen[who[chosen]]
        if len(rows):
            parts.append(_on_finding(record_of(origin, cast(Sex, sex), age), lives, rows, seed, workers))
    if not parts:
        return Found(chosen, np.empty((0, 1)), np.empty(0), np.empty(0, dtype=np.bool_))
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    return Found(**{f.name: np.concatenate([getattr(part, f.name) for part in parts])[order] for f in fields(Found)})


def _on_finding(record: Patient, lives: Lives, rows: IntArray, seed: int, workers: int | None) -> Found:
    posterior = read_posterior(DATA / "posterior.toml")
    keys = _keys(record.primary.origin, rows)
    typical = typical_of_draws(posterior, seed, keys, np.zeros_like(keys), drawn=False)
    draws = draw_patients(record, typical, lives.seeded(rows, lives.bone_day[rows]))
    present = carry(draws, past_calendar(record, (0.0,)), history_events=True, workers=workers)
    rule = constants(radiotherapy.Params, "radiotherapy", typical)
    calendar = coming_calendar(record, read_regimen("supportive-care"), CARRIED_MONTHS, rule)
    courses = continue_from(present, calendar, CARRIED_MONTHS, workers=workers)
    cord = np.zeros(len(rows), dtype=np.bool_)
    cord[courses.events["course"][courses.events["kind"] == int(EventKind.CORD_COMPRESSION)]] = True
    slots = np.arange(present.standing.place.shape[1])
    there = slots[None, :] < present.standing.counts[:, :1]
    phenotype = np.where(there, present.standing.place[:, :, PLACE_INDEX["phenotype"]], np.nan)
    whole = (present.status == 0) & (courses.status == 0)
    return Found(rows[whole], phenotype[whole], present.standing.body[whole, m.WORST_PAIN], cord[whole])
