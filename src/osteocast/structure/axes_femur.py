"""Axes of a proximal femur or humerus: head by a sphere, shaft by its middle line, neck between them, and the side."""

from __future__ import annotations

import numpy as np

from osteocast.foundation.errors import Issue
from osteocast.structure.axes_ball import Ball, find_ball
from osteocast.structure.axes_points import BoneAxes, at_border, inertia, places, unit
from osteocast.structure.loaded import BoneModel, Mask
from osteocast.structure.volume import Matrix

__all__ = ["femur_axes", "humerus_axes"]

# Choices of our own, in radii of the head unless they say otherwise.
_SHAFT_FROM = 3.6
"""The shaft is looked for further than this from the head; the lesser trochanter lies nearer."""
_SHAFT_LEAST, _SHAFT_MOST = 1.0, 4.0
"""Length of shaft that gives a direction, and beyond which it is not looked at: the direction must not depend on how
much of the bone is in the scan, for the shaft is curved."""
_NECK = (1.15, 1.6)
_TROCHANTER_DOWN = 2.6
_HEAD_PART = 1.06
_END_MM = 3.0
_APART_DEG = 45.0
_TROCHANTER_UP = 1.5
_SURE_MM = 2.0


def femur_axes(bone: BoneModel) -> BoneAxes:
    """Return proximal, medial, anterior and neck directions of a proximal femur, its head and its shaft.

    Proximal follows the middle line of the shaft; where less than one head radius of shaft is in the label, the axis of
    the CT is taken, with a warning. Medial points from the shaft to the head, at right angles to the shaft, so that the
    neck lies in the plane of proximal and medial. Anterior is the side of that plane on which the trochanters are not.

    Raises
    ------
    InputError
        ``axes.no-head``
    """
    ball = find_ball(bone)
    points = places(bone.bone, bone.affine)
    proximal, middle, warnings = _shaft(points, ball, bone.site)
    neck = _neck(points, ball, bone.site, warnings)
    medial = -(neck - (neck @ proximal) * proximal)
    medial = unit(medial)
    anterior, behind = _front(points, ball, proximal, medial)
    side = "left" if np.cross(proximal, medial) @ anterior > 0 else "right"
    if behind < _SURE_MM:
        anterior, side = _front_by_label(bone.site, proximal, medial, warnings)
    warnings += _sides(bone.site, side, medial, anterior)
    angle = float(np.degrees(np.arccos(np.clip(-neck @ proximal, -1.0, 1.0))))
    line = (
        f"axes: head radius {ball.radius:.1f} mm on {ball.cover:.0%} of directions, rest {ball.residual:.1f} mm; "
        f"neck and shaft {180 - angle:.0f} degrees; {side} by its {'shape' if behind >= _SURE_MM else 'label'}"
    )
    directions = {
        "proximal": proximal,
        "medial": medial,
        "lateral": -medial,
        "anterior": anterior,
        "posterior": -anterior,
        "distal": -proximal,
        "neck": -neck,
    }
    parts = _parts(bone, ball, proximal)
    warnings += at_border(_upper(bone, ball, proximal), "head, neck or trochanters", bone.site)
    landmarks = {"head": ball.centre, "shaft": middle}
    return BoneAxes("femur", directions, landmarks, parts, tuple(warnings), (line,))


def humerus_axes(bone: BoneModel) -> BoneAxes:
    """Return proximal and medial of a proximal humerus, its head and its shaft; anterior follows from the side.

    The side is that of the label: the shape of a humerus tells it badly.
    """
    ball = find_ball(bone)
    points = places(bone.bone, bone.affine)
    proximal, middle, warnings = _shaft(points, ball, bone.site)
    towards = ball.centre - middle
    medial = unit(towards - (towards @ proximal) * proximal)
    anterior = np.cross(proximal, medial) * (-1.0 if bone.site.endswith("right") else 1.0)
    warnings += _sides(bone.site, None, medial, anterior)
    line = f"axes: head radius {ball.radius:.1f} mm on {ball.cover:.0%} of directions; side as labelled"
    directions = {"proximal": proximal, "medial": medial, "lateral": -medial, "anterior": anterior}
    parts = _parts(bone, ball, proximal)
    warnings += at_border(_upper(bone, ball, proximal), "head, neck or trochanters", bone.site)
    return BoneAxes("humerus", directions, {"head": ball.centre, "shaft": middle}, parts, tuple(warnings), (line,))


def _shaft(points: Matrix, ball: Ball, site: str) -> tuple[Matrix, Matrix, list[Issue]]:
    """Return the direction of the shaft towards the head, a place on its middle line, and warnings."""
    away = np.linalg.norm(points - ball.centre, axis=1)
    far = points[away > np.quantile(away, 0.5)]
    up = unit(ball.centre - far.mean(0))
    for _ in range(5):
        height = (points - ball.centre) @ up / ball.radius
        shaft = (height < -_SHAFT_FROM) & (height > -_SHAFT_FROM - _SHAFT_MOST)
        length = float(-_SHAFT_FROM - height.min())
        if not shaft.any() or length < _SHAFT_LEAST:
            break
        line = _middle_line(points[shaft], height[shaft] * ball.radius)
        up = line if line @ up > 0 else -line
    else:
        return up, points[shaft].mean(0), []
    axis = np.array([0.0, 0.0, 1.0]) if up[2] > 0 else np.array([0.0, 0.0, -1.0])
    height = (points - ball.centre) @ axis
    end = points[height < height.min() + _END_MM]
    found = f"{max(length * ball.radius, 0.0):.0f} mm of shaft below the trochanters"
    fix = "The axis of the CT stands in for the shaft; a scan that reaches further down would show it."
    return axis, end.mean(0), [Issue("axes.short-shaft", site, found, f"{ball.radius:.0f} mm", fix)]


def _middle_line(points: Matrix, height: Matrix) -> Matrix:
    """Return the direction of a line through the centres of slices 5 mm thick."""
    slices = np.floor((height - height.min()) / 5.0).astype(int)
    count = np.bincount(slices)
    centres = np.column_stack([np.bincount(slices, points[:, i]) for i in range(3)])
    whole = count > 0.5 * np.median(count)
    direction: Matrix = inertia(centres[whole] / count[whole, None]).rows[0]
    return direction


def _neck(points: Matrix, ball: Ball, site: str, warnings: list[Issue]) -> Matrix:
    """Return the direction from the head into the neck: to the middle of the bone just outside of the head."""
    away = np.linalg.norm(points - ball.centre, axis=1) / ball.radius
    shell = (away > _NECK[0]) & (away < _NECK[1])
    towards = (points[shell] - ball.centre) / away[shell, None]
    mean = towards.mean(0) if shell.any() else np.zeros(3)
    tight = float(np.linalg.norm(mean)) / ball.radius
    if tight < 0.6:
        found = f"bone around the head in many directions (concentration {tight:.2f} of 1)"
        fix = "Check that the label ends at the joint and holds no pelvis."
        warnings.append(Issue("axes.neck", site, found, "one neck", fix))
    return unit(mean)


def _front(points: Matrix, ball: Ball, proximal: Matrix, medial: Matrix) -> tuple[Matrix, float]:
    """Return anterior by shape, and how far the greater trochanter lies behind the plane of neck and shaft [mm]."""
    normal = np.cross(proximal, medial)
    relative = points - ball.centre
    region = (np.linalg.norm(relative, axis=1) > _NECK[1] * ball.radius) & (
        relative @ proximal > -_TROCHANTER_UP * ball.radius
    )
    offset = float((relative[region] @ normal).mean()) if region.any() else 0.0
    return (-normal if offset > 0 else normal), abs(offset)


def _front_by_label(site: str, proximal: Matrix, medial: Matrix, warnings: list[Issue]) -> tuple[Matrix, str]:
    """Return anterior and the side from the label, without one from the header, with a warning."""
    named = _named(site) or ("right" if medial[0] > 0 else "left")
    fix = "Check the side in the picture; a lesion or a cut may hide the greater trochanter."
    found = f"greater trochanter neither before nor behind the neck; {named} taken"
    warnings.append(Issue("axes.side", site, found, "a trochanter behind the neck", fix))
    return np.cross(proximal, medial) * (1.0 if named == "left" else -1.0), named


def _named(site: str) -> str | None:
    return next((side for side in ("left", "right") if site.endswith(side)), None)


def _sides(site: str, shape: str | None, medial: Matrix, anterior: Matrix) -> list[Issue]:
    """Return warnings where the label, the shape and the header of the CT do not say the same side."""
    named = _named(site)
    header = "right" if medial[0] > 0 else "left"
    issues = []
    if named and shape and named != shape:
        agrees = ", and by where its head points in the header of the CT" if header == shape else ""
        fix = "The label may be that of the other side, or the image mirrored; the load follows the shape."
        issues.append(Issue("axes.side", site, f"{shape} by its shape{agrees}", f"{named} as labelled", fix))
    side = shape or named
    found = None
    if side and header != side:
        found = f"the head of a {side} bone points to the patient's {side} in the header of the CT"
    elif float(anterior[1]) > np.sin(np.radians(_APART_DEG)):
        found = "the front of the bone points to the patient's back in the header of the CT"
    if found:
        fix = "Check the orientation in the header: left and right, or front and back, may be exchanged."
        issues.append(Issue("axes.orientation", site, found, "a head that points inwards, its front forwards", fix))
    return issues


def _parts(bone: BoneModel, ball: Ball, proximal: Matrix) -> dict[str, Mask]:
    """Return head, trochanter (the rest down to below the greater one) and distal end."""
    index = np.nonzero(bone.bone)
    relative = places(bone.bone, bone.affine) - ball.centre
    height = relative @ proximal
    head = np.linalg.norm(relative, axis=1) < _HEAD_PART * ball.radius
    chosen = {
        "head": head,
        "trochanter": ~head & (height > -_TROCHANTER_DOWN * ball.radius),
        "distal": height < height.min() + _END_MM,
    }
    parts = {}
    for name, inside in chosen.items():
        mask = np.zeros(bone.bone.shape, dtype=bool)
        mask[tuple(axis[inside] for axis in index)] = True
        parts[name] = mask
    return parts


def _upper(bone: BoneModel, ball: Ball, proximal: Matrix) -> Mask:
    """Return the voxels of head, neck and trochanters."""
    upper = bone.bone.copy()
    upper[bone.bone] = (places(bone.bone, bone.affine) - ball.centre) @ proximal > -_TROCHANTER_DOWN * ball.radius
    return upper
