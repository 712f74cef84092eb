"""From a CT and its labels to one bone on voxels: density by calibration, stiffness and strength by laws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure import calibration as lines
from osteocast.structure.axes_vertebra import second_body, split_body
from osteocast.structure.bone_mask import Found, find_bone
from osteocast.structure.calibration import Calibration
from osteocast.structure.ct_read import Scan
from osteocast.structure.ct_warnings import technique_warnings
from osteocast.structure.laws import Law, Step, convert_density, law, map_law, path_between
from osteocast.structure.lesion_insert import Material
from osteocast.structure.loaded import BoneModel, Mask
from osteocast.structure.resample import box_of, crop
from osteocast.structure.strength_question import Question, Site
from osteocast.structure.volume import Volume

__all__ = ["Built", "build_bone", "calibration_of"]

Floats = npt.NDArray[np.float32]
_MARGIN_MM = 12.0
_MG_PER_G = np.float32(1000.0)
_MOST_VOXELS = 6_000_000
_SEPARATOR = ","
# Own choice: spongy bone of the frailest lies near it, and every bone has denser places.
_LEAST_BONE_HU = 100.0
# Own choice: six whole vertebrae of the reference CTs and masks have less than 0.01, L2 and L3 in one label 0.88.
_SECOND_BODY = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A bone and how it came about.

    Attributes
    ----------
    bone : BoneModel
    ct : Volume
        The part of the CT around the bone, in its own unit and on the voxels of the bone.
    site : Site
    label : str
        Name of the label, or ``"box"``.
    calibration : Calibration or None
        None where the CT was a density already.
    laws : tuple of Law
        Of modulus and of strength.
    material : callable
        The laws again, for other densities.
    warnings : tuple of Issue
    """

    bone: BoneModel
    ct: Volume
    site: Site
    label: str
    calibration: Calibration | None
    laws: tuple[Law, Law]
    material: Material
    warnings: tuple[Issue, ...]


class _Cut(NamedTuple):
    """CT, density and masks in the box of the bone."""

    ct: Volume
    density: Volume
    bone: Mask
    lesion: Mask
    parts: dict[str, Mask]


def build_bone(scan: Scan, question: Question) -> Built:
    """Cut a bone out of a CT and give it its material.

    Parameters
    ----------
    scan : Scan
    question : Question

    Raises
    ------
    InputError
        ``question.*``, ``label.*``, ``calibration.*``, ``law.*``, ``ct.geometry``
    """
    question.check()
    found = find_bone(scan, question)
    line = calibration_of(scan.volume, question.calibration)
    cut = _cut(scan.volume, found, line, question.spacing_mm)
    chosen = _laws(found.site, question.laws, cut.density.unit)
    mapped = [map_law(cut.density, cut.bone, one.name) for one in chosen]
    tension = float(found.site.entry["tension"])
    parts, told = _parts(found.site, cut)
    bone = BoneModel(
        site=found.site.name,
        density=cut.density.values,
        density_unit=cut.density.unit,
        bone=cut.bone,
        lesion=cut.lesion,
        modulus=mapped[0].values,
        yield_compression=mapped[1].values,
        yield_tension=mapped[1].values * np.float32(tension),
        affine=cut.density.affine,
        parts=parts,
        poisson=float(found.site.entry["poisson"]),
        lines=(*_lines(cut, line, [one.lines for one in mapped], found.site), *told),
    )
    warned = (
        *scan.warnings,
        *found.warnings,
        *(technique_warnings(scan.scanner, line is not None and line.method != "fixed") if line else ()),
        *(line.warnings if line else ()),
        *_recalled(chosen),
        *_two_bodies(found, cut),
        *_not_bone(cut),
    )
    material = _material(chosen, cut.density.unit, tension)
    return Built(bone, cut.ct, found.site, found.label, line, chosen, material, tuple(dict.fromkeys(warned)))


def calibration_of(volume: Volume, wanted: str | None) -> Calibration | None:
    """Return the calibration that is asked for, of the whole CT; None for a CT that is a density already.

    Raises
    ------
    InputError
        ``calibration.*``; ``calibration.unknown`` for a text that is none of the ways.
    """
    if volume.unit not in ("HU", "native"):
        if wanted is not None:
            fix = "Leave the calibration away."
            raise InputError(Issue("calibration.not-needed", "calibration", volume.unit, "values in HU", fix))
        return None
    if wanted is None or wanted == "air-fat-muscle":
        return _from_tissues(volume)
    if wanted == "fixed":
        return lines.fixed()
    slope, intercept, unit = _three(wanted)
    return lines.from_line(slope, intercept, unit, volume.unit == "native")


def _from_tissues(volume: Volume) -> Calibration:
    try:
        return lines.air_fat_muscle(volume)
    except InputError as error:
        fix = (
            "Give --calibration SLOPE,INTERCEPT,UNIT of a phantom, or --calibration fixed, a rough line with a warning."
        )
        hint = Issue("calibration.choose", "calibration", "air, fat and muscle do not serve", "another way", fix)
        raise InputError([*error.issues, hint]) from None


def _three(text: str) -> tuple[float, float, str]:
    parts = [part.strip() for part in text.split(_SEPARATOR)]
    try:
        slope, intercept, unit = parts
        return float(slope), float(intercept), unit
    except ValueError:
        expected = "air-fat-muscle, fixed, or SLOPE,INTERCEPT,UNIT such as 0.8,-15,mgK2HPO4/cm3"
        fix = "Correct it."
        raise InputError(Issue("calibration.unknown", "calibration", text[:60], expected, fix)) from None


def _cut(volume: Volume, found: Found, line: Calibration | None, spacing_mm: float | None) -> _Cut:
    """Cut CT and masks to the box of the bone, unless it makes too many voxels of the size it is to be loaded on."""
    box = box_of(found.bone, volume.spacing_zyx_mm, _MARGIN_MM)
    ct = crop(volume, box)
    masks = {"bone": found.bone, "lesion": found.lesion, **found.parts}
    cut = {name: np.ascontiguousarray(mask[box.slices]) for name, mask in masks.items()}
    bone = cut.pop("bone")
    size_mm3 = ct.voxel_mm3 if spacing_mm is None else min(spacing_mm**3, ct.voxel_mm3)
    if (count := round(bone.sum() * ct.voxel_mm3 / size_mm3)) > _MOST_VOXELS:
        fix = "Choose a --spacing that fits the bone."
        found_ = f"{count:,} voxels of bone"
        raise InputError(Issue("question.spacing", "spacing", found_, f"at most {_MOST_VOXELS:,}", fix))
    lesion = cut.pop("lesion") & bone
    density = ct if line is None else lines.apply(ct, line)
    return _Cut(ct, density, bone, lesion, {name: mask & bone for name, mask in cut.items()})


def _parts(site: Site, cut: _Cut) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """Return the labelled parts; the body of a vertebra is found where no label says it."""
    if site.kind != "vertebra" or "body" in cut.parts:
        return cut.parts, ()
    body = split_body(cut.bone, cut.density.spacing_zyx_mm) & cut.bone
    told = "vertebral body: found by opening the labelled vertebra with a ball, not labelled"
    return {**cut.parts, "body": body, "posterior": cut.bone & ~body}, (told,)


def _not_bone(cut: _Cut) -> tuple[Issue, ...]:
    highest = float(cut.ct.values[cut.bone].max())
    if cut.ct.unit != "HU" or highest >= _LEAST_BONE_HU:
        return ()
    fix = "Check the scale in the header of the CT; numbers divided by a thousand make a bone of no strength."
    found = f"no value of the bone above {highest:g} HU"
    return (Issue("ct.unit-doubtful", "bone", found, f"bone, above {_LEAST_BONE_HU:g} HU somewhere", fix),)


def _two_bodies(found: Found, cut: _Cut) -> tuple[Issue, ...]:
    if found.site.kind != "vertebra" or "body" in found.parts:
        return ()
    if (share := second_body(cut.bone, cut.density.spacing_zyx_mm)) < _SECOND_BODY:
        return ()
    told = f"a second place as deep as a vertebral body, {share:.0%} of its size"
    fix = "Look at the overlay picture: two vertebrae may have one label, or the body is broken."
    return (Issue("label.two-bodies", found.label, told, "one vertebra", fix),)


def _laws(site: Site, named: tuple[str, ...], unit: str) -> tuple[Law, Law]:
    """Return the laws of modulus and strength: those named, and else the site's first that the density allows."""
    given = {one.property: one for one in map(law, named)}
    if len(given) < len(named):
        fix = "Name one law of modulus and one of strength."
        raise InputError(Issue("question.laws", "law", ", ".join(named), "at most one of each kind", fix))
    pairs = [(law(modulus), law(strength)) for modulus, strength in site.entry["laws"]]
    failed: InputError | None = None
    for pair in pairs:
        modulus, strength = given.get("modulus", pair[0]), given.get("strength", pair[1])
        try:
            for one in (modulus, strength):
                path_between(unit, one.density)
        except InputError as error:
            failed = failed or error
            continue
        return modulus, strength
    raise failed or InputError(Issue("law.no-path", "law", unit, "a law for this density", "Name a law with --law."))


def _material(laws: tuple[Law, Law], unit: str, tension: float) -> Material:
    paths = (path_between(unit, laws[0].density), path_between(unit, laws[1].density))
    return partial(_apply_laws, laws=laws, paths=paths, tension=tension)


def _apply_laws(
    density: Floats, laws: tuple[Law, Law], paths: tuple[tuple[Step, ...], tuple[Step, ...]], tension: float
) -> tuple[Floats, Floats, Floats]:
    modulus, strength = (
        one.values(convert_density(density, path) / _MG_PER_G) for one, path in zip(laws, paths, strict=True)
    )
    return modulus, strength, strength * np.float32(tension)


def _recalled(laws: tuple[Law, Law]) -> tuple[Issue, ...]:
    names = " and ".join(one.name for one in laws if one.status == "recalled")
    if not names:
        return ()
    fix = "Note: check the formula in the paper before you rely on it."
    return (Issue("law.recalled", "laws", f"formula of {names} from memory", "one read at its source", fix),)


def _lines(cut: _Cut, line: Calibration | None, mapped: list[tuple[str, ...]], site: Site) -> tuple[str, ...]:
    entry = site.entry
    z, y, x = cut.density.spacing_zyx_mm
    said = dict.fromkeys(text for one in mapped for text in one)
    tissue = "lesion: the same laws of density as in other bone (kaneko2004: trabecular bone of distal femora, read)"
    return (
        *((tissue,) if cut.lesion.any() else ()),
        f"calibration: {line.described()}" if line else f"the CT is a density already: {cut.density.unit}",
        *said,
        f"strength in tension: {entry['tension']:g} of that in compression ({entry['tension_source']}, "
        f"{entry['tension_status']})",
        f"isotropic voxels of {x:.3g} x {y:.3g} x {z:.3g} mm, Poisson's ratio {entry['poisson']:g} "
        f"({entry['poisson_source']})",
    )
