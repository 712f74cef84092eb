"""What a force-displacement curve says: yield by an offset, and failure by a stated definition."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from osteocast.structure.voxel_model import Floats

__all__ = ["MEANING", "OFFSET", "Curve", "Definition", "judge", "offset_yield"]

OFFSET = 0.002
"""Offset strain of the yield load, the usual 0.2 %."""

DROP = 0.02
"""A fall from the highest force by this share shows that it was the maximum and not noise of the iteration."""


class Curve(NamedTuple):
    """Displacement [mm] and force [N] from 0, and the elastic slope [N/mm]."""

    displacement_mm: Floats
    force_n: Floats
    stiffness_n_mm: float


Definition = Literal["maximum", "plateau", "limit"]

MEANING: dict[Definition, str] = {
    "maximum": "the highest force; it fell afterwards",
    "plateau": "the force where the curve rises by less than {plateau:g} of its elastic slope",
    "limit": "the force at the stated limit, a displacement of {limit:g} of the length: the curve still rises there",
}


def judge(curve: Curve, plateau: float) -> Definition:
    """Return how the curve has ended so far; ``limit`` where it has not failed by itself."""
    at, force, stiffness = curve
    if float(force[-1]) < (1 - DROP) * float(force.max()):
        return "maximum"
    slope = np.diff(force) / np.diff(at)
    return "plateau" if slope.size > 1 and float(slope[-1]) < plateau * stiffness else "limit"


def offset_yield(curve: Curve, length_mm: float, plateau: bool) -> float | None:
    """Return the load where the curve meets the elastic line moved by the offset; None where it does not.

    A curve that ended on a plateau is drawn on level.
    """
    at, force, stiffness = curve
    if plateau:
        at, force = np.append(at, at[-1] + OFFSET * length_mm + force[-1] / stiffness), np.append(force, force[-1])
    below = force - stiffness * (at - OFFSET * length_mm)
    crossed = np.flatnonzero(below <= 0)
    if crossed.size == 0:
        return None
    k = int(crossed[0])
    share = float(below[k - 1] / (below[k - 1] - below[k]))
    return float(force[k - 1] + share * (force[k] - force[k - 1]))
