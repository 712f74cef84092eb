"""A quadratic emulator: transformed outputs of a slow simulator as a quadratic function of a few inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def smallest_design(k: int) -> int:
    """Return the fewest design points that leave an error to be judged: coefficients plus two."""
    return (k + 1) * (k + 2) // 2 + 2


def quadratic_terms(x: FloatArray) -> FloatArray:
    """Return 1, x_i and x_i x_j (i <= j) of each row, shape (n, (k + 1)(k + 2) / 2)."""
    n, k = x.shape
    products = [x[:, i] * x[:, j] for i, j in combinations_with_replacement(range(k), 2)]
    return np.column_stack([np.ones(n), x, *products])


@dataclass(frozen=True, slots=True)
class Emulator:
    """Quadratic functions of standardised inputs, one for each output.

    Attributes
    ----------
    coefficients : shape (terms, outputs).
    residual_sd : leave-one-out error of each output, on the transformed scale, shape (outputs,).
    q2 : leave-one-out share of variance explained, shape (outputs,); nan for an output that never varies.
    """

    coefficients: FloatArray
    residual_sd: FloatArray
    q2: FloatArray

    @classmethod
    def fit(cls, x: FloatArray, y: FloatArray) -> Emulator:
        """Fit by least squares.

        Parameters
        ----------
        x : standardised inputs, shape (n, k). y : transformed outputs, shape (n, outputs).

        Raises
        ------
        ValueError
            With fewer points than `smallest_design` or inputs that do not span a quadratic.
        """
        n, k = x.shape
        if n < smallest_design(k):
            raise ValueError(f"{n} design points for {k} scales; at least {smallest_design(k)} are needed")
        terms = quadratic_terms(x)
        if np.linalg.matrix_rank(terms) < terms.shape[1]:
            raise ValueError("the design points do not span a quadratic function")
        q, r = np.linalg.qr(terms)
        coefficients = np.linalg.solve(r, q.T @ y)
        leverage = np.sum(q * q, axis=1)
        # A point of leverage one is fitted exactly and says nothing about the error.
        left_out = (y - terms @ coefficients) / np.maximum(1.0 - leverage, 1e-9)[:, None]
        press = np.sum(left_out**2, axis=0)
        spread = np.sum((y - y.mean(axis=0)) ** 2, axis=0)
        q2 = np.where(spread > 0.0, 1.0 - press / np.where(spread > 0.0, spread, 1.0), math.nan)
        return cls(coefficients, np.sqrt(press / n), q2)

    def predict(self, x: FloatArray) -> FloatArray:
        """Return transformed outputs, shape (n, outputs)."""
        return np.asarray(quadratic_terms(x) @ self.coefficients)
