"""The calibrated scales and what they were fitted to, as a file that says so."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.files import read_text_limited, write_atomically

FloatArray = NDArray[np.float64]

SCHEMA = "osteocast.posterior/1"


@dataclass(frozen=True, slots=True)
class FitRow:
    """One published level against the calibrated simulation.

    `error` is simulated - published in the row's unit; `z` is that distance in standard errors on the
    transformed scale, model discrepancy included; `q2` is the emulator's leave-one-out share of variance.
    """

    target: str
    text: str
    published: float
    unit: str
    simulated: float
    error: float
    z: float
    q2: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """Gaussian posterior of log-scales.

    Attributes
    ----------
    names : names of the scales.
    prior_mean, prior_sd, mean : log-scale, shape (k,). covariance : shape (k, k).
    rows : the fit table.
    design_points : number of simulator runs behind the emulator.
    laplace_k : Pareto k-hat of the Gaussian against the emulator's exact posterior (below 0.7 is sound).
    statement : what was fitted and what has not been checked.
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

    @property
    def sd(self) -> FloatArray:
        """Posterior SD of each log-scale, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def informed(self) -> tuple[bool, ...]:
        """Whether the published levels taught something about each scale (SD below 0.7 of the prior's)."""
        return tuple(bool(r < 0.7) for r in self.sd / self.prior_sd)

    def draws(self, standard: FloatArray) -> FloatArray:
        """Turn standard normal numbers (n, k) into scales (factors, not logs), shape (n, k)."""
        return np.exp(self.mean + standard @ np.linalg.cholesky(self.covariance).T)

    def write(self, path: str | Path) -> None:
        """Write the posterior as TOML, completely or not at all."""
        write_atomically(path, self.to_toml())

    def to_toml(self) -> str:
        """Return the file's text; the same posterior always gives the same bytes."""
        head = [
            "# Written by `osteocast calibrate`; not edited by hand.",
            f'schema = "{SCHEMA}"',
            f"statement = {json.dumps(self.statement)}",
            f"design_points = {self.design_points}",
            f"laplace_pareto_k = {_number(self.laplace_k)}",
            "",
            "[scales]  # natural logarithms",
            f"names = {json.dumps(list(self.names))}",
            f"informed = {json.dumps(list(self.informed))}",
            f"prior_mean = {_numbers(self.prior_mean)}",
            f"prior_sd = {_numbers(self.prior_sd)}",
            f"mean = {_numbers(self.mean)}",
            "covariance = [",
            *(f"    {_numbers(row)}," for row in self.covariance),
            "]",
        ]
        for row in self.rows:
            head += [
                "",
                "[[rows]]",
                f"target = {json.dumps(row.target)}",
                f"text = {json.dumps(row.text, ensure_ascii=False)}",
                f"published = {_number(row.published)}",
                f"unit = {json.dumps(row.unit, ensure_ascii=False)}",
                f"simulated = {_number(row.simulated)}",
                f"error = {_number(row.error)}",
                f"z = {_number(row.z)}",
                f"emulator_q2 = {_number(row.q2)}",
            ]
        return "\n".join(head) + "\n"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    text = f"{float(value):.8g}"
    return text if any(c in text for c in ".e") else text + ".0"


def _numbers(values: FloatArray) -> str:
    return "[" + ", ".join(_number(v) for v in values) + "]"


def read_posterior(path: str | Path) -> Posterior:
    """Read a posterior file.

    Raises
    ------
    EvidenceError
        ``posterior.invalid``: not a posterior file, keys missing, or shapes and covariance that do not fit.
    """
    text = read_text_limited(path)
    try:
        return _from_document(tomllib.loads(text))
    except (KeyError, TypeError, ValueError, np.linalg.LinAlgError) as problem:
        raise EvidenceError(
            Issue(
                code="posterior.invalid",
                place=str(path),
                found=f"{type(problem).__name__}: {problem}",
                expected=f"a file of schema {SCHEMA} with a positive definite covariance",
                fix="Write it anew with `osteocast calibrate`.",
            )
        ) from problem


def _from_document(document: dict[str, Any]) -> Posterior:
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']!r}")
    scales = document["scales"]
    names = tuple(str(n) for n in scales["names"])
    k = len(names)
    vectors = {key: np.array(scales[key], dtype=np.float64) for key in ("prior_mean", "prior_sd", "mean")}
    covariance = np.array(scales["covariance"], dtype=np.float64)
    if covariance.shape != (k, k) or any(v.shape != (k,) for v in vectors.values()):
        raise ValueError("scales whose lengths differ")
    np.linalg.cholesky(covariance)
    rows = tuple(
        FitRow(
            target=str(r["target"]),
            text=str(r["text"]),
            published=float(r["published"]),
            unit=str(r["unit"]),
            simulated=float(r["simulated"]),
            error=float(r["error"]),
            z=float(r["z"]),
            q2=float(r["emulator_q2"]),
        )
        for r in document["rows"]
    )
    return Posterior(
        names=names,
        prior_mean=vectors["prior_mean"],
        prior_sd=vectors["prior_sd"],
        mean=vectors["mean"],
        covariance=covariance,
        rows=rows,
        design_points=int(document["design_points"]),
        laplace_k=float(document["laplace_pareto_k"]),
        statement=str(document["statement"]),
    )
