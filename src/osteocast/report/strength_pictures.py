"""Slices of the CT with the bone's outline, strain and failed region, and the bone in space: PNG pictures."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.report.bone_surface import View, surface_view
from osteocast.structure.ct_fields import Fields
from osteocast.structure.resample import Box, box_of
from osteocast.structure.strength import Strength

__all__ = ["Pictures", "pictures_of"]

Mask = npt.NDArray[np.bool_]

_MARGIN_MM = 8.0
_WINDOW_HU = (-160.0, 1240.0)
_OUTLINE = "#FFD400"
_LESION = "#56B4E9"
_FAILED = "#D55E00"
_LETTERS = (("R", "L", "front"), ("R", "L", "head"), ("front", "back", "head"))
_NAMES = ("axial", "coronal", "sagittal")
_VIEWS = {
    "vertebra": (View(35.0, 20.0), View(125.0, 15.0)),
    "femur-left": (View(-20.0, 10.0), View(150.0, 10.0)),
    "femur-right": (View(20.0, 10.0), View(-150.0, 10.0)),
}
_USUAL_VIEWS = (View(25.0, 12.0), View(150.0, 12.0))


class Pictures(NamedTuple):
    """PNG files as bytes.

    Attributes
    ----------
    front, back : bytes
        The bone in space from two sides, failed region and lesion shining through.
    mask, strain, failed : bytes
        Three slices each.
    slices : tuple of int
        Index along z, y and x in the part of the CT that is shown.
    strain_top : float
        Strain at the upper end of the colours [1].
    """

    front: bytes
    back: bytes
    mask: bytes
    strain: bytes
    failed: bytes
    slices: tuple[int, int, int]
    strain_top: float


class _Shown(NamedTuple):
    """Everything in the box that is shown."""

    ct: npt.NDArray[np.float32]
    bone: Mask
    lesion: Mask
    strain: npt.NDArray[np.float32]
    failed: Mask
    spacing_zyx_mm: tuple[float, float, float]
    window: tuple[float, float]
    at: tuple[int, int, int]


def pictures_of(found: Strength, fields: Fields) -> Pictures:
    """Return every picture of the page; the same result gives the same bytes."""
    bone = found.carried.bone
    marks = {"failed": fields.failed, "lesion": bone.lesion}
    views = [
        surface_view(bone.bone, marks, bone.affine, view, inside=True) for view in _VIEWS.get(bone.site, _USUAL_VIEWS)
    ]
    shown = _shown(found, fields)
    strains = shown.strain[shown.bone]
    top = float(np.percentile(strains, 99.0)) if strains.any() else 1e-3
    return Pictures(
        front=_image(views[0]),
        back=_image(views[1]),
        mask=_three(shown, _draw_mask),
        strain=_three(shown, lambda panel, cut: _draw_strain(panel, cut, top)),
        failed=_three(shown, _draw_failed),
        slices=shown.at,
        strain_top=top,
    )


def _shown(found: Strength, fields: Fields) -> _Shown:
    bone, ct = found.carried.bone, found.built.ct
    box = box_of(bone.bone, ct.spacing_zyx_mm, _MARGIN_MM)
    # Through the lesion where there is one, else through the failed region, else through the middle.
    centre = next((m for m in (bone.lesion, fields.failed) if m.any()), bone.bone)
    values = ct.values[box.slices]
    window = _WINDOW_HU if ct.unit == "HU" else tuple(float(v) for v in np.percentile(values, (1.0, 99.5)))
    return _Shown(
        ct=values,
        bone=bone.bone[box.slices],
        lesion=bone.lesion[box.slices],
        strain=fields.strain[box.slices],
        failed=fields.failed[box.slices],
        spacing_zyx_mm=ct.spacing_zyx_mm,
        window=(window[0], max(window[1], window[0] + 1.0)),
        at=_heart(centre, bone.bone, box),
    )


def _heart(region: Mask, bone: Mask, box: Box) -> tuple[int, int, int]:
    """Return the index, in the box, of the slices that hold most of a region."""
    at = []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        count = (region & bone).sum(axis=others)
        # Of equal slices the one nearest to the middle of the region.
        best = np.flatnonzero(count == count.max())
        at.append(int(best[len(best) // 2]) - box.start[axis])
    return at[0], at[1], at[2]


class _Cut(NamedTuple):
    """One slice."""

    ct: npt.NDArray[np.float32]
    bone: Mask
    lesion: Mask
    strain: npt.NDArray[np.float32]
    failed: Mask
    window: tuple[float, float]
    drawn: dict[str, Any]


def _three(shown: _Shown, draw: Any) -> bytes:
    """Draw three slices side by side, all at one scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    z, y, x = (n * s for n, s in zip(shown.ct.shape, shown.spacing_zyx_mm, strict=True))
    widths, heights = (x, x, y), (y, z, z)
    whole, tall = sum(widths), max(heights)
    across = 10.2
    high = across * 0.97 * tall / whole + 0.3
    figure = Figure(figsize=(across, high), dpi=100)
    FigureCanvasAgg(figure)
    left = 0.0
    for axis in range(3):
        share = widths[axis] / whole * 0.97
        panel = figure.add_axes((left, 0.0, share, (heights[axis] / tall) * (high - 0.3) / high))
        left += share + 0.015
        panel.set_axis_off()
        panel.set_title(_NAMES[axis], fontsize=10, pad=4, color="#14202B")
        up, wide = (s for n, s in enumerate(shown.spacing_zyx_mm) if n != axis)
        ct, bone, lesion, strain, failed = (np.take(a, shown.at[axis], axis=axis) for a in shown[:5])
        drawn = {"origin": "upper" if axis == 0 else "lower", "aspect": up / wide}
        cut = _Cut(ct, bone, lesion, strain, failed, shown.window, drawn)
        panel.imshow(cut.ct, cmap="gray", vmin=cut.window[0], vmax=cut.window[1], interpolation="bicubic", **cut.drawn)
        draw(panel, cut)
        _letters(panel, axis)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _letters(panel: Any, axis: int) -> None:
    left, right, top = _LETTERS[axis]
    style = {"fontsize": 8, "color": "#FFFFFF", "transform": panel.transAxes}
    panel.text(0.02, 0.5, left, ha="left", va="center", **style)
    panel.text(0.98, 0.5, right, ha="right", va="center", **style)
    panel.text(0.5, 0.98, top, ha="center", va="top", **style)


def _line(panel: Any, mask: Mask, colour: str, width: float) -> None:
    if mask.any() and not mask.all():
        panel.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=width)


def _draw_mask(panel: Any, cut: _Cut) -> None:
    _line(panel, cut.bone, _OUTLINE, 1.4)
    _line(panel, cut.lesion, _LESION, 1.6)


def _draw_strain(panel: Any, cut: _Cut, top: float) -> None:
    values = np.ma.masked_where(~cut.bone | (cut.strain <= 0.0), cut.strain)
    panel.imshow(values, cmap="viridis", vmin=0.0, vmax=top, alpha=0.85, **cut.drawn)
    _line(panel, cut.bone, "#FFFFFF", 0.8)
    _line(panel, cut.lesion, "#FFFFFF", 1.6)


def _draw_failed(panel: Any, cut: _Cut) -> None:
    values = np.ma.masked_where(~cut.failed, np.ones_like(cut.ct))
    from matplotlib.colors import ListedColormap

    panel.imshow(values, cmap=ListedColormap([_FAILED]), alpha=0.75, **cut.drawn)
    _line(panel, cut.bone, _OUTLINE, 1.0)
    _line(panel, cut.lesion, _LESION, 1.6)


def _image(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return an array of colours as PNG."""
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, picture, format="png", metadata={"Software": ""})
    return buffer.getvalue()
