"""Bone that a lesion has thinned around itself: what a signal made in it costs the bone that it spreads into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from osteocast.structure.diffusion import Medium, steady_signal
from osteocast.structure.loaded import BoneModel

__all__ = ["Material", "margin_signal", "thin_around"]

Floats = npt.NDArray[np.float32]
Material = Callable[[Floats], tuple[Floats, Floats, Floats]]
"""From density (z, y, x) in the unit of the bone to modulus, yield in compression and yield in tension [MPa]."""

_DECAY = 1.0
"""[1/day]. Of a steady signal relative to its greatest value only the decay length counts."""


def margin_signal(bone: BoneModel, weight: Floats, length_mm: float) -> Floats:
    """Return the steady signal of a lesion in bone, 1 at its greatest, shape (z, y, x).

    Parameters
    ----------
    bone : BoneModel
    weight : array, shape (z, y, x)
        How far each voxel belongs to the lesion, and makes the signal; 0 outside of the bone.
    length_mm : float
        Decay length, above 0.

    Notes
    -----
    The signal spreads alike through lesion and bone and stays in the bone (assumed).
    """
    medium = Medium(_DECAY * length_mm**2 * bone.bone.astype(np.float64), bone.spacing_mm, _DECAY)
    found = steady_signal(medium, weight.astype(np.float64)).concentration
    share: Floats = (found / found.max()).astype(np.float32)
    return share


def thin_around(bone: BoneModel, weight: Floats, length_mm: float, material: Material) -> BoneModel:
    """Return the bone with its density times 1 - s outside of a lesion, s being the signal of :func:`margin_signal`.

    Parameters
    ----------
    bone : BoneModel
    weight : array, shape (z, y, x)
        Of the lesion, 1 inside to 0 outside; 0 outside of the bone.
    length_mm : float
        Decay length; with 0 the bone is returned as it is.
    material : callable
        The laws of the bone.

    Notes
    -----
    Other lesions keep their density, and so does what holds no mineral (a density below 0). Modulus and yield
    stresses change as the laws say of the density, so that what a law cannot know stays in them.
    """
    if length_mm <= 0.0:
        return bone
    share = margin_signal(bone, weight, length_mm) * (np.float32(1.0) - weight)
    share[bone.lesion] = 0.0
    density: Floats = bone.density - share * np.maximum(bone.density, np.float32(0.0))
    ratios = [
        np.divide(after, before, out=np.ones_like(before), where=before > 0.0)
        for after, before in zip(material(density), material(bone.density), strict=True)
    ]
    return replace(
        bone,
        density=density,
        modulus=bone.modulus * ratios[0],
        yield_compression=bone.yield_compression * ratios[1],
        yield_tension=bone.yield_tension * ratios[2],
    )
