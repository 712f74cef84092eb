"""The form of a cohort's ``result.json``; its JSON Schema is published from here."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["COHORT_RESULT_FORMAT", "CohortResultDocument"]

COHORT_RESULT_FORMAT: Final = "osteocast.cohort-result/1"

Number = float | None
Numbers = list[Number]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrimaryPart(_Part):
    """Counts of one primary."""

    origin: str
    title: str
    people: int
    local: int
    regional: int
    distant: int
    bone_found: int = Field(description="within the simulated life")
    bone_first: int = Field(description="bone metastases led to the cancer")
    primary_never_found: int
    found_by: dict[str, int] = Field(description="how bone metastases were found")
    died_of_cancer: int
    carried: int = Field(description="handed to the equations of bone, for pain, kind of lesion and the cord")


class PublishedPart(_Part):
    """A published figure or range; ``use`` as in data/targets, or "matched" and "context" where it is no target."""

    source: str
    value: float
    low: Number
    high: Number
    text: str
    use: Literal["fit", "check", "input", "context", "matched"]
    met: bool = Field(
        description="no further away than chance in both; of a range: it is reached; alone: within a fifth"
    )


class OutcomePart(_Part):
    """One answer of the cohort; interval of 95 % for chance alone."""

    name: str
    origin: str
    measure: str
    unit: Literal["%", "months", "lesions"]
    value: Number
    low: Number
    high: Number
    n: int
    method: str
    reason: str
    published: PublishedPart | None


class CurvePart(_Part):
    """Cumulative incidence of known bone metastases by month, death competing; None where nothing is known."""

    origin: str
    stage: str
    months: list[int]
    value: Numbers
    low: Numbers
    high: Numbers
    at_risk: list[int]


class SitePart(_Part):
    """Lesions of one primary in one class of sites when bone metastases are found."""

    origin: str
    site: str
    lesions: int
    share: float


class SettingsPart(_Part):
    """Size of the cohort; parameters stand at their centre."""

    primary: str
    people: int
    seed: int


class CohortResultDocument(_Part):
    """A simulated cohort of people with a cancer."""

    format: Literal["osteocast.cohort-result/1"] = Field(alias="schema")
    version: str
    banner: str
    title: str
    settings: SettingsPart
    primaries: list[PrimaryPart] = Field(min_length=1)
    outcomes: list[OutcomePart]
    curves: list[CurvePart]
    sites: list[SitePart]
    notes: list[str]
    citations: dict[str, str]
