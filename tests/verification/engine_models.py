"""Small models with known behaviour, for the tests of the engine."""

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.engine.solve import Case
from osteocast.engine.system import System, flatten, unflatten
from osteocast.models.functions import hill, positive_part, positive_power, smooth_step


class Reagents(NamedTuple):
    a: float
    b: float
    c: float


class Speeds(NamedTuple):
    slow: float
    fast: float
    back: float


def robertson(x: Reagents, p: Speeds) -> Reagents:
    forward, pair, back = p.slow * x.a, p.fast * x.b * x.b, p.back * x.b * x.c
    return Reagents(back - forward, forward - back - pair, pair)


ROBERTSON = System(robertson, nonnegative=("body.*",))
ROBERTSON_SPEEDS = Speeds(0.04, 3e7, 1e4)


class Swing(NamedTuple):
    place: float
    speed: float


class Stiffness(NamedTuple):
    small: float


def van_der_pol(x: Swing, p: Stiffness) -> Swing:
    """Return the problem in the time scaled by mu, with small = 1 / mu^2."""
    return Swing(x.speed, ((1 - x.place * x.place) * x.speed - x.place) / p.small)


VAN_DER_POL = System(van_der_pol)


class Field(NamedTuple):
    s: float
    w: float
    q: float


def oregonator(x: Reagents, p: Field) -> Reagents:
    return Reagents(
        p.s * (x.b + x.a * (1 - p.q * x.a - x.b)),
        (x.c - (1 + x.a) * x.b) / p.s,
        p.w * (x.a - x.c),
    )


OREGONATOR = System(oregonator, nonnegative=("body.*",))


class Drug(NamedTuple):
    """A nested part, so that flattening is exercised."""

    depot: Annotated[float, "mg"]
    plasma: Annotated[float, "mg"]


class Host(NamedTuple):
    calcium: Annotated[float, "mmol"]
    hormone: Annotated[float, "pmol"]
    drug: Drug
    unused: Annotated[float, "1"]


class HostParams(NamedTuple):
    intake: Annotated[float, "mmol/day"]
    loss: Annotated[float, "1/day"]
    secretion: Annotated[float, "pmol/day"]
    clearance: Annotated[float, "1/day"]
    set_point: Annotated[float, "mmol"]
    steepness: Annotated[float, "1"]
    uptake: Annotated[float, "1/day"]
    elimination: Annotated[float, "1/day"]
    spill: Annotated[float, "1/day"]


class HostControls(NamedTuple):
    supplement: Annotated[float, "mmol/day"]


class Message(NamedTuple):
    hormone: Annotated[float, "1"]
    drug: Annotated[float, "mg"]


class Flux(NamedTuple):
    released: Annotated[float, "mmol/day"]
    volume: Annotated[float, "1"]


class Focus(NamedTuple):
    cells: Annotated[float, "1"]
    tumour: Annotated[float, "1"]
    bone: Annotated[float, "1"]


class FocusParams(NamedTuple):
    growth: Annotated[float, "1/day"]
    birth: Annotated[float, "1/day"]
    death: Annotated[float, "1/day"]
    half_effect: Annotated[float, "mg"]
    content: Annotated[float, "mmol"]


def host_rates(x: Host, p: HostParams, e: Flux, c: HostControls) -> Host:
    brake = hill(p.set_point, x.calcium, p.steepness)
    excess = positive_part(x.calcium - p.set_point, p.set_point / 10)
    absorbed = p.uptake * x.drug.depot
    return Host(
        calcium=p.intake + c.supplement + e.released - p.loss * x.calcium - p.spill * excess,
        hormone=p.secretion * (brake + hill(e.volume, 1, 2)) - p.clearance * x.hormone,
        drug=Drug(-absorbed, absorbed - p.elimination * x.drug.plasma),
        unused=0 * p.loss,
    )


def host_signals(x: Host, p: HostParams, c: HostControls) -> Message:
    return Message(x.hormone * p.clearance / p.secretion, x.drug.plasma)


def focus_resorption(x: Focus, p: FocusParams, s: Message) -> float:
    return p.death * x.cells * smooth_step(x.bone, 0, 1) * (1 + s.hormone)


def focus_rates(x: Focus, p: FocusParams, s: Message) -> Focus:
    resorption = focus_resorption(x, p, s)
    blocked = 1 - hill(s.drug, p.half_effect, 1)
    return Focus(
        cells=p.birth * (positive_power(x.tumour, 0.5) + s.hormone) * blocked - p.death * x.cells,
        tumour=p.growth * x.tumour * (1 - x.tumour) + resorption / 100 * x.tumour,
        bone=-resorption / 10,
    )


def focus_exports(x: Focus, p: FocusParams, s: Message) -> Flux:
    return Flux(p.content * focus_resorption(x, p, s) / 10, x.tumour)


class HostView(NamedTuple):
    calcium: Annotated[float, "mmol"]
    burden: Annotated[float, "1"]


def host_observables(x: Host, p: HostParams, e: Flux, c: HostControls) -> HostView:
    return HostView(x.calcium, e.volume * (1 + c.supplement / p.intake))


HOST = System(
    host_rates, host_signals, focus_rates, focus_exports, host_observables, nonnegative=("body.calcium", "lesion.*")
)


def host_case(lesions: int) -> Case:
    """Return a host with unequal lesions."""
    return Case(
        HostParams(10.0, 0.5, 4.0, 2.0, 20.0, 3.0, 0.7, 0.05, 0.8),
        Host(20.0, 2.0, Drug(120.0, 0.0), 1.0),
        [FocusParams(0.02 + 0.002 * i, 0.3, 0.2 + 0.01 * i, 20.0 + i, 30.0) for i in range(lesions)],
        [Focus(0.5 + 0.05 * i, 0.01 * (i + 1), 1.0) for i in range(lesions)],
        HostControls(1.0),
    )


def dense_rates(system: System, case: Case, flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate the plain functions of a system on one flat vector: the uncompiled truth."""
    nb = len(flatten(case.body_start))
    x = unflatten(system.body_state, list(flat[:nb]))
    if not case.lesion_params:
        arguments: list[Any] = [x, case.body_params]
        if case.controls is not None:
            arguments += [unflatten(system.exports, [0.0] * 2), case.controls]
        return np.array(flatten(system.body_rates(*arguments)), dtype=float)
    s = system.body_signals(x, case.body_params, case.controls)
    nl = (flat.size - nb) // len(case.lesion_params)
    rates: list[float] = []
    total = np.zeros(len(flatten(system.lesion_exports(case.lesion_starts[0], case.lesion_params[0], s))))
    for i, p in enumerate(case.lesion_params):
        y = unflatten(system.lesion_state, list(flat[nb + i * nl : nb + (i + 1) * nl]))
        total += flatten(system.lesion_exports(y, p, s))
        rates += flatten(system.lesion_rates(y, p, s))
    e = unflatten(system.exports, list(total))
    return np.array(flatten(system.body_rates(x, case.body_params, e, case.controls)) + rates, dtype=float)
