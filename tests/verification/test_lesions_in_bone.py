"""What synthetic lesions cost in real bones, beside published figures. None of the figures was used to set a value.

The vertebra T12 comes with the project; L4 and the femur lie in the reference material and are left out without it.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from osteocast.structure.axes import find_axes
from osteocast.structure.bone_model import Built, build_bone
from osteocast.structure.ct_read import read_ct
from osteocast.structure.failure import Failure, load_to_failure, settings_for
from osteocast.structure.failure_rules import rule_loads
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_items import mirels_items
from osteocast.structure.lesion_measures import measure_lesion
from osteocast.structure.lesion_places import section_axis
from osteocast.structure.lesion_spec import parse_lesion
from osteocast.structure.load_case import LoadOptions, load_bone
from osteocast.structure.loaded import BoneModel, LoadedBone
from osteocast.structure.solver import VoxelSolver
from osteocast.structure.strength_question import Question

CT = Path(__file__).parents[2] / "examples" / "ct"
PLACES = ("body-centre", "body-anterior", "body-posterior")
SIZES = (8, 12, 16, 20, 24)
WOVEN_SD = 0.12


def stiffness(bone: BoneModel, load: str, spacing_mm: float | None = None) -> float:
    """Force that moves the loaded surface by 1 mm [N/mm]."""
    loaded = load_bone(bone, load, LoadOptions(spacing_mm=spacing_mm))
    return loaded.force(VoxelSolver(loaded.model, loaded.constraints).solve())


@cache
def t12() -> Built:
    question = Question(
        labels=CT / "t12_labels.nii.gz",
        table="totalsegmentator-v2",
        label="vertebra-t12",
        calibration="0.7957,-14.79,mgK2HPO4/cm3",
    )
    return build_bone(read_ct(CT / "t12.nii.gz", unit="HU"), question)


@pytest.fixture(scope="module")
def l4(shared_dir: Path) -> Built:
    folder = shared_dir / "reference" / "ct" / "parosol-py" / "vertebra_l4_mini"
    question = Question(labels=folder / "labels.nii.gz", parts=(("body", "20"), ("posterior", "48")), site="vertebra")
    return build_bone(read_ct(folder / "density.nii.gz", unit="mgK2HPO4/cm3"), question)


@pytest.fixture(scope="module")
def femur(shared_dir: Path) -> Built:
    folder = shared_dir / "reference" / "ct" / "parosol-py" / "femur_left_mini"
    question = Question(labels=folder / "labels.nii.gz", label="2", site="femur-left")
    return build_bone(read_ct(folder / "density.nii.gz", unit="mgK2HPO4/cm3"), question)


def lost(found: Built, text: str, load: str = "compression", spacing_mm: float | None = None, **tissue: float) -> float:
    """Share of the stiffness that a lesion takes."""
    spec = parse_lesion(text)
    spec = dataclasses.replace(spec, tissue=spec.tissue._replace(**tissue))
    made = insert_lesion(found.bone, spec, found.material)
    return 1.0 - stiffness(made, load, spacing_mm) / stiffness(found.bone, load, spacing_mm)


def share(found: Built, text: str) -> float:
    """Share of the body of a vertebra that a lesion takes."""
    lesion = insert_lesion(found.bone, parse_lesion(text), found.material).lesion
    body = find_axes(found.bone).parts["body"]
    return float((lesion & body).sum() / body.sum())


def line_of(found: Built, sizes: tuple[int, ...]) -> tuple[float, float, float]:
    """Loss of stiffness at 4 % and 35 % of the body by a straight line, and r squared of it."""
    texts = [f"lytic:{size}mm@body-centre" for size in sizes]
    shares, losses = [share(found, text) for text in texts], [lost(found, text) for text in texts]
    line = np.polyfit(shares, losses, 1)
    return float(np.polyval(line, 0.04)), float(np.polyval(line, 0.35)), float(np.corrcoef(shares, losses)[0, 1] ** 2)


@pytest.mark.slow
def test_loss_of_stiffness_is_nearly_linear_in_the_volume_of_the_lesion() -> None:
    """Costa 2020: 4 to 35 % of the volume take 3 to 30 % of the stiffness, linearly. Here 35 % at 35 %."""
    _, at_35, r2 = line_of(t12(), SIZES)
    assert r2 > 0.97
    assert at_35 == pytest.approx(0.30, rel=0.25)


@pytest.mark.slow
def test_the_place_in_the_body_matters_little() -> None:
    """Costa 2020: the place has no clear effect. Here the loss per volume differs by less than 15 % from the mean."""
    texts = [f"lytic:20mm@{place}" for place in PLACES]
    per_volume = np.array([lost(t12(), text) / share(t12(), text) for text in texts])
    assert np.abs(per_volume / per_volume.mean() - 1.0).max() < 0.15


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_lesion_costs_between_once_and_twice_its_share_of_the_body(place: str) -> None:
    """The dilute limit of a hole in a solid is twice its volume; a third of a body costs about its share."""
    for size, least, most in ((12, 1.0, 2.0), (24, 0.9, 1.25)):
        text = f"lytic:{size}mm@{place}"
        assert least < lost(t12(), text) / share(t12(), text) < most


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="small holes cost 2 times their volume, as in any solid; published 0.75 times")
def test_a_small_lesion_costs_what_was_published() -> None:
    """Costa 2020: 3 % at 4 % of the volume; here 7 %."""
    assert line_of(t12(), SIZES)[0] == pytest.approx(0.03, rel=0.25)


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="44 % of the stiffness at 35 % of the body of this L4; published 30 %")
def test_a_large_lesion_of_l4_costs_what_was_published(l4: Built) -> None:
    assert line_of(l4, (12, 18, 24, 30))[1] == pytest.approx(0.30, rel=0.25)


@pytest.mark.slow
def test_d14_a_sclerotic_lesion_in_a_ct_is_weaker_than_its_density() -> None:
    text = "sclerotic:16mm@body-centre"
    assert lost(t12(), text) > lost(t12(), text, woven_stiffness=1.0) + 0.05


@pytest.mark.slow
def test_d14_lytic_against_sclerotic_as_a_ratio_with_its_interval() -> None:
    """Without credit for density a sclerotic lesion costs half of what a lytic one does: ratio 2.0 (1.6 to 2.7)."""
    lytic = lost(t12(), "lytic:16mm@body-centre")
    ratios = [
        lytic / lost(t12(), "sclerotic:16mm@body-centre", bone_density=0.0, woven_stiffness=0.4 + sign * WOVEN_SD)
        for sign in (-1, 0, 1)
    ]
    assert ratios == pytest.approx([1.6, 2.0, 2.7], abs=0.15)


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="with the density of published sclerotic metastases T12 gets 9 % stiffer")
def test_d14_a_sclerotic_lesion_in_a_ct_is_weaker_than_normal_bone() -> None:
    assert lost(t12(), "sclerotic:16mm@body-centre") > 0.0


@pytest.mark.slow
def test_d14_a_sclerotic_lesion_of_a_cortex_is_weaker_than_normal_bone(femur: Built) -> None:
    """The cortex of the neck is as dense as the lesion or denser: only the penalty is left, 11 % of the stiffness."""
    text = "22mm@neck-inferomedial"
    sclerotic, lytic = (lost(femur, f"{kind}:{text}", "stance", 2.0) for kind in ("sclerotic", "lytic"))
    assert sclerotic == pytest.approx(0.106, abs=0.03)
    assert lytic / sclerotic == pytest.approx(4.6, rel=0.25)


def lost_on_both_sides(femur: Built) -> tuple[float, float]:
    """Stiffness lost in stance with a lesion of the medial and of the lateral cortex."""
    texts = [f"lytic:16mm@subtrochanteric-{side}" for side in ("medial", "lateral")]
    medial, lateral = (lost(femur, text, "stance", 2.0) for text in texts)
    return medial, lateral


@pytest.mark.slow
def test_medial_cortex_of_a_femur_costs_more_than_lateral(femur: Built) -> None:
    """Rizvi 2026, with cortex involved."""
    medial, lateral = lost_on_both_sides(femur)
    assert medial > 1.3 * lateral > 0.0


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="7 % against 0.1 % of the stiffness: the held end of a short shaft is near")
def test_medial_cortex_of_a_femur_costs_nearly_twice_as_much(femur: Built) -> None:
    """Rizvi 2026: nearly twice the stiffness, in whole femora."""
    medial, lateral = lost_on_both_sides(femur)
    assert medial / lateral == pytest.approx(2.0, rel=0.5)


@pytest.mark.slow
def test_mirels_cannot_tell_the_sides_of_a_neck_that_differ_in_stiffness(femur: Built) -> None:
    """Benca 2019: superolateral and inferomedial lesions differ in stiffness, Mirels' score gives them the same."""
    losses, items = [], []
    for side in ("superolateral", "inferomedial"):
        text = f"lytic:16mm@neck-{side}"
        losses.append(lost(femur, text, "stance", 2.0))
        made = insert_lesion(femur.bone, parse_lesion(text), femur.material)
        measures = measure_lesion(made, made.lesion, section_axis(made, made.lesion))
        items.append(mirels_items(made, measures, "head-neck"))
    assert items[0] == items[1]
    assert losses[1] > 2.0 * losses[0]


def carried(found: Built, text: str, load: str, spacing_mm: float) -> tuple[Failure, LoadedBone]:
    """Load a bone to failure, with a lesion where one is named."""
    bone = insert_lesion(found.bone, parse_lesion(text), found.material) if text else found.bone
    loaded = load_bone(bone, load, LoadOptions(spacing_mm=spacing_mm))
    return load_to_failure(loaded, settings_for(bone.site)), loaded


@pytest.mark.slow
def test_a_fall_crushes_the_ends_so_that_yield_load_and_warnings_show_the_lesion(femur: Built) -> None:
    """docs/failure-load.md: 0 % of the failure load, 16 % of the yield load, 30 % of the stiffness."""
    sound, _ = carried(femur, "", "sideways-fall", 2.5)
    lesion, _ = carried(femur, "lytic:22mm@neck-superolateral", "sideways-fall", 2.5)
    lost = [
        1.0 - getattr(lesion, name) / getattr(sound, name)
        for name in ("failure_load_n", "yield_load_n", "stiffness_n_mm")
    ]
    assert lost == pytest.approx([0.0, 0.16, 0.30], abs=0.02)
    assert sound.place.contact == pytest.approx(0.99, abs=0.02)
    assert any("crushed where it is held" in text for text in sound.warnings)


@pytest.mark.slow
def test_the_limit_hardly_makes_the_load(femur: Built) -> None:
    """docs/failure-load.md: half the limit gives 1.6 % less in stance."""
    sound, _ = carried(femur, "", "stance", 2.5)
    half = float(np.interp(sound.failure_displacement_mm / 2, sound.displacement_mm, sound.force_n))
    assert half / sound.failure_load_n == pytest.approx(0.984, abs=0.005)


@pytest.mark.slow
def test_the_rule_of_one_failed_piece_sees_the_head_alone(femur: Built) -> None:
    """docs/failure-load.md: a soft core of the neck raises the load of the rule by 3.5 %: it lies at the cap."""
    found = [
        rule_loads(loaded, failure.elastic, ("contiguous",))[0]
        for failure, loaded in (carried(femur, text, "stance", 2.5) for text in ("", "lytic:26mm@neck-centre"))
    ]
    assert [one.at_contact for one in found] == [True, True]
    assert found[1].load_n / found[0].load_n == pytest.approx(1.035, abs=0.01)


@pytest.mark.slow
def test_large_voxels_carry_more() -> None:
    """docs/failure-load.md: T12 on 3 mm against 1 mm."""
    small, large = (carried(t12(), "", "compression", size)[0].failure_load_n for size in (1.0, 3.0))
    assert large / small == pytest.approx(1.175, abs=0.02)
