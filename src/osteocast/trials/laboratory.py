"""Monthly values of subjects as a laboratory measures them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.course.streams import stream_number
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.foundation.random import normal_array
from osteocast.trials.subjects import MEASURED, Subjects

FloatArray = NDArray[np.float64]

ASSAYS: Final = MappingProxyType(
    {"calcium_mmol_per_l": "corrected-calcium", "untx_ratio": "uNTx", "ctx_ratio": "CTX", "bone_alp_ratio": "bone-ALP"}
)
"""Quantity of ``data/observations.toml`` whose assay measures a series."""


def measured(subjects: Subjects, name: str, seed: int) -> FloatArray:
    """Return a monthly series with the log-normal error of its assay, nan after death, shape (n, months + 1)."""
    true = subjects.series[:, :, MEASURED.index(name)]
    assay = quantity_facts(ASSAYS[name]).assay
    error = 0.0 if assay is None else assay.value
    month = np.arange(true.shape[1])
    normal = normal_array(seed, subjects.key[:, None], stream_number(f"laboratory.{name}"), month[None, :])
    return np.asarray(true * np.exp(np.sqrt(np.log1p(error**2)) * normal))


def month_of(day: float, count: int) -> int:
    """Return the month of a series of `count` values that lies nearest to a day."""
    return int(np.clip(round(day / DAYS_PER_MONTH), 0, count - 1))


def harm_limit(name: str) -> float:
    """Return a limit of calcium [mmol/L] by its name in ``data/trial_harms.toml``."""
    return float(read_table("trial_harms")[name])
