"""Hazard of the sub-distribution of one event while another competes (Fine & Gray 1999).

Who meets the competing event stays at risk with the chance of still being under follow-up: G(t-) / G(T-), where G is
the Kaplan-Meier estimate of the time to censoring. Events precede a censoring of the same day, so nobody with an event
on a day counts as at risk of censoring on it (Geskus 2011). G is one for all patients: censoring is taken as
independent of arm and stratum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import InputError
from osteocast.trials.cox import (
    CoxFit,
    Solution,
    finished,
    near_zero,
    relative_risk,
    score_residuals,
    solve,
    sum_by_patient,
)
from osteocast.trials.estimate import bad_argument
from osteocast.trials.risk_table import RiskRows, Ties

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def fit_fine_gray(rows: RiskRows, competing: BoolArray, ties: Ties = Ties.BRESLOW) -> CoxFit:
    """Fit the model; its robust covariance takes in that the censoring distribution is estimated.

    Parameters
    ----------
    rows : one period and at most one event for each patient, weight 1, all from the same start.
    competing : whose period ended by the competing event, shape (n,).

    Raises
    ------
    InputError
        `trial.argument`: several periods of a patient, other weights than 1, or an event that is also a competing one.
    """
    n = len(rows.stop)
    had = np.zeros(n, dtype=np.bool_)
    had[rows.event_row] = True
    if len(np.unique(rows.patient)) < n or len(rows.event_row) > had.sum() or (rows.weight != 1.0).any():
        raise InputError(bad_argument("period", "several periods, events or weights", "one period and event a patient"))
    if (had & competing).any() or (rows.event_day != rows.stop[rows.event_row]).any():
        raise InputError(bad_argument("event", "an event that does not end the period", "first events only"))
    censored = ~had & ~competing
    days, hazard, at_risk = censoring_hazard(rows.stop, censored)
    extended = _with_fading(near_zero(rows), competing, days, hazard)
    solution = solve(extended, ties)
    if solution.reason:
        return finished(extended, ties, solution, np.zeros((0, extended.covariates.shape[1])))
    eta = sum_by_patient(score_residuals(extended, solution), extended.patient)
    slope = _effect_of_censoring(extended, solution, days) / at_risk[:, None]
    # A patient is at risk of censoring up to the exit; on the day of an event, not any more.
    running = np.concatenate([np.zeros((1, slope.shape[1])), np.cumsum(slope * hazard[:, None], axis=0)])
    expected = np.where(censored, *(np.searchsorted(days, rows.stop, side=side) for side in ("right", "left")))
    psi = -running[expected]
    psi[censored] += slope[np.searchsorted(days, rows.stop[censored])]
    return finished(extended, ties, solution, eta + psi[np.argsort(rows.patient)])


def censoring_hazard(stop: FloatArray, censored: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the days with a censoring, the hazard of censoring on each and the number at risk of it."""
    days, counts = np.unique(stop[censored], return_counts=True)
    n_later = len(stop) - np.searchsorted(np.sort(stop), days, side="right")
    at_risk = (n_later + counts).astype(np.float64)
    return days, counts / at_risk, at_risk


def _with_fading(rows: RiskRows, competing: BoolArray, days: FloatArray, hazard: FloatArray) -> RiskRows:
    """Return the rows with one fading period more for every patient who met the competing event."""
    # Share not censored before a day: a step on a censoring day is felt after it.
    followed = np.concatenate([[1.0], np.cumprod(1.0 - hazard)])
    before_stop = followed[np.searchsorted(days, rows.stop[competing], side="left")]
    who = np.flatnonzero(competing)
    return RiskRows(
        start=np.concatenate([rows.start, rows.stop[who]]),
        stop=np.concatenate([rows.stop, np.full(len(who), np.finfo(np.float64).max)]),
        covariates=np.concatenate([rows.covariates, rows.covariates[who]]),
        stratum=np.concatenate([rows.stratum, rows.stratum[who]]),
        patient=np.concatenate([rows.patient, rows.patient[who]]),
        weight=np.concatenate([rows.weight, 1.0 / before_stop]),
        event_row=rows.event_row,
        event_day=rows.event_day,
        fading=np.arange(len(rows.stop) + len(who)) >= len(rows.stop),
        still_followed=(np.concatenate([[-np.inf], np.nextafter(days, np.inf)]), followed),
    )


def _effect_of_censoring(rows: RiskRows, solution: Solution, days: FloatArray) -> FloatArray:
    """Return q(u) of the paper on each day u of a censoring, shape (m, p).

    How the score changes with the hazard of censoring on u, through the patients who met the competing event by u and
    the events after u that they are weighted for.
    """
    x, table, terms = rows.covariates, solution.table, solution.terms
    faded = np.zeros(len(x), dtype=np.bool_) if rows.fading is None else rows.fading
    hazard = table.fade[terms.row] * terms.weight / solution.at_beta.risk
    total = np.zeros((len(days), x.shape[1]))
    for stratum in np.unique(table.stratum):
        who = np.flatnonzero(faded & (rows.stratum == stratum))
        who = who[np.argsort(rows.start[who])]
        risk = rows.weight[who] * relative_risk(x[who], solution.beta, solution.at_beta.top)
        here = table.stratum[terms.row] == stratum
        event_day, amount, mean = table.day[terms.row][here], hazard[here], solution.at_beta.mean[here]
        met = np.searchsorted(rows.start[who], days, side="right")
        later = np.searchsorted(event_day, days, side="right")
        risk_met, moment_met = _up_to(risk[:, None])[met], _up_to(risk[:, None] * x[who])[met]
        amounts, moments = _up_to(amount[:, None]), _up_to(amount[:, None] * mean)
        total += moment_met * (amounts[-1] - amounts[later]) - risk_met * (moments[-1] - moments[later])
    return total


def _up_to(values: FloatArray) -> FloatArray:
    """Return the running sums over rows with a zero row in front."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
