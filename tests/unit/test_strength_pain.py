"""Section strength and pain of one lesion: limits, order, and what each constant does."""

from __future__ import annotations

import itertools

import pint
import pytest

from osteocast.evidence.load import fill, load_parameters
from osteocast.foundation.units import registry
from osteocast.models import pain, strength

P: strength.Params = fill(strength.Params, "strength")
PAIN: pain.Params = fill(pain.Params, "pain")
# dense, partly woven, full of tumour: what the lesion model gives at 24 months on the sclerotic side (docs/lesion.md)
SCLEROTIC = {"bone": 1.36, "woven": 0.55, "tumour": 0.8}
LYTIC = {"bone": 0.35, "woven": 0.1, "tumour": 0.8}


def neutral(file: str, *names: str) -> dict[str, float]:
    """Return the neutral values of some entries."""
    found = {name: load_parameters(file)[name].neutral for name in names}
    assert all(value is not None for value in found.values())
    return {name: float(value) for name, value in found.items() if value is not None}


def strength_of(
    bone: float, woven: float, tumour: float, extent: float = 0.7, bending: float = 0.0, p: strength.Params = P
) -> float:
    """Relative strength of a lesion whose bone has only fallen, or only risen, to `bone`."""
    structural = strength.structural_bone(bone, min(bone, 1.0), p)
    return strength.relative_strength(strength.tissue_stiffness(structural, woven, tumour, p), extent, bending, p)


def test_bone_without_a_lesion_has_its_full_strength() -> None:
    assert strength_of(1.0, 0.0, 0.0, extent=0.0) == pytest.approx(1.0)
    assert strength_of(0.2, 0.5, 0.9, extent=0.0) == pytest.approx(1.0)
    assert strength_of(1.0, 0.0, 0.0, extent=0.8) == pytest.approx(1.0, abs=P.smoothing)


def test_empty_hole_across_the_section_leaves_nothing() -> None:
    assert strength_of(0.0, 0.0, 0.0, extent=1.0, bending=0.0) == pytest.approx(0.0, abs=1e-6)
    assert strength_of(0.0, 0.0, 0.0, extent=1.0, bending=1.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("bending", [0.0, 1.0])
def test_strength_falls_with_extent_loss_woven_bone_and_tumour(bending: float) -> None:
    wider = [strength_of(**LYTIC, extent=x, bending=bending) for x in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert all(a > b for a, b in itertools.pairwise(wider))
    emptier = [strength_of(bone, 0.1, 0.5, bending=bending) for bone in (1.0, 0.8, 0.5, 0.2, 0.0)]
    assert all(a > b for a, b in itertools.pairwise(emptier))
    woven = [strength_of(0.6, w, 0.5, bending=bending) for w in (0.0, 0.3, 0.6, 1.0)]
    assert all(a > b for a, b in itertools.pairwise(woven))
    fuller = [strength_of(0.6, 0.1, t, bending=bending) for t in (0.0, 0.3, 0.6, 1.0)]
    assert all(a > b for a, b in itertools.pairwise(fuller))
    assert all(0.0 <= s <= 1.0 for s in wider + emptier + woven + fuller)


def test_bent_members_lose_more_from_an_eccentric_hole() -> None:
    assert strength.lost_section(0.5, 0.0) == pytest.approx(0.25)
    assert strength.lost_section(0.5, 1.0) == pytest.approx(0.75)
    assert strength_of(**LYTIC, extent=0.4, bending=1.0) < strength_of(**LYTIC, extent=0.4, bending=0.0)
    # both shapes end in the same whole section
    assert strength.lost_section(1.0, 0.0) == strength.lost_section(1.0, 1.0) == 1.0


def test_tumour_breaks_up_sclerotic_bone_less_than_lytic() -> None:
    found = [strength.disruption(0.8, theta, P) for theta in (0.0, 0.5, 1.0)]
    assert found[0] == 0.8
    assert found[0] > found[1] > found[2] > 0.0
    alike = P._replace(**neutral("strength", "disturbance_decline"))
    assert strength.disruption(0.8, 1.0, alike) == 0.8


def test_regained_bone_counts_for_less_than_bone_never_lost() -> None:
    kept = strength.structural_bone(0.8, 0.8, P)
    healed = strength.structural_bone(0.8, 0.3, P)
    assert kept == pytest.approx(0.8)
    assert 0.3 < healed < kept
    free = P._replace(**neutral("strength", "regained"))
    assert strength.structural_bone(0.8, 0.3, free) == pytest.approx(0.8)


def test_d14_sclerotic_lesion_is_weaker_than_normal_bone_and_than_its_density() -> None:
    found = strength_of(**SCLEROTIC)
    dense = strength_of(bone=SCLEROTIC["bone"], woven=0.0, tumour=0.0)
    assert found < 0.95
    assert found < dense - 0.05
    assert dense == pytest.approx(1.0, abs=P.smoothing)


def test_d14_needs_disturbed_structure() -> None:
    """Counter-test: with woven bone and tumour harmless the dense lesion is as strong as normal bone."""
    harmless = P._replace(**neutral("strength", "woven_penalty", "disturbance"))
    assert strength_of(**SCLEROTIC, p=harmless) == pytest.approx(1.0, abs=P.smoothing)


def test_d14_woven_bone_is_weaker_than_lamellar_bone_of_its_density() -> None:
    def missing(p: strength.Params) -> float:
        return strength.tissue_stiffness(1.0, 0.0, 0.0, p) - strength.tissue_stiffness(1.0, SCLEROTIC["woven"], 0.0, p)

    assert missing(P) > 0.15
    assert missing(P._replace(**neutral("strength", "woven_penalty"))) == pytest.approx(0.0)


def test_density_is_not_credited_above_normal() -> None:
    assert strength.tissue_stiffness(2.5, 0.0, 0.0, P) <= 1.0 + P.smoothing
    assert strength_of(2.5, 0.0, 0.0) <= 1.0 + P.smoothing


def test_section_exponent_is_the_shared_strength_scale() -> None:
    s = strength_of(**LYTIC)
    scaled = P._replace(section_exponent=2.0 * P.section_exponent)
    assert strength_of(**LYTIC, p=scaled) == pytest.approx(s**2)


def test_pain_runs_from_none_to_the_ceiling() -> None:
    assert pain.pain_score(0.0, PAIN) == 0.0
    assert pain.pain_score(1.0, PAIN) == pytest.approx(PAIN.ceiling / 2)
    assert pain.pain_score(1e9, PAIN) == pytest.approx(PAIN.ceiling)
    assert PAIN.ceiling <= 10.0


def test_resting_pain_rises_with_tumour_osteoclasts_and_extent() -> None:
    base = pain.resting_drive(0.5, 2.0, 0.5, PAIN)
    assert pain.resting_drive(0.7, 2.0, 0.5, PAIN) > base
    assert pain.resting_drive(0.5, 3.0, 0.5, PAIN) > base
    assert pain.resting_drive(0.5, 2.0, 0.7, PAIN) > base
    assert pain.resting_drive(0.0, 2.0, 0.5, PAIN) == pytest.approx(0.0, abs=1e-3)
    assert pain.resting_drive(0.5, 2.0, 0.0, PAIN) == 0.0


def test_most_resting_pain_survives_an_antiresorptive() -> None:
    """Osteoclasts cut to a sixth take away some, not most, of a moderate pain; with the neutral exponent none."""
    before, after = (pain.resting_drive(0.5, osteoclasts, 0.5, PAIN) for osteoclasts in (2.5, 2.5 / 6))
    person = 1.4 / before  # sensitivity with which this lesion hurts 5 of 10
    assert pain.pain_score(person * before, PAIN) == pytest.approx(5.0, abs=0.1)
    assert 0.5 < pain.pain_score(person * after, PAIN) / pain.pain_score(person * before, PAIN) < 0.8
    blind = PAIN._replace(**neutral("pain", "resorption_exponent"))
    assert pain.resting_drive(0.5, 2.5 / 6, 0.5, blind) == pain.resting_drive(0.5, 2.5, 0.5, blind)


def test_movement_pain_follows_overload() -> None:
    assert pain.movement_drive(0.0, PAIN) == 0.0
    assert pain.movement_drive(1.0, PAIN) == pytest.approx(PAIN.movement_gain)
    assert pain.movement_drive(0.4, PAIN) > pain.movement_drive(0.1, PAIN)


def test_formulas_are_dimensionless_and_read_with_units() -> None:
    one = registry().Quantity
    found = strength_of(*(one(v, "dimensionless") for v in (0.5, 0.2, 0.6, 0.7, 1.0)))  # type: ignore[arg-type]
    assert float(found) == pytest.approx(strength_of(0.5, 0.2, 0.6, 0.7, 1.0))
    drive = pain.resting_drive(one(0.5, "1"), one(2.0, "1"), one(0.7, "1"), PAIN)  # type: ignore[arg-type]
    assert float(pain.pain_score(drive, PAIN)) == pytest.approx(
        pain.pain_score(pain.resting_drive(0.5, 2.0, 0.7, PAIN), PAIN)
    )
    with pytest.raises(pint.DimensionalityError):
        strength.tissue_stiffness(one(0.5, "day"), 0.2, 0.6, P)  # type: ignore[arg-type]
