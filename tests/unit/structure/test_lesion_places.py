"""Named places of lesions, by the axes of a real vertebra and of made bones."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.lesion_cases import bone_of, laws_of
from tests.unit.structure.load_cases import rotation

from osteocast.domain.table import read_table
from osteocast.structure.axes import find_axes
from osteocast.structure.ct_read import read_ct
from osteocast.structure.labels import read_labels
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_items import body_share, sins_items
from osteocast.structure.lesion_measures import measure_lesion
from osteocast.structure.lesion_places import locate
from osteocast.structure.lesion_spec import parse_lesion, place_names
from osteocast.structure.loaded import BoneModel

CT = Path(__file__).parents[3] / "examples" / "ct"
OF_A_BODY = ("body-centre", "body-anterior", "body-posterior")


@pytest.fixture(scope="module")
def t12() -> BoneModel:
    scan = read_ct(CT / "t12.nii.gz", unit="HU")
    labels = read_labels(CT / "t12_labels.nii.gz", scan.volume, table="totalsegmentator-v2")
    density = np.maximum(0.7957 * scan.volume.values - 14.79, 0.0)
    return bone_of(density, labels.mask_of("T12"), scan.volume.affine, "vertebra")


@pytest.mark.parametrize("place", place_names())
def test_every_place_is_told_apart_by_kind(place: str) -> None:
    entry = read_table("lesion_tissues")["places"][place]
    assert entry["kind"] in ("vertebra", "femur")
    assert -1.0 <= entry["share"] <= 1.0


@pytest.mark.parametrize("place", OF_A_BODY)
def test_places_of_a_body_lie_in_it(t12: BoneModel, place: str) -> None:
    axes = find_axes(t12)
    point = locate(t12, place)
    forward = (point - axes.landmarks["body"]) @ axes.directions["anterior"]
    assert np.sign(np.round(forward, 3)) == {"body-centre": 0, "body-anterior": 1, "body-posterior": -1}[place]
    back = np.linalg.inv(t12.affine)
    index = tuple(np.rint(back[:3, :3] @ point + back[:3, 3]).astype(int)[::-1])
    assert axes.parts["body"][index]
    made = insert_lesion(t12, parse_lesion(f"lytic:9mm@{place}"), laws_of(t12.bone))
    assert made.lesion.any()


def test_a_tilted_patient_has_the_same_lesion(t12: BoneModel) -> None:
    turn = np.eye(4)
    turn[:3, :3] = rotation((1.0, 0.4, -0.3), 20.0)
    tilted = dataclasses.replace(t12, affine=turn @ t12.affine)
    for place in OF_A_BODY:
        straight = turn[:3, :3] @ locate(t12, place)
        assert locate(tilted, place) == pytest.approx(straight, abs=2.0)


def test_a_body_that_is_not_labelled_is_found(t12: BoneModel) -> None:
    made = insert_lesion(t12, parse_lesion("lytic:12mm@body-centre"), laws_of(t12.bone))
    share = body_share(made, made.lesion)
    assert share is not None
    assert share == pytest.approx(made.lesion.sum() / find_axes(t12).parts["body"].sum(), rel=0.05)
    items = sins_items(made, made.lesion, measure_lesion(made, made.lesion), "T12", 0.0)
    assert items["collapse"].value == "none"
    assert items["posterolateral"].value is None
    assert "not labelled" in items["posterolateral"].missing
