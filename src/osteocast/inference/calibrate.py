"""Calibration of a few shared log-scales on a few published levels.

The simulator runs on a space-filling design, a quadratic emulator stands in for it, and the posterior is a
Gaussian at the mode (Laplace). Every published level carries its own error and a model discrepancy: a model
that could miss any level by about an eighth must not be pinned tighter than that. Finished runs are kept, so
that an interrupted calibration goes on where it stopped and gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.files import sha256_of, write_atomically
from osteocast.inference.emulator import Emulator, smallest_design
from osteocast.inference.pareto import smooth_tail
from osteocast.inference.posterior import FitRow, Posterior

FloatArray = NDArray[np.float64]
Simulator = Callable[[dict[str, float]], dict[str, float]]

MOST_SCALES = 4
DISCREPANCY = 0.12
# The design covers this many prior SDs to each side; beyond it the emulator would extrapolate.
REACH = 2.0
NOT_CHECKED = "not yet checked on trials it did not see"


@dataclass(frozen=True, slots=True)
class Scale:
    """A shared factor with a log-normal prior: `mean` and `sd` of its natural logarithm."""

    name: str
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Level:
    """A published level to be met.

    Attributes
    ----------
    target : its row in the evidence. text : what it is, in words.
    published : value in `unit`. standard_error : in the same unit.
    output : "log" for positive levels, "logit" for percentages (0 to 100).
    """

    target: str
    text: str
    published: float
    unit: str
    standard_error: float
    output: Literal["log", "logit"]

    def transform(self, value: float) -> float:
        """Return the value on the scale on which errors add; percentages are kept off 0 and 100."""
        if self.output == "log":
            return math.log(max(value, 1e-12))
        p = min(max(value / 100.0, 1e-4), 1.0 - 1e-4)
        return math.log(p / (1.0 - p))

    @property
    def sd(self) -> float:
        """Published error and discrepancy together on the transformed scale."""
        relative = math.hypot(self.standard_error / self.published, DISCREPANCY)
        if self.output == "log":
            return relative
        return relative / (1.0 - self.published / 100.0)


def calibrate(
    simulator: Simulator,
    scales: Sequence[Scale],
    levels: Sequence[Level],
    folder: str | Path,
    points: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> Posterior:
    """Calibrate `scales` on `levels`.

    Parameters
    ----------
    simulator : function of scale factors by name giving each level by its target name; deterministic.
    folder : where finished runs are kept; keep one folder for each version of the simulator.
    points : number of design points, rounded up to what the emulator needs.
    progress : called with (runs done, runs in all).

    Raises
    ------
    EvidenceError
        ``calibrate.too-many-scales`` or ``calibrate.output``: an output missing or not finite.
    """
    if not 1 <= len(scales) <= MOST_SCALES:
        raise EvidenceError(
            Issue(
                "calibrate.too-many-scales",
                "scales",
                f"{len(scales)} scales",
                f"1 to {MOST_SCALES} shared scales",
                "A handful of published levels cannot inform more; keep the others at their evidence.",
            )
        )
    runs = _Runs(simulator, scales, levels, Path(folder))
    design = design_points(len(scales), points)
    outputs = []
    for i, x in enumerate(design):
        outputs.append(runs.at(x))
        if progress is not None:
            progress(i + 1, len(design) + 1)
    emulator = Emulator.fit(design, np.array(outputs))
    mode, covariance = _laplace(emulator, levels, len(scales))
    final = runs.at(mode)
    if progress is not None:
        progress(len(design) + 1, len(design) + 1)
    mean, sd = np.array([s.mean for s in scales]), np.array([s.sd for s in scales])
    return Posterior(
        names=tuple(s.name for s in scales),
        prior_mean=mean,
        prior_sd=sd,
        mean=mean + sd * mode,
        covariance=covariance * np.outer(sd, sd),
        rows=tuple(_row(lv, z, q) for lv, z, q in zip(levels, final, emulator.q2, strict=True)),
        design_points=len(design),
        laplace_k=_laplace_k(emulator, levels, mode, covariance),
        statement=_statement(scales, levels, mode, np.sqrt(np.diag(covariance))),
    )


def design_points(k: int, points: int) -> FloatArray:
    """Return a Sobol design in prior SDs, shape (n, k), within `REACH`; the same points every time.

    The sequence is unscrambled and starts after its corner point, so the prior mean comes first.
    """
    from scipy.stats import qmc

    n = max(points, smallest_design(k))
    sobol = qmc.Sobol(k, scramble=False, bits=30)
    sobol.fast_forward(1)
    return np.asarray(REACH * (2.0 * sobol.random(n) - 1.0))


@dataclass(frozen=True, slots=True)
class _Runs:
    """Simulator runs in standardised coordinates, each kept in a file of its own."""

    simulator: Simulator
    scales: Sequence[Scale]
    levels: Sequence[Level]
    folder: Path

    def at(self, x: FloatArray) -> list[float]:
        """Return the transformed outputs at one point, from its file if it is there and whole."""
        theta = {s.name: math.exp(s.mean + s.sd * float(v)) for s, v in zip(self.scales, x, strict=True)}
        name = sha256_of(json.dumps([theta, [lv.target for lv in self.levels]], sort_keys=True).encode())
        file = self.folder / f"point-{name[:16]}.json"
        found = _kept(file, theta)
        if found is None:
            found = self.simulator(theta)
            self._check(found)
            write_atomically(file, json.dumps({"theta": theta, "outputs": found}, sort_keys=True, indent=1))
        self._check(found)
        return [lv.transform(found[lv.target]) for lv in self.levels]

    def _check(self, outputs: dict[str, float]) -> None:
        wrong = [lv.target for lv in self.levels if not math.isfinite(outputs.get(lv.target, math.nan))]
        if wrong:
            raise EvidenceError(
                [
                    Issue(
                        "calibrate.output",
                        target,
                        str(outputs.get(target, "nothing")),
                        "a finite number from the simulation",
                        "Check the endpoint's definition, or leave the level out with its reason.",
                    )
                    for target in wrong
                ]
            )


def _kept(file: Path, theta: dict[str, float]) -> dict[str, float] | None:
    """Return the outputs kept in a file; None (run anew) if it is missing, damaged or of another point."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["theta"] != theta:
            return None
        return {str(k): float(v) for k, v in document["outputs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _log_posterior(emulator: Emulator, levels: Sequence[Level], x: FloatArray) -> FloatArray:
    """Return the log-posterior of standardised scales, shape (n,)."""
    published = np.array([lv.transform(lv.published) for lv in levels])
    sd = np.sqrt(np.array([lv.sd for lv in levels]) ** 2 + emulator.residual_sd**2)
    misfit = np.sum(((emulator.predict(x) - published) / sd) ** 2, axis=1)
    return np.asarray(-0.5 * (misfit + np.sum(x**2, axis=1)))


def _laplace(emulator: Emulator, levels: Sequence[Level], k: int) -> tuple[FloatArray, FloatArray]:
    """Return the mode inside the design and the covariance there, in prior SDs."""
    from scipy import optimize

    def objective(x: FloatArray) -> float:
        return -float(_log_posterior(emulator, levels, x[None, :])[0])

    starts = design_points(k, smallest_design(k))
    best = min(
        (optimize.minimize(objective, s, method="L-BFGS-B", bounds=[(-REACH, REACH)] * k) for s in starts),
        key=lambda found: float(found.fun),
    )
    mode = np.asarray(best.x, dtype=np.float64)
    # Gauss-Newton curvature is positive definite whatever the emulator's second derivatives; a quadratic's
    # central difference is exact.
    step = 0.5
    sd = np.sqrt(np.array([lv.sd for lv in levels]) ** 2 + emulator.residual_sd**2)
    moves = step * np.eye(k)
    slope = (emulator.predict(mode + moves) - emulator.predict(mode - moves)) / (2.0 * step) / sd
    return mode, np.asarray(np.linalg.inv(slope @ slope.T + np.eye(k)), dtype=np.float64)


def _laplace_k(emulator: Emulator, levels: Sequence[Level], mode: FloatArray, covariance: FloatArray) -> float:
    """Return the Pareto k-hat of draws from the Gaussian reweighted to the emulator's posterior."""
    k = mode.size
    standard = np.random.Generator(np.random.Philox(key=k)).standard_normal((2000, k))
    x = mode + standard @ np.linalg.cholesky(covariance).T
    log_weight = _log_posterior(emulator, levels, x) + 0.5 * np.sum(standard**2, axis=1)
    return smooth_tail(log_weight)[1]


def _row(level: Level, transformed: float, q2: float) -> FitRow:
    z = (transformed - level.transform(level.published)) / level.sd
    if level.output == "log":
        simulated = math.exp(transformed)
    else:
        simulated = 100.0 / (1.0 + math.exp(-transformed))
    error = simulated - level.published
    return FitRow(level.target, level.text, level.published, level.unit, simulated, error, z, float(q2))


def _statement(scales: Sequence[Scale], levels: Sequence[Level], mode: FloatArray, shrink: FloatArray) -> str:
    informed = [s.name for s, r in zip(scales, shrink, strict=True) if r < 0.7]
    kept = [s.name for s, r in zip(scales, shrink, strict=True) if r >= 0.7]
    edge = [s.name for s, m in zip(scales, mode, strict=True) if abs(m) > 0.98 * REACH]
    parts = [
        f"calibrated on {len(levels)} published levels ({', '.join(lv.target for lv in levels)})",
        f"informed: {', '.join(informed) or 'none'}",
        f"kept its prior: {', '.join(kept) or 'none'}",
    ]
    if edge:
        parts.append(f"at the edge of the range searched, so not to be trusted: {', '.join(edge)}")
    return "; ".join([*parts, NOT_CHECKED])
