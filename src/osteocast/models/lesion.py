"""One bone metastasis: bone cells, tumour, bone inside the lesion, its size and its epidural reach.

Bone cells follow Pivonka 2008 (`models/pivonka.py`); tumour factors and drugs act on them. Tumour
grows by Gompertz's law, faster where osteoclasts free growth factors from bone, and is killed by
systemic therapy and radiotherapy; where it dies, repair recruits osteoblasts. Bone volume balances
formation and resorption on the remaining surface. A lesion never shrinks: when tumour dies the hole
stays and heals, if at all, through its bone content.

Mass: lesion volume is V = capacity_volume extent^3 and its calcium M = calcium_content V bone.
Growth takes in normal bone (bone = 1), so the rate of `bone` carries (1 - bone) V'/V and dM/dt =
invaded - released + taken exactly.

Counted lesions stand for wider disease of the marrow around them. Its bone is turned over by the same cells and is
bone of the skeleton: `marrow_yield` times the lesion's release and formation pass between skeleton and plasma.
"""

from typing import Annotated, NamedTuple

from osteocast.models import pivonka
from osteocast.models.coupling import Exports, Signals
from osteocast.models.functions import log, positive_part, positive_power, smooth_step


class State(NamedTuple):
    """State of one lesion."""

    OBp: Annotated[float, "pmol/L", "osteoblast precursors"]
    OBa: Annotated[float, "pmol/L", "active osteoblasts"]
    OCa: Annotated[float, "pmol/L", "active osteoclasts"]
    tumour: Annotated[float, "1", "tumour burden as a fraction of local capacity"]
    bone: Annotated[float, "1", "bone volume inside the lesion relative to normal bone of that site"]
    woven: Annotated[float, "1", "share of the bone inside the lesion that is woven"]
    extent: Annotated[float, "1", "lesion diameter over section width, largest so far"]
    epidural: Annotated[float, "1", "reach into the spinal canal; the cord is compressed at 1"]
    rt_kill: Annotated[float, "1/day", "tumour kill rate left from radiotherapy"]


class Params(NamedTuple):
    """Constants of a lesion; `pivonka` holds those of the bone cells."""

    pivonka: pivonka.Params
    growth: Annotated[float, "1/day", "Gompertz growth rate"]
    feedback: Annotated[float, "1", "gain of tumour growth on freed growth factors; neutral 0"]
    systemic_sensitivity: Annotated[float, "1", "systemic kill reaching this lesion; neutral 0"]
    rt_decay: Annotated[float, "1/day", "decay of the kill rate after radiotherapy"]
    seed_size: Annotated[float, "1", "tumour burden of a fresh micrometastasis"]
    pthrp: Annotated[float, "pmol/L", "local PTHrP at full tumour burden; neutral 0"]
    rankl: Annotated[float, "pmol/L/day", "RANKL production added at full tumour burden; neutral 0"]
    dickkopf: Annotated[float, "1", "brake on osteoblast recruitment (DKK1) at full burden; neutral 0"]
    wnt: Annotated[float, "1", "drive of osteoblast recruitment (Wnt, ET-1) at full burden; neutral 0"]
    osteoblast_death: Annotated[float, "1", "added osteoblast loss at full burden; neutral 0"]
    woven_drive: Annotated[float, "1", "share of new bone that is woven per tumour burden; neutral 0"]
    repair: Annotated[float, "day", "drive of osteoblast recruitment per rate of tumour death; neutral 0"]
    pth_reference: Annotated[float, "pmol/L", "PTH of a healthy person in the body model"]
    denosumab_association: Annotated[float, "L/nmol", "association of denosumab with lesion RANKL; neutral 0"]
    bisphosphonate_gain: Annotated[float, "1", "drug-caused osteoclast death here over the body's; neutral 0"]
    calcium_reference: Annotated[float, "mmol/L", "plasma calcium of a healthy person"]
    mineralisation_calcium: Annotated[float, "mmol/L", "calcium at half mineralisation; neutral 0"]
    turnover: Annotated[float, "1/day", "bone turnover of a lesion at normal cell numbers"]
    bone_max: Annotated[float, "1", "bone volume at which no marrow space is left, relative to normal"]
    woven_maturation: Annotated[float, "1/day", "conversion of woven into lamellar bone"]
    woven_smoothing: Annotated[float, "1", "width over which the woven share of new bone is capped at 1"]
    extent_max: Annotated[float, "1", "extent at full tumour burden"]
    extent_follow: Annotated[float, "1/day", "rate at which extent follows tumour growth"]
    extent_smoothing: Annotated[float, "1", "width over which the running maximum of extent is rounded"]
    epidural_growth: Annotated[float, "1/day", "epidural growth at full burden; 0 off the spine; neutral 0"]
    epidural_exponent: Annotated[float, "1", "exponent of epidural growth on osteoclasts; neutral 0"]
    epidural_threshold: Annotated[float, "1/day", "net tumour growth rate at which epidural growth is full"]
    capacity_volume: Annotated[float, "mL", "volume of a lesion of extent 1"]
    calcium_content: Annotated[float, "mmol/mL", "calcium of normal bone with its marrow space"]
    skeleton_resorption: Annotated[float, "mmol/day", "calcium freed by a healthy skeleton's osteoclasts"]
    marrow_yield: Annotated[float, "1", "calcium turned over by marrow disease around it, per lesion's own; neutral 0"]
    marker_yield: Annotated[float, "1", "resorption marker per calcium freed, against the skeleton; neutral 1"]
    formation_yield: Annotated[float, "1", "formation marker per calcium laid down, against the skeleton; neutral 1"]


class Phenotype(NamedTuple):
    """Tumour factors of one lesion, named as the fields of `Params` they fill."""

    pthrp: Annotated[float, "pmol/L", "local PTHrP at full tumour burden"]
    rankl: Annotated[float, "pmol/L/day", "RANKL production added at full tumour burden"]
    dickkopf: Annotated[float, "1", "brake on osteoblast recruitment at full burden"]
    wnt: Annotated[float, "1", "drive of osteoblast recruitment at full burden"]
    osteoblast_death: Annotated[float, "1", "added osteoblast loss at full burden"]
    woven_drive: Annotated[float, "1", "share of new bone that is woven per tumour burden"]


class PhenotypeParams(NamedTuple):
    """Ends of the axis from lytic to sclerotic, and of osteoblast suppression in myeloma."""

    pthrp_lytic: Annotated[float, "pmol/L", "local PTHrP of a purely lytic lesion at full burden"]
    pthrp_decline: Annotated[float, "1", "share of PTHrP missing in a purely sclerotic lesion"]
    rankl_lytic: Annotated[float, "pmol/L/day", "RANKL production of a purely lytic lesion at full burden"]
    dickkopf_lytic: Annotated[float, "1", "DKK1 brake of a purely lytic lesion at full burden"]
    wnt_sclerotic: Annotated[float, "1", "Wnt and ET-1 drive of a purely sclerotic lesion at full burden"]
    woven_base: Annotated[float, "1", "woven drive of a purely lytic lesion"]
    woven_sclerotic: Annotated[float, "1", "woven drive added in a purely sclerotic lesion"]
    dickkopf_myeloma: Annotated[float, "1", "DKK1 brake added by full osteoblast suppression"]
    osteoblast_death_myeloma: Annotated[float, "1", "osteoblast loss added by full osteoblast suppression"]


class Activity(NamedTuple):
    """Cell activity and bone fluxes of a lesion."""

    osteoclasts: Annotated[float, "1", "active osteoclasts relative to normal bone"]
    osteoblasts: Annotated[float, "1", "active osteoblasts relative to normal bone"]
    formation: Annotated[float, "1/day", "bone formed, normal bone volumes per lesion volume"]
    resorption: Annotated[float, "1/day", "bone resorbed, normal bone volumes per lesion volume"]
    net_growth: Annotated[float, "1/day", "relative growth rate of tumour"]
    extent_rate: Annotated[float, "1/day", "growth rate of extent"]


def phenotype(theta: float, p: PhenotypeParams, suppression: float = 0) -> Phenotype:
    """Tumour factors on the axis from lytic (`theta` 0) over mixed to sclerotic (1).

    Parameters
    ----------
    theta : float [1]
        Place on the axis.
    p : PhenotypeParams
    suppression : float [1]
        Osteoblast suppression of myeloma, 0 (solid tumours) to 1.
    """
    lytic = 1 - theta
    return Phenotype(
        pthrp=p.pthrp_lytic * (1 - p.pthrp_decline * theta),
        rankl=p.rankl_lytic * lytic,
        dickkopf=p.dickkopf_lytic * lytic + p.dickkopf_myeloma * suppression,
        wnt=p.wnt_sclerotic * theta,
        osteoblast_death=p.osteoblast_death_myeloma * suppression,
        woven_drive=p.woven_base + p.woven_sclerotic * theta,
    )


def initial_state(p: Params) -> State:
    """Return a freshly seeded micrometastasis in bone that is still normal."""
    cells = p.pivonka
    return State(
        OBp=cells.OBp_reference,
        OBa=cells.OBa_reference,
        OCa=cells.OCa_reference,
        tumour=p.seed_size,
        bone=1,
        woven=0,
        extent=p.extent_max * positive_power(p.seed_size, 1 / 3),
        epidural=0,
        rt_kill=0 * p.rt_decay,
    )


def kill(x: State, p: Params, s: Signals) -> float:
    """Kill rate of tumour [1/day] by systemic therapy and radiotherapy."""
    return p.systemic_sensitivity * s.systemic_kill + x.rt_kill


def repair_drive(x: State, p: Params, s: Signals) -> float:
    """Osteoblast recruitment added where tumour dies, relative to normal."""
    return p.repair * kill(x, p, s) * x.tumour


def surroundings(x: State, p: Params, s: Signals) -> pivonka.Surroundings:
    """What tumour, hormones and drugs do to the bone cells of the lesion."""
    still = pivonka.quiet(p.pivonka)
    return still._replace(
        pth=p.pivonka.PTH_basal * s.pth / p.pth_reference + p.pthrp * x.tumour,
        rankl_added=p.rankl * x.tumour,
        rankl_bound=p.denosumab_association * s.denosumab,
        recruitment=(1 + p.wnt * x.tumour + repair_drive(x, p, s)) / (1 + p.dickkopf * x.tumour),
        osteoblast_loss=1 + p.osteoblast_death * x.tumour,
        osteoclast_death=1 + p.bisphosphonate_gain * (s.bisphosphonate_effect - 1),
    )


def growth_factors(osteoclasts: float) -> float:
    """Freed growth factors relative to normal bone: near 1 their logarithm, bounded by -2 and 2 (Pade)."""
    return 2 * (osteoclasts - 1) / (osteoclasts + 1)


def activity(x: State, p: Params, s: Signals) -> Activity:
    """Cell activity, bone fluxes and growth rates of a lesion."""
    osteoclasts = x.OCa / p.pivonka.OCa_reference
    osteoblasts = x.OBa / p.pivonka.OBa_reference
    room = (p.bone_max - x.bone) / (p.bone_max - 1)
    mineral = s.calcium / (s.calcium + p.mineralisation_calcium)
    mineral_reference = p.calcium_reference / (p.calcium_reference + p.mineralisation_calcium)
    fed = 1 + p.feedback * growth_factors(osteoclasts)
    reached = p.extent_max * positive_power(x.tumour, 1 / 3)
    return Activity(
        osteoclasts=osteoclasts,
        osteoblasts=osteoblasts,
        formation=p.turnover * osteoblasts * room * mineral / mineral_reference,
        resorption=p.turnover * osteoclasts * x.bone,
        net_growth=p.growth * fed * (-log(x.tumour)) - kill(x, p, s),
        extent_rate=p.extent_follow * positive_part(reached - x.extent, p.extent_smoothing),
    )


def rates(x: State, p: Params, s: Signals) -> State:
    """Rates of change of one lesion, each in its state's unit per day."""
    cells = pivonka.rates(pivonka.Cells(x.OBp, x.OBa, x.OCa), p.pivonka, surroundings(x, p, s))
    a = activity(x, p, s)
    invaded = 3 * a.extent_rate / x.extent
    healing = repair_drive(x, p, s)
    callus = healing / (1 + p.wnt * x.tumour + healing)
    woven_target = 1 - positive_part(1 - p.woven_drive * x.tumour - callus, p.woven_smoothing)
    spreading = smooth_step(a.net_growth / p.epidural_threshold, 0, 1)
    return State(
        OBp=cells.OBp,
        OBa=cells.OBa,
        OCa=cells.OCa,
        tumour=x.tumour * a.net_growth,
        bone=a.formation - a.resorption + (1 - x.bone) * invaded,
        woven=a.formation / x.bone * (woven_target - x.woven)
        - p.woven_maturation * x.woven
        - x.woven * invaded / x.bone,
        extent=a.extent_rate,
        epidural=p.epidural_growth * x.tumour * positive_power(a.osteoclasts, p.epidural_exponent) * spreading,
        rt_kill=-p.rt_decay * x.rt_kill,
    )


def exports(x: State, p: Params, s: Signals) -> Exports:
    """What the lesion gives to the body; calcium terms close the lesion's mass balance exactly.

    What the marrow around it loses on balance leaves the skeleton with the invaded bone.
    """
    a = activity(x, p, s)
    volume = p.capacity_volume * x.extent**3
    calcium = p.calcium_content * volume
    released = calcium * a.resorption
    taken = calcium * a.formation
    whole = 1 + p.marrow_yield
    return Exports(
        calcium_invaded=calcium * 3 * a.extent_rate / x.extent + p.marrow_yield * (released - taken),
        calcium_released=whole * released,
        calcium_taken=whole * taken,
        resorption=p.marker_yield * whole * released / p.skeleton_resorption,
        formation=p.formation_yield * whole * taken / p.skeleton_resorption,
        tumour_volume=p.capacity_volume * p.extent_max**3 * x.tumour,
    )


def calcium_mass(x: State, p: Params) -> float:
    """Calcium held by the lesion [mmol]."""
    return p.calcium_content * p.capacity_volume * x.extent**3 * x.bone
