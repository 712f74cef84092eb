"""Loading until failure, against limit loads known by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.failure_cases import bar, bending, loaded, sliding_ends, vertebra
from tests.unit.structure.voxel_cases import porous

from osteocast.foundation.errors import InputError, SolveError
from osteocast.structure.failure import Settings, load_to_failure, settings_for
from osteocast.structure.loaded import CAP, LoadedBone
from osteocast.structure.voxel_model import VoxelModel

UNIFORM = np.full((8, 4, 4), 1000.0)


def cube(scale_modulus: float = 1.0, scale_strength: float = 1.0, sign: float = -1.0) -> LoadedBone:
    """Return a cube of unlike voxels; strength follows modulus, tension is weaker than compression."""
    modulus = np.random.default_rng(5).uniform(200.0, 2000.0, (9, 8, 7))
    strength = 0.01 * modulus * scale_strength
    return bar(modulus * scale_modulus, strength, 0.7 * strength, sign)


def porous_bar(fine: int = 1) -> LoadedBone:
    """Return a porous bar, each voxel cut into `fine` along each axis."""
    modulus = np.where(porous((12, 12, 12), seed=3, wave=12.0, fill=0.45), 1000.0, 0.0)
    modulus[[0, -1]] = 1000.0
    for axis in range(3):
        modulus = modulus.repeat(fine, axis)
    return bar(modulus, 10.0, 7.0, size=1 / fine)


@pytest.mark.parametrize(("sign", "stress"), [(-1.0, 10.0), (1.0, 6.0)])
def test_a_bar_carries_its_yield_stress_times_its_section(sign: float, stress: float) -> None:
    failure = load_to_failure(bar(UNIFORM, 10.0, 6.0, sign))
    assert failure.failure_load_n == pytest.approx(stress * 16, rel=1e-5)
    assert failure.yield_load_n == pytest.approx(stress * 16, rel=1e-5)
    assert failure.stiffness_n_mm == pytest.approx(1000 * 16 / 8, rel=1e-6)
    assert failure.definition == "plateau"
    assert failure.tension_share == (1.0 if sign > 0 else 0.0)
    assert failure.failed.all()
    at, first = failure.failure_displacement_mm, stress / 1000 * 8
    assert failure.energy_to_failure_mj == pytest.approx(stress * 16 * (at - first / 2), rel=2e-2)


def test_two_bars_side_by_side_add_their_limits() -> None:
    strength = np.full(UNIFORM.shape, 10.0)
    strength[:, :, 2:] = 4.0
    failure = load_to_failure(bar(UNIFORM, strength, strength))
    assert failure.failure_load_n == pytest.approx(8 * (10 + 4), rel=1e-3)


def test_bars_in_a_row_carry_what_the_weaker_carries() -> None:
    modulus = np.full((16, 4, 4), 1000.0)
    strength = np.full(modulus.shape, 10.0)
    strength[4:12] = 4.0
    failure = load_to_failure(bar(modulus, strength, strength), Settings(limit_strain=0.02))
    assert failure.failure_load_n >= 4 * 16 * (1 - 1e-3)
    assert failure.failure_load_n == pytest.approx(4 * 16, rel=0.08)
    assert not failure.failed[:3].any()
    assert failure.failed[4:12].all()


@pytest.mark.parametrize("layers", [8, 16])
def test_a_beam_bends_up_to_one_and_a_half_times_its_elastic_moment(layers: int) -> None:
    height, width, stress, curvature = 8.0, 2.0, 10.0, 12.0
    beam = bending(layers, height, width, stress)
    failure = load_to_failure(beam, Settings(limit_strain=curvature * stress / 1000, steps=8, plateau=0.0))
    moment = failure.failure_load_n * height / 2
    elastic = stress * width * height**2 / 6
    assert moment / elastic == pytest.approx(1.5 * (1 - 1 / (3 * curvature**2)), rel=4 / layers**2 + 2e-3)
    assert failure.tension_share == pytest.approx(0.5, abs=0.02)


def test_work_of_the_load_is_stored_or_dissipated() -> None:
    failure = load_to_failure(cube(), Settings(limit_strain=0.015, tolerance=1e-4))
    volume = float(np.prod(failure.at_failure.model.spacing))
    stored = float(failure.at_failure.energy_density().sum()) * volume
    assert stored > 0
    assert failure.dissipated_mj > 0
    assert stored + failure.dissipated_mj == pytest.approx(failure.energy_to_failure_mj, rel=1e-3)
    assert failure.warnings == ()


def test_a_bone_weaker_in_tension_fails_earlier_in_tension() -> None:
    pressed, pulled = (load_to_failure(cube(sign=sign), Settings(limit_strain=0.03)) for sign in (-1.0, 1.0))
    assert pulled.failure_load_n == pytest.approx(0.7 * pressed.failure_load_n, rel=0.05)
    assert pulled.tension_share is not None
    assert pressed.tension_share is not None
    assert pulled.tension_share > 0.9
    assert pressed.tension_share < 0.1


def test_load_grows_in_proportion_to_strength_and_not_with_stiffness() -> None:
    one = load_to_failure(cube(), Settings(limit_strain=0.03))
    strong = load_to_failure(cube(scale_strength=2.0), Settings(limit_strain=0.06))
    assert np.allclose(strong.force_n, 2 * one.force_n, rtol=1e-3)
    stiff = load_to_failure(cube(scale_modulus=4.0), Settings(limit_strain=0.0075))
    assert np.allclose(stiff.force_n, one.force_n, rtol=1e-3)
    assert stiff.stiffness_n_mm == pytest.approx(4 * one.stiffness_n_mm, rel=1e-5)


def test_finer_voxels_give_nearly_the_same_load() -> None:
    coarse, fine = (load_to_failure(porous_bar(n), Settings(limit_strain=0.03)).failure_load_n for n in (1, 2))
    assert fine == pytest.approx(coarse, rel=0.15)
    assert fine < coarse


def test_one_cold_step_leads_where_many_warm_ones_lead() -> None:
    many = load_to_failure(cube(), Settings(limit_strain=0.03, tolerance=1e-5))
    once = load_to_failure(cube(), Settings(limit_strain=0.03, tolerance=1e-5, steps=1))
    assert once.failure_load_n == pytest.approx(many.failure_load_n, rel=1e-3)


def test_threads_change_no_byte() -> None:
    one, two = (load_to_failure(porous_bar(2), Settings(limit_strain=0.02, threads=n)) for n in (1, 2))
    assert one.force_n.tobytes() == two.force_n.tobytes()
    assert one.damage.tobytes() == two.damage.tobytes()
    assert one.tension_share == two.tension_share


def test_marrow_that_is_kept_as_soft_voxels_changes_little() -> None:
    hollow = porous_bar()
    modulus = np.where(hollow.model.modulus > 0, hollow.model.modulus, 0.1)
    strength = np.where(hollow.model.modulus > 0, 10.0, 1e-4)
    filled = bar(modulus, strength, 0.7 * strength)
    empty, full = (load_to_failure(one, Settings(limit_strain=0.02)) for one in (hollow, filled))
    assert full.failure_load_n == pytest.approx(empty.failure_load_n, rel=5e-3)
    assert full.failed_volume_mm3 == pytest.approx(empty.failed_volume_mm3, rel=0.05)


def test_voxels_without_strength_carry_nothing_and_caps_never_yield() -> None:
    strength = np.full(UNIFORM.shape, 10.0)
    strength[:, :, 0] = 0.0
    part = np.ones(UNIFORM.shape, np.uint8)
    part[[0, -1]], strength[[0, -1]] = CAP, np.inf
    model = VoxelModel(UNIFORM, (1.0, 1.0, 1.0))
    made = loaded(model, (strength, strength), sliding_ends(model, -1.0), (0.0, 0.0, -1.0), part)
    failure = load_to_failure(made)
    assert failure.failure_load_n == pytest.approx(12 * 10, rel=0.12)
    assert not failure.failed[[0, -1]].any()
    assert float(failure.damage[0].max()) == 0.0


def test_a_bone_that_does_not_yield_says_so() -> None:
    failure = load_to_failure(bar(UNIFORM, 10.0, 10.0), Settings(limit_strain=0.005))
    assert failure.definition == "limit"
    assert failure.tension_share is None
    assert failure.yield_load_n is None
    assert any("no failure load" in line for line in failure.warnings)


def test_large_strains_are_told() -> None:
    failure = load_to_failure(cube(), Settings(limit_strain=0.2, plateau=0.0))
    assert any("no longer small" in line for line in failure.warnings)


def test_hardening_raises_the_load() -> None:
    flat, rising = (load_to_failure(cube(), Settings(limit_strain=0.03, hardening=h)) for h in (0.0, 0.05))
    assert rising.failure_load_n > 1.02 * flat.failure_load_n


def test_progress_is_told_and_may_stop_the_computation() -> None:
    told: list[tuple[str, int, int]] = []

    def stop(what: str, done: int, total: int) -> None:
        told.append((what, done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_to_failure(cube(), progress=stop)
    assert told == [("elastic", 0, 10), ("loading", 1, 10), ("loading", 2, 10)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"yield_tension": np.full(UNIFORM.shape, -1.0, np.float32)}, "failure.yield"),
        ({"yield_tension": np.full(UNIFORM.shape, np.nan, np.float32)}, "failure.yield"),
        ({"yield_compression": np.ones((2, 2, 2), np.float32)}, "failure.yield"),
        ({"length_mm": 0.0}, "failure.length"),
        ({"moved": np.zeros(bar(UNIFORM, 1.0, 1.0).moved.shape, bool)}, "failure.direction"),
    ],
)
def test_a_bad_load_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        load_to_failure(replace(bar(UNIFORM, 10.0, 6.0), **change))  # type: ignore[arg-type]
    assert [issue.code for issue in caught.value.issues] == [code]


@pytest.mark.parametrize(
    "settings", [Settings(steps=0), Settings(rest=1.5), Settings(limit_strain=-1.0), Settings(hardening=-0.1)]
)
def test_bad_settings_are_refused(settings: Settings) -> None:
    with pytest.raises(InputError) as caught:
        load_to_failure(bar(UNIFORM, 10.0, 6.0), settings)
    assert caught.value.issues[0].code == "failure.settings"


def test_no_equilibrium_is_an_error_and_no_load() -> None:
    with pytest.raises(SolveError) as caught:
        load_to_failure(cube(), Settings(limit_strain=0.03, tolerance=1e-14, most_iterations=3))
    assert caught.value.issues[0].code == "failure.not-converged"


@pytest.mark.parametrize(
    ("site", "limit", "status"),
    [
        ("femur-left", 0.04, "read"),
        ("vertebra", 0.019, "read"),
        ("humerus-right", 0.04, "assumed"),
        ("rib", 0.04, "assumed"),
    ],
)
def test_each_site_has_its_limit_and_the_result_says_whence(site: str, limit: float, status: str) -> None:
    settings = settings_for(site)
    assert settings.limit_strain == limit
    failure = load_to_failure(bar(UNIFORM, 10.0, 6.0), settings)
    assert any(line.startswith("limit: ") and status in line for line in failure.lines)


@pytest.mark.slow
def test_a_vertebra_fails(shared_dir: Path) -> None:
    failure = load_to_failure(vertebra(shared_dir), Settings(limit_strain=0.019, threads=2))
    assert 1000 < failure.failure_load_n < 15_000
    assert failure.yield_load_n is not None
    assert failure.yield_load_n < failure.failure_load_n
    assert (np.diff(failure.force_n) > 0).all()
    assert failure.warnings == ()
