"""Bone cells of the whole skeleton (Peterson & Riggs 2010, BIOMD0000000613), relative to health.

Cells and signals are written relative to their healthy values; RANK, RANKL and their complex keep their
concentrations. Left out because nothing in the published equations depends on them: free OPG and the OPG-RANKL
complex (OPG binding does not consume RANKL in the SBML, and at its affinity could not matter).

Departures, each with a neutral value that restores the published model:

- `feedback` (neutral 1) scales the exponent of osteoclast number on the release of active TGF-beta from bone;
- `reserve_size` (neutral 0): osteoclast precursors held back while RANKL is low, released when it returns;
- denosumab and bisphosphonates enter as extra losses of RANKL and of osteoclasts.
"""

from typing import Annotated, NamedTuple

from osteocast.models.functions import positive_part, positive_power, smooth_step
from osteocast.models.healthy import Healthy
from osteocast.models.response import anchored_hill


class State(NamedTuple):
    """Cells and signals of the skeleton."""

    osteoclasts: Annotated[float, "1", "osteoclasts relative to health"]
    precursors: Annotated[float, "1", "responding osteoblasts relative to health"]
    osteoblasts_fast: Annotated[float, "1", "short-lived active osteoblasts, part of the healthy total"]
    osteoblasts_slow: Annotated[float, "1", "long-lived active osteoblasts, part of the healthy total"]
    rankl: Annotated[float, "pmol/L", "free RANKL"]
    rank: Annotated[float, "pmol/L", "free RANK"]
    occupied_rank: Annotated[float, "pmol/L", "RANK-RANKL complex"]
    latent_tgf: Annotated[float, "1", "latent TGF-beta relative to health"]
    active_tgf: Annotated[float, "1", "active TGF-beta relative to health"]
    runx2: Annotated[float, "1", "RunX2 relative to health"]
    creb: Annotated[float, "1", "CREB relative to health"]
    bcl2: Annotated[float, "1", "Bcl-2 relative to health"]
    reserve: Annotated[float, "1", "osteoclast precursors held back by lack of RANKL"]


class Params(NamedTuple):
    """Constants of the bone cells."""

    healthy: Healthy
    tgf: Annotated[float, "pmol/L", "active TGF-beta in health"]
    osteoblasts: Annotated[float, "pmol/L", "active osteoblasts in health"]
    precursors: Annotated[float, "pmol/L", "responding osteoblasts in health"]
    rankl: Annotated[float, "pmol/L", "free RANKL in health"]
    rank: Annotated[float, "pmol/L", "free RANK in health"]
    fast_share: Annotated[float, "1", "share of short-lived osteoblasts"]
    osteoblast_loss: Annotated[float, "1/day", "mean loss rate of osteoblasts"]
    slow_loss_share: Annotated[float, "1", "loss rate of long-lived osteoblasts over the mean"]
    precursor_base: Annotated[float, "1", "precursor formation without TGF-beta"]
    precursor_max: Annotated[float, "pmol/L", "TGF-beta effect on precursor formation"]
    precursor_exponent: Annotated[float, "1", "its exponent"]
    maturation_base: Annotated[float, "1", "inverse maturation of precursors without TGF-beta"]
    maturation_max: Annotated[float, "pmol/L", "TGF-beta effect on it"]
    maturation_exponent: Annotated[float, "1", "its exponent"]
    osteoblast_death_start: Annotated[float, "1", "osteoblast loss without TGF-beta"]
    osteoblast_death_end: Annotated[float, "1", "osteoblast loss at high TGF-beta"]
    osteoblast_death_exponent: Annotated[float, "1", "its exponent"]
    survival_headroom: Annotated[float, "1", "ceiling of osteoblast loss over its mean"]
    survival_max: Annotated[float, "1", "ceiling of the RunX2 effect on that loss"]
    survival_exponent: Annotated[float, "1", "its exponent"]
    bcl2_threshold: Annotated[float, "1", "Bcl-2 above which RunX2 prolongs osteoblast life"]
    bcl2_kink: Annotated[float, "1", "half-width over which that switch is smoothed"]
    bcl2_gain: Annotated[float, "1", "RunX2 effect per Bcl-2 above health"]
    runx2_loss: Annotated[float, "1/day", "RunX2 loss"]
    runx2_loss_base: Annotated[float, "1/day", "RunX2 loss without PTH"]
    runx2_loss_max: Annotated[float, "1/day", "PTH effect on RunX2 loss"]
    creb_loss: Annotated[float, "1/day", "CREB loss"]
    creb_base: Annotated[float, "1", "CREB production without PTH"]
    creb_max: Annotated[float, "1", "PTH effect on CREB production"]
    bcl2_loss: Annotated[float, "1/day", "Bcl-2 loss"]
    osteoclast_rate: Annotated[float, "L/pmol/day", "osteoclast maturation and death per TGF-beta"]
    formation_base: Annotated[float, "1", "osteoclast formation without occupied RANK"]
    formation_max: Annotated[float, "1", "effect of occupied RANK on formation"]
    formation_exponent: Annotated[float, "1", "its exponent"]
    death_base: Annotated[float, "1", "osteoclast death without TGF-beta"]
    death_max: Annotated[float, "pmol/L", "TGF-beta effect on osteoclast death"]
    death_exponent: Annotated[float, "1", "its exponent"]
    survival_start: Annotated[float, "1", "osteoclast death without occupied RANK"]
    survival_end: Annotated[float, "1", "osteoclast death at high occupied RANK"]
    rank_survival_exponent: Annotated[float, "1", "its exponent"]
    rankl_loss: Annotated[float, "1/day", "RANKL loss"]
    rankl_pth_max: Annotated[float, "1", "PTH effect on RANKL production"]
    rankl_osteoblast_exponent: Annotated[float, "1", "exponent of osteoblasts on RANKL production"]
    rank_loss: Annotated[float, "1/day", "RANK loss"]
    rank_tgf_exponent: Annotated[float, "1", "exponent of TGF-beta on RANK production"]
    association: Annotated[float, "L/pmol/day", "binding of RANKL to RANK"]
    dissociation: Annotated[float, "1/day", "dissociation of RANKL from RANK"]
    tgf_release: Annotated[float, "1/day", "activation rate of latent TGF-beta"]
    tgf_loss: Annotated[float, "1/day", "loss of active TGF-beta"]
    tgf_osteoblast_exponent: Annotated[float, "1", "exponent of osteoblasts on latent TGF-beta"]
    tgf_osteoclast_exponent: Annotated[float, "1", "exponent of osteoclasts on TGF-beta release"]
    tgf_latent_exponent: Annotated[float, "1", "extra exponent of latent TGF-beta on its own release"]
    feedback: Annotated[float, "1", "strength of the TGF-beta release feedback"]
    reserve_size: Annotated[float, "1", "osteoclast formation from a full reserve"]
    reserve_rate: Annotated[float, "1/day", "filling and emptying rate of the reserve"]
    reserve_kink: Annotated[float, "1", "half-width over which the onset of filling is smoothed"]


class Drive(NamedTuple):
    """What hormones, drugs and tumour do to bone cells."""

    pth: Annotated[float, "pmol/L", "PTH and weighted PTHrP at the receptor of bone cells"]
    rankl_loss: Annotated[float, "1/day", "extra RANKL loss by denosumab"]
    osteoclast_death: Annotated[float, "1", "multiplier of osteoclast death by bisphosphonate"]
    uncoupling: Annotated[float, "1", "fraction of osteoblast-precursor formation lost"]


def osteoblasts(x: State) -> float:
    """Active osteoblasts relative to health."""
    return x.osteoblasts_fast + x.osteoblasts_slow


def occupancy(x: State, p: Params) -> float:
    """Occupied RANK relative to health."""
    return x.occupied_rank * p.dissociation / (p.association * p.rank * p.rankl)


def rank_signal(x: State, p: Params) -> float:
    """RANKL-driven part of osteoclast formation, 1 in health."""
    formation = anchored_hill(occupancy(x, p), p.formation_base, p.formation_max, p.formation_exponent)
    return (formation - p.formation_base) / (1 - p.formation_base)


def osteoclast_rate(x: State, p: Params, death: float) -> float:
    """Rate of relative osteoclast number [1/day]; `death` multiplies the death rate."""
    driven = (1 - p.formation_base) * rank_signal(x, p) * (1 + p.reserve_size * x.reserve)
    by_tgf = anchored_hill(x.active_tgf, p.death_base, p.death_max / p.tgf, p.death_exponent)
    by_rank = anchored_hill(
        occupancy(x, p), p.survival_start, p.survival_end - p.survival_start, p.rank_survival_exponent
    )
    turnover = p.osteoclast_rate * p.tgf
    return turnover * (p.formation_base + driven - x.osteoclasts * by_tgf * by_rank * death)


def osteoblast_rates(x: State, p: Params, uncoupling: float) -> tuple[float, float, float]:
    """Rates of precursors, short-lived and long-lived osteoblasts [1/day]."""
    formation = anchored_hill(x.active_tgf, p.precursor_base, p.precursor_max / p.tgf, p.precursor_exponent)
    slowing = anchored_hill(x.active_tgf, p.maturation_base, p.maturation_max / p.tgf, p.maturation_exponent)
    matured = x.precursors / slowing
    switch = smooth_step(x.bcl2, p.bcl2_threshold - p.bcl2_kink, p.bcl2_threshold + p.bcl2_kink)
    survival = 1 + p.bcl2_gain * (x.bcl2 - 1) * switch
    saved = (p.survival_headroom - 1) * anchored_hill(
        survival, 0, p.survival_headroom * p.survival_max / (p.survival_headroom - 1), p.survival_exponent
    )
    span = p.osteoblast_death_end - p.osteoblast_death_start
    death = anchored_hill(x.active_tgf, p.osteoblast_death_start, span, p.osteoblast_death_exponent)
    # relative to the mean loss rate, as `slow` and `fast` below
    mean = p.survival_headroom * death - saved
    slow = p.slow_loss_share * mean
    fast = (1 - slow * (1 - p.fast_share)) / p.fast_share
    k = p.osteoblast_loss
    precursors = k * p.osteoblasts / p.precursors * (formation * (1 - uncoupling) - matured)
    into_fast = k * matured * p.fast_share * fast / mean
    into_slow = k * matured * (1 - p.fast_share) * p.slow_loss_share
    return precursors, into_fast - k * fast * x.osteoblasts_fast, into_slow - k * slow * x.osteoblasts_slow


def rankl_production(x: State, p: Params, pth: float) -> float:
    """RANKL production relative to health."""
    number = positive_power(osteoblasts(x), p.rankl_osteoblast_exponent)
    ratio = pth / p.healthy.pth
    return number * p.rankl_pth_max * ratio / ((p.rankl_pth_max - 1) * number + ratio)


def rates(x: State, p: Params, d: Drive) -> State:
    """Rates of bone cells and their signals [relative to health or pmol/L, per day]."""
    precursors, fast, slow = osteoblast_rates(x, p, d.uncoupling)
    binding = p.association * x.rank * x.rankl - p.dissociation * x.occupied_rank
    stored = positive_power(x.latent_tgf, 1 + p.tgf_latent_exponent)
    released = stored * positive_power(x.osteoclasts, p.tgf_osteoclast_exponent * p.feedback)
    runx2_loss = p.runx2_loss * anchored_hill(
        d.pth / p.healthy.pth, p.runx2_loss_base / p.runx2_loss, p.runx2_loss_max / p.runx2_loss, 1
    )
    creb_made = anchored_hill(d.pth / p.healthy.pth, p.creb_base, p.creb_max, 1)
    signal = rank_signal(x, p)
    lack = positive_part(1 - signal - p.reserve_kink, p.reserve_kink)
    return State(
        osteoclasts=osteoclast_rate(x, p, d.osteoclast_death),
        precursors=precursors,
        osteoblasts_fast=fast,
        osteoblasts_slow=slow,
        rankl=p.rankl_loss * (p.rankl * rankl_production(x, p, d.pth) - x.rankl) - d.rankl_loss * x.rankl - binding,
        rank=p.rank_loss * (p.rank * positive_power(x.active_tgf, p.rank_tgf_exponent) - x.rank) - binding,
        occupied_rank=binding,
        latent_tgf=p.tgf_release * (positive_power(osteoblasts(x), p.tgf_osteoblast_exponent) - released),
        active_tgf=p.tgf_loss * (released - x.active_tgf),
        runx2=p.runx2_loss - runx2_loss * x.runx2,
        creb=p.creb_loss * (creb_made - x.creb),
        bcl2=p.bcl2_loss * (x.runx2 * x.creb - x.bcl2),
        reserve=p.reserve_rate * (lack * (1 - x.reserve) - signal * x.reserve),
    )


def initial_state(p: Params) -> State:
    """Bone cells of a healthy skeleton."""
    return State(
        osteoclasts=1,
        precursors=1,
        osteoblasts_fast=p.fast_share,
        osteoblasts_slow=1 - p.fast_share,
        rankl=p.rankl,
        rank=p.rank,
        occupied_rank=p.association * p.rank * p.rankl / p.dissociation,
        latent_tgf=1,
        active_tgf=1,
        runx2=1,
        creb=1,
        bcl2=1,
        reserve=0,
    )
