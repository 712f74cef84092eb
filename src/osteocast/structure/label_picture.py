"""The picture a person approves before a strength is computed: the mask on three slices of the CT."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osteocast.foundation.files import write_atomically
from osteocast.structure.resample import box_of
from osteocast.structure.volume import Volume

__all__ = ["mask_picture", "write_mask_picture"]

_WINDOW_HU = (-160.0, 1240.0)
_MARGIN_MM = 25.0
_LINE = "#ff3b30"
_NOTE = "Research and education, not a diagnosis. Does the line hold the whole bone, lesion included?"
# Axis that is cut, then the names of the picture's left, right, upper and lower edge.
_VIEWS = (
    (0, "axial", ("right", "left", "front", "back")),
    (1, "coronal", ("right", "left", "head", "feet")),
    (2, "sagittal", ("front", "back", "head", "feet")),
)


def mask_picture(volume: Volume, mask: npt.NDArray[np.bool_], title: str) -> bytes:
    """Return a PNG with the outline of a mask on an axial, a coronal and a sagittal slice through its middle.

    Parameters
    ----------
    volume : Volume
        HU are shown in a bone window, densities from their 1st to their 99.5th percentile around the bone.
    mask : array of bool, shape (z, y, x)
    title : str
        Name of the bone; no name of a person.

    Notes
    -----
    The same input gives the same bytes: the picture carries no date and no name of a program.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    box = box_of(mask, volume.spacing_zyx_mm, _MARGIN_MM)
    middle = [round(float(where.mean())) - first for where, first in zip(np.nonzero(mask), box.start, strict=True)]
    values, bone = volume.values[box.slices], mask[box.slices]
    low, high = _window(volume, values)
    figure = Figure(figsize=(12.0, 4.6), dpi=100)
    FigureCanvasAgg(figure)
    for place, (axis, name, edges) in enumerate(_VIEWS):
        panel = figure.add_subplot(1, 3, place + 1)
        _draw(panel, (values, bone), (axis, middle[axis]), volume.spacing_zyx_mm, (low, high))
        panel.set_title(f"{name}, slice {box.start[axis] + middle[axis]}", fontsize=10)
        panel.set_xlabel(f"{edges[0]}  -  {edges[1]}", fontsize=8)
        panel.set_ylabel(f"{edges[3]}  -  {edges[2]}", fontsize=8)
    figure.suptitle(
        f"{title}: {int(mask.sum()):,} voxels, {mask.sum() * volume.voxel_mm3 / 1000.0:.1f} mL", fontsize=11
    )
    figure.text(0.5, 0.01, _NOTE, ha="center", fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _window(volume: Volume, values: npt.NDArray[np.float32]) -> tuple[float, float]:
    if volume.unit == "HU":
        return _WINDOW_HU
    low, high = np.percentile(values, (1.0, 99.5))
    return float(low), max(float(high), float(low) + 1.0)


def _draw(
    panel: Any,
    arrays: tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]],
    cut: tuple[int, int],
    spacing_zyx_mm: tuple[float, float, float],
    window: tuple[float, float],
) -> None:
    axis, index = cut
    values, bone = (np.take(array, index, axis=axis) for array in arrays)
    up, across = (s for n, s in enumerate(spacing_zyx_mm) if n != axis)
    # y grows to the back and is drawn downwards; z grows to the head and is drawn upwards
    origin = "upper" if axis == 0 else "lower"
    panel.imshow(values, cmap="gray", vmin=window[0], vmax=window[1], origin=origin, aspect=up / across)
    if bone.any() and not bone.all():
        panel.contour(bone.astype(float), levels=[0.5], colors=[_LINE], linewidths=1.0)
    panel.set_xticks([])
    panel.set_yticks([])


def write_mask_picture(path: str | Path, volume: Volume, mask: npt.NDArray[np.bool_], title: str) -> None:
    """Write :func:`mask_picture` completely or not at all (``storage.write``)."""
    write_atomically(path, mask_picture(volume, mask, title))
