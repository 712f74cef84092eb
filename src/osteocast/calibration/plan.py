"""What the calibration fits: stages of scales and rows, as ``data/calibration.toml`` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.trial import Endpoint, Trial
from osteocast.validation.scale import Scale

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FreeScale:
    """A shared factor with a log-normal prior.

    Attributes
    ----------
    name : for people. parameters : that it multiplies, as ``file.name``.
    mean, sd : of its natural logarithm. why : source of the prior.
    """

    name: str
    parameters: tuple[str, ...]
    mean: float
    sd: float
    why: str


@dataclass(frozen=True, slots=True)
class FittedRow:
    """A published figure that a stage fits.

    Attributes
    ----------
    trial, endpoint : that reproduce it. target, text : id, and what it is.
    scale : on which it is compared. published, unit : the figure; a median stands as 50 %.
    day : published day of a median, whose share with an event is fitted; None for every other figure.
    patients : published number behind it.
    value, error : figure and its sampling error on the scale. discrepancy : of the model, SD on the scale.
    loads : arms it is made of, +1 for its own and -1 for its comparator.
    """

    trial: str
    endpoint: str
    target: str
    text: str
    scale: Scale
    published: float
    unit: str
    day: float | None
    patients: float
    value: float
    error: float
    discrepancy: float
    loads: Mapping[str, float] = field(default_factory=dict)

    def of(self, trial: Trial) -> Endpoint:
        """Return the endpoint that reproduces the row."""
        return trial.endpoint(self.endpoint)


@dataclass(frozen=True, slots=True)
class FittedTrial:
    """A trial of a stage: what is simulated of it and which rows are taken from it.

    Attributes
    ----------
    trial : shortened to what its rows need. patients : admitted, each followed in every arm; None: the plan's number.
    rows : in the order of the file.
    """

    trial: Trial
    patients: int | None
    rows: tuple[FittedRow, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Scales and rows that belong together, cut off from the stages after it."""

    name: str
    title: str
    scales: tuple[FreeScale, ...]
    trials: tuple[FittedTrial, ...]

    @property
    def rows(self) -> tuple[FittedRow, ...]:
        """Return the rows of all trials in order."""
        return tuple(row for one in self.trials for row in one.rows)

    @property
    def prior_mean(self) -> FloatArray:
        """Mean of each log-scale, shape (k,)."""
        return np.array([scale.mean for scale in self.scales])

    @property
    def prior_sd(self) -> FloatArray:
        """SD of each log-scale, shape (k,)."""
        return np.array([scale.sd for scale in self.scales])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Figures of fitted trials that are not fitted, and why."""

    targets: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What rows have in common.

    Attributes
    ----------
    discrepancy : share of the variance of discrepancy within a trial [1].
    sampling : share of the variance of sampling between rows of one arm [1].
    freedom : degrees of freedom of the size of a trial's discrepancy; infinity: always the declared size.
    same_people : names of trials that report on the same people.
    pooled : by name of a trial that pools others, the share of its people in each of them [1].
    """

    discrepancy: float
    sampling: float
    freedom: float
    same_people: tuple[tuple[str, ...], ...] = ()
    pooled: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def programme(self, trial: str) -> tuple[str, ...]:
        """Return the trials that report on the people of a trial, itself among them."""
        return next((names for names in self.same_people if trial in names), (trial,))

    def people(self, trial: str) -> Mapping[str, float]:
        """Return the trials whose people a trial reports on, and the share of its people in each [1]."""
        return self.pooled.get(trial, {trial: 1.0})


@dataclass(frozen=True, slots=True)
class Plan:
    """The content of ``data/calibration.toml``.

    Attributes
    ----------
    seed : of every random number of the design points. patients : admitted to each trial at a design point.
    points : real runs of the stage with most scales. members : of the ensemble.
    """

    seed: int
    patients: int
    points: int
    members: int
    shared: Shared
    stages: tuple[Stage, ...]
    left_out: tuple[LeftOut, ...]
