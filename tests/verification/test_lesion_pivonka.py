"""Bone cells of a lesion against the published population model and its oracle curves."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from osteocast.evidence.load import fill
from osteocast.models import pivonka

PAPER = fill(pivonka.Params, "pivonka")._replace(basal_recruitment=0)
REFERENCE = pivonka.Cells(PAPER.OBp_reference, PAPER.OBa_reference, PAPER.OCa_reference)
QUIET = pivonka.quiet(PAPER)
# Injections of the oracle from day 20 to 80: surroundings, or cells added at a constant rate [pmol/L/day].
INJECTED = {
    "PTH_1000": (QUIET._replace(pth=PAPER.PTH_basal * (250 + 1000) / 250), (0, 0, 0)),
    "OPG_2e5": (QUIET._replace(opg_added=2e5), (0, 0, 0)),
    "RANKL_1e4": (QUIET._replace(rankl_added=1e4), (0, 0, 0)),
    "TGFb_1e-3": (QUIET._replace(tgf_added=1e-3), (0, 0, 0)),
    "OBp_+1e-4": (QUIET, (1e-4, 0, 0)),
    "OBa_+1e-4": (QUIET, (0, 1e-4, 0)),
    "OCa_+1e-4": (QUIET, (0, 0, 1e-4)),
}


def leg(start: np.ndarray, days: list[float], u: pivonka.Surroundings, cells: tuple[float, ...]) -> np.ndarray:
    """Integrate and return the cells at each of the days."""

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        return np.array(pivonka.rates(pivonka.Cells(*y), PAPER, u)) + cells

    return solve_ivp(rates, (days[0], days[-1]), start, "LSODA", days, rtol=1e-8, atol=1e-14).y.T


def oracle(folder: Path) -> dict[str, np.ndarray]:
    """Read the oracle curves: per scenario rows of day, OBp, OBa, OCa, with each jump's day twice."""
    rows: dict[str, list[list[float]]] = defaultdict(list)
    path = folder / "reference/sbml/oracle/Pivonka2008_bone_models_perturbations.csv"
    with path.open(encoding="utf-8") as file:
        for name, *numbers in list(csv.reader(file))[1:]:
            rows[name].append([float(n) for n in numbers])
    return {name: np.array(values) for name, values in rows.items()}


@pytest.mark.parametrize("recruitment", [0, 0.5, 1])
def test_reference_cells_are_the_steady_state(recruitment: float) -> None:
    p = PAPER._replace(basal_recruitment=recruitment)
    rates = pivonka.rates(REFERENCE, p, QUIET)
    assert max(abs(r / x) for r, x in zip(rates, REFERENCE, strict=True)) < 1e-12


@pytest.mark.parametrize("scenario", INJECTED)
def test_perturbation_follows_the_oracle(scenario: str, shared_dir: Path) -> None:
    curve = oracle(shared_dir)[scenario]
    surroundings, cells = INJECTED[scenario]
    days, published = curve[:, 0], curve[:, 1:]
    during, after = (days > 20) & (days <= 80), days > 80
    second = np.flatnonzero(days == 80)[-1]
    during[second] = False
    start = np.array(REFERENCE)
    perturbed = leg(start, [20, *days[during]], surroundings, cells)
    recovered = leg(perturbed[-1], [80, *days[after]], QUIET, (0, 0, 0))
    assert np.allclose(published[0], start, rtol=0.01)
    assert np.allclose(perturbed[1:], published[during], rtol=0.01)
    assert np.allclose(recovered[1:], published[after], rtol=0.01)


def test_basal_recruitment_is_a_departure() -> None:
    p = PAPER._replace(basal_recruitment=0.5)
    suppressed = REFERENCE._replace(OCa=REFERENCE.OCa / 10)
    assert pivonka.rates(suppressed, p, QUIET).OBp > pivonka.rates(suppressed, PAPER, QUIET).OBp
