"""A trial that is simulated in a few seconds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from osteocast.formats.trial_file import trial_from_mapping

EXAMPLE = Path(__file__).parents[2] / "examples" / "trials" / "denosumab_every_12_weeks.toml"


def raw_trial(months: int = 6) -> dict[str, Any]:
    """The example's file, made short."""
    raw = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name in ("cut_off", "simulated"):
        raw["follow_up"][name]["value"] = months
    for name in ("earliest_exit", "latest_exit"):
        raw["follow_up"][name]["value"] = months / 12
    raw["endpoints"] = [one for one in raw["endpoints"] if "time" not in one or one["time"] == "13 weeks"]
    return raw


def small_trial(**changes: Any):
    """Return the short trial with sections replaced."""
    return trial_from_mapping(raw_trial() | changes, "small.toml")
