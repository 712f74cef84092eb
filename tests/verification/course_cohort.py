"""Cohorts of drawn patients under a regimen, for claims about courses; each is simulated once for all tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from osteocast.course.calendar import calendar_of
from osteocast.course.courses import Courses
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX
from osteocast.course.population import Draws, draw_patients
from osteocast.course.rules import constants
from osteocast.course.simulate import simulate
from osteocast.course.typical import Typical
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, TherapyLine
from osteocast.domain.regimen import Procedure, Regimen
from osteocast.domain.site import SiteClass, site
from osteocast.evidence.load import DATA
from osteocast.formats.regimen_file import read_regimen
from osteocast.inference.posterior import read_posterior
from osteocast.inference.reference_arms import TypicalStreams
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
TODAY = dt.date(2026, 2, 10)
LINE = (TherapyLine("other", "line at entry", started=TODAY - dt.timedelta(days=120)),)
BREAST = Patient(57.0, "female", PrimaryTumour("breast"), assessed=TODAY, lines=LINE)
LIMBS = Patient(
    57.0,
    "female",
    PrimaryTumour("breast"),
    assessed=TODAY,
    lines=LINE,
    lesions=(
        Lesion(site("femur-left-trochanteric"), "lytic"),
        Lesion(site("femur-right-shaft"), "lytic"),
        Lesion(site("humerus-left-shaft"), "lytic"),
    ),
)
"""One lytic lesion of unknown size in each long bone: the same patients compare the bones."""
SPINE = Patient(
    57.0,
    "female",
    PrimaryTumour("breast"),
    assessed=TODAY,
    lines=LINE,
    lesions=(Lesion(site("T8"), "lytic", epidural_grade="2"), Lesion(site("L3"), "mixed")),
)
"""One thoracic lesion that has reached the dura."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Drawn patients with their courses."""

    draws: Draws
    courses: Courses

    def events(self, *kinds: int) -> NDArray[np.void]:
        """Return the events of some kinds after day 0."""
        found = self.courses.events
        return found[np.isin(found["kind"], kinds) & (found["day"] > 0.0)]

    def site_class(self, event: NDArray[np.void]) -> NDArray[np.int64]:
        """Return the site class of the bone in which events happened."""
        rows = self.draws.place[event["course"], :, PLACE_INDEX["report_index"]]
        slot = np.argmax(rows == event["lesion"][:, None], axis=1)
        return self.draws.place[event["course"], slot, PLACE_INDEX["site_class"]].astype(int)

    def before(self, event: NDArray[np.void], series: str) -> FloatArray:
        """Return a series of the lesion of each event at the last monthly visit before it."""
        from osteocast.course.courses import LESION_SERIES

        month = np.maximum(np.ceil(event["day"] / DAYS_PER_MONTH).astype(int) - 1, 0)
        column = LESION_SERIES.index(series)
        return np.asarray(self.courses.lesion_series[event["course"], event["lesion"], month, column])

    def lesions(self, series: str, month: int) -> FloatArray:
        """Return a series of all known lesions of the living at a month, flat."""
        from osteocast.course.courses import LESION_SERIES

        values = self.courses.lesion_series[:, :, month, LESION_SERIES.index(series)]
        return values[np.isfinite(values)]

    @property
    def days_lived(self) -> FloatArray:
        """Days from day 0 to death or horizon."""
        death = self.courses.death_day
        return np.where(np.isnan(death), self.courses.months * DAYS_PER_MONTH, death)

    @property
    def death_rate(self) -> float:
        """Deaths per person-day."""
        return float(np.isfinite(self.courses.death_day).sum() / self.days_lived.sum())


def people(n: int, seed: int, fixed: dict[str, float]) -> Typical:
    """Typical values at their evidence and at the calibrated scales, for `n` patients of one draw."""
    keys = np.arange(n, dtype=np.int64)
    posterior = read_posterior(DATA / "posterior.toml")
    scales = {name: np.full(n, np.exp(value)) for name, value in zip(posterior.names, posterior.mean, strict=True)}
    return Typical(TypicalStreams(seed, keys, np.zeros_like(keys)), posterior.spread(scales), fixed)


def simulated(
    patient: Patient,
    regimen: Regimen,
    size: tuple[int, int],
    fixed: dict[str, float],
    history_events: bool = True,
    seed: int = 3,
) -> Cohort:
    """Simulate a cohort; `size` is patients and months."""
    typical = people(size[0], seed, fixed)
    rule = constants(radiotherapy.Params, "radiotherapy", typical)
    draws = draw_patients(patient, typical)
    calendar = calendar_of(patient, regimen, size[1], rule)
    courses = simulate(draws, calendar, size[1], history_events=history_events).courses
    assert courses.failed == 0
    return Cohort(draws, courses)


@cache
def cohort(
    patient: Patient,
    regimen: str = "supportive-care",
    size: tuple[int, int] = (400, 24),
    fixed: tuple[tuple[str, float], ...] = (),
) -> Cohort:
    """Simulate a population under a built-in regimen, with some constants put in place of the evidence."""
    return simulated(patient, read_regimen(regimen), size, dict(fixed))


def with_procedure(kind: str, place: str) -> Regimen:
    """Supportive care with a rod, or 8 Gy once, on day 0."""
    dose = (8.0, 1) if kind == "radiotherapy" else (None, None)
    return Regimen(f"{kind}-now", f"{kind} now", (), (Procedure(kind, place, 0.0, *dose),))  # type: ignore[arg-type]


def in_bones(found: NDArray[np.int64], *bones: SiteClass) -> NDArray[np.bool_]:
    """Which site classes are among some bones."""
    return np.isin(found, [int(bone) for bone in bones])


def share(found: Iterable[bool] | NDArray[np.bool_]) -> float:
    """Share that is true."""
    return float(np.mean(np.asarray(found)))
