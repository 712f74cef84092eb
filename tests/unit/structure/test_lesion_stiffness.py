"""What inserted lesions do to the stiffness of a block: less with size, the same turned, Eshelby when small."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.unit.structure.lesion_cases import block, laws_of, model_of

from osteocast.structure.boundary import Axis, clamp_face, join
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_spec import LesionSpec, Tissue, parse_lesion
from osteocast.structure.loaded import BoneModel
from osteocast.structure.solver import Settings, VoxelSolver


def stiffness(bone: BoneModel, axis: Axis = "z") -> float:
    """Force that moves the upper face of the block by 1 mm between clamped faces [N/mm]."""
    inner = dataclasses.replace(bone, modulus=np.ascontiguousarray(bone.modulus[2:-2, 2:-2, 2:-2]))
    model = model_of(inner)
    down = tuple(-np.eye(3)["xyz".index(axis)])
    ends = join(clamp_face(model, axis, 0), clamp_face(model, axis, 1, down))
    solved = VoxelSolver(model, ends, Settings(tolerance=1e-9)).solve()
    return float(-solved.reaction[ends.value != 0.0].sum())


def inserted(text: str, bone: BoneModel | None = None) -> BoneModel:
    bone = block(20.0) if bone is None else bone
    return insert_lesion(bone, parse_lesion(text), laws_of(bone.bone))


def test_stiffness_falls_with_the_size_of_a_lytic_lesion() -> None:
    found = [stiffness(block(20.0)), *(stiffness(inserted(f"lytic:{d}mm@0.5,0.5,0.5")) for d in (4, 6, 9, 12, 16, 19))]
    assert (np.diff(found) < 0.0).all()
    assert found[-1] > 0.0


def test_a_small_hole_costs_what_eshelby_says() -> None:
    """A spherical hole of share f in a solid costs 3 (1 - nu) (9 + 5 nu) / (2 (7 - 5 nu)) f of its stiffness."""
    bone = block(30.0)
    made = inserted("lytic:10mm@0.5,0.5,0.5", bone)
    share = np.pi / 6.0 * (10.0 / 30.0) ** 3
    expected = 3.0 * 0.7 * (9.0 + 1.5) / (2.0 * (7.0 - 1.5)) * share
    assert 1.0 - stiffness(made) / stiffness(bone) == pytest.approx(expected, rel=0.2)


def test_a_lesion_like_the_bone_costs_nothing() -> None:
    bone = block(20.0)
    spec = LesionSpec(Tissue("neutral", 0.0, 0.0, 1.0, "test"), (10.0, 10.0, 10.0), "0.5,0.5,0.5", 1.0)
    assert stiffness(insert_lesion(bone, spec, laws_of(bone.bone))) == pytest.approx(stiffness(bone), rel=1e-6)


def test_turned_or_mirrored_a_lesion_costs_the_same() -> None:
    first = stiffness(inserted("mixed:8x6x10mm@lps:3,-2,1"))
    assert stiffness(inserted("mixed:8x6x10mm@lps:-3,-2,1")) == pytest.approx(first, rel=1e-6)
    assert stiffness(inserted("mixed:8x6x10mm@lps:3,2,-1")) == pytest.approx(first, rel=1e-6)
    assert stiffness(inserted("mixed:10x6x8mm@lps:1,-2,3"), "x") == pytest.approx(first, rel=1e-6)


def test_a_grid_of_other_axes_gets_the_same_lesion() -> None:
    bone = block(20.0)
    swap = np.eye(4)[[1, 0, 2, 3]]
    other = dataclasses.replace(bone, affine=bone.affine @ swap)  # a cube: only the meaning of its axes changes
    made = inserted("lytic:8x6x10mm@lps:3,-2,1", other)
    first = inserted("lytic:8x6x10mm@lps:3,-2,1", bone)
    assert made.density == pytest.approx(np.swapaxes(first.density, 1, 2), abs=1e-3)


def test_the_modulus_of_the_tumour_hardly_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 0.1 to 5 MPa: less than a hundredth of the stiffness of the bone."""
    from osteocast.structure import lesion_insert

    table = lesion_insert.read_table("lesion_tissues")
    found = []
    for modulus in (0.1, 5.0):
        changed = {**table, "soft": {**table["soft"], "modulus": modulus}}
        monkeypatch.setattr(lesion_insert, "read_table", lambda name, changed=changed: changed)
        found.append(stiffness(inserted("lytic:10mm@0.5,0.5,0.5")))
    assert found[1] == pytest.approx(found[0], rel=0.01)
