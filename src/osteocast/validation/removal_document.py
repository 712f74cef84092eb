"""Mechanisms that were out, as plain values for JSON, tables and the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from osteocast.trials.patterns import Pattern
from osteocast.validation.removal import Removal, Removals, Verdict


def removals_document(found: Removals) -> dict[str, Any]:
    """Return every mechanism that was out, what its rows do, and the patterns of events with all and without it."""
    return {"patterns": _patterns(found.patterns), "each": [_removal(one) for one in found.each]}


def _removal(one: Removal) -> dict[str, Any]:
    return {
        "name": one.mechanism.name,
        "title": one.mechanism.title,
        "reading": one.mechanism.reading,
        "neutral": dict(one.neutral),
        "counts": {verdict.value: one.count(verdict) for verdict in Verdict},
        "rows": [asdict(row) for row in one.rows],
        "patterns": _patterns(one.patterns),
        "reasons": dict(one.reasons),
    }


def _patterns(found: Mapping[str, tuple[Pattern, ...]]) -> dict[str, list[dict[str, Any]]]:
    return {trial: [asdict(one) for one in patterns] for trial, patterns in found.items()}
