"""An image in space: values, unit, and where each voxel lies in the patient.

Positions are in the patient's LPS frame of DICOM, in millimetres: x grows to the patient's left, y to the back
(posterior), z to the head (superior). Arrays are indexed ``values[z, y, x]``; the affine takes an index written
the other way round, ``(x, y, z)``, as ITK and NIfTI do.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue

__all__ = ["UNITS", "Volume", "nearest_lps", "parse_unit"]

Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

UNITS = {
    "HU": "Hounsfield units",
    "mgHA/cm3": "density as equivalent of hydroxyapatite",
    "mgK2HPO4/cm3": "density as equivalent of dipotassium phosphate",
    "mgAsh/cm3": "ash density",
    "mgApparent/cm3": "apparent (wet) density",
    "native": "numbers of a micro-CT scanner without a scale of their own",
}
"""The tags a volume may carry. There is no default: the same number means another bone in each of them."""

_SQUARENESS = 1e-3
_SMALLEST_MM, _LARGEST_MM = 1e-3, 50.0
_FARTHEST_MM = 1e5


def parse_unit(text: str | None, place: str) -> str:
    """Return the tag of `UNITS` that is meant; blanks, case, ``cc`` and ``^`` do not matter.

    Raises
    ------
    InputError
        ``ct.unit-missing`` or ``ct.unit``: nothing is ever guessed, ``mg/cm3`` alone does not say of what.
    """
    expected = "one of " + ", ".join(UNITS)
    if text is None or not text.strip():
        fix = "Say what the values are with --unit; CT numbers of a scanner are HU."
        raise InputError(Issue("ct.unit-missing", place, "no unit", expected, fix))
    plain = re.sub(r"[\s_^*-]", "", text).casefold()
    plain = re.sub(r"/(cc|ccm|ml|cm³)$", "/cm3", plain)
    found = next((tag for tag in UNITS if tag.casefold() == plain), None)
    if found is None:
        fix = "Name the substance of the density: mineral of a phantom, ash and wet bone differ by up to half."
        raise InputError(Issue("ct.unit", place, repr(text[:40]), expected, fix))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A three-dimensional image with its unit and its place in the patient.

    Parameters
    ----------
    values : array of float32, shape (z, y, x)
        Made read-only.
    affine : array of float64, shape (4, 4)
        Takes (x index, y index, z index, 1) to the centre of that voxel in LPS (mm). Its axes are at right angles.
    unit : str
        A key of `UNITS`.

    Raises
    ------
    InputError
        ``ct.shape``, ``ct.geometry``, ``ct.not-a-number`` or one of :func:`parse_unit`.
    """

    values: Floats
    affine: Matrix
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", parse_unit(self.unit, "volume"))
        values = np.asarray(self.values, dtype=np.float32)
        affine = np.array(self.affine, dtype=np.float64)
        _check_shape(values)
        check_affine(affine, "volume")
        _check_finite(values)
        if values is self.values and values.flags.writeable:
            values = values.view()
        values.setflags(write=False)
        affine.setflags(write=False)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "affine", affine)

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Voxels along z, y and x."""
        z, y, x = self.values.shape
        return z, y, x

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxel centres along z, y and x (mm)."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel (mm3)."""
        return float(np.prod(self.spacing_zyx_mm))

    def with_values(self, values: npt.NDArray[Any], unit: str) -> Volume:
        """Return other values on the same grid."""
        return replace(self, values=values, unit=unit)

    def positions_mm(self, index_zyx: npt.NDArray[Any]) -> Matrix:
        """Return LPS positions (n, 3) of fractional indices (n, 3) given in the order z, y, x."""
        index = np.asarray(index_zyx, dtype=np.float64).reshape(-1, 3)[:, ::-1]
        found: Matrix = index @ self.affine[:3, :3].T + self.affine[:3, 3]
        return found


def _check_shape(values: npt.NDArray[Any]) -> None:
    if values.ndim != 3 or min(values.shape) < 2:
        shape = " x ".join(str(n) for n in values.shape) or "one value"
        fix = "Give the whole series; one slice or a film of slices in time has no strength."
        raise InputError(Issue("ct.shape", "volume", shape, "three dimensions of at least 2 voxels", fix))


def check_affine(affine: Matrix, place: str) -> None:
    """Make sure that an affine is finite, right-angled and of a plausible size (``ct.geometry``)."""
    fix = "Convert the series again from DICOM; a sheared or rescaled grid has to be resampled first."
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or np.abs(affine).max() > _FARTHEST_MM:
        raise InputError(Issue("ct.geometry", place, "no usable position in space", "finite numbers in mm", fix))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if spacing.min() < _SMALLEST_MM or spacing.max() > _LARGEST_MM:
        found = " x ".join(f"{s:.3g}" for s in spacing) + " mm"
        expected = f"voxels of {_SMALLEST_MM:g} to {_LARGEST_MM:g} mm"
        raise InputError(Issue("ct.geometry", place, found, expected, fix))
    axes = affine[:3, :3] / spacing
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SQUARENESS:
        raise InputError(Issue("ct.geometry", place, "axes that are not at right angles", "a right-angled grid", fix))


def _check_finite(values: Floats) -> None:
    # The sum is not finite where a value is not: one pass without a second array.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(values)
    first = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), values.shape))
    found = f"{int(bad.sum()):,} values that are no numbers, the first at voxel (z, y, x) = {first}"
    fix = "Replace them with the value of air, if they lie outside the field of view."
    raise InputError(Issue("ct.not-a-number", "volume", found, "finite values", fix))


def nearest_lps(values: npt.NDArray[Any], affine: Matrix) -> tuple[npt.NDArray[Any], Matrix]:
    """Turn a grid so that its axes point as nearly as possible to left, back and head; nothing is interpolated.

    Parameters
    ----------
    values : array, shape (z, y, x)
    affine : array, shape (4, 4)

    Returns
    -------
    (array, array)
        The same voxels at the same places: axes exchanged and reversed only.
    """
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    # The assignment of grid axes to body axes with the greatest total agreement: greedy choices fail near 45 degrees.
    orders = itertools.permutations(range(3))
    order = max(orders, key=lambda p: sum(abs(axes[body, p[body]]) for body in range(3)))
    turned = np.transpose(values, [2 - order[2], 2 - order[1], 2 - order[0]])
    new = np.array(affine, dtype=np.float64)
    new[:3, :3] = affine[:3, list(order)]
    for body in range(3):
        if new[body, body] < 0.0:
            new[:3, 3] += new[:3, body] * (turned.shape[2 - body] - 1)
            new[:3, body] *= -1.0
            turned = np.flip(turned, axis=2 - body)
    return turned, new
