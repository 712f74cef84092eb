"""What tumour in bone does to the whole body through the circulation: PTHrP and uncoupled formation.

PTHrP acts on the PTH receptors of bone, tubule and 1-alpha-hydroxylase with its own weights, and not on the
parathyroid gland. Neutral values: `production` 0 and `uncoupling` 0.
"""

from typing import Annotated, NamedTuple


class State(NamedTuple):
    """Circulating tumour product."""

    pthrp: Annotated[float, "pmol/L", "plasma PTHrP"]


class Params(NamedTuple):
    """Constants of the systemic tumour effects."""

    production: Annotated[float, "pmol/L", "plasma PTHrP per 100 mL of tumour in bone"]
    production_volume: Annotated[float, "mL", "tumour volume of that unit, 100 mL"]
    saturation_volume: Annotated[float, "mL", "tumour volume at half of the PTHrP ceiling"]
    background: Annotated[float, "pmol/L", "plasma PTHrP from tumour outside bone"]
    clearance: Annotated[float, "1/day", "rate at which PTHrP follows tumour volume"]
    bone_weight: Annotated[float, "1", "potency of PTHrP on bone relative to PTH"]
    tubule_weight: Annotated[float, "1", "potency of PTHrP on the tubule relative to PTH"]
    hydroxylase_weight: Annotated[float, "1", "potency of PTHrP on 1-alpha-hydroxylase relative to PTH"]
    uncoupling: Annotated[float, "1", "fraction of bone formation lost at saturating PTHrP"]
    uncoupling_half: Annotated[float, "pmol/L", "PTHrP at half of that effect"]


def sustained_pthrp(p: Params, tumour_volume: float) -> float:
    """Plasma PTHrP [pmol/L] that a constant volume [mL] of tumour in bone sustains."""
    units = tumour_volume / p.production_volume
    return p.background + p.production * units / (1 + tumour_volume / p.saturation_volume)


def rates(x: State, p: Params, tumour_volume: float) -> State:
    """Rate of plasma PTHrP [pmol/L/day]."""
    return State(pthrp=p.clearance * (sustained_pthrp(p, tumour_volume) - x.pthrp))


def initial_state(p: Params) -> State:
    """PTHrP without tumour in bone."""
    return State(pthrp=p.background)


def uncoupled_fraction(p: Params, pthrp_concentration: float) -> float:
    """Fraction of bone formation lost at this PTHrP [pmol/L]."""
    return p.uncoupling * pthrp_concentration / (pthrp_concentration + p.uncoupling_half)
