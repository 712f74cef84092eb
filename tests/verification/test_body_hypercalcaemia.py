"""Hypercalcaemia of malignancy in the calcium budget: onset, fluids, zoledronate, relapse, kidney-driven failure."""

from __future__ import annotations

import pytest

from osteocast.models import body, kidney, malignancy, mineral
from osteocast.models.coupling import Exports

from .body_course import INFUSION, REST, TYPICAL, Change, course, published

LOCAL = Exports(2.4, 2.4, 0, 0.3, 0, 0)
"""A lesion that loses what it invades: the local share of the calcium load, mmol/day."""


def with_pthrp(level: float, gfr: float = 80, p: body.Params = TYPICAL) -> body.Params:
    """Return a patient with a constant circulating PTHrP [pmol/L]."""
    return p._replace(malignancy=p.malignancy._replace(background=level), kidney=p.kidney._replace(gfr=gfr))


def calcium(p: body.Params, days, changes=(), start=None, exports=LOCAL):
    """Return plasma calcium at the days, from the healthy state unless `start` is given."""
    start = start if start is not None else body.initial_state(TYPICAL)
    found = course(p, days, changes, exports, start, rtol=1e-6)
    return {day: point.seen.calcium_total for day, point in found.items()}, found


@pytest.fixture(scope="module")
def sick():
    """Sixty days of PTHrP 20 pmol/L."""
    p = with_pthrp(20)
    values, found = calcium(p, (0, 7, 30, 60))
    return p, values, found[60]


def fluids(start: float, zoledronate: bool) -> list[Change]:
    """Return rehydration over eleven days, with zoledronate after the first thirty hours or without."""
    drug = {"bisphosphonate_infusion": 4 / INFUSION} if zoledronate else {}
    return [
        Change(start, {}, REST._replace(saline=3.5)),
        Change(start + 1.25, {}, REST._replace(saline=2, **drug)),
        Change(start + 1.25 + INFUSION, {}, REST._replace(saline=2)),
        Change(start + 4, {}, REST._replace(saline=1.5)),
        Change(start + 11.25, {}, REST),
    ]


def test_pthrp_sustains_moderate_hypercalcaemia(sick):
    p, values, at_60 = sick
    assert values[7] < values[30] < 4
    later, found = calcium(p, (60, 180, 365), start=at_60.state)
    assert min(values[30], values[60], later[180], later[365]) >= 3.0
    # volume and filtration are lost, the gland is silent, the urine carries more calcium than in health
    assert at_60.seen.volume < 0.9
    assert at_60.seen.gfr < 60
    assert at_60.seen.pth < 1.5
    assert at_60.seen.urine_calcium > 3 * 3.6
    assert found[365].state.mineral.skeleton > 0.7 * mineral.initial_state(p.mineral).skeleton


def test_each_mechanism_is_needed(sick):
    """Neutral values, one at a time and all together, take hypercalcaemia away step by step."""
    full = sick[1][30]
    p = sick[0]
    no_volume = p._replace(fluid=p.fluid._replace(intake_loss=0, polyuria=0), kidney=p.kidney._replace(calcium_loss=0))
    no_uncoupling = p._replace(malignancy=p.malignancy._replace(uncoupling=0))
    no_pthrp = with_pthrp(0)
    for changed, least in ((no_volume, 0.1), (no_uncoupling, 0.05), (no_pthrp, 0.8)):
        assert calcium(changed, (0, 30))[0][30] < full - least
    assert calcium(with_pthrp(20, p=published()), (0, 60), exports=body.NO_LESIONS)[0][60] < 2.8


def test_fluids_alone_help_and_do_not_last(sick):
    p, values, at_60 = sick
    found, _ = calcium(p, (60, 61.25, 70, 90), fluids(60, False), at_60.state)
    assert 0.2 < values[60] - found[61.25] < 0.4
    assert found[70] > 2.7
    assert found[90] > values[60] - 0.1


def test_zoledronate_after_fluids_normalises_then_relapse_follows(sick):
    p, _, at_60 = sick

    def growing(t: float) -> body.Params:
        level = 20 * 2 ** (max(t - 60, 0) / 60)
        return p._replace(malignancy=p.malignancy._replace(background=level))

    days = (60, 61.25, 65.25, 71.25, 100, 130, 160)
    found = course(p, days, fluids(60, True), LOCAL, at_60.state, rtol=1e-6, vary=growing)
    values = {day: point.seen.calcium_total for day, point in found.items()}
    assert values[71.25] <= 2.70  # complete response by day 10
    assert values[65.25] < values[61.25] - 0.2
    assert values[160] > 2.70
    assert values[160] > values[100] > values[71.25]


def test_failures_are_kidney_driven(sick):
    """A strong PTHrP effect on the tubule keeps calcium up after osteoclasts are gone; weak drug binding does less."""
    p = with_pthrp(20)
    tubular = p._replace(kidney=p.kidney._replace(pthrp_gain=0.12))
    values, found = calcium(tubular, (0, 30))
    assert values[30] >= 3.0
    after = calcium(tubular, (30, 41.25), fluids(30, True), found[30].state)
    usual = calcium(p, (60, 71.25), fluids(60, True), sick[2].state)
    assert usual[0][71.25] <= 2.70 < after[0][41.25]
    assert after[1][41.25].seen.osteoclasts < 1


def test_calcium_mass_is_conserved_with_everything_on():
    """PTHrP, volume, a growing lesion, fluids, denosumab and zoledronate together: in less out is what is held."""
    p = with_pthrp(15)

    def lesion(t, x, c, y):
        """Lesion pool that invades, releases and takes; cumulative urine and intake."""
        seen = mineral.calcium_concentration(x.mineral, p.mineral, x.fluid.volume) / 2.35
        invaded, released, taken = 3 * (1 + t / 100), 0.02 * y[0] * x.remodelling.osteoclasts, 1.5 * seen
        e = Exports(invaded, released, taken, 0.3, 0.2, 200)
        b = body.plasma(x, p)
        urine = kidney.urine_calcium(p.kidney, body.kidney_drive(x, b))
        intake = mineral.fluxes(x.mineral, p.mineral, body.mineral_drive(x, p, b, c.oral_calcium)).gut_intake
        return e, [invaded - released + taken, urine, intake]

    def held(point):
        m = point.state.mineral
        return m.plasma + m.gut + m.exchangeable + m.skeleton + point.extra[0] + point.extra[1] - point.extra[2]

    changes = [*fluids(40, True), Change(90.0, {"denosumab.depot": 120})]
    found = course(p, (0, 40, 60, 120), changes, extra=lesion, extra_start=[150.0, 0, 0], rtol=1e-8)
    start = held(found[0])
    for day in (40, 60, 120):
        assert abs(held(found[day]) / start - 1) < 1e-6
    assert found[120].extra[1] > 300  # a budget of something


def test_released_calcium_is_what_skeleton_and_plasma_lost():
    """Without intake and urine the lesion fluxes move calcium and make none."""
    x = body.initial_state(TYPICAL).mineral
    d = body.mineral_drive(body.initial_state(TYPICAL), TYPICAL, body.plasma(body.initial_state(TYPICAL), TYPICAL), 0)
    still = mineral.rates(x, TYPICAL.mineral, d._replace(urine_calcium=0), body.NO_LESIONS)
    moved = mineral.rates(x, TYPICAL.mineral, d._replace(urine_calcium=0), Exports(5, 4, 1, 0, 0, 0))
    assert moved.skeleton - still.skeleton == pytest.approx(-5)
    assert moved.plasma - still.plasma == pytest.approx(3)
    assert moved.phosphate - still.phosphate == pytest.approx(3 * TYPICAL.mineral.phosphate_per_calcium)


@pytest.mark.parametrize(("pthrp", "gfr", "gain"), [(60, 40, 0.3), (200, 20, 0.3), (0, 10, 0), (5, 150, 0.05)])
def test_extreme_patients_stay_finite(pthrp, gfr, gain):
    """A crisis passes 5 mmol/L without a number breaking; volume holds above its floor."""
    p = with_pthrp(pthrp, gfr)
    p = p._replace(kidney=p.kidney._replace(pthrp_gain=gain))
    _, found = calcium(p, (0, 30, 120))
    for point in found.values():
        assert 0.7 < point.seen.volume < 1.2
        assert 1 < point.seen.calcium_total < 12
        assert min(point.state.mineral) > 0


def test_pthrp_follows_tumour_volume_and_saturates():
    p = TYPICAL.malignancy
    assert malignancy.sustained_pthrp(p, 0) == p.background
    assert malignancy.sustained_pthrp(p, 100) == pytest.approx(p.production, rel=0.06)
    ceiling = p.production * p.saturation_volume / p.production_volume
    assert malignancy.sustained_pthrp(p, 1e7) < ceiling
    assert malignancy.uncoupled_fraction(p, 20) == pytest.approx(0.46)
    assert malignancy.uncoupled_fraction(p._replace(uncoupling=0), 20) == 0
