"""PTH, calcitriol and their glands (Peterson & Riggs 2010, BIOMD0000000613).

Left out because they do nothing in the published equations: the calcitriol effect on the capacity of the
parathyroid gland (its half-effect constant moves with calcitriol, so that the effect is always 1; the capacity is a
constant here) and the phosphate effect on 1-alpha-hydroxylase with exponent 0. The kink of the phosphate effect is
smoothed.
"""

from typing import Annotated, NamedTuple

from osteocast.models.functions import exp, positive_part, positive_power
from osteocast.models.healthy import Healthy
from osteocast.models.response import anchored_hill


class State(NamedTuple):
    """Plasma hormones and the pools behind them."""

    pth: Annotated[float, "pmol/L", "plasma PTH"]
    gland: Annotated[float, "1", "active part of the parathyroid gland, 1/2 in health"]
    hydroxylase: Annotated[float, "pmol/L/day", "calcitriol production by 1-alpha-hydroxylase"]
    calcitriol: Annotated[float, "pmol/L", "plasma calcitriol"]


class Params(NamedTuple):
    """Constants of the calcium-regulating hormones."""

    healthy: Healthy
    pth_clearance: Annotated[float, "L/day", "PTH clearance"]
    secretion_max: Annotated[float, "pmol/day", "PTH secretion without calcium"]
    secretion_min: Annotated[float, "pmol/day", "PTH secretion at high calcium"]
    secretion_exponent: Annotated[float, "1", "steepness of the calcium effect on secretion"]
    gland_rate: Annotated[float, "1/day", "rate of change of the gland pool"]
    gland_switch: Annotated[float, "1", "part of that rate controlled by calcitriol"]
    gland_slope: Annotated[float, "L/pmol", "steepness of the calcitriol switch"]
    gland_capacity: Annotated[float, "1", "mass of parathyroid tissue relative to health"]
    gland_calcium_exponent: Annotated[float, "1", "exponent of calcium on the calcitriol set point"]
    hydroxylase_synthesis: Annotated[float, "pmol/day**2", "synthesis of 1-alpha-hydroxylase in health"]
    hydroxylase_loss: Annotated[float, "1/day", "loss of 1-alpha-hydroxylase"]
    hydroxylase_half: Annotated[float, "pmol/L", "PTH at half effect on 1-alpha-hydroxylase"]
    hydroxylase_exponent: Annotated[float, "1", "exponent of PTH on 1-alpha-hydroxylase"]
    hydroxylase_factor: Annotated[float, "1", "vitamin D supply: multiplier of the synthesis"]
    phosphate_start: Annotated[float, "1", "phosphate effect without phosphate"]
    phosphate_half: Annotated[float, "mmol/L", "phosphate at half effect"]
    phosphate_exponent: Annotated[float, "1", "steepness of the phosphate effect"]
    phosphate_kink: Annotated[float, "mmol/L", "half-width over which the onset of that effect is smoothed"]
    calcitriol_loss: Annotated[float, "1/day", "loss rate of calcitriol"]
    pth_infusion: Annotated[float, "pmol/day", "PTH given from outside"]


def secretion(x: State, p: Params, calcium: float) -> float:
    """PTH secretion [pmol/day] at plasma `calcium` [mmol/L]."""
    basal = p.pth_clearance * p.healthy.pth
    start = p.secretion_max / basal
    change = (p.secretion_min - p.secretion_max) / basal
    by_calcium = anchored_hill(calcium / p.healthy.calcium, start, change, p.secretion_exponent)
    return basal * p.gland_capacity * 2 * x.gland * by_calcium


def hydroxylase_drive(p: Params, pth: float, phosphate: float) -> float:
    """Synthesis of 1-alpha-hydroxylase relative to health, from PTH activity and plasma phosphate."""
    half = positive_power(p.hydroxylase_half / p.healthy.pth, p.hydroxylase_exponent)
    by_pth = anchored_hill(pth / p.healthy.pth, 0, 1 + half, p.hydroxylase_exponent)
    # the rounded corner is shifted so that the healthy value is exact
    kink = p.phosphate_kink / p.healthy.phosphate
    excess = positive_part(phosphate / p.healthy.phosphate - 1, kink) - positive_part(0, kink)
    steep = positive_power(p.phosphate_half / p.healthy.phosphate, p.phosphate_exponent)
    change = (1 - p.phosphate_start) * (1 + steep)
    return by_pth * anchored_hill(1 + excess, p.phosphate_start, change, p.phosphate_exponent)


def rates(x: State, p: Params, calcium: float, phosphate: float, hydroxylase_pth: float) -> State:
    """Rates of the hormones; `hydroxylase_pth` [pmol/L] is PTH with the weighted PTHrP of the kidney."""
    set_point = p.healthy.calcitriol * positive_power(p.healthy.calcium / calcium, p.gland_calcium_exponent)
    switch = 1 - 2 / (1 + exp(2 * p.gland_slope * (x.calcitriol - set_point)))
    rise = p.gland_rate * (p.gland_switch * (1 - switch) + 1 - p.gland_switch)
    fall = p.gland_rate * (p.gland_switch * (1 + switch) + 1 - p.gland_switch)
    synthesis = p.hydroxylase_synthesis * p.hydroxylase_factor / p.healthy.volume
    return State(
        pth=(secretion(x, p, calcium) + p.pth_infusion - p.pth_clearance * x.pth) / p.healthy.volume,
        gland=rise * (1 - x.gland) - fall * x.gland,
        hydroxylase=synthesis * hydroxylase_drive(p, hydroxylase_pth, phosphate) - p.hydroxylase_loss * x.hydroxylase,
        calcitriol=x.hydroxylase - p.calcitriol_loss * x.calcitriol,
    )


def initial_state(p: Params) -> State:
    """Hormones of a healthy person."""
    return State(
        pth=p.healthy.pth,
        gland=1 / 2,
        hydroxylase=p.calcitriol_loss * p.healthy.calcitriol,
        calcitriol=p.healthy.calcitriol,
    )
