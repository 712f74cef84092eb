"""The file of a clinical instrument: items, levels, points, bands and conditions, with source and check status."""

import re
from functools import cached_property, lru_cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "AccuracyEntry",
    "BandEntry",
    "ConditionEntry",
    "ConflictEntry",
    "GivenValue",
    "GuardEntry",
    "InstrumentEntry",
    "ItemEntry",
    "LevelEntry",
    "OutputEntry",
    "RuleEntry",
    "SharedGuardsEntry",
    "Status",
    "plain_word",
]

Status = Literal["primary", "secondary", "memory"]
"""Read in the publication itself, in a copy elsewhere, or not read at all."""

GivenValue = bool | int | float | str | list[str]
"""What a rule may give; a rule without it gives nothing, which is an answer too (no dose)."""


@lru_cache(maxsize=2048)
def plain_word(word: str) -> str:
    """Return a word of the user or of a file without differences of case, blanks and signs."""
    word = word.casefold().strip().replace("_", "-").replace("≥", ">=").replace("≤", "<=")
    return re.sub(r"\s+", "-", word)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelEntry(_Entry):
    """One level of an item: the words, or the numbers from, above, to or below which, it covers."""

    name: str
    title: str = ""
    points: int | None = None
    words: tuple[str, ...] = ()
    by_convention: dict[str, str] = Field(default_factory=dict)  # word: why it is counted here
    starting: float | None = Field(default=None, alias="from")
    above: float | None = None
    to: float | None = None
    below: float | None = None

    @cached_property
    def said(self) -> frozenset[str]:
        """Every word that means this level, as `plain_word` writes it."""
        return frozenset(map(plain_word, (self.name, *self.words, *self.by_convention)))

    @property
    def has_range(self) -> bool:
        """Whether numbers can be placed in this level."""
        return any(limit is not None for limit in (self.starting, self.above, self.to, self.below))

    def holds(self, number: float) -> bool:
        """Whether a number lies in this level."""
        return self.has_range and not (
            (self.starting is not None and number < self.starting)
            or (self.above is not None and number <= self.above)
            or (self.to is not None and number > self.to)
            or (self.below is not None and number >= self.below)
        )


class ItemEntry(_Entry):
    """One thing that is asked.

    A word or number that stands in two levels narrows the item down to them without settling it.
    """

    title: str
    kind: Literal["choice", "number", "set", "text"] = "choice"
    also: tuple[str, ...] = ()
    also_in: dict[str, str] = Field(default_factory=dict)  # further names that say the unit
    levels: tuple[LevelEntry, ...] = ()
    several: bool = False  # "T9, T10" or "T9-T11": the level with most points counts
    order: tuple[str, ...] = ()
    outside: dict[str, str] = Field(default_factory=dict)  # word: why the instrument does not apply
    unit: str = ""
    unit_item: str = ""  # the item that holds the unit, where limits differ between units
    other_units: dict[str, float] = Field(default_factory=dict)  # how many of each make one of `unit`
    limits: dict[str, tuple[float, float]] = Field(default_factory=dict)  # plausible values by unit
    whole: bool = False
    optional: bool = False
    default: str | float | None = None
    default_note: str = ""
    fills: str = ""  # the item that a word of this text decides, where it is one of its words
    ask: str = ""

    @cached_property
    def points(self) -> dict[str, int]:
        """Points by name of the level; a level without points has none to give, which is 0."""
        return {level.name: level.points or 0 for level in self.levels}


class ConditionEntry(_Entry):
    """A condition on one item or output, or ``any`` of several; a limit may be the name of another item."""

    item: str = ""
    among: tuple[bool | float | str, ...] | None = Field(default=None, alias="is")
    has: tuple[str, ...] = ()
    starting: float | str | None = Field(default=None, alias="from")
    above: float | str | None = None
    to: float | str | None = None
    below: float | str | None = None
    any: tuple["ConditionEntry", ...] = ()

    @cached_property
    def limits(self) -> tuple[tuple[float | str, bool, bool], ...]:
        """The limits that are set: number or item, whether it is a lower one, and whether it belongs to the range."""
        rows = (
            (self.starting, True, True),
            (self.above, True, False),
            (self.to, False, True),
            (self.below, False, False),
        )
        return tuple((limit, lower, inside) for limit, lower, inside in rows if limit is not None)

    @property
    def named(self) -> tuple[str, ...]:
        """Every item that it looks at, also those that stand as a limit."""
        inner = [name for one in self.any for name in one.named]
        return (*inner, self.item, *(limit for limit, _, _ in self.limits if isinstance(limit, str)))


class RuleEntry(_Entry):
    """What is given where all conditions hold; the first rule that holds counts."""

    when: tuple[ConditionEntry, ...] = ()
    gives: GivenValue | None = None
    text: str = ""


class BandEntry(_Entry):
    """A range of the one number a table is about."""

    starting: float | None = Field(default=None, alias="from")
    above: float | None = None
    to: float | None = None
    below: float | None = None
    gives: GivenValue | None = None
    text: str = ""


class OutputEntry(_Entry):
    """One answer: a sum of points, a formula, bands of a number, rules, the highest of several, a copy, a level."""

    title: str
    unit: str = ""
    sum: tuple[str, ...] = ()
    formula: str = ""
    arguments: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, float] = Field(default_factory=dict)
    given: str = ""  # the item that, where it is given, takes the formula's place
    of: str = ""
    bands: tuple[BandEntry, ...] = ()
    rules: tuple[RuleEntry, ...] = ()
    highest: tuple[str, ...] = ()
    copies: str = ""
    instrument: str = ""
    output: str = ""
    level_of: tuple[str, ...] = ()  # outputs that give ids of rules of ``urgency.toml``: the gravest level of them
    clock_of: str = ""  # an output that gives such an id: the clock of it
    triggers_of: tuple[str, ...] = ()  # findings of ``findings.toml``: the gravest trigger of them that holds
    inside: bool = False  # a step on the way, not shown
    recorded: bool = False  # what is open does not hold: the answer is "at least this", by what is recorded

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (self.sum, self.formula, self.bands, self.rules, self.highest, self.copies, self.instrument)
        if sum(bool(kind) for kind in (*kinds, self.level_of, self.clock_of, self.triggers_of)) != 1:
            words = "sum, formula, bands, rules, highest, copies, instrument, level_of, clock_of, triggers_of"
            raise ValueError(f"an output is exactly one of {words}")
        if self.rules and self.rules[-1].when:
            raise ValueError("the last rule has no condition, so that every case has an answer")
        return self

    @cached_property
    def all_rules(self) -> tuple[RuleEntry, ...]:
        """The rules, bands written as rules; the last band takes what is left."""
        if not self.bands:
            return self.rules
        rows = [
            RuleEntry(
                when=(
                    ConditionEntry.model_validate(
                        {"item": self.of, "from": b.starting, "above": b.above, "to": b.to, "below": b.below}
                    ),
                ),
                gives=b.gives,
                text=b.text,
            )
            for b in self.bands
        ]
        last = self.bands[-1]
        return (*rows[:-1], RuleEntry(gives=last.gives, text=last.text))


class GuardEntry(_Entry):
    """A reason not to use the instrument, or to read its answer with care."""

    when: tuple[ConditionEntry, ...]
    effect: Literal["not-applicable", "caveat"]
    says: str


class SharedGuardsEntry(_Entry):
    """Guards that several instruments share, with the items they look at."""

    items: dict[str, ItemEntry]
    guards: dict[str, GuardEntry]


class AccuracyEntry(_Entry):
    """A published accuracy."""

    text: str
    source: str


class ConflictEntry(_Entry):
    """Where public sources contradict each other, and what is used here."""

    about: str
    found: str
    used: str
    basis: str


class FactEntry(_Entry):
    """A fact of ``findings.toml`` that items say: there, or as one of them; not recorded unless the conditions hold."""

    when: tuple[ConditionEntry, ...] = ()
    copies: str = ""  # the item or output whose value it is
    value: bool = Field(default=True, alias="is")

    @property
    def named(self) -> tuple[str, ...]:
        """Every item and output that it looks at."""
        looked_at = [name for one in self.when for name in one.named if name]
        return (*looked_at, self.copies) if self.copies else tuple(looked_at)


class InstrumentEntry(_Entry):
    """A clinical instrument."""

    title: str
    version: str
    also: tuple[str, ...] = ()
    measures: str
    status: Status
    read: str
    sources: tuple[str, ...]
    licence: str
    population: str
    main: str
    shared_guards: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()  # instruments whose items are asked too
    notes: tuple[str, ...] = ()
    guards: tuple[GuardEntry, ...] = ()
    accuracy: tuple[AccuracyEntry, ...] = ()
    conflicts: tuple[ConflictEntry, ...] = ()
    items: dict[str, ItemEntry]
    facts: dict[str, FactEntry] = Field(default_factory=dict)  # for outputs that look at triggers of findings
    outputs: dict[str, OutputEntry]
