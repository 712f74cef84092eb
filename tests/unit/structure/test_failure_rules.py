"""Failure loads from one elastic solution, against cases by hand and against two other programs."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from tests.unit.structure.failure_cases import bar, loaded
from tests.unit.structure.voxel_cases import compression, largest_part
from tests.unit.structure.written import codes

from osteocast.domain.table import read_table
from osteocast.structure.compiled_kernels import kernels
from osteocast.structure.failure import load_to_failure
from osteocast.structure.failure_rules import RuleLoad, rule_loads, rule_names
from osteocast.structure.loaded import CAP, LoadedBone
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel


def apply(one: LoadedBone, name: str, tolerance: float = 1e-10) -> RuleLoad:
    elastic = VoxelSolver(one.model, one.constraints, Settings(tolerance=tolerance)).solve()
    (found,) = rule_loads(one, elastic, (name,))
    return found


def uniform(size: float = 1.0, layers: int = 10) -> LoadedBone:
    return bar(np.full((layers, 10, 10), 1000.0), 10.0, 6.0, size=size)


def test_a_uniform_bar_fails_at_the_strain_of_the_rule() -> None:
    """The strain is the same everywhere, so that the load is modulus times area times strain."""
    one = uniform()
    assert apply(one, "pistoia").load_n == pytest.approx(0.007 * 1000 * 100, rel=1e-6)
    assert apply(one, "crawford").load_n == pytest.approx(0.0068 * 1000 * 100, rel=1e-6)
    assert apply(one, "contiguous").load_n == pytest.approx(0.01 * 1000 * 100, rel=1e-6)
    assert apply(one, "strain-limits").load_n == pytest.approx(0.0104 * 1000 * 100, rel=1e-6)


def test_rules_know_tension_from_compression() -> None:
    pulled = bar(np.full((10, 10, 10), 1000.0), 10.0, 6.0, 1.0)
    assert apply(pulled, "contiguous").load_n == pytest.approx(6 * 100, rel=1e-6)
    assert apply(pulled, "strain-limits").load_n == pytest.approx(0.0073 * 1000 * 100, rel=1e-6)


def test_pistoia_takes_the_strain_that_two_per_cent_of_the_volume_exceed() -> None:
    """Layers in a row with one soft one: strains are inverse to the moduli when nothing moves sideways."""
    modulus = np.full((60, 2, 2), 1000.0)
    modulus[10:13] = 100.0
    model = VoxelModel(modulus, (1.0, 1.0, 1.0), 0.0)
    one = replace(bar(modulus, 10.0, 10.0), model=model)
    force = 1 / (57 / 1000 + 3 / 100) * 4
    soft = force / 4 / 100
    assert apply(one, "pistoia").load_n == pytest.approx(0.007 / soft * force, rel=1e-6)
    modulus[11:13] = 1000.0
    again = apply(replace(one, model=replace(model, modulus=modulus)), "pistoia")
    force = 1 / (59 / 1000 + 1 / 100) * 4
    assert again.load_n == pytest.approx(0.007 / (force / 4 / 1000) * force, rel=1e-6)


def test_contiguous_counts_pieces_and_not_the_sum() -> None:
    """Two weak layers apart, each too small alone, do not add up; a third beside one of them does."""
    strength = np.full((40, 5, 5), 10.0)
    strength[[5, 6, 7, 8, 9, 10, 11, 12]] = 4.0
    strength[[25, 26, 27, 28, 29, 30, 31, 32]] = 4.0
    one = bar(np.full(strength.shape, 1000.0), strength, strength)
    assert apply(one, "contiguous").load_n == pytest.approx(10 * 25, rel=1e-6)
    strength[13:22] = 4.0
    together = bar(np.full(strength.shape, 1000.0), strength, strength)
    assert apply(together, "contiguous").load_n == pytest.approx(4 * 25, rel=1e-6)


def test_a_small_bone_has_no_contiguous_volume_and_says_so() -> None:
    found = apply(uniform(size=0.5), "contiguous")
    assert found.load_n is None
    assert "405 mm3" in found.reason


def test_the_contiguous_volume_does_not_depend_on_the_size_of_voxels() -> None:
    coarse, fine = uniform(), bar(np.full((20, 20, 20), 1000.0), 10.0, 6.0, size=0.5)
    assert apply(fine, "contiguous").load_n == pytest.approx(apply(coarse, "contiguous").load_n, rel=1e-5)


def test_caps_and_marrow_are_no_bone() -> None:
    modulus = np.full((14, 10, 10), 1000.0)
    modulus[[0, 1, 12, 13]] = 200.0
    modulus[:, 4:6, 4:6] = 1.0
    part = np.ones(modulus.shape, np.uint8)
    part[[0, 1, 12, 13]] = CAP
    plain = bar(modulus, 10.0, 10.0)
    strength = np.where(part == CAP, np.inf, 10.0)
    capped = loaded(plain.model, (strength, strength), plain.constraints, (0.0, 0.0, -1.0), part)
    for name in rule_names():
        with_caps, without = apply(capped, name).load_n, apply(plain, name).load_n
        assert with_caps is not None
        assert without is not None
        assert with_caps >= without * (1 - 1e-9)
    assert (apply(capped, "pistoia").load_n or 0) > 2 * (apply(plain, "pistoia").load_n or 0)


def test_every_rule_names_source_and_status() -> None:
    sources = read_table("sources/structure")
    for name, rule in read_table("failure_rules")["rules"].items():
        assert rule["source"] in sources, name
        assert rule["status"] in {"read", "recalled"}
    lines = [apply(uniform(), name).line for name in rule_names()]
    assert all("read" in line or "recalled" in line for line in lines)


def test_no_kernel_is_compiled_after_the_build() -> None:
    """A type that the build did not meet would be compiled anew in every process."""
    one = uniform()
    rule_loads(one, load_to_failure(one).elastic)
    assert len(kernels().principal_strains.signatures) == 1
    assert len(kernels().voxel_work.signatures) == 1


def test_an_unknown_rule_is_refused() -> None:
    one = uniform()
    elastic = VoxelSolver(one.model, one.constraints).solve()
    assert codes(lambda: rule_loads(one, elastic, ("hope",))) == ["failure.rule-unknown"]


@pytest.mark.slow
def test_trabecular_cube_gives_the_reference_factor(shared_dir: Path) -> None:
    """Reference: factor 0.71216, 50.933 N at 10 GPa, clamped ends, -1 %."""
    file = shared_dir / "reference" / "ct" / "vtkbone" / "TRAB_1240_seg.nii.gz"
    data = gzip.decompress(file.read_bytes())
    nx, ny, nz = (int(n) for n in np.frombuffer(data, "<i2", 3, 42))
    x, y, z = (float(h) for h in np.frombuffer(data, "<f4", 3, 80))
    mask = np.frombuffer(data, np.uint8, nx * ny * nz, 352).reshape(nz, ny, nx) > 0
    model = VoxelModel(largest_part(mask) * 1e4, (x, y, z))
    one = loaded(model, (100.0, 100.0), compression(model, -1 / (nz * z)), (0.0, 0.0, -1.0))
    found = apply(one, "pistoia", 1e-7)
    assert found.load_n == pytest.approx(50.933, rel=2e-5)
    assert found.displacement_mm == pytest.approx(0.71216 * 0.01 * nz * z, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("modulus", "load", "stiffness"), [(6829.0, 328.06, 12_830.3), (8748.0, 420.24, 16_436.4)])
def test_tibia_gives_the_reference_loads(shared_dir: Path, modulus: float, load: float, stiffness: float) -> None:
    """Reference: two programs, one modulus everywhere for each of two scanners, clamped ends, 1 %."""
    file = shared_dir / "reference" / "ct" / "parosol-py" / "xtremect_tibia_mini" / "labels.nii.gz"
    image = SimpleITK.ReadImage(str(file))
    x, y, z = image.GetSpacing()
    mask = largest_part(SimpleITK.GetArrayFromImage(image) > 0)
    model = VoxelModel(mask * modulus, (x, y, z))
    one = loaded(model, (100.0, 100.0), compression(model, -1 / (mask.shape[0] * z)), (0.0, 0.0, -1.0))
    elastic = VoxelSolver(model, one.constraints, Settings(threads=2)).solve()
    (found,) = rule_loads(one, elastic, ("pistoia",))
    assert one.force(elastic) == pytest.approx(stiffness, rel=5e-4)
    assert found.load_n == pytest.approx(load, rel=5e-4)
