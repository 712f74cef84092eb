"""What a strength is asked of: which bone of which CT, made of what, under which load."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.settings import out_of_range
from osteocast.structure.lesion_spec import parse_lesion

__all__ = ["Question", "Site", "box_of_text", "no_bone", "part_of_text", "site_of", "site_of_label"]

_MOST_THREADS = 256
_LEAST_KG, _MOST_KG = 20.0, 300.0
_LEAST_MM, _MOST_MM = 0.01, 5.0
_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes
    ----------
    unit : str or None
        Of the CT's values, a key of `UNITS`; compulsory except for DICOM.
    series : str or None
        Which of several DICOM series.
    labels : Path or None
        Segmentation of the CT.
    table : str or None
        What the numbers of the segmentation mean, a key of `label_tables`.
    label : str or None
        The bone, by name or number.
    parts : tuple of (str, str)
        Named parts of the bone and their labels, such as ``("body", "20")``; the bone is all of them together.
    box_mm : tuple of float or None
        Instead of labels: least and greatest x, y, z (mm, LPS), as x, x, y, y, z, z.
    threshold : float or None
        Least value of the bone's surface within the box, in the unit of the CT.
    lesion : str or None
        Label of the lesion, by name or number.
    insert : str or None
        A lesion to put into the bone, ``KIND:SIZE@PLACE``; the result is marked synthetic.
    site : str or None
        ``"femur-left"``, ``"vertebra"``, ``"humerus-right"``, ``"generic"``; None takes it from the label's name.
    load : str or None
        Load case; None takes that of the site.
    boundary : str or None
        How the load case holds the bone; None takes its own.
    calibration : str or None
        ``"air-fat-muscle"``, ``"fixed"`` or ``"SLOPE,INTERCEPT,UNIT"``; None is air, fat and muscle.
    laws : tuple of str
        Names of a law of modulus, of strength, or of both; the rest is taken from the site.
    spacing_mm : float or None
        Of the voxels that are loaded; None takes that of the load case. The bone is built on the voxels of the CT.
    body_weight_kg : float or None
        For loads of daily life; without it there is no load-to-strength ratio.
    metal_allowed : bool
    threads : int
    """

    unit: str | None = None
    series: str | None = None
    labels: Path | None = None
    table: str | None = None
    label: str | None = None
    parts: tuple[tuple[str, str], ...] = ()
    box_mm: tuple[float, float, float, float, float, float] | None = None
    threshold: float | None = None
    lesion: str | None = None
    insert: str | None = None
    site: str | None = None
    load: str | None = None
    boundary: str | None = None
    calibration: str | None = None
    laws: tuple[str, ...] = ()
    spacing_mm: float | None = None
    body_weight_kg: float | None = None
    metal_allowed: bool = False
    threads: int = 1

    def check(self) -> None:
        """Refuse what cannot be, or contradicts itself, before anything is read; all problems at once.

        Raises
        ------
        InputError
            ``question.*``
        """
        issues = [*self._place_issues(), *self._number_issues()]
        if self.insert is not None and self.lesion is not None:
            fix = "Leave one of them out."
            issues.append(Issue("question.lesion", "lesion", "a lesion and one to insert", "one of the two", fix))
        for read, text in ((site_of, self.site), (parse_lesion, self.insert)):
            try:
                if text is not None:
                    read(text)
            except InputError as error:
                issues += error.issues
        if issues:
            raise InputError(issues)

    def _place_issues(self) -> list[Issue]:
        labelled = self.labels is not None
        boxed = self.box_mm is not None or self.threshold is not None
        issues = []
        if labelled == boxed:
            issues.append(no_bone("both" if labelled else "neither"))
        elif boxed and (self.box_mm is None or self.threshold is None):
            fix = "Give --box with six numbers in mm (x, x, y, y, z, z; LPS) and --threshold in the unit of the CT."
            issues.append(Issue("question.box", "box", "one of the two", "a box and a threshold", fix))
        if labelled and not self.label and not self.parts:
            fix = "Name the bone with --label; any name shows the list of what there is."
            issues.append(Issue("question.label", "label", "no label", "the bone's name or number", fix))
        if boxed and (self.label is not None or self.lesion is not None or self.parts):
            fix = "Leave them out, or name the segmentation with --labels."
            issues.append(Issue("question.label", "label", "a label without labels", "labels", fix))
        return issues

    def _number_issues(self) -> list[Issue]:
        issues = out_of_range("question.setting", {"threads": (self.threads, 1, _MOST_THREADS)})
        for name, value, low, high in (
            ("spacing", self.spacing_mm, _LEAST_MM, _MOST_MM),
            ("body-weight", self.body_weight_kg, _LEAST_KG, _MOST_KG),
        ):
            if value is not None and not low <= value <= high:
                fix = f"Choose --{name} within these limits."
                issues.append(Issue("question.setting", name, f"{value:g}", f"{low:g} to {high:g}", fix))
        return issues


def no_bone(found: str = "neither") -> Issue:
    """Return the problem of a question that says not, or says twice, where the bone is."""
    fix = "Name a segmentation with --labels, or give --box and --threshold."
    return Issue("question.bone", "labels, box", found, "labels, or a box with a threshold", fix)


@dataclass(frozen=True, slots=True)
class Site:
    """A kind of bone and what is taken for it.

    Attributes
    ----------
    name : str
        With its side, such as ``"femur-left"``.
    kind : str
        A key of ``bone_sites.toml``.
    entry : dict
        Its table.
    """

    name: str
    kind: str
    entry: dict[str, Any]

    def is_alike(self, other: Site) -> bool:
        """Whether two names can mean one bone: the same kind, and no other side."""
        return self.kind == other.kind and (self.name == other.name or self.kind in (self.name, other.name))


def site_of(name: str) -> Site:
    """Return a site by its name (``question.site``)."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    kind, _, side = plain.partition("-")
    table = read_table("bone_sites")
    if kind in table and (not side or side in _SIDES):
        return Site(plain, kind, table[kind])
    expected = "one of " + ", ".join(table) + ", with -left or -right where the bone is one of a pair"
    raise InputError(Issue("question.site", "site", name[:40], expected, "Choose one of them; generic fits any bone."))


def site_of_label(label: str) -> Site | None:
    """Return the site that a label's plain name stands for, or None: ``vertebra-t12`` is a vertebra."""
    kind = label.partition("-")[0]
    try:
        return site_of(kind if kind == "vertebra" else label)
    except InputError:
        return None


def part_of_text(text: str) -> tuple[str, str]:
    """Read ``NAME=LABEL`` (``question.part``)."""
    name, _, label = text.partition("=")
    if not name or not label:
        fix = "Write NAME=LABEL, such as body=20."
        raise InputError(Issue("question.part", "part", text[:40], "NAME=LABEL", fix))
    return name, label


def box_of_text(text: str) -> tuple[float, float, float, float, float, float]:
    """Read least and greatest x, y, z in mm, with commas or spaces between them (``question.box``)."""
    try:
        a, b, c, d, e, f = (float(one) for one in text.replace(",", " ").split())
    except ValueError:
        fix = "Write --box=-40,40,-60,20,-805,-766."
        raise InputError(Issue("question.box", "box", text[:60], "x,x,y,y,z,z in mm", fix)) from None
    return a, b, c, d, e, f
