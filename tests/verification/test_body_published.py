"""The body with every extension neutral against curves of the published model and of OpenBoneMin."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from osteocast.models import body

from .body_course import OPENBONEMIN, PG_PER_PMOL, TYPICAL, Change, course, flat, injections, published

BASAL_SECRETION = 100 * 3.85 * 24


def table(shared_dir: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a reference table."""
    with (shared_dir / "reference" / "sbml" / "oracle" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("p", [published(), TYPICAL], ids=["published", "extended"])
def test_health_holds_for_years(p):
    start = body.initial_state(p)
    end = course(p, [0, 365, 1825], start=start)
    for day, years in ((365, 1), (1825, 5)):
        drift = {
            name: abs(getattr(end[day].seen, name) / getattr(end[0].seen, name) - 1) / years
            for name in (
                "calcium_total",
                "phosphate",
                "pth",
                "calcitriol",
                "osteoclasts",
                "osteoblasts",
                "urine_calcium",
            )
        }
        # the rounding of the published constants lets urine calcium rise a little more where the gland corrects less
        assert drift.pop("urine_calcium") < 1.1e-3
        assert max(drift.values()) < 1e-3, drift


def perturbed(name: str) -> body.Params:
    """Return the published body under one of the tabulated perturbations."""
    p = published()
    if name.startswith("GFR"):
        return p._replace(kidney=p.kidney._replace(gfr=float(name.split()[1])))
    if name.startswith("PTH-like"):
        infused = float(name.split("= ")[1].split("x", maxsplit=1)[0]) * BASAL_SECRETION
        return p._replace(hormones=p.hormones._replace(pth_infusion=infused))
    return p


def test_steps_of_filtration_and_pth_after_a_year(shared_dir):
    worst = 0.0
    for row in table(shared_dir, "BIOMD613_perturbations_1y.csv"):
        name = row["perturbation_held_from_t0"]
        p = perturbed(name)
        options = {}
        if name.startswith("hypopara"):
            # the published gland capacity starts at 0.1 and returns to 1 at 0.0001604 per hour
            def vary(t, p=p):
                capacity = 1 - 0.9 * np.exp(-0.0001604 * 24 * t)
                return p._replace(hormones=p.hormones._replace(gland_capacity=capacity))

            options["vary"] = vary
        seen = course(p, [0, 365], **options)[365].seen
        found = {
            "Ca_mM_1y": seen.calcium_total,
            "PTH_pg_per_mL_1y": seen.pth * PG_PER_PMOL,
            "OC_pct_1y": 100 * seen.osteoclasts,
            "OB_pct_1y": 100 * seen.osteoblasts,
            "calcitriol_pM_1y": seen.calcitriol,
            "PO4_mM_1y": seen.phosphate,
        }
        for column, value in found.items():
            worst = max(worst, abs(value / float(row[column]) - 1))
            assert value == pytest.approx(float(row[column]), rel=0.01), (name, column)
    assert 0 < worst < 0.006


def test_teriparatide_pulses(shared_dir):
    """Three 20 ug doses from a depot that empties at 94.3/133 per hour."""
    p, rate, dose = published(), 94.3 / 133 * 24, 20e6 / 4117.8

    def vary(t):
        depot = sum(dose * np.exp(-rate * (t - d)) for d in (0.5, 1.5, 2.5) if t >= d)
        return p._replace(hormones=p.hormones._replace(pth_infusion=rate * depot))

    rows = {float(r["t_h"]) / 24: r for r in table(shared_dir, "BIOMD613_teriparatide20mcg_3doses.csv")}
    marks = [Change(d) for d in (0.5, 1.5, 2.5)]
    found = course(p, sorted(rows), marks, vary=vary, rtol=1e-9)
    for day, point in found.items():
        row, healthy_oc, healthy_ob = rows[day], 0.00115398, 0.00501324
        assert 14 * point.seen.pth == pytest.approx(float(row["PTH_pmol"]), rel=0.01), day
        assert point.state.mineral.plasma == pytest.approx(float(row["Ca_ECF_mmol"]), rel=0.001), day
        assert point.seen.osteoclasts * healthy_oc == pytest.approx(float(row["OC"]), rel=0.001), day
        assert point.seen.osteoblasts * healthy_ob == pytest.approx(float(row["OB"]), rel=0.001), day
        assert 14 * point.seen.calcitriol == pytest.approx(float(row["calcitriol_pmol"]), rel=0.01), day
        assert point.state.mineral.phosphate == pytest.approx(float(row["PO4_ECF_mmol"]), rel=0.01), day


def spine_density(_t, x, c, y):
    """Bone mineral density of the lumbar spine, relative, as in OpenBoneMin."""
    rate, ob, oc = 1.45e-4 * 24, body.remodelling.osteoblasts(x.remodelling), x.remodelling.osteoclasts
    return body.NO_LESIONS, [rate * (ob**0.0793 - oc**0.0679 * y[0])]


@pytest.mark.parametrize(
    ("file", "latent", "columns"),
    [
        ("BIOMD613_plus_denosumab_60mg_Q24W_x4.csv", 0, ("OC_pct", "OB_pct")),
        (
            "OpenBoneMin_denosumab_60mg_Q24W_x4.csv",
            TYPICAL.remodelling.tgf_latent_exponent,
            ("OC_pct_baseline(sCTX)", "OB_pct_baseline(BSAP)"),
        ),
    ],
    ids=["SBML", "OpenBoneMin"],
)
def test_denosumab_60_mg_every_24_weeks(shared_dir, file, latent, columns):
    """On treatment within 1 %; the SBML leaves out the exponent of latent TGF-beta that OpenBoneMin has."""
    p = published()
    p = p._replace(denosumab=OPENBONEMIN, remodelling=p.remodelling._replace(tgf_latent_exponent=latent))
    rows = {float(r["t_day"]): r for r in table(shared_dir, file)}
    found = course(
        p, sorted(rows), injections((0, 168, 336, 504), 60), extra=spine_density, extra_start=[1.0], rtol=1e-8
    )
    on_treatment, after = {}, {}
    for day, point in found.items():
        row = rows[day]
        pairs = [
            (100 * point.seen.osteoclasts, row[columns[0]]),
            (100 * point.seen.osteoblasts, row[columns[1]]),
            (point.seen.calcium_total, row["Ca_mM"]),
            (PG_PER_PMOL * point.seen.pth, row["PTH_pg_per_mL"]),
            (point.state.remodelling.rankl, row["RANKL_free"]),
            (point.state.remodelling.active_tgf, row["TGFb_act_fold"]),
            (100 * point.extra[0], 100 + float(row["LS_BMD_change_pct"])),
        ]
        # before a dose on the same day the curves hold the state after it; the first column is compared off dose days
        if day not in (0, 168, 336, 504) and day < 800:
            pairs.append((1000 * point.seen.denosumab_ug_ml, row["denosumab_ng_per_mL"]))
        where = on_treatment if day <= 672 else after
        where[day] = max(abs(a / float(b) - 1) for a, b in pairs)
    assert max(on_treatment.values()) < 0.01, on_treatment
    assert max(after.values()) < 0.015, after


def test_neutral_values_matter():
    """With the extensions on, saturating denosumab moves calcium otherwise than published."""
    dose = injections((0,), 120)
    low = {n: course(p, [0, 7], dose)[7].seen.calcium_total for n, p in (("off", published()), ("on", TYPICAL))}
    assert abs(low["on"] - low["off"]) > 0.005


def test_state_has_no_hidden_units():
    assert len(flat(body.initial_state(TYPICAL))) == 40
