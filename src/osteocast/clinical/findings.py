"""Findings of a record: which triggers of the rules hold, what speaks for and against, what is not recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from osteocast.clinical.known import Known, possible_values, shown, title_of
from osteocast.formats.assessment_rules import FindingEntry, TriggerEntry, finding_rules, urgency_rules
from osteocast.formats.conditions import all_hold
from osteocast.formats.instrument_model import ConditionEntry
from osteocast.formats.possible import Possible

__all__ = ["Finding", "find", "levels", "switched_off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is suspected, or that a rule meets.

    Parameters
    ----------
    name, title, kind : str
        Id and title of the finding; ``complication`` or ``drug``.
    where : str
        Site of the lesion, or ``patient``.
    level : str
        Level of urgency.
    rule : str
        Id of the trigger.
    says : str
        What is suspected or met, in words.
    trigger : tuple of str
        Facts that made it hold, with value and day.
    clock : tuple of str
        Times that the guideline names.
    supports, against, not_recorded : tuple of str
        Facts that speak for and against it, and those that are open.
    sources : tuple of str
        Of the trigger and of its level, keys of the sources.
    status : str
        How the trigger was checked.
    note : str
    """

    name: str
    title: str
    kind: str
    where: str
    level: str
    rule: str
    says: str
    trigger: tuple[str, ...]
    clock: tuple[str, ...]
    supports: tuple[str, ...]
    against: tuple[str, ...]
    not_recorded: tuple[str, ...]
    sources: tuple[str, ...]
    status: str
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        plain: dict[str, Any] = {}
        for key in self.__slots__:
            value = getattr(self, key)
            plain[key] = list(value) if isinstance(value, tuple) else value
        return plain


def levels() -> tuple[str, ...]:
    """Return the levels of urgency, gravest first, and last the words for none."""
    rules = urgency_rules()
    return (*(one.name for one in rules.levels), rules.none.name)


@cache
def switched_off() -> tuple[str, ...]:
    """Return the triggers that were read in no source, which are off unless asked for."""
    urgency = urgency_rules().rules
    return tuple(
        trigger.id
        for entry in finding_rules().values()
        for trigger in entry.triggers
        if "memory" in (trigger.status, urgency[trigger.id].status)
    )


def find(
    patient: Mapping[str, Known], by_lesion: Iterable[tuple[str, Mapping[str, Known]]], unchecked: bool = False
) -> tuple[Finding, ...]:
    """Return the findings that hold, gravest first.

    Parameters
    ----------
    patient : mapping
        Facts of the patient.
    by_lesion : iterable
        Site and further facts of each lesion.
    unchecked : bool
        Use triggers that were read in no source too.
    """
    off = () if unchecked else switched_off()
    person = [_Place("patient", patient, possible_values(patient))]
    lesions = [
        _Place(where, facts, possible_values(facts)) for where, own in by_lesion if (facts := {**patient, **own})
    ]
    found: list[Finding] = []
    for name, entry in finding_rules().items():
        for place in person if entry.of == "patient" else lesions:
            for trigger in entry.triggers:
                if trigger.id not in off and all_hold(trigger.when, place.values):
                    found.append(_finding((name, entry), trigger, place))
                    break
    order = levels()
    return tuple(sorted(found, key=lambda one: order.index(one.level)))


class _Place(NamedTuple):
    """Whom or what a finding is about: the patient or a lesion, with the facts and their values."""

    where: str
    facts: Mapping[str, Known]
    values: dict[str, Possible]


def _finding(what: tuple[str, FindingEntry], trigger: TriggerEntry, place: _Place) -> Finding:
    (name, entry), facts = what, place.facts
    urgency = urgency_rules().rules[trigger.id]
    holding = sorted(dict.fromkeys(_holding(trigger.when, place.values)), key=lambda key: key.startswith("record."))
    supports, against, missing = _sides(entry, facts, holding)
    return Finding(
        name=name,
        title=entry.title,
        kind=entry.kind,
        where=place.where,
        level=urgency.level,
        rule=trigger.id,
        says=trigger.says,
        trigger=tuple(shown(key, facts[key]) for key in holding if key in facts and not _is_absent(key, facts)),
        clock=urgency.clock,
        supports=supports,
        against=against,
        not_recorded=missing,
        sources=tuple(dict.fromkeys((trigger.source, urgency.source))),
        status="secondary" if "secondary" in (trigger.status, urgency.status) else trigger.status,
        note=entry.note,
    )


def _holding(conditions: Iterable[ConditionEntry], values: Mapping[str, Possible]) -> Iterator[str]:
    """Yield the facts by which conditions hold."""
    for one in conditions:
        if one.any:
            yield from _holding([inner for inner in one.any if all_hold([inner], values)], values)
        elif all_hold([one], values):
            yield one.item
            yield from (limit for limit in (one.starting, one.above, one.to, one.below) if isinstance(limit, str))


def _is_absent(key: str, facts: Mapping[str, Known]) -> bool:
    return facts[key].possible.value is False


def _sides(
    entry: FindingEntry, facts: Mapping[str, Known], holding: list[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    supports, against, missing = [], [], []
    for key in dict.fromkeys((*holding, *entry.support)):
        if key not in facts:
            missing.append(title_of(key))
        elif _is_absent(key, facts):
            # a statement about the record ("no calcium value") is no fact about the person
            if not key.startswith("record."):
                against.append(shown(key, facts[key]))
        else:
            supports.append(shown(key, facts[key]))
    against += [shown(key, facts[key]) for key in entry.against if key in facts and not _is_absent(key, facts)]
    return tuple(supports), tuple(against), tuple(dict.fromkeys(missing))
