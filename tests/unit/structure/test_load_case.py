"""Bones under named loads: known stiffness, kept mass, covered surfaces, coded errors."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.structure.load_cases import block, rotation, vertebra

from osteocast.foundation.errors import InputError
from osteocast.structure.load_case import LoadOptions, load_bone
from osteocast.structure.loaded import CAP
from osteocast.structure.solver import Settings, VoxelSolver

TIGHT = Settings(tolerance=1e-9)


def test_a_block_between_sliding_plates_has_the_stiffness_of_a_bar() -> None:
    loaded = load_bone(block((30, 20, 20), (20, 8, 6)), "generic-axial", LoadOptions("ends-sliding"))
    assert loaded.name == "generic axial 1"
    assert loaded.length_mm == pytest.approx(20.0)
    solution = VoxelSolver(loaded.model, loaded.constraints, TIGHT).solve()
    assert loaded.force(solution) == pytest.approx(1000.0 * 48 / 20, rel=1e-7)


def test_aligned_voxels_are_copied() -> None:
    bone = block((24, 18, 16), (12, 8, 8))
    noisy = np.random.default_rng(3).uniform(100, 900, bone.modulus.shape).astype(np.float32)
    bone.modulus[bone.bone] = noisy[bone.bone]
    loaded = load_bone(bone, "generic-axial", LoadOptions(rows=np.eye(3)))
    assert np.array_equal(loaded.model.modulus, bone.modulus[6:18, 5:13, 4:12])
    # the centre of voxel (0, 0, 0) stays at its place
    assert np.allclose(loaded.affine[:3, 3], bone.affine[:3, 3] + [4, 5, 6])


@pytest.mark.parametrize("degrees", [0.0, 17.0, 40.0])
def test_a_turned_vertebra_keeps_its_stiffness_and_the_integral_of_its_modulus(degrees: float) -> None:
    straight, turned = vertebra(np.eye(3)), vertebra(rotation((1, 2, 0.5), degrees))
    forces = []
    for bone in (straight, turned):
        loaded = load_bone(bone, "compression")
        kept = float(loaded.model.modulus[loaded.part == 1].sum())
        assert kept == pytest.approx(float(bone.modulus.sum(dtype=float)), rel=1e-6)
        solution = VoxelSolver(loaded.model, loaded.constraints, Settings()).solve()
        forces.append(loaded.force(solution))
    assert forces[1] == pytest.approx(forces[0], rel=0.04)  # a layer more or less of 35


def test_caps_cover_both_end_plates_and_carry_the_constraints() -> None:
    loaded = load_bone(vertebra(np.eye(3)), "compression")
    columns = int((loaded.part == 1).any(0).sum())
    body = int(vertebra(np.eye(3)).parts["body"].any(0).sum())
    assert columns > body
    cap = loaded.part == CAP
    assert int(cap.any(0).sum()) == body
    assert loaded.length_mm == pytest.approx(26 + 2 * 4)
    ny, nx = np.array(loaded.part.shape[1:]) + 1
    height = loaded.constraints.node // (ny * nx)
    assert set(height[loaded.moved]) == {loaded.part.shape[0]}
    assert np.isinf(loaded.yield_compression[cap]).all()
    assert (loaded.constraints.value[loaded.moved] == -1).all()


@pytest.mark.parametrize(
    ("case", "options", "code"),
    [
        ("dance", LoadOptions(), "load.unknown"),
        ("compression", LoadOptions(boundary="air"), "load.boundary"),
        ("compression", LoadOptions(spacing_mm=-1.0), "load.spacing"),
        ("compression", LoadOptions(spacing_mm=0.01), "load.spacing"),
        ("compression", LoadOptions(spacing_mm=40.0), "load.part"),
        ("compression", LoadOptions(rows=np.ones((3, 3))), "load.axes"),
    ],
)
def test_errors_are_coded(case: str, options: LoadOptions, code: str) -> None:
    with pytest.raises(InputError) as raised:
        load_bone(vertebra(np.eye(3)), case, options)
    assert [issue.code for issue in raised.value.issues] == [code]
