"""Strata of entry: how many patients of a group have the published characteristic, how many have not, and who enters.

Candidates enter in the order of their keys while their stratum has room, so that the first patients of a stratum are
the same whatever the size of the trial, of a block and the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.trial import EntryShare
from osteocast.trials.entry import meets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WITHOUT, WITH = 0, 1
"""Numbers of the two strata where a share is published."""
_EVERYBODY: Final = 0


@dataclass(frozen=True, slots=True)
class Strata:
    """Strata of entry of one group of patients: one of everybody, or those without and with a characteristic.

    Attributes
    ----------
    share : published with the trial; None for one stratum of everybody.
    wanted : patients of each stratum, shape (1,) or (2,).
    """

    share: EntryShare | None
    wanted: IntArray

    def of(self, entry: FloatArray) -> IntArray:
        """Return the stratum of each patient, shape (n,); `entry` is from `entry.at_entry`.

        A value that is missing is without the characteristic.
        """
        if self.share is None:
            return np.full(len(entry), _EVERYBODY, dtype=np.int64)
        return np.where(meets((self.share.criterion,), entry), WITH, WITHOUT).astype(np.int64)

    def counted(self, entry: FloatArray) -> IntArray:
        """Return how many patients are in each stratum, shape of `wanted`."""
        return np.bincount(self.of(entry), minlength=len(self.wanted)).astype(np.int64)

    def with_room(self, entry: FloatArray, taken: IntArray) -> IntArray:
        """Return the rows of those who may enter, rising: the first of every stratum up to its number.

        Parameters
        ----------
        entry : values at entry of the admitted of a block, in the order of their keys, shape (n, q).
        taken : patients of each stratum who entered before, shape of `wanted`.
        """
        stratum = self.of(entry)
        room = np.maximum(self.wanted - taken, 0)
        rows = [np.flatnonzero(stratum == one)[: room[one]] for one in range(len(self.wanted))]
        return np.sort(np.concatenate(rows)).astype(np.int64)


def strata_of(share: EntryShare | None, patients: int) -> Strata:
    """Return the strata of a group of so many patients; those with the characteristic by the nearest whole number."""
    if share is None:
        return Strata(None, np.array([patients], dtype=np.int64))
    having = int(np.floor(share.share.value * patients + 0.5))
    return Strata(share, np.array([patients - having, having], dtype=np.int64))
