"""Adaptive Rodas4 on a body and any number of lesions; plain Python that the kernels compile.

Rodas4 is the stiffly accurate Rosenbrock method of order 4 with an embedded order 3 of Hairer and Wanner,
Solving Ordinary Differential Equations II, section IV.7. The Jacobian is a bordered block diagonal: a body
matrix, one block per lesion, and the coupling through signals and exports. Each linear solve eliminates the
lesions first (Schur complement), so the cost is linear in their number.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.compiled import inlined, jitable

Floats = NDArray[np.float64]

OK, STEP_TOO_SMALL, TOO_MANY_STEPS, NOT_FINITE = 0, 1, 2, 3
STAGES = 6
GAMMA = 0.25
# Weights of the earlier increments in the argument of each stage, and in its right side (over the step).
ARGUMENT = np.array(
    (
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (1.544, 0.0, 0.0, 0.0, 0.0),
        (0.9466785280815826, 0.2557011698983284, 0.0, 0.0, 0.0),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817, 0.0, 0.0),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 0.0),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0),
    )
)
RIGHT_SIDE = np.array(
    (
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (-5.6688, 0.0, 0.0, 0.0, 0.0),
        (-2.430093356833875, -0.2063599157091915, 0.0, 0.0, 0.0),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616, 0.0, 0.0),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160, 0.0),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    )
)
SAFETY, LARGEST_GROWTH, LARGEST_CUT = 0.9, 6.0, 0.2
# A first step may move a state by about this many tolerances; the error control takes over from there.
FIRST_MOVE = 30.0
SMALLEST_PIVOT = 1e-9
UNDERSHOOT = 10.0
NEGLIGIBLE = 1e-60
# Error of a step after which a state lies below zero: finite, so that it is not taken for a number that is not.
UNDERSHOT = 1e300
# Steps shorter than this share of the time would leave the time as it is.
RESOLUTION = 1e-15


# Generated functions that the stepper calls as attributes of `core`, beside the tuple `core.sizes`.
CORE_FUNCTIONS = (
    "prepare_body",
    "body_rates",
    "body_linear",
    "body_signals",
    "body_factor",
    "body_solve",
    "body_add_exports",
    "body_read_signals",
    "prepare_lesion",
    "lesion_rates",
    "lesion_linear",
    "lesion_factor",
    "lesion_solve",
    "lesion_couple",
    "lesion_add_exports",
    "lesion_add_signals",
    "fill_nonnegative",
)
Core = Any
# What an entry function finds as attributes of its first argument.
KERNEL_FUNCTIONS = (
    "advance",
    "new_work",
    "signals",
    "sum_exports",
    "lesion_exports",
    "body_observables",
    "lesion_observables",
)


class Options(NamedTuple):
    """Accuracy and limits of the integration; steps in days, absolute tolerances in each state's unit."""

    rtol: float
    first_step: float
    smallest_step: float
    largest_step: float
    max_steps: int
    atol_body: Floats
    atol_lesion: Floats


class Work(NamedTuple):
    """Scratch arrays of one integration; one per thread."""

    q_body: Floats
    q_lesion: Floats
    y: Floats
    y_new: Floats
    f: Floats
    u: Floats
    j_body: Floats
    j_lesion: Floats
    lu_body: Floats
    lu_lesion: Floats
    y_signal: Floats
    g: Floats
    signals: Floats
    exports: Floats
    nonnegative: Floats


class Inputs(NamedTuple):
    """What stays fixed during one call of `advance`."""

    n_lesions: int
    p_body: Floats
    p_lesion: Floats
    controls: Floats


@inlined
def copy(target: Floats, source: Floats, count: int) -> None:
    """Copy the first `count` numbers (a loop compiles faster than slices)."""
    for m in range(count):
        target[m] = source[m]


@inlined
def accept(target: Floats, source: Floats, count: int) -> None:
    """Copy a new state; amounts below `NEGLIGIBLE` become zero, since denormal numbers are very slow."""
    for m in range(count):
        target[m] = 0.0 if abs(source[m]) <= NEGLIGIBLE else source[m]


@inlined
def clear(target: Floats) -> None:
    """Set a vector to zero."""
    for m in range(target.size):
        target[m] = 0.0


@inlined
def all_finite(values: Floats, count: int) -> bool:
    """Tell whether the first `count` numbers are finite."""
    total = 0.0
    for m in range(count):
        total += 0.0 * values[m]
    return total == 0.0


@inlined
def add(target: Floats, weight: float, source: Floats, count: int) -> None:
    """Add ``weight * source`` to the first `count` numbers of `target`."""
    for m in range(count):
        target[m] += weight * source[m]


@jitable
def new_work(core: Core, max_lesions: int) -> Work:
    """Allocate scratch arrays for up to `max_lesions` lesions."""
    nb, nl, ns, ne, qb, ql, jb, jl, lub, lul = core.sizes
    n = nb + max_lesions * nl
    nonnegative = np.zeros(n)
    core.fill_nonnegative(nonnegative, max_lesions)
    return Work(
        np.zeros(qb),
        np.zeros((max_lesions, ql)),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros((STAGES, n)),
        np.zeros(jb),
        np.zeros((max_lesions, jl)),
        np.zeros(lub),
        np.zeros((max_lesions, lul)),
        np.zeros((max_lesions, nl, ns)),
        np.zeros((ne, ns)),
        np.zeros(ns),
        np.zeros(ne),
        nonnegative,
    )


@inlined
def evaluate_rates(core: Core, y: Floats, f: Floats, inputs: Inputs, work: Work) -> None:
    """Fill `f` with the derivatives of the whole system at `y`."""
    nb, nl = core.sizes[0], core.sizes[1]
    p, c = inputs.p_body, inputs.controls
    core.body_signals(y[:nb], p, work.q_body, c, work.signals)
    clear(work.exports)
    for i in range(inputs.n_lesions):
        a = nb + i * nl
        core.lesion_rates(
            y[a : a + nl], inputs.p_lesion[i], work.q_lesion[i], work.signals, f[a : a + nl], work.exports
        )
    core.body_rates(y[:nb], p, work.q_body, work.exports, c, f[:nb])


@inlined
def linearise(core: Core, inputs: Inputs, work: Work) -> None:
    """Fill the derivatives and all Jacobian values at the current state."""
    nb, nl = core.sizes[0], core.sizes[1]
    p, c, y, f = inputs.p_body, inputs.controls, work.y, work.f
    core.body_signals(y[:nb], p, work.q_body, c, work.signals)
    clear(work.exports)
    for i in range(inputs.n_lesions):
        a = nb + i * nl
        core.lesion_linear(
            y[a : a + nl],
            inputs.p_lesion[i],
            work.q_lesion[i],
            work.signals,
            f[a : a + nl],
            work.j_lesion[i],
            work.exports,
        )
    core.body_linear(y[:nb], p, work.q_body, work.exports, c, f[:nb], work.j_body)


@inlined
def smaller(a: float, b: float) -> float:
    """Return the smaller of two pivots; one that is not a number counts as zero, so that no other hides it."""
    a = a if a > 0.0 else 0.0
    return b if b < a else (a if b >= a else 0.0)


@inlined
def factor(core: Core, diagonal: float, inputs: Inputs, work: Work) -> float:
    """Factor ``diagonal I - J``; return a lower bound of its pivots in units of `diagonal`."""
    smallest = np.inf
    for row in range(work.g.shape[0]):
        clear(work.g[row])
    for i in range(inputs.n_lesions):
        pivot = core.lesion_factor(work.j_lesion[i], work.g, diagonal, work.lu_lesion[i])
        core.lesion_couple(work.j_lesion[i], work.lu_lesion[i], work.y_signal[i], work.g)
        smallest = smaller(smallest, pivot)
    smallest = smaller(smallest, core.body_factor(work.j_body, work.g, diagonal, work.lu_body))
    return smallest / diagonal


@inlined
def solve_linear(core: Core, b: Floats, inputs: Inputs, work: Work) -> None:
    """Solve ``(diagonal I - J) x = b`` in place: lesions, body by its Schur complement, lesions again."""
    nb, nl = core.sizes[0], core.sizes[1]
    clear(work.exports)
    for i in range(inputs.n_lesions):
        a = nb + i * nl
        core.lesion_solve(work.lu_lesion[i], b[a : a + nl])
        core.lesion_add_exports(work.j_lesion[i], b[a : a + nl], work.exports)
    if inputs.n_lesions > 0:
        core.body_add_exports(work.j_body, work.exports, b[:nb])
    core.body_solve(work.lu_body, b[:nb])
    if inputs.n_lesions > 0:
        core.body_read_signals(work.j_body, b[:nb], work.signals)
        for i in range(inputs.n_lesions):
            a = nb + i * nl
            core.lesion_add_signals(work.y_signal[i], work.signals, b[a : a + nl])


@inlined
def stages(core: Core, h: float, inputs: Inputs, work: Work) -> None:
    """Compute the six stage increments `u` and the new state `y_new` of one step."""
    n = core.sizes[0] + inputs.n_lesions * core.sizes[1]
    y, y_new, u = work.y, work.y_new, work.u
    for i in range(STAGES):
        stage = u[i]
        if i == 0:
            copy(stage, work.f, n)
        else:
            copy(y_new, y, n)
            for j in range(i):
                add(y_new, ARGUMENT[i, j], u[j], n)
            evaluate_rates(core, y_new, stage, inputs, work)
            for j in range(i):
                add(stage, RIGHT_SIDE[i, j] / h, u[j], n)
        solve_linear(core, stage, inputs, work)
    add(y_new, 1.0, u[STAGES - 1], n)


@inlined
def block_error(change: Floats, work: Work, first: int, atol: Floats, rtol: float) -> float:
    """Mean square of `change` over one block in tolerances; huge after an undershoot, infinite if not a number."""
    total = 0.0
    for i in range(atol.size):
        m = first + i
        old, new = abs(work.y[m]), work.y_new[m]
        tolerance = atol[i] + rtol * max(old, abs(new))
        total += (change[m] / tolerance) ** 2
        if work.nonnegative[m] * new < -UNDERSHOOT * (atol[i] + rtol * old):
            return UNDERSHOT
    # a comparison with NaN is false: the caller may compare what is returned here
    return total / atol.size if total < np.inf else np.inf


@inlined
def step_error(change: Floats, n_lesions: int, work: Work, options: Options) -> float:
    """Largest root mean square over body and lesions: one lesion's error never hides behind the others."""
    nb, nl = options.atol_body.size, options.atol_lesion.size
    worst = block_error(change, work, 0, options.atol_body, options.rtol)
    for i in range(n_lesions):
        error = block_error(change, work, nb + i * nl, options.atol_lesion, options.rtol)
        worst = worst if error < worst else error
    return math.sqrt(worst)


@jitable
def first_step(span: float, inputs: Inputs, work: Work, options: Options) -> float:
    """Length of a first step from the derivatives at the start."""
    if options.first_step > 0.0:
        return min(options.first_step, span)
    copy(work.y_new, work.y, work.y.size)
    speed = step_error(work.f, inputs.n_lesions, work, options)
    return min(span, options.largest_step, FIRST_MOVE / max(speed, 1e-300))


@inlined
def load(core: Core, xb: Floats, xl: Floats, inputs: Inputs, work: Work) -> None:
    """Copy the state into the work arrays."""
    nb, nl = core.sizes[0], core.sizes[1]
    copy(work.y, xb, nb)
    for i in range(inputs.n_lesions):
        for m in range(nl):
            work.y[nb + i * nl + m] = xl[i, m]


@inlined
def store(core: Core, xb: Floats, xl: Floats, inputs: Inputs, work: Work) -> None:
    """Copy the state back to the caller's arrays."""
    nb, nl = core.sizes[0], core.sizes[1]
    copy(xb, work.y, nb)
    for i in range(inputs.n_lesions):
        for m in range(nl):
            xl[i, m] = work.y[nb + i * nl + m]


@jitable
def prepare(core: Core, inputs: Inputs, work: Work) -> None:
    """Compute what depends on parameters alone."""
    core.prepare_body(inputs.p_body, work.q_body)
    for i in range(inputs.n_lesions):
        core.prepare_lesion(inputs.p_lesion[i], work.q_lesion[i])


@inlined
def integrate(
    core: Core, span: tuple[float, float, float], inputs: Inputs, work: Work, options: Options
) -> tuple[int, float, int]:
    """Integrate `work.y` over ``span = (t, t_end, h)``; return (status, next step, steps tried). See docs/engine.md."""
    t, t_end, h = span
    n = core.sizes[0] + inputs.n_lesions * core.sizes[1]
    if h <= 0.0:
        prepare(core, inputs, work)
    linearise(core, inputs, work)
    if not all_finite(work.f, n):
        return NOT_FINITE, h, 0
    h = -h if h < 0.0 else h
    if h == 0.0:
        h = first_step(t_end - t, inputs, work, options)
    steps, rejected = 0, False
    shortest = max(options.smallest_step, RESOLUTION * max(abs(t), abs(t_end)))
    while t_end - t > shortest:
        if steps >= options.max_steps:
            return TOO_MANY_STEPS, h, steps
        left = t_end - t
        h = min(h, options.largest_step)
        # the last two steps before the end of the span share what is left, so that no sliver remains
        trial = left if h >= left else (left / 2 if 2 * h > left else h)
        steps += 1
        error = np.inf
        if factor(core, 1.0 / (GAMMA * trial), inputs, work) > SMALLEST_PIVOT:
            stages(core, trial, inputs, work)
            error = step_error(work.u[STAGES - 1], inputs.n_lesions, work, options)
        if error <= 1.0:
            grown = trial * min(LARGEST_GROWTH, max(LARGEST_CUT, SAFETY * max(error, 1e-12) ** -0.25))
            t = t_end if trial == left else t + trial
            h = min(grown, trial) if rejected else max(grown, h if trial < h else 0.0)
            rejected = False
            accept(work.y, work.y_new, n)
            if t < t_end:
                # near a pole every step is accepted, each smaller than the one before
                if h < min(shortest, trial):
                    return STEP_TOO_SMALL, h, steps
                linearise(core, inputs, work)
        else:
            rejected = True
            h = trial * (max(LARGEST_CUT, SAFETY * error**-0.25) if np.isfinite(error) else LARGEST_CUT)
            if h < shortest:
                return (STEP_TOO_SMALL if np.isfinite(error) else NOT_FINITE), h, steps
    return OK, h, steps
