"""Load a bone until it fails: displacement steps, and voxels that yield at constant stress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from osteocast.foundation.errors import InputError, Issue, SolveError
from osteocast.structure import solver
from osteocast.structure.failure_curve import Curve, Verdict, judge, offset_yield
from osteocast.structure.loaded import CAP, LoadedBone, Mask
from osteocast.structure.solver import VoxelSolver
from osteocast.structure.voxel_model import Floats, Solution
from osteocast.structure.yielding import Limits, ratios, secant

__all__ = ["Failure", "Progress", "Settings", "load_to_failure"]

Progress = Callable[[str, int, int], None]
"""Called with what is done, steps done and steps planned; an exception it raises ends the computation."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to load.

    Attributes
    ----------
    limit_strain : float
        Displacement at which loading ends, relative to the length of the loaded bone.
    steps : int
        Steps of equal displacement up to there.
    hardening : float
        Slope of stress beyond yield relative to the modulus; 0 is perfectly plastic.
    rest : float
        Share of its modulus that a voxel keeps at the least.
    tolerance : float
        Norm of the unbalanced forces relative to that of the forces on held nodes, at the end of each step.
    most_iterations : int
        Secant iterations of one step.
    plateau : float
        Loading has failed when the force rises by less than this share of the elastic slope.
    threads : int
    """

    limit_strain: float = 0.04
    steps: int = 16
    hardening: float = 0.0
    rest: float = 1e-3
    tolerance: float = 1e-3
    most_iterations: int = 60
    plateau: float = 0.01
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """How a bone failed under a load case.

    Attributes
    ----------
    displacement_mm, force_n : array, shape (steps,)
        The curve, from 0.
    stiffness_n_mm : float
        Of the elastic bone.
    yield_load_n : float or None
        0.2 % offset; None where the curve does not reach the offset line.
    failure_load_n, failure_displacement_mm : float
    definition : str
        ``"maximum"``, ``"plateau"`` or ``"limit"``.
    energy_to_failure_mj : float
        Work up to failure [N mm].
    damage : array of float32, shape (z, y, x)
        Share of the modulus lost at failure; NaN outside of what was solved.
    failed : array of bool, shape (z, y, x)
        Voxels of the bone beyond yield at failure.
    failed_volume_mm3 : float
    tension_share : float or None
        Share of the failed volume that yielded in tension; the rest in compression. None where nothing yielded.
    elastic : Solution
        At the displacement of the constraints (1 mm), before any damage.
    secant_iterations : tuple of int
        Of each step.
    linear_iterations : int
    seconds : tuple of float
        Wall clock and processor.
    lines : tuple of str
        What was assumed, one line each.
    warnings : tuple of str
    """

    displacement_mm: Floats
    force_n: Floats
    stiffness_n_mm: float
    yield_load_n: float | None
    failure_load_n: float
    failure_displacement_mm: float
    definition: str
    energy_to_failure_mj: float
    damage: Floats
    failed: Mask
    failed_volume_mm3: float
    tension_share: float | None
    elastic: Solution
    secant_iterations: tuple[int, ...]
    linear_iterations: int
    seconds: tuple[float, float]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


class _Run(NamedTuple):
    """What stays the same over all steps."""

    loaded: LoadedBone
    settings: Settings
    solver: VoxelSolver
    limits: Limits
    bone: Mask


class _State(NamedTuple):
    """Equilibrium at one displacement."""

    solution: Solution
    tension: Floats
    compression: Floats
    iterations: int
    linear: int


def load_to_failure(loaded: LoadedBone, settings: Settings | None = None, progress: Progress | None = None) -> Failure:
    """Move the loaded surface in steps until the bone fails.

    Parameters
    ----------
    loaded : LoadedBone
    settings : Settings, optional
    progress : callable, optional

    Raises
    ------
    InputError
        ``failure.settings``, ``failure.yield``, ``failure.direction``.
    SolveError
        ``failure.not-converged``, ``strength.not-converged``.
    """
    began = time.perf_counter(), time.process_time()
    settings = settings or Settings()
    tell = progress or (lambda what, done, total: None)
    _check(loaded, settings)
    tell("elastic", 0, settings.steps)
    lower = VoxelSolver(loaded.model, loaded.constraints, solver.Settings(threads=settings.threads))
    elastic = lower.solve()
    stiffness = loaded.force(elastic)
    if not stiffness > 0:
        raise InputError(_direction(stiffness))
    run = _Run(loaded, settings, lower, _limits(loaded, elastic), loaded.part.ravel()[elastic.cell] != CAP)
    states, curve = _steps(run, elastic, stiffness, tell)
    verdict = judge(curve, settings.plateau)
    return _result(run, states, (curve, verdict), elastic, began)


def _steps(run: _Run, elastic: Solution, stiffness: float, tell: Progress) -> tuple[list[_State], Curve]:
    """Load step by step until the curve has failed or the limit is reached."""
    settings = run.settings
    limit = settings.limit_strain * run.loaded.length_mm
    worst = np.maximum(*ratios(elastic.strain()[run.bone], Limits(*(part[run.bone] for part in run.limits))))
    first = min(1 / float(worst.max()), limit) if worst.any() else limit
    at, forces = [0.0], [0.0]
    states: list[_State] = []
    before, before_at = elastic, 1.0
    history = np.zeros(elastic.cell.size)
    for step in range(1, settings.steps + 1):
        goal = first + (limit - first) * (step - 1) / max(settings.steps - 1, 1)
        state = _step(run, replace(before, displacement=before.displacement * (goal / before_at)), goal, history)
        before, before_at = state.solution, goal
        history = np.maximum(history, np.maximum(state.tension, state.compression))
        at.append(goal)
        forces.append(run.loaded.force(before))
        states.append(state)
        tell("loading", step, settings.steps)
        curve = Curve(np.array(at), np.array(forces), stiffness)
        if judge(curve, settings.plateau).definition != "limit":
            break
    return states, curve


def _step(run: _Run, start: Solution, goal: float, history: Floats) -> _State:
    """Find the equilibrium at a displacement by repeated secant moduli."""
    settings, loaded = run.settings, run.loaded
    values = loaded.constraints.value * goal
    grid = np.array(loaded.model.modulus, float)
    whole = grid.ravel()[start.cell].copy()
    solution, linear = start, 0
    for iteration in range(1, settings.most_iterations + 1):
        share = _share(run, solution, history)
        grid.ravel()[start.cell] = whole * share
        run.solver.set_modulus(grid)
        force = loaded.force(solution)
        solution = run.solver.solve(values, start=solution)
        linear += solution.iterations
        change = abs(loaded.force(solution) - force) / abs(loaded.force(solution))
        moved = np.abs(_share(run, solution, history) - share).max()
        if iteration > 1 and change < settings.tolerance and moved < 10 * settings.tolerance:
            tension, compression = ratios(solution.strain(), run.limits)
            return _State(solution, tension, compression, iteration, linear)
    raise SolveError(_not_converged(goal, change, settings))


def _share(run: _Run, solution: Solution, history: Floats) -> Floats:
    ratio = np.maximum(np.maximum(*ratios(solution.strain(), run.limits)), history)
    return secant(ratio, run.settings.hardening, run.settings.rest)


def _limits(loaded: LoadedBone, solution: Solution) -> Limits:
    modulus = np.asarray(loaded.model.modulus, float).ravel()[solution.cell]
    tension, compression = (
        np.maximum(np.asarray(y, float).ravel()[solution.cell] / modulus, 1e-9)
        for y in (loaded.yield_tension, loaded.yield_compression)
    )
    return Limits(tension, compression)


def _result(
    run: _Run, states: list[_State], judged: tuple[Curve, Verdict], elastic: Solution, began: tuple[float, float]
) -> Failure:
    curve, verdict = judged
    last = states[max(verdict.step - 1, 0)]
    ratio = np.maximum(last.tension, last.compression)
    over = (ratio >= 1) & run.bone
    volume = float(np.prod(elastic.model.spacing))
    inside = slice(0, verdict.step + 1)
    return Failure(
        displacement_mm=curve.displacement_mm,
        force_n=curve.force_n,
        stiffness_n_mm=curve.stiffness_n_mm,
        yield_load_n=offset_yield(curve, run.loaded.length_mm),
        failure_load_n=float(curve.force_n[verdict.step]),
        failure_displacement_mm=float(curve.displacement_mm[verdict.step]),
        definition=verdict.definition,
        energy_to_failure_mj=float(np.trapezoid(curve.force_n[inside], curve.displacement_mm[inside])),
        damage=elastic.on_grid(1 - secant(ratio, run.settings.hardening, run.settings.rest)).astype(np.float32),
        failed=elastic.on_grid(over.astype(float)) == 1,
        failed_volume_mm3=float(over.sum()) * volume,
        tension_share=float((last.tension > last.compression)[over].mean()) if over.any() else None,
        elastic=elastic,
        secant_iterations=tuple(state.iterations for state in states),
        linear_iterations=elastic.iterations + sum(state.linear for state in states),
        seconds=(time.perf_counter() - began[0], time.process_time() - began[1]),
        lines=(),
        warnings=(),
    )


def _check(loaded: LoadedBone, settings: Settings) -> None:
    """Refuse settings and yield stresses that mean nothing; all problems at once."""
    issues = []
    if not (settings.limit_strain > 0 and settings.steps > 0 and settings.tolerance > 0 and 0 < settings.rest < 1):
        found = f"limit {settings.limit_strain:g}, {settings.steps} steps, tolerance {settings.tolerance:g}"
        issues.append(Issue("failure.settings", "settings", found, "numbers above 0", "Use the defaults."))
    here = np.asarray(loaded.model.modulus) > 0
    for name, values in (("tension", loaded.yield_tension), ("compression", loaded.yield_compression)):
        if values.shape != here.shape or bool(np.isnan(values[here]).any()) or float(values[here].min()) < 0:
            fix = "Give one yield stress for each voxel, 0 or more; infinite where it never yields."
            issues.append(Issue("failure.yield", f"yield_{name}", str(values.shape), "stresses [MPa]", fix))
    if issues:
        raise InputError(issues)


def _direction(stiffness: float) -> Issue:
    fix = "Check the load case: the surface that is moved and the direction it is moved in."
    return Issue("failure.direction", "load case", f"stiffness {stiffness:.3g} N/mm", "a force against the load", fix)


def _not_converged(goal: float, change: float, settings: Settings) -> Issue:
    return Issue(
        "failure.not-converged",
        f"step to {goal:.3g} mm",
        f"force still changes by {change:.2g} after {settings.most_iterations} secant iterations",
        f"{settings.tolerance:g}",
        "Allow more iterations, or take more and smaller steps.",
    )
