"""The output of a simulation: every course of one regimen, as arrays.

A course is one possible future of one patient. Raw events are stored with their type, place,
symptoms and detection date; windows, surveys and definitions are applied afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class EventKind(IntEnum):
    """What happened (integer codes of `Courses.events["kind"]`)."""

    VERTEBRAL_FRACTURE = 0
    NON_VERTEBRAL_FRACTURE = 1
    CORD_COMPRESSION = 2
    RADIOTHERAPY = 3
    SURGERY = 4
    HYPERCALCAEMIA = 5
    HYPOCALCAEMIA = 6
    LOSS_OF_WALKING = 7
    NEW_LESION = 8
    DEATH = 9
    CHANGE_OF_SYSTEMIC_THERAPY = 10
    HYPERCALCAEMIA_TREATMENT = 11
    EPIDURAL_PAIN = 12
    LIMB_WEAKNESS = 13
    SENSORY_LOSS = 14
    THIRST_AND_CONSTIPATION = 15
    CONFUSION = 16


EVENT_FIELDS = np.dtype(
    [
        ("course", np.int32),
        ("day", np.float64),
        ("detected_day", np.float64),
        ("kind", np.int8),
        ("lesion", np.int16),
        ("symptomatic", np.int8),
    ]
)

PATIENT_SERIES = (
    "calcium_mmol_per_l",
    "untx_ratio",
    "ctx_ratio",
    "bone_alp_ratio",
    "pth_pmol_per_l",
    "gfr_ml_per_min",
    "volume_ratio",
    "pthrp_pmol_per_l",
    "pain_worst",
    "ecog",
    "walking",
    "tumour_volume_ml",
    "alive",
)

LESION_SERIES = ("tumour", "bone", "woven", "extent", "epidural", "strength", "pain", "osteoclasts")


@dataclass(frozen=True, slots=True)
class Courses:
    """All courses of one regimen.

    Attributes
    ----------
    n : number of courses.
    months : length of the forecast [month].
    times : grid of the series [day], shape (months + 1,).
    events : structured array with `EVENT_FIELDS`; `day` and `detected_day` [day since the start],
        `detected_day` is nan for an event that was never seen, `lesion` is -1 where none is meant.
    death_day : day of death, nan if alive at the horizon, shape (n,).
    patient_series : shape (n, n_times, len(PATIENT_SERIES)); nan after death.
    lesion_series : shape (n, n_lesions_max, n_times, len(LESION_SERIES)); nan after death.
    status : 0 where the solver succeeded, else its status, shape (n,). Failed courses stay in the arrays.
    read_days : further days on which the body was read out [day], shape (r,); often none.
    read_outs : what was read on them, shape (n, r, number of `system.observable_names`); nan after death.

    Raises
    ------
    ValueError
        If the shapes of the arrays do not agree with one another.
    """

    n: int
    months: int
    times: FloatArray
    events: NDArray[np.void]
    death_day: FloatArray
    patient_series: FloatArray
    lesion_series: FloatArray
    status: NDArray[np.int8]
    read_days: FloatArray = field(default_factory=lambda: np.zeros(0))
    read_outs: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    def __post_init__(self) -> None:
        n_times = self.months + 1
        found = {
            "times": (self.times.shape, (n_times,)),
            "death_day": (self.death_day.shape, (self.n,)),
            "patient_series": (self.patient_series.shape, (self.n, n_times, len(PATIENT_SERIES))),
            "lesion_series": (
                self.lesion_series.shape,
                (self.n, self.lesion_series.shape[1], n_times, len(LESION_SERIES)),
            ),
            "status": (self.status.shape, (self.n,)),
        }
        if len(self.read_days):
            found["read_outs"] = (self.read_outs.shape[:2], (self.n, len(self.read_days)))
        wrong = [f"{name} {have} instead of {want}" for name, (have, want) in found.items() if have != want]
        if self.events.dtype != EVENT_FIELDS:
            wrong.append("events without the fields of EVENT_FIELDS")
        if wrong:
            raise ValueError("courses with inconsistent arrays: " + "; ".join(wrong))

    @property
    def failed(self) -> int:
        """Number of courses that the solver could not finish."""
        return int(np.count_nonzero(self.status))

    def of_patient(self, name: str) -> FloatArray:
        """Return one patient-level series, shape (n, n_times)."""
        return self.patient_series[:, :, PATIENT_SERIES.index(name)]

    def of_lesion(self, lesion: int, name: str) -> FloatArray:
        """Return one series of one lesion, shape (n, n_times)."""
        return self.lesion_series[:, lesion, :, LESION_SERIES.index(name)]


def joined(parts: Sequence[tuple[IntArray, Courses]]) -> Courses:
    """Return courses that were simulated apart as one.

    Parameters
    ----------
    parts : each with the places of its courses in the whole, shape (n_part,); together they hold every place once.
    """
    first = parts[0][1]
    n = sum(part.n for _, part in parts)
    whole: dict[str, Any] = {}
    names = ["death_day", "patient_series", "lesion_series", "status", *(["read_outs"] if len(first.read_days) else [])]
    for name in names:
        like = getattr(first, name)
        whole[name] = np.empty((n, *like.shape[1:]), dtype=like.dtype)
        for place, part in parts:
            whole[name][place] = getattr(part, name)
    events = np.concatenate([part.events for _, part in parts])
    events["course"] = np.concatenate([place[part.events["course"]] for place, part in parts])
    order = np.lexsort((events["kind"], events["day"], events["course"]))
    return replace(first, n=n, events=events[order], **whole)
