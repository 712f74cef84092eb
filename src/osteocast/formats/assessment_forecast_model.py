"""The form of the forecast inside an assessment's ``result.json``."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AssessmentForecast"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingPart(_Part):
    """Why there is no forecast: one problem with its code."""

    code: str
    place: str
    found: str
    expected: str
    fix: str


class RiskPart(_Part):
    """A probability with its interval; no middle where the interval is too wide or the record already meets it."""

    event: str
    title: str
    month: int
    probability: float | None
    low: float | None
    high: float | None
    instead: str = Field(description="what stands in place of a number; empty where there is one")


class TreatmentPart(_Part):
    """Risks under one treatment."""

    name: str
    title: str
    current: bool
    risks: list[RiskPart]


class DifferencePart(_Part):
    """Any skeletal event avoided per 100 such people; no numbers where the comparison does not apply."""

    regimen: str
    against: str
    avoided_per_100: float | None
    low: float | None
    high: float | None
    separated: bool | None
    text: str


class LimitPart(_Part):
    """How far the forecast can be relied on."""

    level: str
    text: str


class AssessmentForecast(_Part):
    """Risk by treatment from the same record, or what is missing for it."""

    state: Literal["done", "not possible"]
    label: str = Field(description="model, not observation")
    missing: list[MissingPart]
    months: int
    from_day: str | None
    seed: int
    draws: int
    continuations: int
    interval_percent: int
    event_definition: str
    population: str
    calibration: str
    treatments: list[TreatmentPart]
    differences: list[DifferencePart]
    not_compared: list[str]
    limits: list[LimitPart]
