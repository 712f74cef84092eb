"""How far rows may lie from their figures: a discrepancy whose size is not known for any trial.

Rows of trial t have the covariance S_t + u_t D_t: S_t is sampling and simulation, D_t the declared discrepancy, and the
variance factor u_t follows an inverse gamma distribution with shape and scale v/2, so that discrepancy by itself is
Student's t with v degrees of freedom (Lange, Little and Taylor 1989, J Am Stat Assoc 84:881). A trial that the
model misses on the whole then says itself that its discrepancy is larger, and pulls scales shared with others less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, roots_genlaguerre

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_NODES = 40


@dataclass(frozen=True, slots=True)
class Sizes:
    """Variance factors of a discrepancy and their probabilities, shapes (q,)."""

    factor: FloatArray
    share: FloatArray


def sizes(freedom: float) -> Sizes:
    """Return the variance factors of a discrepancy with so many degrees of freedom; infinity: always the declared one.

    Nodes of Gauss-Laguerre integration over the precision 1/u, which is gamma with shape and rate freedom/2.
    """
    if np.isinf(freedom):
        return Sizes(np.ones(1), np.ones(1))
    shape = 0.5 * freedom
    node, weight = roots_genlaguerre(_NODES, shape - 1.0)
    return Sizes(np.asarray(shape / node), np.asarray(weight / weight.sum()))


@dataclass(frozen=True, slots=True)
class Misfit:
    """The distribution of rows about their figures.

    Attributes
    ----------
    certain : covariance of sampling and simulation, shape (m, m). discrepancy : declared covariance, shape (m, m).
    trial : number of each row's trial, shape (m,); trials that report on the same people have one number. Nothing is
        shared between others.
    sizes : variance factors of the discrepancy of a trial.
    """

    certain: FloatArray
    discrepancy: FloatArray
    trial: IntArray
    sizes: Sizes

    @property
    def covariance(self) -> FloatArray:
        """Covariance with the discrepancy as declared, shape (m, m)."""
        return np.asarray(self.certain + self.discrepancy)

    def only(self, used: BoolArray) -> Misfit:
        """Return the distribution of some of the rows, shape (m,)."""
        both = np.ix_(used, used)
        return replace(self, certain=self.certain[both], discrepancy=self.discrepancy[both], trial=self.trial[used])

    def with_error(self, sd: FloatArray) -> Misfit:
        """Return the distribution with an error of each row by itself, such as that of an emulator, shape (m,)."""
        return replace(self, certain=self.certain + np.diag(sd**2))

    def log_likelihood(self, away: FloatArray) -> FloatArray:
        """Return the log-likelihood of distances (n, m), shape (n,)."""
        total = np.zeros(len(away))
        for rows in self._trials():
            total += logsumexp(self._joint(rows, away[:, rows]), axis=1)
        return total

    def expected_precision(self, away: FloatArray) -> FloatArray:
        """Return the precision averaged over the sizes that distances (m,) make likely, shape (m, m).

        With it, weighted least squares is the maximisation step of the EM algorithm for the mode.
        """
        found = np.zeros_like(self.certain)
        for rows in self._trials():
            likely = self._likely(rows, away[rows])
            inverse = [np.linalg.inv(self._of(rows, factor)) for factor in self.sizes.factor]
            found[np.ix_(rows, rows)] = np.tensordot(likely, np.array(inverse), axes=1)
        return found

    def expected_factor(self, away: FloatArray) -> FloatArray:
        """Return for each trial in order of its number the variance factor that distances (m,) make likely.

        A missing distance (NaN) says nothing.
        """
        known = np.isfinite(away)
        there = [rows[known[rows]] for rows in self._trials()]
        return np.array([self._likely(rows, away[rows]) @ self.sizes.factor for rows in there])

    def _trials(self) -> list[IntArray]:
        return [np.flatnonzero(self.trial == one) for one in np.unique(self.trial)]

    def _of(self, rows: IntArray, factor: float) -> FloatArray:
        both = np.ix_(rows, rows)
        return np.asarray(self.certain[both] + factor * self.discrepancy[both])

    def _joint(self, rows: IntArray, away: FloatArray) -> FloatArray:
        """Return the log-density of distances (n, rows) with each size, its probability in it, shape (n, q)."""
        columns = []
        for factor, share in zip(self.sizes.factor, self.sizes.share, strict=True):
            half = np.linalg.cholesky(self._of(rows, float(factor)))
            scaled = np.linalg.solve(half, away.T)
            log_density = -0.5 * np.sum(scaled**2, axis=0) - np.sum(np.log(np.diag(half)))
            columns.append(log_density + np.log(share))
        return np.array(columns).T

    def _likely(self, rows: IntArray, away: FloatArray) -> FloatArray:
        joint = self._joint(rows, away[None, :])[0]
        return np.asarray(np.exp(joint - logsumexp(joint)))
