"""The form of a simulated trial's ``result.json``; its JSON Schema is published from here."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["TRIAL_RESULT_FORMAT", "TrialResultDocument"]

TRIAL_RESULT_FORMAT: Final = "osteocast.trial-result/1"

Number = float | None
Numbers = list[Number]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputPart(_Part):
    """A number that was put in; ``value`` in ``unit``."""

    place: str
    title: str
    value: float
    unit: str
    grade: Literal["published", "derived", "assumed"]
    why: str


class CriterionPart(_Part):
    """A criterion of entry in words."""

    text: str
    grade: Literal["published", "derived", "assumed"]
    why: str


class ArmPart(_Part):
    """An arm: what was given, how many were simulated, how many were published, and how they stood at entry."""

    name: str
    title: str
    regimen: str
    share: float
    n: int
    published_n: int | None
    age: Number = Field(description="median age [year]")
    ecog_0: Number = Field(description="share with performance status 0")
    prior_event: Number = Field(description="share with a skeletal event before entry")
    lesions: Number = Field(description="median number of lesions")
    followed: Number = Field(description="median follow-up [month]")
    drop_out: Number = Field(description="share who left alive before the end of the study")
    died: Number = Field(description="share who died within the simulation")


class TrialPart(_Part):
    """What was simulated."""

    name: str
    title: str
    note: str
    populations: list[str]
    entry: list[CriterionPart]
    arms: list[ArmPart] = Field(min_length=1)
    allocation: str
    follow_up: list[str]
    definitions: dict[str, str]
    estimand: list[str]
    inputs: list[InputPart]


class SettingsPart(_Part):
    """Size and design; ``parameters`` are central or drawn anew for each replicate."""

    patients: int
    replicates: int
    design: Literal["parallel", "counterfactual"]
    seed: int
    parameters: Literal["central", "drawn"]


class PublishedPart(_Part):
    """A published figure; ``use`` says whether it was used in the calibration, may be, or is held back."""

    target: str
    value: float
    low: Number
    high: Number
    n: int | None
    use: Literal["calibrated", "open", "held-back"]


class SharePart(_Part):
    """A share of replicates with its 95 % interval."""

    value: Number
    low: Number
    high: Number
    method: str


class PowerPart(_Part):
    """What replicates say of a contrast; ``kind`` is assurance where parameters were drawn."""

    kind: Literal["power", "assurance"]
    superior: SharePart
    margin: Number
    non_inferior: SharePart | None


class ContrastPart(_Part):
    """Events behind a contrast, the events it would need (Schoenfeld), and its decision against a margin."""

    events: int | None = Field(description="in both arms, median over replicates")
    needed_80: int | None
    needed_90: int | None
    needed_reason: str
    margin: Number
    decision: str
    power: PowerPart | None


class EstimatePart(_Part):
    """The estimate of one replicate, in the endpoint's unit."""

    value: Number
    low: Number
    high: Number
    p_value: Number
    n: int
    reason: str


class EndpointPart(_Part):
    """One endpoint; ``low`` and ``high`` as ``interval`` says, None with the ``reasons`` why."""

    name: str
    title: str
    arms: list[str]
    comparator: str
    method: str
    unit: str
    value: Number
    low: Number
    high: Number
    interval: str
    p_value: Number
    missing: int
    reasons: list[str]
    published: PublishedPart | None
    contrast: ContrastPart | None
    replicates: list[EstimatePart]


class CurvePart(_Part):
    """A curve of one arm by month, from the first replicate; None where nothing is known."""

    arm: str
    months: list[int]
    value: Numbers
    low: Numbers
    high: Numbers
    at_risk: list[int]


class CurvesPart(_Part):
    """Curves by arm: share without a first event, share alive, mean number of events."""

    definition: str
    first_event: list[CurvePart]
    survival: list[CurvePart]
    events: list[CurvePart]


class MarkerPart(_Part):
    """Median and quartiles of a marker in one arm by month, of those alive and on study."""

    marker: str
    title: str
    unit: str
    arm: str
    months: list[int]
    median: Numbers
    low: Numbers
    high: Numbers


class CalibrationPart(_Part):
    """What the shared scales were calibrated on."""

    statement: str
    targets: list[str]


class TrialResultDocument(_Part):
    """A simulated trial."""

    format: Literal["osteocast.trial-result/1"] = Field(alias="schema")
    version: str
    banner: str
    title: str
    trial: TrialPart
    settings: SettingsPart
    calibration: CalibrationPart
    endpoints: list[EndpointPart]
    curves: CurvesPart
    markers: list[MarkerPart]
    notes: list[str]
    citations: dict[str, str]
