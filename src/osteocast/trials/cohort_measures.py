"""What a cohort is asked for: each measure by name, as an estimate with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.lesion_table import KIND_LIMITS
from osteocast.course.natural_history import First, Lives, Stage, Way
from osteocast.course.typical import file_of
from osteocast.domain.patient import Origin
from osteocast.domain.site import SiteClass
from osteocast.domain.table import read_table
from osteocast.trials.estimate import Estimate, critical_value, missing
from osteocast.trials.natural_history import Cohort, joined
from osteocast.trials.proportions import proportion
from osteocast.trials.survival_curves import Curve, aalen_johansen, estimate_at, kaplan_meier

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FOLLOWED_DAYS: Final = 10957.5
"""End of follow-up of a cohort, 30 years after the cancer is found [day]."""
BONE, DEATH = 1, 2
PAINLESS: Final = 2.0
"""Worst pain below which a person counts as without pain [points]."""
_GOLDEN: Final = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question to a cohort; see ``data/cohort_outcomes.toml``.

    Attributes
    ----------
    name, origin, measure : words for people, primary or "all", key of `MEASURES`.
    day : since the cancer was found [day]. stage, kind : words. sites : labels of site classes.
    target : id of a published figure, or empty. low, high : published range, None without. where : of the range.
    matched : whether a rate of the model was set to the figure, so that agreement is no evidence.
    """

    name: str
    origin: str
    measure: str
    day: float = 0.0
    stage: str = ""
    kind: str = ""
    sites: tuple[str, ...] = ()
    target: str = ""
    low: float | None = None
    high: float | None = None
    where: str = ""
    matched: bool = False


def outcomes_for(origins: Sequence[Origin]) -> list[Outcome]:
    """Return the questions to a cohort of some primaries: of the mixture where there are several, then of each."""
    asked = [_outcome(entry) for entry in read_table("cohort_outcomes")["outcome"]]
    mixed = [one for one in asked if one.origin == "all"] if len(origins) > 1 else []
    own = [replace(one, origin=origin) for origin in origins for one in asked if one.origin in (origin, "each")]
    return mixed + own


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    given = {key: value for key, value in entry.items() if key not in ("sites", "range")}
    low, high = entry.get("range", (None, None))
    return Outcome(**given, sites=tuple(entry.get("sites", ())), low=low, high=high)


def first_of(lives: Lives) -> tuple[FloatArray, IntArray]:
    """Return the day of bone metastases or death, whichever comes first, and which (0 where neither), shape (n,)."""
    day = np.minimum(np.maximum(lives.bone_day, 0.0), lives.death_day)
    outcome = np.where(np.isfinite(lives.bone_day), BONE, DEATH)
    outcome = np.where(day > FOLLOWED_DAYS, 0, outcome)
    return np.minimum(day, FOLLOWED_DAYS), outcome.astype(np.int64)


def incidence_curve(lives: Lives, chosen: BoolArray | None = None) -> Curve:
    """Return the cumulative incidence of known bone metastases, death competing (Aalen-Johansen)."""
    day, outcome = first_of(lives)
    rows = np.ones(lives.n, dtype=np.bool_) if chosen is None else chosen
    return aalen_johansen(day[rows], outcome[rows], BONE)


def coded_incidence(lives: Mapping[Origin, Lives], day: float) -> Estimate:
    """Return the incidence as a registry of coded records estimates it: some are not coded, and death censors.

    Parameters
    ----------
    lives : by primary, as many of each as the mixture has. day : since the cancer was found [day].
    """
    capture = file_of("natural_history")["claims_capture"].value
    days, coded = [], []
    for one in lives.values():
        _, outcome = first_of(one)
        # spread evenly over the people by their number, so that no chance is added
        seen = (outcome == BONE) & ((np.arange(one.n) * _GOLDEN) % 1.0 < capture)
        days.append(np.where(seen, np.maximum(one.bone_day, 0.0), np.minimum(one.death_day, FOLLOWED_DAYS)))
        coded.append(seen)
    free = estimate_at(kaplan_meier(np.concatenate(days), np.concatenate(coded)), day)
    method = "1 - Kaplan-Meier, death censored; share of bone metastases that are coded"
    return Estimate(1.0 - free.value, 1.0 - free.high, 1.0 - free.low, free.standard_error, n=free.n, method=method)


def _share(counted: BoolArray, among: BoolArray) -> Estimate:
    return proportion(int(np.count_nonzero(counted & among)), int(np.count_nonzero(among)))


def _lives(cohorts: Sequence[Cohort]) -> Lives:
    return joined([one.lives for one in cohorts])


def _everybody(lives: Lives) -> BoolArray:
    return np.ones(lives.n, dtype=np.bool_)


def _with_bone(lives: Lives) -> BoolArray:
    return np.isfinite(lives.bone_day)


def _of_lives(count: Callable[[Lives], BoolArray], among: Callable[[Lives], BoolArray]) -> Measure:
    def measure(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
        """Return the share of those counted among those asked for."""
        lives = _lives(cohorts)
        return _share(count(lives), among(lives)), "share"

    return measure


def _coded(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    return coded_incidence({one.origin: one.lives for one in cohorts}, asked.day), "share"


def _incidence(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    chosen = _everybody(lives) if not asked.stage else lives.stage == Stage[asked.stage.upper()]
    return _curve_at(lives, chosen, asked.day), "share"


def _later(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    return _curve_at(lives, lives.bone_day > 0.0, asked.day), "share"


def _curve_at(lives: Lives, chosen: BoolArray, day: float) -> Estimate:
    curve = incidence_curve(lives, chosen) if chosen.any() else None
    if curve is None or not len(curve.day):
        return missing("Aalen-Johansen, log(-log) interval", "trial.no-events", int(np.count_nonzero(chosen)))
    return estimate_at(curve, day)


def _stage(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    return _share(lives.stage == Stage[asked.stage.upper()], _everybody(lives)), "share"


def _alive_after_bone(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    return _share(lives.death_day - lives.bone_day > asked.day, _with_bone(lives)), "share"


def _survival_with_bone_at_diagnosis(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    there = lives.bone_day <= 0.0
    return _median_day(lives.death_day[there]), "day"


def _time_to_bone(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    return _median_day(lives.bone_day[(lives.bone_day > 0.0) & _with_bone(lives)]), "day"


def _median_day(days: FloatArray) -> Estimate:
    later = np.sort(days)
    n, method = len(later), "median of those observed, binomial interval of ranks"
    if n < 2:
        return missing(method, "trial.no-patients", n)
    half = critical_value(0.95) * np.sqrt(n) / 2.0
    low, high = max(int(np.floor(n / 2 - half)) - 1, 0), min(int(np.ceil(n / 2 + half)), n - 1)
    return Estimate(float(np.median(later)), float(later[low]), float(later[high]), n=n, method=method)


def lesion_counts(lives: Lives) -> IntArray:
    """Return how many lesions of at least the first size people have when bone metastases are found, shape (k,)."""
    rows = _with_bone(lives)
    there = lives.seed_day[rows] < lives.bone_day[rows, None]
    return np.asarray(np.count_nonzero(there, axis=1), dtype=np.int64)


def _single(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    counts = lesion_counts(_lives(cohorts))
    return proportion(int(np.count_nonzero(counts == 1)), len(counts)), "share"


def _mean_lesions(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    counts = lesion_counts(_lives(cohorts))
    if len(counts) < 2:
        return missing("mean, normal interval", "trial.no-patients", len(counts)), "lesions"
    mean, error = float(counts.mean()), float(counts.std(ddof=1) / np.sqrt(len(counts)))
    half = critical_value(0.95) * error
    return Estimate(mean, mean - half, mean + half, error, n=len(counts), method="mean, normal interval"), "lesions"


def site_counts(lives: Lives) -> IntArray:
    """Return the number of lesions by site class when bone metastases are found, shape (len(SiteClass),)."""
    rows = _with_bone(lives)
    there = lives.seed_day[rows] < lives.bone_day[rows, None]
    return np.asarray(np.bincount(lives.site_class[rows][there].astype(int), minlength=len(SiteClass)), dtype=np.int64)


def _site_share(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    counts = site_counts(_lives(cohorts))
    wanted = [member for member in SiteClass if member.label in asked.sites]
    return proportion(int(counts[wanted].sum()), int(counts.sum())), "share"


def _found_by(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    lives = _lives(cohorts)
    return _share(np.isin(lives.bone_way, [Way.FRACTURE, Way.CALCIUM]), _with_bone(lives)), "share"


def _lesion_mix(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    theta = np.concatenate([one.found.phenotype.ravel() for one in cohorts])
    theta = theta[np.isfinite(theta)]
    low, high = KIND_LIMITS[asked.kind]
    return proportion(int(np.count_nonzero((theta >= low) & (theta < high))), len(theta)), "share"


def _painless(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    parts = [one.found for one in cohorts]
    lytic = np.concatenate([(part.phenotype < KIND_LIMITS["lytic"][1]).any(axis=1) for part in parts])
    pain = np.concatenate([part.worst_pain for part in parts])
    return _share(pain < PAINLESS, lytic), "share"


def _painless_any(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    pain = np.concatenate([one.found.worst_pain for one in cohorts])
    return proportion(int(np.count_nonzero(pain < PAINLESS)), len(pain)), "share"


def _cord(cohorts: Sequence[Cohort], asked: Outcome) -> tuple[Estimate, str]:
    """Share of deaths of the cancer with bone metastases, times that with a compressed cord among them."""
    method = "share of deaths with known bone metastases x share with cord compression, by primary; product interval"
    deaths = np.array([np.count_nonzero(one.lives.of_cancer) for one in cohorts], dtype=float)
    value = variance = 0.0
    for one, weight in zip(cohorts, deaths / max(deaths.sum(), 1.0), strict=True):
        bone = _share(_with_bone(one.lives), one.lives.of_cancer)
        cord = proportion(int(np.count_nonzero(one.found.cord)), len(one.found.cord))
        if not (bone.n and cord.n):
            continue
        value += weight * bone.value * cord.value
        variance += (weight * bone.value * cord.standard_error) ** 2 + (weight * cord.value * bone.standard_error) ** 2
    half = critical_value(0.95) * float(np.sqrt(variance))
    n = int(sum(len(one.found.cord) for one in cohorts))
    return Estimate(
        value, max(value - half, 0.0), value + half, half / critical_value(0.95), n=n, method=method
    ), "share"


Measure = Callable[[Sequence[Cohort], Outcome], tuple[Estimate, str]]

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "coded-incidence": _coded,
        "incidence": _incidence,
        "later-incidence": _later,
        "stage": _stage,
        "bone-at-diagnosis": _of_lives(lambda lives: lives.bone_day <= 0.0, _everybody),
        "revealed-by-bone": _of_lives(lambda lives: lives.first == First.BONE, _everybody),
        "bone-first": _of_lives(lambda lives: lives.first == First.BONE, _with_bone),
        "primary-never-found": _of_lives(lambda lives: ~np.isfinite(lives.primary_day), _with_bone),
        "bone-known-at-death": _of_lives(_with_bone, lambda lives: lives.of_cancer),
        "bone-at-death": _of_lives(lambda lives: np.isfinite(lives.bone_visible_day), lambda lives: lives.of_cancer),
        "alive-after-bone": _alive_after_bone,
        "survival-bone-at-diagnosis": _survival_with_bone_at_diagnosis,
        "time-to-bone": _time_to_bone,
        "single-lesion": _single,
        "lesions": _mean_lesions,
        "site-share": _site_share,
        "found-by": _found_by,
        "lesion-mix": _lesion_mix,
        "painless": _painless,
        "painless-any": _painless_any,
        "cord-compression": _cord,
    }
)
"""Measures by name: an estimate and its unit."""


def ask(cohorts: Mapping[Origin, Cohort], asked: Outcome) -> tuple[Estimate, str]:
    """Return the answer of a cohort to one question."""
    chosen = [one for origin, one in cohorts.items() if asked.origin in (origin, "all")]
    return MEASURES[asked.measure](chosen, asked)
