"""Integrate one patient from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteocast.engine.kernels import Kernels, kernels
from osteocast.engine.solution import Solution, SolveStatus
from osteocast.engine.stepper import Options
from osteocast.engine.system import System, fields_of, flatten

Floats = NDArray[np.float64]


class Change(NamedTuple):
    """A jump at one time: ``"body.central"`` or ``"lesion.0.bone"`` is added to or set, or a control is."""

    time: float
    kind: Literal["add", "set-state", "set-control"]
    target: str
    value: float


@dataclass(frozen=True, slots=True)
class Case:
    """Parameters, start and controls of one patient, as the model's NamedTuples."""

    body_params: Any
    body_start: Any
    lesion_params: Sequence[Any] = ()
    lesion_starts: Sequence[Any] = ()
    controls: Any = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Tolerances and limits; times in days, absolute tolerances in each state's unit (one, or one per state)."""

    rtol: float = 1e-6
    atol_body: float | Sequence[float] = 1e-9
    atol_lesion: float | Sequence[float] = 1e-9
    first_step: float = 0.0
    smallest_step: float = 1e-12
    largest_step: float = 1e12
    max_steps: int = 1_000_000


@dataclass(slots=True)
class _Run:
    """Mutable state of one integration."""

    compiled: Kernels
    xb: Floats
    xl: Floats
    pb: Floats
    pl: Floats
    controls: Floats
    names: dict[str, int] = field(default_factory=dict)

    def change(self, change: Change) -> None:
        """Apply a jump."""
        if change.kind == "set-control":
            self.controls[self.names[f"control.{change.target}"]] = change.value
            return
        part, _, name = change.target.partition(".")
        vector = self.xb
        if part == "lesion":
            index, _, name = name.partition(".")
            vector = self.xl[int(index)]
        place = self.names[f"{part}.{name}"]
        vector[place] = change.value + (vector[place] if change.kind == "add" else 0.0)


def _vector(instance: Any) -> Floats:
    return np.array([] if instance is None else flatten(instance), dtype=float)


def _matrix(instances: Sequence[Any], columns: int) -> Floats:
    return np.array([flatten(i) for i in instances], dtype=float).reshape(len(instances), columns)


def _names(system: System) -> dict[str, int]:
    names: dict[str, int] = {}
    kinds = (("body", system.body_state), ("lesion", system.lesion_state), ("control", system.controls))
    for part, kind in kinds:
        names |= {f"{part}.{f.name}": i for i, f in enumerate(fields_of(kind))}
    return names


def _options(accuracy: Accuracy, nb: int, nl: int) -> Options:
    return Options(
        accuracy.rtol,
        accuracy.first_step,
        accuracy.smallest_step,
        accuracy.largest_step,
        accuracy.max_steps,
        np.array(np.broadcast_to(accuracy.atol_body, nb), dtype=float),
        np.array(np.broadcast_to(accuracy.atol_lesion, nl), dtype=float),
    )


def _start(compiled: Kernels, case: Case) -> _Run:
    system = compiled.system
    if len(case.lesion_params) != len(case.lesion_starts):
        raise ValueError("each lesion needs its parameters and its start")
    return _Run(
        compiled,
        _vector(case.body_start),
        _matrix(case.lesion_starts, compiled.sizes[1]),
        _vector(case.body_params),
        _matrix(case.lesion_params, len(fields_of(system.lesion_params))),
        _vector(case.controls),
        _names(system),
    )


def solve(
    system: System,
    case: Case,
    times: ArrayLike,
    schedule: Sequence[Change] = (),
    accuracy: Accuracy | None = None,
) -> Solution:
    """Integrate one patient over `times`.

    Parameters
    ----------
    system
        The equations; compiled at the first call and kept.
    case
        Parameters and start at ``times[0]``.
    times
        Increasing times [day] at which the states are returned.
    schedule
        Jumps; a state returned at the time of a jump is the one before it. Jumps at one time act in order.
    accuracy
        Tolerances and limits.

    Returns
    -------
    Solution
        With a status that tells whether the end was reached: a failure is a value, not an exception.
    """
    compiled = kernels(system)
    grid = np.asarray(times, dtype=float)
    if grid.ndim != 1 or grid.size == 0 or np.any(np.diff(grid) < 0):
        raise ValueError("times must be a rising vector")
    run = _start(compiled, case)
    options = _options(accuracy or Accuracy(), compiled.sizes[0], compiled.sizes[1])
    work = compiled.new_work(len(run.xl))
    body, lesions = np.full((grid.size, run.xb.size), np.nan), np.full((grid.size, *run.xl.shape), np.nan)
    body[0], lesions[0] = run.xb, run.xl
    waiting = sorted(schedule, key=lambda change: change.time)
    if waiting and waiting[0].time < grid[0]:
        raise ValueError("a change lies before the first time")
    t, h, steps, status = float(grid[0]), 0.0, 0, SolveStatus.OK
    for row in range(1, grid.size):
        while t < grid[row] and status is SolveStatus.OK:
            while waiting and waiting[0].time <= t:
                run.change(waiting.pop(0))
                h = 0.0
            stop = min(float(grid[row]), waiting[0].time) if waiting else float(grid[row])
            code, h, tried = compiled.advance(
                t, stop, h, run.xb, run.xl, len(run.xl), run.pb, run.pl, run.controls, work, options
            )
            t, steps, status = stop, steps + tried, SolveStatus(code)
        if status is not SolveStatus.OK:
            message = f"{status.sentence} It was between day {grid[row - 1]:g} and day {t:g}."
            return Solution(system, status, message, grid, body, lesions, steps)
        body[row], lesions[row] = run.xb, run.xl
    return Solution(system, status, status.sentence, grid, body, lesions, steps)
