"""The form of an assessment's ``result.json``; its JSON Schema is published from here."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from osteocast.formats.assessment_forecast_model import AssessmentForecast

__all__ = ["AssessmentDocument"]

Status = Literal["primary", "secondary", "memory"]
Level = Literal["EMERGENCY", "SAME DAY", "URGENT", "SOON"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordPart(_Part):
    """What was read."""

    source: str
    today: str = Field(description="day of reading, YYYY-MM-DD")
    identifier: str | None
    age_years: float | None
    sex: str | None
    primary: str | None
    whole_patient: bool = Field(description="whether the record could be forecast too")


class UrgencyPart(_Part):
    """The level that is met at least; no level is called safe."""

    level: Level | Literal["NO LISTED TRIGGER"]
    means: str
    rule: str = Field(description="id of the trigger, empty where there is none")
    red_flags_not_recorded: list[str]
    not_used: list[str] = Field(description="what the record holds and the reader could not use")
    review: str


class FindingPart(_Part):
    """A complication or danger of a drug that is suspected, or whose rule is met."""

    name: str
    title: str
    kind: Literal["complication", "drug"]
    where: str = Field(description="site of the lesion, or patient")
    level: Level
    rule: str
    says: str
    trigger: list[str] = Field(description="facts by which the rule holds, with value and day")
    clock: list[str] = Field(description="times that the guideline names")
    supports: list[str]
    against: list[str]
    not_recorded: list[str]
    sources: list[str]
    status: Status
    note: str


class ScorePart(BaseModel):
    """An instrument as `osteocast score --json` writes it, with whom or what it is about."""

    model_config = ConfigDict(extra="allow", frozen=True)

    where: str
    instrument: str
    title: str
    version: str
    status: Status
    applicable: bool
    values: dict[str, Any]
    answers: list[dict[str, Any]] = Field(description="value, or what is still possible with bounds")
    items: list[dict[str, Any]] = Field(
        description="with points, unit, day and place of the value where these are known"
    )
    missing: list[dict[str, Any]]


class OptionPart(_Part):
    """What one guideline describes, in its own grading."""

    finding: str
    guideline: str
    year: int
    strength: str
    says: str
    limits: str
    differs: str
    source: str
    status: Status


class AgePart(_Part):
    """How old the newest data are."""

    title: str
    date: str
    days: int
    old: bool
    limit: str


class FactPart(_Part):
    """A fact of the record or of an instrument; `bounds` where the value is open."""

    name: str
    value: bool | float | str | None
    bounds: list[float | None] | None
    text: str
    date: str | None
    pointer: str


class DataPart(_Part):
    """An item of the record that was used."""

    resource: str
    pointer: str
    name: str
    code: str
    value: str
    unit: str
    date: str | None
    age_days: int | None


class ChangePart(_Part):
    """Something missing or old, and what it could do; ranked by effect."""

    kind: Literal["urgency", "instrument", "age"]
    level: Level | Literal[""]
    about: str
    where: str
    missing: list[str]
    rules: list[str]
    raises: bool = Field(description="whether the level of the whole assessment would rise")


class LesionPart(_Part):
    """A recorded lesion."""

    site: str
    title: str
    kind: str | None
    size_mm: float | None


class EditionPart(_Part):
    """Which rules were used, and hashes of rules and record."""

    number: str
    dated: str
    sources_looked_at: str
    expired: bool
    data_sha256: str
    input_sha256: str | None = Field(description="of the file that was read; null for a folder or a record in memory")


class ConversionPart(_Part):
    """A conversion of units."""

    pointer: str
    quantity: str
    from_unit: str
    to_unit: str
    factor: float


class RejectedPart(_Part):
    """An item that was not used."""

    pointer: str
    code: str
    what: str


class WarningPart(_Part):
    """Something odd in the record, and what was done."""

    code: str
    pointer: str
    found: str
    done: str
    level: Literal["warning", "error"]


class AssessmentDocument(_Part):
    """An assessment of one record."""

    format: Literal["osteocast.assessment/1"]
    version: str
    banner: str
    intended_use: str
    record: RecordPart
    urgency: UrgencyPart
    findings: list[FindingPart]
    scores: list[ScorePart]
    options: list[OptionPart]
    ages: list[AgePart]
    facts: list[FactPart]
    data: list[DataPart]
    would_change: list[ChangePart]
    lesions: list[LesionPart]
    rules_off: list[str] = Field(description="rules read in no source, not used")
    options_off: int
    conversions: list[ConversionPart]
    rejected: list[RejectedPart]
    warnings: list[WarningPart]
    edition: EditionPart
    references: dict[str, str]
    forecast: AssessmentForecast | None = Field(description="null where none was asked for")
