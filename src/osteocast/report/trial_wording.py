"""How endpoints, figures and reasons of a trial are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from osteocast.report.wording import plain, whole

REASONS: Final = MappingProxyType(
    {
        "trial.not-reached": "not reached within follow-up",
        "trial.not-observed": "after the longest follow-up",
        "trial.no-time": "nobody was followed",
        "trial.not-converged": "the data do not bound it",
        "trial.no-patients": "no patients of this kind",
        "trial.no-events": "no event in either arm",
        "trial.no-events-in-arm": "no event in one arm",
        "trial.no-interval": "no interval at this size",
        "trial.no-information": "nothing to compare",
        "trial.no-replicates": "no replicate",
        "trial.no-formula": "no formula for this estimator",
        "trial.no-advantage": "the simulated ratio does not favour the test arm",
    }
)
"""Codes of ``docs/errors.md`` that say why a figure is missing, in words."""

USES: Final = MappingProxyType(
    {"calibrated": "used in the calibration", "open": "open to calibration, not used", "held-back": "held back"}
)


def title_of(endpoint: Mapping[str, Any]) -> str:
    """Return an endpoint's name as words."""
    return plain(str(endpoint["name"]).replace("-", " "))


def number(value: float | None, unit: str) -> str:
    """Write a figure in its unit: whole per cent and months, two decimals for ratios and rates."""
    if value is None:
        return "–"
    if unit in ("%", "months", "days"):
        if unit == "%" and 0 < abs(value) < 0.5:
            return "<1" if value > 0 else "0"
        return str(whole(value)).replace("-", "−")
    return f"{value:.2f}".replace("-", "−")


def span(low: float | None, high: float | None, unit: str) -> str:
    """Write an interval; an open end is "…"."""
    return _joined([None if v is None else number(v, unit) for v in (low, high)])


def _joined(limits: Sequence[str | None]) -> str:
    if all(one is None for one in limits):
        return ""
    ends = ["…" if one is None else one for one in limits]
    return " to ".join(ends) if any(e.startswith("−") or e == "…" for e in ends) else "–".join(ends)


def figure_text(endpoint: Mapping[str, Any]) -> str:
    """Write the simulated figure with its interval, or why there is none."""
    unit = endpoint["unit"]
    interval = span(endpoint["low"], endpoint["high"], unit)
    if endpoint["value"] is None and not interval:
        return reason_text(endpoint) or "–"
    return f"{number(endpoint['value'], unit)} ({interval})" if interval else number(endpoint["value"], unit)


def reason_text(endpoint: Mapping[str, Any]) -> str:
    """Say why a figure or a limit is missing; empty where nothing is."""
    return "; ".join(REASONS.get(code, code) for code in endpoint["reasons"])


def published_text(endpoint: Mapping[str, Any]) -> str:
    """Write the published figure with its interval, to the digits of its publication; empty where there is none."""
    one = endpoint["published"]
    if one is None:
        return ""
    numbers = (one["value"], one["low"], one["high"])
    shown, *limits = (None if v is None else f"{v:g}".replace("-", "−") for v in numbers)
    interval = _joined(limits)
    return f"{shown} ({interval})" if interval else str(shown)


def unit_text(unit: str) -> str:
    """Return a unit as a short word; none for ratios."""
    words = {"ratio": "", "events/patient": "a patient", "events/patient-year": "a year"}
    return words.get(unit, unit)
