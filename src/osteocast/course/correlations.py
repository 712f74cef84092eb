"""How differences between people go together: correlations of the standard normal numbers behind them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np

from osteocast.evidence.load import load_parameters
from osteocast.foundation.errors import EvidenceError, Issue

FILE: Final = "correlations"
_WITH: Final = " with "

Mixing = dict[str, tuple[tuple[str, float], ...]]


@cache
def mixing() -> Mixing:
    """Return how the number of each correlated name is made, from ``parameters/correlations.toml``; see `mixing_of`."""
    pairs = {key: entry.value for key, entry in load_parameters(FILE).items()}
    return mixing_of(pairs)


def mixing_of(pairs: Mapping[str, float]) -> Mixing:
    """Return the rows of the Cholesky factor of a correlation matrix that differ from independence.

    Parameters
    ----------
    pairs : correlation by ``NAME with NAME``; names are those of `Streams.person`. Pairs that are not named, and
        pairs at the neutral value 0, are independent.

    Returns
    -------
    dict of str to tuple of (name, weight)
        Weights on independent numbers of earlier names and, last, of the name itself.

    Raises
    ------
    EvidenceError
        ``evidence.correlation``: numbers that no people can have.
    """
    names = list(dict.fromkeys(name for key in pairs for name in key.split(_WITH)))
    matrix = np.eye(len(names))
    for key, value in pairs.items():
        first, second = (names.index(name) for name in key.split(_WITH))
        matrix[first, second] = matrix[second, first] = value
    try:
        factor = np.linalg.cholesky(matrix) if names else matrix
    except np.linalg.LinAlgError:
        found, expected = "a matrix that is not positive definite", "correlations that can hold together"
        place = f"parameters/{FILE}.toml"
        raise EvidenceError([Issue("evidence.correlation", place, found, expected, "Make some smaller.")]) from None
    rows = {
        name: tuple((names[j], float(factor[i, j])) for j in range(i + 1) if factor[i, j] != 0.0)
        for i, name in enumerate(names)
    }
    return {name: row for name, row in rows.items() if len(row) > 1}
