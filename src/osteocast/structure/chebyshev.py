"""Factors of Chebyshev smoothing, and the largest eigenvalue that it needs.

A polynomial of the operator, so that no result depends on an order of nodes (Adams, Brezina, Hu and Tuminaro,
J Comput Phys 188 (2003) 593).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

RATIO = 10.0
"""Range of eigenvalues that the smoother damps: from largest / RATIO to largest."""


class Step(NamedTuple):
    """Factors of one Chebyshev step."""

    keep: float
    weight: float


def chebyshev(largest: float, degree: int) -> list[Step]:
    """Return the factors of a Chebyshev iteration on [largest / RATIO, largest]."""
    middle, half = largest * (1 + 1 / RATIO) / 2, largest * (1 - 1 / RATIO) / 2
    sigma = middle / half
    rho = 1 / sigma
    steps = [Step(0.0, 1 / middle)]
    for _ in range(degree - 1):
        new = 1 / (2 * sigma - rho)
        steps.append(Step(new * rho, 2 * new / half))
        rho = new
    return steps


def largest_eigenvalue(product: Any, size: int, steps: int = 12) -> float:
    """Return a slightly raised estimate of the largest eigenvalue of ``product`` by power iteration."""
    v = np.sin(1.0 + 7.0 * np.arange(size) ** 1.1)
    v /= np.linalg.norm(v)
    value = 1.0
    for _ in range(steps):
        w = product(v)
        value = float(np.linalg.norm(w))
        v = w / value
    return 1.1 * value
