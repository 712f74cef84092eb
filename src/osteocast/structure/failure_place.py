"""Where a bone fails: next to what holds and moves it, or next to its lesion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from osteocast.structure.loaded import CAP, LoadedBone, Mask
from osteocast.structure.voxel_model import Floats, Integers

__all__ = ["NEAR_MM", "Place", "at_contact", "place_of"]

NEAR_MM = 10.0
"""What counts as near: the thickness of a cap; a choice of our own."""

_LESION = 2
_ELSEWHERE = 0.1
"""Below this share near the lesion the bone is said to fail elsewhere; a choice of our own."""


class Place(NamedTuple):
    """Shares within 10 mm, None where nothing was dissipated or there is no lesion.

    Attributes
    ----------
    contact : float or None
        Of the dissipated work, near caps and held or moved surfaces.
    contact_bone : float
        Of the volume of the bone, near the same.
    lesion : float or None
        Of the dissipated work, near the lesion.
    """

    contact: float | None
    contact_bone: float
    lesion: float | None

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader has to know of a load that is set by one place."""
        found = []
        if self.lesion is not None and self.lesion < _ELSEWHERE:
            found.append(
                f"the bone fails elsewhere than at its lesion ({100 * self.lesion:.0f} % of the work of failure within "
                f"{NEAR_MM:g} mm of it): compare stiffness and yield load as well"
            )
        if self.contact is not None and self.contact > 0.5 > self.contact_bone:
            found.append(
                f"the bone is crushed where it is held ({100 * self.contact:.0f} % of the work of failure within "
                f"{NEAR_MM:g} mm of caps and supports, {100 * self.contact_bone:.0f} % of the bone): the load says "
                "little of bone elsewhere"
            )
        return tuple(found)


def at_contact(loaded: LoadedBone) -> Mask:
    """Return which voxels lie near a cap or a held or moved surface, shape (z, y, x)."""
    return _near(loaded, (loaded.part == CAP) | _touching(loaded))


def place_of(loaded: LoadedBone, bone: Mask, cell: Integers, lost: Floats) -> Place:
    """Return where the dissipated work of failed voxels lies.

    Parameters
    ----------
    loaded : LoadedBone
    bone : array of bool, shape (z, y, x)
        What counts as bone.
    cell : array of int, shape (failed,)
        Flat indices of the voxels that failed.
    lost : array, shape (failed,)
        Work dissipated in each [N mm].
    """
    contact, lesion = at_contact(loaded), loaded.part == _LESION
    total = float(lost.sum())
    here = float(contact[bone].mean()) if bone.any() else 0.0
    if not total > 0:
        return Place(None, here, None)
    by_lesion = float(lost[_near(loaded, lesion).ravel()[cell]].sum()) / total if lesion.any() else None
    return Place(float(lost[contact.ravel()[cell]].sum()) / total, here, by_lesion)


def _near(loaded: LoadedBone, places: Mask) -> Mask:
    near: Mask = ndimage.distance_transform_edt(~places, sampling=loaded.model.spacing[::-1]) <= NEAR_MM
    return near if places.any() else np.zeros_like(places)


def _touching(loaded: LoadedBone) -> Mask:
    """Return the voxels with a node on which a movement is prescribed."""
    nz, ny, nx = loaded.part.shape
    node = np.zeros((nz + 1) * (ny + 1) * (nx + 1), bool)
    node[loaded.constraints.node] = True
    grid = node.reshape(nz + 1, ny + 1, nx + 1)
    touching: Mask = ndimage.maximum_filter(grid, size=2, origin=-1)[:-1, :-1, :-1] & (loaded.part > 0)
    return touching
