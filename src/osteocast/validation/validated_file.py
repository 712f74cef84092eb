"""The short record of a validation that forecasts and trials show: written beside its result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from osteocast.inference.validated import SCHEMA

Entry = Mapping[str, Any]


def validated_text(result: Entry, date: str) -> str:
    """Return the text of ``data/validated.toml`` from a finished validation.

    Parameters
    ----------
    result : as described by ``data/schema/validation.schema.json``. date : of the run, as in an ISO date.
    """
    settings, patients = result["settings"], result["settings"]["patients"]
    lines = [
        "# Written by `osteocast validate` (validated.toml beside its result); not edited by hand.",
        f'schema = "{SCHEMA}"',
        f'scales_sha256 = "{result["calibration"]["scales_sha256"]}"',
        f'date = "{date}"',
        f'version = "{result["version"]}"',
        f"replicates = {settings['replicates']}",
        *([] if patients is None else [f"patients = {patients}"]),
    ]
    for head, entries in (("groups", _groups(result["summaries"])), ("trials", _trials(result))):
        for entry in entries:
            lines += ["", f"[[{head}]]", *(f"{key} = {_value(value)}" for key, value in entry.items())]
    return "\n".join(lines) + "\n"


def _groups(summaries: list[Entry]) -> Iterator[dict[str, Any]]:
    def one(on: str, model: str, group: Entry) -> Entry | None:
        """Return a model's summary of the same group."""
        found = (s for s in summaries if (s["on"], s["model"]) == (on, model))
        return next((s for s in found if (s["use"], s["family"]) == (group["use"], group["family"])), None)

    for whole in summaries:
        if (whole["on"], whole["model"]) != ("all rows", "simulation"):
            continue
        entry = {key: whole[key] for key in ("use", "family", "rows", "trials", "hits", "width")}
        own, null = (one("rows of both models", model, whole) for model in ("simulation", "null"))
        if own is not None and null is not None:
            entry |= {"score": own["interval_score"], "null_score": null["interval_score"]}
        yield {key: value for key, value in entry.items() if value is not None}


def _trials(result: Entry) -> Iterator[dict[str, Any]]:
    fitted = set(result["calibration"]["fitted"])
    for trial in result["trials"]:
        rows = [row for row in result["rows"] if row["trial"] == trial["name"]]
        unseen = [row for row in rows if row["use"] == "check" and row["simulation"] is not None]
        yield {
            "name": trial["name"],
            "origins": trial["origins"],
            "fitted": sum(row["target"] in fitted for row in rows),
            "held_back": len(unseen),
            "hits": sum(row["simulation"]["covered"] for row in unseen),
        }


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
