"""Rows of the validation: published figures that an endpoint of a trial reproduces, with their sampling error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from osteocast.domain.trial import Endpoint, Trial
from osteocast.evidence.target import Target
from osteocast.validation.scale import CONTRASTS, SCALES, Scale, binomial_error, to_scale

Family = Literal["level", "contrast"]
GROUPS: Final = (("fit", "level"), ("fit", "contrast"), ("check", "level"), ("check", "contrast"))
"""Groups that are scored apart: the use of a target and the family."""

_LIMITS: Final = 2.0 * 1.959964
# Delta method for the median of an exponential time without leavers: 1 / (ln 2 sqrt n); with leavers it is larger.
_MEDIAN: Final = 1.0 / np.log(2.0)
# A count with mean m and variance m + m^2: a frailty of variance one, as broad as counts of skeletal events are.
_FRAILTY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A published figure and what it is compared with.

    Attributes
    ----------
    trial, endpoint, title : of the endpoint that reproduces it.
    target, use : its id, and fit or check.
    family : level of one arm, or contrast of two.
    scale : on which it is compared. unit : of publication.
    published : the figure [`unit`].
    n : patients of its arms in the publication, or in the simulation where the publication does not say.
    value, error : figure and its standard error on the scale; the error is None where nothing says it.
    error_basis : how the error is known.
    """

    trial: str
    endpoint: str
    title: str
    target: str
    use: str
    family: Family
    scale: Scale
    unit: str
    published: float
    n: float
    value: float
    error: float | None
    error_basis: str

    @property
    def group(self) -> tuple[str, str]:
        """Use and family: rows of different groups are never averaged together."""
        return (self.use, self.family)


def rows_of(trial: Trial, targets: Mapping[str, Target], patients: int) -> tuple[Row, ...]:
    """Return the rows of a trial in the order of its endpoints; figures without a scale or for input are left out.

    Parameters
    ----------
    patients : of the trial in all arms, for endpoints whose arms have no published number.
    """
    found = []
    for endpoint in trial.endpoints:
        target = targets[endpoint.target] if endpoint.target else None
        if target is None or target.value is None or target.use not in ("fit", "check"):
            continue
        if endpoint.estimator in SCALES:
            found.append(_row(trial, endpoint, target, patients))
    return tuple(found)


def arms_size(trial: Trial, endpoint: Endpoint, patients: int) -> float:
    """Return the expected number of simulated patients in the arms of an endpoint, its comparator included."""
    names = {*endpoint.arms, *([endpoint.comparator] if endpoint.comparator else [])}
    return patients * sum(arm.share for arm in trial.arms if arm.name in names)


def _row(trial: Trial, endpoint: Endpoint, target: Target, patients: int) -> Row:
    scale = SCALES[endpoint.estimator]
    n = float(target.n or arms_size(trial, endpoint, patients))
    figure = float(target.value or 0.0)
    value = to_scale(scale, figure, n)
    error, basis = published_error(target, endpoint.estimator, value, n)
    return Row(
        trial=trial.name,
        endpoint=endpoint.name,
        title=endpoint.title,
        target=target.id,
        use=target.use,
        family="contrast" if endpoint.estimator in CONTRASTS else "level",
        scale=scale,
        unit=target.unit,
        published=figure,
        n=n,
        value=value,
        error=error,
        error_basis=basis,
    )


def published_error(target: Target, estimator: str, value: float, n: float) -> tuple[float | None, str]:
    """Return the standard error of a published figure on its scale, and how it is known.

    Parameters
    ----------
    value : the figure on its scale. n : patients.
    """
    scale = SCALES[estimator]
    if scale is Scale.LOGIT:
        return binomial_error(value, n), "number of patients"
    if target.ci is not None:
        low, high = (to_scale(scale, limit, n) for limit in target.ci)
        if np.isfinite(low) and np.isfinite(high):
            return (high - low) / _LIMITS, "confidence interval"
    if estimator in _COUNTED:
        mean = _COUNTED[estimator](target)
        arms = 4.0 if estimator in CONTRASTS else 1.0
        return float(np.sqrt(arms * (1.0 / mean + _FRAILTY) / n)), "approximated from the number of patients"
    if scale is Scale.LOG and estimator not in CONTRASTS:
        return float(_MEDIAN / np.sqrt(n)), "approximated from the number of patients"
    return None, "not known"


def _per_patient(target: Target) -> float:
    """Return the figure as events per patient, a year of follow-up taken for rates."""
    hundred = 100.0 if "100" in target.unit else 1.0
    return float(target.value or 1.0) / hundred


_COUNTED: Final[Mapping[str, Callable[[Target], float]]] = {
    "morbidity-rate": _per_patient,
    "mean-count": _per_patient,
    "mean-cumulative-function": _per_patient,
    # one event a patient in either arm
    "andersen-gill": lambda target: 1.0,
}
