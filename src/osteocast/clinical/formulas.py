"""The few formulas that instruments name. Each is monotone in each argument, so that bounds lie at the ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import cast

from osteocast.domain.laboratory import creatinine_clearance
from osteocast.domain.patient import Sex
from osteocast.domain.table import read_table
from osteocast.formats.possible import Possible, known

__all__ = ["FORMULAS", "compute"]

# Sums of decimal fractions carry binary dust, which must not carry a value over a limit.
_DECIMALS = 9


def _albumin_corrected(calcium: float, albumin: float, per_albumin: float, normal_albumin: float) -> float:
    return calcium + per_albumin * (normal_albumin - albumin)


def _clearance(age: float, weight: float, creatinine: float, sex: str) -> float:
    umol_per_l = creatinine * float(read_table("laboratory")["creatinine_conversion"]["value"])
    return creatinine_clearance(age, weight, cast(Sex, sex), umol_per_l)


def _difference(after: float, before: float) -> float:
    return after - before


def _percent_change(after: float, before: float) -> float:
    if before == 0.0:
        return 0.0 if after == 0.0 else math.inf
    return 100.0 * (after - before) / before


FORMULAS: dict[str, Callable[..., float]] = {
    "albumin_corrected": _albumin_corrected,
    "cockcroft_gault": _clearance,
    "difference": _difference,
    "percent_change": _percent_change,
}
"""By the name used in the files of instruments."""


def compute(name: str, arguments: Mapping[str, Possible], constants: Mapping[str, float]) -> Possible:
    """Return the formula's value, or the range it lies in while an argument is open."""
    if any(math.inf in map(abs, one.bounds) for one in arguments.values() if one.bounds):
        return Possible()
    found = [
        FORMULAS[name](**dict(zip(arguments, corner, strict=True)), **constants)
        for corner in itertools.product(*(one.corners for one in arguments.values()))
    ]
    low, high = (round(end, _DECIMALS) if math.isfinite(end) else end for end in (min(found), max(found)))
    return known(low) if all(one.settled for one in arguments.values()) else Possible(low=low, high=high)
