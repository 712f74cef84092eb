"""Put a bone under a named load: its axes, its grid along the load, caps, supports and the moved surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.axes import BoneAxes, bone_kind, find_axes, frame_of
from osteocast.structure.axes_points import unit
from osteocast.structure.load_contacts import Touched, layers_of, prepare, prescribe
from osteocast.structure.load_data import Boundary, LoadCase, case_names, load_case
from osteocast.structure.loaded import CAP, BoneModel, LoadedBone, Mask
from osteocast.structure.turning import Target, Turned, turned
from osteocast.structure.volume import Matrix
from osteocast.structure.voxel_model import VoxelModel

__all__ = ["LoadOptions", "case_names", "load_bone"]


@dataclass(frozen=True, slots=True, eq=False)
class LoadOptions:
    """What may be chosen beside the load case.

    Attributes
    ----------
    boundary : str, optional
        One of the boundaries of the case; its default otherwise.
    spacing_mm : float, optional
        Size of the voxels; that of the case otherwise.
    rows : array, shape (3, 3), optional
        Unit vectors of the load's x, y, z in LPS, in place of those from the labels.
    """

    boundary: str | None = None
    spacing_mm: float | None = None
    rows: Matrix | None = None


def load_bone(bone: BoneModel, case: str, options: LoadOptions | None = None) -> LoadedBone:
    """Return a bone under a load.

    Parameters
    ----------
    bone : BoneModel
    case : str
        Name of a load case of this bone, such as ``"compression"``; ``"generic-axial"`` fits every bone.
    options : LoadOptions, optional

    Raises
    ------
    InputError
        ``load.*``, ``axes.*``
    """
    options = options or LoadOptions()
    chosen = load_case(bone_kind(bone.site), case)
    boundary = chosen.boundary(options.boundary)
    axes = find_axes(bone, chosen.site)
    rows = _rows(chosen, axes) if options.rows is None else _checked_rows(options.rows)
    parts = {**bone.parts, **axes.parts}
    size = _size(bone, chosen, options.spacing_mm)
    grid = turned(bone, Target(rows, size, _ends(bone, boundary, parts, rows)), parts)
    touched = prepare(grid, boundary.contacts, chosen.cap)
    warned = tuple(f"warning {issue.code}: {issue.found}; {issue.fix}" for issue in axes.warnings)
    lines = (*axes.lines, *warned, *_lines(chosen, boundary, grid))
    return _assembled(bone.poisson, chosen, boundary, (grid, touched), lines)


def _rows(case: LoadCase, axes: BoneAxes) -> Matrix:
    up = axes.directions[case.up]
    for towards, degrees in case.tilts:
        side = axes.directions[towards]
        side = unit(side - (side @ up) * up)
        up = np.cos(np.radians(degrees)) * up + np.sin(np.radians(degrees)) * side
    return frame_of(up, axes.directions[case.front])


def _checked_rows(rows: Matrix) -> Matrix:
    given = np.asarray(rows, float)
    if given.shape != (3, 3) or np.abs(given @ given.T - np.eye(3)).max() > 1e-6 or np.linalg.det(given) < 0:
        fix = "Give three unit vectors at right angles, right-handed."
        raise InputError(Issue("load.axes", "rows", str(given.tolist())[:80], "a rotation", fix))
    return given


def _size(bone: BoneModel, case: LoadCase, asked: float | None) -> float:
    if asked is not None:
        return asked
    return case.spacing_mm or float(np.prod(bone.spacing_mm)) ** (1 / 3)


def _ends(bone: BoneModel, boundary: Boundary, parts: dict[str, Mask], rows: Matrix) -> tuple[float, float]:
    """Return the heights along the load of the outermost bone at the lower and at the upper contact [mm].

    So that caps and length are what the case says, and do not jump by a voxel with the place of the grid.
    """
    frame = rows[2] @ bone.affine[:3, :3]
    half = 0.5 * float(np.linalg.norm(frame))
    found = []
    for side, sign in (("lower", -1.0), ("upper", 1.0)):
        names = [contact.on for contact in boundary.contacts if contact.side == side]
        masks = [parts[name] for name in names if name in parts and parts[name].any()] or [bone.bone]
        index = np.array(np.nonzero(masks[0]), dtype=np.float64)[::-1]
        found.append(sign * float((sign * (frame @ index)).max() + half) + float(rows[2] @ bone.affine[:3, 3]))
    return found[0], found[1]


def _lines(case: LoadCase, boundary: Boundary, grid: Turned) -> tuple[str, ...]:
    x, _, z = grid.spacing
    parts = [
        f"load: {case.key} version {case.version}, {case.about}",
        f"boundary: {boundary.name}, {boundary.about}",
        f"grid along the load: {x:.3g} x {x:.3g} x {z:.4g} mm; factor {grid.factor:.4f} keeps the integral of modulus",
    ]
    if any(contact.cap for contact in boundary.contacts):
        cap = case.cap
        plate, depth = (n * z for n in layers_of(cap, z))
        asked = f"asked for {cap.thickness_mm:g} and {cap.intrusion_mm:g} mm, in whole voxels"
        parts.append(
            f"caps: {cap.modulus_mpa:g} MPa, {plate + depth:.3g} mm, {depth:.3g} mm of it around the bone ({asked})"
        )
    return tuple(parts)


def _assembled(
    poisson: float,
    case: LoadCase,
    boundary: Boundary,
    built: tuple[Turned, Touched],
    lines: tuple[str, ...],
) -> LoadedBone:
    grid, touched = built
    part = touched.part
    above = part.shape[0] - touched.low - grid.bone.shape[0]
    grown = [
        np.pad(field, ((touched.low, above), (0, 0), (0, 0)))
        for field in (grid.modulus, grid.yield_compression, grid.yield_tension)
    ]
    cement = part == CAP
    modulus = grown[0].astype(np.float64)
    modulus[cement] = case.cap.modulus_mpa
    for strength in grown[1:]:
        strength[cement] = np.inf
    affine = grid.affine.copy()
    affine[:3, 3] -= touched.low * affine[:3, 2]
    held = prescribe(touched, boundary.contacts, case.motion, grid.spacing)
    return LoadedBone(
        name=f"{case.key.replace('-', ' ', 1)} {case.version}",
        model=VoxelModel(modulus, grid.spacing, poisson),
        part=part,
        yield_compression=grown[1],
        yield_tension=grown[2],
        constraints=held.constraints,
        moved=held.moved,
        direction=np.array([0.0, 0.0, -1.0]),
        length_mm=_span(boundary, touched) * grid.spacing[2],
        lever_mm=held.lever,
        affine=affine,
        lines=lines,
    )


def _span(boundary: Boundary, touched: Touched) -> float:
    """Return the layers between the moved surface and what bears against it: a lower contact, else what is held."""
    levels = list(zip(boundary.contacts, touched.level, strict=True))
    upper = [level for contact, level in levels if contact.moved]
    held = [(contact.side, level) for contact, level in levels if not contact.moved]
    lower = [level for side, level in held if side == "lower"] or [level for _, level in held]
    return abs(float(np.mean(upper)) - float(np.mean(lower)))
