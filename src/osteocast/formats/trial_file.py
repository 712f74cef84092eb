"""Trials by name or from a file."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from osteocast.domain.patient import Origin
from osteocast.domain.regimen import Regimen
from osteocast.domain.table import read_table, table_names
from osteocast.domain.trial import (
    Allocation,
    Arm,
    Counting,
    DropOut,
    Endpoint,
    EntryCriterion,
    EntryShare,
    Estimand,
    FollowUpPlan,
    Population,
    Trial,
    TrialInput,
)
from osteocast.domain.trial_words import AllocationMethod, Grade, Marker, Rate, Source, Strategy, trial_quantity_names
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.issues import issues_of
from osteocast.formats.regimen_file import is_file_name, read_regimen, regimen_from_mapping
from osteocast.formats.text import read_mapping
from osteocast.formats.trial_checks import trial_issues
from osteocast.formats.trial_model import (
    SECTIONS,
    AllocationEntry,
    AmongEntry,
    ArmEntry,
    CountingEntry,
    CriterionEntry,
    DropOutEntry,
    EndpointEntry,
    EntryShareEntry,
    EstimandEntry,
    FollowUpEntry,
    InputEntry,
    PopulationEntry,
    TrialEntry,
)
from osteocast.foundation.errors import InputError, Issue

__all__ = ["builtin_trials", "read_trial", "trial_from_mapping"]


def builtin_trials() -> tuple[str, ...]:
    """Return the names of the built-in trials."""
    return table_names("trials")


def read_trial(name: str | Path) -> Trial:
    """Read a trial from the name of a built-in one (``stopeck-2010``) or from a file (``mine.toml``).

    Raises
    ------
    InputError
        With every problem: ``trial.*``, ``regimen.*``, ``drug.*``, ``file.*``, ``key.*``, ``value.*``.
    """
    if isinstance(name, Path) or is_file_name(name):
        return trial_from_mapping(read_mapping(name), Path(name).name)
    if name not in builtin_trials():
        fix = suggestion(name, builtin_trials()) or "For a file of your own give its name with .toml."
        expected = "one of " + ", ".join(builtin_trials())
        raise InputError(Issue("trial.unknown", "trial", clipped(name), expected, fix))
    return _builtin(name)


def trial_from_mapping(raw: Mapping[str, Any], name: str = "trial") -> Trial:
    """Make a trial from a mapping with the keys of a trial's file.

    Raises
    ------
    InputError
        With every problem.
    """
    issues = trial_issues(raw, name)
    try:
        entry = TrialEntry.model_validate(dict(raw))
    except ValidationError as error:
        raise InputError(list(dict.fromkeys(issues_of(error, name, SECTIONS) + issues))) from None
    if issues:
        raise InputError(issues)
    return _trial(entry, raw, entry.name or Path(name).stem)


@cache
def _builtin(name: str) -> Trial:
    return trial_from_mapping(read_table(f"trials/{name}"), f"{name}.toml")


def _trial(entry: TrialEntry, raw: Mapping[str, Any], name: str) -> Trial:
    own = {key: regimen_from_mapping(given, key) for key, given in raw.get("regimen", {}).items()}
    drop_out = _drop_out(entry.drop_out)
    return Trial(
        name=name,
        title=entry.title,
        note=entry.note or "",
        sources=tuple(entry.sources),
        populations=tuple(_population(one) for one in entry.populations),
        entry=tuple(_criterion(one) for one in entry.entry),
        arms=tuple(_arm(one, own, drop_out) for one in entry.arms),
        allocation=_allocation(entry.allocation),
        follow_up=_follow_up(entry.follow_up),
        countings={key: _counting(key, one) for key, one in entry.counting.items()},
        endpoints=tuple(_endpoint(one) for one in entry.endpoints),
        estimand=_estimand(entry.estimand),
        entry_share=None if entry.entry_share is None else _entry_share(entry.entry_share),
    )


def _input(entry: InputEntry) -> TrialInput:
    return TrialInput(entry.value, entry.unit, cast(Grade, entry.grade), entry.why)


def _population(entry: PopulationEntry) -> Population:
    given = {name: getattr(entry, name) for name in trial_quantity_names("population")}
    inputs = {name: _input(one) for name, one in given.items() if one is not None}
    return Population(entry.name, cast(Origin, entry.origin), entry.subtype, inputs, cast(Source, entry.source))


def _criterion(entry: AmongEntry) -> EntryCriterion:
    low, high = entry.low, entry.high
    if entry.answer is not None:
        low = high = float(entry.answer == "yes")
    grade, why = (entry.grade, entry.why) if isinstance(entry, CriterionEntry) else ("published", "")
    return EntryCriterion(entry.quantity, low, high, entry.unit or "", cast(Grade, grade), why)


def _entry_share(entry: EntryShareEntry) -> EntryShare:
    return EntryShare(_criterion(entry), _input(entry.share))


def _drop_out(entry: DropOutEntry) -> DropOut:
    return DropOut(_input(entry.withdrawal), _input(entry.per_ecog_point), _input(entry.after_progression))


def _follow_up(entry: FollowUpEntry) -> FollowUpPlan:
    return FollowUpPlan(**{name: _input(getattr(entry, name)) for name in trial_quantity_names("follow_up")})


def _arm(entry: ArmEntry, own: Mapping[str, Regimen], drop_out: DropOut) -> Arm:
    regimen = own[entry.regimen] if entry.regimen in own else read_regimen(entry.regimen)
    leaves = drop_out if entry.drop_out is None else _drop_out(entry.drop_out)
    return Arm(entry.name, entry.title, regimen, entry.share, entry.n, leaves, entry.renal_doses)


def _allocation(entry: AllocationEntry) -> Allocation:
    return Allocation(cast(AllocationMethod, entry.method), entry.block_size, tuple(entry.strata), entry.why)


def _counting(name: str, entry: CountingEntry) -> Counting:
    if entry.definition is not None:
        known = read_table("event_definitions")["definitions"][entry.definition]
        title, components, silent = known["title"], known["components"], known["symptomatic_only"]
        window, every = float(known["window_days"]), bool(known.get("every_finding", False))
    else:
        title, components, silent = entry.title or name, entry.components or [], entry.symptomatic_only
        window, every = entry.window or 0.0, False
    return Counting(
        name,
        title,
        tuple(components),
        tuple(silent),
        window,
        entry.therapy_change_pain,
        entry.radioisotope_as_radiation,
        every,
    )


def _endpoint(entry: EndpointEntry) -> Endpoint:
    return Endpoint(
        name=entry.name,
        title=entry.title or entry.name,
        estimator=entry.estimator,
        arms=tuple(entry.arms),
        comparator=entry.comparator,
        counting=entry.counting,
        first=tuple(entry.first),
        among=tuple(_criterion(one) for one in entry.among),
        day=entry.time,
        rate=cast(Rate | None, entry.rate),
        marker=cast(Marker | None, entry.marker),
        harm=entry.harm,
        fall=entry.fall,
        calcium=entry.calcium,
        relapse=entry.relapse,
        pain=entry.pain,
        margin=entry.margin,
        target=entry.target,
    )


def _estimand(entry: EstimandEntry) -> Estimand:
    death, switching, drop_out = (cast(Strategy, one) for one in (entry.death, entry.switching, entry.drop_out))
    return Estimand(death, switching, drop_out, entry.why)
