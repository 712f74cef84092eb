"""Chance in the change of a figure: the figure again without each of a few groups of patients (delete-a-group)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.trial import Trial
from osteocast.evidence.target import Target
from osteocast.trials.endpoint import estimate
from osteocast.trials.published import published_of
from osteocast.trials.result import endpoint_result
from osteocast.trials.subjects import Subjects
from osteocast.validation.row import Row

GROUPS: Final = 10
"""Groups of patients by the last digit of their key, so that a patient is in the same group in every run."""


def figures_by_group(
    trial: Trial, subjects: Subjects, rows: Sequence[Row], targets: Mapping[str, Target], seed: int
) -> dict[str, tuple[float, ...]]:
    """Return each row's figure without each group, in the unit of publication; nan where there is none.

    Parameters
    ----------
    seed : of the trial's first replicate, for what is measured with error.
    """
    found: dict[str, list[float]] = {row.target: [] for row in rows}
    for group in range(GROUPS):
        left = subjects.take(subjects.key % GROUPS != group)
        for row in rows:
            endpoint = trial.endpoint(row.endpoint)
            one = estimate(trial, left, endpoint, seed)
            found[row.target].append(endpoint_result(endpoint, [one], published_of(targets[row.target])).middle)
    return {target: tuple(values) for target, values in found.items()}


def jackknife_error(values: NDArray[np.float64]) -> float:
    """Return the standard error of an estimate from its values without each group; nan where one lacks."""
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return float("nan")
    return float(np.sqrt((n - 1) / n * np.sum((values - values.mean()) ** 2)))
