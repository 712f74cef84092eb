"""What would change an assessment: red flags and values that are open, items of instruments, and data that are old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from osteocast.clinical.facts import Facts
from osteocast.clinical.findings import Finding, levels, switched_off
from osteocast.clinical.known import Known, fact, title_of
from osteocast.clinical.record_lesions import lesion_facts, lesion_scores
from osteocast.clinical.score import Score
from osteocast.clinical.urgency import Age
from osteocast.domain.table import read_table
from osteocast.formats.assessment_rules import FindingEntry, finding_rules, urgency_rules
from osteocast.formats.conditions import all_hold
from osteocast.formats.instrument_model import ConditionEntry

__all__ = ["Change", "changes_of"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is missing or old, and what it could do.

    Parameters
    ----------
    kind : str
        ``urgency`` (a rule that is open), ``instrument`` (an open score) or ``age`` (old data).
    level : str
        Level that the rule would be given; empty for the other kinds.
    about : str
        Finding, instrument or kind of data.
    where : str
        Site of the lesion, or ``patient``.
    missing : tuple of str
        What is not recorded, the most useful first.
    rules : tuple of str
        Ids of the open rules.
    raises : bool
        Whether the level of the whole assessment would rise.
    """

    kind: str
    level: str
    about: str
    where: str
    missing: tuple[str, ...]
    rules: tuple[str, ...]
    raises: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        return {**asdict(self), "missing": list(self.missing), "rules": list(self.rules)}


def changes_of(
    facts: Facts,
    known: Mapping[str, Known],
    findings: tuple[Finding, ...],
    scores: Iterable[tuple[str, Score]],
    ages: tuple[Age, ...],
) -> tuple[Change, ...]:
    """Return what would change, ranked by effect: gravest open rules, then what would settle a score, then old data."""
    return (*_of_rules(facts, known, findings), *_of_scores(scores), *_of_ages(ages))


def _of_rules(facts: Facts, known: Mapping[str, Known], findings: tuple[Finding, ...]) -> list[Change]:
    order = levels()
    now = order.index(findings[0].level) if findings else len(order)
    held = {(one.name, one.where): one.rule for one in findings}
    found = []
    for name, entry in finding_rules().items():
        for where, here in _places(entry, facts, known):
            for level, asked in _open_levels(entry, held.get((name, where)), here).items():
                missing = tuple(dict.fromkeys(title for titles in asked.values() for title in titles))
                found.append(
                    Change("urgency", level, entry.title, where, missing, tuple(asked), order.index(level) < now)
                )
    return sorted(found, key=lambda one: order.index(one.level))


def _places(entry: FindingEntry, facts: Facts, known: Mapping[str, Known]) -> Iterator[tuple[str, Mapping[str, Known]]]:
    """Yield the patient, or each lesion, with its facts; what cannot be there is not open."""
    if entry.of != "lesion":
        units = [f"calcium.{unit}" for unit in ("mg_dl", "mmol_l")]
        # total calcium is judged in the unit of its report alone
        judged = any(one in known for one in units)
        yield "patient", {**{one: fact(0.0) for one in units if judged}, **known}
        return
    for number, lesion in enumerate(facts.lesions):
        own = lesion_facts(lesion, lesion_scores(lesion, known), f"lesions[{number}]")
        if not lesion.site.is_vertebra:
            own["lesion.epidural-grade"] = fact("0")
        if not lesion.site.name.startswith("femur-"):
            own["axial.high_risk"] = fact(False)
        yield lesion.site.title, {**known, **own}


def _open_levels(
    entry: FindingEntry, holding: str | None, here: Mapping[str, Known]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what is not recorded by level and open rule, of rules graver than the one that holds.

    A rule on a drug that the record does not hold is left out: no drug is asked for.
    """
    values = {key: one.possible for key, one in here.items()}
    rules, off, order = urgency_rules().rules, switched_off(), levels()
    limit = order.index(rules[holding].level) if holding is not None else len(order)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in entry.triggers:
        level = rules[one.id].level
        if one.id == holding:
            break
        drug = any(c.item.startswith("under.") and c.item not in here for c in one.when)
        if one.id in off or drug or order.index(level) >= limit or all_hold(one.when, values) is not None:
            continue
        missing = _titles(_open_facts(one.when, here), here)
        if missing:
            found.setdefault(level, {})[one.id] = missing
    return found


def _open_facts(conditions: Iterable[ConditionEntry], here: Mapping[str, Known]) -> Iterator[str]:
    """Yield the facts that are not recorded and on which conditions depend."""
    values = {key: one.possible for key, one in here.items()}
    for one in conditions:
        if all_hold([one], values) is not None:
            continue
        if one.any:
            yield from _open_facts(one.any, here)
        else:
            yield from (key for key in (one.item, one.starting, one.above) if isinstance(key, str) and key)


def _titles(keys: Iterable[str], here: Mapping[str, Known]) -> tuple[str, ...]:
    """Name open facts for people; a fact that is made from another one is named by that one, once."""
    asked: Mapping[str, list[str]] = read_table("assessment")["asked"]
    settled = {title_of(key) for key, one in here.items() if one.possible.settled}
    named = (title_of(name) for key in keys for name in asked.get(key, [key]))
    return tuple(one for one in dict.fromkeys(named) if one not in settled)


def _of_scores(scores: Iterable[tuple[str, Score]]) -> list[Change]:
    found = []
    for where, one in scores:
        if one.applicable and one.missing:
            best = one.missing[0]
            missing = tuple(item.title for item in one.missing)
            found.append(((not best.settles, best.answers_left), one.entry.title, where, missing))
    found.sort(key=lambda one: one[0])
    return [Change("instrument", "", title, where, missing, (), False) for _, title, where, missing in found]


def _of_ages(ages: tuple[Age, ...]) -> list[Change]:
    old = [one for one in ages if one.old]
    return [Change("age", "", one.title, "patient", (f"a value newer than {one.limit}",), (), False) for one in old]
