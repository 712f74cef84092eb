"""The posterior of fitted stages: blocks of one covariance, the fit table, and what the ensemble says of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from osteocast.calibration.ensemble import Ensemble
from osteocast.calibration.plan import FittedRow, Plan, Stage
from osteocast.calibration.stage_fit import Problem, StageFit
from osteocast.inference.pareto import smooth_tail
from osteocast.inference.posterior import DiscrepancyRecord, EnsembleRecord, FitRow, Posterior, StageRecord
from osteocast.inference.posterior_file import as_written
from osteocast.inference.weights import effective_sample_size
from osteocast.validation.scale import from_scale

FloatArray = NDArray[np.float64]

_FAR = 2.5
"""Standardised distance from the prior's mean beyond which few design points lie."""


@dataclass(frozen=True, slots=True)
class FittedStage:
    """A stage with its problem and its fit.

    Attributes
    ----------
    first : where its scales begin among those of all stages.
    centre : rows of a real run at the mean of the posterior, shape (m,).
    patients : simulated in each arm.
    """

    stage: Stage
    problem: Problem
    fit: StageFit
    first: int
    centre: FloatArray
    patients: int

    @property
    def mean(self) -> FloatArray:
        """Mean of each log-scale, shape (k,)."""
        return np.asarray(self.stage.prior_mean + self.stage.prior_sd * self.fit.mean)

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the log-scales, shape (k, k)."""
        return np.asarray(self.fit.covariance * np.outer(self.stage.prior_sd, self.stage.prior_sd))

    def standard(self, log_scales: FloatArray) -> FloatArray:
        """Return the standardised log-scales of this stage from those of all (n, all), shape (n, k)."""
        own = log_scales[:, self.first : self.first + len(self.stage.scales)]
        return np.asarray((own - self.stage.prior_mean) / self.stage.prior_sd)


def posterior_of_stages(plan: Plan, fitted: Sequence[FittedStage]) -> Posterior:
    """Return the posterior; scales of stages that were not fitted keep their prior."""
    done = {one.stage.name: one for one in fitted}
    others = [stage for stage in plan.stages if stage.name not in done]
    stages = [*(one.stage for one in fitted), *others]
    scales = [scale for stage in stages for scale in stage.scales]
    names = [scale.name for scale in scales]
    blocks = [*(one.covariance for one in fitted), *(np.diag(stage.prior_sd**2) for stage in others)]
    means = [*(one.mean for one in fitted), *(stage.prior_mean for stage in others)]
    k_hats = [one.fit.pareto_k for one in fitted if np.isfinite(one.fit.pareto_k)]
    found = Posterior(
        names=tuple(names),
        prior_mean=np.array([scale.mean for scale in scales]),
        prior_sd=np.array([scale.sd for scale in scales]),
        mean=np.concatenate(means),
        covariance=np.asarray(block_diag(*blocks)),
        rows=tuple(row for one in fitted for row in _fit_rows(one)),
        design_points=sum(len(one.fit.points) for one in fitted),
        laplace_k=max(k_hats, default=float("nan")),
        statement="",
        parameters=tuple(scale.parameters for scale in scales),
        stages=tuple(stage.name for stage in stages for _ in stage.scales),
        records=tuple(_record(one) for one in fitted),
        discrepancies=tuple(record for one in fitted for record in _discrepancies(one)),
    )
    return as_written(replace(found, statement=_statement(found, fitted, plan.shared.pooled)))


def _record(one: FittedStage) -> StageRecord:
    fit = one.fit
    return StageRecord(one.stage.name, one.stage.title, len(fit.points), fit.not_ruled_out, fit.pareto_k, fit.effective)


def _discrepancies(one: FittedStage) -> list[DiscrepancyRecord]:
    used = one.problem.only(one.fit.used)
    factor = used.misfit.expected_factor(one.centre[one.fit.used] - used.published)
    rows = [row for row, there in zip(one.stage.rows, one.fit.used, strict=True) if there]
    # trials that report on the same people have one number and one size
    place = np.unique(used.misfit.trial, return_inverse=True)[1]
    sizes = {row.trial: float(np.sqrt(factor[i])) for row, i in zip(rows, place, strict=True)}
    return [
        DiscrepancyRecord(one.stage.name, trial, sum(row.trial == trial for row in rows), size)
        for trial, size in sizes.items()
    ]


def _fit_rows(one: FittedStage) -> list[FitRow]:
    sd = np.sqrt(np.diag(one.problem.misfit.covariance))
    return [_fit_row(one, row, i, float(sd[i])) for i, row in enumerate(one.stage.rows)]


def _fit_row(one: FittedStage, row: FittedRow, i: int, sd: float) -> FitRow:
    simulated = from_scale(row.scale, float(one.centre[i]), one.patients)
    return FitRow(
        target=row.target,
        text=row.text,
        published=row.published,
        unit=row.unit,
        simulated=simulated,
        error=simulated - row.published,
        z=float(one.centre[i] - row.value) / sd,
        q2=float(one.fit.emulator.q2[i]),
        stage=one.stage.name,
        published_error=row.error,
        discrepancy=row.discrepancy,
        emulator_error=float(one.fit.emulator.residual_sd[i]),
        used=int(one.fit.used[i]),
    )


def _statement(found: Posterior, fitted: Sequence[FittedStage], pooled: Collection[str]) -> str:
    informed = [name for name, known in zip(found.names, found.informed, strict=True) if known]
    kept = [name for name, known in zip(found.names, found.informed, strict=True) if not known]
    far = [
        scale.name
        for one in fitted
        for scale, mean in zip(one.stage.scales, one.fit.mean, strict=True)
        if abs(mean) > _FAR
    ]
    # a report that pools others is no trial of its own
    trials = {one.trial.name for each in fitted for one in each.stage.trials} - set(pooled)
    parts = [
        f"calibrated on {len(found.rows)} published figures of {len(trials)} trials",
        f"informed: {', '.join(informed) or 'none'}",
        f"kept its prior: {', '.join(kept) or 'none'}",
    ]
    if far:
        parts.append(f"far from its prior, so not to be trusted: {', '.join(far)}")
    if aside := [row.target for row in found.rows if not row.used]:
        parts.append(f"set aside, because the model meets them nowhere in the prior: {', '.join(aside)}")
    if missed := [row.target for row in found.rows if row.used and row.implausible]:
        parts.append(f"missed by more than three standard errors: {', '.join(missed)}")
    return "; ".join(parts)


def with_ensemble(posterior: Posterior, fitted: Sequence[FittedStage], ensemble: Ensemble) -> Posterior:
    """Return the posterior with what real runs of drawn members say of emulator and Gaussian."""
    predicted = np.concatenate([one.fit.emulator.predict(one.standard(ensemble.log_scales)) for one in fitted], axis=1)
    planned = [(row, one.patients) for one in fitted for row in one.stage.rows]
    rows = []
    for i, (row, (plan_row, patients)) in enumerate(zip(posterior.rows, planned, strict=True)):
        own = ensemble.values[:, i]
        there = np.isfinite(own)
        figures = np.array([from_scale(plan_row.scale, one, patients) for one in own[there]])
        bias = own[there] - predicted[there, i]
        rows.append(replace(row, ensemble_mean=_mean(figures), ensemble_sd=_sd(figures), emulator_bias=_mean(bias)))
    return replace(posterior, rows=tuple(rows), ensemble=weigh_members(fitted, ensemble))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _sd(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def weigh_members(fitted: Sequence[FittedStage], ensemble: Ensemble) -> EnsembleRecord:
    """Return how many members are left when real runs take the place of the emulator.

    A weight is the likelihood of the member's rows times the prior of its scales, over the Gaussian it was drawn from.
    """
    log_weight = np.zeros(len(ensemble.values))
    first = 0
    for one in fitted:
        own = ensemble.values[:, first : first + len(one.problem.published)]
        first += own.shape[1]
        x = one.standard(ensemble.log_scales)
        away = x - one.fit.mean
        gaussian = np.einsum("ni,ij,nj->n", away, np.linalg.inv(one.fit.covariance), away)
        used = one.problem.only(one.fit.used)
        log_weight += _log_likelihood(used, own[:, one.fit.used]) - 0.5 * (np.sum(x**2, axis=1) - gaussian)
    smoothed, k_hat = smooth_tail(log_weight)
    return EnsembleRecord(len(log_weight), effective_sample_size(np.exp(smoothed - smoothed.max())), k_hat)


def _log_likelihood(problem: Problem, values: FloatArray) -> FloatArray:
    """Return the log-likelihood of each member over the rows it has, shape (members,)."""
    found = []
    for away in values - problem.published:
        there = np.isfinite(away)
        found.append(float(problem.misfit.only(there).log_likelihood(away[None, there])[0]))
    return np.array(found)
