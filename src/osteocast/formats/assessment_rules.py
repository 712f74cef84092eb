"""The files of an assessment's rules: findings with their triggers, levels of urgency, options of guidelines."""

from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from osteocast.domain.table import read_table
from osteocast.formats.instrument_model import ConditionEntry, Status
from osteocast.formats.issues import issues_of
from osteocast.foundation.errors import InputError

__all__ = [
    "FindingEntry",
    "LevelEntry",
    "OptionEntry",
    "TriggerEntry",
    "UrgencyEntry",
    "UrgencyRule",
    "finding_rules",
    "option_rules",
    "urgency_rules",
]

T = TypeVar("T", bound=BaseModel)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TriggerEntry(_Entry):
    """What makes a finding: conditions on facts, the words for it, and where they come from."""

    id: str
    when: tuple[ConditionEntry, ...]
    says: str
    source: str
    status: Status


class FindingEntry(_Entry):
    """A complication or danger that may be suspected; of several triggers that hold the first one counts."""

    title: str
    kind: str = "complication"  # or "drug"
    of: str = "patient"  # or "lesion": looked for at each lesion
    triggers: tuple[TriggerEntry, ...]
    support: tuple[str, ...] = ()  # facts that speak for it where there, against it where recorded as absent
    against: tuple[str, ...] = ()  # facts that speak against it where there
    note: str = ""


class _Findings(_Entry):
    findings: dict[str, FindingEntry]


class LevelEntry(_Entry):
    """A level of urgency."""

    name: str
    means: str


class UrgencyRule(_Entry):
    """The level that a trigger is given, and the clock of the guideline."""

    level: str
    clock: tuple[str, ...] = ()
    source: str
    status: Status


class RedFlagEntry(_Entry):
    """A red flag: open as long as none of its facts is recorded."""

    title: str
    facts: tuple[str, ...]


class UrgencyEntry(_Entry):
    """The table of urgency, gravest level first."""

    review: str
    none: LevelEntry
    levels: tuple[LevelEntry, ...]
    red_flags: tuple[RedFlagEntry, ...]
    rules: dict[str, UrgencyRule]


class OptionEntry(_Entry):
    """What one guideline describes, in its own grading."""

    findings: tuple[str, ...]
    when: tuple[ConditionEntry, ...] = ()
    guideline: str
    year: int
    strength: str
    says: str
    limits: str = ""
    differs: str = ""  # where another guideline says otherwise
    source: str
    status: Status


class _Options(_Entry):
    options: tuple[OptionEntry, ...]


@cache
def finding_rules() -> dict[str, FindingEntry]:
    """Read the findings, by id."""
    return _read("findings", _Findings).findings


@cache
def urgency_rules() -> UrgencyEntry:
    """Read the table of urgency; its rules are named like the triggers of findings."""
    return _read("urgency", UrgencyEntry)


@cache
def option_rules() -> tuple[OptionEntry, ...]:
    """Read the options that guidelines describe."""
    return _read("options", _Options).options


def _read(table: str, model: type[T]) -> T:
    try:
        return model.model_validate(read_table(table))
    except ValidationError as error:
        raise InputError(issues_of(error, f"{table}.toml", {"": model})) from None
