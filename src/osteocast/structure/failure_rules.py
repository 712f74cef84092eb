"""Failure loads from one elastic solution: published rules, which are data with their sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage, signal

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure import element
from osteocast.structure.failure_place import at_contact
from osteocast.structure.loaded import CAP, LoadedBone, Mask
from osteocast.structure.voxel_model import Floats, Solution
from osteocast.structure.yielding import Voxels, inverse_limits, principal_ends, ratios

__all__ = ["RuleLoad", "rule_loads", "rule_names"]

MARROW_MPA = 10.0
"""Softer voxels hold marrow: they are loaded, but are no bone that fails."""


@dataclass(frozen=True, slots=True)
class RuleLoad:
    """What one rule says.

    Attributes
    ----------
    rule : str
    load_n : float or None
        None where the rule cannot be applied; then `reason` says why.
    displacement_mm : float or None
        Of the loaded surface at that load.
    reason : str
    line : str
        The rule with its numbers, source and status, and what is changed against the source.
    at_contact : bool or None
        Whether the bone that meets a local rule lies next to a cap or support; None of a rule without a place.
    """

    rule: str
    load_n: float | None
    displacement_mm: float | None
    reason: str
    line: str
    at_contact: bool | None = None


class _Case(NamedTuple):
    """An elastic solution at 1 mm, with what all rules need of it."""

    loaded: LoadedBone
    elastic: Solution
    bone: Mask
    ends: Floats
    contact: Mask


class _Met(NamedTuple):
    """Displacement at failure [mm], and the voxels that meet the rule there; None of a rule without a place."""

    at_mm: float
    where: Mask | None = None


_Answer = _Met | str
"""Where a rule is met, or the reason why it is not."""


def rule_names() -> tuple[str, ...]:
    """Return the names of the rules."""
    return tuple(read_table("failure_rules")["rules"])


def rule_loads(loaded: LoadedBone, elastic: Solution, names: tuple[str, ...] = ()) -> tuple[RuleLoad, ...]:
    """Apply rules to the elastic solution of a loaded bone.

    Parameters
    ----------
    loaded : LoadedBone
    elastic : Solution
        Of the constraints as they are, that is at 1 mm; `Failure.elastic`.
    names : tuple of str
        Of the rules; all where none is named.

    Raises
    ------
    InputError
        ``failure.rule-unknown``
    """
    table: Mapping[str, Any] = read_table("failure_rules")["rules"]
    if unknown := [name for name in names if name not in table]:
        fix = "Choose a name of the list in docs/failure-load.md."
        raise InputError(Issue("failure.rule-unknown", "rules", ", ".join(unknown), ", ".join(table), fix))
    stiff = loaded.model.modulus.ravel()[elastic.cell] >= MARROW_MPA
    bone = (loaded.part.ravel()[elastic.cell] != CAP) & stiff
    ends = principal_ends(elastic.displacement, _voxels(elastic))
    case = _Case(loaded, elastic, bone, ends, at_contact(loaded))
    return tuple(_apply(case, name, table[name]) for name in names or table)


def _apply(case: _Case, name: str, rule: Mapping[str, Any]) -> RuleLoad:
    numbers = ", ".join(f"{key} {rule[key]:g}" for key in rule if isinstance(rule[key], float))
    line = f"rule {name}: {rule['about']} ({numbers}; {rule['source']}, {rule['status']}; {rule['own']})"
    answer: _Answer = _RULES[rule["kind"]](case, rule) if case.bone.any() else "no voxel of bone"
    if isinstance(answer, str):
        return RuleLoad(name, None, None, answer, line)
    near = None if answer.where is None else bool(case.contact[answer.where].mean() > 0.5)
    return RuleLoad(name, answer.at_mm * case.loaded.force(case.elastic), answer.at_mm, "", line, near)


def _volume_share(case: _Case, rule: Mapping[str, Any]) -> _Answer:
    """Energy-equivalent strain, sqrt(2 U / E) with U at the centre of the voxel, that the share of volume exceeds."""
    strain = case.elastic.strain()[case.bone]
    law = element.elasticity(case.elastic.model.poisson)
    equivalent = np.sqrt(np.maximum(np.einsum("ij,ij->i", strain @ law, strain), 0))
    return _limit(float(rule["strain"]), float(np.quantile(equivalent, 1 - rule["share"])))


def _apparent_strain(case: _Case, rule: Mapping[str, Any]) -> _Answer:
    return _Met(float(rule["strain"]) * case.loaded.length_mm)


def _connected_volume(case: _Case, rule: Mapping[str, Any]) -> _Answer:
    """Smallest displacement at which one piece of voxels beyond yield, joined by faces, has the volume."""
    volume = float(np.prod(case.elastic.model.spacing))
    ratio = np.where(case.bone, ratios(case.ends, inverse_limits(case.loaded, case.elastic.cell)).max(0), 0)
    grid = np.nan_to_num(case.elastic.on_grid(ratio))
    levels = np.unique(ratio[ratio > 0])
    low, high = 0, levels.size
    while low < high:
        middle = (low + high) // 2
        if float(_largest(grid >= levels[middle]).sum()) * volume >= rule["volume_mm3"]:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return f"no piece of bone of {rule['volume_mm3']:g} mm3"
    return _limit(1.0, float(levels[low - 1]), _largest(grid >= levels[low - 1]))


def _largest(voxels: Mask) -> Mask:
    """Return the largest piece of voxels joined by faces."""
    label, count = ndimage.label(voxels, output=np.int32)
    piece: Mask = label == 1 + int(np.argmax(np.bincount(label.ravel(), minlength=count + 1)[1:]))
    return piece


def _local_strain(case: _Case, rule: Mapping[str, Any]) -> _Answer:
    """Principal strains averaged over the bone in a sphere around each voxel."""
    ratio = np.maximum(case.ends[0] / rule["tension"], -case.ends[1] / rule["compression"])
    inside = np.nan_to_num(case.elastic.on_grid(case.bone.astype(float)))
    values = np.nan_to_num(case.elastic.on_grid(np.where(case.bone, ratio, 0.0)))
    ball = _ball(float(rule["radius_mm"]), case.elastic.model.spacing)
    total = signal.fftconvolve(values, ball, "same")
    mean = total / np.maximum(signal.fftconvolve(inside, ball, "same"), 0.5)
    mean[inside == 0] = 0.0
    return _limit(1.0, float(mean.max()), mean == mean.max())


_RULES: dict[str, Callable[[_Case, Mapping[str, Any]], _Answer]] = {
    "volume-share": _volume_share,
    "apparent-strain": _apparent_strain,
    "connected-volume": _connected_volume,
    "local-strain": _local_strain,
}


def _ball(radius_mm: float, spacing: tuple[float, float, float]) -> Floats:
    """Return 1 at the voxels whose centres lie within the radius, shape (z, y, x)."""
    axes = [np.arange(-int(radius_mm / h), int(radius_mm / h) + 1) * h for h in reversed(spacing)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.asarray(x * x + y * y + z * z <= radius_mm**2, float)


def _limit(limit: float, at_one: float, where: Mask | None = None) -> _Answer:
    return _Met(limit / at_one, where) if at_one > 0 else "no strain in the bone"


def _voxels(elastic: Solution) -> Voxels:
    return Voxels(elastic.nodes, elastic.model.spacing)
