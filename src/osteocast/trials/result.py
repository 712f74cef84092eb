"""What a simulated trial showed: its endpoints, replicate by replicate and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.trial import Endpoint
from osteocast.trials.endpoint import unit_of
from osteocast.trials.estimate import Estimate
from osteocast.trials.published import DEFAULTS, FACTORS, Published, factor

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

NOT_REACHED: Final = "trial.not-reached"
LOWER, UPPER = 0.05, 0.95
"""Quantiles of replicates between which 90 % of simulated trials of this size lie."""


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """One endpoint of a simulated trial.

    Attributes
    ----------
    name, title : of the endpoint. arms : names, taken together. comparator : name or empty.
    method : the estimator by name. unit : of all numbers here: the publication's, where there is one.
    estimates : of every replicate [`unit`].
    middle : median over replicates [`unit`]; a time that is not reached lies beyond all others, nan there.
    low, high : interval of the estimator with one replicate (95 %); with more, 5 and 95 % quantiles of replicates, nan
        beyond follow-up. Replicates that have no value for another reason are left out.
    missing : replicates without a value. reasons : codes that say why.
    published : the figure it reproduces, or None.
    """

    name: str
    title: str
    arms: tuple[str, ...]
    comparator: str
    method: str
    unit: str
    estimates: tuple[Estimate, ...]
    middle: float
    low: float
    high: float
    missing: int
    reasons: tuple[str, ...]
    published: Published | None


def endpoint_result(endpoint: Endpoint, estimates: Sequence[Estimate], published: Published | None) -> EndpointResult:
    """Return the result of one endpoint from the estimates of every replicate, which stand in its own unit."""
    own = unit_of(endpoint)
    unit = published.unit if published is not None else DEFAULTS[own]
    by = factor(own, unit, f"{endpoint.name}: {endpoint.target}") if published is not None else _default_factor(own)
    scaled = tuple(_scaled(one, by) for one in estimates)
    values = np.array([one.value for one in scaled])
    if len(scaled) == 1:
        middle, low, high = scaled[0].value, scaled[0].low, scaled[0].high
    else:
        later = np.array([one.reason == NOT_REACHED for one in scaled])
        middle, low, high = quantiles_of(values, later)
    return EndpointResult(
        name=endpoint.name,
        title=endpoint.title,
        arms=endpoint.arms,
        comparator=endpoint.comparator or "",
        method=next((one.method for one in scaled if np.isfinite(one.value)), scaled[0].method),
        unit=unit,
        estimates=scaled,
        middle=middle,
        low=low,
        high=high,
        missing=int(np.count_nonzero(~np.isfinite(values))),
        reasons=tuple(sorted({one.reason for one in scaled if one.reason})),
        published=published,
    )


def quantiles_of(values: FloatArray, later: BoolArray) -> tuple[float, float, float]:
    """Return the median, 5 and 95 % quantiles over replicates; nan where they lie beyond follow-up or nothing is known.

    A time that is not reached lies beyond all that are: without it the rest would tell a median that is too early.

    Parameters
    ----------
    values : of each replicate, nan where there is none, shape (n,).
    later : whether a missing one is missing because it was not reached, shape (n,).
    """
    beyond = np.isnan(values) & later
    if not beyond.any():
        known = values[np.isfinite(values)]
        middle, low, high = np.quantile(known, (0.5, LOWER, UPPER)) if len(known) else np.full(3, np.nan)
        return float(middle), float(low), float(high)
    known = np.where(beyond, np.inf, values)
    found = np.quantile(known[~np.isnan(known)], (0.5, LOWER, UPPER), method="nearest")
    middle, low, high = np.where(np.isfinite(found), found, np.nan)
    return float(middle), float(low), float(high)


def _default_factor(own: str) -> float:
    return FACTORS[own, DEFAULTS[own]]


def _scaled(one: Estimate, by: float) -> Estimate:
    if by == 1.0:
        return one
    error = one.standard_error if one.on_log_scale else one.standard_error * by
    return Estimate(
        one.value * by, one.low * by, one.high * by, error, one.on_log_scale, one.level, one.p_value, one.n,
        one.method, one.reason,
    )  # fmt: skip


def estimate_document(one: Estimate) -> dict[str, Any]:
    """Return an estimate as plain values for JSON."""
    return {f.name: _plain(getattr(one, f.name)) for f in fields(Estimate)}


def estimate_from(document: dict[str, Any]) -> Estimate:
    """Return the estimate that `estimate_document` wrote."""
    numbers = ("value", "low", "high", "standard_error", "p_value")
    values: dict[str, Any] = {k: (float("nan") if v is None and k in numbers else v) for k, v in document.items()}
    return Estimate(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
