"""Parameters of simulated people: the central ones, or one draw for each number of a draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from osteocast.course.streams import Streams
from osteocast.course.typical import Typical, file_of
from osteocast.domain.table import table_names
from osteocast.foundation.errors import InputError, Issue
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
    fixed : values that replace entries altogether, see `course.typical.Typical`.
    """

    posterior: Posterior
    seed: int
    drawn: bool
    fixed: Mapping[str, float] = field(default_factory=dict)

    def typical(self, patients: IntArray, draw: int) -> Typical:
        """Return typical values for people with these keys, all of one draw."""
        draws = np.full(len(patients), draw)
        typical = typical_of_draws(self.posterior, self.seed, patients, draws, drawn=self.drawn)
        return replace(typical, fixed={**typical.fixed, **self.fixed})


def neutral_values(names: Sequence[str]) -> dict[str, float]:
    """Return the declared neutral value of parameters, by ``file.name`` and in the unit of their file.

    Raises
    ------
    InputError
        ``parameter.no-neutral``: a name that no parameter has, or a parameter without a neutral value.
    """
    found, issues = {}, []
    for name in names:
        file, _, entry = name.partition(".")
        known = file_of(file) if file in table_names("parameters") else {}
        neutral = known[entry].neutral if entry in known else None
        if neutral is None:
            what = "no neutral value" if entry in known else "no such parameter"
            fix = "Declare `neutral` in its file where a value removes the mechanism, or choose another parameter."
            issues.append(Issue("parameter.no-neutral", name, what, "a parameter with a neutral value", fix))
        else:
            found[name] = neutral
    if issues:
        raise InputError(issues)
    return found


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
