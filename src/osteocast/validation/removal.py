"""What published figures lose when a mechanism is out.

With and without it the same people are followed in every arm with parameters at their centre (common random numbers),
so that the change of a figure is that of the mechanism. The change moves the 90 % interval of the validation, which
holds what is not known of the parameters; a figure that the moved interval leaves is lost with the mechanism.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from osteocast.trials.patterns import Pattern
from osteocast.validation.jackknife import jackknife_error
from osteocast.validation.mechanisms import Mechanism
from osteocast.validation.row import Row
from osteocast.validation.scale import to_scale
from osteocast.validation.score import Prediction

if TYPE_CHECKING:
    from osteocast.validation.run import TrialRun


class Verdict(StrEnum):
    """What a row does when a mechanism is out."""

    KEPT = "kept"
    """Within its interval with and without the mechanism."""
    LOST = "lost"
    """Within its interval, and no longer without."""
    GAINED = "gained"
    """Outside of its interval, and within without."""
    MISSED = "missed"
    """Outside either way."""
    UNKNOWN = "not told"
    """Not simulated, or a time that is not reached with all mechanisms."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A row without a mechanism.

    Attributes
    ----------
    target : its id.
    whole, without : figure with every mechanism and without this one, parameters at their centre, in the unit of
        publication; nan where there is none, infinite for a time that is not reached.
    change : without less whole, on the row's scale. error : standard error of it by the chance of the patients, nan
        where a group of them does not tell. low, high : moved 90 % limits on the scale.
    verdict : what becomes of the row.
    """

    target: str
    whole: float
    without: float
    change: float
    error: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Removal:
    """A mechanism that was out.

    Attributes
    ----------
    mechanism : which. neutral : values its parameters stood at, by ``file.name``.
    rows : every row of the validation, in its order.
    patterns : of every trial that was simulated, by its name. reasons : why others were not, by name.
    """

    mechanism: Mechanism
    neutral: Mapping[str, float]
    rows: tuple[Moved, ...]
    patterns: Mapping[str, tuple[Pattern, ...]]
    reasons: Mapping[str, str]

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have a verdict."""
        return sum(row.verdict is verdict for row in self.rows)


@dataclass(frozen=True, slots=True)
class Removals:
    """Mechanisms that were out one at a time.

    Attributes
    ----------
    patterns : with every mechanism, of every trial that was simulated, by its name. each : in the order of the file.
    """

    patterns: Mapping[str, tuple[Pattern, ...]]
    each: tuple[Removal, ...]


def removal(
    mechanism: Mechanism,
    neutral: Mapping[str, float],
    runs: tuple[Sequence[TrialRun], Sequence[TrialRun]],
    predictions: Mapping[str, Prediction],
) -> Removal:
    """Return what the rows of trials do without a mechanism.

    Parameters
    ----------
    runs : of the same trials with every mechanism and without this one, parameters at their centre.
    predictions : of the validation, by target.
    """
    whole = {target: one for run in runs[0] for target, one in _figures(run).items()}
    without = {target: one for run in runs[1] for target, one in _figures(run).items()}
    rows = tuple(
        _moved(
            row,
            (whole.get(row.target), without.get(row.target)),
            _error(row, first, second),
            first.patients,
            predictions.get(row.target),
        )
        for first, second in zip(*runs, strict=True)
        for row in first.rows
    )
    return Removal(
        mechanism,
        neutral,
        rows,
        {run.trial.name: run.patterns for run in runs[1] if not run.reason},
        {run.trial.name: run.reason for run in runs[1] if run.reason},
    )


def _figures(run: TrialRun) -> dict[str, float]:
    """Return the one figure of every row, infinite where a time was not reached."""
    return {target: one.values[0] if one.reached[0] else float("inf") for target, one in run.estimates.items()}


def _error(row: Row, whole: TrialRun, without: TrialRun) -> float:
    """Return the standard error of a row's change: each group of patients is left out of both runs."""
    pairs = zip(whole.by_group.get(row.target, ()), without.by_group.get(row.target, ()), strict=False)
    changes = [
        to_scale(row.scale, after, whole.patients) - to_scale(row.scale, before, whole.patients)
        for before, after in pairs
    ]
    return jackknife_error(np.array(changes))


def _moved(
    row: Row, figures: tuple[float | None, float | None], error: float, patients: int, prediction: Prediction | None
) -> Moved:
    nan = float("nan")
    whole, without = (nan if one is None else one for one in figures)
    before, after = (to_scale(row.scale, one, patients) for one in (whole, without))
    if prediction is None or np.isnan(after) or not np.isfinite(before):
        return Moved(row.target, whole, without, nan, nan, nan, nan, Verdict.UNKNOWN)
    change = after - before
    low, high = prediction.low + change, prediction.high + change
    was = prediction.low <= row.value <= prediction.high
    # minus and plus infinity, an interval that reaches everywhere, cannot be moved
    stays = bool(low <= row.value <= high) if not np.isnan(low + high) else False
    return Moved(row.target, whole, without, change, error, low, high, _VERDICTS[bool(was), stays])


_VERDICTS = {
    (True, True): Verdict.KEPT,
    (True, False): Verdict.LOST,
    (False, True): Verdict.GAINED,
    (False, False): Verdict.MISSED,
}
