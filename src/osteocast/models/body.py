"""The body: mineral, hormones, kidney, bone cells, drugs and markers, coupled.

Peterson & Riggs 2010 (BIOMD0000000613) with the extension that malignant hypercalcaemia needs (PTHrP, uncoupling,
extracellular volume, kidney feedback, lesion calcium inside one mass budget), denosumab and bisphosphonate.
"""

from typing import Annotated, NamedTuple

from osteocast.models import (
    bisphosphonate,
    denosumab,
    fluid,
    hormones,
    kidney,
    malignancy,
    markers,
    mineral,
    remodelling,
)
from osteocast.models.coupling import Exports, Signals

NO_LESIONS = Exports(0, 0, 0, 0, 0, 0)


class State(NamedTuple):
    """States of the body."""

    mineral: mineral.State
    hormones: hormones.State
    remodelling: remodelling.State
    fluid: fluid.State
    malignancy: malignancy.State
    denosumab: denosumab.State
    bisphosphonate: bisphosphonate.State
    markers: markers.State
    systemic_kill: Annotated[float, "1/day", "tumour kill rate of the systemic anticancer therapy"]


class Params(NamedTuple):
    """Parameters of the body, one data file for each field."""

    mineral: mineral.Params
    hormones: hormones.Params
    kidney: kidney.Params
    remodelling: remodelling.Params
    fluid: fluid.Params
    malignancy: malignancy.Params
    denosumab: denosumab.Params
    bisphosphonate: bisphosphonate.Params
    markers: markers.Params


class Controls(NamedTuple):
    """Inputs held constant between dated changes."""

    saline: Annotated[float, "L/day", "isotonic fluid infused"]
    oral_calcium: Annotated[float, "1", "calcium intake relative to the typical one"]
    bisphosphonate_infusion: Annotated[float, "mg/day", "zoledronate equivalents into plasma"]
    resistance_rate: Annotated[float, "1/day", "decay of the systemic anticancer kill"]


class Observables(NamedTuple):
    """What a laboratory or a figure shows of the body."""

    calcium_total: Annotated[float, "mmol/L", "total plasma calcium"]
    phosphate: Annotated[float, "mmol/L", "plasma phosphate"]
    pth: Annotated[float, "pmol/L", "plasma PTH"]
    calcitriol: Annotated[float, "pmol/L", "plasma calcitriol"]
    pthrp: Annotated[float, "pmol/L", "plasma PTHrP"]
    gfr: Annotated[float, "mL/min", "glomerular filtration rate"]
    volume: Annotated[float, "1", "extracellular volume relative to health"]
    untx_ratio: Annotated[float, "1", "uNTx relative to the person's healthy value"]
    ctx_ratio: Annotated[float, "1", "CTX relative to the person's healthy value"]
    bone_alp_ratio: Annotated[float, "1", "bone ALP relative to the person's healthy value"]
    osteoclasts: Annotated[float, "1", "osteoclasts of the skeleton relative to health"]
    osteoblasts: Annotated[float, "1", "active osteoblasts of the skeleton relative to health"]
    denosumab_ug_ml: Annotated[float, "mg/L", "plasma denosumab"]
    zoledronate_plasma_ng_ml: Annotated[float, "ug/L", "plasma bisphosphonate, zoledronate equivalents"]
    urine_calcium: Annotated[float, "mmol/day", "urinary calcium"]


class Plasma(NamedTuple):
    """Concentrations shared by the parts."""

    calcium: Annotated[float, "mmol/L", "total plasma calcium"]
    phosphate: Annotated[float, "mmol/L", "plasma phosphate"]
    bone_pth: Annotated[float, "pmol/L", "PTH and weighted PTHrP at the receptor of bone cells"]
    tubule_pthrp: Annotated[float, "pmol/L", "weighted PTHrP at the tubule"]
    calcium_effect: Annotated[float, "1", "effect of high calcium on the kidney"]


def plasma(x: State, p: Params) -> Plasma:
    """Concentrations shared by the parts."""
    calcium = mineral.calcium_concentration(x.mineral, p.mineral, x.fluid.volume)
    pthrp = x.malignancy.pthrp
    return Plasma(
        calcium=calcium,
        phosphate=mineral.phosphate_concentration(x.mineral, p.mineral, x.fluid.volume),
        bone_pth=x.hormones.pth + p.malignancy.bone_weight * pthrp,
        tubule_pthrp=p.malignancy.tubule_weight * pthrp,
        calcium_effect=fluid.calcium_effect(p.fluid, calcium),
    )


def kidney_drive(x: State, b: Plasma) -> kidney.Drive:
    """What the kidney sees of the plasma."""
    return kidney.Drive(
        calcium=b.calcium,
        phosphate=b.phosphate,
        pth=x.hormones.pth + b.tubule_pthrp,
        pthrp=b.tubule_pthrp,
        calcitriol=x.hormones.calcitriol,
        volume=x.fluid.volume,
        concentrating_loss=b.calcium_effect,
    )


def mineral_drive(x: State, p: Params, b: Plasma, oral_calcium: float) -> mineral.Drive:
    """What the rest of the body does to mineral."""
    seen = kidney_drive(x, b)
    occupancy = remodelling.occupancy(x.remodelling, p.remodelling)
    return mineral.Drive(
        volume=x.fluid.volume,
        calcitriol=x.hormones.calcitriol,
        pth_ratio=b.bone_pth / p.hormones.healthy.pth,
        release=mineral.osteoclast_release(p.mineral, x.remodelling.osteoclasts, occupancy),
        osteoblasts=remodelling.osteoblasts(x.remodelling),
        uncoupling=malignancy.uncoupled_fraction(p.malignancy, x.malignancy.pthrp),
        oral_calcium=oral_calcium,
        urine_calcium=kidney.urine_calcium(p.kidney, seen),
        urine_phosphate=kidney.urine_phosphate(p.kidney, seen),
    )


def rates(x: State, p: Params, e: Exports, c: Controls) -> State:
    """Rates of the body [per day] with lesion fluxes `e` and inputs `c`."""
    b = plasma(x, p)
    gfr = kidney.filtration(p.kidney, x.fluid.volume, b.calcium_effect)
    cells = remodelling.Drive(
        pth=b.bone_pth,
        rankl_loss=denosumab.rankl_loss(x.denosumab, p.denosumab),
        osteoclast_death=bisphosphonate.osteoclast_death(x.bisphosphonate, p.bisphosphonate),
        uncoupling=malignancy.uncoupled_fraction(p.malignancy, x.malignancy.pthrp),
    )
    osteoclasts = x.remodelling.osteoclasts
    hydroxylase_pth = x.hormones.pth + p.malignancy.hydroxylase_weight * x.malignancy.pthrp
    return State(
        mineral=mineral.rates(x.mineral, p.mineral, mineral_drive(x, p, b, c.oral_calcium), e),
        hormones=hormones.rates(x.hormones, p.hormones, b.calcium, b.phosphate, hydroxylase_pth),
        remodelling=remodelling.rates(x.remodelling, p.remodelling, cells),
        fluid=fluid.rates(x.fluid, p.fluid, b.calcium, c.saline),
        malignancy=malignancy.rates(x.malignancy, p.malignancy, e.tumour_volume),
        denosumab=denosumab.rates(x.denosumab, p.denosumab),
        bisphosphonate=bisphosphonate.rates(
            x.bisphosphonate, p.bisphosphonate, c.bisphosphonate_infusion, gfr, osteoclasts
        ),
        markers=markers.rates(
            x.markers,
            p.markers,
            osteoclasts + e.resorption,
            remodelling.osteoblasts(x.remodelling) + e.formation,
        ),
        systemic_kill=-c.resistance_rate * x.systemic_kill,
    )


def signals(x: State, p: Params, c: Controls) -> Signals:
    """What the body tells every lesion."""
    return Signals(
        pth=x.hormones.pth + p.malignancy.bone_weight * x.malignancy.pthrp,
        denosumab=denosumab.molar_concentration(x.denosumab, p.denosumab),
        bisphosphonate_effect=bisphosphonate.osteoclast_death(x.bisphosphonate, p.bisphosphonate),
        systemic_kill=x.systemic_kill,
        calcium=mineral.calcium_concentration(x.mineral, p.mineral, x.fluid.volume),
    )


def observables(x: State, p: Params, e: Exports, c: Controls) -> Observables:
    """What a laboratory or a figure shows of the body."""
    b = plasma(x, p)
    return Observables(
        calcium_total=b.calcium,
        phosphate=b.phosphate,
        pth=x.hormones.pth,
        calcitriol=x.hormones.calcitriol,
        pthrp=x.malignancy.pthrp,
        gfr=kidney.filtration(p.kidney, x.fluid.volume, b.calcium_effect),
        volume=x.fluid.volume,
        untx_ratio=x.markers.untx,
        ctx_ratio=x.markers.ctx,
        bone_alp_ratio=x.markers.bone_alp,
        osteoclasts=x.remodelling.osteoclasts,
        osteoblasts=remodelling.osteoblasts(x.remodelling),
        denosumab_ug_ml=denosumab.concentration(x.denosumab, p.denosumab),
        zoledronate_plasma_ng_ml=1000 * bisphosphonate.plasma_concentration(x.bisphosphonate, p.bisphosphonate),
        urine_calcium=kidney.urine_calcium(p.kidney, kidney_drive(x, b)),
    )


def initial_state(p: Params) -> State:
    """Healthy state: the steady state of the typical parameters.

    With another filtration rate, calcium intake, vitamin D supply or a tumour the steady state differs, and the
    body has to settle before a course begins.
    """
    return State(
        mineral=mineral.initial_state(p.mineral),
        hormones=hormones.initial_state(p.hormones),
        remodelling=remodelling.initial_state(p.remodelling),
        fluid=fluid.initial_state(),
        malignancy=malignancy.initial_state(p.malignancy),
        denosumab=denosumab.initial_state(),
        bisphosphonate=bisphosphonate.initial_state(),
        markers=markers.initial_state(),
        systemic_kill=0,
    )
