"""Real runs with parameters drawn from the posterior: do emulator and Gaussian hold up?

Member r stands on the draw r of `inference.parameter_draws` with the seed of the validation, so that its replicate r
is a member of the same ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from osteocast.calibration.plan import FittedRow, FittedTrial, Stage
from osteocast.calibration.point import Who, simulated_trial, values_of
from osteocast.foundation.errors import ForecastError, SolveError
from osteocast.inference.parameter_draws import Parameters, scale_numbers
from osteocast.inference.posterior import Posterior

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Members with their real runs.

    Attributes
    ----------
    log_scales : of all scales of the posterior, shape (members, k).
    values : of the rows of all stages in order, nan where there is none, shape (members, rows).
    """

    log_scales: FloatArray
    values: FloatArray


def merged(stages: Sequence[Stage]) -> tuple[FittedTrial, ...]:
    """Return each trial of the stages once, as long as the longest, with all its rows."""
    found: dict[str, FittedTrial] = {}
    for one in (one for stage in stages for one in stage.trials):
        name = one.trial.name
        before = found.get(name)
        if before is None:
            found[name] = one
            continue
        longest = max((before, one), key=lambda each: each.trial.follow_up.simulated.value)
        sizes = [each.patients for each in (before, one) if each.patients is not None]
        found[name] = replace(longest, patients=max(sizes, default=None), rows=before.rows + one.rows)
    return tuple(found.values())


def member_values(trials: Sequence[FittedTrial], parameters: Parameters, who: Who) -> FloatArray:
    """Return every row's value of one member in the order of the trials; nan where a row or a trial has none."""
    found: list[float] = []
    for one in trials:
        try:
            found += values_of(one, simulated_trial(one, parameters, who), who)
        except (SolveError, ForecastError):
            # A draw from the tails under which a trial cannot be run says so by having no values.
            found += [float("nan")] * len(one.rows)
    values = np.array(found)
    return np.asarray(np.where(np.isfinite(values), values, np.nan))


def log_scales_of(posterior: Posterior, seed: int, members: int) -> FloatArray:
    """Return the log-scales of the members, shape (members, k)."""
    return np.asarray(np.log(posterior.draws(scale_numbers(posterior, seed, np.arange(members, dtype=np.int64)))))


def in_order(rows: Sequence[FittedRow], trials: Sequence[FittedTrial], values: FloatArray) -> FloatArray:
    """Return values (members, rows of the trials) in the order of some of the rows, shape (members, len(rows))."""
    place = {row.target: i for i, row in enumerate(row for one in trials for row in one.rows)}
    return values[:, [place[row.target] for row in rows]]
