"""Bone thinned around an inserted lesion: nothing without a margin, as far as its length says, and what it costs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.unit.structure.lesion_cases import block, bone_of, laws_of
from tests.unit.structure.load_cases import vertebra
from tests.unit.structure.written import codes

from osteocast.domain.table import read_table
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_margin import margin_signal
from osteocast.structure.lesion_measures import measure_lesion
from osteocast.structure.lesion_spec import LesionSpec, Tissue, parse_lesion
from osteocast.structure.load_case import load_bone
from osteocast.structure.loaded import BoneModel
from osteocast.structure.solver import VoxelSolver

FIELDS = ("density", "modulus", "yield_compression", "yield_tension")


def inserted(text: str, bone: BoneModel | None = None) -> BoneModel:
    bone = block(24.0) if bone is None else bone
    return insert_lesion(bone, parse_lesion(text), laws_of(bone.bone))


def from_middle(bone: BoneModel) -> np.ndarray:
    """Distance of each voxel from LPS 0, 0, 0 [mm]."""
    index = np.indices(bone.bone.shape)[::-1].reshape(3, -1).T
    place = index @ bone.affine[:3, :3].T + bone.affine[:3, 3]
    return np.linalg.norm(place, axis=1).reshape(bone.bone.shape)


@pytest.mark.parametrize(
    ("text", "margin"),
    [("12mm", 0.0), ("12mm+2mm", 2.0), ("12+2", 2.0), ("10x12x20 mm + 1.5 mm", 1.5), ("+12mm+0mm", 0.0)],
)
def test_the_margin_in_the_text(text: str, margin: float) -> None:
    spec = parse_lesion(f"lytic:{text}@body-centre")
    assert spec.margin_mm == margin
    assert spec.size_mm[1] == 12.0


@pytest.mark.parametrize("text", ["12mm+", "12mm+-2mm", "12mm+51mm", "12mm+2x3mm", "12mm+nanmm", "12mm+2+3mm"])
def test_a_margin_that_is_none_is_refused(text: str) -> None:
    assert codes(lambda: parse_lesion(f"lytic:{text}@body-centre")) == ["insert.margin"]


def test_there_is_no_margin_unless_asked_for() -> None:
    assert read_table("lesion_tissues")["margin"]["length_mm"] == 0.0


@pytest.mark.parametrize("kind", ["lytic", "mixed", "sclerotic"])
def test_a_margin_of_nothing_gives_the_same_bytes(kind: str) -> None:
    one, other = (inserted(f"{kind}:9mm{margin}@0.5,0.5,0.5") for margin in ("", "+0mm"))
    assert one.lines == other.lines
    for name in FIELDS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_the_signal_of_a_sphere() -> None:
    """Inside 1 - (1 + R/L) exp(-R/L) sinh(r/L) L/r, outside (R/L cosh R/L - sinh R/L) exp(-r/L) L/r."""
    bone, radius, length = block(40.0, 0.8), 6.0, 3.0
    r = np.maximum(from_middle(bone), 1e-6) / length
    weight = np.clip(0.5 + (radius - from_middle(bone)) / 0.8, 0.0, 1.0).astype(np.float32) * bone.bone
    found = margin_signal(bone, weight, length)
    a = radius / length
    inside = 1.0 - (1.0 + a) * np.exp(-a) * np.sinh(r) / r
    outside = (a * np.cosh(a) - np.sinh(a)) * np.exp(-r) / r
    exact = np.where(r < a, inside, outside) / (1.0 - (1.0 + a) * np.exp(-a))
    near = bone.bone & (from_middle(bone) < 15.0)
    assert found.max() == 1.0
    assert np.abs(found - exact)[near].max() < 0.02
    assert np.abs(found[near] / exact[near] - 1.0).max() < 0.08


def test_density_falls_by_the_signal_outside_and_only_there() -> None:
    bone = block(24.0)
    spec = parse_lesion("lytic:10mm+3mm@lps:0,0,0")
    made = insert_lesion(bone, spec, laws_of(bone.bone))
    plain = insert_lesion(bone, dataclasses.replace(spec, margin_mm=0.0), laws_of(bone.bone))
    r = from_middle(bone)
    weight = np.clip(0.5 + (5.0 - r), 0.0, 1.0).astype(np.float32) * bone.bone
    signal = margin_signal(bone, weight, 3.0)
    outside = bone.bone & (r > 5.6)
    assert made.density[outside] == pytest.approx(195.0 * (1.0 - signal[outside]), rel=1e-5)
    modulus, compression, tension = laws_of(bone.bone)(made.density)
    assert made.modulus[outside] == pytest.approx(modulus[outside], rel=1e-5)
    assert made.yield_compression[outside] == pytest.approx(compression[outside], rel=1e-5)
    assert made.yield_tension[outside] == pytest.approx(tension[outside], rel=1e-5)
    inside = r < 4.4
    for name in FIELDS:
        assert getattr(made, name)[inside] == pytest.approx(getattr(plain, name)[inside]), name
    assert (made.lesion == plain.lesion).all()
    assert not made.density[~bone.bone].any()
    assert sum("signal made in it" in line for line in made.lines) == 1
    assert measure_lesion(made, made.lesion).kind.value == "lytic"


def test_no_mineral_is_made_where_there_is_none() -> None:
    """Fat marrow has a density below 0; times less than 1 it would rise."""
    bone = block(24.0)
    bone = dataclasses.replace(bone, density=np.where(from_middle(bone) > 8.0, np.float32(-60.0), bone.density))
    made = inserted("lytic:10mm+3mm@lps:0,0,0", bone)
    far = bone.bone & (from_middle(bone) > 8.0)
    assert (made.density[far] == -60.0).all()


def test_an_earlier_lesion_keeps_what_it_is_made_of() -> None:
    first = inserted("lytic:6mm@lps:-7,0,0")
    both = inserted("lytic:6mm+4mm@lps:5,0,0", first)
    for name in FIELDS:
        assert (getattr(both, name)[first.lesion] == getattr(first, name)[first.lesion]).all(), name


def test_woven_bone_stays_woven_when_it_is_thinned() -> None:
    """Stiffness times the ratio of what the law says, so that a factor the law does not know stays."""
    bone = block(24.0)
    weaker = dataclasses.replace(bone, modulus=np.float32(0.4) * bone.modulus)
    full, woven = (inserted("lytic:8mm+2mm@lps:0,0,0", one) for one in (bone, weaker))
    beyond = bone.bone & (from_middle(bone) > 4.6)
    assert woven.modulus[beyond] == pytest.approx(0.4 * full.modulus[beyond], rel=1e-5)


def test_any_kind_has_a_margin_and_no_kind_is_asked_for() -> None:
    bone = block(24.0)
    tissue = Tissue("like the bone", 0.0, 0.0, 1.0, "test")
    spec = LesionSpec(tissue, (9.0, 9.0, 9.0), "0.5,0.5,0.5", 1.0, 2.0)
    made = insert_lesion(bone, spec, laws_of(bone.bone))
    middle = tuple(n // 2 for n in bone.bone.shape)
    assert made.density[middle] == pytest.approx(195.0)
    beside = bone.bone & (np.abs(from_middle(bone) - 5.5) < 0.3)
    assert made.density[beside].max() < 0.85 * 195.0


def stiffness(bone: BoneModel) -> float:
    """Force that moves the loaded surface by 1 mm [N/mm]."""
    loaded = load_bone(bone, "compression")
    return loaded.force(VoxelSolver(loaded.model, loaded.constraints).solve())


def test_what_a_margin_costs_a_vertebra() -> None:
    """A made vertebra of one density with 12 mm in its body, voxels of 2 mm: margin of 0, 1, 2 and 4 mm."""
    shape = vertebra(np.eye(3), (2.0, 2.0, 2.0))
    bone = bone_of(np.where(shape.bone, 195.0, 0.0), shape.bone, shape.affine, "vertebra-l3", **shape.parts)
    sound = stiffness(bone)
    lost = [1.0 - stiffness(inserted(f"lytic:12mm+{m}mm@body-centre", bone)) / sound for m in (0, 1, 2, 4)]
    assert (np.diff(lost) > 0.0).all()
    assert lost == pytest.approx([0.066, 0.075, 0.087, 0.120], abs=0.01)
