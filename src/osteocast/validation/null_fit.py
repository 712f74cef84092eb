"""The null model fitted to published rows: posterior mode, normal around it, predictions with the chance of a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.table import read_table
from osteocast.validation.null_model import NullModel, null_model
from osteocast.validation.null_rows import NullRow
from osteocast.validation.score import LEVEL, Prediction

FloatArray = NDArray[np.float64]

_DRAWS: Final = 400
_STEP: Final = 1e-3


@dataclass(frozen=True, slots=True)
class NullFit:
    """The fitted null model.

    Attributes
    ----------
    names : of the parameters, natural logarithms. mode : shape (p,). covariance : shape (p, p).
    rows : how many were fitted.
    """

    names: tuple[str, ...]
    mode: FloatArray
    covariance: FloatArray
    rows: int


def fit_null(rows: Sequence[NullRow]) -> NullFit:
    """Return the null model fitted to the rows of use "fit" whose error is known; other rows are never looked at.

    Likelihood: normal on each row's scale with the published error and a spread beyond chance that is fitted as well,
    one for levels and one for contrasts.
    """
    from scipy.optimize import minimize

    used = [one for one in rows if one.row.use == "fit" and one.row.error is not None]
    model = null_model(used)
    mean, sd = _priors(model)
    found = np.array([one.row.value for one in used])
    error = np.array([one.row.error for one in used], dtype=np.float64)

    def loss(parameters: FloatArray) -> float:
        """Return the negative log posterior but for a constant."""
        variance = error**2 + model.spread(parameters) ** 2
        off = model.values(parameters) - found
        return float(0.5 * np.sum(off**2 / variance + np.log(variance)) + 0.5 * np.sum(((parameters - mean) / sd) ** 2))

    # in units of the prior's standard deviation, within which every parameter is of like size
    best = minimize(
        lambda x: loss(mean + sd * x), np.zeros(len(mean)), method="L-BFGS-B", bounds=[(-4.0, 4.0)] * len(mean)
    )
    mode = np.asarray(mean + sd * best.x, dtype=np.float64)
    covariance = np.asarray(np.linalg.inv(_positive(_hessian(loss, mode), sd)), dtype=np.float64)
    names = tuple(f"{prior} {owner}".strip().replace("_", " ") for prior, owner in model.names.all)
    return NullFit(names, mode, covariance, len(used))


def predict_null(fit: NullFit, rows: Sequence[NullRow]) -> dict[str, Prediction]:
    """Return the null model's predictions of rows whose error is known, by the target's id.

    Variance: between draws of the parameters, the spread beyond chance, and the chance of a trial of published size.
    """
    used = [one for one in rows if one.row.error is not None]
    model = null_model(used)
    root = np.linalg.cholesky(fit.covariance)
    # numbers of the draws are fixed, so that the same fit predicts the same
    standard = np.random.default_rng(0).standard_normal((_DRAWS, len(fit.mode)))
    values = np.array([model.values(fit.mode + root @ one) for one in standard])
    spread, error = model.spread(fit.mode), np.array([one.row.error for one in used], dtype=np.float64)
    sd = np.sqrt(values.var(axis=0) + spread**2 + error**2)
    half = _normal_limit() * sd
    centre = np.median(values, axis=0)
    return {
        one.row.target: Prediction(float(c), float(s), float(c - h), float(c + h))
        for one, c, s, h in zip(used, centre, sd, half, strict=True)
    }


def left_out(rows: Sequence[NullRow], pool: Sequence[NullRow] = ()) -> dict[str, Prediction]:
    """Return predictions of the fit rows of each trial by the null model fitted without it.

    Trials that report on the same people are left out together, as in the calibration without a trial: a pooled
    publication would otherwise give the left-out figures back.

    Parameters
    ----------
    rows : to predict. pool : rows of further trials to fit to.
    """
    found: dict[str, Prediction] = {}
    for trial in sorted({one.row.trial for one in rows if one.row.use == "fit"}):
        without = same_people(trial)
        others = [one for one in [*rows, *pool] if one.row.trial not in without]
        found |= predict_null(
            fit_null(others), [one for one in rows if one.row.trial == trial and one.row.use == "fit"]
        )
    return found


def same_people(trial: str) -> tuple[str, ...]:
    """Return the trials that report on the people of a trial, itself among them (``data/calibration.toml``)."""
    groups: list[list[str]] = read_table("calibration").get("same_people", [])
    return next((tuple(names) for names in groups if trial in names), (trial,))


def _normal_limit() -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + LEVEL / 2.0))


def _priors(model: NullModel) -> tuple[FloatArray, FloatArray]:
    table = read_table("validation/null_model")["priors"]
    mean = np.array([table[prior]["mean"] for prior, _ in model.names.all])
    return mean, np.array([table[prior]["sd"] for prior, _ in model.names.all])


def _hessian(loss: object, at: FloatArray) -> FloatArray:
    """Return second derivatives by central differences."""
    assert callable(loss)
    p = len(at)
    steps = np.eye(p) * _STEP
    found = np.empty((p, p))
    for i in range(p):
        for j in range(i, p):
            up = loss(at + steps[i] + steps[j]) + loss(at - steps[i] - steps[j])
            down = loss(at + steps[i] - steps[j]) + loss(at - steps[i] + steps[j])
            found[i, j] = found[j, i] = (up - down) / (4.0 * _STEP**2)
    return found


def _positive(hessian: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the second derivatives with at least the prior's in every direction (rounding can take it away)."""
    scaled = hessian * np.outer(sd, sd)
    value, vector = np.linalg.eigh(scaled)
    mended = (vector * np.maximum(value, 1.0)) @ vector.T
    return np.asarray(mended / np.outer(sd, sd), dtype=np.float64)
