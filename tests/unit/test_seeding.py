"""Seeding: perfusion, adhesion and growth support each carry the rate (D04)."""

from __future__ import annotations

import numpy as np
import pytest

from osteocast.course.seeding import seeding_rate, site_shares
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.site import SiteClass
from osteocast.evidence.load import load_parameters

FACTORS = ("seeding_perfusion", "seeding_adhesion", "seeding_support")
ENTRIES = load_parameters("population")


def typical(**fixed: float) -> Typical:
    """Typical values of three patients of one draw, with some entries fixed."""
    keys = np.arange(3, dtype=np.int64)
    return Typical(Streams(1, keys, np.zeros(3, dtype=np.int64)), {}, {f"population.{k}": v for k, v in fixed.items()})


def rate(**fixed: float) -> float:
    """New lesions a year of a patient of average tempo."""
    return float(seeding_rate(typical(**fixed), np.zeros(3))[0])


def test_all_factors_together_give_the_base_rate() -> None:
    assert rate() == pytest.approx(ENTRIES["seeding_base"].value)


@pytest.mark.parametrize("factor", FACTORS)
def test_d04_each_factor_at_its_neutral_value_lowers_seeding(factor: str) -> None:
    entry = ENTRIES[factor]
    assert entry.neutral == 1.0
    assert entry.value > 1.0
    assert rate(**{factor: 1.0}) == pytest.approx(rate() / entry.value)


@pytest.mark.parametrize("factor", FACTORS)
def test_d04_removing_a_factor_stops_seeding(factor: str) -> None:
    assert rate(**{factor: 0.0}) == 0.0


def test_d04_factors_are_separate() -> None:
    every = dict.fromkeys(FACTORS, 1.0)
    product = np.prod([ENTRIES[factor].value for factor in FACTORS])
    assert rate(**every) == pytest.approx(rate() / product)
    two = dict.fromkeys(FACTORS[:2], 1.0)
    assert rate(**every) < rate(**two) < rate(**{FACTORS[0]: 1.0}) < rate()


def test_fast_disease_seeds_faster_unless_tempo_is_off() -> None:
    tempo = np.array([-1.0, 0.0, 1.0])
    found = seeding_rate(typical(), tempo)
    assert found[0] < found[1] < found[2]
    off = seeding_rate(typical(tempo_seeding=0.0), tempo)
    assert np.ptp(off) == 0.0


def test_sites_share_all_lesions_and_follow_the_marrow() -> None:
    shares = site_shares()
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= 0.0).all()
    # D03: spine and pelvis together take more than half
    axial = [
        SiteClass.VERTEBRA_CERVICAL,
        SiteClass.VERTEBRA_THORACIC,
        SiteClass.VERTEBRA_LUMBAR,
        SiteClass.PELVIS,
    ]
    assert shares[axial].sum() > 0.5
    assert shares[SiteClass.FEMUR_PROXIMAL] > shares[SiteClass.FEMUR_SHAFT]
