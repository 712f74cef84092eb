"""Recorded laboratory values beside those of the model on the same day: a check of fit, nothing is moved by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from osteocast.course.system import observable_names
from osteocast.domain.quantity import quantity_facts
from osteocast.forecasting.candidates import READ_OUTS, Seen, level_of, record_days
from osteocast.forecasting.quantiles import weighted_quantile
from osteocast.forecasting.result import Document, rounded
from osteocast.inference.nested import LOWER, UPPER

FloatArray = NDArray[np.float64]

LEVELS = 15
"""Equally probable levels of a person that a read-out is spread over."""
SHOWN_AS_READ = ("calcium",)
"""Quantities whose band is that of the course on the page, without a level of the person."""


def record_fit(seen: Sequence[Seen], records: FloatArray, weight: FloatArray) -> tuple[Document, ...]:
    """Return each recorded value with median and 90 % band of the model on its day.

    Parameters
    ----------
    seen : values that entered the weights.
    records : read-outs of the people who are continued on `record_days` of these values, shape
        (n, n_days, n_observables).
    weight : of these people, shape (n,).

    Notes
    -----
    A bone marker is computed relative to the healthy level of the person, and PTHrP differs between assays; their
    bands are spread over that level (`level_of`) as well. The error of the assay is in no band.
    """
    days, names = record_days(seen), observable_names()
    found = []
    for one in seen:
        read = records[:, days.index(one.day), names.index(READ_OUTS[one.quantity])]
        mean, sd = (0.0, 0.0) if one.quantity in SHOWN_AS_READ else level_of(one.quantity)
        levels = np.exp(mean + sd * ndtri((np.arange(LEVELS) + 0.5) / LEVELS))
        values = (read[:, None] * levels[None, :]).ravel()
        band = weighted_quantile(values[:, None], np.repeat(weight, LEVELS), np.array([LOWER, 0.5, UPPER]))
        found.append(_document(one, *(float(v) for v in band[:, 0])))
    return tuple(found)


def _document(one: Seen, low: float, median: float, high: float) -> Document:
    value, sign = one.measurement.value, "" if one.measurement.censoring == "=" else one.measurement.censoring
    unit = quantity_facts(one.quantity).unit
    span = f"{_number(median)} ({_number(low)}\N{EN DASH}{_number(high)})"
    return {
        "item": one.measurement.name,
        "unit": unit,
        "recorded": rounded(value),
        "censoring": one.measurement.censoring,
        "model": rounded(median),
        "low": rounded(low),
        "high": rounded(high),
        "inside": _inside(value, one.measurement.censoring, low, high),
        "text": f"{one.measurement.name}: recorded {sign}{_number(value)}, model {span} {unit}",
    }


def _inside(value: float, censoring: str, low: float, high: float) -> bool:
    """Whether the band holds the value, or any value that a limit leaves open, to the digits that are shown."""
    value, low, high = (float(_number(v).replace(",", "")) for v in (value, low, high))
    return (censoring == "<" or value <= high) and (censoring == ">" or value >= low)


def _number(value: float) -> str:
    return f"{value:,.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"
