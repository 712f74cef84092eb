"""Bones under named loads: known stiffness, kept mass, covered surfaces, coded errors."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.structure.load_cases import block, femur, humerus, rotation, vertebra

from osteocast.domain.table import read_table
from osteocast.evidence.load import load_sources
from osteocast.foundation.errors import InputError
from osteocast.structure.axes import find_axes
from osteocast.structure.load_case import LoadOptions, load_bone
from osteocast.structure.load_data import load_case
from osteocast.structure.loaded import CAP
from osteocast.structure.solver import Settings, VoxelSolver

TIGHT = Settings(tolerance=1e-9)

PINNED = {
    "vertebra-compression 1": "02428d2ae6e9bde7",
    "vertebra-flexion 1": "43c0d5d38632283e",
    "femur-stance 1": "d9f8ec62a9517d3e",
    "femur-sideways-fall 1": "e861d6b5b880cfd4",
    "generic-axial 1": "cc6e5d066be567f1",
    "generic-bending 1": "d549c0c72829dc2f",
    "generic-torsion 1": "41d2965c87b0963b",
    "humerus-axial 1": "932c49825c5dce40",
}


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
        kept = float(loaded.model.modulus[loaded.part == 1].sum() * np.prod(loaded.model.spacing))
        assert kept == pytest.approx(float(bone.modulus.sum(dtype=float)), rel=1e-6)
        solution = VoxelSolver(loaded.model, loaded.constraints, Settings()).solve()
        forces.append(loaded.force(solution))
    assert forces[1] == pytest.approx(forces[0], rel=0.02)


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


def test_bending_a_block_gives_the_moment_of_a_beam() -> None:
    """M = E I / L for a unit of rotation: the upper end turns by 1 mm / lever."""
    bone = block((50, 20, 20), (40, 12, 8), modulus=1000.0)
    loaded = load_bone(bone, "generic-bending")
    solution = VoxelSolver(loaded.model, loaded.constraints, TIGHT).solve()
    assert loaded.lever_mm == pytest.approx(6.0)
    expected = 1000.0 * (8 * 12**3 / 12) / 40.0 / loaded.lever_mm
    # the glued lower end cannot widen, which adds a little
    assert loaded.moment(solution) == pytest.approx(expected, rel=0.03)
    assert loaded.force(solution) == pytest.approx(loaded.moment(solution) / 6.0)


def test_twisting_a_square_bar_gives_the_torque_of_saint_venant() -> None:
    """J = 0.1406 a^4."""
    loaded = load_bone(block((60, 30, 30), (48, 16, 16)), "generic-torsion", LoadOptions(rows=np.eye(3)))
    solution = VoxelSolver(loaded.model, loaded.constraints, TIGHT).solve()
    expected = 1000.0 / 2.6 * 0.1406 * 16**4 / 48 / loaded.lever_mm
    assert loaded.moment(solution) == pytest.approx(expected, rel=0.05)


def test_flexion_tilts_the_upper_plate_about_its_back_edge() -> None:
    bone = vertebra(np.eye(3))
    loaded = load_bone(bone, "flexion")
    z_moved = loaded.moved & (loaded.constraints.component == 2)
    values = loaded.constraints.value[z_moved]
    assert (values.min(), values.max()) == pytest.approx((-1.0, 0.0))
    nx = loaded.part.shape[2] + 1
    y = loaded.constraints.node[z_moved] // nx % (loaded.part.shape[1] + 1)
    # y of the grid points to the front of the patient, which moves down
    assert loaded.affine[1, 1] < 0
    assert (y[values == values.min()] > y[values == values.max()].max()).all()
    assert loaded.lever_mm == pytest.approx(32.0)
    assert loaded.moment(VoxelSolver(loaded.model, loaded.constraints, Settings()).solve()) > 0


@pytest.mark.parametrize("case", ["stance", "sideways-fall"])
def test_the_same_femur_turned_and_mirrored_has_the_same_stiffness(case: str) -> None:
    forces = []
    for bone in (femur(np.eye(3)), femur(rotation((0.3, 1, 0.2), 14.0)), femur(np.eye(3), "right")):
        loaded = load_bone(bone, case, LoadOptions(spacing_mm=1.5))
        assert (loaded.affine[:3, :3].T @ loaded.affine[:3, :3])[0, 1] == pytest.approx(0, abs=1e-9)
        forces.append(loaded.force(VoxelSolver(loaded.model, loaded.constraints, Settings()).solve()))
    assert forces[1:] == pytest.approx([forces[0]] * 2, rel=0.06)


def test_the_choice_of_boundary_alone_changes_the_stiffness() -> None:
    bone, found = femur(np.eye(3)), {}
    for name in load_case("femur", "sideways-fall").boundaries:
        loaded = load_bone(bone, "sideways-fall", LoadOptions(name, 2.0))
        found[name] = loaded.force(VoxelSolver(loaded.model, loaded.constraints, Settings()).solve())
    assert max(found.values()) > 1.2 * min(found.values())


def test_a_fall_presses_the_head_towards_the_trochanter() -> None:
    bone = femur(np.eye(3))
    loaded = load_bone(bone, "sideways-fall", LoadOptions(spacing_mm=2.0))
    up = loaded.affine[:3, 2] / np.linalg.norm(loaded.affine[:3, 2])
    axes = find_axes(bone).directions
    assert np.degrees(np.arcsin(up @ axes["proximal"])) == pytest.approx(-10.0, abs=0.1)
    assert np.degrees(np.arctan2(up @ axes["anterior"], up @ axes["medial"])) == pytest.approx(15.0, abs=0.1)
    layers = np.flatnonzero(loaded.part.any((1, 2)))
    assert set(np.unique(loaded.part[layers[[0, -1]]])) == {0, CAP}


def test_a_humerus_is_pressed_along_its_shaft() -> None:
    loaded = load_bone(humerus(rotation((1, 0.2, 0), 12.0)), "axial", LoadOptions(spacing_mm=2.5))
    assert loaded.name == "humerus axial 1"
    assert loaded.force(VoxelSolver(loaded.model, loaded.constraints, Settings()).solve()) > 0


def test_a_lesion_stays_marked_and_weak() -> None:
    bone = vertebra(rotation((1, 0, 0), 15.0))
    middle = tuple(np.array(np.nonzero(bone.parts["body"])).mean(1).round().astype(int))
    ball = np.linalg.norm(np.indices(bone.bone.shape).T - np.array(middle), axis=-1).T < 7
    bone.lesion[ball] = True
    bone.modulus[ball] = 10.0
    loaded = load_bone(bone, "compression")
    assert (loaded.part == 2).sum() == pytest.approx(int(ball.sum()), rel=0.05)
    assert np.median(loaded.model.modulus[loaded.part == 2]) == pytest.approx(10.0, rel=0.02)


def test_a_case_does_not_change_without_its_version() -> None:
    table = read_table("load_cases")
    found = {
        f"{key} {entry['version']}": hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]
        for key, entry in table.items()
    }
    assert found == PINNED


def test_every_case_names_its_sources_and_can_be_read() -> None:
    sources = load_sources()
    for key, entry in read_table("load_cases").items():
        case = load_case(entry["site"], key)
        assert len(case.boundaries) >= 2
        assert case.default in case.boundaries
        for one in entry["sources"]:
            assert one["status"] == "choice" or one["source"] in sources
    for entry in read_table("daily_loads").values():
        assert entry["source"] in sources
        load_case(entry["site"], entry["case"])


def test_parts_that_are_missing_are_named() -> None:
    bone = replace(block((20, 20, 20), (16, 8, 8)), site="vertebra")
    bone.parts["body"] = bone.bone
    grid = load_bone(replace(bone, site="tibia"), "generic-axial")
    assert grid.part.max() == 1
    with pytest.raises(InputError, match=r"load\.unknown"):
        load_bone(replace(bone, site="tibia"), "stance")
