"""FHIR R4 resources for findings and forecasts, written from plain values."""

import datetime as dt
from typing import Any, NamedTuple

__all__ = ["Source", "Times", "detected_issue", "observation", "risk_assessment"]

_UCUM = "http://unitsofmeasure.org"
_NOT_A_DIAGNOSIS = "Research and education use only; not a diagnosis, an order or a treatment recommendation."
_SEVERITY = ("high", "moderate", "low")


class Source(NamedTuple):
    """Where a statement comes from: its name, an address, and which software of which version says it."""

    label: str
    url: str
    software: str


class Times(NamedTuple):
    """The first and last day of the values behind a number, and the day on which it was computed."""

    first: dt.date
    last: dt.date
    computed: dt.date


def _concept(code: tuple[str, str] | None, text: str) -> dict[str, Any]:
    concept: dict[str, Any] = {"text": text}
    if code is not None:
        concept["coding"] = [{"system": code[0], "code": code[1]}]
    return concept


def _base(kind: str, subject: str) -> dict[str, Any]:
    return {"resourceType": kind, "status": "final", "subject": {"reference": subject}}


def _note(source: Source) -> list[dict[str, str]]:
    address = f" ({source.url})" if source.url else ""
    return [{"text": f"Source: {source.label}{address}. {source.software}. {_NOT_A_DIAGNOSIS}"}]


def risk_assessment(
    subject: str, text: str, probability: tuple[float, float, float], months: float, when: dt.date, source: Source
) -> dict[str, Any]:
    """Return a RiskAssessment with a probability and its interval.

    Parameters
    ----------
    subject : str
        Reference such as ``Patient/1``.
    text : str
        What may happen.
    probability : tuple of float
        Median, lower and upper limit of the 90 % interval, as fractions.
    months : float
        Horizon from `when` [month].
    when : datetime.date
    source : Source

    Raises
    ------
    ValueError
        If the numbers are no probabilities in order.
    """
    middle, low, high = probability
    if not 0 <= low <= middle <= high <= 1:
        raise ValueError("probabilities must be fractions, the median within its interval")
    prediction = {
        "outcome": {"text": text},
        "probabilityDecimal": round(middle, 4),
        "whenRange": {"high": {"value": months, "system": _UCUM, "code": "mo", "unit": "months"}},
        "rationale": f"90 % interval {100 * low:.1f} to {100 * high:.1f} %; a model, not an observation",
    }
    return {
        **_base("RiskAssessment", subject),
        "method": {"text": source.software},
        "occurrenceDateTime": when.isoformat(),
        "prediction": [prediction],
        "note": _note(source),
    }


def observation(
    subject: str, said: tuple[str, tuple[str, str] | None], value: tuple[float, str] | None, band: str, when: Times,
    source: Source,
) -> dict[str, Any]:  # fmt: skip
    """Return an Observation of a score or finding.

    Parameters
    ----------
    subject : str
        Reference such as ``Patient/1``.
    said : tuple
        Words, and system and code or ``None``.
    value : tuple or None
        Number and UCUM unit; ``None`` gives the reason *unknown*, never zero.
    band : str
        Band the value is in, or empty.
    when : Times
        The number holds for the days of its values, however much later it was computed.
    source : Source
    """
    text, code = said
    _refuse_empty(text)
    content = {**_base("Observation", subject), "code": _concept(code, text)}
    if when.first == when.last:
        content["effectiveDateTime"] = when.first.isoformat()
    else:
        content["effectivePeriod"] = {"start": when.first.isoformat(), "end": when.last.isoformat()}
    content["issued"] = f"{when.computed.isoformat()}T00:00:00Z"
    if value is None:
        unknown = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
        content["dataAbsentReason"] = {"coding": [unknown]}
    else:
        number, unit = value
        content["valueQuantity"] = {"value": number, "unit": unit, "system": _UCUM, "code": unit}
    if band:
        content["interpretation"] = [{"text": band}]
    content["note"] = _note(source)
    return content


def _refuse_empty(text: str) -> None:
    if not text.strip():
        raise ValueError("a resource needs words that say what it is about")


def detected_issue(
    subject: str, text: str, severity: str, detail: str, when: dt.date, source: Source
) -> dict[str, Any]:
    """Return a DetectedIssue: a contradiction or danger that a rule met in the record.

    Raises
    ------
    ValueError
        If the severity is none of ``high``, ``moderate``, ``low``.
    """
    _refuse_empty(text)
    if severity not in _SEVERITY:
        raise ValueError(f"severity is one of {', '.join(_SEVERITY)}")
    content = {**_base("DetectedIssue", subject), "code": {"text": text}, "severity": severity, "detail": detail}
    # unlike the other two, this resource names the patient `patient`, and has no note
    content["patient"] = content.pop("subject")
    content["identifiedDateTime"] = when.isoformat()
    content["detail"] = f"{detail} Source: {source.label}. {source.software}. {_NOT_A_DIAGNOSIS}"
    if source.url:
        content["reference"] = source.url
    return content
