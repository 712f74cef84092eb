"""The form of a trial's file, field by field; its JSON Schema is published from here."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from osteocast.domain.trial_words import (
    ALLOCATION_METHODS,
    GRADES,
    MARKERS,
    RATES,
    SOURCES,
    STRATEGIES,
    TrialQuantity,
    component_names,
    definition_names,
    estimator_names,
    harm_names,
    trial_quantity,
    trial_quantity_names,
)
from osteocast.formats.fields import (
    Text,
    Truth,
    choice_field,
    clipped,
    measure_field,
    measure_schema,
    number_field,
    one_of,
    refuse,
    whole_field,
)
from osteocast.formats.regimen_model import RegimenEntry
from osteocast.foundation.units import UnitError, convert

__all__ = [
    "SECTIONS",
    "TRIAL_FORMAT",
    "AllocationEntry",
    "AmongEntry",
    "ArmEntry",
    "CountingEntry",
    "CriterionEntry",
    "DropOutEntry",
    "EndpointEntry",
    "EntryShareEntry",
    "EstimandEntry",
    "FollowUpEntry",
    "InputEntry",
    "PopulationEntry",
    "TrialEntry",
]

TRIAL_FORMAT: Final = "osteocast.trial/1"
_LARGEST = 1e9
_MOST_PATIENTS = 1_000_000


def _choice(words: Sequence[str], what: str) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(choice_field(words, what)), one_of(words)


def _measure(quantity: str) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(measure_field(quantity)), WithJsonSchema(measure_schema(quantity))


def _number(low: float, high: float, what: str) -> tuple[BeforeValidator, WithJsonSchema]:
    schema = {"type": "number", "minimum": low, "maximum": high, "description": what}
    return BeforeValidator(number_field(low, high, what)), WithJsonSchema(schema)


def _whole(low: int, high: int, what: str) -> tuple[BeforeValidator, WithJsonSchema]:
    schema = {"type": "integer", "minimum": low, "maximum": high, "description": what}
    return BeforeValidator(whole_field(low, high, what)), WithJsonSchema(schema)


Number = Annotated[float, *_number(-_LARGEST, _LARGEST, "number")]
Grade = Annotated[str, *_choice(GRADES, "grade")]
Method = Annotated[str, *_choice(ALLOCATION_METHODS, "method of allocation")]
Strategy = Annotated[str, *_choice(STRATEGIES, "strategy")]
Marker = Annotated[str, *_choice(MARKERS, "marker")]
Rate = Annotated[str, *_choice(RATES, "rate")]
Source = Annotated[str, *_choice(SOURCES, "source of the lesions at entry")]
Harm = Annotated[str, *_choice(harm_names(), "harm")]
Estimator = Annotated[str, *_choice(estimator_names(), "estimator")]
Component = Annotated[str, *_choice(component_names(), "component")]
CriterionName = Annotated[str, *_choice(trial_quantity_names("criterion"), "criterion")]
YesNo = Annotated[str, *_choice(("yes", "no"), "answer")]
Patients = Annotated[int, *_whole(1, _MOST_PATIENTS, "number of patients")]
BlockSize = Annotated[int, *_whole(2, 100, "patients in a block")]
Share = Annotated[float, *_number(0.0, 1.0, "share of the patients")]
Pain = Annotated[float, *_number(0.0, 10.0, "pain")]
Margin = Annotated[float, *_number(1.0, 10.0, "ratio that must be excluded")]
Window = Annotated[float, *_measure("window")]
Time = Annotated[float, *_measure("time-after-entry")]
Fall = Annotated[float, *_measure("marker-fall")]
Calcium = Annotated[float, *_measure("corrected-calcium")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputEntry(_Entry):
    """A number with its unit, how well it is known and the reason."""

    value: Number
    unit: Text
    grade: Grade
    why: Text


def canonical(value: float, unit: str, facts: TrialQuantity) -> float:
    """Return a number in the unit of its quantity.

    Raises
    ------
    PydanticCustomError
        ``value.unit`` or ``value.implausible``.
    """
    try:
        found = convert(value, unit, facts.unit, facts.substance)
    except UnitError:
        expected = f"a unit of {facts.title}, such as {facts.unit}"
        raise refuse("value.unit", clipped(unit), expected, "Correct the unit.") from None
    low, high = facts.plausible
    if not low <= found <= high:
        expected = f"{facts.title} between {low:g} and {high:g} {_named(facts.unit)}".rstrip()
        found_text = f"{value:g} {_named(unit)}".rstrip()
        raise refuse("value.implausible", found_text, expected, "Check the number and the unit.")
    return found


def _named(unit: str) -> str:
    """Return a unit as it is written behind a number: nothing where it is a count."""
    return "" if unit == "1" else unit


def _input(section: str, name: str) -> AfterValidator:
    facts = trial_quantity(section, name)

    def check(entry: InputEntry) -> InputEntry:
        """Return the input in the canonical unit."""
        return entry.model_copy(update={"value": canonical(entry.value, entry.unit, facts), "unit": facts.unit})

    return AfterValidator(check)


def _neutral(section: str, name: str) -> InputEntry:
    """Return what stands for an input that the file does not give."""
    facts = trial_quantity(section, name)
    if facts.neutral is None:
        raise ValueError(f"{section}.{name} has no neutral value")
    return InputEntry(value=facts.neutral, unit=facts.unit, grade="assumed", why="neutral: not in the file")


class PopulationEntry(_Entry):
    """Patients of one primary tumour."""

    name: Text
    origin: Text
    subtype: Text | None = None
    source: Source = "inputs"
    share: Annotated[InputEntry, _input("population", "share")]
    female: Annotated[InputEntry, _input("population", "female")]
    age: Annotated[InputEntry, _input("population", "age")]
    line_started: Annotated[InputEntry, _input("population", "line_started")]
    line_number: Annotated[InputEntry, _input("population", "line_number")] = _neutral("population", "line_number")
    line_strength: Annotated[InputEntry, _input("population", "line_strength")]
    fluids_before: Annotated[InputEntry, _input("population", "fluids_before")] = _neutral(
        "population", "fluids_before"
    )
    oldest_lesion: Annotated[InputEntry, _input("population", "oldest_lesion")] | None = None
    lesions: Annotated[InputEntry, _input("population", "lesions")] | None = None


class FollowUpEntry(_Entry):
    """Surveys, visits and the end of the study."""

    survey_interval: Annotated[InputEntry, _input("follow_up", "survey_interval")]
    laboratory_interval: Annotated[InputEntry, _input("follow_up", "laboratory_interval")]
    earliest_exit: Annotated[InputEntry, _input("follow_up", "earliest_exit")]
    latest_exit: Annotated[InputEntry, _input("follow_up", "latest_exit")]
    cut_off: Annotated[InputEntry, _input("follow_up", "cut_off")]
    simulated: Annotated[InputEntry, _input("follow_up", "simulated")]


class DropOutEntry(_Entry):
    """How living patients leave before the end of the study."""

    withdrawal: Annotated[InputEntry, _input("drop_out", "withdrawal")]
    per_ecog_point: Annotated[InputEntry, _input("drop_out", "per_ecog_point")]
    after_progression: Annotated[InputEntry, _input("drop_out", "after_progression")]


def _checked_limits(entry: "AmongEntry") -> "AmongEntry":
    facts = trial_quantity("criterion", entry.quantity)
    given = [limit for limit in (entry.low, entry.high) if limit is not None]
    if not facts.unit:
        if given or entry.unit is not None or entry.answer is None:
            raise refuse(
                "trial.criterion", "limits or no answer", f'is = "yes" or "no" for {facts.title}', "Answer it."
            )
        return entry
    if not given or entry.unit is None or entry.answer is not None:
        expected = f"low, high or both for {facts.title}, and their unit"
        raise refuse("trial.criterion", "no limit, no unit, or an answer", expected, "Give limits with their unit.")
    limits = [canonical(limit, entry.unit, facts) for limit in given]
    if limits != sorted(limits):
        raise refuse("trial.criterion", f"{given[0]:g} to {given[1]:g}", "low not above high", "Exchange the limits.")
    low = None if entry.low is None else limits[0]
    high = None if entry.high is None else limits[-1]
    return entry.model_copy(update={"low": low, "high": high, "unit": facts.unit})


class AmongEntry(_Entry):
    """A limit that patients meet at entry: ``low``, ``high`` or both with ``unit``; or ``is`` yes or no."""

    quantity: CriterionName
    low: Number | None = None
    high: Number | None = None
    unit: Text | None = None
    answer: YesNo | None = Field(default=None, alias="is")


class CriterionEntry(AmongEntry):
    """A criterion of entry, with how well it is known and the reason."""

    grade: Grade
    why: Text


class EntryShareEntry(AmongEntry):
    """A published share of the patients with a characteristic at entry, to which candidates are admitted."""

    share: Annotated[InputEntry, _input("population", "share")]


class ArmEntry(_Entry):
    """An arm: a built-in regimen, one of this file under ``[regimen.NAME]``, or a regimen's file."""

    name: Text
    title: Text
    regimen: Text
    share: Share
    n: Patients | None = None
    drop_out: DropOutEntry | None = None
    renal_doses: Truth = False


class AllocationEntry(_Entry):
    """How patients come to their arm."""

    method: Method
    block_size: BlockSize | None = None
    strata: list[CriterionName] = Field(default=[], max_length=10)
    why: Text


class CountingEntry(_Entry):
    """What counts as an event: a built-in ``definition``, or ``components`` and rules of its own."""

    title: Text | None = None
    definition: Annotated[str, *_choice(definition_names(), "definition")] | None = None
    components: list[Component] | None = Field(default=None, max_length=20)
    symptomatic_only: list[Component] = Field(default=[], max_length=20)
    window: Window | None = None
    therapy_change_pain: Pain | None = None
    radioisotope_as_radiation: Truth = False


class EndpointEntry(_Entry):
    """A figure of the trial; which keys an estimator needs is said in ``data/trial_estimators.toml``."""

    name: Text
    title: Text | None = None
    estimator: Estimator
    arms: list[Text] = Field(min_length=1, max_length=20)
    comparator: Text | None = None
    counting: Text | None = None
    first: list[Component] = Field(default=[], max_length=20)
    among: list[Annotated[AmongEntry, AfterValidator(_checked_limits)]] = Field(default=[], max_length=10)
    time: Time | None = None
    rate: Rate | None = None
    marker: Marker | None = None
    harm: Harm | None = None
    fall: Fall | None = None
    calcium: Calcium | None = None
    relapse: Calcium | None = None
    pain: Pain | None = None
    margin: Margin | None = None
    target: Text | None = None


class EstimandEntry(_Entry):
    """Strategies for death, switching and drop-out (ICH E9(R1))."""

    death: Strategy
    switching: Strategy
    drop_out: Strategy
    why: Text


class TrialEntry(_Entry):
    """A trial's file."""

    format: Literal["osteocast.trial/1"] = TRIAL_FORMAT
    name: Text | None = None
    title: Text
    note: Text | None = None
    sources: list[Text] = Field(default=[], max_length=20)
    populations: list[PopulationEntry] = Field(min_length=1, max_length=20)
    entry: list[Annotated[CriterionEntry, AfterValidator(_checked_limits)]] = Field(default=[], max_length=30)
    entry_share: Annotated[EntryShareEntry, AfterValidator(_checked_limits)] | None = None
    regimen: dict[str, RegimenEntry] = Field(default={}, max_length=20)
    arms: list[ArmEntry] = Field(min_length=1, max_length=20)
    allocation: AllocationEntry
    follow_up: FollowUpEntry
    drop_out: DropOutEntry
    counting: dict[str, CountingEntry] = Field(default={}, max_length=20)
    endpoints: list[EndpointEntry] = Field(default=[], max_length=200)
    estimand: EstimandEntry


def _sections() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {
        "": TrialEntry,
        "populations": PopulationEntry,
        "entry": CriterionEntry,
        "entry_share": EntryShareEntry,
        "entry_share.share": InputEntry,
        "regimen": RegimenEntry,
        "arms": ArmEntry,
        "arms.drop_out": DropOutEntry,
        "allocation": AllocationEntry,
        "follow_up": FollowUpEntry,
        "drop_out": DropOutEntry,
        "counting": CountingEntry,
        "endpoints": EndpointEntry,
        "endpoints.among": AmongEntry,
        "estimand": EstimandEntry,
    }
    inputs = {
        "populations": "population",
        "follow_up": "follow_up",
        "drop_out": "drop_out",
        "arms.drop_out": "drop_out",
    }
    found |= {f"{key}.{name}": InputEntry for key, part in inputs.items() for name in trial_quantity_names(part)}
    return found


SECTIONS: dict[str, type[BaseModel]] = _sections()
