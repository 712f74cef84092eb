"""Risk by treatment from the record of an assessment: the forecasting run, and the part of it that the page shows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from osteocast.clinical.assessment import Assessment
from osteocast.domain.emergencies import URGENT, URGENT_CODES
from osteocast.forecasting.run import Progress, Settings, forecast
from osteocast.foundation.errors import ForecastError, InputError, Issue
from osteocast.report import wording

__all__ = ["LABEL", "forecast_part"]

LABEL = "model, not observation"

Document = dict[str, Any]


def forecast_part(found: Assessment, workers: int | None = None, progress: Progress | None = None) -> Document:
    """Forecast the patient of an assessment with the usual settings of a forecast.

    A record that lacks what a forecast needs gives its coded problems instead; the assessment stands as it is.

    Parameters
    ----------
    found : Assessment
    workers : int or None
        Threads; None uses every processor.
    progress : callable or None
        See `osteocast.forecasting.run.forecast`.

    Returns
    -------
    dict
        ``forecast`` of ``data/schema/assessment.schema.json``.
    """
    settings, patient = Settings(), found.facts.patient
    if patient is None:
        return _document(settings, {"missing": [asdict(one) for one in _lacking(found)]})
    try:
        result = forecast(patient, None, settings, workers, progress).to_dict()
    except (ForecastError, InputError) as error:
        # what cannot wait stands in the assessment itself
        issues = [asdict(one) for one in error.issues if one.code not in URGENT_CODES.values()]
        return _document(settings, {"missing": issues})
    return _document(settings, _parts(result))


def _document(settings: Settings, parts: Document) -> Document:
    empty: Document = {
        "state": "not possible",
        "label": LABEL,
        "missing": [],
        "months": settings.months,
        "from_day": None,
        "seed": settings.seed,
        "draws": settings.draws,
        "continuations": settings.continuations,
        "interval_percent": wording.INTERVAL,
        "event_definition": "",
        "population": "",
        "calibration": "",
        "treatments": [],
        "differences": [],
        "not_compared": [],
        "limits": [],
    }
    return {**empty, **parts}


def _lacking(found: Assessment) -> Iterator[Issue]:
    """Yield what the record lacks: the errors of its reading, in their own codes."""
    source, wanted = found.facts.source, "a record with age, sex and a cancer in bone"
    yield Issue("assess.no-forecast", source, "a record without a whole patient", wanted, "See what is missing below.")
    for one in found.record.errors if found.record is not None else ():
        yield Issue(one.code, one.pointer or "the record", one.found, wanted, f"Correct the record: {one.done}.")


def _parts(result: Mapping[str, Any]) -> Document:
    months, applicability = result["settings"]["months"], result["applicability"]
    assessed = result["patient"]["assessed"]
    return {
        "state": "done",
        "from_day": None if assessed is None else str(assessed),
        "event_definition": result["settings"]["event_definition"],
        "population": _population(result["patient"]),
        "calibration": _calibration(result["calibration"]),
        "treatments": [_treatment(one, months, applicability) for one in result["regimens"]],
        "differences": [_difference(one) for one in result["contrasts"] if one["kind"] == "any_event"],
        "not_compared": list(
            dict.fromkeys(one["instead"] for one in applicability if "any_event" in one.get("not_compared", ()))
        ),
        "limits": [{"level": one["level"], "text": one["text"]} for one in applicability if one["level"] not in URGENT],
    }


def _population(patient: Mapping[str, Any]) -> str:
    origin = patient["primary"]["origin"]
    drawn = list(dict.fromkeys(entry["item"].partition(" of ")[0] for entry in patient["drawn"]))
    named = {"unknown": "an unknown primary", "myeloma": "myeloma", "other": "another cancer"}
    people = f"virtual people with {named.get(origin, f'{origin} cancer')} and this record"
    return f"{people}; not recorded, so drawn from the population: {', '.join(drawn)}" if drawn else people


def _calibration(calibration: Mapping[str, Any]) -> str:
    """Say how far the model is from the published figures that it was fitted to."""
    said = f"The model is {calibration['state']}; {calibration['statement']}"
    errors = [abs(row["error"]) for row in calibration["rows"] if row["unit"] == "%" and row["error"] is not None]
    if not errors:
        return said
    middle = statistics.median(errors)
    return f"{said}; median distance from the {len(errors)} of them in per cent: {middle:.1f} percentage points"


def _treatment(one: Mapping[str, Any], months: int, applicability: Sequence[Mapping[str, Any]]) -> Document:
    risks = [
        _risk(kind, one["risk"][kind], month, wording.withheld(applicability, kind))
        for kind in wording.EVENTS
        if kind in one["risk"]
        for month in wording.horizons(months)
    ]
    return {"name": one["name"], "title": one["title"], "current": one["current"], "risks": risks}


def _risk(kind: str, curve: Mapping[str, Any] | None, month: int, withheld: str) -> Document:
    found: Document = {"event": kind, "title": wording.event_text(kind), "month": month, "instead": ""}
    if curve is None:
        return {**found, "probability": None, "low": None, "high": None, "instead": withheld or "not forecast"}
    middle, low, high = (wording.value_at(curve, name, month) for name in ("probability", "low", "high"))
    return {**found, "probability": middle, "low": low, "high": high}


def _difference(one: Mapping[str, Any]) -> Document:
    keys = ("regimen", "against", "avoided_per_100", "low", "high", "text")
    return {**{key: one[key] for key in keys}, "separated": one["distinguishable"]}
