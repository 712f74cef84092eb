"""Published figures beside simulated ones, in the unit of the publication."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.evidence.target import Target
from osteocast.foundation.errors import EvidenceError, Issue

FACTORS: Final = MappingProxyType(
    {
        ("share", "%"): 100.0,
        ("ratio", "ratio"): 1.0,
        ("events", "events"): 1.0,
        ("events/patient", "events/patient"): 1.0,
        ("1/year", "events/patient-year"): 1.0,
        ("1/year", "events/100 patient-years"): 100.0,
        ("day", "days"): 1.0,
        ("day", "months"): 1.0 / DAYS_PER_MONTH,
        ("%", "%"): 1.0,
    }
)
"""What an estimate in the first unit is multiplied by to stand in the second."""
DEFAULTS: Final = MappingProxyType(
    {
        "share": "%",
        "ratio": "ratio",
        "events": "events",
        "events/patient": "events/patient",
        "day": "months",
        "1/year": "events/patient-year",
        "%": "%",
    }
)
"""Unit in which an estimate without a published figure is told."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure.

    Attributes
    ----------
    target : its id. value, low, high : figure and 95 % limits [`unit`]; None where not published.
    unit : of the publication. use : fit, check, input or excluded. n : patients.
    """

    target: str
    value: float
    low: float | None
    high: float | None
    unit: str
    use: str
    n: int | None


def published_of(target: Target) -> Published:
    """Return the number of a target.

    Raises
    ------
    EvidenceError
        ``trial.target-without-number``.
    """
    if target.value is None:
        fix = "Leave the target out of the trial's file."
        raise EvidenceError([Issue("trial.target-without-number", target.id, target.value_text, "one number", fix)])
    low, high = target.ci if target.ci is not None else (None, None)
    return Published(target.id, target.value, low, high, target.unit, target.use, target.n)


def factor(unit: str, wanted: str, where: str) -> float:
    """Return what an estimate in `unit` is multiplied by to stand in the unit of a publication.

    Raises
    ------
    EvidenceError
        ``trial.target-unit``: the estimator does not give what the target reports.
    """
    if (unit, wanted) not in FACTORS:
        expected = " or ".join(out for have, out in FACTORS if have == unit)
        fix = "Choose the estimator of the published figure, or leave the target out."
        raise EvidenceError([Issue("trial.target-unit", where, wanted, expected, fix)])
    return FACTORS[unit, wanted]
