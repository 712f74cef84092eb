"""Loads of daily life and of a fall set against the strength of a bone: the load-to-strength ratio.

A ratio above 1 says that a load of this size exceeds the computed strength. It is no probability of a fracture: how
often such a load comes is not in it, nor are the muscles that pull on the bone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue

__all__ = ["GRAVITY", "LoadRatio", "load_ratios"]

GRAVITY = 9.80665
"""Standard acceleration of free fall [m/s2], by definition."""

_LIGHTEST_KG, _HEAVIEST_KG = 20.0, 400.0


@dataclass(frozen=True, slots=True)
class LoadRatio:
    """One load of daily life over the strength of a bone.

    Attributes
    ----------
    activity, about : str
        Key of the data, and in words.
    load_n : float
        [N]
    load_interval_n : tuple of float, optional
        As published, see `spread` [N].
    ratio : float
        Load over strength.
    interval : tuple of float, optional
        From the interval of the strength and that of the load, each end taken at its worst; None where neither has one.
    spread : str
        Whom the load was measured in, and what its interval is.
    source, where : str
    status : {"read", "derived"}
    """

    activity: str
    about: str
    load_n: float
    load_interval_n: tuple[float, float] | None
    ratio: float
    interval: tuple[float, float] | None
    spread: str
    source: str
    where: str
    status: Literal["read", "derived"]


def load_ratios(
    site: str,
    case: str,
    body_weight_kg: float,
    strength_n: float,
    strength_interval_n: tuple[float, float] | None = None,
) -> tuple[LoadRatio, ...]:
    """Return the daily loads that a load case stands for, each over the strength, by rising load.

    Parameters
    ----------
    site : str
        ``"femur-left"``, ``"vertebra-l4"``, ``"humerus-right"``.
    case : str
        Name of a load case, ``"stance"`` or ``"femur-stance"``. Empty result where no daily load is known for it.
    body_weight_kg : float
    strength_n : float
        Failure load in that case [N].
    strength_interval_n : tuple of float, optional
        Lower and upper end [N]; from a lower end of 0 the ratio has no upper end (infinite).

    Raises
    ------
    InputError
        ``load.body-weight``, ``load.strength``
    """
    _check(body_weight_kg, strength_n, strength_interval_n)
    kind = site.partition("-")[0]
    name = case.removeprefix(f"{kind}-")
    chosen = {k: e for k, e in read_table("daily_loads").items() if (e["site"], e["case"]) == (kind, name)}
    rows = [_row(k, e, body_weight_kg, strength_n, strength_interval_n) for k, e in chosen.items()]
    return tuple(sorted(rows, key=lambda row: row.load_n))


def _row(
    key: str, entry: dict[str, Any], weight_kg: float, strength: float, interval: tuple[float, float] | None
) -> LoadRatio:
    newtons = {"body weights": weight_kg * GRAVITY, "newtons": 1.0}[entry["unit"]]
    load = float(entry["value"]) * newtons
    ends = (float(entry["low"]) * newtons, float(entry["high"]) * newtons) if "low" in entry else None
    low, high = ends or (load, load)
    weak, strong = interval or (strength, strength)
    return LoadRatio(
        activity=key,
        about=entry["about"],
        load_n=load,
        load_interval_n=ends,
        ratio=load / strength,
        interval=(low / strong, high / weak if weak > 0 else np.inf) if ends or interval else None,
        spread=entry["spread"],
        source=entry["source"],
        where=entry["where"],
        status=entry["status"],
    )


def _check(weight_kg: float, strength: float, interval: tuple[float, float] | None) -> None:
    issues = []
    if not (np.isfinite(weight_kg) and _LIGHTEST_KG <= weight_kg <= _HEAVIEST_KG):
        expected = f"{_LIGHTEST_KG:g} to {_HEAVIEST_KG:g} kg"
        issues.append(Issue("load.body-weight", "body weight", f"{weight_kg:g} kg", expected, "Give it in kilograms."))
    low, high = interval or (strength, strength)
    if not (np.isfinite([low, strength, high]).all() and 0 <= low <= strength <= high and strength > 0):
        found = f"{strength:g} N, interval {low:g} to {high:g} N"
        fix = "Give the failure load in newtons, within its interval."
        issues.append(Issue("load.strength", "strength", found, "more than 0 N, within its interval", fix))
    if issues:
        raise InputError(issues)
