"""Problems between the fields of a trial's file: arms nobody has, shares that do not add up, days that contradict."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from osteocast.domain.primary import find_origin, origin_facts
from osteocast.domain.trial_words import EstimatorFacts, estimator_facts
from osteocast.evidence.load import load_targets
from osteocast.evidence.target import Target
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.regimen_file import builtin_regimens, read_regimen, regimen_from_mapping
from osteocast.formats.trial_model import (
    AllocationEntry,
    ArmEntry,
    CountingEntry,
    EndpointEntry,
    FollowUpEntry,
    PopulationEntry,
)
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.units import convert

__all__ = ["trial_issues"]

M = TypeVar("M", bound=BaseModel)
Named = list[tuple[str, M]]

# Shares are printed with three digits.
_ROUNDING = 0.005
_ESTIMATOR_KEYS = ("counting", "first", "time", "rate", "marker", "harm", "fall", "calcium", "relapse", "pain",
                   "margin")  # fmt: skip


def trial_issues(raw: Mapping[str, Any], file: str) -> list[Issue]:
    """Return the problems between fields of a raw file; entries wrong in themselves are passed over."""
    arms = _listed(raw, "arms", ArmEntry, file)
    populations = _listed(raw, "populations", PopulationEntry, file)
    endpoints = _listed(raw, "endpoints", EndpointEntry, file)
    countings = [
        (f"{file}: counting.{clipped(name)}", entry)
        for name, given in _table(raw, "counting").items()
        if (entry := _valid(CountingEntry, given)) is not None
    ]
    issues = [*_twice(arms, "arm"), *_twice(populations, "population"), *_twice(endpoints, "endpoint")]
    issues += _shares([arm.share for _, arm in arms], raw.get("arms"), f"{file}: arms")
    issues += _shares([one.share.value for _, one in populations], raw.get("populations"), f"{file}: populations")
    issues += _block_issues(raw, [arm.share for _, arm in arms], file)
    issues += _regimen_issues(raw, arms, file)
    for place, population in populations:
        issues += _population_issues(population, place)
        issues += _source_issues(population, place)
    for place, counting in countings:
        issues += _counting_issues(counting, place)
    issues += _endpoint_issues(raw, endpoints)
    issues += _day_issues(raw, endpoints, file)
    return issues


def _valid(model: type[M], given: object) -> M | None:
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def _listed(raw: Mapping[str, Any], key: str, model: type[M], file: str) -> Named[M]:
    given = raw.get(key)
    places = enumerate(given if isinstance(given, list) else (), start=1)
    found = [(f"{file}: {key}[{number}]", _valid(model, one)) for number, one in places]
    return [(place, entry) for place, entry in found if entry is not None]


def _names(raw: Mapping[str, Any], key: str) -> list[str]:
    """Return the names of a list, those of flawed entries too, so that one mistake is told once."""
    given = raw.get(key)
    entries = given if isinstance(given, list) else ()
    return [str(one["name"]).strip() for one in entries if isinstance(one, dict) and "name" in one]


def _twice(entries: Sequence[tuple[str, Any]], what: str) -> Iterator[Issue]:
    seen: set[str] = set()
    for place, entry in entries:
        if entry.name in seen:
            fix = f"Rename one of the {what}s."
            yield Issue("trial.name-twice", f"{place}.name", clipped(entry.name), f"one {what} of a name", fix)
        seen.add(entry.name)


def _shares(shares: list[float], given: object, place: str) -> Iterator[Issue]:
    whole = isinstance(given, list) and len(given) == len(shares)
    if whole and shares and not math.isclose(sum(shares), 1.0, abs_tol=_ROUNDING):
        fix = "Correct the shares; they may be rounded to three digits."
        yield Issue("trial.share", f"{place}: share", f"a sum of {sum(shares):.4g}", "shares that sum to 1", fix)


def _block_issues(raw: Mapping[str, Any], shares: list[float], file: str) -> Iterator[Issue]:
    """Yield a size of blocks that cannot hold the arms in their shares: every block would favour the same arm."""
    allocation = _valid(AllocationEntry, raw.get("allocation"))
    size = None if allocation is None else allocation.block_size
    if size is None or not shares or not math.isclose(sum(shares), 1.0, abs_tol=_ROUNDING):
        return
    if any(abs(share * size - round(share * size)) > _ROUNDING * size for share in shares):
        told = ", ".join(f"{share * size:.3g}" for share in shares)
        fix = "Choose a size that every share divides into whole patients."
        place, found = f"{file}: allocation.block_size", f"{size}: {told} patients of the arms in a block"
        yield Issue("trial.allocation", place, found, "whole numbers of patients", fix)


def _regimen_issues(raw: Mapping[str, Any], arms: Named[ArmEntry], file: str) -> list[Issue]:
    issues: list[Issue] = []
    own = _table(raw, "regimen")
    for name, given in own.items():
        place = f"{file}: regimen.{clipped(name)}"
        if name in builtin_regimens():
            fix = "Give it another name."
            issues.append(Issue("trial.regimen-built-in", place, clipped(name), "a name that is not built in", fix))
        try:
            # What is wrong with single fields is told by the model of the file.
            regimen_from_mapping(given if isinstance(given, dict) else {}, place)
        except InputError as error:
            issues += [issue for issue in error.issues if issue.code.startswith(("regimen.", "drug."))]
    for place, arm in arms:
        if arm.regimen in own:
            continue
        try:
            read_regimen(arm.regimen)
        except InputError as error:
            issues += [
                Issue(i.code, f"{place}.regimen", i.found, i.expected, suggestion(arm.regimen, [*own]) or i.fix)
                for i in error.issues
            ]
    return issues


def _population_issues(entry: PopulationEntry, place: str) -> Iterator[Issue]:
    origin = find_origin(entry.origin)
    if origin is None or origin[0] != entry.origin:
        expected = "a primary tumour by its key: breast, prostate, lung, kidney, thyroid, myeloma, unknown, other"
        yield Issue("trial.population", f"{place}.origin", clipped(entry.origin), expected, "Correct the origin.")
        return
    facts = origin_facts(origin[0])
    if entry.subtype is not None and entry.subtype not in facts.subtypes:
        fix = suggestion(entry.subtype, [*facts.subtypes]) or "Leave it out where the trial mixes them."
        expected = "one of " + ", ".join(facts.subtypes)
        yield Issue("trial.population", f"{place}.subtype", clipped(entry.subtype), expected, fix)
    wrong = {"female": 1.0 - entry.female.value, "male": entry.female.value}
    if len(facts.sexes) == 1 and wrong[facts.sexes[0]] > 0.0:
        expected = f"only {facts.sexes[0]} patients with {facts.title}"
        yield Issue("trial.population", f"{place}.female", f"{entry.female.value:g}", expected, "Correct the share.")


def _source_issues(entry: PopulationEntry, place: str) -> Iterator[Issue]:
    """Find lesions that are described twice, or not at all."""
    for name in ("oldest_lesion", "lesions"):
        given = getattr(entry, name) is not None
        if given == (entry.source == "inputs"):
            continue
        found, expected = f"source {entry.source} with {name}", f"no {name}: the natural history says it"
        if not given:
            found, expected = f"no {name}", f'{name}, or source = "natural-history"'
        yield Issue("trial.population", f"{place}.{name}", found, expected, "Correct one of the two.")


def _counting_issues(entry: CountingEntry, place: str) -> Iterator[Issue]:
    if (entry.definition is None) == (entry.components is None):
        found = "neither" if entry.definition is None else "both"
        yield Issue("trial.definition", place, found, "either definition or components", "Keep one of them.")
        return
    inline = {"title": entry.title, "window": entry.window, "symptomatic_only": entry.symptomatic_only or None}
    if entry.definition is not None and (given := [key for key, value in inline.items() if value is not None]):
        fix = "Write components and rules instead of the definition."
        yield Issue("trial.definition", place, ", ".join(given), "nothing that the definition says already", fix)
    if entry.components is None:
        return
    missing = [key for key in ("title", "window") if inline[key] is None]
    if missing or not entry.components:
        found = "no " + ", no ".join(missing or ["components"])
        yield Issue("trial.definition", place, found, "title, components and window", "Add what is missing.")
    odd = [name for name in entry.symptomatic_only if name not in entry.components]
    if odd:
        fix = "Name components of this definition."
        yield Issue("trial.definition", f"{place}.symptomatic_only", ", ".join(odd), "components that count", fix)
    if entry.therapy_change_pain is not None and "change_of_systemic_therapy" not in entry.components:
        fix = "Add change_of_systemic_therapy to the components, or remove the pain."
        expected = "a change of therapy that counts"
        yield Issue("trial.definition", f"{place}.therapy_change_pain", "a pain", expected, fix)


def _endpoint_issues(raw: Mapping[str, Any], endpoints: Named[EndpointEntry]) -> list[Issue]:
    arms, countings = _names(raw, "arms"), [*_table(raw, "counting")]
    targets = load_targets() if any(entry.target for _, entry in endpoints) else {}
    issues: list[Issue] = []
    for place, entry in endpoints:
        for name in [*entry.arms, *([entry.comparator] if entry.comparator is not None else [])]:
            if name not in arms:
                fix = suggestion(name, arms) or "Name an arm of this trial."
                issues.append(Issue("trial.arm-unknown", place, clipped(name), "one of " + ", ".join(arms), fix))
        if entry.counting is not None and entry.counting not in countings:
            fix = suggestion(entry.counting, countings) or "Define it under [counting.NAME]."
            expected = "one of " + (", ".join(countings) or "the definitions under [counting.NAME]")
            issues.append(Issue("trial.counting-unknown", f"{place}.counting", clipped(entry.counting), expected, fix))
        issues += _estimator_issues(entry, estimator_facts(entry.estimator), place)
        issues += _first_issues(entry, _table(raw, "counting").get(entry.counting or ""), place)
        if entry.target is not None:
            issues += _target_issues(entry.target, targets, place)
    return issues


def _first_issues(entry: EndpointEntry, counting: object, place: str) -> Iterator[Issue]:
    components = counting.get("components") if isinstance(counting, dict) else None
    odd = [name for name in entry.first if name not in components] if isinstance(components, list) else []
    if odd:
        fix = "Ask for components that the trial counts."
        expected = "one of " + ", ".join(map(str, components or ()))
        yield Issue("trial.endpoint", f"{place}.first", ", ".join(odd), expected, fix)


def _estimator_issues(entry: EndpointEntry, facts: EstimatorFacts, place: str) -> Iterator[Issue]:
    given = [key for key in _ESTIMATOR_KEYS if getattr(entry, key) not in (None, [])]
    for key in facts.needs:
        if key not in given:
            fix = f"Add {key}: {facts.name} is the {facts.title}."
            yield Issue("trial.endpoint", f"{place}.{key}", "nothing", f"a value for {facts.name}", fix)
    for key in given:
        if key not in (*facts.needs, *facts.allows):
            fix = "Remove it, or choose another estimator."
            expected = "only " + (", ".join([*facts.needs, *facts.allows]) or "arms and target")
            yield Issue("trial.endpoint", f"{place}.{key}", f"{key} for {facts.name}", expected, fix)
    if facts.contrast and entry.comparator is None:
        yield Issue("trial.endpoint", f"{place}.comparator", "nothing", "the arm to compare with", "Add comparator.")
    if not facts.contrast and entry.comparator is not None:
        found, fix = clipped(entry.comparator), "Remove it, or choose an estimator that compares."
        yield Issue("trial.endpoint", f"{place}.comparator", found, f"none for {facts.name}", fix)
    both = [*entry.arms, *([entry.comparator] if entry.comparator is not None else [])]
    if len(set(both)) < len(both):
        expected = "each arm once, and a comparator that is another arm"
        yield Issue("trial.endpoint", f"{place}.arms", ", ".join(map(clipped, both)), expected, "Correct the arms.")


def _target_issues(name: str, targets: Mapping[str, Target], place: str) -> Iterator[Issue]:
    target = targets.get(name)
    if target is None:
        fix = suggestion(name, [*targets]) or "Look it up under data/targets."
        yield Issue("trial.target", f"{place}.target", clipped(name), "an id of data/targets/*.toml", fix)
    elif target.value is None or target.use not in ("fit", "check"):
        found = f"{name}: {target.value_text or target.use}"
        fix = "Leave the target out: there is nothing to compare with."
        yield Issue("trial.target", f"{place}.target", found, "a number to fit or to check", fix)


def _day_issues(raw: Mapping[str, Any], endpoints: Named[EndpointEntry], file: str) -> Iterator[Issue]:
    allocation = _valid(AllocationEntry, raw.get("allocation"))
    if allocation is not None and (allocation.method == "permuted-blocks") != (allocation.block_size is not None):
        expected = "block_size with permuted-blocks, and only there"
        yield Issue("trial.allocation", f"{file}: allocation", allocation.method, expected, "Correct one of the two.")
    plan = _valid(FollowUpEntry, raw.get("follow_up"))
    if plan is None:
        return
    place = f"{file}: follow_up"
    days = {
        name: convert(getattr(plan, name).value, getattr(plan, name).unit, "day") for name in FollowUpEntry.model_fields
    }
    for earlier, later in (
        ("earliest_exit", "latest_exit"),
        ("cut_off", "simulated"),
        ("earliest_exit", "simulated"),
        ("laboratory_interval", "simulated"),
    ):
        if days[earlier] > days[later] + 1e-6:
            found = f"{earlier} on day {days[earlier]:.0f}, {later} on day {days[later]:.0f}"
            expected = f"{earlier} not after {later}"
            yield Issue("trial.follow-days", f"{place}.{earlier}", found, expected, "Correct one of the two.")
    for where, endpoint in endpoints:
        if endpoint.time is not None and endpoint.time > days["simulated"] + 1e-6:
            expected = f"at most day {days['simulated']:.0f}, the end of the simulation"
            fix = "Simulate longer, or ask earlier."
            yield Issue("trial.follow-days", f"{where}.time", f"day {endpoint.time:.0f}", expected, fix)
