"""Calcium and phosphate: gut, plasma, the two bone pools (Peterson & Riggs 2010, BIOMD0000000613).

Departures from the published model, each with a neutral value that restores it:

- plasma concentrations follow the extracellular volume;
- the exchange efflux depends on the exchangeable pool (`efflux_exponent`, neutral 0), so that a drained pool
  pushes back; the published efflux is constant;
- osteoclast release and mineral deposition act on the skeleton pool (`skeleton_share`, neutral 0) and no longer
  on the exchangeable pool;
- the exchange between the pools is faster (`exchange_factor`, neutral 1) and follows PTH
  (`exchange_pth_exponent`, neutral 0);
- lesions take calcium from the skeleton, release it to plasma and lay it down from plasma.

Every calcium term is a transfer between two pools, an oral intake or a urinary loss, so mass is conserved.
"""

from typing import Annotated, NamedTuple

from osteocast.models.coupling import Exports
from osteocast.models.functions import positive_power
from osteocast.models.healthy import Healthy
from osteocast.models.response import anchored_hill


class State(NamedTuple):
    """Pools of calcium and phosphate, and the two slow gut and bone variables."""

    plasma: Annotated[float, "mmol", "calcium in extracellular fluid"]
    gut: Annotated[float, "mmol", "absorbable calcium in the gut"]
    absorption: Annotated[float, "1", "calcitriol-driven absorption capacity of the gut, 0 to 1"]
    exchangeable: Annotated[float, "mmol", "immediately exchangeable calcium of bone"]
    skeleton: Annotated[float, "mmol", "calcium of the skeleton not immediately exchangeable"]
    mineralisation: Annotated[float, "1", "hydroxyapatite-forming capacity relative to health"]
    phosphate: Annotated[float, "mmol", "phosphate in extracellular fluid"]
    gut_phosphate: Annotated[float, "mmol", "phosphate in the gut"]
    cell_phosphate: Annotated[float, "mmol", "intracellular phosphate"]


class Params(NamedTuple):
    """Constants of mineral exchange."""

    healthy: Healthy
    bone_turnover: Annotated[float, "mmol/day", "calcium exchanged between plasma and bone in health"]
    exchangeable: Annotated[float, "mmol", "exchangeable calcium of bone in health"]
    skeleton: Annotated[float, "mmol", "skeleton calcium in health"]
    exchange_rate: Annotated[float, "1/day", "transfer from skeleton to exchangeable pool"]
    exchange_factor: Annotated[float, "1", "speed of that exchange relative to the published model"]
    exchange_pth_exponent: Annotated[float, "1", "exponent of PTH on that exchange"]
    efflux_exponent: Annotated[float, "1", "exponent of the exchangeable pool on its own efflux"]
    skeleton_share: Annotated[float, "1", "share of cell-driven fluxes that acts on the skeleton pool"]
    osteoclast_share: Annotated[float, "1", "osteoclast-driven share of calcium release in health"]
    osteoclast_max: Annotated[float, "1/day", "ceiling of osteoclast-driven release per exchangeable calcium"]
    osteoclast_exponent: Annotated[float, "1", "exponent of osteoclast number on release"]
    occupancy_exponent: Annotated[float, "1", "exponent of occupied RANK per osteoclast on release"]
    mineral_share: Annotated[float, "1", "mineral-forming share of calcium uptake by bone in health"]
    mineral_residence: Annotated[float, "day", "residence time of the mineral-forming capacity"]
    phosphate_per_calcium: Annotated[float, "1", "phosphate moved with each calcium of bone"]
    oral_calcium: Annotated[float, "mmol/day", "calcium intake"]
    intake_max: Annotated[float, "1", "ceiling of the absorbable fraction of intake"]
    intake_half: Annotated[float, "1", "absorption capacity at half of that ceiling"]
    intake_exponent: Annotated[float, "1", "exponent of absorption capacity on intake"]
    absorption_max: Annotated[float, "mmol/day", "ceiling of active absorption"]
    absorption_flux: Annotated[float, "mmol/day", "active absorption at the reference gut content"]
    absorption_content: Annotated[float, "mmol", "reference gut content"]
    absorption_half: Annotated[float, "mmol", "gut content at half saturation"]
    absorption_passive: Annotated[float, "1/day", "passive absorption"]
    capacity_low: Annotated[float, "1/day", "rate of change of absorption capacity without calcitriol"]
    capacity_high: Annotated[float, "1/day", "rate of change of absorption capacity, calcitriol-saturated"]
    capacity_half: Annotated[float, "pmol/L", "calcitriol at half effect on absorption capacity"]
    oral_phosphate: Annotated[float, "mmol/day", "phosphate intake"]
    phosphate_fraction: Annotated[float, "1", "absorbed fraction of phosphate intake"]
    phosphate_absorption: Annotated[float, "1/day", "phosphate absorption rate"]
    phosphate_into_cells: Annotated[float, "L/day", "phosphate uptake clearance of cells"]
    phosphate_from_cells: Annotated[float, "1/day", "phosphate release rate of cells"]
    gut_start: Annotated[float, "mmol", "gut calcium at the start"]
    gut_phosphate_start: Annotated[float, "mmol", "gut phosphate at the start"]
    cell_phosphate_start: Annotated[float, "mmol", "cell phosphate at the start"]


class Drive(NamedTuple):
    """What the rest of the body does to mineral."""

    volume: Annotated[float, "1", "extracellular volume relative to health"]
    calcitriol: Annotated[float, "pmol/L", "plasma calcitriol"]
    pth_ratio: Annotated[float, "1", "PTH-receptor drive of bone relative to health"]
    release: Annotated[float, "1", "osteoclast-driven calcium release relative to health"]
    osteoblasts: Annotated[float, "1", "active osteoblasts relative to health"]
    uncoupling: Annotated[float, "1", "fraction of mineral formation lost to uncoupling"]
    oral_calcium: Annotated[float, "1", "calcium intake relative to the typical one"]
    urine_calcium: Annotated[float, "mmol/day", "urinary calcium"]
    urine_phosphate: Annotated[float, "mmol/day", "urinary phosphate"]


class Fluxes(NamedTuple):
    """Calcium fluxes between pools."""

    gut_intake: Annotated[float, "mmol/day", "intake that becomes absorbable"]
    absorbed: Annotated[float, "mmol/day", "gut to plasma"]
    exchange_out: Annotated[float, "mmol/day", "exchangeable pool to plasma"]
    exchange_in: Annotated[float, "mmol/day", "plasma to exchangeable pool"]
    resorbed: Annotated[float, "mmol/day", "osteoclast-driven release to plasma"]
    formed: Annotated[float, "mmol/day", "mineral formation out of plasma"]
    mobilised: Annotated[float, "mmol/day", "skeleton to exchangeable pool"]
    stored: Annotated[float, "mmol/day", "exchangeable pool to skeleton"]


def calcium_concentration(x: State, p: Params, volume: float) -> float:
    """Total plasma calcium [mmol/L] at the relative extracellular volume."""
    return x.plasma / (p.healthy.volume * volume)


def phosphate_concentration(x: State, p: Params, volume: float) -> float:
    """Plasma phosphate [mmol/L] at the relative extracellular volume."""
    return x.phosphate / (p.healthy.volume * volume)


def osteoclast_release(p: Params, osteoclasts: float, occupancy: float) -> float:
    """Osteoclast-driven calcium release relative to health (J14OCdepend of the published model).

    Parameters
    ----------
    osteoclasts, occupancy : float
        Osteoclast number and occupied RANK, both relative to health.
    """
    ceiling = p.osteoclast_max * p.exchangeable / p.bone_turnover
    by_number = anchored_hill(osteoclasts, 0, ceiling, p.osteoclast_exponent)
    return by_number * positive_power(occupancy / osteoclasts, p.occupancy_exponent)


def active_absorption(x: State, p: Params) -> float:
    """Calcium flux from gut to plasma [mmol/day] (J40 of the published model)."""
    half = (p.absorption_max - p.absorption_flux) * p.absorption_content / p.absorption_flux
    capacity = p.absorption_max * x.gut / (x.gut + half) * 2 * x.absorption
    return capacity * x.gut / (x.gut + p.absorption_half) + p.absorption_passive * x.gut


def fluxes(x: State, p: Params, d: Drive) -> Fluxes:
    """Calcium fluxes (J14, J15, J14a, J15a, J40 of the published model with the departures above)."""
    reach = positive_power(x.absorption, p.intake_exponent)
    half = positive_power(p.intake_half, p.intake_exponent)
    ratio = x.exchangeable / p.exchangeable
    calcium_ratio = calcium_concentration(x, p, d.volume) / p.healthy.calcium
    exchange = p.exchange_rate * p.exchange_factor * p.skeleton
    return Fluxes(
        gut_intake=d.oral_calcium * p.oral_calcium * p.intake_max * reach / (reach + half),
        absorbed=active_absorption(x, p),
        exchange_out=p.bone_turnover * (1 - p.osteoclast_share) * positive_power(ratio, p.efflux_exponent),
        exchange_in=p.bone_turnover * (1 - p.mineral_share) * calcium_ratio,
        resorbed=p.bone_turnover * p.osteoclast_share * d.release,
        formed=p.bone_turnover * p.mineral_share * x.mineralisation * calcium_ratio,
        mobilised=exchange * x.skeleton / p.skeleton * positive_power(d.pth_ratio, p.exchange_pth_exponent),
        stored=exchange * ratio,
    )


def rates(x: State, p: Params, d: Drive, e: Exports) -> State:
    """Rates of the mineral pools [mmol/day]; lesion fluxes `e` are part of the same budget."""
    f = fluxes(x, p, d)
    out = f.exchange_out + f.resorbed
    into = f.exchange_in + f.formed
    cell_uptake = p.phosphate_into_cells * phosphate_concentration(x, p, d.volume)
    cell_release = p.phosphate_from_cells * x.cell_phosphate
    absorbed_phosphate = p.phosphate_absorption * x.gut_phosphate
    bone_phosphate = p.phosphate_per_calcium * (out - into + e.calcium_released - e.calcium_taken)
    span = p.capacity_high - p.capacity_low
    rise = p.capacity_low + span * d.calcitriol / (p.capacity_half + d.calcitriol)
    fall = p.capacity_high - span * d.calcitriol / (p.capacity_half + d.calcitriol)
    own = 1 - p.skeleton_share
    return State(
        plasma=f.absorbed + out - into - d.urine_calcium + e.calcium_released - e.calcium_taken,
        gut=f.gut_intake - f.absorbed,
        absorption=rise * (1 - x.absorption) - fall * x.absorption,
        exchangeable=f.exchange_in - f.exchange_out + own * (f.formed - f.resorbed) + f.mobilised - f.stored,
        skeleton=(p.skeleton_share * (f.formed - f.resorbed) - f.mobilised + f.stored - e.calcium_invaded),
        mineralisation=(d.osteoblasts * (1 - d.uncoupling) - x.mineralisation) / p.mineral_residence,
        phosphate=absorbed_phosphate + bone_phosphate - d.urine_phosphate + cell_release - cell_uptake,
        gut_phosphate=p.oral_phosphate * p.phosphate_fraction - absorbed_phosphate,
        cell_phosphate=cell_uptake - cell_release,
    )


def initial_state(p: Params) -> State:
    """Pools of a healthy person.

    The published shares of cell-driven release and formation differ a little; where they act on the skeleton pool
    this pool has to be larger for the exchange to make up the difference.
    """
    exchange = p.exchange_rate * p.exchange_factor * p.skeleton
    gained = p.skeleton_share * p.bone_turnover * (p.mineral_share - p.osteoclast_share)
    return State(
        plasma=p.healthy.calcium * p.healthy.volume,
        gut=p.gut_start,
        absorption=1 / 2,
        exchangeable=p.exchangeable,
        skeleton=p.skeleton * (1 + gained / exchange),
        mineralisation=1,
        phosphate=p.healthy.phosphate * p.healthy.volume,
        gut_phosphate=p.gut_phosphate_start,
        cell_phosphate=p.cell_phosphate_start,
    )
