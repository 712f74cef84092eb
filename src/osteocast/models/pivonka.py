"""Bone cells of one remodelling site: the population model of Pivonka et al. 2008 (Bone 43:249).

Osteoblast precursors, active osteoblasts and active osteoclasts, with RANKL, OPG, PTH and TGF-beta
in quasi-steady state. Departures, each with a neutral value that restores the paper: part of
osteoblast recruitment does not need TGF-beta (`basal_recruitment` 0), and the surroundings may hold
tumour factors and drugs (`quiet` has none).
"""

from typing import Annotated, NamedTuple


class Cells(NamedTuple):
    """Cell concentrations."""

    OBp: Annotated[float, "pmol/L", "osteoblast precursors"]
    OBa: Annotated[float, "pmol/L", "active osteoblasts"]
    OCa: Annotated[float, "pmol/L", "active osteoclasts"]


class Params(NamedTuple):
    """Constants of the paper, in its symbols."""

    D_OBu: Annotated[float, "pmol/L/day", "differentiation of uncommitted osteoblast progenitors"]
    D_OBp: Annotated[float, "1/day", "differentiation of osteoblast precursors"]
    A_OBa: Annotated[float, "1/day", "loss of active osteoblasts"]
    D_OCp: Annotated[float, "pmol/L/day", "differentiation of osteoclast precursors"]
    A_OCa: Annotated[float, "1/day", "largest death rate of active osteoclasts"]
    K_TGF_OBu: Annotated[float, "pmol/L", "TGF-beta at half activation of osteoblast recruitment"]
    K_TGF_OBp: Annotated[float, "pmol/L", "TGF-beta at half repression of osteoblast differentiation"]
    K_TGF_OCa: Annotated[float, "pmol/L", "TGF-beta at half activation of osteoclast death"]
    K_PTH_RANKL: Annotated[float, "pmol/L", "PTH at half activation of RANKL presentation"]
    K_PTH_OPG: Annotated[float, "pmol/L", "PTH at half repression of OPG production"]
    K_RANKL_RANK: Annotated[float, "pmol/L", "RANKL-RANK at half activation of osteoclast formation"]
    TGF_per_OCa: Annotated[float, "1/day", "TGF-beta freed from bone per osteoclast"]
    D_TGF: Annotated[float, "1/day", "TGF-beta degradation"]
    PTH_basal: Annotated[float, "pmol/L", "PTH of the paper without injection (250 pM/day over 86 per day)"]
    OPG_per_OBa: Annotated[float, "1/day", "OPG production per active osteoblast"]
    OPG_max: Annotated[float, "pmol/L", "OPG at which production stops"]
    D_OPG: Annotated[float, "1/day", "OPG degradation"]
    RANKL_per_OBp: Annotated[float, "1", "RANKL presented per osteoblast precursor"]
    RANKL_production: Annotated[float, "pmol/L/day", "RANKL production"]
    D_RANKL: Annotated[float, "1/day", "RANKL degradation"]
    KA_OPG: Annotated[float, "L/pmol", "association of OPG and RANKL"]
    KA_RANK: Annotated[float, "L/pmol", "association of RANK and RANKL"]
    RANK: Annotated[float, "pmol/L", "RANK"]
    OBp_reference: Annotated[float, "pmol/L", "osteoblast precursors of the steady state"]
    OBa_reference: Annotated[float, "pmol/L", "active osteoblasts of the steady state"]
    OCa_reference: Annotated[float, "pmol/L", "active osteoclasts of the steady state"]
    basal_recruitment: Annotated[float, "1", "share of recruitment that needs no TGF-beta; neutral 0"]


class Surroundings(NamedTuple):
    """What acts on the cells of a site from outside."""

    pth: Annotated[float, "pmol/L", "PTH receptor agonist: PTH and PTHrP"]
    rankl_added: Annotated[float, "pmol/L/day", "RANKL production by other cells"]
    rankl_bound: Annotated[float, "1", "RANKL caught by a drug, as concentration times association"]
    opg_added: Annotated[float, "pmol/L/day", "OPG production by other cells"]
    tgf_added: Annotated[float, "pmol/L/day", "TGF-beta from other sources"]
    recruitment: Annotated[float, "1", "multiplier of osteoblast recruitment"]
    osteoblast_loss: Annotated[float, "1", "multiplier of osteoblast loss"]
    osteoclast_death: Annotated[float, "1", "multiplier of osteoclast death"]


def quiet(p: Params) -> Surroundings:
    """Surroundings of healthy bone: the paper's PTH and nothing else."""
    none = 0 * p.PTH_basal * p.D_OPG
    return Surroundings(
        pth=p.PTH_basal,
        rankl_added=none,
        rankl_bound=0,
        opg_added=none,
        tgf_added=none,
        recruitment=1,
        osteoblast_loss=1,
        osteoclast_death=1,
    )


def tgf_beta(OCa: float, added: float, p: Params) -> float:
    """TGF-beta [pmol/L] freed by osteoclasts and `added` [pmol/L/day] from elsewhere."""
    return (p.TGF_per_OCa * OCa + added) / p.D_TGF


def bound_rank(x: Cells, p: Params, u: Surroundings) -> float:
    """RANKL bound to RANK [pmol/L], the signal that forms osteoclasts."""
    opg_made = p.OPG_per_OBa * x.OBa * p.K_PTH_OPG / (u.pth + p.K_PTH_OPG)
    opg = (opg_made + u.opg_added) * p.OPG_max / (opg_made + p.D_OPG * p.OPG_max)
    presented = p.RANKL_per_OBp * x.OBp * u.pth / (u.pth + p.K_PTH_RANKL)
    produced = p.RANKL_production + u.rankl_added
    filled = produced / (p.RANKL_production + p.D_RANKL * presented)
    free = presented * filled / (1 + p.KA_OPG * opg + p.KA_RANK * p.RANK + u.rankl_bound)
    return p.KA_RANK * free * p.RANK


def rates(x: Cells, p: Params, u: Surroundings) -> Cells:
    """Rates of change of the three cell populations [pmol/L/day]."""
    tgf = tgf_beta(x.OCa, u.tgf_added, p)
    tgf_reference = tgf_beta(p.OCa_reference, 0 * u.tgf_added, p)
    driven = tgf / (tgf + p.K_TGF_OBu)
    basal = tgf_reference / (tgf_reference + p.K_TGF_OBu)
    recruited = p.D_OBu * u.recruitment * ((1 - p.basal_recruitment) * driven + p.basal_recruitment * basal)
    matured = p.D_OBp * x.OBp * p.K_TGF_OBp / (tgf + p.K_TGF_OBp)
    signal = bound_rank(x, p, u)
    formed = p.D_OCp * signal / (signal + p.K_RANKL_RANK)
    dying = p.A_OCa * u.osteoclast_death * tgf / (tgf + p.K_TGF_OCa)
    return Cells(
        OBp=recruited - matured,
        OBa=matured - p.A_OBa * u.osteoblast_loss * x.OBa,
        OCa=formed - dying * x.OCa,
    )
