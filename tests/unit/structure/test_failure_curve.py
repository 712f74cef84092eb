"""What curves say, and the yielding of voxels against a second way to compute it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import linalg
from tests.unit.structure.failure_cases import bar
from tests.unit.structure.voxel_cases import assemble

from osteocast.structure import element
from osteocast.structure.failure import Settings, load_to_failure
from osteocast.structure.failure_curve import Curve, judge, offset_yield
from osteocast.structure.loaded import LoadedBone
from osteocast.structure.voxel_model import VoxelModel
from osteocast.structure.yielding import Law, Voxels, principal_ends


def curve(force: list[float]) -> Curve:
    return Curve(np.arange(len(force), dtype=float), np.array(force), 100.0)


@pytest.mark.parametrize(
    ("force", "definition"),
    [
        ([0, 100, 180, 200, 190], "maximum"),
        ([0, 100, 180, 200, 199], "plateau"),
        ([0, 100, 180, 200, 200.05], "plateau"),
        ([0, 100, 180, 200, 210], "limit"),
        ([0, 100], "limit"),
    ],
)
def test_a_curve_ends_by_falling_by_levelling_or_by_its_limit(force: list[float], definition: str) -> None:
    assert judge(curve(force), 1e-3) == definition


def test_the_offset_line_meets_the_curve_between_points() -> None:
    assert offset_yield(curve([0, 100, 150, 175]), 500.0, plateau=False) == pytest.approx(500 / 3)
    assert offset_yield(curve([0, 100, 200, 300]), 500.0, plateau=False) is None
    assert offset_yield(curve([0, 100, 100]), 900.0, plateau=True) == pytest.approx(100)


def test_the_secant_modulus_holds_the_stress_at_yield_or_on_its_line() -> None:
    ratio = np.array([0.0, 0.5, 1.0, 2.0, 10.0])
    assert np.allclose(Law(0.0, 1e-3).share(ratio) * ratio, [0.0, 0.5, 1.0, 1.0, 1.0])
    assert np.allclose(Law(0.05, 1e-3).share(ratio) * ratio, [0.0, 0.5, 1.0, 1.05, 1.45])
    assert Law(0.0, 1e-3).share(np.array([1e9]))[0] == 1e-3


def test_principal_strains_are_the_eigenvalues_of_the_strain() -> None:
    random = np.random.default_rng(3)
    spacing = (1.0, 1.3, 0.7)
    displacement = random.standard_normal((8 * 50, 3))
    nodes = np.arange(400, dtype=np.int32).reshape(50, 8)
    displacement[:8] = 0
    displacement[8:16] = element.CORNERS * np.array(spacing) * 0.01
    ends = principal_ends(displacement, Voxels(nodes, spacing))
    centre = element.strain_matrix(np.zeros(3), spacing)
    for k in range(50):
        xx, yy, zz, yz, zx, xy = centre @ displacement[nodes[k]].ravel()
        values = np.linalg.eigvalsh([[xx, xy / 2, zx / 2], [xy / 2, yy, yz / 2], [zx / 2, yz / 2, zz]])
        assert ends[:, k] == pytest.approx([values[2], values[0]], abs=1e-12, rel=1e-9)


def by_direct_solutions(one: LoadedBone, at_mm: float) -> float:
    """Return the force at a displacement by assembled secant matrices and direct solutions, from a cold start."""
    model = one.model
    nz, ny, nx = model.modulus.shape
    node = np.arange((nz + 1) * (ny + 1) * (nx + 1)).reshape(nz + 1, ny + 1, nx + 1)
    held = 3 * one.constraints.node + one.constraints.component
    free = np.setdiff1d(np.arange(3 * node.size), held)
    u, share = np.zeros(3 * node.size), np.ones(model.modulus.shape)
    u[held] = one.constraints.value * at_mm
    centre = element.strain_matrix(np.zeros(3), model.spacing)
    corners = np.stack([node[c : c + nz, b : b + ny, a : a + nx] for c in (0, 1) for b in (0, 1) for a in (0, 1)], -1)
    for _ in range(300):
        matrix = assemble(VoxelModel(model.modulus * share, model.spacing, model.poisson)).tocsc()
        u[free] = linalg.spsolve(matrix[free][:, free], -matrix[free][:, held] @ u[held])
        xx, yy, zz, yz, zx, xy = np.moveaxis(u.reshape(-1, 3)[corners].reshape(nz, ny, nx, 24) @ centre.T, -1, 0)
        tensor = np.array([[xx, xy / 2, zx / 2], [xy / 2, yy, yz / 2], [zx / 2, yz / 2, zz]])
        values = np.linalg.eigvalsh(np.moveaxis(tensor, (0, 1), (-2, -1)))
        tension = values[..., 2] * model.modulus / one.yield_tension
        crushing = -values[..., 0] * model.modulus / one.yield_compression
        new = 1 / np.maximum(np.maximum(tension, crushing), 1)
        done = float(np.abs(new - share).max()) < 1e-7
        share = new
        if done:
            break
    moved = held[one.moved]
    return float((matrix[moved] @ u * one.direction[one.constraints.component[one.moved]]).sum())


def uneven(sign: float = -1.0, axes: tuple[int, int, int] = (0, 1, 2)) -> LoadedBone:
    modulus = np.random.default_rng(8).uniform(100.0, 2000.0, (5, 4, 4)).transpose(axes)
    return bar(modulus, 0.01 * modulus, 0.006 * modulus, sign)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_force_is_that_of_direct_solutions(sign: float) -> None:
    one = uneven(sign)
    failure = load_to_failure(one, Settings(limit_strain=0.03, tolerance=1e-6, plateau=0.0))
    expected = by_direct_solutions(one, failure.failure_displacement_mm)
    assert failure.failure_load_n == pytest.approx(expected, rel=1e-4)


def test_a_mirrored_bone_carries_the_same() -> None:
    one = uneven()
    modulus = np.ascontiguousarray(one.model.modulus[:, :, ::-1].transpose(0, 2, 1))
    other = bar(modulus, 0.01 * modulus, 0.006 * modulus)
    settings = Settings(limit_strain=0.02, tolerance=1e-5)
    first, second = load_to_failure(one, settings), load_to_failure(other, settings)
    assert np.allclose(first.force_n, second.force_n, rtol=1e-3)


def test_strengthening_some_voxels_never_weakens_the_bone() -> None:
    one = uneven()
    settings = Settings(limit_strain=0.03, tolerance=1e-5)
    load = load_to_failure(one, settings).failure_load_n
    for seed in range(5):
        more = 1 + np.random.default_rng(seed).uniform(0, 1, one.model.modulus.shape)
        strength = 0.01 * one.model.modulus * more
        stronger = bar(one.model.modulus, strength, 0.6 * strength)
        new = load_to_failure(stronger, settings).failure_load_n
        assert new > load
