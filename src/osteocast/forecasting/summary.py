"""Courses of one regimen -> risks, survival, lesions and bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses
from osteocast.course.event_definitions import Component, EventDefinition, component
from osteocast.domain.table import read_table
from osteocast.forecasting.events import first_day, first_kinds, happened_by, number_of_events
from osteocast.forecasting.lesion_summary import lesion_forecast, risk_of
from osteocast.forecasting.quantiles import weighted_quantile
from osteocast.forecasting.result import Band, Curve, Number, RegimenForecast, Risk
from osteocast.inference.nested import LOWER, UPPER, Estimate, NestedSample, estimate, estimate_curve

if TYPE_CHECKING:
    from osteocast.domain.patient import Lesion

FloatArray = NDArray[np.float64]

OUTSIDE_DEFINITION = ("hypercalcaemia", "hypocalcaemia", "loss_of_walking", "death")
"""Outcomes shown beside the components of the event definition."""

SERIES = {
    "calcium": ("calcium_mmol_per_l", "mmol/L"),
    "pain": ("pain_worst", "0-10"),
    "untx": ("untx_ratio", "times the healthy value"),
    "ctx": ("ctx_ratio", "times the healthy value"),
    "bone_alp": ("bone_alp_ratio", "times the healthy value"),
}
"""Courses shown: key in the result, series of `Courses`, unit."""


@dataclass(frozen=True, slots=True)
class RegimenRun:
    """One regimen with the courses simulated under it.

    Attributes
    ----------
    current : whether it is what the patient takes now. eligible : whether the patient may have it.
    reasons : why not, or with what reservation. calendar_note : such as a renal dose.
    rods : site and day of each rod that belongs to the regimen [day].
    drugs : name and title of each drug that it gives.
    """

    name: str
    title: str
    current: bool
    eligible: bool
    reasons: tuple[str, ...]
    calendar_note: str
    courses: Courses
    rods: tuple[tuple[str, float], ...] = ()
    drugs: tuple[tuple[str, str], ...] = ()


def outcomes(definition: EventDefinition) -> dict[str, tuple[Component, ...]]:
    """Return what the risk table counts: each component, any event, and what lies outside the definition."""
    table = {c.name: (c,) for c in definition.components}
    return table | {"any_event": definition.components} | {k: (component(k),) for k in OUTSIDE_DEFINITION}


def summarise(
    run: RegimenRun,
    sample: NestedSample,
    definition: EventDefinition,
    lesions: tuple[Lesion, ...],
    broken: frozenset[int] = frozenset(),
) -> RegimenForecast:
    """Summarise the courses of one regimen.

    Parameters
    ----------
    sample : draw and weight of each course, the same for every regimen.
    lesions : the recorded lesions, in the order of the lesion axis of the courses.
    broken : numbers of those whose bone is recorded as broken; they have no risk of fracture.
    """
    courses = run.courses
    risk = {
        name: _curve(estimate_curve(sample, happened_by(first_day(courses, parts), courses.times)))
        for name, parts in outcomes(definition).items()
    }
    survival = _survival(risk["death"])
    events = estimate(sample, number_of_events(courses, definition), "count")
    return RegimenForecast(
        name=run.name,
        title=run.title,
        current=run.current,
        eligible=run.eligible,
        reasons=run.reasons,
        calendar_note=run.calendar_note,
        risk=dict(risk),
        first_event=first_kinds(courses, sample, definition),
        expected_events=Number(float(events.mean[0]), float(events.low[0]), float(events.high[0])),
        survival=survival,
        median_survival_months=median_months(survival),
        lesions=tuple(
            lesion_forecast(courses, run.rods, sample, definition, (i, one), i in broken)
            for i, one in enumerate(lesions)
        ),
        courses={k: _band(courses.of_patient(s), sample, unit) for k, (s, unit) in SERIES.items()},
        harms=_harms(courses, sample, risk),
    )


def _curve(e: Estimate) -> Curve:
    months = tuple(range(e.mean.size))
    return Curve(months, tuple(e.mean.tolist()), tuple(e.low.tolist()), tuple(e.high.tolist()))


def _survival(death: Curve) -> Curve:
    return Curve(
        months=death.months,
        probability=tuple(1.0 - p for p in death.probability),
        low=tuple(1.0 - p for p in death.high),
        high=tuple(1.0 - p for p in death.low),
    )


def median_months(survival: Curve) -> float | None:
    """Return the month at which half are alive, None if it lies beyond the forecast."""
    for i in range(1, len(survival.months)):
        before, after = survival.probability[i - 1], survival.probability[i]
        if after <= 0.5:
            share = (before - 0.5) / (before - after) if before > after else 0.0
            return survival.months[i - 1] + share
    return None


def _band(values: FloatArray, sample: NestedSample, unit: str) -> Band:
    low, median, high = weighted_quantile(values, sample.weight, np.array([LOWER, 0.5, UPPER]))
    months = tuple(range(values.shape[1]))
    return Band(unit, months, tuple(median.tolist()), tuple(low.tolist()), tuple(high.tolist()))


def _harms(courses: Courses, sample: NestedSample, risk: Mapping[str, Curve]) -> dict[str, Risk]:
    """Return the harms of the whole forecast; one that is an event is the risk of that event and no other number."""
    found: dict[str, Risk] = {}
    for name, entry in read_table("event_definitions")["harms"].items():
        if "event" in entry:
            found[name] = risk[entry["event"]].at(courses.months)
        else:
            values = courses.of_patient(entry["series"])
            lowest = np.min(np.where(np.isnan(values), np.inf, values), axis=1)
            found[name] = risk_of(sample, lowest < entry["below"])
    return found
