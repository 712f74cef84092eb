"""Kidney: filtration, tubular calcium and urinary phosphate (Peterson & Riggs 2010, extended).

The published tubule saturates at very little PTH. Added: filtration follows extracellular volume and falls with
high calcium; less distal delivery when volume is low; a separate gain of PTHrP on tubular reabsorption. Neutral
values: `volume_exponent` 0, `calcium_loss` 0, `delivery_exponent` 0, `pthrp_gain` 0.
"""

from typing import Annotated, NamedTuple

from osteocast.models.functions import positive_part, positive_power
from osteocast.models.healthy import Healthy
from osteocast.models.response import anchored_hill

# 1 mL/min is 36/25 L/day; filtration is kept in the clinic's unit.
LITRES_PER_DAY = 36 / 25


class Params(NamedTuple):
    """Constants of the kidney."""

    healthy: Healthy
    gfr: Annotated[float, "mL/min", "glomerular filtration rate at normal volume and calcium"]
    distal_load: Annotated[float, "1", "share of plasma calcium that reaches the controlled tubule per filtrate"]
    healthy_excretion: Annotated[float, "mmol/day", "urinary calcium in health"]
    reabsorption_half: Annotated[float, "mmol/L", "plasma calcium at half of tubular capacity"]
    reabsorption_pth: Annotated[float, "1", "ceiling of the PTH effect on reabsorption"]
    calcitriol_max: Annotated[float, "1", "ceiling of the calcitriol effect on excretion"]
    calcitriol_half: Annotated[float, "pmol/L", "calcitriol at half of that effect"]
    excretion_kink: Annotated[float, "mmol/day", "half-width over which the floor of excretion is smoothed"]
    phosphate_threshold: Annotated[float, "mmol/L", "plasma phosphate above which phosphate is excreted"]
    phosphate_load: Annotated[float, "1", "filterable share of plasma phosphate"]
    phosphate_kink: Annotated[float, "mmol/L", "half-width over which that threshold is smoothed"]
    volume_exponent: Annotated[float, "1", "steepness of volume on filtration"]
    calcium_loss: Annotated[float, "1", "fraction of filtration lost at high calcium"]
    delivery_exponent: Annotated[float, "1", "exponent of volume on distal calcium delivery"]
    pthrp_gain: Annotated[float, "1", "extra reabsorption at saturating PTHrP"]
    pthrp_half: Annotated[float, "pmol/L", "PTHrP at half of that gain"]


class Drive(NamedTuple):
    """Plasma values the kidney sees."""

    calcium: Annotated[float, "mmol/L", "plasma calcium"]
    phosphate: Annotated[float, "mmol/L", "plasma phosphate"]
    pth: Annotated[float, "pmol/L", "PTH and weighted PTHrP at the tubule"]
    pthrp: Annotated[float, "pmol/L", "weighted PTHrP at the tubule"]
    calcitriol: Annotated[float, "pmol/L", "plasma calcitriol"]
    volume: Annotated[float, "1", "extracellular volume relative to health"]
    concentrating_loss: Annotated[float, "1", "effect of high calcium on the kidney, 0 in health"]


def filtration(p: Params, volume: float, concentrating_loss: float) -> float:
    """Glomerular filtration [mL/min] at this volume and calcium effect."""
    power = positive_power(volume, p.volume_exponent)
    return p.gfr * 2 * power / (1 + power) * (1 - p.calcium_loss * concentrating_loss)


def urine_calcium(p: Params, d: Drive) -> float:
    """Urinary calcium [mmol/day]: distal load less active reabsorption, scaled by calcitriol."""
    flow = filtration(p, d.volume, d.concentrating_loss) * LITRES_PER_DAY
    load = p.distal_load * flow * d.calcium * positive_power(d.volume, p.delivery_exponent)
    healthy = p.distal_load * flow * p.healthy.calcium - p.healthy_excretion
    capacity = healthy * (p.reabsorption_half + p.healthy.calcium) / p.healthy.calcium
    gain = 1 + p.pthrp_gain * d.pthrp / (d.pthrp + p.pthrp_half)
    by_pth = anchored_hill(d.pth / p.healthy.pth, 0, p.reabsorption_pth, 1)
    reabsorbed = capacity * d.calcium / (p.reabsorption_half + d.calcium) * by_pth * gain
    by_calcitriol = 2 - p.calcitriol_max * d.calcitriol / (d.calcitriol + p.calcitriol_half)
    excreted = by_calcitriol * (load - reabsorbed)
    return positive_part(excreted, p.excretion_kink)


def urine_phosphate(p: Params, d: Drive) -> float:
    """Urinary phosphate [mmol/day]: what is filtered above the threshold."""
    flow = filtration(p, d.volume, d.concentrating_loss) * LITRES_PER_DAY
    return p.phosphate_load * flow * positive_part(d.phosphate - p.phosphate_threshold, p.phosphate_kink)
