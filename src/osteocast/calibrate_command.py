"""What the calibrate command does between the terminal and the library: read, show progress, write."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from osteocast.calibration.plan_file import read_plan
from osteocast.calibration.run import CalibrationSettings, calibrate
from osteocast.foundation.errors import InputError, Issue, StorageError
from osteocast.foundation.files import check_place
from osteocast.foundation.settings import workers_out_of_range
from osteocast.inference.posterior import SCHEMA, Posterior
from osteocast.interruption import work_that_stays
from osteocast.progress import show_notices

_MOST_NAMES = 6
_HEAD = 1000
"""Bytes at the beginning of a posterior that hold its schema."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command; None for what the plan says."""

    points: int | None
    ensemble: int | None
    patients: int | None
    workers: int | None
    stages: tuple[str, ...]


def calibrate_command(asked: Asked, out: Path, work: Path | None) -> str:
    """Calibrate, write the posterior, and return what the terminal shows.

    Raises
    ------
    OsteocastError
        With the problems of the options, the plan or a run.
    """
    plan = read_plan()
    settings = CalibrationSettings(asked.points, asked.ensemble, asked.patients, asked.stages or None)
    issues = workers_out_of_range("calibrate.setting", asked.workers)
    try:
        settings.check(plan)
    except InputError as error:
        issues += error.issues
    if issues:
        raise InputError(issues)
    check_place(out)
    _refuse_other_file(out)
    folder = out.with_name(f"{out.stem}-work") if work is None else work
    check_place(folder / "run.json")
    show_notices()
    console = Console(stderr=True)
    with work_that_stays(folder), console.status("") as status:
        clock = _Clock(time.monotonic())

        def tell(what: str, done: float, total: float) -> None:
            """Show how much is done and how long it may take."""
            if console.is_terminal:
                status.update(clock.text(what, done, total))

        found = calibrate(plan, settings, folder, asked.workers or os.cpu_count() or 1, tell, console.print)
    # The others first: a folder without the posterior itself is known to be unfinished.
    beside = out.with_name(f"{out.stem}-without")
    for trial, posterior in found.without.items():
        posterior.write(beside / f"{trial}.toml")
    found.posterior.write(out)
    return summary(found.posterior, out)


def _refuse_other_file(out: Path) -> None:
    """Raise `StorageError` where the name is that of a file which no calibration has written."""
    if out.is_file() and SCHEMA not in out.read_bytes()[:_HEAD].decode(errors="replace"):
        found, fix = "a file that is no posterior", "Choose another name, or remove the file."
        raise StorageError(Issue("storage.write", str(out), found, "a new file, or a posterior to replace", fix))


@dataclass(frozen=True, slots=True)
class _Clock:
    """Tells the time that is left."""

    start: float

    def text(self, what: str, done: float, total: float) -> str:
        """Return how much is done and how long the rest may take."""
        spent = time.monotonic() - self.start
        left = spent * (total - done) / done
        return f"{what}: {done / total:.0%} of all courses, about {max(left, 0.0) / 60.0:.0f} minutes left"


def summary(found: Posterior, out: Path) -> str:
    """Return at most 15 lines on a posterior."""
    q2 = np.array([row.q2 for row in found.rows])
    known = np.sort(q2[np.isfinite(q2)])
    missed = [row.target for row in found.rows if row.used and row.implausible]
    aside = [row.target for row in found.rows if not row.used]
    within = sum(abs(row.z) <= 2.0 for row in found.rows)
    lines = [
        f"{len(found.rows)} figures, {within} within two standard errors; missed by three: {_names(missed)}",
        f"set aside, because the model meets them nowhere in the prior: {_names(aside)}",
    ]
    for record in found.records:
        lines.append(
            f"stage {record.name} ({record.title}): {record.points} runs, {record.not_ruled_out:.1%} of the prior not "
            f"ruled out, k-hat {record.pareto_k:.2f}"
        )
    ratios = sorted(zip(found.ratio, found.names, strict=True))
    lines.append(f"informed: {_names([f'{name} {r:.2f}' for r, name in ratios if r < 0.7], 20)}")
    lines.append(f"kept its prior: {_names([name for r, name in ratios if r >= 0.7], 20)}")
    ridges = [f"{one.first} / {one.second} {one.correlation:+.2f}" for one in found.ridges]
    lines.append(f"ridges: {_names(ridges)}")
    if len(known):
        lines.append(f"emulator Q2: {known[0]:.2f} to {known[-1]:.2f}, median {np.median(known):.2f}")
    if found.ensemble.members:
        one = found.ensemble
        lines.append(f"ensemble: {one.members} real runs, {one.effective:.1f} effective, k-hat {one.pareto_k:.2f}")
    return "\n".join([*lines, f"written to {out}"])


def _names(names: list[str], most: int = _MOST_NAMES) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + rest) or "none"
