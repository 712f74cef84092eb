"""Proportional hazards with strata, ties, weights and dependent periods of one patient.

Cox 1972 (partial likelihood), Breslow 1974 and Efron 1977 (ties), Andersen & Gill 1982 (recurrent events), Lin & Wei
1989 and Lee, Wei & Amato 1992 (variance by patient). Residuals as in Therneau & Grambsch 2000.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, Estimate, bad_argument, from_log, missing
from osteocast.trials.risk_table import RiskRows, RiskTable, Ties, risk_table

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ITERATIONS = 30
_HALVINGS = 10
# A step this small against the standard error changes no digit that is printed.
_CONVERGED = 1e-7
_LARGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class CoxFit:
    """A fitted proportional hazards model.

    Attributes
    ----------
    log_ratio : coefficients, shape (p,); nan where `reason` says why.
    covariance : inverse of the information, shape (p, p).
    robust_covariance : sandwich that takes periods and events of one patient as dependent, shape (p, p).
    log_likelihood : partial log likelihood at zero and at the coefficients.
    n_events, n_patients : counts. ties : treatment of ties. reason : empty, or a code of ``docs/errors.md``.
    """

    log_ratio: FloatArray
    covariance: FloatArray
    robust_covariance: FloatArray
    log_likelihood: tuple[float, float]
    n_events: int
    n_patients: int
    ties: Ties
    reason: str = ""


class Terms(NamedTuple):
    """The terms of the likelihood, one for each day (Breslow) or event (Efron).

    `row`: row of the risk table (r,). `part`: how much of the events of the day is taken out of the risk set (r,).
    `weight`: of the term (r,). `at_risk`: (r, g). `events`: weighted number of events of each pattern (g,).
    """

    row: IntArray
    part: FloatArray
    weight: FloatArray
    at_risk: FloatArray
    events: FloatArray


class Derivatives(NamedTuple):
    """Log likelihood, score (p,), information (p, p), and by term the risk (r,) and the mean covariates (r, p).

    `risk` is a sum of `relative_risk`: in units of exp(`top`), the highest of the patterns.
    """

    log_likelihood: float
    score: FloatArray
    information: FloatArray
    risk: FloatArray
    mean: FloatArray
    top: float


class Solution(NamedTuple):
    """Where the likelihood is highest: coefficients (p,), derivatives at zero and there, and why there are none."""

    table: RiskTable
    terms: Terms
    beta: FloatArray
    at_zero: Derivatives
    at_beta: Derivatives
    reason: str


def fit_cox(rows: RiskRows, ties: Ties = Ties.EFRON) -> CoxFit:
    """Fit the model by Newton's method and return it with model-based and robust covariance.

    A fit that has no answer (no events, nothing to compare, a coefficient that runs away) has nan and a reason.

    Raises
    ------
    InputError
        `trial.argument`: rows that contradict themselves; two events of one period on one day with Efron's ties.
    """
    rows = near_zero(rows)
    solution = solve(rows, ties)
    residuals = np.zeros((0, rows.covariates.shape[1])) if solution.reason else score_residuals(rows, solution)
    return finished(rows, ties, solution, sum_by_patient(residuals, rows.patient))


def near_zero(rows: RiskRows) -> RiskRows:
    """Return the rows with covariates counted from the first: only differences matter, and those lose no digits so."""
    return replace(rows, covariates=rows.covariates - rows.covariates[:1])


def solve(rows: RiskRows, ties: Ties) -> Solution:
    """Return the risk table, the coefficients and the derivatives there."""
    table = risk_table(rows)
    terms = likelihood_terms(rows, table, ties)
    return Solution(table, terms, *maximise(terms, table.patterns))


def finished(rows: RiskRows, ties: Ties, solution: Solution, influence: FloatArray) -> CoxFit:
    """Return the fit with the sandwich of each patient's influence on the score, shape (n_patients, p)."""
    counts = (len(rows.event_day), len(np.unique(rows.patient)), ties)
    at_zero = solution.at_zero.log_likelihood
    if solution.reason:
        p = rows.covariates.shape[1]
        empty = np.full((p, p), np.nan)
        return CoxFit(np.full(p, np.nan), empty, empty, (at_zero, np.nan), *counts, solution.reason)
    covariance = np.asarray(np.linalg.inv(solution.at_beta.information), dtype=np.float64)
    robust = covariance @ (influence.T @ influence) @ covariance
    return CoxFit(solution.beta, covariance, robust, (at_zero, solution.at_beta.log_likelihood), *counts)


def hazard_ratio_of(fit: CoxFit, which: int = 0, robust: bool = True, level: float = LEVEL) -> Estimate:
    """Return one hazard ratio of a fit with its Wald interval."""
    method = f"Cox, {fit.ties} ties, {'robust variance by patient' if robust else 'model-based variance'}"
    if fit.reason:
        return missing(method, fit.reason, fit.n_patients)
    covariance = fit.robust_covariance if robust else fit.covariance
    error = float(np.sqrt(covariance[which, which]))
    return from_log(float(fit.log_ratio[which]), error, level, method, fit.n_patients)


def likelihood_terms(rows: RiskRows, table: RiskTable, ties: Ties) -> Terms:
    """Return the terms of the partial likelihood."""
    total = table.events.sum(axis=0)
    if ties is Ties.BRESLOW:
        row = np.arange(len(table.count))
        return Terms(row, np.zeros(len(row)), table.events.sum(axis=1), table.at_risk, total)
    pair = rows.event_row * max(len(table.count), 1) + table.time_of
    if len(np.unique(pair)) < len(pair):
        found = "two events of one period on one day"
        raise InputError(bad_argument("treatment of ties", found, "Breslow's, which has no trouble with them"))
    row = np.repeat(np.arange(len(table.count)), table.count)
    begin = np.cumsum(table.count) - table.count
    part = (np.arange(len(row)) - begin[row]) / table.count[row]
    weight = (table.events.sum(axis=1) / table.count)[row]
    return Terms(row, part, weight, table.at_risk[row] - part[:, None] * table.events[row], total)


def derivatives(terms: Terms, patterns: FloatArray, beta: FloatArray) -> Derivatives:
    """Return the log likelihood and its derivatives at `beta`."""
    predictor = patterns @ beta
    top = float(predictor.max()) if len(predictor) else 0.0
    relative = relative_risk(patterns, beta, top)
    risk = terms.at_risk @ relative
    mean = terms.at_risk @ (relative[:, None] * patterns) / risk[:, None]
    p = patterns.shape[1]
    products = (patterns[:, :, None] * patterns[:, None, :]).reshape(len(patterns), p * p)
    second = terms.weight / risk @ (terms.at_risk @ (relative[:, None] * products))
    likelihood = terms.events @ predictor - terms.weight @ (np.log(risk) + top)
    score = terms.events @ patterns - terms.weight @ mean
    information = second.reshape(p, p) - (mean * terms.weight[:, None]).T @ mean
    return Derivatives(float(likelihood), score, information, risk, mean, top)


def relative_risk(covariates: FloatArray, beta: FloatArray, top: float) -> FloatArray:
    """Return exp(x beta - top), shape (n,): a common factor of all risks drops out, and so nothing overflows."""
    return np.asarray(np.exp(covariates @ beta - top), dtype=np.float64)


def maximise(terms: Terms, patterns: FloatArray) -> tuple[FloatArray, Derivatives, Derivatives, str]:
    """Return the coefficients, the derivatives at zero and at the coefficients, and the reason if there are none."""
    beta = np.zeros(patterns.shape[1])
    now = at_zero = derivatives(terms, patterns, beta)
    if terms.weight.sum() == 0.0:
        return beta, at_zero, now, "trial.no-events"
    spread = np.square(np.ptp(patterns, axis=0)) * terms.weight.sum()
    for _ in range(_ITERATIONS):
        if _singular(now.information, spread):
            # At zero nothing is to compare; later the coefficient has run to where the likelihood is flat.
            reason = "trial.no-information" if now is at_zero else "trial.not-converged"
            return beta, at_zero, now, reason
        step = np.linalg.solve(now.information, now.score)
        if float(step @ now.score) < _CONVERGED**2:
            return beta, at_zero, now, ""
        step *= min(1.0, _LARGEST_STEP / float(np.abs(step * np.ptp(patterns, axis=0)).max()))
        new = derivatives(terms, patterns, beta + step)
        for _ in range(_HALVINGS):
            if new.log_likelihood >= now.log_likelihood - 1e-9 * abs(now.log_likelihood):
                break
            step = step / 2.0
            new = derivatives(terms, patterns, beta + step)
        beta, now = beta + step, new
    return beta, at_zero, now, "trial.not-converged"


def _singular(information: FloatArray, spread: FloatArray) -> bool:
    """Return whether a coefficient cannot be told from the data: no spread of covariates within the risk sets."""
    # The largest information that so many events with such covariates could give is spread / 4.
    if not np.isfinite(information).all() or (np.diag(information) <= 1e-6 * spread).any() or (spread == 0.0).any():
        return True
    scale = np.sqrt(np.diag(information))
    return bool(np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < 1e-10)


def score_residuals(rows: RiskRows, solution: Solution) -> FloatArray:
    """Return what each period adds to the score, weighted, shape (n, p); the column sums are zero at the maximum.

    With Efron's ties an event carries only the part of its day's hazard for which it was still in the risk set.
    """
    table, terms = solution.table, solution.terms
    x, mean = rows.covariates, solution.at_beta.mean
    hazard = terms.weight / solution.at_beta.risk
    relative = relative_risk(x, solution.beta, solution.at_beta.top)
    fading = np.zeros(len(x), dtype=np.bool_) if rows.fading is None else rows.fading
    residual = np.zeros_like(x)
    for chosen, factor in ((~fading, np.ones_like(hazard)), (fading, table.fade[terms.row])):
        sums = _summed_over_days(factor * hazard, mean, terms.row, len(table.count))
        running = np.concatenate([np.zeros((1, sums.shape[1])), np.cumsum(sums, axis=0)])
        risk = running[table.last[chosen]] - running[table.first[chosen]]
        residual[chosen] = -relative[chosen, None] * (x[chosen] * risk[:, :1] - risk[:, 1:])
    spared = _summed_over_days(terms.part * hazard, mean, terms.row, len(table.count))[table.time_of]
    mean_of_day = _summed_over_days(np.ones_like(hazard), mean, terms.row, len(table.count))
    mean_of_event = (mean_of_day[:, 1:] / mean_of_day[:, :1])[table.time_of]
    own = x[rows.event_row]
    at_event = own - mean_of_event + relative[rows.event_row, None] * (own * spared[:, :1] - spared[:, 1:])
    np.add.at(residual, rows.event_row, at_event)
    return np.asarray(rows.weight[:, None] * residual, dtype=np.float64)


def _summed_over_days(amount: FloatArray, mean: FloatArray, row: IntArray, k: int) -> FloatArray:
    """Return the sums over the terms of each day of `amount` and of `amount` times the mean, shape (k, 1 + p)."""
    columns = [amount, *(amount * mean[:, j] for j in range(mean.shape[1]))]
    return np.stack([np.bincount(row, column, k) for column in columns], axis=1)


def sum_by_patient(residuals: FloatArray, patient: IntArray) -> FloatArray:
    """Return the residuals added up for each patient, shape (n_patients, p)."""
    if not len(residuals):
        return residuals
    names, index = np.unique(patient, return_inverse=True)
    columns = [np.bincount(index, residuals[:, j], len(names)) for j in range(residuals.shape[1])]
    return np.stack(columns, axis=1)
