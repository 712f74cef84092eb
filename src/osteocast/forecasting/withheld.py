"""What the record already meets gets no number: no risk of it, and no comparison of drugs by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from osteocast.forecasting.result import Applicability, Contrast, RegimenForecast


def withhold_risks(
    regimens: Sequence[RegimenForecast], statements: Sequence[Applicability]
) -> tuple[RegimenForecast, ...]:
    """Return the regimens without the risks that a statement suppresses (None, nan as a first event)."""
    gone = {kind for one in statements for kind in one.suppresses}
    return tuple(
        replace(
            regimen,
            risk={kind: None if kind in gone else curve for kind, curve in regimen.risk.items()},
            first_event={kind: math.nan if kind in gone else share for kind, share in regimen.first_event.items()},
            lesions=tuple(replace(one, cord=None) if "cord_compression" in gone else one for one in regimen.lesions),
            harms={kind: risk for kind, risk in regimen.harms.items() if kind not in gone},
        )
        for regimen in regimens
    )


def withhold_contrasts(contrasts: Sequence[Contrast], statements: Sequence[Applicability]) -> tuple[Contrast, ...]:
    """Return the contrasts, those that do not apply without numbers and with the reason as text."""
    reason: dict[str, str] = {}
    for one in statements:
        for kind in one.not_compared:
            reason.setdefault(kind, one.instead)
    return tuple(_without_numbers(c, reason[c.kind]) if c.kind in reason else c for c in contrasts)


def _without_numbers(contrast: Contrast, reason: str) -> Contrast:
    nan = math.nan
    return replace(contrast, avoided_per_100=nan, low=nan, high=nan, distinguishable=None, text=reason)
