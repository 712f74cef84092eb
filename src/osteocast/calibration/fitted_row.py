"""A published figure as a row of the calibration: its value, errors and discrepancy on the row's scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from osteocast.calibration.plan import FittedRow
from osteocast.domain.trial import Endpoint, Trial
from osteocast.evidence.target import Target
from osteocast.trials.endpoint import CURVES, unit_of
from osteocast.trials.published import factor
from osteocast.validation.discrepancy import Discrepancies
from osteocast.validation.row import published_error
from osteocast.validation.run import published_size
from osteocast.validation.scale import SCALES, Scale, to_scale

MEDIAN: Final = 50.0
# Of an exponential time: d logit(share with an event) / d ln(time) at the median is ln 2 / (1 - 1/2).
_LOGIT_OF_TIME: Final = 2.0 * float(np.log(2.0))


class RowProblem(Exception):  # noqa: N818 -- carries code, what was found and what was expected to the reader
    """Why a figure cannot be fitted."""


def fitted_row(
    trial: Trial, target: str, endpoint: str | None, targets: Mapping[str, Target], discrepancies: Discrepancies
) -> FittedRow:
    """Return a row.

    A median is fitted as the share with an event by the published day, which is one half: a simulated median that is
    not reached has no value. Error and discrepancy of its time are turned into those of the share at the slope of an
    exponential time.

    Parameters
    ----------
    endpoint : name of the endpoint that reproduces the figure; None for the one whose target it is.

    Raises
    ------
    RowProblem
        With a code, what was found and what was expected.
    """
    known = targets.get(target)
    if known is None or known.use != "fit" or known.value is None:
        found = "no such target" if known is None else f"use = {known.use}, value = {known.value}"
        raise RowProblem("calibration.target-use", found, "a number marked fit")
    chosen = [one for one in trial.endpoints if (one.name == endpoint if endpoint else one.target == target)]
    if len(chosen) != 1 or chosen[0].estimator not in SCALES:
        raise RowProblem("calibration.row", f"{len(chosen)} endpoints", "one endpoint whose figure has a scale")
    one = chosen[0]
    scale, figure, n = SCALES[one.estimator], float(known.value), _patients(trial, one, known)
    value = to_scale(scale, figure, n)
    by = factor(unit_of(one), known.unit, f"{trial.name}: {target}")
    # Of a part of an arm the number of patients must be published, or the plan must say the error.
    error = None if one.among and not known.n else published_error(known, one.estimator, value, n)[0]
    off = discrepancies.of(one)
    day = None
    text = f"{trial.title}: {one.title or one.name.replace('-', ' ')}"
    if one.estimator in CURVES:
        day = figure / by
        text += f", by the published median of {figure:g} {known.unit}"
        error = None if error is None else error * _LOGIT_OF_TIME
        off *= _LOGIT_OF_TIME
        scale, value = Scale.LOGIT, 0.0
    elif scale is Scale.LOGIT:
        off /= 1.0 - figure / 100.0
    loads = dict.fromkeys(one.arms, 1.0) | ({one.comparator: -1.0} if one.comparator else {})
    return FittedRow(
        trial=trial.name,
        endpoint=one.name,
        target=target,
        text=text,
        scale=scale,
        published=figure if day is None else MEDIAN,
        unit=known.unit if day is None else "%",
        day=day,
        patients=n,
        value=value,
        error=float("nan") if error is None else error,
        discrepancy=off,
        loads=loads,
    )


def _patients(trial: Trial, endpoint: Endpoint, target: Target) -> float:
    """Return the published number of patients of a figure: its own, or that of its arms."""
    if target.n:
        return float(target.n)
    names = (*endpoint.arms, *([endpoint.comparator] if endpoint.comparator else []))
    numbers = [trial.arm(name).n for name in names]
    if all(numbers):
        return float(sum(n or 0 for n in numbers))
    return published_size(trial) * sum(trial.arm(name).share for name in names)
