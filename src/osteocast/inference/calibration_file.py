"""Reader of data/calibration.toml: arms of trials and the published levels to be met."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.course.courses import EventKind
from osteocast.course.event_definitions import EventDefinition, definition_of
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.trial import Endpoint, Trial
from osteocast.evidence.load import DATA, load_targets
from osteocast.evidence.target import Target
from osteocast.formats.trial_file import read_trial
from osteocast.foundation.errors import EvidenceError, InputError, Issue
from osteocast.foundation.files import read_text_limited
from osteocast.inference.calibrate import Level
from osteocast.inference.reference_arms import ReferenceArm, reference_arm

MOST_LEVELS = 6
ESTIMATORS = ("first-event-proportion", "survival-median")
CALIBRATION = DATA / "calibration.toml"


@dataclass(frozen=True, slots=True)
class ArmLevel:
    """A published level and how it is taken from the simulated courses of an arm.

    Attributes
    ----------
    level : the published value with its error.
    arm : name of the arm.
    estimator : one of `ESTIMATORS`.
    first : kinds of event asked for as the first one on study; empty for survival.
    definition : what the trial counted, see `inference.estimators.first_event_share`; None for survival.
    """

    level: Level
    arm: str
    estimator: str
    first: frozenset[EventKind]
    definition: EventDefinition | None


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
        ``calibration.unchecked`` or ``calibration.too-many-levels``; the problems of a trial's file.
    """
    published = load_targets() if targets is None else targets
    issues: list[Issue] = []
    try:
        document = tomllib.loads(read_text_limited(path))
        trials = _trials(document, issues)
        arms = _arms(document, trials, issues)
        levels = [_level(entry, document, trials, published) for entry in document["levels"]]
        seed = int(document["seed"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        found = f"{type(problem).__name__}: {problem}"
        issues.append(_issue("calibration.file", str(path), found, "the keys explained at its head", "Mend it."))
        raise EvidenceError(issues) from problem
    used = [published[entry["target"]] for entry in document["levels"] if entry["target"] in published]
    issues += [found for found in levels if isinstance(found, Issue)] + _of_all(used)
    if issues:
        raise EvidenceError(issues)
    return CalibrationPlan(seed, arms, tuple(found for found in levels if isinstance(found, ArmLevel)))


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


def _trials(document: dict[str, Any], issues: list[Issue]) -> dict[str, Trial]:
    """Return the trial of each arm."""
    found: dict[str, Trial] = {}
    for name, entry in document["arms"].items():
        try:
            found[name] = read_trial(str(entry["trial"]))
        except InputError as error:
            issues += error.issues
    return found


def _arms(document: dict[str, Any], trials: Mapping[str, Trial], issues: list[Issue]) -> dict[str, ReferenceArm]:
    found: dict[str, ReferenceArm] = {}
    for name, trial in trials.items():
        try:
            found[name] = reference_arm(trial, str(document["arms"][name]["arm"]), name)
        except (KeyError, ValueError) as problem:
            expected = "an arm of the trial, of one population of one sex, with drop-out at a constant rate"
            issues.append(_issue("calibration.input", f"arms.{name}", str(problem), expected, "Take another arm."))
    return found


def _level(
    entry: dict[str, Any], document: dict[str, Any], trials: Mapping[str, Trial], published: Mapping[str, Target]
) -> ArmLevel | Issue:
    name, arm = str(entry["target"]), str(entry["arm"])
    target = published.get(name)
    if target is None or target.use != "fit" or target.value is None:
        use = "no such target" if target is None else f"use = {target.use}"
        fix = "Leave it out: what is held back is compared after the calibration, never during it."
        return _issue("calibration.target-use", name, use, "a number marked fit", fix)
    trial = trials.get(arm)
    endpoint = None if trial is None else next((one for one in trial.endpoints if one.target == name), None)
    fits = trial is not None and endpoint is not None and _usable(endpoint, document["arms"][arm]["arm"], trial)
    if trial is None or endpoint is None or not fits or not entry["why"]:
        expected = (
            f"a known arm whose trial has an endpoint with this target, estimated by {' or '.join(ESTIMATORS)} "
            "for that arm alone, in all its patients, to the end of follow-up; and the reason"
        )
        return _issue("calibration.level", name, f"{arm}, {entry['text']}", expected, "Correct it.")
    shares = endpoint.estimator == "first-event-proportion"
    level = Level(
        name, str(entry["text"]), target.value, target.unit, standard_error(target), "logit" if shares else "log"
    )
    if endpoint.counting is None:
        return ArmLevel(level, arm, endpoint.estimator, frozenset(), None)
    definition = definition_of(trial.countings[endpoint.counting])
    asked = [part for part in definition.components if not endpoint.first or part.name in endpoint.first]
    first = frozenset(kind for part in asked for kind in part.kinds)
    return ArmLevel(level, arm, endpoint.estimator, first, definition)


def _usable(endpoint: Endpoint, arm: str, trial: Trial) -> bool:
    end = trial.follow_up.cut_off.value * DAYS_PER_MONTH
    whole = endpoint.day is None or endpoint.day >= end - 1e-6
    return endpoint.estimator in ESTIMATORS and endpoint.arms == (arm,) and whole and not endpoint.among


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
