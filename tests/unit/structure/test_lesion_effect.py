"""A bone without its lesion: what stands in its place, and where nothing can."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.structure.lesion_cases import block, bone_of
from tests.unit.structure.written import codes

from osteocast.structure.lesion_effect import without_lesion


def holed(density, centre, radius):
    """Return a cube whose lesion is a ball of no density."""
    bone = block(24.0)
    grid = np.indices(bone.bone.shape)
    ball = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2
    values = np.where(ball, 0.0, density) * bone.bone
    made = bone_of(values, bone.bone, bone.affine)
    return replace(made, lesion=ball & bone.bone)


def test_a_uniform_bone_comes_back_as_it_was():
    bone = holed(195.0, (13.5, 13.5, 13.5), 6.0)
    whole = without_lesion(bone)
    expected = bone_of(np.where(bone.bone, 195.0, 0.0), bone.bone, bone.affine)
    for name in ("density", "modulus", "yield_compression", "yield_tension"):
        assert getattr(whole, name) == pytest.approx(getattr(expected, name), rel=1e-5)
    assert not whole.lesion.any()
    assert bone.lesion.any(), "the bone given stays as it is"
    assert any("same depth" in line for line in whole.lines)


def test_cortex_comes_back_dense_and_marrow_light():
    bone = block(24.0)
    inside = np.zeros_like(bone.bone)
    inside[5:-5, 5:-5, 5:-5] = True
    density = np.where(inside, 100.0, 900.0) * bone.bone
    lesion = np.zeros_like(bone.bone)
    lesion[2:12, 8:18, 8:18] = True
    made = replace(bone_of(np.where(lesion, 0.0, density), bone.bone, bone.affine), lesion=lesion & bone.bone)
    whole = without_lesion(made)
    assert whole.density[2, 12, 12] == pytest.approx(900.0, rel=1e-4)
    assert whole.density[11, 12, 12] == pytest.approx(100.0, rel=1e-4)


def test_a_bone_that_is_all_lesion_says_nothing():
    bone = block(12.0)
    assert codes(lambda: without_lesion(replace(bone, lesion=bone.bone))) == ["question.lesion-all"]
