"""Extracellular volume: high calcium costs water, low volume costs filtration, saline restores it.

High calcium takes away the kidney's concentrating power (polyuria) and the appetite for fluid. The loop calcium ->
volume -> filtration -> calcium is a real positive feedback of malignant hypercalcaemia. Neutral values:
`intake_loss` 0 and `polyuria` 0 keep the volume at 1.
"""

from typing import Annotated, NamedTuple

from osteocast.models.functions import positive_power
from osteocast.models.healthy import Healthy


class State(NamedTuple):
    """Extracellular volume."""

    volume: Annotated[float, "1", "extracellular volume relative to health"]


class Params(NamedTuple):
    """Constants of extracellular volume."""

    healthy: Healthy
    volume: Annotated[float, "L", "extracellular volume of a healthy person"]
    intake: Annotated[float, "L/day", "isotonic intake in health"]
    intake_loss: Annotated[float, "1", "fraction of intake lost at high calcium"]
    polyuria: Annotated[float, "1", "extra fluid loss at high calcium"]
    loss_exponent: Annotated[float, "1", "steepness of fluid loss against volume"]
    calcium_half: Annotated[float, "mmol/L", "calcium at half effect on the kidney"]
    calcium_exponent: Annotated[float, "1", "steepness of that effect"]


def calcium_effect(p: Params, calcium: float) -> float:
    """Effect of high plasma `calcium` [mmol/L] on kidney and thirst: 0 in health, 1 at saturation."""
    power = positive_power(calcium / p.calcium_half, p.calcium_exponent)
    healthy = positive_power(p.healthy.calcium / p.calcium_half, p.calcium_exponent)
    healthy_effect = healthy / (1 + healthy)
    return (power / (1 + power) - healthy_effect) / (1 - healthy_effect)


def rates(x: State, p: Params, calcium: float, saline: float) -> State:
    """Rate of the relative volume [1/day] at plasma calcium [mmol/L] with `saline` [L/day] infused."""
    effect = calcium_effect(p, calcium)
    loss = p.intake * positive_power(x.volume, p.loss_exponent) * (1 + p.polyuria * effect)
    return State(volume=(p.intake * (1 - p.intake_loss * effect) + saline - loss) / p.volume)


def initial_state() -> State:
    """Normal volume."""
    return State(volume=1)
