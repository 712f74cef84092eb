"""How far the model may lie from a figure beyond its parameters and chance, as calibration declares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from osteocast.domain.table import read_table
from osteocast.domain.trial import Endpoint
from osteocast.validation.scale import CONTRASTS


@dataclass(frozen=True, slots=True)
class Discrepancies:
    """Relative discrepancy of the model (SD) of levels, of rates that are means of patients' ratios, of contrasts."""

    level: float
    mean_of_ratios: float
    contrast: float

    def of(self, endpoint: Endpoint) -> float:
        """Return the discrepancy of an endpoint [1]."""
        if endpoint.estimator in CONTRASTS:
            return self.contrast
        return self.mean_of_ratios if endpoint.rate == "mean-of-patient-ratios" else self.level


def declared_discrepancies() -> Discrepancies:
    """Return the discrepancies of ``data/calibration.toml``, which stood there before anything was fitted."""
    found: dict[str, Any] = read_table("calibration")["discrepancy"]
    return Discrepancies(found["level"], found["mean_of_ratios"], found["contrast"])
