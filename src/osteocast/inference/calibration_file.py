"""Reader of data/calibration.toml: reference arms and the published levels to be met."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.course.courses import EventKind
from osteocast.domain.primary import origin_facts
from osteocast.evidence.load import DATA, load_targets
from osteocast.evidence.target import Target
from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.files import read_text_limited
from osteocast.inference.calibrate import Level
from osteocast.inference.reference_arms import INPUT_UNITS, Input, ReferenceArm

MOST_LEVELS = 6
GRADES = ("published", "derived", "assumed")
ESTIMATORS = ("first event", "median survival")
CALIBRATION = DATA / "calibration.toml"


@dataclass(frozen=True, slots=True)
class ArmLevel:
    """A published level and how it is taken from the simulated courses of an arm.

    Attributes
    ----------
    level : the published value with its error.
    arm : name of the arm.
    estimator : one of `ESTIMATORS`.
    first, counted : kinds of event, see `inference.estimators.first_event_share`; empty for survival.
    therapy_change_at_pain : worst pain [points] from which a change of systemic therapy is counted as one for pain.
    """

    level: Level
    arm: str
    estimator: str
    first: frozenset[EventKind]
    counted: frozenset[EventKind]
    therapy_change_at_pain: float


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """What is simulated and what it is compared with: the content of data/calibration.toml."""

    seed: int
    arms: Mapping[str, ReferenceArm]
    levels: tuple[ArmLevel, ...]


def read_calibration(path: str | Path = CALIBRATION, targets: Mapping[str, Target] | None = None) -> CalibrationPlan:
    """Read the arms and levels of a calibration file; all its problems are listed at once.

    Parameters
    ----------
    targets : published figures by id; None takes those of the package.

    Raises
    ------
    EvidenceError
        ``calibration.file``, ``calibration.input``, ``calibration.level``, ``calibration.target-use``,
        ``calibration.unchecked`` or ``calibration.too-many-levels``.
    """
    published = load_targets() if targets is None else targets
    issues: list[Issue] = []
    try:
        document = tomllib.loads(read_text_limited(path))
        arms = {name: _arm(document, name, issues) for name in document["arms"]}
        levels = [_level(entry, arms, published, issues) for entry in document["levels"]]
        seed = int(document["seed"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        found = f"{type(problem).__name__}: {problem}"
        issues.append(_issue("calibration.file", str(path), found, "the keys explained at its head", "Mend it."))
        raise EvidenceError(issues) from problem
    used = [published[entry["target"]] for entry in document["levels"] if entry["target"] in published]
    issues += _of_all(used)
    if issues:
        raise EvidenceError(issues)
    return CalibrationPlan(seed, arms, tuple(found for found in levels if found is not None))


def standard_error(target: Target) -> float:
    """Return the standard error of a published figure in its own unit.

    A crude share has that of a binomial; a median survival that of a median of `n` exponential times,
    m / (ln 2 sqrt(n)), which leaves out censoring and so is somewhat too small.

    Raises
    ------
    ValueError
        Without value and number of patients, or in another unit.
    """
    if target.value is None or not target.n:
        raise ValueError(f"{target.id} has no value or no number of patients")
    if target.unit == "%":
        return math.sqrt(target.value * (100.0 - target.value) / target.n)
    if target.unit in ("days", "months"):
        return target.value / (math.log(2.0) * math.sqrt(target.n))
    raise ValueError(f"{target.id} has the unit {target.unit}")


def _arm(document: dict[str, Any], name: str, issues: list[Issue]) -> ReferenceArm:
    entry = document["arms"][name]
    trial = document["trials"][entry["trial"]]
    inputs = {
        key: Input(float(given["value"]), str(given["unit"]), str(given["grade"]), str(given["why"]))
        for key, given in {**trial.get("inputs", {}), **entry.get("inputs", {})}.items()
    }
    if set(inputs) != set(INPUT_UNITS):
        odd = ", ".join(sorted(set(inputs) ^ set(INPUT_UNITS)))
        fix = "Give every input once, with value, unit, grade and why."
        issues.append(_issue("calibration.input", f"arms.{name}", f"missing or unknown: {odd}", "all inputs", fix))
    for key, given in inputs.items():
        unit = INPUT_UNITS.get(key, given.unit)
        if given.unit != unit or given.grade not in GRADES or not given.why or not math.isfinite(given.value):
            expected = f"a number in {unit}, a grade ({', '.join(GRADES)}) and the reason"
            issues.append(_issue("calibration.input", f"arms.{name}.{key}", str(tuple(given)), expected, "Correct it."))
    subtype = trial.get("subtype")
    known = origin_facts(trial["origin"]).subtypes
    if subtype is not None and subtype not in known:
        place = f"trials.{entry['trial']}.subtype"
        issues.append(_issue("calibration.input", place, str(subtype), ", ".join(known), "Name a listed subtype."))
    return ReferenceArm(name, entry["title"], trial["origin"], trial["sex"], entry["regimen"], inputs, subtype)


def _level(
    entry: dict[str, Any], arms: Mapping[str, ReferenceArm], published: Mapping[str, Target], issues: list[Issue]
) -> ArmLevel | None:
    name = str(entry["target"])
    target = published.get(name)
    if target is None or target.use != "fit" or target.value is None:
        use = "no such target" if target is None else f"use = {target.use}"
        fix = "Leave it out: what is held back is compared after the calibration, never during it."
        issues.append(_issue("calibration.target-use", name, use, "a number marked fit", fix))
        return None
    wrong = [
        word for word in ("first", "counted") if not {k.upper() for k in entry[word]} <= set(EventKind.__members__)
    ]
    if entry["arm"] not in arms or entry["estimator"] not in ESTIMATORS or wrong or not entry["why"]:
        expected = f"a known arm, an estimator ({', '.join(ESTIMATORS)}), known kinds of event and the reason"
        found = f"{entry['arm']}, {entry['estimator']}, {entry['first']}, {entry['counted']}"
        issues.append(_issue("calibration.level", name, found, expected, "Correct it."))
        return None
    shares = entry["estimator"] == "first event"
    level = Level(
        name, str(entry["text"]), target.value, target.unit, standard_error(target), "logit" if shares else "log"
    )
    return ArmLevel(
        level,
        str(entry["arm"]),
        str(entry["estimator"]),
        _kinds(entry["first"]),
        _kinds(entry["counted"]),
        float(entry.get("therapy_change_at_pain", math.inf)),
    )


def _kinds(names: list[str]) -> frozenset[EventKind]:
    return frozenset(EventKind[name.upper()] for name in names)


def _of_all(used: list[Target]) -> list[Issue]:
    issues = []
    if len(used) > MOST_LEVELS:
        fix = "Keep the levels that say most; the others are for comparison."
        issues.append(_issue("calibration.too-many-levels", "levels", f"{len(used)}", f"at most {MOST_LEVELS}", fix))
    unchecked = [target.id for target in used if not target.checked]
    if len(unchecked) * 2 >= max(1, len(used)):
        fix = "Look the figures up in their sources first."
        found = ", ".join(unchecked) or "no level"
        issues.append(_issue("calibration.unchecked", "levels", found, "most levels read in their source", fix))
    return issues


def _issue(code: str, place: str, found: str, expected: str, fix: str) -> Issue:
    return Issue(code, f"calibration.toml: {place}" if not place.endswith(".toml") else place, found, expected, fix)
