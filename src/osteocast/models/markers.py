"""Markers of bone turnover relative to the person's healthy value, skeleton and lesions together.

Each marker has a part that does not come from the cells it marks, and follows with a first-order lag.
"""

from typing import Annotated, NamedTuple


class State(NamedTuple):
    """Lagged markers."""

    untx: Annotated[float, "1", "urinary N-telopeptide per creatinine relative to health"]
    ctx: Annotated[float, "1", "serum C-telopeptide relative to health"]
    bone_alp: Annotated[float, "1", "bone alkaline phosphatase relative to health"]


class Params(NamedTuple):
    """Constants of the markers."""

    untx_floor: Annotated[float, "1", "share of uNTx not from osteoclasts"]
    ctx_floor: Annotated[float, "1", "share of CTX not from osteoclasts"]
    bone_alp_floor: Annotated[float, "1", "share of bone ALP not from active osteoblasts"]
    resorption_lag: Annotated[float, "1/day", "rate at which resorption markers follow"]
    formation_lag: Annotated[float, "1/day", "rate at which bone ALP follows"]


def rates(x: State, p: Params, resorption: float, formation: float) -> State:
    """Rates of the markers [1/day] from resorption and formation relative to the healthy skeleton."""
    untx = p.untx_floor + (1 - p.untx_floor) * resorption
    ctx = p.ctx_floor + (1 - p.ctx_floor) * resorption
    bone_alp = p.bone_alp_floor + (1 - p.bone_alp_floor) * formation
    return State(
        untx=p.resorption_lag * (untx - x.untx),
        ctx=p.resorption_lag * (ctx - x.ctx),
        bone_alp=p.formation_lag * (bone_alp - x.bone_alp),
    )


def initial_state() -> State:
    """Healthy values."""
    return State(untx=1, ctx=1, bone_alp=1)
