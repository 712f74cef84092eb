"""Standard normal numbers behind every draw of a patient, each keyed by its name and whose it is.

Three layers are kept apart: what is uncertain about typical values (one number per parameter draw), how people
differ (one per patient), and chance (drawn in the course loop). A name may be overridden by given numbers, which is
how importance proposals and tests put values in place of random ones.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from osteocast.course.correlations import mixing
from osteocast.foundation.random import normal_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PERSON = 1
_TYPICAL = 0
_LESION = 2


def stream_number(name: str) -> int:
    """Fixed integer of a name, the same on every machine and in every run."""
    return 1_000_000 + (zlib.crc32(name.encode()) & 0x3FFFFFFF)


@dataclass(frozen=True, slots=True)
class Streams:
    """Keyed standard normal numbers for `n` patients.

    Parameters
    ----------
    seed : int
    patients : (n,) int64
        Key of each patient, the same under every regimen and in every batch.
    draws : (n,) int64
        Key of the parameter draw each patient belongs to.
    given : dict of str to (n,) float64
        Numbers that replace the random ones of a name.
    """

    seed: int
    patients: IntArray
    draws: IntArray
    given: dict[str, FloatArray] = field(default_factory=dict)

    def typical(self, name: str) -> FloatArray:
        """Return one number per patient, equal within a parameter draw, shape (n,)."""
        return normal_array(self.seed, self.draws, stream_number(name), _TYPICAL)

    def person(self, name: str) -> FloatArray:
        """Return one number per patient, shape (n,); correlated with others as `correlations` says."""
        if name in self.given:
            return self.given[name]
        own = normal_array(self.seed, self.patients, stream_number(name), _PERSON)
        row = mixing().get(name)
        if row is None:
            return own
        *others, (_, weight) = row
        return np.asarray(sum((w * self._independent(other) for other, w in others), weight * own))

    def _independent(self, name: str) -> FloatArray:
        """Return the part of a name's number that no earlier name explains, shape (n,)."""
        row = mixing().get(name, ((name, 1.0),))
        *others, (_, weight) = row
        if name not in self.given:
            return normal_array(self.seed, self.patients, stream_number(name), _PERSON)
        explained = sum((w * self._independent(other) for other, w in others), np.zeros(len(self.patients)))
        return np.asarray((self.given[name] - explained) / weight)

    def lesion(self, name: str, count: int) -> FloatArray:
        """Return one number per patient and lesion, shape (n, count)."""
        rows = _LESION + np.arange(count, dtype=np.int64)
        return normal_array(self.seed, self.patients[:, None], stream_number(name), rows[None, :])
