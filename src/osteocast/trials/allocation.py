"""Which arm each patient is allocated to."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.trial import Trial
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.random import uniform_array

IntArray = NDArray[np.int64]

ALLOCATION_QUANTITY: Final = 31
_DEFAULT_BLOCK: Final = 4


def arm_list(shares: tuple[float, ...], size: int) -> IntArray:
    """Return the arms of one block in order: of each as many as its share asks for, by largest remainder.

    Parameters
    ----------
    shares : of the arms, sum 1.
    size : patients in a block.
    """
    wanted = np.asarray(shares) * size
    number = np.floor(wanted + 1e-9).astype(np.int64)
    order = np.argsort(-(wanted - number), kind="stable")
    number[order[: size - int(number.sum())]] += 1
    return np.repeat(np.arange(len(shares)), number)


def allocate(trial: Trial, seed: int, lot: int, stratum: IntArray, place: IntArray) -> IntArray:
    """Return the arm of each patient, shape (n,).

    Parameters
    ----------
    seed, lot : key of the chance; each group of each replicate has a lot of its own.
    stratum : of each patient, shape (n,).
    place : how many of the same stratum came before, shape (n,).

    Raises
    ------
    InputError
        ``trial.allocation``: a method that is not simulated.
    """
    whole = sum(arm.share for arm in trial.arms)
    shares = tuple(arm.share / whole for arm in trial.arms)
    method = trial.allocation.method
    if method == "simple":
        level = uniform_array(seed, lot, ALLOCATION_QUANTITY + stratum, place)
        return np.minimum(np.searchsorted(np.cumsum(shares), level, side="right"), len(shares) - 1)
    if method != "permuted-blocks":
        expected = "simple or permuted-blocks"
        fix = "Choose another method; blocks within strata come close to minimisation."
        raise InputError(Issue("trial.allocation", f"{trial.name}: allocation", method, expected, fix))
    size = trial.allocation.block_size or _DEFAULT_BLOCK * len(shares)
    block, within = place // size, place % size
    numbers = np.arange(size)
    lottery = uniform_array(
        seed,
        np.full((len(place), 1), lot),
        (ALLOCATION_QUANTITY + stratum)[:, None],
        block[:, None] * size + numbers,
    )
    order = np.argsort(lottery, axis=1, kind="stable")
    return arm_list(shares, size)[order[np.arange(len(place)), within]]
