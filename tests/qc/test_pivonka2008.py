"""The second reading of Pivonka 2008 against the published experiments."""

import numpy as np
import pytest
from scipy.optimize import fsolve

from . import pivonka2008 as unit
from .courses import course, hold, rows

STEADY = (6.196390628e-4, 5.5839319e-4, 8.069635263e-4)
EXPERIMENTS = {
    "PTH_1000": {"I_PTH": 1000.0},
    "OPG_2e5": {"I_OPG": 2e5},
    "RANKL_1e4": {"I_RANKL": 1e4},
    "TGFb_1e-3": {"I_TGFb": 1e-3},
    "OBp_+1e-4": {"P_OBp": 1e-4},
    "OBa_+1e-4": {"P_OBa": 1e-4},
    "OCa_+1e-4": {"P_OCa": 1e-4},
}


def experiment(change, reads):
    """Perturbed from day 20 to day 80."""
    return course(
        unit.rates,
        STEADY,
        sorted({20.0, 80.0, *reads}),
        parameters=lambda t: unit.PARAMETERS | (change if 20 <= t < 80 else {}),
    )


def test_steady_state():
    root = fsolve(lambda z: np.multiply(1e4, unit.rates(0, np.exp(z))), np.log(STEADY), xtol=1e-12)
    assert np.exp(root) == pytest.approx(STEADY, rel=2e-5)


def test_the_maturation_rate_as_first_printed_gives_another_steady_state():
    p = unit.PARAMETERS | {"D_OBp": 0.26741 / 0.05}
    assert hold(unit.rates, STEADY, p, 2000)[0] < STEADY[0] / 10


@pytest.mark.parametrize(
    ("name", "fold"),
    [
        ("PTH_1000", (2.26, 1.69, 1.93)),
        ("OPG_2e5", (0.131, 0.204, 0.156)),
        ("RANKL_1e4", (6.92, 3.00, 4.61)),
        ("TGFb_1e-3", (1.99, 1.57, 0.506)),
    ],
)
def test_fold_changes_at_day_80(name, fold):
    end = experiment(EXPERIMENTS[name], [80.0])[80.0]
    assert end / np.array(STEADY) == pytest.approx(fold, rel=4e-3)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_whole_curves(name, shared_dir):
    found = rows(shared_dir / "reference/sbml/oracle", "Pivonka2008_bone_models_perturbations.csv")
    found = [row for row in found if row["scenario_d20_to_d80"] == name]
    curve = experiment(EXPERIMENTS[name], [float(row["t_day"]) for row in found])
    assert len(found) == 31
    for row in found:
        expected = [float(row[f"{state}_pM"]) for state in unit.STATES]
        assert curve[float(row["t_day"])] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("factor", ["PTHrP", "r", "d", "w", "o"])
def test_tumour_factors_act_only_with_a_tumour(factor):
    changed = unit.PARAMETERS | {factor: 2.0}
    assert unit.rates(0, STEADY, changed) == unit.rates(0, STEADY)
    assert unit.rates(0, STEADY, changed, tumour=0.5) != unit.rates(0, STEADY)
