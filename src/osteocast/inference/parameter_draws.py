"""Parameters of simulated people: the central ones, or one draw for each number of a draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.foundation.random import normal_array
from osteocast.inference.posterior import Posterior
from osteocast.inference.reference_arms import TypicalStreams

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SCALE_STREAM = 8


@dataclass(frozen=True, slots=True)
class Parameters:
    """Where the typical values of simulated people come from.

    Attributes
    ----------
    posterior : of the calibrated scales. seed : of every random number.
    drawn : whether typical values and scales are drawn from what is known of them, or stand at their centre.
    """

    posterior: Posterior
    seed: int
    drawn: bool

    def typical(self, patients: IntArray, draw: int) -> Typical:
        """Return typical values for people with these keys, all of one draw."""
        return typical_of_draws(self.posterior, self.seed, patients, np.full(len(patients), draw), drawn=self.drawn)


def typical_of_draws(
    posterior: Posterior, seed: int, patients: IntArray, draws: IntArray, *, drawn: bool = True
) -> Typical:
    """Return typical values with the calibrated scales drawn for each parameter draw, or all at their centre.

    Parameters
    ----------
    patients, draws : key of each person and of the draw they belong to, shape (n,).
    """
    if not drawn:
        standard = np.zeros((len(patients), len(posterior.names)))
        return Typical(TypicalStreams(seed, patients, draws), posterior.factors(standard), {})
    return Typical(Streams(seed, patients, draws), posterior.factors(scale_numbers(posterior, seed, draws)), {})


def scale_numbers(posterior: Posterior, seed: int, draws: IntArray) -> FloatArray:
    """Return the standard normal numbers behind the scales of draws (n,), shape (n, number of scales)."""
    columns = range(len(posterior.names))
    return np.stack([normal_array(seed, draws, SCALE_STREAM, column) for column in columns], axis=1)
