"""Inserted lesions: their volume, what they change and what not, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.structure.lesion_cases import block, laws_of
from tests.unit.structure.written import codes

from osteocast.domain.table import read_table
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_spec import LesionSpec, Tissue, parse_lesion, tissue
from osteocast.structure.loaded import BoneModel

BLOCK = block(8.0)
NEUTRAL = Tissue("neutral", 0.0, 0.0, 1.0, "test")


def inserted(bone: BoneModel, text: str) -> BoneModel:
    return insert_lesion(bone, parse_lesion(text), laws_of(bone.bone))


def volume_mm3(bone: BoneModel) -> float:
    return float(bone.lesion.sum()) * float(np.prod(bone.spacing_mm))


@pytest.mark.parametrize(
    ("text", "size", "place"),
    [
        ("lytic:12mm@0.5,0.5,0.5", (12.0, 12.0, 12.0), "0.5,0.5,0.5"),
        (" Mixed:10x12x20 mm@lps:-1.5,2,3e0 ".replace("3e0", "3"), (10.0, 12.0, 20.0), "lps:-1.5,2,3"),
        ("sclerotic:15@body-centre", (15.0, 15.0, 15.0), "body-centre"),
    ],
)
def test_the_text_of_the_command_line(text: str, size: tuple[float, ...], place: str) -> None:
    spec = parse_lesion(text)
    assert spec.size_mm == size
    assert spec.place == place
    assert spec.tissue.name in text.casefold()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["insert.syntax"]),
        ("lytic", ["insert.syntax"]),
        ("lytic:12mm", ["insert.syntax"]),
        ("lytic:@body-centre", ["insert.syntax"]),
        ("cystic:12mm@body-centre", ["insert.kind"]),
        ("lytic:0mm@body-centre", ["insert.size"]),
        ("lytic:nanmm@body-centre", ["insert.size"]),
        ("lytic:1e3mm@body-centre", ["insert.size"]),
        ("lytic:1٢mm@body-centre", ["insert.size"]),
        ("lytic:10x12mm@body-centre", ["insert.size"]),
        ("lytic:12mm@moon", ["insert.place"]),
        ("lytic:12mm@0.5,0.5", ["insert.place"]),
        ("lytic:12mm@0.5,0.5,1.5", ["insert.place"]),
        ("x:y@z", ["insert.kind", "insert.size", "insert.place"]),
    ],
)
def test_a_text_that_is_none_is_refused_with_all_its_problems(text: str, expected: list[str]) -> None:
    assert codes(lambda: parse_lesion(text)) == expected


@given(st.text(max_size=40) | st.from_regex(r"lytic:[0-9x.]{0,6}mm@(lps:)?[0-9.,+-]{0,20}", fullmatch=True))
def test_any_text_is_a_lesion_or_refused(text: str) -> None:
    found = codes(lambda: insert_lesion(BLOCK, parse_lesion(text), laws_of(BLOCK.bone)))
    assert all(code.startswith("insert.") for code in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lytic:10mm@lps:40,0,0", ["insert.outside"]),
        ("lytic:40mm@0.5,0.5,0.5", ["insert.too-large"]),
        ("lytic:1mm@0.5,0.5,0.5", ["insert.too-small"]),
        ("lytic:40mm@lps:40,0,0", ["insert.outside", "insert.too-large"]),
        ("lytic:10mm@body-centre", ["insert.site"]),
    ],
)
def test_a_lesion_that_does_not_fit_is_refused(text: str, expected: list[str]) -> None:
    assert codes(lambda: inserted(block(), text)) == expected


def test_a_lesion_in_a_hollow_of_the_bone_is_refused() -> None:
    bone = block()
    hollow = bone.bone.copy()
    hollow[7:27, 7:27, 7:27] = False
    assert codes(lambda: inserted(dataclasses.replace(bone, bone=hollow), "lytic:6mm@0.5,0.5,0.5")) == [
        "insert.no-overlap"
    ]


def test_the_volume_is_that_of_the_text_and_nearer_with_finer_voxels() -> None:
    expected = np.pi / 6.0 * 10.0 * 12.0 * 15.0
    errors = [
        abs(volume_mm3(inserted(block(20.0, h), "lytic:10x12x15mm@lps:0.13,0.21,-0.17")) / expected - 1.0)
        for h in (2.0, 1.0, 0.5)
    ]
    assert errors[0] < 0.10
    assert errors[1] < 0.03
    assert errors[2] < 0.01


def test_the_edge_moves_no_volume() -> None:
    """What is replaced is the volume of the sphere, whatever the width of its edge: R^2 edge^2 / 4 more."""
    spec = parse_lesion("lytic:12mm@lps:0.1,0.2,0.3")
    sums = []
    for edge in (0.0, 1.0, 2.0):
        bone = block()
        made = insert_lesion(bone, dataclasses.replace(spec, edge_mm=edge), laws_of(bone.bone))
        sums.append(float((bone.density - made.density).sum()) / (195.0 - 38.0))
    assert sums == pytest.approx([np.pi / 6.0 * 12.0**3] * 3, rel=0.05)


def test_nothing_changes_outside_of_the_lesion() -> None:
    bone = block()
    made = inserted(bone, "mixed:12mm@lps:3,2,1")
    index = np.argwhere(np.ones(bone.bone.shape, dtype=bool))
    place = index[:, ::-1] @ bone.affine[:3, :3].T + bone.affine[:3, 3]
    far = (np.linalg.norm(place - [3.0, 2.0, 1.0], axis=1) > 6.5).reshape(bone.bone.shape)
    for name in ("density", "modulus", "yield_compression", "yield_tension"):
        assert (getattr(made, name)[far] == getattr(bone, name)[far]).all(), name
    assert not made.lesion[far].any()
    assert not made.lesion[~bone.bone].any()
    assert (made.bone == bone.bone).all()


def test_a_lesion_like_the_bone_changes_nothing() -> None:
    bone = block()
    made = insert_lesion(bone, LesionSpec(NEUTRAL, (12.0, 12.0, 12.0), "0.5,0.5,0.5", 1.0), laws_of(bone.bone))
    for name in ("density", "modulus", "yield_compression", "yield_tension"):
        assert getattr(made, name) == pytest.approx(getattr(bone, name), rel=1e-6), name
    assert made.lesion.any()


def test_what_each_kind_is_made_of() -> None:
    """Lytic: soft tissue; mixed between; sclerotic: denser than the bone, and 0.4 as stiff as its density says."""
    bone = block()
    lytic, mixed, sclerotic = (inserted(bone, f"{kind}:12mm@0.5,0.5,0.5") for kind in ("lytic", "mixed", "sclerotic"))
    middle = (17, 17, 17)
    assert lytic.density[middle] == pytest.approx(38.0)
    assert lytic.modulus[middle] == pytest.approx(1.0)
    assert sclerotic.density[middle] == pytest.approx(338.0)
    assert sclerotic.modulus[middle] == pytest.approx(0.4 * 2980.0 * 0.338**1.05, rel=1e-4)
    assert sclerotic.yield_compression[middle] == pytest.approx(0.4 * 37.4 * 0.338**1.39, rel=1e-4)
    assert sclerotic.modulus[middle] < bone.modulus[middle]
    assert mixed.density[middle] == pytest.approx(38.0)
    assert mixed.density.max() > 330.0
    core = (mixed.density < bone.density).sum() / lytic.lesion.sum()
    assert core == pytest.approx(0.5, abs=0.1)


def test_bone_denser_than_a_sclerotic_lesion_keeps_its_density() -> None:
    bone = block(density=900.0)
    assert inserted(bone, "sclerotic:12mm@0.5,0.5,0.5").density == pytest.approx(bone.density)


def test_the_lesion_is_marked_synthetic() -> None:
    lines = inserted(block(), "lytic:12mm@0.5,0.5,0.5").lines
    assert lines[0] == "test bone"
    assert any(line.startswith("SYNTHETIC lesion") and line.endswith("stays within the bone") for line in lines)


def test_a_breach_is_said() -> None:
    lines = inserted(block(), "lytic:12mm@0.5,0.5,0.95").lines
    assert any("reaches the surface of the bone over about" in line for line in lines)


def test_two_lesions_stand_side_by_side() -> None:
    one = inserted(block(), "lytic:8mm@0.3,0.5,0.5")
    two = inserted(one, "lytic:8mm@0.7,0.5,0.5")
    assert two.lesion.sum() == pytest.approx(2 * one.lesion.sum(), rel=0.05)


def test_the_woven_share_is_that_of_the_forecast() -> None:
    penalty = read_table("parameters/strength")["woven_penalty"]["value"]
    assert tissue("sclerotic").woven_stiffness == pytest.approx(1.0 - penalty)
