"""Numbers as the validation page writes them."""

from __future__ import annotations


def number(value: float | None) -> str:
    """Write a number with three digits; what does not exist is a dash."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
