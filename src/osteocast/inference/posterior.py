"""The calibrated scales and what they were fitted to, as a file that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.files import write_atomically

FloatArray = NDArray[np.float64]

SCHEMA: Final = "osteocast.posterior/2"
INFORMED: Final = 0.7
"""A scale counts as informed where its SD is below this share of the prior's."""
RIDGE: Final = 0.7
"""Two scales lie on a ridge where their correlation is above this: their combination is known, not each."""


@dataclass(frozen=True, slots=True)
class FitRow:
    """One published figure against the calibrated simulation.

    Attributes
    ----------
    target, text : id of the figure, and what it is. stage : that fitted it.
    published, simulated : figure and that of a real run at the centre of the posterior [`unit`].
    error : simulated - published [`unit`].
    z : that distance in standard errors on the row's scale: published, simulated, and discrepancy of the model.
    q2 : leave-one-out share of variance that the emulator explains; nan where the row never varies.
    published_error, discrepancy : standard deviations on the row's scale.
    emulator_error : leave-one-out error of the emulator on the row's scale.
    ensemble_mean, ensemble_sd : of real runs with drawn parameters [`unit`]; nan without an ensemble.
    emulator_bias : mean of real run - emulator over the ensemble, on the row's scale; nan without an ensemble.
    used : 1 where the posterior rests on the row, 0 where the model meets it nowhere in the prior and it was set aside.
    """

    target: str
    text: str
    published: float
    unit: str
    simulated: float
    error: float
    z: float
    q2: float
    stage: str = ""
    published_error: float = math.nan
    discrepancy: float = math.nan
    emulator_error: float = math.nan
    ensemble_mean: float = math.nan
    ensemble_sd: float = math.nan
    emulator_bias: float = math.nan
    used: int = 1

    @property
    def implausible(self) -> bool:
        """Whether the calibrated simulation misses the figure by more than three standard errors."""
        return abs(self.z) > 3.0


@dataclass(frozen=True, slots=True)
class StageRecord:
    """How one stage was fitted.

    Attributes
    ----------
    name, title : of the stage. points : real runs behind its emulator.
    not_ruled_out : share of the prior that history matching left after the first wave [1].
    pareto_k : of the Gaussian against the emulator's posterior; below 0.7 is sound.
    effective : effective share of the draws behind mean and covariance [1].
    """

    name: str
    title: str
    points: int
    not_ruled_out: float
    pareto_k: float
    effective: float


@dataclass(frozen=True, slots=True)
class DiscrepancyRecord:
    """How far the model errs in one trial, in units of the declared discrepancy.

    Attributes
    ----------
    stage, trial : names. rows : fitted of the trial.
    size : root of the variance factor that the rows make likely at the centre [1].
    """

    stage: str
    trial: str
    rows: int
    size: float


@dataclass(frozen=True, slots=True)
class EnsembleRecord:
    """Real runs with parameters drawn from the posterior.

    Attributes
    ----------
    members : how many. effective : members left by importance weights. pareto_k : of the weights.
    """

    members: int = 0
    effective: float = math.nan
    pareto_k: float = math.nan


@dataclass(frozen=True, slots=True)
class Ridge:
    """Two scales whose combination is known better than each.

    Attributes
    ----------
    first, second : names. correlation : of their logarithms.
    slope : of the logarithm of `second` along the ridge for one unit of `first`.
    across : SD of the logarithm of `second` where `first` is known.
    """

    first: str
    second: str
    correlation: float
    slope: float
    across: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """Gaussian posterior of log-scales.

    Attributes
    ----------
    names : names of the scales.
    prior_mean, prior_sd, mean : log-scale, shape (k,). covariance : shape (k, k), blocks of one stage each.
    rows : the fit table.
    design_points : number of simulator runs behind the emulators.
    laplace_k : Pareto k-hat of the Gaussian against the emulators' posterior, the worst stage (below 0.7 is sound).
    statement : what was fitted.
    parameters : what each scale multiplies, as ``file.name``. stages : that fitted each scale.
    records : of the stages. discrepancies : of the trials. ensemble : of the real runs.
    """

    names: tuple[str, ...]
    prior_mean: FloatArray
    prior_sd: FloatArray
    mean: FloatArray
    covariance: FloatArray
    rows: tuple[FitRow, ...]
    design_points: int
    laplace_k: float
    statement: str
    parameters: tuple[tuple[str, ...], ...] = ()
    stages: tuple[str, ...] = ()
    records: tuple[StageRecord, ...] = ()
    discrepancies: tuple[DiscrepancyRecord, ...] = ()
    ensemble: EnsembleRecord = EnsembleRecord()

    @property
    def sd(self) -> FloatArray:
        """Posterior SD of each log-scale, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def ratio(self) -> FloatArray:
        """SD of each log-scale as a share of its prior's, shape (k,)."""
        return np.asarray(self.sd / self.prior_sd)

    @property
    def informed(self) -> tuple[bool, ...]:
        """Whether the published figures taught something about each scale (SD below `INFORMED` of the prior's)."""
        return tuple(bool(r < INFORMED) for r in self.ratio)

    @property
    def ridges(self) -> tuple[Ridge, ...]:
        """Pairs of scales with a correlation above `RIDGE`, strongest first."""
        sd = self.sd
        found = []
        for i, j in zip(*np.triu_indices(len(self.names), 1), strict=True):
            r = float(self.covariance[i, j] / (sd[i] * sd[j]))
            if abs(r) > RIDGE:
                across = float(sd[j] * np.sqrt(1.0 - r**2))
                found.append(Ridge(self.names[i], self.names[j], r, r * float(sd[j] / sd[i]), across))
        return tuple(sorted(found, key=lambda one: -abs(one.correlation)))

    @property
    def scales_sha256(self) -> str:
        """SHA-256 of the scales: the same for the same numbers, whatever they were fitted to."""
        from osteocast.inference.posterior_file import scales_sha256

        return scales_sha256(self)

    def draws(self, standard: FloatArray) -> FloatArray:
        """Turn standard normal numbers (n, k) into scales (factors, not logs), shape (n, k)."""
        return np.exp(self.mean + standard @ np.linalg.cholesky(self.covariance).T)

    def factors(self, standard: FloatArray) -> dict[str, FloatArray]:
        """Return the factor of every scaled parameter for standard normal numbers (n, k).

        Returns
        -------
        dict of str to (n,) float64
            By ``file.name``, as `course.typical.Typical` takes them.
        """
        return self.spread(dict(zip(self.names, self.draws(standard).T, strict=True)))

    def spread(self, scales: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the factor of every scaled parameter from the factors of scales by name."""
        own = dict(zip(self.names, self.parameters, strict=True))
        return {parameter: factor for scale, factor in scales.items() for parameter in own[scale]}

    def write(self, path: str | Path) -> None:
        """Write the posterior as TOML, completely or not at all."""
        write_atomically(path, self.to_toml())

    def to_toml(self) -> str:
        """Return the file's text; the same posterior always gives the same bytes."""
        from osteocast.inference.posterior_file import posterior_text

        return posterior_text(self)


def read_posterior(path: str | Path) -> Posterior:
    """Read a posterior file.

    Raises
    ------
    EvidenceError
        ``posterior.invalid``: not a posterior file, keys missing, or shapes and covariance that do not fit.
    """
    from osteocast.inference.posterior_file import posterior_of

    return posterior_of(path)
