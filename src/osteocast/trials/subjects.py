"""Subjects of a simulated trial: who entered, which arm, what was seen, what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import PATIENT_SERIES
from osteocast.course.detection import Observed
from osteocast.course.harms import HARMS
from osteocast.trials.drop_out import Exits

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MEASURED = (
    "calcium_mmol_per_l",
    "untx_ratio",
    "ctx_ratio",
    "bone_alp_ratio",
    "gfr_ml_per_min",
    "pain_worst",
    "ecog",
    "walking",
)
"""Monthly series that a trial keeps of each subject, by their names in `course.courses.PATIENT_SERIES`."""
MEASURED_COLUMNS = tuple(PATIENT_SERIES.index(name) for name in MEASURED)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Subjects in the order in which they entered; under a counterfactual design each stands once for every arm.

    Attributes
    ----------
    key : of each subject's chance, the same under every arm, shape (n,).
    arm : number of the arm, shape (n,). population : number of the population, shape (n,).
    stratum : number of the stratum of allocation, shape (n,).
    entry : values of `entry.QUANTITIES` on day 0, shape (n, q).
    entry_day, drop_out_day, closed_day : see `drop_out.Exits`, shape (n,).
    death_day : day of death up to the end of the simulation, nan if alive, shape (n,).
    series : `MEASURED` by month, nan after death, shape (n, months + 1, len(MEASURED)).
    visits : corrected calcium as measured at the laboratory visits [mmol/L], where an endpoint asks for it; nan after
        death or after high calcium was treated again, shape (n, v). Their days: `laboratory.visit_days`.
    harms : first day of each of `course.harms.HARMS`, inf where there is none, whoever is on study, shape (n, 3).
    observed : what was seen up to the end of the simulation; leaving is applied by the estimand.
    """

    key: IntArray
    arm: IntArray
    population: IntArray
    stratum: IntArray
    entry: FloatArray
    entry_day: FloatArray
    drop_out_day: FloatArray
    closed_day: FloatArray
    death_day: FloatArray
    series: FloatArray
    visits: FloatArray
    harms: FloatArray
    observed: Observed

    @property
    def exits(self) -> Exits:
        """When each subject would leave."""
        return Exits(self.entry_day, self.drop_out_day, self.closed_day)

    @property
    def n(self) -> int:
        """Number of subjects."""
        return len(self.arm)

    def take(self, chosen: BoolArray) -> Subjects:
        """Return the chosen subjects, shape (n,), in their order."""
        own = {f.name: getattr(self, f.name)[chosen] for f in fields(Subjects) if f.name != "observed"}
        return Subjects(**own, observed=_of(self.observed, chosen))


_OF_PATIENTS = ("exit_day", "died")


def _of(observed: Observed, chosen: BoolArray) -> Observed:
    kept = chosen[observed.patient]
    number = np.cumsum(chosen) - 1
    values = {}
    for f in fields(Observed):
        array = getattr(observed, f.name)
        values[f.name] = array[chosen] if f.name in _OF_PATIENTS else array[kept]
    values["patient"] = number[values["patient"]]
    return Observed(**values)


def nobody(months: int, quantities: int, visits: int = 0) -> Subjects:
    """Return no subjects, in arrays of the right shapes: an arm or a block into which nobody came.

    Parameters
    ----------
    months : length of the simulation. quantities : number of values at entry. visits : to the laboratory.
    """
    real, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    none = np.zeros(0, dtype=np.bool_)
    series = np.zeros((0, months + 1, len(MEASURED)))
    observed = Observed(real, none, whole, real, whole, real, real, whole, none, real, whole)
    return Subjects(
        whole, whole, whole, whole, np.zeros((0, quantities)), real, real, real, real, series,
        np.zeros((0, visits)), np.zeros((0, len(HARMS))), observed,
    )  # fmt: skip


def together(parts: Sequence[Subjects]) -> Subjects:
    """Return several groups of subjects as one, in order."""
    own = {
        f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Subjects) if f.name != "observed"
    }
    before = np.cumsum([0, *(p.n for p in parts[:-1])])
    seen = {f.name: np.concatenate([getattr(p.observed, f.name) for p in parts]) for f in fields(Observed)}
    seen["patient"] = np.concatenate([p.observed.patient + b for p, b in zip(parts, before, strict=True)])
    return Subjects(**own, observed=Observed(**seen))


def arrays_of(subjects: Subjects) -> dict[str, NDArray[np.generic]]:
    """Return every array by a name of its own, for a file; see `from_arrays`."""
    own = {f.name: getattr(subjects, f.name) for f in fields(Subjects) if f.name != "observed"}
    return own | {f"observed.{f.name}": getattr(subjects.observed, f.name) for f in fields(Observed)}


def from_arrays(arrays: dict[str, NDArray[np.generic]]) -> Subjects:
    """Return the subjects that `arrays_of` took apart; `KeyError` where an array lacks."""
    own = {f.name: arrays[f.name] for f in fields(Subjects) if f.name != "observed"}
    seen = {f.name: arrays[f"observed.{f.name}"] for f in fields(Observed)}
    return Subjects(**own, observed=Observed(**seen))  # type: ignore[arg-type]
