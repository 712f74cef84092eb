"""Every lesion of a bone: its measures, and what they say for the items of scores."""

from __future__ import annotations

from dataclasses import dataclass

from osteocast.foundation.errors import InputError
from osteocast.structure.axes import bone_kind, find_axes
from osteocast.structure.lesion_items import axial_items, mirels_items, sins_items
from osteocast.structure.lesion_measures import LesionMeasures, Mask, Reading, lesion_pieces, measure_lesion
from osteocast.structure.lesion_places import femur_region, section_axis
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["LesionReport", "report_lesions"]


@dataclass(frozen=True, slots=True)
class LesionReport:
    """One lesion.

    Attributes
    ----------
    measures : LesionMeasures
    region : str or None
        Of a femur; None for other bones, or where its axes are not found.
    items : dict of str to dict of str to Reading
        By instrument (``"mirels"`` and ``"axial-cortical"``, or ``"sins"``) and item; empty for other bones.
    missing : tuple of str
        Why sections and region are missing.
    """

    measures: LesionMeasures
    region: str | None
    items: dict[str, dict[str, Reading]]
    missing: tuple[str, ...]


def report_lesions(bone: BoneModel, level: str | None = None) -> tuple[LesionReport, ...]:
    """Report on every lesion of a bone, the largest first.

    Parameters
    ----------
    bone : BoneModel
    level : str, optional
        Of a vertebra, such as ``"L4"``.
    """
    return tuple(_report(bone, lesion, level) for lesion in lesion_pieces(bone))


def _report(bone: BoneModel, lesion: Mask, level: str | None) -> LesionReport:
    axis, region, missing = _orientation(bone, lesion)
    measures = measure_lesion(bone, lesion, axis)
    items: dict[str, dict[str, Reading]] = {}
    if bone_kind(bone.site) == "vertebra":
        items = {"sins": sins_items(bone, lesion, measures, level)}
    elif bone.site != "generic":
        items = {"mirels": mirels_items(bone, measures, region), "axial-cortical": axial_items(bone, measures)}
    return LesionReport(measures, region, items, missing)


def _orientation(bone: BoneModel, lesion: Mask) -> tuple[Matrix | None, str | None, tuple[str, ...]]:
    """Return the axis of sections, the region of a femur, and why they are missing."""
    try:
        axis = section_axis(bone, lesion)
        region = femur_region(bone, lesion, find_axes(bone)) if bone_kind(bone.site) == "femur" else None
    except InputError as error:
        return None, None, tuple(f"{issue.found}, not {issue.expected} ({issue.code})" for issue in error.issues)
    return axis, region, ()
