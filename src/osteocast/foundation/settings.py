"""Whole numbers that a user chooses: which of them are out of range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from osteocast.foundation.errors import Issue

MOST_WORKERS: Final = 1024
MOST_SEED: Final = 2**63 - 1


def out_of_range(code: str, limits: Mapping[str, tuple[int | None, int, int]]) -> list[Issue]:
    """Return one issue for each setting that is no whole number between its limits.

    Parameters
    ----------
    limits : value, lowest and highest by the name of the option.
    """
    return [
        Issue(code, name, str(value), f"{low:,} to {high:,}", f"Choose --{name} within these limits.")
        for name, (value, low, high) in limits.items()
        if type(value) is not int or not low <= value <= high
    ]


def workers_out_of_range(code: str, workers: int | None) -> list[Issue]:
    """Return the issue of a number of threads that cannot be; None is every processor."""
    if workers is None or 1 <= workers <= MOST_WORKERS:
        return []
    fix = "Choose --workers within these limits, or leave it out to use every processor."
    return [Issue(code, "workers", str(workers), f"1 to {MOST_WORKERS:,}", fix)]
