"""The voxel solver against analytic answers, an assembled matrix, and itself seen from other sides."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy.sparse import linalg
from tests.unit.structure.voxel_cases import assemble, compression, porous, top_force

from osteocast.foundation.errors import InputError, SolveError
from osteocast.structure.boundary import Prescribed, clamp_face, face, join, node_shape, on_nodes, slide_face
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel

TIGHT = Settings(tolerance=1e-10)


def coordinates(model: VoxelModel) -> np.ndarray:
    nz, ny, nx = node_shape(model)
    z, y, x = np.meshgrid(np.arange(nz), np.arange(ny), np.arange(nx), indexing="ij")
    return np.stack([x, y, z], -1).reshape(-1, 3) * np.array(model.spacing)


def surface(model: VoxelModel) -> np.ndarray:
    return np.unique(np.concatenate([face(model, axis, side) for axis in ("x", "y", "z") for side in (0, 1)]))


def test_patch_a_linear_field_is_exact() -> None:
    model = VoxelModel(np.full((7, 5, 6), 1234.0), (0.8, 0.9, 1.7))
    at, gradient = coordinates(model), np.random.default_rng(1).standard_normal((3, 3)) * 1e-3
    nodes = surface(model)
    wanted = at @ gradient.T
    parts = [on_nodes(nodes, c, (0.0,))._replace(value=wanted[nodes, i]) for i, c in enumerate("xyz")]
    solution = VoxelSolver(model, join(*parts), Settings(tolerance=1e-13)).solve()
    assert np.abs(solution.displacement - wanted[solution.node]).max() < 1e-10 * np.abs(wanted).max()
    stress = solution.stress()
    assert np.abs(stress - stress.mean(0)).max() < 1e-9 * np.abs(stress).max()


@pytest.mark.parametrize("free_sides", [True, False])
def test_uniform_cube_in_compression(free_sides: bool) -> None:
    model = VoxelModel(np.full((6, 5, 4), 1000.0), (1.0, 1.2, 0.9))
    sides = [slide_face(model, "x", 0), slide_face(model, "y", 0), slide_face(model, "z", 0)]
    if not free_sides:
        sides += [slide_face(model, "x", 1), slide_face(model, "y", 1)]
    ends = join(*sides, slide_face(model, "z", 1, -0.01 * 5.4))
    solution = VoxelSolver(model, ends, TIGHT).solve()
    modulus = 1000.0 if free_sides else 1000.0 * 0.7 / (1.3 * 0.4)
    assert top_force(ends, solution.reaction) == pytest.approx(-0.01 * modulus * 4.0 * 6.0, rel=1e-8)


@pytest.mark.parametrize(("axis", "mean"), [(0, 2 / (1 / 1000 + 1 / 200)), (2, 600.0)])
def test_two_materials_in_series_and_in_parallel(axis: int, mean: float) -> None:
    modulus = np.full((6, 6, 6), 1000.0)
    modulus[(slice(None),) * axis + (slice(3, None),)] = 200.0
    model = VoxelModel(modulus, (1.0, 1.0, 1.0), 0.0)
    ends = compression(model)
    solution = VoxelSolver(model, ends, TIGHT).solve()
    assert top_force(ends, solution.reaction) == pytest.approx(-0.01 * mean * 36, rel=1e-8)


def test_equals_an_assembled_matrix() -> None:
    rng = np.random.default_rng(3)
    modulus = np.where(porous((14, 13, 15), wave=7, fill=0.5), rng.uniform(100, 20_000, (14, 13, 15)), 0.0)
    model = VoxelModel(modulus, (0.7, 1.0, 1.3))
    ends = compression(model)
    solution = VoxelSolver(model, ends, TIGHT).solve()
    matrix = assemble(model)
    u = np.zeros(matrix.shape[0])
    u[3 * ends.node + ends.component] = ends.value
    free = np.setdiff1d((3 * solution.node[:, None] + np.arange(3)).ravel(), 3 * ends.node + ends.component)
    u[free] = linalg.spsolve(matrix[free][:, free].tocsc(), -(matrix @ u)[free])
    found = np.zeros_like(u).reshape(-1, 3)
    found[solution.node] = solution.displacement
    inside = np.zeros(u.size // 3, bool)
    inside[solution.node] = True
    assert np.abs(found - u.reshape(-1, 3))[inside].max() < 1e-7 * np.abs(u).max()
    energy = solution.energy_density().sum() * np.prod(model.spacing)
    assert energy == pytest.approx(0.5 * solution.reaction @ ends.value, rel=1e-8)


@pytest.mark.parametrize("size", [1, 2, 3, 17, 31, 63, 65])
def test_any_length_along_the_load(size: int) -> None:
    model = VoxelModel(np.full((size, 3, 4), 500.0), (1.0, 1.0, 1.0), 0.0)
    ends = compression(model)
    solution = VoxelSolver(model, ends, TIGHT).solve()
    assert top_force(ends, solution.reaction) == pytest.approx(-0.01 * 500 * 12, rel=1e-8)
    assert solution.iterations < 30


@pytest.mark.parametrize("size", [(126, 10, 11), (127, 10, 11), (64, 17, 13), (61, 19, 23)])
def test_porous_columns_of_awkward_sizes_converge(size: tuple[int, int, int]) -> None:
    model = VoxelModel(porous(size, wave=8, fill=0.5) * 1000.0, (1.0, 1.0, 1.0))
    solution = VoxelSolver(model, compression(model)).solve()
    assert solution.iterations < 80
    assert solution.residual <= 1e-6


def test_48_rotations_and_reflections_give_one_stiffness() -> None:
    base = porous((11, 12, 13), wave=7, fill=0.55) * np.random.default_rng(5).uniform(500, 2000, (11, 12, 13))
    forces = []
    for order in permutations(range(3)):
        for flips in product((1, -1), repeat=3):
            turned = np.ascontiguousarray(base.transpose(order)[tuple(slice(None, None, f) for f in flips)])
            spacing = np.array([1.3, 1.0, 0.8])[list(order)]  # along z, y, x of the turned grid
            model = VoxelModel(turned, (spacing[2], spacing[1], spacing[0]))
            axis = ("z", "y", "x")[order.index(0)]
            move = [0.0, 0.0, 0.0]
            move["xyz".index(axis)] = -0.1
            ends = join(clamp_face(model, axis, 0), clamp_face(model, axis, 1, (move[0], move[1], move[2])))
            solution = VoxelSolver(model, ends, Settings(tolerance=1e-9)).solve()
            forces.append(float(solution.reaction @ ends.value))
    assert np.ptp(forces) < 1e-6 * abs(forces[0])


def test_threads_change_nothing() -> None:
    model = VoxelModel(porous((40, 20, 20), wave=8, fill=0.5) * 1000.0, (1.0, 1.0, 1.0))
    ends = compression(model)
    one, two = (VoxelSolver(model, ends, Settings(threads=t)).solve() for t in (1, 2))
    assert np.array_equal(one.displacement, two.displacement)


def test_forces_are_reciprocal() -> None:
    model = VoxelModel(np.full((8, 5, 5), 300.0), (1.0, 1.0, 1.0))
    solver = VoxelSolver(model, clamp_face(model, "z", 0), TIGHT)
    top, side = face(model, "z", 1), face(model, "x", 1)
    first = on_nodes(top, "x", (0.2,))
    second = on_nodes(side, "yz", (0.1, 0.3))
    answers = [solver.solve(forces=f) for f in (first, second)]

    def work(load: Prescribed, index: int) -> float:
        place = np.searchsorted(answers[index].node, load.node)
        return float((answers[index].displacement[place, load.component] * load.value).sum())

    assert work(first, 1) == pytest.approx(work(second, 0), rel=1e-8)
    assert answers[0].reaction.sum() == pytest.approx(-0.2 * top.size, rel=1e-8)


def test_new_moduli_and_a_warm_start_give_the_cold_answer() -> None:
    model = VoxelModel(porous((24, 20, 20), wave=8, fill=0.5) * 1000.0, (1.0, 1.0, 1.0))
    ends = compression(model)
    solver = VoxelSolver(model, ends, TIGHT)
    before = solver.solve()
    damaged = model.modulus.copy()
    damaged[10:12] *= 0.5
    solver.set_modulus(damaged)
    warm = solver.solve(start=before)
    cold = VoxelSolver(VoxelModel(damaged, model.spacing), ends, TIGHT).solve()
    assert np.abs(warm.displacement - cold.displacement).max() < 1e-7 * np.abs(cold.displacement).max()
    assert warm.iterations <= cold.iterations


def test_loose_parts_are_left_out_and_counted() -> None:
    modulus = np.zeros((9, 9, 9))
    modulus[:, 2:5, 2:5] = 100.0
    modulus[4:6, 7:9, 7:9] = 100.0  # floats
    modulus[8, 0, 0] = 100.0  # held by the face: stays
    model = VoxelModel(modulus, (1.0, 1.0, 1.0), 0.0)
    ends = compression(model)
    solution = VoxelSolver(model, ends, TIGHT).solve()
    assert solution.left_out == (1, 8)
    assert solution.cell.size == 82
    assert top_force(ends, solution.reaction) == pytest.approx(-0.01 * 100 * 9, rel=1e-8)


def test_bad_models_are_refused() -> None:
    good = VoxelModel(np.ones((3, 3, 3)), (1.0, 1.0, 1.0))
    cases = {
        "strength.empty": lambda: VoxelModel(np.zeros((3, 3, 3)), (1.0, 1.0, 1.0)),
        "strength.modulus": lambda: VoxelModel(np.full((3, 3, 3), np.nan), (1.0, 1.0, 1.0)),
        "strength.shape": lambda: VoxelModel(np.ones((3, 3)), (1.0, 1.0, 1.0)),
        "strength.spacing": lambda: VoxelModel(np.ones((3, 3, 3)), (1.0, 0.0, 1.0)),
        "strength.poisson": lambda: VoxelModel(np.ones((3, 3, 3)), (1.0, 1.0, 1.0), 0.5),
        "strength.rigid-motion": lambda: VoxelSolver(good, slide_face(good, "z", 0)),
        "strength.constraint": lambda: VoxelSolver(good, on_nodes(np.array([64]), "x", (0.0,))),
        "strength.force": _force_in_a_void,
    }
    for code, make in cases.items():
        with pytest.raises(InputError) as caught:
            make()
        assert [issue.code for issue in caught.value.issues] == [code]


def _force_in_a_void() -> None:
    modulus = np.zeros((4, 4, 4))
    modulus[:, :2, :2] = 1.0
    model = VoxelModel(modulus, (1.0, 1.0, 1.0))
    VoxelSolver(model, clamp_face(model, "z", 0)).solve(forces=on_nodes(np.array([124]), "z", (1.0,)))


def test_no_silent_result_without_convergence() -> None:
    model = VoxelModel(porous((24, 20, 20), wave=8, fill=0.5) * 1000.0, (1.0, 1.0, 1.0))
    with pytest.raises(SolveError) as caught:
        VoxelSolver(model, compression(model), Settings(most_iterations=3)).solve()
    assert caught.value.issues[0].code == "strength.not-converged"


def test_a_strut_one_voxel_wide_whose_coarse_grid_is_half_as_large_as_the_fine_one() -> None:
    """Vectors of the coarse grid have no room among those of the fine grid here."""
    model = VoxelModel(np.full((41, 1, 1), 1000.0), (1.0, 1.0, 1.0), 0.0)
    ends = join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, -0.41)))
    solver = VoxelSolver(model, ends, Settings(tolerance=1e-10))
    assert 3 * solver.grid.middle[0].size > solver.grid.work[0].size
    assert top_force(ends, solver.solve().reaction) == pytest.approx(-10.0, rel=1e-9)
