"""The real runs of a calibration: which there are, what each depends on, and how they share the processors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from osteocast.calibration.kept import Kept
from osteocast.calibration.plan import FittedTrial, FreeScale, Stage
from osteocast.calibration.point import Who, point_values, sampling_error
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import Posterior

FloatArray = NDArray[np.float64]
Task = Callable[[], FloatArray]

# Twelve digits are more than any simulation tells apart.
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every run of a calibration needs.

    Attributes
    ----------
    who : patients and seed of the design points. kept : where finished runs are.
    workers : runs at the same time. tell : called with what was done and its size in courses.
    """

    who: Who
    kept: Kept
    workers: int
    tell: Callable[[str, float], None]

    def run(self, tasks: Sequence[Task]) -> FloatArray:
        """Return the results of independent runs in their order, shape (runs, ...).

        Each run has one thread, so that the parts of it that cannot be shared keep no processor waiting.
        """
        pool = ThreadPoolExecutor(self.workers)
        try:
            futures = [pool.submit(task) for task in tasks]
            return np.array([future.result() for future in futures])
        finally:
            # After a failure or Ctrl-C nothing else is begun; what is finished is kept.
            pool.shutdown(wait=False, cancel_futures=True)

    def task(self, kind: str, depends: object, size: float, compute: Task) -> Task:
        """Return a run that is kept under what it depends on and tells of its size when it is done."""

        def one() -> FloatArray:
            """Return what is kept, or compute and keep it."""
            found = self.kept.array(kind, depends, compute)
            self.tell(kind, size)
            return found

        return one


@dataclass(frozen=True, slots=True)
class StageRuns:
    """The design points of one stage, with the scales of earlier stages at their centre.

    Attributes
    ----------
    shop : tools. stage : own. scales, logs : scales of earlier stages and their log-values, shape (earlier,).
    """

    shop: Workshop
    stage: Stage
    scales: tuple[FreeScale, ...]
    logs: FloatArray

    def points(self, x: FloatArray) -> FloatArray:
        """Return the rows at standardised points (n, k), shape (n, rows)."""
        return self.shop.run([self._task("point", one) for one in x])

    def chance(self) -> FloatArray:
        """Return the covariance of the rows at the prior's mean by the chance of a simulation, shape (rows, rows)."""
        middle = np.zeros(len(self.stage.scales))
        return np.asarray(self.shop.run([self._task("error", middle)])[0])

    def _task(self, kind: Literal["point", "error"], x: FloatArray) -> Task:
        stage, who = self.stage, self.shop.who
        own = stage.prior_mean + stage.prior_sd * x
        logs = np.round(np.concatenate([self.logs, own]), _DIGITS)
        scales = (*self.scales, *stage.scales)
        factors = [(scale.parameters, log) for scale, log in zip(scales, logs.tolist(), strict=True)]
        place = ", ".join(f"{s.name} {f:.3g}" for s, f in zip(stage.scales, np.exp(own), strict=True))
        compute = point_values if kind == "point" else sampling_error
        parameters = parameters_at(scales, logs, who.seed)
        return self.shop.task(
            f"stage-{stage.name}-{kind}",
            (stage.trials, who.patients, who.seed, factors),
            courses_of(stage.trials, who.patients),
            lambda: compute(stage.trials, parameters, who, place),
        )


def courses_of(trials: Sequence[FittedTrial], patients: int) -> float:
    """Return the work of simulating trials once, in courses of two years; a history counts as one."""
    return sum(
        (one.patients or patients) * (1.0 + len(one.trial.arms) * one.trial.follow_up.simulated.value / 24.0)
        for one in trials
    )


def parameters_at(scales: Sequence[FreeScale], logs: FloatArray, seed: int) -> Parameters:
    """Return parameters with scales at given log-values and all else at its evidence."""
    k = len(scales)
    point = Posterior(
        names=tuple(scale.name for scale in scales),
        prior_mean=np.zeros(k),
        prior_sd=np.ones(k),
        mean=logs,
        covariance=np.eye(k),
        rows=(),
        design_points=0,
        laplace_k=float("nan"),
        statement="a design point",
        parameters=tuple(scale.parameters for scale in scales),
    )
    return Parameters(point, seed, drawn=False)
