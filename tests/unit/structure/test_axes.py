"""Axes of made bones that are turned by known amounts, and what is said where they cannot be found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.structure.load_cases import (
    ANTEVERSION,
    HEAD_MM,
    block,
    femur,
    humerus,
    made,
    rotation,
    vertebra,
    whole_femur,
)

from osteocast.foundation.errors import InputError
from osteocast.structure.axes import bone_kind, find_axes, frame_of
from osteocast.structure.axes_vertebra import second_body, split_body
from osteocast.structure.loaded import BoneModel

TURNS = [((1, 0, 0), 0.0), ((1, 0.3, 0.2), 20.0), ((0.2, 1, -0.5), -25.0)]


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def codes(bone: BoneModel) -> set[str]:
    return {issue.code for issue in find_axes(bone).warnings}


@pytest.mark.parametrize(("axis", "angle"), TURNS)
@pytest.mark.parametrize("labelled", [True, False])
def test_vertebra(axis: tuple[float, float, float], angle: float, labelled: bool) -> None:
    turn = rotation(axis, angle)
    bone = vertebra(turn)
    axes = find_axes(bone if labelled else replace(bone, parts={}))
    assert degrees(axes.directions["superior"], turn @ [0, 0, 1]) < 2.0
    assert degrees(axes.directions["anterior"], turn @ [0, -1, 0]) < 3.0
    assert degrees(axes.directions["left"], turn @ [1, 0, 0]) < 3.0
    assert not axes.warnings
    assert ("opening" in " ".join(axes.lines)) is not labelled


def test_a_body_is_found_in_a_vertebra_of_one_label() -> None:
    bone = vertebra(np.eye(3))
    found, body = split_body(bone.bone, (1.0, 1.0, 1.0)), bone.parts["body"]
    assert 2 * (found & body).sum() / (found.sum() + body.sum()) > 0.93


def test_two_vertebrae_under_one_label_have_two_bodies() -> None:
    one = vertebra(np.eye(3)).bone
    one = one[np.flatnonzero(one.any((1, 2)))]
    assert second_body(one, (1.0, 1.0, 1.0)) < 0.05
    bridge = np.zeros_like(one[:3])
    bridge[:, 50:60, 50:60] = True
    assert second_body(np.concatenate([one, bridge, one]), (1.0, 1.0, 1.0)) > 0.5


def test_a_body_without_arch_has_its_front_from_the_header() -> None:
    bone = vertebra(np.eye(3))
    alone = replace(bone, bone=bone.parts["body"], parts={"body": bone.parts["body"]})
    assert codes(alone) == {"axes.no-arch"}
    assert degrees(find_axes(alone).directions["anterior"], np.array([0, -1, 0])) < 1.0


def test_a_cut_body_is_seen() -> None:
    bone = vertebra(np.eye(3))
    y = int(np.flatnonzero(bone.bone.any((0, 2)))[0]) + 3
    parts = {name: mask[:, y:] for name, mask in bone.parts.items()}
    assert codes(made("vertebra", bone.bone[:, y:], bone.affine, parts)) == {"axes.cut"}


def test_a_header_turned_round_is_seen() -> None:
    assert codes(vertebra(rotation((0, 0, 1), 180.0))) == {"axes.orientation"}


def cut_body(slope: float, reach: float) -> BoneModel:
    """The made vertebra with its body below a sloping plane, and only columns within a reach of its middle."""
    bone = vertebra(np.eye(3))
    z, y, x = np.indices(bone.bone.shape)
    body = bone.parts["body"] & (z - 55 < (y - 40) * slope + 5) & (np.hypot(x - 54.5, y - 39.5) < reach)
    return replace(bone, bone=body | bone.parts["posterior"], parts={**bone.parts, "body": body})


def test_end_plates_that_do_not_face_each_other() -> None:
    assert codes(cut_body(0.55, 99.0)) == {"axes.wedge"}
    with pytest.raises(InputError, match=r"axes\.end-plates"):
        find_axes(cut_body(0.0, 3.0))


@pytest.mark.parametrize(("axis", "angle"), TURNS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_femur(axis: tuple[float, float, float], angle: float, side: str) -> None:
    turn = rotation(axis, angle)
    axes = find_axes(femur(turn, side))
    inwards = -1.0 if side == "left" else 1.0
    lean = np.radians(ANTEVERSION)
    medial = np.array([inwards * np.cos(lean), -np.sin(lean), 0.0])
    assert degrees(axes.directions["proximal"], turn @ [0, 0, 1]) < 2.0
    assert degrees(axes.directions["medial"], turn @ medial) < 5.0
    assert degrees(axes.directions["anterior"], turn @ np.cross([0, 0, 1], medial) * -inwards) < 5.0
    head = turn @ np.array([inwards * 45 * np.cos(lean), -45 * np.sin(lean), 90.0])
    assert np.linalg.norm(axes.landmarks["head"] - head) < 1.5
    assert f"{side} by its shape" in axes.lines[0]
    assert axes.parts["head"].sum() * 8 == pytest.approx(4 / 3 * np.pi * HEAD_MM**3, rel=0.2)
    assert not axes.warnings


def test_a_whole_femur_is_taken_at_its_upper_end() -> None:
    turn = rotation((1, 0.2, 0.1), 6.0)
    axes = find_axes(whole_femur(turn))
    assert degrees(axes.directions["proximal"], turn @ [0, 0, 1]) < 4.0
    assert "left by its shape" in axes.lines[0]
    assert not axes.warnings
    hidden = find_axes(whole_femur(turn, trochanter=False))
    assert [issue.code for issue in hidden.warnings] == ["axes.side"]
    assert degrees(hidden.directions["anterior"], axes.directions["anterior"]) < 5.0


def test_the_wrong_side_and_a_short_shaft_are_seen() -> None:
    assert codes(femur(np.eye(3), "left", "right")) == {"axes.side"}
    assert codes(femur(np.eye(3), shaft_mm=20.0)) == {"axes.short-shaft"}
    # the whole image turned round: the shape stays left, its head points to the left
    assert "axes.orientation" in codes(femur(rotation((0, 0, 1), 180.0)))


def test_a_cut_or_missing_head_is_seen() -> None:
    bone = femur(np.eye(3))
    top = int(np.flatnonzero(bone.bone.any((1, 2)))[-1])
    cut = made("femur-left", bone.bone[: top - 3], bone.affine)
    assert "axes.cut" in codes(cut)
    with pytest.raises(InputError, match=r"axes\.no-head"):
        find_axes(made("femur-left", bone.bone[: top - 28], bone.affine))


@pytest.mark.parametrize(("axis", "angle"), TURNS)
def test_humerus(axis: tuple[float, float, float], angle: float) -> None:
    turn = rotation(axis, angle)
    axes = find_axes(humerus(turn))
    assert degrees(axes.directions["proximal"], turn @ [0, 0, 1]) < 2.0
    assert degrees(axes.directions["medial"], turn @ [-14 / 205**0.5, 3 / 205**0.5, 0]) < 8.0


def test_generic_axes_and_a_piece_without_one() -> None:
    axes = find_axes(block((30, 20, 20), (24, 10, 5)))
    assert axes.directions["long"] == pytest.approx([0, 0, 1])
    assert abs(axes.directions["second"][1]) == pytest.approx(1)
    assert codes(block((30, 30, 30), (20, 20, 10))) == {"axes.no-long-axis"}
    with pytest.raises(InputError, match=r"label\.empty"):
        find_axes(made("rib", np.zeros((5, 5, 5), dtype=bool), np.eye(4)))


def test_names_and_frames() -> None:
    assert [bone_kind(s) for s in ("femur-left", "vertebra-l4", "tibia-right")] == ["femur", "vertebra", "generic"]
    rows = frame_of(np.array([0, 0, 2.0]), np.array([0, 3.0, 1.0]))
    assert np.allclose(rows, np.eye(3))
