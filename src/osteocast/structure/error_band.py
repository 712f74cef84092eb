"""How far computed failure loads lay from measured ones in published series, as an interval around a load."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from scipy import stats

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue

__all__ = ["Band", "error_band"]

_COVER = 0.95

LOWER_BOUND = (
    "the true error is larger: laws of density, ends and voxels of these series differ from those used here, their "
    "regressions are not applied, and bones of donors are scanned better than those of patients"
)

VOXELS = (
    "the size of the voxels that are loaded is not in the interval: halving them with the same material took 8 % off "
    "the load of a T12 at 1 mm and 5 % off that of a femur in stance at 2 mm, and it had not settled; compare bones "
    "only on the same voxels"
)


class Band(NamedTuple):
    """Interval that 95 % of measured loads would lie in if this computation were as good as the series.

    Attributes
    ----------
    low_n, high_n : float or None
        [N]; None where no series of this bone gives an interval.
    lines : tuple of str
        The series with their population and status, and what the interval is not.
    """

    low_n: float | None
    high_n: float | None
    lines: tuple[str, ...]


def error_band(site: str, rule: str, load_n: float) -> Band:
    """Return the interval around a computed failure load, the widest of the series of this bone.

    Parameters
    ----------
    site : str
        As in `BoneModel.site`; the side does not matter.
    rule : {"nonlinear", "linear"} or name of a rule
        "nonlinear" is `load_to_failure`; every rule of `failure_rules` is "linear".
    load_n : float

    Raises
    ------
    InputError
        ``failure.load`` for a load that is not above 0.
    """
    if not (math.isfinite(load_n) and load_n > 0):
        fix = "Give the computed failure load."
        raise InputError(Issue("failure.load", "load", f"{load_n:g} N", "more than 0 N", fix))
    bone, kind = site.partition("-")[0], rule if rule == "nonlinear" else "linear"
    table: Mapping[str, Any] = read_table("strength_experiments")["series"]
    series = {name: one for name, one in table.items() if one["site"] == bone}
    half = {name: _interval(one, load_n) for name, one in series.items()}
    usable = {name: ends for name, ends in half.items() if ends is not None}
    same = {name: ends for name, ends in usable.items() if kind in series[name]["rules"]}
    chosen = same or usable
    lines = [_line(name, one, chosen.get(name)) for name, one in series.items()]
    if not chosen:
        return Band(None, None, (f"no published series of {bone} with an interval: no error band", *lines, VOXELS))
    if not same:
        lines.append(f"no {kind} series of {bone} gives an interval; that of the other kind is taken")
    lines += [_outside(name, series[name], load_n) for name in chosen if _is_outside(series[name], load_n)]
    low, high = min(ends[0] for ends in chosen.values()), max(ends[1] for ends in chosen.values())
    return Band(max(low, 0.0), high, (*lines, VOXELS, LOWER_BOUND))


def _interval(one: Mapping[str, Any], load_n: float) -> tuple[float, float] | None:
    """Return the ends of the prediction interval of one series at a load [N]."""
    if "relative" in one:
        low, high = one["relative"]
        return load_n * (1 + low), load_n * (1 + high)
    if "see_n" in one:
        n = one["n"]
        # Of one more bone near the mean of the series: its own scatter and the error of the line.
        half = float(stats.t.ppf(0.5 + _COVER / 2, n - 2)) * one["see_n"] * math.sqrt(1 + 1 / n)
        return load_n - half, load_n + half
    if "spread_n" in one:
        half = float(stats.norm.ppf(0.5 + _COVER / 2)) * one["spread_n"] * math.sqrt(1 - min(one["r2"]))
        return load_n - half, load_n + half
    return None


def _is_outside(one: Mapping[str, Any], load_n: float) -> bool:
    return "range_n" in one and not one["range_n"][0] <= load_n <= one["range_n"][1]


def _outside(name: str, one: Mapping[str, Any], load_n: float) -> str:
    low, high = one["range_n"]
    return f"{name}: {load_n:.0f} N lies outside of the loads of the series, {low:.0f} to {high:.0f} N"


def _line(name: str, one: Mapping[str, Any], ends: tuple[float, float] | None) -> str:
    explained = " to ".join(f"{value:g}" for value in one["r2"])
    used = f"{max(ends[0], 0):.0f} to {ends[1]:.0f} N" if ends else "not used"
    fit = f"R2 {explained}, " if explained else ""
    return (
        f"{name}: {one['population']}, {one['loading']}, {'/'.join(one['rules'])}: {fit}{used} "
        f"({one['status']}; {one['differs']})"
    )
