"""One call for every lesion of a bone, on the vertebra that comes with the project and on made bones."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.structure.lesion_cases import block, laws_of
from tests.unit.structure.test_lesion_measures import tube
from tests.unit.structure.test_lesion_places import t12  # noqa: F401

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure import lesion_places
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_report import report_lesions
from osteocast.structure.lesion_spec import parse_lesion
from osteocast.structure.loaded import BoneModel


def with_lesion(bone: BoneModel, *texts: str) -> BoneModel:
    for text in texts:
        bone = insert_lesion(bone, parse_lesion(text), laws_of(bone.bone))
    return bone


def test_a_vertebra_with_two_lesions(t12: BoneModel) -> None:  # noqa: F811
    found = report_lesions(with_lesion(t12, "lytic:9mm@body-anterior", "lytic:6mm@0.5,0.9,0.5"), level="T12")
    assert len(found) == 2
    assert found[0].measures.volume_ml > found[1].measures.volume_ml
    sins = found[0].items["sins"]
    assert sins["location"].value == "T12"
    assert sins["lesion"].value == "lytic"
    assert sins["alignment"].value is None
    assert found[0].region is None
    assert found[0].missing == ()


def test_a_femur_without_axes_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_head(bone: BoneModel) -> None:
        raise InputError(Issue("axes.no-head", bone.site, "no sphere", "a head", "Label it."))

    monkeypatch.setattr(lesion_places, "find_axes", no_head)
    found = report_lesions(with_lesion(tube(), "lytic:12mm@lps:10,0,0"))[0]
    assert found.missing == ("no sphere, not a head (axes.no-head)",)
    assert found.measures.sections is None
    assert found.items["mirels"]["size"].value is None
    assert found.items["mirels"]["lesion"].value == "lytic"
    assert found.region is None


def test_any_other_bone_is_measured_along_its_length_and_not_scored() -> None:
    shaft = dataclasses.replace(tube(), site="generic")
    found = report_lesions(with_lesion(shaft, "lytic:12mm@lps:10,0,0"))[0]
    assert found.items == {}
    assert found.measures.sections is not None
    assert found.measures.sections.depth_share == 1.0


def test_a_bone_without_a_lesion_has_none() -> None:
    assert report_lesions(block()) == ()
