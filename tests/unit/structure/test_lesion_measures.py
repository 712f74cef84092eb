"""What is measured of a lesion: against lesions of known size in blocks, tubes and a real spine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.lesion_cases import block, bone_of, laws_of
from tests.unit.structure.written import codes

from osteocast.domain.table import read_table
from osteocast.structure.ct_read import read_ct
from osteocast.structure.labels import read_labels
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_items import axial_items, body_share, mirels_items, sins_items
from osteocast.structure.lesion_measures import LesionMeasures, lesion_pieces, measure_lesion
from osteocast.structure.lesion_spec import parse_lesion
from osteocast.structure.loaded import BoneModel

Z = np.array([0.0, 0.0, 1.0])
SIDED = ("costal-process", "superior-articular", "inferior-articular")


def measured(bone: BoneModel, text: str, axis: np.ndarray | None = None) -> LesionMeasures:
    made = insert_lesion(bone, parse_lesion(text), laws_of(bone.bone))
    return measure_lesion(made, made.lesion, axis)


def tube(spacing: float = 1.0, site: str = "femur-left") -> BoneModel:
    """A shaft of 28 mm with a cortex of 6 mm, 60 mm long, along z through LPS 0, 0, 0."""
    n, long = round(34.0 / spacing), round(60.0 / spacing)
    at = (np.arange(n) - 0.5 * (n - 1)) * spacing
    radius = np.broadcast_to(np.hypot(at[:, None], at), (long, n, n))
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = [at[0], at[0], -0.5 * spacing * (long - 1)]
    return bone_of(np.where(radius > 8.0, 1200.0, 20.0), radius <= 14.0, affine, site=site)


def test_size_of_a_sphere() -> None:
    found = measured(block(), "lytic:12mm@0.5,0.5,0.5")
    assert found.volume_ml == pytest.approx(np.pi / 6.0 * 1.728, rel=0.03)
    assert found.share_of_bone == pytest.approx(found.volume_ml / 27.0, rel=1e-6)
    assert found.greatest_diameter_mm == pytest.approx(12.0, abs=0.8)
    assert found.surface_mm2 == 0.0
    assert found.sections is None


def test_size_of_an_ellipsoid_that_reaches_the_surface() -> None:
    found = measured(block(), "lytic:10x12x20mm@lps:0,0,10", Z)
    assert found.surface_mm2 > 50.0
    assert found.sections is not None
    assert found.sections.width_share == pytest.approx(12.0 / 30.0, abs=0.03)


@pytest.mark.parametrize(("kind", "name"), [("lytic", "lytic"), ("mixed", "mixed"), ("sclerotic", "blastic")])
@pytest.mark.parametrize("text", ["12mm@0.5,0.5,0.5", "10mm@0.2,0.5,0.5"])
def test_the_kind_is_found_from_the_density(kind: str, name: str, text: str) -> None:
    assert measured(block(), f"{kind}:{text}").kind.value == name


def test_a_lesion_as_dense_as_the_bone_has_no_kind() -> None:
    bone = block()
    mask = np.zeros_like(bone.bone)
    mask[12:20, 12:20, 12:20] = True
    found = measure_lesion(dataclasses.replace(bone, lesion=mask), mask)
    assert found.kind.value is None
    assert "as dense as" in found.kind.missing


@pytest.mark.parametrize("spacing", [1.0, 0.5])
def test_half_of_a_cortex(spacing: float) -> None:
    """A sphere of 16 mm centred on the outer surface of a shaft of 28 mm: its widest section takes 34 of 88 mm."""
    found = measured(tube(spacing), "lytic:16mm@lps:14,0,0", Z).sections
    assert found is not None
    assert found.cortex_mm == pytest.approx(6.0, abs=1.0)
    assert found.depth_share == 1.0
    half_angle = np.arccos(1.0 - 0.5 * (8.0 / 14.0) ** 2)
    assert found.circumference_share == pytest.approx(half_angle / np.pi, abs=0.22)
    assert found.axial_mm == pytest.approx(16.0, abs=4.0)


def test_a_lesion_in_the_canal_spares_the_cortex() -> None:
    found = measured(tube(0.5), "lytic:8mm@lps:0,0,0", Z).sections
    assert found is not None
    assert found.depth_share == 0.0
    assert found.circumference_share == 0.0
    assert found.axial_mm == 0.0


def test_the_axis_may_point_either_way_and_the_grid_may_be_turned() -> None:
    bone = tube()
    made = insert_lesion(bone, parse_lesion("lytic:12mm@lps:10,0,0"), laws_of(bone.bone))
    first = measure_lesion(made, made.lesion, Z)
    swap = np.eye(4)[[0, 2, 1, 3]]
    arrays = {
        name: np.ascontiguousarray(np.swapaxes(getattr(made, name), 0, 1))
        for name in ("density", "bone", "lesion", "modulus", "yield_compression", "yield_tension")
    }
    turned = dataclasses.replace(made, affine=made.affine @ swap, **arrays)
    second = measure_lesion(turned, turned.lesion, -Z)
    assert second.volume_ml == pytest.approx(first.volume_ml)
    assert second.kind == first.kind
    assert second.greatest_diameter_mm == pytest.approx(first.greatest_diameter_mm)
    assert second.sections is not None
    assert first.sections is not None
    assert second.sections.width_share == pytest.approx(first.sections.width_share, abs=0.01)
    assert second.sections.circumference_share == pytest.approx(first.sections.circumference_share, abs=0.05)


def test_lesions_that_do_not_touch_are_two() -> None:
    bone = block()
    one = insert_lesion(bone, parse_lesion("lytic:6mm@0.25,0.5,0.5"), laws_of(bone.bone))
    two = insert_lesion(one, parse_lesion("lytic:8mm@0.75,0.5,0.5"), laws_of(bone.bone))
    pieces = lesion_pieces(two)
    assert len(pieces) == 2
    assert pieces[0].sum() > pieces[1].sum()
    assert codes(lambda: measure_lesion(bone, bone.lesion)) == ["measure.no-lesion"]


@pytest.mark.parametrize(("size", "level"), [(8, "<1/3"), (14, "1/3-2/3"), (22, ">2/3")])
def test_size_item_of_mirels(size: int, level: str) -> None:
    bone = tube()
    found = measured(bone, f"lytic:{size}mm@lps:0,0,0", Z)
    items = mirels_items(bone, found, region="shaft")
    assert items["size"].value == level
    assert items["site"].value == "lower"
    assert items["lesion"].value == found.kind.value
    assert items["pain"].value is None


def test_items_use_the_words_of_the_instruments() -> None:
    bone = tube()
    found = measured(bone, "lytic:16mm@lps:14,0,0", Z)
    mirels = read_table("instruments/mirels")["items"]
    for name, reading in mirels_items(bone, found, region="trochanteric").items():
        assert reading.value is None or reading.value in [level["name"] for level in mirels[name]["levels"]]
    assert set(axial_items(bone, found)) <= set(read_table("instruments/axial-cortical")["items"])
    vertebra = dataclasses.replace(block(), site="vertebra")
    items = sins_items(vertebra, vertebra.bone, measured(vertebra, "lytic:9mm@0.5,0.5,0.5"), "L4", 60.0)
    assert set(items) == set(read_table("instruments/sins")["items"])
    assert items["collapse"].value == "gt50"


def test_what_is_not_known_is_missing_and_says_why() -> None:
    bone = tube()
    found = measured(bone, "lytic:10mm@lps:0,0,0")
    items = mirels_items(bone, found)
    assert items["site"].value is None
    assert "region" in items["site"].missing
    assert "reproductions" in mirels_items(bone, found, "head-neck")["site"].missing
    assert items["size"].value is None
    assert all(reading.value is None for reading in axial_items(bone, found).values())
    assert mirels_items(dataclasses.replace(bone, site="humerus-left"), found)["site"].value == "upper"
    assert mirels_items(dataclasses.replace(bone, site="vertebra"), found)["site"].value is None
    vertebra = dataclasses.replace(bone, site="vertebra")
    sins = sins_items(vertebra, bone.bone, found)
    assert [name for name, reading in sins.items() if reading.value is not None] == (
        ["lesion"] if found.kind.value else []
    )
    assert all(reading.missing for reading in sins.values() if reading.value is None)


@pytest.fixture(scope="module")
def lumbar(shared_dir: Path) -> dict[str, BoneModel]:
    """L2 to L4 of a real CT with labels of their parts."""
    folder = shared_dir / "reference" / "ct" / "tptbox"
    scan = read_ct(folder / "sub-ct_label-22_ct.nii.gz", unit="HU")
    bones = read_labels(folder / "sub-ct_seg-vert_label-22_msk.nii.gz", scan.volume, table="verse")
    parts = read_labels(folder / "sub-ct_seg-subreg_label-22_msk.nii.gz", scan.volume, table="vertebra-parts")
    density = np.maximum(0.7957 * scan.volume.values - 14.79, 0.0)
    made = {}
    for level in ("l2", "l3", "l4"):
        mask = bones.mask_of(f"vertebra-{level}")
        own = {segment.name: parts.mask_of(segment.name) & mask for segment in parts.segments}
        made[level] = bone_of(density, mask, scan.volume.affine, "vertebra", **own)
    return made


@pytest.mark.parametrize("level", ["l2", "l3", "l4"])
@pytest.mark.parametrize(
    ("place", "expected"),
    [("superior-articular-left", "unilateral"), ("costal-process-right", "unilateral"), ("body", "none")],
)
def test_posterolateral_involvement_of_a_real_spine(
    lumbar: dict[str, BoneModel], level: str, place: str, expected: str
) -> None:
    bone = lumbar[level]
    part = bone.parts.get(place, bone.parts["vertebra-body"])
    if not part.any():
        pytest.skip("not in the crop")
    x, y, z = bone.affine[:3, :3] @ np.argwhere(part).mean(axis=0)[::-1] + bone.affine[:3, 3]
    spec = parse_lesion(f"lytic:9mm@lps:{x:.2f},{y:.2f},{z:.2f}")
    made = insert_lesion(bone, spec, laws_of(bone.bone))
    found = measure_lesion(made, made.lesion)
    items = sins_items(made, made.lesion, found, level.upper(), 0.0)
    assert items["posterolateral"].value == expected, items["posterolateral"]
    assert items["location"].value == level.upper()
    assert items["alignment"].value is None
    assert items["collapse"].value == "none"


def test_more_than_half_of_a_body(lumbar: dict[str, BoneModel]) -> None:
    bone = lumbar["l3"]
    x, y, z = bone.affine[:3, :3] @ np.argwhere(bone.parts["vertebra-body"]).mean(axis=0)[::-1] + bone.affine[:3, 3]
    made = insert_lesion(bone, parse_lesion(f"lytic:42x36x26mm@lps:{x:.2f},{y:.2f},{z:.2f}"), laws_of(bone.bone))
    items = sins_items(made, made.lesion, measure_lesion(made, made.lesion), "L3", 0.0)
    share = body_share(made, made.lesion)
    assert share is not None
    assert share > 0.5
    assert items["collapse"].value == "involved"
    assert items["lesion"].value == "lytic"
    assert sins_items(made, made.lesion, measure_lesion(made, made.lesion))["collapse"].missing.endswith("involved")
