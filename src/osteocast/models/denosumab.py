"""Denosumab: absorption, two compartments with parallel linear and saturable loss, RANKL binding.

The saturable loss is the quasi-steady form of target-mediated disposition. Volumes and clearances are for the
reference weight and scale with body weight.
"""

from typing import Annotated, NamedTuple


class State(NamedTuple):
    """Amounts of denosumab."""

    depot: Annotated[float, "mg", "denosumab under the skin"]
    central: Annotated[float, "mg", "denosumab in plasma"]
    peripheral: Annotated[float, "mg", "denosumab in tissue"]


class Params(NamedTuple):
    """Constants of denosumab."""

    weight: Annotated[float, "kg", "body weight"]
    reference_weight: Annotated[float, "kg", "weight the volumes and clearances are given for"]
    bioavailability: Annotated[float, "1", "absorbed fraction of a subcutaneous dose"]
    absorption: Annotated[float, "1/day", "absorption rate"]
    central_volume: Annotated[float, "L", "central volume"]
    peripheral_volume: Annotated[float, "L", "peripheral volume"]
    clearance: Annotated[float, "L/day", "linear clearance"]
    distribution: Annotated[float, "L/day", "clearance between the compartments"]
    saturable_max: Annotated[float, "mg/day", "ceiling of target-mediated loss"]
    saturable_half: Annotated[float, "mg/L", "concentration at half of that loss"]
    molar_mass: Annotated[float, "mg/nmol", "molar mass"]
    rankl_binding: Annotated[float, "L/nmol/day", "RANKL loss per concentration"]


def concentration(x: State, p: Params) -> float:
    """Plasma denosumab [mg/L, that is ug/mL]."""
    return x.central / (p.central_volume * p.weight / p.reference_weight)


def molar_concentration(x: State, p: Params) -> float:
    """Plasma denosumab [nmol/L]."""
    return concentration(x, p) / p.molar_mass


def rankl_loss(x: State, p: Params) -> float:
    """Extra loss rate of RANKL [1/day]."""
    return p.rankl_binding * molar_concentration(x, p)


def rates(x: State, p: Params) -> State:
    """Rates of the amounts [mg/day]; a dose is an addition to `depot`."""
    size = p.weight / p.reference_weight
    plasma = concentration(x, p)
    tissue = x.peripheral / (p.peripheral_volume * size)
    exchange = p.distribution * size * (plasma - tissue)
    linear = p.clearance * size * plasma
    saturable = p.saturable_max * plasma / (p.saturable_half + plasma)
    return State(
        depot=-p.absorption * x.depot,
        central=p.bioavailability * p.absorption * x.depot - linear - exchange - saturable,
        peripheral=exchange,
    )


def initial_state() -> State:
    """No drug."""
    return State(depot=0, central=0, peripheral=0)
