"""What a force-displacement curve says: yield by an offset, and failure by a stated definition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from osteocast.structure.voxel_model import Floats

__all__ = ["OFFSET", "Curve", "Verdict", "judge", "offset_yield"]

OFFSET = 0.002
"""Offset strain of the yield load, the usual 0.2 %."""

DROP = 0.02
"""A fall from the highest force by this share shows that it was the maximum and not noise of the iteration."""


class Curve(NamedTuple):
    """Displacement [mm] and force [N] from 0, and the elastic slope [N/mm]."""

    displacement_mm: Floats
    force_n: Floats
    stiffness_n_mm: float


class Verdict(NamedTuple):
    """Index of the point of failure, and by which definition: ``maximum``, ``plateau`` or ``limit``."""

    step: int
    definition: str


def judge(curve: Curve, plateau: float) -> Verdict:
    """Return where the curve has failed: at its maximum, on its plateau, or else at its end."""
    at, force, stiffness = curve
    top = int(np.argmax(force))
    if top < force.size - 1 and float(force[-1]) < (1 - DROP) * float(force[top]):
        return Verdict(top, "maximum")
    slope = np.diff(force) / np.diff(at)
    if slope.size > 1 and abs(float(slope[-1])) < plateau * stiffness:
        return Verdict(force.size - 1, "plateau")
    return Verdict(force.size - 1, "limit")


def offset_yield(curve: Curve, length_mm: float) -> float | None:
    """Return the load where the curve meets the elastic line moved by the offset; None where it does not."""
    at, force, stiffness = curve
    below = force - stiffness * (at - OFFSET * length_mm)
    crossed = np.flatnonzero(below <= 0)
    if crossed.size == 0:
        return None
    k = int(crossed[0])
    share = float(below[k - 1] / (below[k - 1] - below[k]))
    return float(force[k - 1] + share * (force[k] - force[k - 1]))
