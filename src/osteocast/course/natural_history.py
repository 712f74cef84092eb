"""People with a cancer from the growth of the primary on: seeding, what is found first and how, death.

The primary grows by the law of the lesions without feedback. Cells leave it at a rate that follows its surface and
settle in bone, other organs and nodes; a settled cell grows by the same law, slower where it is dormant, until it is
the small lesion with which the equations of `models.lesion` begin. Metastases seed further ones. The primary, pain,
fracture, high calcium, imaging and metastases of other organs compete for who is found first. A primary that is found
without distant metastases is taken out and sheds no longer. Nothing here needs the equations of bone; who reaches bone
is handed to them with the days of seeding (`lesion_table.Seeded`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course.gompertz import time_between, waiting
from osteocast.course.layout import DAYS_PER_YEAR
from osteocast.course.lesion_table import Seeded, lesion_growth
from osteocast.course.seeding import site_shares, soil
from osteocast.course.typical import Typical, entries_of, file_of
from osteocast.domain.patient import ORIGINS, Origin
from osteocast.domain.site import SiteClass
from osteocast.models import lesion as lesion_model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FROM_PRIMARY = 12
FROM_METASTASES = 6
"""Bone metastases of one person that are followed, by where they come from."""
ROWS = FROM_PRIMARY + FROM_METASTASES

_SPINE = (SiteClass.VERTEBRA_THORACIC, SiteClass.VERTEBRA_LUMBAR, SiteClass.PELVIS)
_RIBS = (SiteClass.RIB, SiteClass.STERNUM)
_YOUNGEST, _OLDEST = 20.0, 100.0


class Stage(IntEnum):
    """Spread when the cancer is found, as registries summarise it."""

    LOCAL = 0
    REGIONAL = 1
    DISTANT = 2


class First(IntEnum):
    """What leads to the cancer."""

    PRIMARY = 0
    BONE = 1
    OTHER_ORGAN = 2


class Way(IntEnum):
    """How bone metastases are found."""

    NOT_FOUND = 0
    PAIN = 1
    FRACTURE = 2
    CALCIUM = 3
    STAGING = 4
    IMAGING = 5


@dataclass(frozen=True, slots=True)
class Lives:
    """People with a cancer; days since it was found, infinite where something never happens.

    Attributes
    ----------
    age : when the cancer is found [year], shape (n,). stage, first, bone_way : codes of the enumerations, shape (n,).
    primary_day, bone_day, organ_day : on which the primary, bone and other metastases are found, shape (n,).
    bone_visible_day : from which imaging would show bone metastases, shape (n,).
    death_day : shape (n,). of_cancer : whether that is a death of the cancer, shape (n,).
    seed_day : on which each bone lesion has its first size in `models.lesion`, shape (n, ROWS).
    site_class : of each lesion, shape (n, ROWS).
    """

    age: FloatArray
    stage: IntArray
    first: IntArray
    bone_way: IntArray
    primary_day: FloatArray
    bone_day: FloatArray
    organ_day: FloatArray
    bone_visible_day: FloatArray
    death_day: FloatArray
    of_cancer: BoolArray
    seed_day: FloatArray
    site_class: FloatArray

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.age)

    def seeded(self, index: IntArray, day_zero: FloatArray) -> Seeded:
        """Return the bone lesions of some people seen from a day of their own, for `population.draw_patients`."""
        day = self.seed_day[index] - day_zero[:, None]
        return Seeded(np.where(day < 0.0, day, np.inf), self.site_class[index])


@dataclass(frozen=True, slots=True)
class _Person:
    """What is drawn for each person before anything happens; rates a year, times in years of the primary's age."""

    origin: Origin
    typical: Typical
    tempo: FloatArray
    frailty: FloatArray
    growth: FloatArray
    start: float

    def of(self, name: str) -> FloatArray:
        """Return a parameter of the natural history of each person, shape (n,)."""
        return self.typical.get("natural_history", name)

    def own(self, name: str) -> FloatArray:
        """Return a parameter that is another for each primary, shape (n,)."""
        return self.of(f"{name}_{self.origin}")

    def chance(self, name: str) -> FloatArray:
        """Return the waiting time of a process of rate 1, shape (n,)."""
        return np.asarray(-np.log(ndtr(self.typical.streams.person(f"natural_history.{name}"))))

    def chances(self, name: str, rows: int) -> FloatArray:
        """Return waiting times of processes of rate 1, one for each lesion."""
        return np.asarray(-np.log(ndtr(self.typical.streams.lesion(f"natural_history.{name}", rows))))

    def shed(self, name: str, totals: FloatArray) -> FloatArray:
        """Return when a process that follows the surface of the primary has added up to `totals`."""
        power = float(self.of("shedding_exponent")[0])
        rate = self.own(name) * self.of("largest_volume") ** power * self.frailty
        shape = (-1,) + (1,) * (totals.ndim - 1)
        total = _ratio(totals, rate.reshape(shape))
        return waiting(total, self.growth.reshape(shape), self.start, power)


@dataclass(frozen=True, slots=True)
class _Spread:
    """Metastases: when bone lesions are small lesions and when visible, (n, ROWS), and those of other organs, (n,)."""

    grown: FloatArray
    visible: FloatArray
    organ: FloatArray


@cache
def origins_with_history() -> tuple[Origin, ...]:
    """Return the primaries whose growth and spread are described, in their order."""
    return tuple(origin for origin in ORIGINS if f"growth_{origin}" in file_of("natural_history"))


def live(origin: Origin, typical: Typical) -> Lives:
    """Return the lives of people with one primary, one for each patient of `typical`.

    The bytes of a life depend on its key and the typical values alone. Tempo, growth of lesions and sensitivity to
    pain are the very numbers `population.draw_patients` draws for the same key.
    """
    person = _person(origin, typical)
    g = lesion_growth(origin, typical, person.tempo, ROWS)
    seeds = _seeds(person, g)
    early = _spread(person, seeds, g, np.full(len(person.tempo), np.inf))
    found = waiting(
        person.chance("primary") * person.own("found_volume") / person.of("largest_volume"),
        person.growth,
        person.start,
        1.0,
    )
    felt, ways = _felt(person, g)
    delay = _ratio(person.chance("organ_felt"), person.of("organ_rate"))
    candidates = np.stack([found, (early.grown + felt).min(axis=1), early.organ + delay])
    first, index = candidates.argmin(axis=0), candidates.min(axis=0)
    nodes = person.shed("nodes", person.chance("nodes"))
    distant = (first != First.PRIMARY) | (early.visible.min(axis=1) <= index) | (early.organ <= index)
    stage = np.where(distant, Stage.DISTANT, np.where(nodes <= index, Stage.REGIONAL, Stage.LOCAL))
    spread = _spread(person, seeds, g, np.where(distant, np.inf, index))
    age = np.clip(
        person.own("age") + person.own("age_sd") * typical.streams.person("natural_history.age"), _YOUNGEST, _OLDEST
    )
    death, of_cancer = _death(person, spread, index, age)
    organ_known = np.where(spread.organ <= index, index, spread.organ + delay)
    bone, way = _bone_found(person, spread, (felt, ways), index, organ_known)
    known = ndtr(typical.streams.person("natural_history.work_up")) < person.of("primary_found_share")
    primary = np.where((first == First.PRIMARY) | known, index, found)

    def days(when: FloatArray) -> FloatArray:
        """Return days after the index; infinite where death comes first."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(when < death, (when - index) * DAYS_PER_YEAR, np.inf))

    bone_day = days(bone)
    return Lives(
        age=age,
        stage=stage.astype(np.int64),
        first=first.astype(np.int64),
        bone_way=np.where(np.isfinite(bone_day), way, Way.NOT_FOUND).astype(np.int64),
        primary_day=days(primary),
        bone_day=bone_day,
        organ_day=days(organ_known),
        bone_visible_day=days(spread.visible.min(axis=1)),
        death_day=(death - index) * DAYS_PER_YEAR,
        of_cancer=of_cancer,
        seed_day=(spread.grown - index[:, None]) * DAYS_PER_YEAR,
        site_class=_site_classes(person),
    )


def _ratio(chance: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the waiting time of a rate; infinite where the rate is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(chance / rate)


def _person(origin: Origin, typical: Typical) -> _Person:
    tempo = typical.get("population", "tempo_sd") * typical.streams.person("population.tempo")
    propensity = typical.get("natural_history", "propensity_sd") * typical.streams.person("natural_history.propensity")
    growth = typical.get("natural_history", f"growth_{origin}")
    growth = growth * np.exp(typical.get("population", "tempo_growth") * tempo)
    frailty = np.exp(typical.get("population", "tempo_seeding") * tempo + propensity)
    smallest, largest = (file_of("natural_history")[name].value for name in ("smallest_volume", "largest_volume"))
    return _Person(origin, typical, tempo, frailty, growth, smallest / largest)


def _seed_size(typical: Typical) -> FloatArray:
    file, entry = entries_of(lesion_model.Params, "lesion")["seed_size"]
    return typical.of(file, entry)


def _latency(person: _Person, name: str, growth: FloatArray) -> FloatArray:
    """Return the time from a settled cell to a small lesion [year], shape (n, rows)."""
    typical = person.typical
    volume = typical.of(*entries_of(lesion_model.Params, "lesion")["capacity_volume"])
    from_cell = time_between(
        (person.of("cell_volume") / volume)[:, None], _seed_size(typical)[:, None], np.ones(growth.shape)
    )
    own = person.of("dormancy_sd") * typical.streams.person("natural_history.dormancy")
    each = typical.streams.lesion(f"natural_history.{name}", growth.shape[1])
    spread = own[:, None] + person.of("dormancy_lesion_sd")[:, None] * each
    return np.asarray(from_cell / growth * person.of("dormancy")[:, None] * np.exp(spread))


def _seeds(person: _Person, growth: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return when cells from the primary settle in bone (n, FROM_PRIMARY) and in organs (n,), and both latencies."""
    ground = soil(person.typical)
    totals = person.chances("bone_seed", FROM_PRIMARY)
    # cells come in showers: a further one may settle with the one before it
    together = ndtr(person.typical.streams.lesion("natural_history.shower", FROM_PRIMARY))
    totals[:, 1:] *= together[:, 1:] > person.of("together_share")[:, None]
    totals = np.cumsum(totals, axis=1)
    bone = person.shed("bone", _ratio(totals, ground[:, None]))
    organ = person.shed("organ", person.chance("organ_seed"))
    usual = np.median(growth, axis=1, keepdims=True)
    return bone, organ, _latency(person, "bone_latency", growth), _latency(person, "organ_latency", usual)[:, 0]


def _spread(
    person: _Person,
    seeds: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    growth: FloatArray,
    removed: FloatArray,
) -> _Spread:
    """Return the metastases of a primary that sheds until it is removed."""
    settled, organ_settled, latency, organ_latency = seeds
    primary = np.where(settled <= removed[:, None], settled, np.inf) + latency[:, :FROM_PRIMARY]
    organ = np.where(organ_settled <= removed, organ_settled, np.inf) + organ_latency
    bone = primary.min(axis=1)
    typical = person.typical
    full = typical.get("population", "seeding_base") * soil(typical)
    full = full * np.exp(typical.get("population", "tempo_seeding") * person.tempo)
    totals = np.cumsum(person.chances("metastasis_seed", FROM_METASTASES), axis=1)
    # metastases outside bone alone seed less; from the first bone lesion on at the rate of the population
    further = _two_rates(totals, (organ, bone), (full * person.of("spread_share"), full))
    grown = np.concatenate([primary, further + latency[:, FROM_PRIMARY:]], axis=1)
    shown = time_between(_seed_size(typical)[:, None], person.of("visible")[:, None], growth)
    return _Spread(grown, grown + shown, organ)


def _two_rates(
    totals: FloatArray, starts: tuple[FloatArray, FloatArray], rates: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Return when a process has added up to `totals`: at the first rate from its start, the second from its own on.

    Shape (n, rows) for totals of that shape; starts and rates have shape (n,).
    """
    early, late = starts
    with np.errstate(invalid="ignore"):
        span = np.where(np.isfinite(early), np.maximum(late - early, 0.0), 0.0)
        before = np.nan_to_num(rates[0] * span, nan=0.0, posinf=np.inf)[:, None]
        slow = early[:, None] + _ratio(totals, rates[0][:, None])
        fast = late[:, None] + _ratio(totals - before, rates[1][:, None])
        return np.asarray(np.where(totals <= before, slow, fast))


def _felt(person: _Person, growth: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return how long after it is a small lesion each one is found by itself [year], and how; shape (n, ROWS)."""
    typical = person.typical
    sensitivity = np.exp(
        typical.get("population", "pain_sensitivity_sd") * typical.streams.person("population.pain_sensitivity")
    )
    rates = np.stack(
        [person.of("pain_rate") * sensitivity, person.of("fracture_rate"), person.of("calcium_rate")], axis=1
    )
    total = rates.sum(axis=1)[:, None]
    chance = _ratio(person.chances("felt", ROWS), total)
    after = waiting(chance, growth, _seed_size(typical)[:, None], 1.0)
    uniform = ndtr(typical.streams.lesion("natural_history.way", ROWS)) * total
    limits = np.cumsum(rates, axis=1)
    way = Way.PAIN + (uniform > limits[:, :1]).astype(np.int64) + (uniform > limits[:, 1:2])
    return after, way


def _bone_found(
    person: _Person,
    spread: _Spread,
    felt: tuple[FloatArray, IntArray],
    index: FloatArray,
    organ_known: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Return when bone metastases are found [year] and how, shape (n,)."""
    shown = spread.visible.min(axis=1)
    by_lesion = spread.grown + felt[0]
    row = by_lesion.argmin(axis=1)
    when = by_lesion.min(axis=1)
    way = np.take_along_axis(felt[1], row[:, None], axis=1)[:, 0]
    start = np.maximum(shown, index)
    follow = person.own("follow_up")
    imaged = _two_rates(
        person.chance("imaging")[:, None],
        (start, np.maximum(start, organ_known)),
        (follow, follow + person.of("survey_rate")),
    )[:, 0]
    staged = np.where(shown <= index, index, np.inf)
    times = np.stack([when, staged, imaged])
    best = times.argmin(axis=0)
    return times.min(axis=0), np.choose(best, [way, np.full_like(way, Way.STAGING), np.full_like(way, Way.IMAGING)])


def _death(person: _Person, spread: _Spread, index: FloatArray, age: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return when people die [year] and whether of the cancer: metastases kill from when they can be seen."""
    slope = person.of("other_death_age")
    other = person.of("other_death") * np.exp(slope * (age - 67.5))
    natural = index + np.log1p(person.chance("other_death") * slope / other) / slope
    bone = spread.visible.min(axis=1)
    hazard = person.typical.get("population", f"death_{person.origin}")
    hazard = hazard * np.exp(person.typical.get("hazards", "death_tempo") * person.tempo)
    hazard = hazard * np.where(spread.organ < bone, person.of("organ_death_ratio"), 1.0)
    cancer = np.maximum(index, np.minimum(spread.organ, bone)) + _ratio(person.chance("cancer_death"), hazard)
    return np.minimum(natural, cancer), np.asarray(cancer < natural, dtype=np.bool_)


def _site_classes(person: _Person) -> FloatArray:
    """Return the site of each lesion: shares of marrow times adhesion and growth support there, shape (n, ROWS)."""
    factor = np.ones((len(person.tempo), len(SiteClass)))
    factor[:, list(_SPINE)] = person.own("spine")[:, None]
    factor[:, list(_RIBS)] = person.own("ribs")[:, None]
    shares = np.cumsum(factor * site_shares(), axis=1)
    uniform = ndtr(person.typical.streams.lesion("population.site", ROWS)) * shares[:, -1:]
    found = (uniform[:, :, None] > shares[:, None, :]).sum(axis=2)
    return np.asarray(np.minimum(found, len(SiteClass) - 1), dtype=float)
