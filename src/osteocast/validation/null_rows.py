"""What the null model can express of a trial: each arm of an endpoint as cells of one primary and one class of drug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from osteocast.course.event_definitions import definition_of
from osteocast.domain.table import read_table
from osteocast.domain.trial import Arm, Endpoint, Trial
from osteocast.validation.row import Row

FORMS: Final[Mapping[str, str]] = {
    "first-event-proportion": "share",
    "kaplan-meier-median": "median",
    "morbidity-rate": "rate",
    "mean-count": "count",
    "cox": "hazard ratio",
    "andersen-gill": "rate ratio",
    "survival-median": "survival",
    "survival-cox": "death ratio",
}
"""Estimators that the null model can express, and the form of its answer."""
_OF_DEATH: Final = ("survival", "death ratio")
_MONTHS: Final = 12.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Patients of one primary in one arm.

    Attributes
    ----------
    origin, drug : group that shares a rate, and class of drug, empty for none. share : of the side [1].
    withdrawal : [1/year]. earliest, latest : the study ends evenly spread between these [year].
    horizon : no event counts after it [year].
    """

    origin: str
    drug: str
    share: float
    withdrawal: float
    earliest: float
    latest: float
    horizon: float


@dataclass(frozen=True, slots=True)
class NullRow:
    """A row that the null model can express.

    Attributes
    ----------
    row : the published figure. form : a value of `FORMS`.
    test, control : cells of the arms; `control` is empty for a level.
    """

    row: Row
    form: str
    test: tuple[Cell, ...]
    control: tuple[Cell, ...]


def null_rows(trial: Trial, rows: tuple[Row, ...]) -> tuple[NullRow, ...]:
    """Return the rows of a trial that the null model can express."""
    found = []
    for row in rows:
        endpoint = trial.endpoint(row.endpoint)
        form = FORMS.get(endpoint.estimator)
        if form is None or endpoint.among or not (form in _OF_DEATH or _any_event(trial, endpoint)):
            continue
        control = (endpoint.comparator,) if endpoint.comparator else ()
        found.append(NullRow(row, form, _cells(trial, endpoint, endpoint.arms), _cells(trial, endpoint, control)))
    return tuple(found)


def class_of(arm: Arm) -> str:
    """Return the class of drug of an arm, empty for none."""
    classes: dict[str, str] = read_table("validation/null_model")["classes"]
    return classes[arm.regimen.courses[0].drug.name] if arm.regimen.courses else ""


def _any_event(trial: Trial, endpoint: Endpoint) -> bool:
    if endpoint.first or endpoint.counting is None:
        return False
    table: dict[str, Any] = read_table("validation/null_model")
    parts = {part.name for part in definition_of(trial.countings[endpoint.counting]).components}
    return parts.issuperset(table["any_event"])


def _cells(trial: Trial, endpoint: Endpoint, names: tuple[str, ...]) -> tuple[Cell, ...]:
    arms = [arm for arm in trial.arms if arm.name in names]
    origins: dict[str, str] = read_table("validation/null_model")["origins"]
    plan = trial.follow_up
    cut_off = plan.cut_off.value / _MONTHS
    horizon = cut_off if endpoint.day is None else min(cut_off, endpoint.day / 365.25)
    whole = sum(arm.share for arm in arms)
    return tuple(
        Cell(
            origin=origins.get(population.origin, "other"),
            drug=class_of(arm),
            share=arm.share / whole * population["share"],
            withdrawal=arm.drop_out.withdrawal.value,
            earliest=plan.earliest_exit.value,
            latest=plan.latest_exit.value,
            horizon=horizon,
        )
        for arm in arms
        for population in trial.populations
    )
