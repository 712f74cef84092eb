"""The package's drug kinetics against the second readings of them."""

from math import exp
from random import Random

import pytest

from osteocast.models import bisphosphonate, denosumab

from . import denosumab_pk, zoledronate_pk
from .comparison import compare

D = denosumab_pk.CANCER
Z = zoledronate_pk.WITH_RESORPTION
E = zoledronate_pk.EFFECT

DENOSUMAB = denosumab.Params(
    weight=66.0,
    reference_weight=66.0,
    bioavailability=D["F"],
    absorption=D["ka"] * 24,
    central_volume=D["Vc"] / 1000,
    peripheral_volume=D["Vp"] / 1000,
    clearance=D["CL"] * 24 / 1000,
    distribution=D["Q"] * 24 / 1000,
    saturable_max=D["Vmax"] * 24 / 1000,
    saturable_half=D["Km"],
    molar_mass=denosumab_pk.MOLAR_MASS / 1000,
    rankl_binding=3e-3 * 24,
)
ZOLEDRONATE = bisphosphonate.Params(
    plasma_volume=Z["V1"],
    tissue_volume=Z["V2"],
    distribution=Z["Q2"] * 24,
    renal_clearance=Z["CLr"] * 24,
    reference_gfr=100.0,
    bone_clearance=Z["CLb"] * 24,
    surface_return=Z["krel"] * 24,
    burial=Z["kbur"] * 24,
    release=Z["kres"] * 24,
    sinking=Z["kdeep"] * 24,
    buried_share=E["phiB"],
    effect_rate=E["ke0"] * 24,
    effect_max=E["EmaxZ"],
    effect_half=E["X50"],
)


def random_states(names, size):
    rng = Random(3)
    return [{n: size * exp(rng.gauss(0, 2)) for n in names} for _ in range(30)]


def test_denosumab_amounts():
    names = denosumab.State._fields

    def reading(state):
        found = denosumab_pk.rates(0, [1000 * state[n] for n in names], D)
        return {n: 24 * v / 1000 for n, v in zip(names, found, strict=True)}

    def package(state):
        return denosumab.rates(denosumab.State(**state), DENOSUMAB)._asdict()

    assert compare(reading, package, random_states(names, 10.0)) == {}


def test_denosumab_concentrations_and_sink():
    x = denosumab.State(depot=0.0, central=52.4, peripheral=0.0)
    assert denosumab.concentration(x, DENOSUMAB) == pytest.approx(20.0)
    assert denosumab.molar_concentration(x, DENOSUMAB) == pytest.approx(denosumab_pk.nanomolar(20.0))
    assert denosumab.rankl_loss(x, DENOSUMAB) == pytest.approx(24 * 3e-3 * denosumab_pk.nanomolar(20.0))


def test_denosumab_clearance_and_volume_are_proportional_to_weight():
    # With both proportional, a 33 kg person has the concentrations of a 66 kg person at half the amounts, up
    # to the saturable term, which is left out here.
    p = DENOSUMAB._replace(saturable_max=0.0)
    big = denosumab.rates(denosumab.State(0.0, 10.0, 4.0), p)
    small = denosumab.rates(denosumab.State(0.0, 5.0, 2.0), p._replace(weight=33.0))
    assert small == pytest.approx([v / 2 for v in big], rel=1e-12)


def test_bisphosphonate_amounts():
    names = bisphosphonate.State._fields

    def reading(s):
        amounts = [s["plasma"], s["tissue"], s["surface"], s["buried"], 0.0, 0.0]
        found = zoledronate_pk.rates(0, amounts, Z | {"renal": 0.6}, infusion=2.0, osteoclasts=1.7)
        effect = zoledronate_pk.effect_rate(s["exposure"], s["surface"], s["buried"], E)
        return dict(zip(names, [24 * v for v in (*found[:4], effect)], strict=True))

    def package(state):
        return bisphosphonate.rates(bisphosphonate.State(**state), ZOLEDRONATE, 48.0, 60.0, 1.7)._asdict()

    assert compare(reading, package, random_states(names, 1.0)) == {}


@pytest.mark.parametrize("exposure", [0.0, 0.01, 0.16, 1.2])
def test_bisphosphonate_effect_on_osteoclast_death(exposure):
    x = bisphosphonate.State(0.0, 0.0, 0.0, 0.0, exposure)
    expected = zoledronate_pk.osteoclast_death_factor(exposure, E)
    assert bisphosphonate.osteoclast_death(x, ZOLEDRONATE) == pytest.approx(expected, rel=1e-12)
