"""Put a synthetic lesion into a bone: its density first, then the laws again, then what the laws cannot know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.laws import convert_density, path_between
from osteocast.structure.lesion_margin import Material, thin_around
from osteocast.structure.lesion_measures import surface_mm2
from osteocast.structure.lesion_places import extent_mm, locate, positions_mm
from osteocast.structure.lesion_spec import LesionSpec
from osteocast.structure.loaded import BoneModel
from osteocast.structure.volume import Matrix

__all__ = ["Material", "insert_lesion", "lesion_weight"]

Floats = npt.NDArray[np.float32]

_TINY = 1e-9
_FEWEST_VOXELS_ACROSS = 2.0


class _Soft(NamedTuple):
    """Soft tumour: density in the unit of the bone, modulus and yield stresses [MPa]."""

    density: float
    modulus: float
    yield_compression: float
    yield_tension: float


def insert_lesion(bone: BoneModel, lesion: LesionSpec, material: Material) -> BoneModel:
    """Return the bone with a lesion in it, marked synthetic in its lines.

    Parameters
    ----------
    bone : BoneModel
    lesion : LesionSpec
    material : callable
        The laws of the bone: what :class:`BoneModel` holds as modulus and yield stresses, made of a density.

    Notes
    -----
    The bone around it is thinned first, where the lesion has a margin (:func:`thin_around`).

    With w from 0 outside to 1 inside, c alike for the soft core and woven factor k, a voxel becomes a mixture: c of
    soft tumour, the rest bone of at least the lesion's density. Its density is that of the mixture; modulus and yield
    stress are those of the laws times 1 - w (1 - k), and at most the mean of both parts by volume, because a law of
    bone gives soft tissue of the density of muscle some stiffness.

    Raises
    ------
    InputError
        ``insert.outside``, ``insert.too-large``, ``insert.too-small``, ``insert.no-overlap``, ``insert.site``;
        ``axes.*`` of a named place; ``law.no-path`` where the bone has no density
    """
    centre = locate(bone, lesion.place)
    _check(bone, lesion, centre)
    weight = lesion_weight(bone, lesion, centre) * bone.bone
    inside = weight >= 0.5
    if not inside.any():
        fix = "Move the lesion into the bone; look at the overlay picture."
        found = f"{lesion.shape} at LPS {_shown(centre)}"
        raise InputError(Issue("insert.no-overlap", "insert-lesion", found, "a lesion with voxels of the bone", fix))
    bone = thin_around(bone, weight, lesion.margin_mm, material)
    old = (bone.modulus, bone.yield_compression, bone.yield_tension)
    kept: Floats = (bone.density + weight * _gain(bone, lesion.tissue.bone_density)).astype(np.float32)
    share = lesion_weight(bone, lesion, centre, lesion.tissue.soft) * bone.bone
    soft = _soft(bone.density_unit)
    density: Floats = kept + share * (np.float32(soft.density) - kept)
    woven = np.float32(1.0) - weight * np.float32(1.0 - lesion.tissue.woven_stiffness)
    both = [m * woven for m in material(density)], [m * woven for m in material(kept)]
    modulus, compression, tension = (
        np.where(weight > 0.0, np.minimum(mixed, rest + share * (np.float32(limit) - rest)), before)
        for mixed, rest, limit, before in zip(*both, soft[1:], old, strict=True)
    )
    return replace(
        bone,
        density=density,
        lesion=bone.lesion | inside,
        modulus=modulus.astype(np.float32),
        yield_compression=compression.astype(np.float32),
        yield_tension=tension.astype(np.float32),
        lines=(*bone.lines, *_lines(bone, lesion, centre, inside)),
    )


def lesion_weight(bone: BoneModel, lesion: LesionSpec, centre_mm: Matrix, share: float = 1.0) -> Floats:
    """Return how far each voxel belongs to the lesion, 1 inside to 0 outside and 0.5 at its surface, shape (z, y, x).

    Parameters
    ----------
    bone : BoneModel
    lesion : LesionSpec
    centre_mm : array, shape (3,)
        LPS.
    share : float
        For a core of the same shape that holds this share of the volume.

    Notes
    -----
    The depth below the surface of an ellipsoid is measured along the line from its centre.
    """
    result: Floats = np.zeros(bone.bone.shape, dtype=np.float32)
    if share <= 0.0:
        return result
    semi = 0.5 * np.cbrt(share) * np.asarray(lesion.size_mm)
    start, stop = _index_box(bone, centre_mm, semi + lesion.edge_mm)
    grid = np.indices(tuple(stop - start)).reshape(3, -1).T + start
    offset = positions_mm(bone.affine, grid) - centre_mm
    distance = np.linalg.norm(offset, axis=1)
    relative = np.linalg.norm(offset / semi, axis=1)
    depth = np.where(relative > _TINY, distance * (1.0 / np.maximum(relative, _TINY) - 1.0), semi.min())
    weight = np.clip(0.5 + depth / max(lesion.edge_mm, _TINY), 0.0, 1.0)
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    result[box] = weight.reshape(tuple(stop - start))
    return result


def _index_box(bone: BoneModel, centre_mm: Matrix, reach_mm: Matrix) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return first and last-plus-one index (z, y, x) of the voxels within reach of the centre."""
    corners = centre_mm + reach_mm * (np.indices((2, 2, 2)).reshape(3, -1).T * 2.0 - 1.0)
    back = np.linalg.inv(bone.affine)
    index = (corners @ back[:3, :3].T + back[:3, 3])[:, ::-1]
    shape = np.asarray(bone.bone.shape)
    start = np.clip(np.floor(index.min(axis=0)), 0, shape).astype(int)
    stop = np.clip(np.ceil(index.max(axis=0)) + 1, start, shape).astype(int)
    return start, stop


def _soft(unit: str) -> _Soft:
    entry = read_table("lesion_tissues")["soft"]
    yields = float(entry["yield_stress"])
    return _Soft(_converted(float(entry["density"]), unit), float(entry["modulus"]), yields, yields)


def _gain(bone: BoneModel, least: float) -> Floats:
    """Return what voxels lack to a least density [mgK2HPO4/cm3], in the unit of the bone; nothing if that is 0."""
    if least <= 0.0:
        return np.zeros_like(bone.density)
    gain: Floats = np.maximum(np.float32(_converted(least, bone.density_unit)) - bone.density, np.float32(0.0))
    return gain


def _converted(density: float, unit: str) -> float:
    """Return a density [mgK2HPO4/cm3] in another unit."""
    return float(convert_density(np.array([density], dtype=np.float32), path_between("mgK2HPO4/cm3", unit))[0])


def _check(bone: BoneModel, lesion: LesionSpec, centre: Matrix) -> None:
    low, high = extent_mm(bone.bone, bone.affine)
    issues = []
    ends = ", ".join(f"{axis} {a:.0f} to {b:.0f}" for axis, a, b in zip("xyz", low, high, strict=True)) + " mm"
    if bool(((centre < low) | (centre > high)).any()):
        fix = "Give a point within the bone, or fractions of it."
        issues.append(Issue("insert.outside", "insert-lesion", f"centre at LPS {_shown(centre)}", ends, fix))
    if bool((np.asarray(lesion.size_mm) > high - low).any()):
        fix = "Give a lesion that leaves some bone."
        expected = "at most " + " x ".join(f"{v:.0f}" for v in high - low) + " mm, the size of the bone"
        issues.append(Issue("insert.too-large", "insert-lesion", lesion.shape, expected, fix))
    if min(lesion.size_mm) < (least := _FEWEST_VOXELS_ACROSS * max(bone.spacing_mm)):
        fix = "Give a larger lesion, or a CT with smaller voxels."
        issues.append(Issue("insert.too-small", "insert-lesion", lesion.shape, f"two voxels, {least:.2g} mm", fix))
    if issues:
        raise InputError(issues)


def _shown(point: Matrix) -> str:
    return ", ".join(f"{value:.1f}" for value in point) + " mm"


def _lines(bone: BoneModel, lesion: LesionSpec, centre: Matrix, inside: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    volume = float(inside.sum()) * float(np.prod(bone.spacing_mm)) / 1000.0
    share = float(inside.sum()) / float(bone.bone.sum())
    made = lesion.tissue
    area = surface_mm2(bone, inside)
    margin = (
        f"bone around the lesion: density times 1 - s, s a signal made in it that decays over {lesion.margin_mm:g} mm "
        "and stays in the bone (assumed)"
    )
    reached = f"reaches the surface of the bone over about {area:.0f} mm2" if area else "stays within the bone"
    return (
        f"SYNTHETIC lesion, in no patient: {made.name}, {lesion.shape} at {lesion.place} (LPS {_shown(centre)}), "
        f"{volume:.2f} mL, {share:.1%} of the bone; {reached}",
        f"lesion tissue: a soft core of {made.soft:.0%} of it, around it bone of at least {made.bone_density:g} "
        f"mgK2HPO4/cm3, stiffness and strength {made.woven_stiffness:g} of its density; edge {lesion.edge_mm:g} mm "
        f"({made.note})",
        *((margin,) if lesion.margin_mm > 0.0 else ()),
    )
