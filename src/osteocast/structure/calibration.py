"""From Hounsfield units to a density of mineral: by a phantom, by the patient's own tissues, or by one fixed line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.volume import Volume, parse_unit

__all__ = ["TISSUES", "Calibration", "air_fat_muscle", "apply", "fixed", "from_line", "from_rods"]

TISSUES = ("air", "fat", "muscle")
"""Tissues of the calibration without a phantom."""

# Limits of our own choice, wide around published lines (0.7 to 0.9 mg/cm3 per HU): they catch wrong units.
_LEAST_SLOPE, _GREATEST_SLOPE = 0.4, 1.6
_GREATEST_INTERCEPT = 200.0
_LEAST_R2 = 0.98
_FEWEST = 200
_PEAK_WIDTH_HU = 3.0
_END_BINS = 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line from CT numbers to densities.

    Attributes
    ----------
    method : str
        "phantom", "rods", "air-fat-muscle" or "fixed".
    slope : float
        mg/cm3 per HU.
    intercept : float
        mg/cm3 at 0 HU.
    unit : str
        A key of `UNITS` other than HU.
    source : str
        Key of the source of the reference densities, or empty for the user's own line.
    points : tuple of (str, float, float)
        Name, CT number (HU) and density (mg/cm3) the line was drawn through.
    warnings : tuple of Issue
    """

    method: str
    slope: float
    intercept: float
    unit: str
    source: str = ""
    points: tuple[tuple[str, float, float], ...] = ()
    warnings: tuple[Issue, ...] = field(default=())

    def described(self) -> str:
        """Return one line for the result: the formula, its method and source."""
        sign = "+" if self.intercept >= 0.0 else "-"
        text = f"density ({self.unit}) = {self.slope:.4f} HU {sign} {abs(self.intercept):.2f}, {self.method}"
        return text + (f" ({self.source})" if self.source else "")


def apply(volume: Volume, calibration: Calibration) -> Volume:
    """Return the densities of a volume in HU (or in the numbers of a micro-CT scanner).

    Raises
    ------
    InputError
        ``calibration.not-needed``: the volume is a density already.
    """
    if volume.unit not in ("HU", "native"):
        fix = "Leave the calibration away; densities are converted by named steps."
        raise InputError(Issue("calibration.not-needed", "volume", volume.unit, "values in HU", fix))
    values = volume.values * np.float32(calibration.slope) + np.float32(calibration.intercept)
    return volume.with_values(values, calibration.unit)


def from_line(slope: float, intercept: float, unit: str | None, native: bool = False) -> Calibration:
    """Return the calibration a phantom gave: density = slope * HU + intercept.

    Parameters
    ----------
    slope, intercept : float
    unit : str
        What the phantom is made of: a key of `UNITS`.
    native : bool
        Of a micro-CT scanner, whose numbers may have any scale.

    Raises
    ------
    InputError
        ``calibration.line``, ``ct.unit`` or ``ct.unit-missing``
    """
    tag = _density_unit(unit)
    _check_line(slope, intercept, native)
    return Calibration("phantom", float(slope), float(intercept), tag)


def from_rods(rods: Sequence[tuple[float, float]], unit: str | None) -> Calibration:
    """Return the least-squares line through rods of a phantom.

    Parameters
    ----------
    rods : sequence of (float, float)
        Mean CT number (HU) and known density (mg/cm3) of each rod.
    unit : str
        What the rods are made of.

    Raises
    ------
    InputError
        ``calibration.rods``: fewer than two different rods, or rods that lie on no line; or as :func:`from_line`.
    """
    tag = _density_unit(unit)
    numbers = [float(number) for rod in rods for number in rod]
    if len(rods) < 2 or not np.isfinite(numbers).all() or np.ptp([rod[0] for rod in rods]) < 1.0:
        fix = "Give the mean HU and the density of each rod, two or more."
        raise InputError(Issue("calibration.rods", "rods", f"{len(rods)} rods", "two or more different rods", fix))
    slope, intercept, points = _fitted([(f"rod {n}", float(hu), float(d)) for n, (hu, d) in enumerate(rods, 1)])
    return Calibration("rods", slope, intercept, tag, points=points)


def air_fat_muscle(volume: Volume, regions: Mapping[str, npt.NDArray[np.bool_]] | None = None) -> Calibration:
    """Return the line through the patient's own air, fat and muscle.

    Parameters
    ----------
    volume : Volume
        In HU.
    regions : mapping of str to array of bool, optional
        Masks of `TISSUES`, whose medians are taken. Without them the peaks of the histogram are looked for, as
        published (source in the data file); air is taken outside of what the scanner pads.

    Raises
    ------
    InputError
        ``calibration.not-needed``, ``calibration.region`` or ``calibration.tissue-missing``, and as
        :func:`from_line` where the line is none a scanner has.
    """
    if volume.unit != "HU":
        fix = "Only CT numbers are calibrated so."
        raise InputError(Issue("calibration.not-needed", "volume", volume.unit, "values in HU", fix))
    table = read_table("ct_calibration")
    reference = table["air-fat-muscle"]
    if regions is None:
        found = {tissue: _peak(volume.values, table["search"][tissue], tissue) for tissue in TISSUES}
    else:
        found = {tissue: _median(volume, regions, tissue) for tissue in TISSUES}
    slope, intercept, points = _fitted([(t, found[t], float(reference[t])) for t in TISSUES])
    warned: tuple[Issue, ...] = ()
    if reference["unit_status"] != "read":
        expected = "a phantom named in the source"
        fix = f"Note: {reference['note']}"
        warned = (Issue("calibration.unit-recalled", "calibration", str(reference["unit"]), expected, fix),)
    return Calibration(
        "air-fat-muscle", slope, intercept, str(reference["unit"]), str(reference["source"]), points, warned
    )


def fixed() -> Calibration:
    """Return one published line for every scanner, with a warning."""
    entry = read_table("ct_calibration")["fixed"]
    found = "a line of another scanner"
    fix = f"Note: {entry['note']} Use a phantom, or air, fat and muscle."
    warned = Issue("calibration.fixed", "calibration", found, "a calibration of this scan", fix)
    slope, intercept = float(entry["slope"]), float(entry["intercept"])
    return Calibration("fixed", slope, intercept, str(entry["unit"]), str(entry["source"]), (), (warned,))


def _density_unit(unit: str | None) -> str:
    tag = parse_unit(unit, "calibration")
    if tag in ("HU", "native"):
        fix = "Say what the phantom is made of."
        raise InputError(Issue("ct.unit", "calibration", tag, "a density, such as mgHA/cm3", fix))
    return tag


def _check_line(slope: float, intercept: float, native: bool = False) -> None:
    plain = math.isfinite(slope) and math.isfinite(intercept) and slope > 0.0
    if plain and (native or (_LEAST_SLOPE <= slope <= _GREATEST_SLOPE and abs(intercept) <= _GREATEST_INTERCEPT)):
        return
    fix = "Give density = slope * HU + intercept in mg/cm3, not in g/cm3 and not the other way round."
    expected = f"a slope of {_LEAST_SLOPE:g} to {_GREATEST_SLOPE:g} mg/cm3 per HU and an intercept near 0"
    raise InputError(Issue("calibration.line", "calibration", f"{slope:g} HU {intercept:+g}", expected, fix))


def _fitted(points: Sequence[tuple[str, float, float]]) -> tuple[float, float, tuple[tuple[str, float, float], ...]]:
    hu = np.array([p[1] for p in points])
    density = np.array([p[2] for p in points])
    slope = float(((hu - hu.mean()) * (density - density.mean())).sum() / ((hu - hu.mean()) ** 2).sum())
    intercept = float(density.mean() - slope * hu.mean())
    rest, spread = density - slope * hu - intercept, density - density.mean()
    if float((rest**2).sum()) > (1.0 - _LEAST_R2) * float((spread**2).sum()):
        told = ", ".join(f"{name} {h:.0f} HU = {d:g}" for name, h, d in points)
        fix = "Check which region or rod has which density."
        raise InputError(Issue("calibration.no-line", "calibration", told, "points on one line", fix))
    _check_line(slope, intercept)
    return slope, intercept, tuple(points)


def _peak(values: npt.NDArray[np.float32], search: Mapping[str, Any], tissue: str) -> float:
    """Return the HU of the highest point of the smoothed histogram within the limits, away from their ends."""
    low, high = float(search["low"]), float(search["high"])
    # The least value of an image is what the scanner pads with, or the end of its scale: no tissue.
    inside = values[(values > low) & (values < high) & (values > values.min())]
    counts, _ = np.histogram(inside, bins=round(high - low), range=(low, high))
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), _PEAK_WIDTH_HU, mode="nearest")
    top = int(smooth.argmax())
    if inside.size < _FEWEST or top < _END_BINS or top >= len(smooth) - _END_BINS:
        fix = "Give regions of air, fat and muscle, a larger part of the scan, or another calibration."
        found = f"no peak of {tissue} from {low:g} to {high:g} HU ({inside.size:,} voxels)"
        raise InputError(Issue("calibration.tissue-missing", tissue, found, "a peak of its own", fix))
    return low + top + 0.5


def _median(volume: Volume, regions: Mapping[str, npt.NDArray[np.bool_]], tissue: str) -> float:
    mask = regions.get(tissue)
    if mask is None or mask.shape != volume.shape_zyx or int(mask.sum()) < _FEWEST:
        size = 0 if mask is None else int(mask.sum())
        fix = "Give a mask on the grid of the CT."
        expected = f"a region of at least {_FEWEST} voxels"
        raise InputError(Issue("calibration.region", tissue, f"{size} voxels", expected, fix))
    return float(np.median(volume.values[mask]))
