"""Bisphosphonate in zoledronate equivalents: plasma, tissue, bone surface, buried bone, effect on osteoclasts.

Osteoclasts meet the drug in the bone they resorb: the exposure is the drug on the surface and a small share of the
buried drug, whatever the number of osteoclasts. Buried drug returns with resorption and sinks beyond reach.
"""

from typing import Annotated, NamedTuple


class State(NamedTuple):
    """Amounts of drug [mg zoledronate equivalents] and the exposure of osteoclasts."""

    plasma: Annotated[float, "mg", "drug in plasma"]
    tissue: Annotated[float, "mg", "drug in tissue that exchanges quickly"]
    surface: Annotated[float, "mg", "drug on bone surface"]
    buried: Annotated[float, "mg", "drug in bone within reach of resorption"]
    exposure: Annotated[float, "mg", "delayed exposure of osteoclasts"]


class Params(NamedTuple):
    """Constants of the bisphosphonate."""

    plasma_volume: Annotated[float, "L", "plasma volume of distribution"]
    tissue_volume: Annotated[float, "L", "tissue volume of distribution"]
    distribution: Annotated[float, "L/day", "clearance between plasma and tissue"]
    renal_clearance: Annotated[float, "L/day", "renal clearance at the reference filtration"]
    reference_gfr: Annotated[float, "mL/min", "filtration that clearance was measured at"]
    bone_clearance: Annotated[float, "L/day", "uptake clearance of bone surface"]
    surface_return: Annotated[float, "1/day", "return from surface to plasma"]
    burial: Annotated[float, "1/day", "burial of surface drug"]
    release: Annotated[float, "1/day", "return of buried drug to the surface by normal resorption"]
    sinking: Annotated[float, "1/day", "loss of buried drug to depth"]
    buried_share: Annotated[float, "1", "share of buried drug that osteoclasts meet"]
    effect_rate: Annotated[float, "1/day", "rate at which exposure follows drug"]
    effect_max: Annotated[float, "1", "extra osteoclast death at saturation"]
    effect_half: Annotated[float, "mg", "exposure at half of that effect"]


def plasma_concentration(x: State, p: Params) -> float:
    """Plasma concentration [mg/L]."""
    return x.plasma / p.plasma_volume


def osteoclast_death(x: State, p: Params) -> float:
    """Multiplier of the osteoclast death rate, 1 without drug."""
    return 1 + p.effect_max * x.exposure / (x.exposure + p.effect_half)


def renal_rate(x: State, p: Params, gfr: float) -> float:
    """Loss into urine [mg/day] at the filtration `gfr` [mL/min]."""
    return p.renal_clearance * gfr / p.reference_gfr * plasma_concentration(x, p)


def rates(x: State, p: Params, infusion: float, gfr: float, osteoclasts: float) -> State:
    """Rates of the amounts [mg/day].

    Parameters
    ----------
    infusion : float
        Zoledronate equivalents given into plasma [mg/day].
    gfr : float
        Filtration [mL/min].
    osteoclasts : float
        Osteoclasts relative to health.
    """
    exchange = p.distribution * (plasma_concentration(x, p) - x.tissue / p.tissue_volume)
    uptake = p.bone_clearance * plasma_concentration(x, p)
    returned = p.surface_return * x.surface
    buried = p.burial * x.surface
    released = p.release * osteoclasts * x.buried
    return State(
        plasma=infusion + returned - renal_rate(x, p, gfr) - uptake - exchange,
        tissue=exchange,
        surface=uptake - returned - buried + released,
        buried=buried - released - p.sinking * x.buried,
        exposure=p.effect_rate * (x.surface + p.buried_share * x.buried - x.exposure),
    )


def initial_state() -> State:
    """No drug."""
    return State(plasma=0, tissue=0, surface=0, buried=0, exposure=0)
