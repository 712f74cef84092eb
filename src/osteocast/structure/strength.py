"""How much load one bone carries: from a CT and a question to stiffness, failure load and failed region."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from osteocast.foundation.errors import Issue
from osteocast.structure.axes import bone_kind, find_axes
from osteocast.structure.bone_model import Built, build_bone
from osteocast.structure.ct_read import Scan, read_ct
from osteocast.structure.daily_loads import LoadRatio, load_ratios
from osteocast.structure.error_band import Band, error_band
from osteocast.structure.failure import Failure, load_to_failure
from osteocast.structure.failure_checks import settings_for
from osteocast.structure.failure_rules import RuleLoad, rule_loads
from osteocast.structure.lesion_effect import without_lesion
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_spec import parse_lesion
from osteocast.structure.load_case import LoadOptions, load_bone
from osteocast.structure.load_data import load_case
from osteocast.structure.loaded import BoneModel, LoadedBone
from osteocast.structure.strength_question import Question

__all__ = ["Carried", "Progress", "Strength", "strength"]

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done and how much there is; what it raises ends the computation."""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """One bone under one load until it failed.

    Attributes
    ----------
    bone : BoneModel
    loaded : LoadedBone
    failure : Failure
    rules : tuple of RuleLoad
        Failure loads by rules from the elastic solution.
    band : Band
        Interval around the failure load that published experiments suggest.
    """

    bone: BoneModel
    loaded: LoadedBone
    failure: Failure
    rules: tuple[RuleLoad, ...]
    band: Band


@dataclass(frozen=True, slots=True, eq=False)
class Strength:
    """What a bone carries.

    Attributes
    ----------
    question : Question
    scan : Scan
        The CT as it was read.
    built : Built
    load : str
        Name of the load case.
    carried : Carried
        The bone as it is asked for, lesion included.
    sound : Carried or None
        The same bone without its lesion; None where it has none.
    daily : tuple of LoadRatio
        Loads of daily life over the load carried; empty without a body weight, or where none is known.
    synthetic : bool
        Whether the lesion was inserted by the program.
    warnings : tuple of Issue
    seconds : tuple of (str, float)
        Wall clock of each stage.
    """

    question: Question
    scan: Scan
    built: Built
    load: str
    carried: Carried
    sound: Carried | None
    daily: tuple[LoadRatio, ...]
    synthetic: bool
    warnings: tuple[Issue, ...]
    seconds: tuple[tuple[str, float], ...]


def strength(ct: str | Path, question: Question, progress: Progress | None = None) -> Strength:
    """Compute how much load one bone carries.

    Parameters
    ----------
    ct : str or Path
        A CT of any kind that `read_ct` takes.
    question : Question
    progress : callable, optional

    Raises
    ------
    InputError
        ``question.*``, ``ct.*``, ``label.*``, ``calibration.*``, ``law.*``, ``load.*``, ``insert.*``
    SolveError
        ``failure.*``, ``strength.not-converged``
    """
    question.check()
    tell = progress or (lambda what, done, total: None)
    clock = [("start", time.perf_counter())]
    tell("reading the CT", 0, 1)
    scan = read_ct(ct, question.unit, question.series)
    tell("reading the CT", 1, 1)
    clock.append(("reading", time.perf_counter()))
    tell("bone", 0, 1)
    built = build_bone(scan, question)
    bone, sound = _with_lesion(built, question)
    tell("bone", 1, 1)
    clock.append(("bone", time.perf_counter()))
    load = question.load or str(built.site.entry["load"])
    carried = _carry(bone, load, question, tell, "loading")
    clock.append(("loading", time.perf_counter()))
    healthy = None
    if sound is not None:
        healthy = _carry(sound, load, question, tell, "loading without lesion")
        clock.append(("without lesion", time.perf_counter()))
    return Strength(
        question=question,
        scan=scan,
        built=replace(built, bone=bone),
        load=load,
        carried=carried,
        sound=healthy,
        daily=_daily(carried, load, question.body_weight_kg),
        synthetic=question.insert is not None,
        warnings=_nameless((*built.warnings, *_doubts(carried, load, question.spacing_mm)), Path(ct), question.labels),
        seconds=tuple((name, end - before) for (_, before), (name, end) in pairwise(clock)),
    )


def _daily(carried: Carried, load: str, weight_kg: float | None) -> tuple[LoadRatio, ...]:
    if weight_kg is None:
        return ()
    band = carried.band
    ends = None if band.low_n is None or band.high_n is None else (band.low_n, band.high_n)
    return load_ratios(carried.bone.site, load, weight_kg, carried.failure.failure_load_n, ends)


def _nameless(warnings: tuple[Issue, ...], ct: Path, labels: Path | None) -> tuple[Issue, ...]:
    """Return the warnings without names of files and folders: they may be those of a person."""
    known = {one.name: "CT" for one in (ct, *ct.parents) if one.name}
    if labels is not None:
        known |= {labels.name: "labels"}
    return tuple(replace(one, place=known.get(one.place, one.place)) for one in warnings)


def _doubts(carried: Carried, load: str, spacing_mm: float | None) -> tuple[Issue, ...]:
    """Return what the axes, the voxels and the loading warn of."""
    bone = carried.bone
    case = load_case(bone_kind(bone.site), load)
    axes = find_axes(bone, case.site).warnings
    if spacing_mm and case.spacing_mm and spacing_mm != case.spacing_mm:
        found = f"loaded on voxels of {spacing_mm:g} mm, not {case.spacing_mm:g} mm"
        note = "Note: a T12 carried 17 % more on voxels of 3 mm than on 1 mm; compare only bones on the same voxels."
        axes = (*axes, Issue("failure.voxels", "spacing", found, f"{case.spacing_mm:g} mm", note))
    fix = "Note: see the force-displacement curve and the failed region before you use the load."
    told = (Issue("failure.doubtful", "loading", text, "", fix) for text in carried.failure.warnings)
    return (*axes, *told)


def _with_lesion(built: Built, question: Question) -> tuple[BoneModel, BoneModel | None]:
    """Return the bone that is asked for, and the one without its lesion where it has one."""
    bone = built.bone
    if question.insert is not None:
        return insert_lesion(bone, parse_lesion(question.insert), built.material), bone
    if bone.lesion.any():
        return bone, without_lesion(bone)
    return bone, None


def _carry(bone: BoneModel, load: str, question: Question, tell: Progress, stage: str) -> Carried:
    loaded = load_bone(bone, load, LoadOptions(question.boundary, question.spacing_mm))
    settings = settings_for(bone.site, question.threads)
    failure = load_to_failure(loaded, settings, lambda what, done, total: tell(stage, done, total))
    rules = rule_loads(loaded, failure.elastic)
    return Carried(bone, loaded, failure, rules, error_band(bone.site, "nonlinear", failure.failure_load_n))
