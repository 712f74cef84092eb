"""Load a bone until it fails: displacement steps, and voxels that yield at constant stress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from osteocast.foundation.errors import InputError, SolveError
from osteocast.structure.equilibrium import Body, Point, equilibrium
from osteocast.structure.failure_checks import Settings, against, check, not_converged, settings_for
from osteocast.structure.failure_curve import MEANING, Curve, Definition, judge, offset_yield
from osteocast.structure.failure_place import Place, place_of
from osteocast.structure.loaded import CAP, LoadedBone, Mask
from osteocast.structure.voxel_model import Floats, Integers, Solution
from osteocast.structure.yielding import Law, principal_ends

__all__ = ["Failure", "Progress", "Settings", "load_to_failure", "settings_for"]

Progress = Callable[[str, int, int], None]
"""Called with what is done, steps done and steps planned; an exception it raises ends the computation."""

_FIRST = 1e-3
"""The first step ends where voxels with this share of the elastic energy have yielded."""

_HALVINGS = 4
"""How often a step that does not converge is halved."""

_LARGE_STRAIN = 0.1
"""Beyond this principal strain the assumption of small strains is poor."""

_LARGE_SHARE = 0.1
"""Share of the bone beyond it that is told; a few per cent at the limit are usual."""

_WORK = 0.01
"""Work of the load and work on the voxels may differ by this share before it is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """How a bone failed under a load case.

    Attributes
    ----------
    displacement_mm, force_n : array, shape (points,)
        The curve, from 0.
    stiffness_n_mm : float
        Of the elastic bone.
    yield_load_n : float or None
        0.2 % offset; None where the curve does not reach the offset line.
    failure_load_n, failure_displacement_mm : float
    definition : str
        ``"maximum"``, ``"plateau"`` or ``"limit"``.
    energy_to_failure_mj : float
        Work of the load up to failure [N mm].
    dissipated_mj : float
        Part of it that does not come back on unloading, summed over the voxels [N mm].
    damage : array of float32, shape (z, y, x)
        Share of the modulus lost at failure; NaN outside of what was solved.
    failed : array of bool, shape (z, y, x)
        Voxels of the bone beyond yield at failure.
    failed_volume_mm3 : float
    failed_place_mm : tuple of float or None
        Centre of the dissipated work in the patient [mm, LPS].
    tension_share : float or None
        Share of the dissipated work that voxels yielding in tension took, the rest in compression; None where
        nothing yielded.
    place : Place
        Shares of that work next to caps and supports, and next to the lesion.
    elastic, at_failure : Solution
        Before any damage at 1 mm; and at failure, with the moduli that are left.
    iterations : tuple of int
        Of each step; one multigrid cycle each.
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
    dissipated_mj: float
    damage: npt.NDArray[np.float32]
    failed: Mask
    failed_volume_mm3: float
    failed_place_mm: tuple[float, float, float] | None
    tension_share: float | None
    place: Place
    elastic: Solution
    at_failure: Solution
    iterations: tuple[int, ...]
    seconds: tuple[float, float]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


class _State(NamedTuple):
    """A point of the curve and the work done on each voxel up to it [N mm]."""

    point: Point
    work: Floats


class _Loading(NamedTuple):
    """The curve, how it ended, the state at failure and the iterations of each step."""

    curve: Curve
    definition: Definition
    failed: _State
    iterations: tuple[int, ...]


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
        ``failure.settings``, ``failure.yield``, ``failure.direction``, ``strength.*`` of the voxel solver.
    SolveError
        ``failure.not-converged``, ``strength.not-converged``.
    """
    began = time.perf_counter(), time.process_time()
    settings = settings or Settings()
    check(loaded, settings)
    tell = progress or (lambda what, done, total: None)
    tell("elastic", 0, settings.steps)
    body = Body(loaded, Law(settings.hardening, settings.rest), settings.threads)
    elastic = body.solver.solve()
    stiffness = body.force(body.forces(elastic.displacement.ravel(), np.ones(body.cell.size)))
    if not stiffness > 0:
        raise InputError(against(stiffness))
    loading = _load(body, (elastic, stiffness), settings, tell)
    return _result(body, settings, loading, elastic, began)


def _load(body: Body, first: tuple[Solution, float], settings: Settings, tell: Progress) -> _Loading:
    """Load step by step until the curve has failed or the limit is reached; `first` is elastic, with its stiffness."""
    elastic, stiffness = first
    now = Point(0.0, 0.0, np.zeros(elastic.displacement.size), np.zeros((2, body.cell.size)), 0, 0.0)
    before = now._replace(at_mm=1.0, displacement=elastic.displacement.ravel())
    top = last = _State(now, np.zeros(body.cell.size))
    at, force, iterations = [0.0], [0.0], []
    goals = _goals(body, elastic, settings)
    smallest = goals[-1] / settings.steps / 2**_HALVINGS
    definition: Definition = "limit"
    while goals and definition == "limit":
        point = equilibrium(body, _guess(before, now, goals[0]), goals[0], settings.tolerance, settings.most_iterations)
        if point is None:
            if goals[0] - now.at_mm < smallest:
                raise SolveError(not_converged(goals[0], (at[-1], force[-1]), settings))
            goals.insert(0, (now.at_mm + goals[0]) / 2)
            continue
        goals.pop(0)
        last = _State(point, last.work + body.work(now, point))
        top = last if point.force_n >= top.point.force_n else top
        before, now = now, point
        at.append(point.at_mm)
        force.append(point.force_n)
        iterations.append(point.iterations)
        definition = judge(Curve(np.array(at), np.array(force), stiffness), settings.plateau)
        tell("loading", settings.steps - len(goals), settings.steps)
    curve = Curve(np.array(at), np.array(force), stiffness)
    return _Loading(curve, definition, top if definition == "maximum" else last, tuple(iterations))


def _goals(body: Body, elastic: Solution, settings: Settings) -> list[float]:
    """Return displacements [mm]: the first where yield begins, the others evenly up to the limit."""
    limit = settings.limit_strain * body.loaded.length_mm
    ratio = body.ratios(elastic.displacement).max(0)
    energy = elastic.energy_density()
    order = np.argsort(-ratio, kind="stable")
    yielded = int(np.searchsorted(np.cumsum(energy[order]), _FIRST * float(energy.sum())))
    worst = float(ratio[order[yielded]])
    first = 1 / worst if worst * limit > 1 and settings.steps > 1 else limit / settings.steps
    return [float(x) for x in np.linspace(first, limit, settings.steps)]


def _guess(before: Point, now: Point, goal_mm: float) -> Point:
    """Return the present point with displacements drawn on to the next displacement of the loaded surface."""
    share = (goal_mm - now.at_mm) / (now.at_mm - before.at_mm)
    return now._replace(displacement=now.displacement + share * (now.displacement - before.displacement))


def _result(
    body: Body, settings: Settings, loading: _Loading, elastic: Solution, began: tuple[float, float]
) -> Failure:
    """Put together what is reported of the state at failure."""
    loaded, curve, point = body.loaded, loading.curve, loading.failed.point
    at_failure = body.solution(point, elastic)
    bone = (loaded.part.ravel()[body.cell] != CAP) & (body.modulus >= settings.marrow_mpa)
    over = bone & (point.ratio.max(0) >= 1)
    volume = float(np.prod(loaded.model.spacing))
    lost = loading.failed.work - at_failure.energy_density() * volume
    until = curve.displacement_mm <= point.at_mm
    place = place_of(loaded, elastic.on_grid(bone.astype(float)) == 1, body.cell[over], lost[over])
    return Failure(
        displacement_mm=curve.displacement_mm,
        force_n=curve.force_n,
        stiffness_n_mm=curve.stiffness_n_mm,
        yield_load_n=offset_yield(curve, loaded.length_mm, loading.definition == "plateau"),
        failure_load_n=point.force_n,
        failure_displacement_mm=point.at_mm,
        definition=loading.definition,
        energy_to_failure_mj=float(np.trapezoid(curve.force_n[until], curve.displacement_mm[until])),
        dissipated_mj=float(lost.sum()),
        damage=elastic.on_grid(1 - body.law.share(point.ratio.max(0))).astype(np.float32),
        failed=elastic.on_grid(over.astype(float)) == 1,
        failed_volume_mm3=float(over.sum()) * volume,
        failed_place_mm=_place(loaded, body.cell[over], lost[over]),
        tension_share=_share(lost[over], (point.ratio[0] > point.ratio[1])[over]),
        place=place,
        elastic=elastic,
        at_failure=at_failure,
        iterations=loading.iterations,
        seconds=(time.perf_counter() - began[0], time.process_time() - began[1]),
        lines=(*loaded.lines, *_lines(settings, loading.definition)),
        warnings=(*place.warnings(), *_warnings(body, loading, bone, over)),
    )


def _share(lost: Floats, tension: Mask) -> float | None:
    total = float(lost.sum())
    return float(lost[tension].sum()) / total if total > 0 else None


def _place(loaded: LoadedBone, cell: Integers, lost: Floats) -> tuple[float, float, float] | None:
    """Return the centre of the dissipated work in the patient [mm]."""
    if not float(lost.sum()) > 0:
        return None
    index = np.stack(np.unravel_index(cell, loaded.model.modulus.shape))[::-1]
    centre = (index * lost).sum(1) / lost.sum()
    x, y, z = (float(v) for v in loaded.affine[:3, :3] @ centre + loaded.affine[:3, 3])
    return x, y, z


def _lines(settings: Settings, definition: Definition) -> tuple[str, ...]:
    """Return what the computation assumed."""
    after = f"stress rises with {settings.hardening:g} of the modulus" if settings.hardening else "stress stays"
    return (
        f"material: voxels yield where a principal strain reaches yield stress / modulus, in tension or compression; "
        f"beyond that the {after}; unloading leads back to the origin",
        f"failure: {MEANING[definition]}".format(limit=settings.limit_strain, plateau=settings.plateau),
        f"limit: {settings.limit_strain:g} of the length ({settings.limit_source})",
        f"equilibrium: unbalanced forces at most {settings.tolerance:g} of the forces on held nodes",
    )


def _warnings(body: Body, loading: _Loading, bone: Mask, over: Mask) -> tuple[str, ...]:
    """Return what a reader has to know before he uses the load."""
    found = []
    if not over.any():
        found.append("no voxel of the bone yielded: the load at the limit is no failure load")
    if body.solver.left_out[1]:
        found.append("{} parts with {} voxels hang loose and were left out".format(*body.solver.left_out))
    ends = principal_ends(loading.failed.point.displacement, body.voxels)[:, bone]
    large = float((np.abs(ends).max(0) > _LARGE_STRAIN).mean()) if bone.any() else 0.0
    if large > _LARGE_SHARE:
        found.append(f"{large:.0%} of the bone is strained beyond {_LARGE_STRAIN:.0%}: strains are no longer small")
    work = float(loading.failed.work.sum())
    curve, until = loading.curve, loading.curve.displacement_mm <= loading.failed.point.at_mm
    outside = float(np.trapezoid(curve.force_n[until], curve.displacement_mm[until]))
    if abs(work - outside) > _WORK * outside:
        found.append(f"work of the load {outside:.4g} N mm, work on the voxels {work:.4g} N mm")
    return tuple(found)
