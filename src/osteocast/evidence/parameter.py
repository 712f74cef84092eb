"""A number of a model with its unit, its two kinds of spread, its grade and its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Grade = Literal["measured", "pooled", "fitted", "derived", "assumed"]
SpreadKind = Literal["none", "normal", "lognormal", "logit-normal"]

GRADES: tuple[str, ...] = get_args(Grade)
SPREAD_KINDS: tuple[str, ...] = get_args(SpreadKind)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a value may lie from its typical value.

    Attributes
    ----------
    kind : {"none", "normal", "lognormal", "logit-normal"}
    sd : float
        Standard deviation: in the parameter's unit for ``normal``, on the logarithm or logit of the value for
        the two others, 0 for ``none``.
    """

    kind: SpreadKind = "none"
    sd: float = 0.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model.

    Attributes
    ----------
    name : str
    value : float [`unit`]
        Typical value.
    unit : str
        The paper's unit; the loader converts to the model's.
    uncertainty : Spread
        How well the typical value is known.
    between_patient : Spread
        How much patients differ; never merged with the uncertainty.
    neutral : float or None [`unit`]
        Value that removes the mechanism.
    grade : {"measured", "pooled", "fitted", "derived", "assumed"}
    source, where : str
        Key of the source, and the page, table, figure or equation in it.
    note, checked_by : str
        Remark; who read the number a second time.
    substance : str or None
        What is measured, where mass and amount have to be exchanged (see `foundation.units`).
    """

    name: str
    value: float
    unit: str
    uncertainty: Spread
    between_patient: Spread
    neutral: float | None
    grade: Grade
    source: str
    where: str
    note: str = ""
    checked_by: str = ""
    substance: str | None = None
