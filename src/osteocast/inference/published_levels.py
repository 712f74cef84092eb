"""The calibration as it is published: reference arms simulated over the design of `inference.calibrate`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from osteocast.course.detection import as_simulated
from osteocast.course.present import Present
from osteocast.evidence.load import DATA
from osteocast.foundation.files import folder_sha256
from osteocast.inference.calibrate import calibrate
from osteocast.inference.calibration_file import ArmLevel, CalibrationPlan, read_calibration
from osteocast.inference.estimators import first_event_share, median_survival
from osteocast.inference.posterior import Posterior
from osteocast.inference.reference_arms import ArmCourses, enter, entry_of, follow_arm
from osteocast.inference.scales import PRIORS

POINTS = 32
PATIENTS = 1000
# What the simulated levels depend on; a change to any of it starts a new folder of kept runs.
_DATA = ("parameters", "drugs", "regimens", "trials")
_TABLES = ("calibration.toml", "sites.toml", "event_definitions.toml")
_CODE = ("course", "engine", "models", "inference")


def calibrate_on_published(
    folder: str | Path,
    points: int = POINTS,
    patients: int = PATIENTS,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Posterior:
    """Calibrate the shared scales on the levels of data/calibration.toml.

    Parameters
    ----------
    folder : where finished design points are kept, in a sub-folder for this version of model, data and size, so
        that an interrupted calibration goes on where it stopped.
    points : design points. patients : simulated patients of each arm.
    workers : threads; the result does not depend on them.
    progress : called with (points done, points in all).
    """
    plan = read_calibration()

    def simulator(scales: dict[str, float]) -> dict[str, float]:
        return simulated_levels(plan, scales, patients, workers)

    kept = Path(folder) / f"{fingerprint()[:12]}-{patients}"
    return calibrate(simulator, PRIORS, [found.level for found in plan.levels], kept, points, progress)


def simulated_levels(
    plan: CalibrationPlan, scales: Mapping[str, float], patients: int, workers: int | None = None
) -> dict[str, float]:
    """Simulate every arm of a plan and return its levels by target, in the unit of the target."""
    levels: dict[str, float] = {}
    entered: dict[tuple[str | float, ...], Present] = {}
    for name in dict.fromkeys(found.arm for found in plan.levels):
        wanted = plan.arms[name]
        entry = entry_of(wanted)
        if entry not in entered:
            entered[entry] = enter(wanted, scales, patients, plan.seed, workers)
        arm = follow_arm(wanted, entered[entry], workers)
        levels |= {found.level.target: level_of(arm, found) for found in plan.levels if found.arm == name}
    return levels


def level_of(arm: ArmCourses, wanted: ArmLevel) -> float:
    """Return one level of simulated courses by the estimator of its publication."""
    if wanted.definition is None:
        days = median_survival(arm.end_day, ~np.isnan(arm.courses.death_day))
        return days / (365.25 / 12) if wanted.level.unit == "months" else days
    # Simulated with the trial's own survey interval, so the days stored in the courses are those of the trial.
    return first_event_share(as_simulated(arm.courses, arm.exit_day), wanted.definition, wanted.first)


def fingerprint() -> str:
    """Return a SHA-256 over everything the simulated levels depend on: data, model code, calibration file."""
    code = DATA.parent
    parts = [folder_sha256(DATA / name) for name in _DATA]
    parts += [folder_sha256(code / name, "**/*.py") for name in _CODE]
    parts += [(DATA / name).read_text(encoding="utf-8") for name in _TABLES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
