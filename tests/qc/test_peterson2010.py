"""The second reading of Peterson & Riggs 2010 against the SBML file and the curves computed from it."""

from math import exp
from random import Random

import numpy as np
import pytest

from . import denosumab_pk
from . import peterson2010 as body
from .courses import course, hold, rows

AT = {name: i for i, name in enumerate(body.STATES)}
BASAL = 100 / 14 * 53.9  # pmol/h of PTH
ORACLE = "reference/sbml/oracle"


def levels(y):
    """Ca [mM], PTH [pg/mL], OC and OB [%], calcitriol [pM], phosphate [mM]."""
    ob = y[AT["OBfast"]] + y[AT["OBslow"]]
    return (
        y[AT["P"]] / 14,
        y[AT["PTH"]] / 14 * 9.4,
        100 * y[AT["OC"]] / body.PARAMETERS["OC0"],
        100 * ob / body.PARAMETERS["OB0"],
        y[AT["B"]] / 14,
        y[AT["ECCPhos"]] / 14,
    )


def random_states(count, seed=1):
    rng = Random(seed)
    start = body.initial()
    for _ in range(count):
        yield [v * exp(rng.gauss(0, 0.4)) if v else 10 * rng.random() for v in start]


def test_rates_equal_the_sbml_file_at_random_states(shared_dir):
    roadrunner = pytest.importorskip("roadrunner")
    model = roadrunner.RoadRunner(str(shared_dir / "reference/sbml/BIOMD0000000613_Peterson2010.xml"))
    assert set(model.model.getFloatingSpeciesIds()) == set(body.STATES)
    assert [model[name] for name in body.STATES] == pytest.approx(body.initial(), rel=1e-14)
    for y in random_states(30):
        for name, value in zip(body.STATES, y, strict=True):
            model.model[f"[{name}]"] = value
        expected = [model[f"{name}'"] for name in body.STATES]
        assert body.rates(0.0, y) == pytest.approx(expected, rel=1e-11, abs=1e-18)


def test_parameters_equal_the_sbml_file(shared_dir):
    roadrunner = pytest.importorskip("roadrunner")
    model = roadrunner.RoadRunner(str(shared_dir / "reference/sbml/BIOMD0000000613_Peterson2010.xml"))
    for name, value in body.PARAMETERS.items():
        if name not in {"kden", "denosumab"}:
            assert model[name] == pytest.approx(value, rel=1e-14), name


def test_healthy_body_drifts_less_than_a_thousandth_a_year():
    y = hold(body.rates, body.initial(), body.PARAMETERS, 365 * 24)
    assert levels(y) == pytest.approx((2.35005, 36.1835, 99.9333, 99.9737, 89.9991, 1.19998), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"GFR": 30 / 16.667}, (2.43058, 45.9231, 194.767, 124.914, 52.3786, 1.37548)),
        ({"IPTHinf": BASAL}, (2.53192, 54.1147, 249.28, 134.048, 89.4226, 1.21122)),
        ({"PTmax": 0.1}, (2.31587, 33.2548, 61.9475, 76.7713, 89.5953, 1.19859)),
    ],
)
def test_a_year_of_disease(change, expected):
    y = body.initial()
    y[AT["PTmax"]] = change.get("PTmax", 1.0)
    y = hold(body.rates, y, body.PARAMETERS | change, 365 * 24)
    assert levels(y) == pytest.approx(expected, rel=2e-5)


def test_every_published_perturbation(shared_dir):
    for row in rows(shared_dir / ORACLE, "BIOMD613_perturbations_1y.csv"):
        name, *values = row.values()
        y, change = body.initial(), {}
        if name.startswith("GFR"):
            change["GFR"] = float(name.split()[1]) / 16.667
        elif name.startswith("PTH-like"):
            change["IPTHinf"] = BASAL * float(name.split()[3].rstrip("x"))
        elif name.startswith("hypo"):
            y[AT["PTmax"]] = 0.1
        else:
            assert name == "baseline"
        y = hold(body.rates, y, body.PARAMETERS | change, 365 * 24)
        assert levels(y) == pytest.approx([float(v) for v in values[:6]], rel=2e-5), name


def test_teriparatide_doses(shared_dir):
    found = rows(shared_dir / ORACLE, "BIOMD613_teriparatide20mcg_3doses.csv")
    dose = body.teriparatide_pmol(20)
    reads = [float(row["t_h"]) for row in found]
    doses = [(t, AT["TERISC"], dose) for t in (12, 36, 60)]
    curve = course(body.rates, body.initial(), reads, doses, lambda t: body.PARAMETERS)
    for row in found:
        t = float(row["t_h"])
        y = curve[t]
        if t in (12, 36, 60):  # the file's row is after the dose
            y[AT["TERISC"]] += dose
        wanted = {"PTH_pmol": "PTH", "Ca_ECF_mmol": "P", "TERISC_pmol": "TERISC", "OC": "OC",
                  "OBfast": "OBfast", "calcitriol_pmol": "B", "PO4_ECF_mmol": "ECCPhos"}  # fmt: skip
        for column, state in wanted.items():
            assert y[AT[state]] == pytest.approx(float(row[column]), rel=1e-5, abs=1e-6), (t, column)


def denosumab_rates(t, y, p):
    """Body, denosumab (PETERSON kinetics, 150 kDa) and lumbar bone density [%]."""
    nm = 1000 * y[-3] / denosumab_pk.PETERSON["Vc"] / 150
    ob = (y[AT["OBfast"]] + y[AT["OBslow"]]) / p["OB0"]
    oc = y[AT["OC"]] / p["OC0"]
    density = 1.45e-4 * (100 * ob**0.0793 - y[-1] * oc**0.0679)
    drug = denosumab_pk.rates(t, y[-4:-1], denosumab_pk.PETERSON)
    return [*body.rates(t, y[:-4], p | {"kden": 2e-3, "denosumab": nm}), *drug, density]


def test_denosumab_60_mg_every_24_weeks(shared_dir):
    found = rows(shared_dir / ORACLE, "BIOMD613_plus_denosumab_60mg_Q24W_x4.csv")
    start = [*body.initial(), 0.0, 0.0, 0.0, 100.0]
    doses = [(168 * 24 * i, len(body.STATES), 60e3) for i in range(4)]
    reads = [float(row["t_day"]) * 24 for row in found]
    curve = course(denosumab_rates, start, reads, doses, lambda t: body.PARAMETERS)
    for row, t in zip(found, reads, strict=True):
        y = curve[t]
        calcium, pth, oc, ob, *_ = levels(y)
        got = [oc, ob, calcium, pth, y[AT["L"]], y[AT["O"]], y[AT["TGFBact"]] / body.PARAMETERS["Pic0"]]
        names = ["OC_pct", "OB_pct", "Ca_mM", "PTH_pg_per_mL", "RANKL_free", "OPG", "TGFb_act_fold"]
        assert got == pytest.approx([float(row[n]) for n in names], rel=1e-4), row["t_day"]
        assert y[-1] - 100 == pytest.approx(float(row["LS_BMD_change_pct"]), abs=2e-3)


def test_the_denosumab_sink_matters():
    p = body.PARAMETERS | {"kden": 2e-3, "denosumab": 50.0}
    y = hold(body.rates, body.initial(), p, 28 * 24)
    assert levels(y)[2] < 13
    assert levels(hold(body.rates, body.initial(), body.PARAMETERS, 28 * 24))[2] > 99


def test_the_calcium_pools_lose_only_what_the_kidney_takes():
    rng = np.random.default_rng(3)
    for y in random_states(5, seed=int(rng.integers(100))):
        d = dict(zip(body.STATES, body.rates(0.0, y), strict=True))
        s = dict(zip(body.STATES, y, strict=True))
        _, eaten, _ = body.gut(y, body.PARAMETERS)
        urine = body.calcium_excretion(body.PARAMETERS, s["P"] / 14, s["B"] / 14, s["PTH"] / 14, body.PARAMETERS["GFR"])
        total = d["P"] + d["Q"] + d["Qbone"] + d["T"]
        assert total == pytest.approx(eaten - max(urine, 0.0), rel=1e-9, abs=1e-9)
