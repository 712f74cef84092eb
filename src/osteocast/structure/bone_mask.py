"""Where the bone, its parts and its lesion are: by labels, or by a box and a threshold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_read import Scan
from osteocast.structure.label_checks import check_bone, mask_in_box
from osteocast.structure.label_names import plain_name
from osteocast.structure.labels import Labels, read_labels
from osteocast.structure.loaded import Mask
from osteocast.structure.strength_question import Question, Site, no_bone, site_of, site_of_label

__all__ = ["Found", "find_bone"]


class Found(NamedTuple):
    """Masks on the grid of the CT.

    Attributes
    ----------
    site : Site
    label : str
        Name of the bone, or ``"box"``.
    bone, lesion : array of bool, shape (z, y, x)
    parts : dict of str to array of bool
    warnings : tuple of Issue
    """

    site: Site
    label: str
    bone: Mask
    lesion: Mask
    parts: dict[str, Mask]
    warnings: tuple[Issue, ...]


def find_bone(scan: Scan, question: Question) -> Found:
    """Find the bone that is asked for.

    Raises
    ------
    InputError
        ``question.site`` where neither the user nor the label's name says what bone it is; ``label.*``.
    """
    if question.labels is None:
        if question.box_mm is None or question.threshold is None:
            raise InputError(no_bone())
        site = _site(question.site, "box", None)
        mask = mask_in_box(scan.volume, question.box_mm, question.threshold, site.kind == "vertebra")
        bone = check_bone(scan.volume, mask, site.name, question.metal_allowed)
        return Found(site, "box", bone.mask, np.zeros_like(bone.mask), {}, bone.warnings)
    labels = read_labels(question.labels, scan.volume, question.table)
    name = _name(labels, question)
    site = _site(question.site, name, labels)
    lesion = np.zeros(scan.volume.shape_zyx, dtype=bool)
    if question.lesion is not None:
        lesion = labels.mask_of(question.lesion)
    parts = {part: labels.mask_of(label) for part, label in question.parts}
    whole = [*parts.values(), *([labels.mask_of(question.label)] if question.label is not None else [])]
    mask = np.logical_or.reduce([*whole, lesion])
    bone = check_bone(scan.volume, mask, name, question.metal_allowed)
    warned = [*labels.warnings, *bone.warnings]
    if question.lesion is not None and not (lesion & bone.mask).any():
        fix = "Check that lesion and bone belong together."
        raise InputError(
            Issue("label.lesion-elsewhere", "lesion", "no voxel in the bone", "a lesion of this bone", fix)
        )
    return Found(site, name, bone.mask, lesion & bone.mask, parts, tuple(warned))


def _name(labels: Labels, question: Question) -> str:
    """Return the name of the label, also where a number was given."""
    wanted = plain_name(question.label or question.parts[0][1])
    found = [one.name for one in labels.segments if wanted in (one.name, str(one.number))]
    return found[0] if found else wanted


def _site(named: str | None, label: str, labels: Labels | None) -> Site:
    if named is not None:
        return site_of(named)
    site = site_of_label(label) if labels is not None else None
    if site is None:
        fix = "Say what bone it is with --site; --labels-table gives numbers their names."
        expected = "femur-left, femur-right, vertebra, humerus-left, humerus-right or generic"
        raise InputError(Issue("question.site", "site", f"a bone called {label[:40]}", expected, fix))
    return site
