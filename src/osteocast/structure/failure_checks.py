"""How to load a bone to failure, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteocast.domain.table import read_table
from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.loaded import LoadedBone

__all__ = ["Settings", "against", "check", "not_converged", "settings_for"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to load.

    Attributes
    ----------
    limit_strain : float
        Displacement at which loading ends, relative to the length of the loaded bone.
    steps : int
        Steps up to there, the first to the beginning of yield, the others of equal displacement.
    hardening : float
        Slope of stress beyond yield relative to the modulus; 0 is perfectly plastic.
    rest : float
        Share of its modulus that a voxel keeps at the least.
    tolerance : float
        Norm of the unbalanced forces relative to that of the forces on held nodes, at the end of each step.
    most_iterations : int
        Iterations of one step.
    plateau : float
        Loading has failed when the force rises by less than this share of the elastic slope.
    marrow_mpa : float
        Softer voxels are loaded but not counted as failed bone.
    threads : int
    limit_source : str
        Where the limit comes from, for the lines of the result.
    """

    limit_strain: float = 0.04
    steps: int = 10
    hardening: float = 0.0
    rest: float = 1e-3
    tolerance: float = 1e-3
    most_iterations: int = 100
    plateau: float = 1e-3
    marrow_mpa: float = 10.0
    threads: int = 1
    limit_source: str = "not of a site"


def settings_for(site: str, threads: int = 1) -> Settings:
    """Return the settings of a site, such as ``"femur-left"``: those of every bone with the site's limit."""
    limits = read_table("failure_limits")["limits"]
    bone = site.partition("-")[0]
    limit = limits[bone if bone in limits else "generic"]
    source = f"{limit['source']}, {limit['status']}: {limit['where']}"
    return Settings(limit_strain=float(limit["strain"]), threads=threads, limit_source=source)


def check(loaded: LoadedBone, settings: Settings) -> None:
    """Refuse settings and yield stresses that mean nothing; all problems at once."""
    issues = []
    positive = ("limit_strain", "steps", "tolerance", "rest", "most_iterations", "threads")
    bad = [f"{name} {getattr(settings, name):g}" for name in positive if not getattr(settings, name) > 0]
    bad += [f"{name} {getattr(settings, name):g}" for name in ("hardening", "rest") if not getattr(settings, name) < 1]
    bad += [
        f"{name} {getattr(settings, name):g}" for name in ("hardening", "plateau") if not getattr(settings, name) >= 0
    ]
    if bad:
        fix = "Leave out what is not needed; the defaults suit a bone."
        issues.append(Issue("failure.settings", "settings", ", ".join(bad), "above 0; rest and hardening below 1", fix))
    here = np.asarray(loaded.model.modulus) > 0
    for name, values in (("tension", loaded.yield_tension), ("compression", loaded.yield_compression)):
        if values.shape != here.shape:
            found = f"shape {values.shape} beside a model of {here.shape}"
        else:
            wrong = int((~(values[here] >= 0)).sum())
            found = f"{wrong} voxels negative or not a number"
            if wrong == 0:
                continue
        fix = "Give one yield stress for each voxel, 0 or more; infinite where it never yields."
        issues.append(Issue("failure.yield", f"yield_{name}", found, "one stress [MPa] for each voxel", fix))
    if not (np.isfinite(loaded.length_mm) and loaded.length_mm > 0):
        fix = "Mend the load case: the distance between support and loaded surface."
        issues.append(Issue("failure.length", "length_mm", f"{loaded.length_mm:g} mm", "more than 0 mm", fix))
    if issues:
        raise InputError(issues)


def against(stiffness: float) -> Issue:
    """Return the issue of a load that meets no resistance."""
    fix = "Check the load case: the surface that is moved and the direction it is moved in."
    found = f"stiffness {stiffness:.3g} N/mm"
    return Issue("failure.direction", "load case", found, "a force against the movement", fix)


def not_converged(goal_mm: float, reached: tuple[float, float], settings: Settings) -> Issue:
    """Return the issue of a step without equilibrium; `reached` is the last displacement [mm] and force [N]."""
    last = f"the last was {reached[1]:.4g} N at {reached[0]:.4g} mm"
    return Issue(
        "failure.not-converged",
        f"step to {goal_mm:.4g} mm",
        f"no equilibrium in {settings.most_iterations} iterations; {last}",
        f"unbalanced forces of at most {settings.tolerance:g}",
        "Allow more iterations or a larger tolerance, or look for thin hinges between voxels.",
    )
