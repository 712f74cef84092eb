"""Where the bone, its parts and its lesion are: by labels, or by a box and a threshold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_read import Scan
from osteocast.structure.label_checks import check_bone, mask_in_box
from osteocast.structure.labels import read_labels
from osteocast.structure.loaded import Mask
from osteocast.structure.strength_question import Question, Site, no_bone, site_of, site_of_label

__all__ = ["Found", "find_bone"]

_LEVEL = re.compile(r"vertebra-[ctl]\d{1,2}")


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
        ``question.site`` where neither the user nor the label's name says what bone it is, ``question.sites-differ``
        where they say different bones; ``label.*``.
    """
    if question.labels is None:
        if question.box_mm is None or question.threshold is None:
            raise InputError(no_bone())
        site = _site(question.site, ("box",))
        mask = mask_in_box(scan.volume, question.box_mm, question.threshold, site.kind == "vertebra")
        bone = check_bone(scan.volume, mask, site.name, question.metal_allowed)
        return Found(site, "box", bone.mask, np.zeros_like(bone.mask), {}, bone.warnings)
    labels = read_labels(question.labels, scan.volume, question.table)
    asked = [*([question.label] if question.label is not None else []), *(label for _, label in question.parts)]
    masks = [labels.mask_of(one) for one in asked]
    names = [labels.named(one)[0].name for one in asked]
    site = _site(question.site, names)
    lesion = np.zeros(scan.volume.shape_zyx, dtype=bool)
    if question.lesion is not None:
        lesion = labels.mask_of(question.lesion)
    parts = dict(zip((part for part, _ in question.parts), masks[len(asked) - len(question.parts) :], strict=True))
    mask = np.logical_or.reduce([*masks, lesion])
    bone = check_bone(scan.volume, mask, names[0], question.metal_allowed)
    warned = [*labels.warnings, *bone.warnings]
    if question.lesion is not None and not (lesion & bone.mask).any():
        fix = "Check that lesion and bone belong together."
        raise InputError(
            Issue("label.lesion-elsewhere", "lesion", "no voxel in the bone", "a lesion of this bone", fix)
        )
    return Found(site, names[0], bone.mask, lesion & bone.mask, parts, tuple(warned))


def _site(named: str | None, labels: Sequence[str]) -> Site:
    """Return the site that is named or that the first label stands for; no label may be that of another bone."""
    said = [one for one in map(site_of_label, labels) if one is not None]
    site = site_of(named) if named is not None else site_of_label(labels[0])
    if site is None:
        fix = "Say what bone it is with --site; --labels-table gives numbers their names."
        expected = "femur-left, femur-right, vertebra, humerus-left, humerus-right or generic"
        raise InputError(Issue("question.site", "site", f"a bone called {labels[0][:40]}", expected, fix))
    levels = set(filter(_LEVEL.fullmatch, labels))
    if site.kind != "generic" and (len(levels) > 1 or not all(site.is_alike(one) for one in said)):
        fix = "Correct --site, --label or --labels-table; with --site generic any bone is taken as it is."
        found = f"{site.name} asked for, labels called {', '.join(labels)[:60]}"
        raise InputError(Issue("question.sites-differ", "site", found, "one bone", fix))
    return site
