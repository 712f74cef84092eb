"""When a voxel yields, and how stiff it is afterwards: an asymmetric criterion of principal strain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from osteocast.structure.voxel_model import Floats

__all__ = ["Limits", "principal_ends", "ratios", "secant"]


class Limits(NamedTuple):
    """Largest principal strain a voxel bears without yielding, both positive; infinite where it never yields."""

    tension: Floats
    compression: Floats


def principal_ends(strain: Floats) -> tuple[Floats, Floats]:
    """Return the highest and the lowest principal strain.

    Parameters
    ----------
    strain : array, shape (cells, 6)
        xx, yy, zz and engineering yz, zx, xy.

    Notes
    -----
    Closed form for the eigenvalues of a symmetric 3 x 3 matrix (Smith, Commun ACM 4 (1961) 168).
    """
    xx, yy, zz, yz, zx, xy = strain.T
    mean = (xx + yy + zz) / 3
    a, b, c = xx - mean, yy - mean, zz - mean
    p, q, r = yz / 2, zx / 2, xy / 2
    size = np.sqrt((a * a + b * b + c * c + 2 * (p * p + q * q + r * r)) / 6)
    determinant = a * (b * c - p * p) - r * (r * c - p * q) + q * (r * p - b * q)
    cube = np.where(size > 0, size, 1.0) ** 3
    angle = np.arccos(np.clip(determinant / (2 * cube), -1, 1)) / 3
    return mean + 2 * size * np.cos(angle), mean + 2 * size * np.cos(angle + 2 * np.pi / 3)


def ratios(strain: Floats, limits: Limits) -> tuple[Floats, Floats]:
    """Return how far each voxel is strained towards yield in tension and in compression; 1 is yield."""
    high, low = principal_ends(strain)
    return np.maximum(high, 0) / limits.tension, np.maximum(-low, 0) / limits.compression


def secant(ratio: Floats, hardening: float, rest: float) -> Floats:
    """Return the share of the modulus that is left, 1 - d, when a voxel is strained to `ratio` times its yield.

    Beyond yield the stress stays at its yield value, or rises with `hardening` times the modulus; at least `rest`
    of the modulus remains, so that the equations can be solved.
    """
    beyond = np.maximum(ratio, 1)
    return np.maximum((1 + hardening * (beyond - 1)) / beyond, rest)
