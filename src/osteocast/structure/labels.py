"""Labels of bones: what stands in a segmentation, under which name, on the grid of the CT.

Any program's label image is taken: NIfTI, NRRD and MetaImage with numbers, Slicer's .seg.nrrd and DICOM SEG with
names, and a folder of masks, one a bone, as TotalSegmentator writes it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_header import format_of
from osteocast.structure.label_files import Segment, StoredLabels, read_label_file, read_label_folder, read_segments
from osteocast.structure.label_names import plain_name
from osteocast.structure.resample import place_on
from osteocast.structure.volume import Volume

__all__ = ["Labels", "label_tables", "read_labels"]

Mask = npt.NDArray[np.bool_]

_LOST_SHARE = 0.02
_LISTED = 30


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Segments on the grid of a CT.

    Attributes
    ----------
    layers : tuple of array of int32, shape (z, y, x)
        More than one where segments overlap.
    segments : tuple of Segment
        Name, number and layer of each segment that has a voxel or a name.
    table : str
        Where the names come from: a key of `label_tables`, "file" or "numbers".
    warnings : tuple of Issue
    """

    layers: tuple[npt.NDArray[np.int32], ...]
    segments: tuple[Segment, ...]
    table: str
    warnings: tuple[Issue, ...] = field(default=())

    def mask_of(self, wanted: str | int) -> Mask:
        """Return the mask of one segment by its name or number.

        Raises
        ------
        InputError
            ``label.unknown``, with the list of what there is, or ``label.empty``.
        """
        found = self.named(str(wanted))
        if not found:
            names = ", ".join(f"{s.number} = {s.name}" for s in self.segments[:_LISTED]) or "none"
            fix = "Give a name or number of this list; --labels-table says what the numbers mean."
            raise InputError(Issue("label.unknown", "labels", repr(wanted)[:60], f"one of: {names}", fix))
        mask: Mask = np.zeros(self.layers[0].shape, dtype=bool)
        for segment in found:
            mask |= self.layers[segment.layer] == segment.number
        if not mask.any():
            fix = "Check that labels and CT belong together."
            raise InputError(Issue("label.empty", "labels", f"{found[0].name} without a voxel", "a bone", fix))
        return mask

    def named(self, wanted: str) -> list[Segment]:
        """Return the segments of a name, or the one of a number; none where there is none."""
        text = wanted.strip()
        by_number = [s for s in self.segments if text == str(s.number)]
        # A plain name loses its sign: -5 is no label 5.
        return by_number or [s for s in self.segments if not text.startswith("-") and plain_name(text) == s.name]


def label_tables() -> Mapping[str, str]:
    """Return the built-in tables of label numbers: name and what they are."""
    return {name: str(table["about"]) for name, table in read_table("label_tables").items()}


def read_labels(path: str | Path, volume: Volume, table: str | None = None) -> Labels:
    """Read a segmentation and bring it onto the grid of a CT.

    Parameters
    ----------
    path : str or Path
        A label image, a .seg.nrrd, a DICOM SEG file, or a folder of masks.
    volume : Volume
        The CT.
    table : str, optional
        A key of `label_tables`, which gives the numbers their names. Never guessed.

    Raises
    ------
    InputError
        ``label.*``, and ``ct.*`` or ``file.*`` where the file cannot be read.
    """
    path = Path(path)
    names = _table_names(table)
    if os.path.isdir(path):  # noqa: PTH112 -- Path.is_dir raises for names too long
        stored = read_label_folder(path)
    elif format_of(path) is not None:
        stored = read_label_file(path)
    else:
        stored = read_segments(path)
    placed = [place_on(layer, stored.affine, volume) for layer in stored.layers]
    layers = tuple(one.values for one in placed)
    warnings = list(stored.warnings)
    if any(one.moved for one in placed):
        found = _grid_text(stored)
        fix = "Look at the overlay picture: a mask of another grid is off by up to half a voxel."
        expected = "the grid of the CT"
        warnings.append(Issue("label.resampled", path.name, f"labels on another grid, {found}", expected, fix))
    before = any(bool(layer.any()) for layer in stored.layers)
    if not any(bool(layer.any()) for layer in layers):
        code, found = ("label.elsewhere", "no label within the CT") if before else ("label.empty", "no label")
        fix = "Give the segmentation of this CT."
        raise InputError(Issue(code, path.name, found, "labels on the bones of the CT", fix))
    if (lost := max(one.lost for one in placed)) > _LOST_SHARE:
        found = f"{lost:.0%} of the labelled volume outside of the CT, or lost between grids"
        fix = "Check that labels and CT belong together."
        warnings.append(Issue("label.outside", path.name, found, "labels within the CT", fix))
    segments, source = _named(stored, layers, names, table)
    return Labels(layers, segments, source, tuple(warnings))


def _table_names(table: str | None) -> Mapping[int, str]:
    if table is None:
        return {}
    tables = read_table("label_tables")
    if table not in tables:
        fix = "Choose one of the list, or leave it away and use numbers."
        raise InputError(Issue("label.table", "labels", table[:40], "one of " + ", ".join(tables), fix))
    return {int(number): str(name) for number, name in tables[table]["names"].items()}


def _named(
    stored: StoredLabels,
    layers: Sequence[npt.NDArray[np.int32]],
    names: Mapping[int, str],
    table: str | None,
) -> tuple[tuple[Segment, ...], str]:
    if stored.segments:
        return tuple(stored.segments), "file"
    numbers = [int(n) for n in np.unique(layers[0]) if n]
    if table is None:
        return tuple(Segment(f"label-{n}", n, 0) for n in numbers), "numbers"
    return tuple(Segment(names.get(n, f"label-{n}"), n, 0) for n in numbers), table


def _grid_text(stored: StoredLabels) -> str:
    x, y, z = np.linalg.norm(stored.affine[:3, :3], axis=0)
    shape = " x ".join(str(n) for n in reversed(stored.layers[0].shape))
    return f"{shape} voxels of {x:.3g} x {y:.3g} x {z:.3g} mm"
