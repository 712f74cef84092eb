"""A published result that simulated courses are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Use = Literal["fit", "check", "input", "excluded"]
USES: tuple[str, ...] = get_args(Use)


@dataclass(frozen=True, slots=True)
class Target:
    """One published figure.

    Attributes
    ----------
    id, study, source, population, arm, comparator, endpoint, kind : str
        What was measured, in whom; `comparator` is empty for a figure of one arm.
    year : int
    value : float or None [`unit`]
        The number, or None where the publication gives words (`value_text`).
    unit, value_text : str
    sd : float or None [`unit`]
        Standard deviation between patients.
    ci : (float, float) or None [`unit`]
        95 % confidence limits; `ci_basis` is ``published`` or ``computed``.
    n, events : int or None
        Patients, and patients with the event; `events_basis` says how the count is known.
    estimator, ascertainment, timepoint : str
    use : {"fit", "check", "input", "excluded"}
        Declared before any fit; a trial stands whole on one side.
    why, note : str
        Reason for the use; remarks.
    checked : bool
        Whether the figure was read in a copy of the source.
    """

    id: str
    study: str
    year: int
    source: str
    population: str
    arm: str
    comparator: str
    endpoint: str
    kind: str
    value: float | None
    value_text: str
    unit: str
    sd: float | None
    ci: tuple[float, float] | None
    ci_basis: str
    n: int | None
    events: int | None
    events_basis: str
    estimator: str
    ascertainment: str
    timepoint: str
    use: Use
    why: str
    note: str
    checked: bool
