"""What a CT says for the items of Mirels and SINS, and what it cannot say. The scores themselves are made elsewhere."""

from __future__ import annotations

import numpy as np

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError
from osteocast.structure.axes import find_axes
from osteocast.structure.lesion_measures import LesionMeasures, Mask, Reading
from osteocast.structure.lesion_places import positions_mm
from osteocast.structure.loaded import BoneModel

__all__ = ["axial_items", "body_share", "mirels_items", "sins_items"]

_ASKED = Reading(None, "is asked of the patient")
_NO_AXIS = "no axis of the bone to cut it across"
# Of our own choice: less of a part than this may be the edge of a lesion beside it.
_PART_SHARE = 0.05


def mirels_items(bone: BoneModel, measures: LesionMeasures, region: str | None = None) -> dict[str, Reading]:
    """Return the items of Mirels' score, by the names of the instrument.

    Parameters
    ----------
    bone : BoneModel
    measures : LesionMeasures
    region : str, optional
        Of a femur: ``"head-neck"``, ``"trochanteric"`` or ``"shaft"``; None where it is not known.
    """
    sections = measures.sections
    return {
        "site": _long_bone(bone.site, region),
        "pain": _ASKED,
        "lesion": measures.kind,
        "size": Reading(None, _NO_AXIS) if sections is None else Reading(_third(sections.width_share)),
        "size_of": Reading("diameter"),
    }


def axial_items(bone: BoneModel, measures: LesionMeasures) -> dict[str, Reading]:
    """Return the items of axial cortical involvement: length [mm] and share of the circumference [%]."""
    if not bone.site.startswith("femur"):
        missing = Reading(None, "the rule was built on the femur")
        return {"axial_mm": missing, "circumferential_pct": missing}
    if measures.sections is None:
        missing = Reading(None, _NO_AXIS)
        return {"axial_mm": missing, "circumferential_pct": missing}
    share = 100.0 * measures.sections.circumference_share
    return {"axial_mm": Reading(measures.sections.axial_mm), "circumferential_pct": Reading(share)}


def sins_items(
    bone: BoneModel, lesion: Mask, measures: LesionMeasures, level: str | None = None, collapse_pct: float | None = None
) -> dict[str, Reading]:
    """Return the items of SINS, by the names of the instrument.

    Parameters
    ----------
    bone : BoneModel
    lesion : array of bool, shape (z, y, x)
    measures : LesionMeasures
    level : str, optional
        Such as ``"L4"``.
    collapse_pct : float, optional
        Loss of height of the body as a reader measured it [%].
    """
    if not bone.site.startswith("vertebra"):
        return dict.fromkeys(_SINS, Reading(None, "SINS is about the spine"))
    return {
        "location": Reading(level) if level else Reading(None, "the labels do not name the level"),
        "pain": _ASKED,
        "lesion": measures.kind,
        "alignment": Reading(None, "needs the spine, not one vertebra: not measured"),
        "collapse": _collapse(bone, lesion, collapse_pct),
        "posterolateral": _posterolateral(bone, lesion),
    }


_SINS = ("location", "pain", "lesion", "alignment", "collapse", "posterolateral")


def _third(share: float) -> str:
    return "<1/3" if share < 1.0 / 3.0 else "1/3-2/3" if share <= 2.0 / 3.0 else ">2/3"


def _long_bone(site: str, region: str | None) -> Reading:
    name = site.partition("-")[0]
    levels = read_table("lesion_tissues")["mirels_site"].get(name)
    if levels is None:
        return Reading(None, f"Mirels' score is about long bones, not {name}")
    if "any" in levels:
        return Reading(levels["any"])
    if region is None:
        return Reading(None, "lower limb or peritrochanteric: the region is not known")
    if not levels[region]:
        return Reading(None, "head or neck: reproductions of the table count it as lower limb or as peritrochanteric")
    return Reading(levels[region])


def body_share(bone: BoneModel, lesion: Mask) -> float | None:
    """Return the share of the vertebral body that a lesion takes, None where there is no telling what the body is.

    The body as labelled, else as the axes of the vertebra find it.
    """
    names = read_table("lesion_tissues")["vertebral_body"]["parts"]
    parts = [bone.parts[name] for name in names if name in bone.parts and bone.parts[name].any()]
    try:
        body = np.logical_or.reduce(parts) if parts else find_axes(bone, "vertebra").parts["body"]
    except InputError:
        return None
    return _share(lesion, body)


def _collapse(bone: BoneModel, lesion: Mask, collapse_pct: float | None) -> Reading:
    share = body_share(bone, lesion)
    involved = "the body is not known" if share is None else f"{share:.0%} of the body is involved"
    if collapse_pct is None:
        return Reading(None, f"loss of height needs the height before, or a neighbour; {involved}")
    if collapse_pct == 50.0:
        return Reading(None, "exactly 50 % stands in no level of the publication")
    if collapse_pct > 0.0:
        return Reading("gt50" if collapse_pct > 50.0 else "lt50")
    if share is None:
        return Reading(None, involved)
    return Reading("involved" if share > 0.5 else "none")


def _posterolateral(bone: BoneModel, lesion: Mask) -> Reading:
    """Return the sides on which a facet, pedicle or rib joint is involved, from labels of the parts."""
    parts = read_table("lesion_tissues")["posterolateral"]
    there = {name: bone.parts[name] for name in parts["left"] + parts["right"] if name in bone.parts}
    lacking = [name for name in parts["left"] + parts["right"] if name not in there or not there[name].any()]
    if lacking:
        return Reading(None, "parts not labelled: " + ", ".join(lacking))
    halves = _halves(bone, parts)
    involved = 0
    for side in ("left", "right"):
        masks = [there[name] for name in parts[side]] + ([halves[side]] if halves else [])
        involved += any(_share(lesion, mask) >= _PART_SHARE for mask in masks)
    return Reading(("none", "unilateral", "bilateral")[involved])


def _halves(bone: BoneModel, parts: dict[str, list[str]]) -> dict[str, Mask]:
    """Return the left and the right half of the parts that have no side in their name, as the arch."""
    middle = [bone.parts[name] for name in parts["both"] if name in bone.parts and bone.parts[name].any()]
    if not middle:
        return {}
    centres = []
    for side in ("left", "right"):
        mask = np.any([bone.parts[name] for name in parts[side]], axis=0)
        centres.append(positions_mm(bone.affine, np.argwhere(mask)).mean(axis=0))
    index = np.argwhere(np.any(middle, axis=0))
    leftward = (positions_mm(bone.affine, index) - (centres[0] + centres[1]) / 2.0) @ (centres[0] - centres[1])
    halves = {}
    for side, chosen in (("left", leftward > 0.0), ("right", leftward < 0.0)):
        halves[side] = np.zeros(bone.bone.shape, dtype=bool)
        halves[side][tuple(index[chosen].T)] = True
    return halves


def _share(lesion: Mask, part: Mask) -> float:
    return float((lesion & part).sum()) / float(max(part.sum(), 1))
