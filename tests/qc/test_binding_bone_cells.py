"""The package's bone cells, in health and in a lesion, against the second reading of Pivonka 2008."""

from math import exp
from random import Random

import pytest

from osteocast.evidence.load import fill
from osteocast.models import lesion, pivonka
from osteocast.models.coupling import Signals

from . import pivonka2008 as reading
from .comparison import compare

NAMES = {
    "D_OBu": "D_OBu", "D_OBp": "D_OBp", "A_OBa": "A_OBa", "D_OCp": "D_OCp", "A_OCa": "A_OCa",
    "K_act_TGFb": "K_TGF_OBu", "K_rep_TGFb": "K_TGF_OBp", "K_act_RANKL": "K_RANKL_RANK",
    "KA_RANKL": "KA_RANK", "KA_OPG": "KA_OPG", "K_act_PTH": "K_PTH_RANKL", "K_rep_PTH": "K_PTH_OPG",
    "OPG_per_OBa": "OPG_per_OBa", "OPG_max": "OPG_max", "OPG_degradation": "D_OPG",
    "RANKL_per_OBp": "RANKL_per_OBp", "RANKL_production": "RANKL_production",
    "RANKL_degradation": "D_RANKL", "RANK": "RANK",
}  # fmt: skip
QUIET = {"pthrp": 0.0, "rankl": 0.0, "dickkopf": 0.0, "wnt": 0.0, "osteoblast_death": 0.0}


def published():
    """The package's values with its own addition (recruitment without TGF-beta) at its neutral value."""
    return fill(pivonka.Params, "pivonka")._replace(basal_recruitment=0.0)


def reading_values(p):
    """The package's values under the reading's names."""
    values = {ours: getattr(p, theirs) for ours, theirs in NAMES.items()}
    return reading.PARAMETERS | values | {"PTH_production": p.PTH_basal, "PTH_degradation": 1.0}


def random_states(count):
    rng = Random(2)
    for _ in range(count):
        cells = {n: v * exp(rng.gauss(0, 1)) for n, v in zip(reading.STATES, reading.STEADY_STATE, strict=True)}
        yield cells | {"tumour": rng.random()}


def reading_rates(p, state):
    cells = [state[n] for n in reading.STATES]
    return dict(zip(reading.STATES, reading.rates(0, cells, p, state["tumour"]), strict=True))


def test_values_equal_the_source():
    p = reading_values(published())
    p["PTH_production"], p["PTH_degradation"] = 86 * p["PTH_production"], 86.0
    assert p == pytest.approx(reading.PARAMETERS, rel=1.1e-5)
    assert published().K_TGF_OCa == published().K_TGF_OBu


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"PTHrP": 10.0}, {"pth": 250 / 86 + 10.0}),
        ({"I_RANKL": 1e4}, {"rankl_added": 1e4}),
        ({"I_OPG": 2e5}, {"opg_added": 2e5}),
        ({"I_TGFb": 1e-3}, {"tgf_added": 1e-3}),
        ({"KD_L": 200.0}, {"rankl_bound": 200.0}),
        ({"o": 1.0}, {"osteoblast_loss": 2.0}),
        ({"E_bp": 3.0}, {"osteoclast_death": 3.0}),
        ({"w": 3.0}, {"recruitment": 4.0}),
    ],
)
def test_cells_of_healthy_bone(ours, theirs):
    p = published()
    u = pivonka.quiet(p)._replace(**theirs)
    q = reading_values(p) | ours

    def package(state):
        return pivonka.rates(pivonka.Cells(*(state[n] for n in reading.STATES)), p, u)._asdict()

    states = [state | {"tumour": 1.0} for state in random_states(30)]
    assert compare(lambda s: reading_rates(q, s), package, states) == {}


@pytest.mark.parametrize(
    ("factor", "signal", "ours"),
    [
        ({}, {}, {}),
        ({"pthrp": 20.0}, {}, {"PTHrP": 20.0}),
        ({"dickkopf": 4.0}, {}, {"d": 4.0}),
        ({"wnt": 3.0}, {}, {"w": 3.0}),
        ({"osteoblast_death": 1.0}, {}, {"o": 1.0}),
        ({"rankl": 1000.0}, {}, {"added": 1000.0}),
        ({}, {"pth": 2.0}, {"pth": 2.0}),
        ({}, {"denosumab": 50.0}, {"denosumab": 50.0}),
        ({}, {"bisphosphonate_effect": 4.0}, {"E_bp": 4.0}),
        (
            {"pthrp": 12.0, "dickkopf": 2.0, "wnt": 1.0, "osteoblast_death": 0.3, "rankl": 90.0},
            {"denosumab": 0.5, "bisphosphonate_effect": 1.5},
            {"PTHrP": 12.0, "d": 2.0, "w": 1.0, "o": 0.3, "added": 90.0, "denosumab": 0.5, "E_bp": 1.5},
        ),
    ],
)
def test_cells_of_a_lesion(factor, signal, ours):
    p = fill(lesion.Params, "lesion")._replace(**(QUIET | factor), pivonka=published(), bisphosphonate_gain=1.0)
    s = Signals(pth=1.0, denosumab=0.0, bisphosphonate_effect=1.0, systemic_kill=0.0, calcium=2.35)
    s = s._replace(**signal)
    s = s._replace(pth=s.pth * p.pth_reference)
    q = reading_values(p.pivonka)
    q |= {k: v for k, v in ours.items() if k in q}
    q["PTH_production"] *= ours.get("pth", 1.0)
    q["KD_L"] = ours.get("denosumab", 0.0) * p.denosumab_association
    start = lesion.initial_state(p)

    def package(state):
        found = lesion.rates(start._replace(**state), p, s)
        return {n: getattr(found, n) for n in reading.STATES}

    def second(state):
        return reading_rates(q | {"I_RANKL": ours.get("added", 0.0) * state["tumour"]}, state)

    assert compare(second, package, list(random_states(30))) == {}
