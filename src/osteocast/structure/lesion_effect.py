"""The same bone without its lesion: what this person's own bone is like at the same depth nearby."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.loaded import BoneModel, Mask

__all__ = ["REACH_MM", "without_lesion"]

# Limits of our own choice: what is nearby, how deep a layer is, and the fewest voxels a mean is taken of.
REACH_MM = 15.0
_LAYERS_MM = (1.0, 2.0, 3.0, 5.0, 8.0)
_FEWEST = 50
_LINE = (
    f"without lesion: each of its voxels takes the mean of the bone at the same depth below the surface, within "
    f"{REACH_MM:g} mm of the lesion and outside of it; the shape stays"
)


def without_lesion(bone: BoneModel) -> BoneModel:
    """Return the bone with its lesion replaced by surrounding bone of the same depth below the surface.

    Density, modulus and yield stresses are means each on its own: of a convex law the mean modulus is greater than
    the modulus of the mean density.

    Raises
    ------
    InputError
        ``question.lesion-all``: nearly all of the bone is lesion, so that nothing says what it was.
    """
    spacing = bone.spacing_mm[::-1]
    depth = ndimage.distance_transform_edt(np.pad(bone.bone, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    away = ndimage.distance_transform_edt(~bone.lesion, sampling=spacing)
    # The rim of a lesion is blurred into the voxels beside it.
    sound = bone.bone & (away > max(spacing))
    layer = np.digitize(depth, _LAYERS_MM)
    fields = [np.array(f) for f in (bone.density, bone.modulus, bone.yield_compression, bone.yield_tension)]
    for number in np.unique(layer[bone.lesion]):
        inside = bone.lesion & (layer == number)
        like = _alike(sound, layer == number, away)
        for values in fields:
            values[inside] = values[like].mean()
    density, modulus, compression, tension = fields
    return replace(
        bone,
        density=density,
        modulus=modulus,
        yield_compression=compression,
        yield_tension=tension,
        lesion=np.zeros_like(bone.lesion),
        lines=(*bone.lines, _LINE),
    )


def _alike(sound: Mask, same_depth: Mask, away: npt.NDArray[np.float64]) -> Mask:
    """Return the voxels a mean is taken of: at this depth nearby, else at this depth anywhere, else of all bone."""
    for like in (sound & same_depth & (away <= REACH_MM), sound & same_depth, sound):
        if int(like.sum()) >= _FEWEST:
            return like
    fix = "Leave --lesion away."
    raise InputError(
        Issue("question.lesion-all", "lesion", "hardly any bone outside of it", "bone to compare with", fix)
    )
