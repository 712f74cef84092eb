"""The outcome of an integration, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from osteocast.engine import stepper
from osteocast.engine.system import System, fields_of

Floats = NDArray[np.float64]


class SolveStatus(IntEnum):
    """How an integration ended."""

    OK = stepper.OK
    STEP_TOO_SMALL = stepper.STEP_TOO_SMALL
    TOO_MANY_STEPS = stepper.TOO_MANY_STEPS
    NOT_FINITE = stepper.NOT_FINITE

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        return _SENTENCES[self]


_SENTENCES = {
    SolveStatus.OK: "The integration reached the end.",
    SolveStatus.STEP_TOO_SMALL: "The integration stopped: the step that the tolerance needs became too small.",
    SolveStatus.TOO_MANY_STEPS: "The integration stopped: it needed more steps than allowed.",
    SolveStatus.NOT_FINITE: "The integration stopped: a rate or a state was not a finite number.",
}


@dataclass(frozen=True, slots=True)
class Solution:
    """States on the requested times.

    Parameters
    ----------
    system
        The equations.
    status, message
        Outcome and its sentence, with the time reached if it failed.
    times
        Requested times [day].
    body
        Body states, shape (times, states); NaN after a failure.
    lesions
        Lesion states, shape (times, lesions, states).
    steps
        Steps tried.
    """

    system: System
    status: SolveStatus
    message: str
    times: Floats
    body: Floats
    lesions: Floats
    steps: int

    def of_body(self, name: str) -> Floats:
        """Return one body state over time."""
        return self.body[:, [f.name for f in fields_of(self.system.body_state)].index(name)]

    def of_lesion(self, lesion: int, name: str) -> Floats:
        """Return one state of one lesion over time."""
        return self.lesions[:, lesion, [f.name for f in fields_of(self.system.lesion_state)].index(name)]
