"""Courses of one patient under several regimens -> Forecast."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from osteocast.course.event_definitions import EventDefinition, event_definition
from osteocast.course.recorded import is_broken
from osteocast.domain.patient import Patient
from osteocast.forecasting.applicability import (
    applicability,
    drug_limits,
    emergencies_and_limits,
    order_limits,
    origin_limits,
    record_limits,
    survival_limits,
)
from osteocast.forecasting.contrast import contrasts
from osteocast.forecasting.describe import describe, title
from osteocast.forecasting.drivers import DrawnQuantity, drivers
from osteocast.forecasting.events import any_event_share
from osteocast.forecasting.missing import missing_values
from osteocast.forecasting.result import Applicability, Document, Forecast, rounded
from osteocast.forecasting.summary import RegimenRun, summarise
from osteocast.forecasting.withheld import withhold_contrasts, withhold_risks
from osteocast.foundation.errors import ForecastError, Issue
from osteocast.foundation.version import VERSION
from osteocast.inference.nested import NestedSample
from osteocast.inference.posterior import Posterior
from osteocast.inference.validated import Validated, brief, statement, validation_of
from osteocast.inference.weights import Weights

FloatArray = NDArray[np.float64]

MOST_FAILED = 0.01
"""Share of courses that the solver may fail to finish before a forecast is refused."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a forecast must say beside the courses.

    Attributes
    ----------
    patient : as read from the file.
    posterior : the calibration whose scales the courses were drawn from; None is refused.
    weights : of the candidates, before continuations were drawn.
    seed, continuations : as asked for; the number of parameter draws is that of the sample.
    definition : SRE or SSE.
    parameters : drawn parameters, candidates for what moves the answer most.
    unrecorded : drawn values of what the patient's file leaves open.
    drawn : how unrecorded items were drawn, by item (see `describe`).
    assumptions, citations, record_fit, excluded : parts of ``result.json``.
    """

    patient: Patient
    posterior: Posterior | None
    weights: Weights
    seed: int
    continuations: int
    definition: str = "SRE"
    parameters: tuple[DrawnQuantity, ...] = ()
    unrecorded: tuple[DrawnQuantity, ...] = ()
    drawn: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[Document, ...] = ()
    citations: tuple[Document, ...] = ()
    record_fit: tuple[Document, ...] = ()
    excluded: tuple[Document, ...] = ()


def build_forecast(runs: Sequence[RegimenRun], sample: NestedSample, context: Context) -> Forecast:
    """Summarise the courses of every regimen into one Forecast.

    Parameters
    ----------
    runs : one for each regimen; course i is the same patient with the same chance in all of them.
    sample : parameter draw, weight and ancestor of each course.

    Raises
    ------
    ForecastError
        ``forecast.not-calibrated``, ``forecast.no-regimen``, ``forecast.solver-failures``.
    ValueError
        If the runs do not share their courses and months.
    """
    _check(runs, sample, context)
    if context.posterior is None:
        raise ForecastError(_not_calibrated())
    failed = np.any([r.courses.status != 0 for r in runs], axis=0)
    kept = sample.without(failed)
    definition = event_definition(context.definition)
    months = runs[0].courses.months
    outcome = any_event_share([r.courses for r in runs], definition)
    lesions = context.patient.lesions
    validated = validation_of(context.posterior)
    statements = _statements(runs, context, kept, validated)
    broken = frozenset(i for i, one in enumerate(lesions) if is_broken(context.patient, one))
    return Forecast(
        version=VERSION,
        title=title(context.patient),
        patient=describe(context.patient, context.drawn),
        settings=_settings(context, kept, months, definition, int(np.count_nonzero(failed))),
        calibration=_calibration(context.posterior, validated),
        applicability=statements,
        weights=_weights(context.weights, kept),
        regimens=withhold_risks([summarise(r, kept, definition, lesions, broken) for r in runs], statements),
        contrasts=withhold_contrasts(contrasts(runs, kept, definition), statements),
        drivers=drivers(context.parameters, outcome, kept),
        missing=missing_values(context.unrecorded, outcome, kept),
        assumptions=context.assumptions,
        citations=context.citations,
        record_fit=context.record_fit,
        excluded=context.excluded,
    )


def _statements(
    runs: Sequence[RegimenRun], context: Context, kept: NestedSample, validated: Validated | None
) -> tuple[Applicability, ...]:
    """Return what the record calls for and how far the forecast holds, gravest first."""
    patient = context.patient
    drugs = {name: title for run in runs for name, title in run.drugs}
    return (
        emergencies_and_limits(patient)
        + drug_limits(patient, drugs)
        + record_limits(context.record_fit)
        + order_limits(patient)
        + survival_limits(patient)
        + origin_limits(patient.primary.origin, validated)
        + applicability(context.weights, runs[0].courses.months, kept.effective_draws)
    )


def _check(runs: Sequence[RegimenRun], sample: NestedSample, context: Context) -> None:
    if not runs:
        raise ForecastError(
            Issue("forecast.no-regimen", "regimens", "none", "at least one regimen", "Name one with --regimen.")
        )
    shapes = {(r.courses.n, r.courses.months) for r in runs} | {(sample.draw.size, runs[0].courses.months)}
    if len(shapes) > 1:
        raise ValueError(f"regimens that do not share their courses and months: {sorted(shapes)}")
    lesions = len(context.patient.lesions)
    if any(r.courses.lesion_series.shape[1] < lesions for r in runs):
        raise ValueError(f"courses with fewer lesions than the {lesions} recorded")
    issues = [
        Issue(
            code="forecast.solver-failures",
            place=f"regimen {r.name}",
            found=f"{r.courses.failed} of {r.courses.n} courses could not be computed to the end",
            expected=f"at most {100 * MOST_FAILED:g} %",
            fix="Check extreme values in the patient's file; if they are right, please report this patient.",
        )
        for r in runs
        if r.courses.failed > MOST_FAILED * r.courses.n
    ]
    if issues:
        raise ForecastError(issues)


def _not_calibrated() -> Issue:
    return Issue(
        code="forecast.not-calibrated",
        place="calibration",
        found="no calibrated scales",
        expected="a posterior fitted to published figures",
        fix="Run `osteocast calibrate`: percentages of an uncalibrated model are not printed.",
    )


def _settings(
    context: Context, sample: NestedSample, months: int, definition: EventDefinition, failed: int
) -> Document:
    return {
        "months": months,
        "draws": sample.draws,
        "continuations": context.continuations,
        "seed": context.seed,
        "event_definition": definition.text,
        "courses": int(sample.draw.size),
        "failed_courses": failed,
    }


def _calibration(posterior: Posterior, validated: Validated | None) -> Document:
    rows = [
        {
            "target": r.target,
            "text": r.text,
            "published": rounded(r.published),
            "unit": r.unit,
            "simulated": rounded(r.simulated),
            "error": rounded(r.error),
        }
        for r in posterior.rows
    ]
    return {
        "state": f"calibrated on {len(rows)} published figures",
        "rows": rows,
        "statement": statement(validated),
        "brief": f"calibrated on {len(rows)} figures; {brief(validated)}",
        "validated": None if validated is None else validated.to_dict(),
    }


def _weights(weights: Weights, sample: NestedSample) -> Document:
    return {
        "effective_sample_size": rounded(weights.effective_sample_size),
        "pareto_k": rounded(weights.pareto_k) if math.isfinite(weights.pareto_k) else None,
        "candidates": weights.candidates,
        "effective_draws": rounded(sample.effective_draws),
        "observations_used": list(weights.used),
    }
