"""A validation as plain values for JSON, tables and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from osteocast.domain.table import read_table
from osteocast.domain.trial import Trial
from osteocast.foundation.version import VERSION
from osteocast.validation.claims import claims
from osteocast.validation.discrepancy import declared_discrepancies
from osteocast.validation.removal_document import removals_document
from osteocast.validation.row import GROUPS, Row
from osteocast.validation.run import TrialRun, Validation
from osteocast.validation.scale import from_scale
from osteocast.validation.score import Prediction, RowScore, Summary, faults, score, summarise

SCHEMA = "osteocast.validation/1"
BANNER = "Research and education use only; not a diagnosis, an order or a treatment recommendation."
_LARGE = 3.0
_LIMIT = 1.959964

Scores = dict[str, RowScore]
# Models that are summarised on the same rows, and the one that each is set against.
_ALONE: Final = {"simulation": "", "with_discrepancy": ""}
_BESIDE_NULL: Final = {"simulation": "null", "with_discrepancy": "null", "null": "simulation"}
_LEFT_OUT: Final = {"left_out": "null_left_out", "null_left_out": "left_out"}
_AGAIN: Final = {"simulation": "left_out", "left_out": "simulation"}


def document_of(found: Validation) -> dict[str, Any]:
    """Return a validation as plain values; numbers that do not exist are null."""
    models = {
        "simulation": found.ours,
        "with_discrepancy": found.ours_with_discrepancy,
        "null": found.null,
        "null_left_out": found.null_left_out,
        "left_out": found.ours_left_out,
    }
    scores = {name: _scores(found.rows, predictions) for name, predictions in models.items()}
    reasons = {
        row.target: run.estimates[row.target].reason if row.target in run.estimates else run.reason
        for run in found.runs
        for row in run.rows
    }
    plain = {
        "schema": SCHEMA,
        "version": VERSION,
        "banner": BANNER,
        "settings": asdict(found.settings),
        "calibration": {
            "scales_sha256": found.posterior.scales_sha256,
            "fitted": [row.target for row in found.posterior.rows],
            "discrepancy": asdict(declared_discrepancies()),
        },
        "trials": [_trial(run) for run in found.runs],
        "rows": [_row(row, models, scores, reasons[row.target]) for row in found.rows],
        "summaries": _summaries(found.rows, scores),
        "null_model": {
            "fitted_rows": found.null_fit.rows,
            "parameters": [
                {"name": name, "value": np.exp(mode), "log_sd": sd}
                for name, mode, sd in zip(
                    found.null_fit.names, found.null_fit.mode, np.sqrt(np.diag(found.null_fit.covariance)), strict=True
                )
            ],
        },
        "claims": [asdict(claim) | {"state": claim.state} for claim in claims()],
        "mechanisms": None if found.removals is None else removals_document(found.removals),
    }
    return dict(_plain(plain))


def _scores(rows: Sequence[Row], predictions: Mapping[str, Prediction]) -> Scores:
    return {row.target: score(row, predictions[row.target]) for row in rows if row.target in predictions}


def _trial(run: TrialRun) -> dict[str, Any]:
    return {
        "name": run.trial.name,
        "title": run.trial.title,
        "patients": run.patients,
        "rows": len(run.rows),
        "reason": run.reason,
        "patterns": [asdict(one) for one in run.patterns],
        "origins": _origins(run.trial),
    }


def _origins(trial: Trial) -> dict[str, float]:
    """Return the share of patients by primary tumour."""
    origins = dict.fromkeys(one.origin for one in trial.populations)
    return {name: sum(one["share"] for one in trial.populations if one.origin == name) for name in origins}


def _row(
    row: Row, models: Mapping[str, Mapping[str, Prediction]], scores: Mapping[str, Scores], reason: str
) -> dict[str, Any]:
    limits: list[float | None] = [None, None]
    if row.error is not None:
        limits = [from_scale(row.scale, row.value + sign * _LIMIT * row.error, row.n) for sign in (-1.0, 1.0)]
    notes: dict[str, dict[str, str]] = read_table("validation/notes")
    shown: dict[str, Any] = {
        name: _prediction(row, predictions.get(row.target), scores[name].get(row.target))
        for name, predictions in models.items()
    }
    own = scores["simulation"].get(row.target)
    return {
        "trial": row.trial,
        "endpoint": row.endpoint,
        "target": row.target,
        "use": row.use,
        "family": row.family,
        "scale": row.scale.value,
        "unit": row.unit,
        "n": row.n,
        "published": {
            "value": row.published,
            "low": limits[0],
            "high": limits[1],
            "error": row.error,
            "error_basis": row.error_basis,
        },
        **shown,
        "reason": "" if own is not None else reason or "trial.no-estimate",
        "large_miss": own is not None and not own.covered and not abs(own.z) < _LARGE,
        "reading": notes.get(row.target, {}).get("reading", ""),
    }


def _prediction(row: Row, one: Prediction | None, own: RowScore | None) -> dict[str, Any] | None:
    if one is None or own is None:
        return None
    middle, low, high = (from_scale(row.scale, value, row.n) for value in (one.centre, one.low, one.high))
    values = {"middle": middle, "low": low, "high": high, "missing": one.missing, "reason": one.reason}
    ratios = zip(("ratio", "ratio_low", "ratio_high"), (one.centre, one.low, one.high), strict=True)
    return values | {name: np.exp(value - row.value) for name, value in ratios} | asdict(own)


def _summaries(rows: Sequence[Row], scores: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Return the scores of every group: the simulation on all of its rows, and every model on the rows they share."""
    found = []
    for use, family in GROUPS:
        own = [row for row in rows if row.group == (use, family)]
        shared = [row for row in own if all(_told(scores[name], row) for name in ("simulation", "null"))]
        apart = [row for row in shared if all(_told(scores[name], row) for name in ("left_out", "null_left_out"))]
        again = [row for row in own if _told(scores["left_out"], row)]
        sets = (
            ("all rows", own, _ALONE),
            ("rows of both models", shared, _BESIDE_NULL),
            ("rows of both models, trial left out", apart, _LEFT_OUT),
            ("rows of fitted trials", again, _AGAIN),
        )
        for name, chosen, models in sets:
            summaries = {model: summarise(chosen, scores[model]) for model in models}
            for model, one in summaries.items():
                if one is not None:
                    head = {"use": use, "family": family, "on": name, "model": model}
                    found.append(head | _summary(one, models[model], summaries))
    return found


def _summary(one: Summary, against_model: str, summaries: Mapping[str, Summary | None]) -> dict[str, Any]:
    other = summaries.get(against_model)
    against = (
        None
        if other is None
        else {
            "skill": 1.0 - one.interval_score / other.interval_score,
            "skill_by_trial": 1.0 - one.score_by_trial / other.score_by_trial,
            "width_ratio": one.width / other.width,
        }
    )
    reference = other if against_model == "null" else None
    return asdict(one) | {"against_the_other": against, "faults": list(faults(one, reference))}


def _told(scores: Scores, row: Row) -> bool:
    return row.target in scores and not np.isnan(scores[row.target].width)


def _plain(value: Any) -> Any:
    """Return plain values with numbers of seven digits, so that the last bits of a library do not show."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.7g}") if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value]
