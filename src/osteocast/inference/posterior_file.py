"""The file of a posterior: written by the calibration, read by forecasts and trials."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.files import read_text_limited, sha256_of
from osteocast.inference.posterior import SCHEMA, DiscrepancyRecord, EnsembleRecord, FitRow, Posterior, StageRecord

FloatArray = NDArray[np.float64]
Record = TypeVar("Record", FitRow, StageRecord, DiscrepancyRecord, EnsembleRecord)

_NAMES = {"q2": "emulator_q2"}
# a fit table of 70 rows with what is known of each is longer than a patient's file
_MOST_BYTES = 4_000_000


def posterior_text(found: Posterior) -> str:
    """Return the file's text; the same posterior always gives the same bytes."""
    lines = [
        "# Written by `osteocast calibrate`; not edited by hand.",
        f'schema = "{SCHEMA}"',
        f"statement = {json.dumps(found.statement, ensure_ascii=False)}",
        f"design_points = {found.design_points}",
        f"laplace_pareto_k = {_number(found.laplace_k)}",
        "",
        "[ensemble]  # real runs with drawn parameters",
        *_lines(found.ensemble),
        "",
        *_scales(found),
    ]
    for ridge in found.ridges:
        lines += ["", "[[ridges]]  # computed from the covariance", *_lines(ridge)]
    for record in found.records:
        lines += ["", "[[stages]]", *_lines(record)]
    for one in found.discrepancies:
        lines += ["", "[[discrepancies]]", *_lines(one)]
    for row in found.rows:
        lines += ["", "[[rows]]", *_lines(row)]
    return "\n".join(lines) + "\n"


def scales_sha256(found: Posterior) -> str:
    """Return the SHA-256 of the scales as their file has them; what they were fitted to does not matter."""
    return sha256_of("\n".join(_scales(found)).encode())


def _scales(found: Posterior) -> list[str]:
    return [
        "[scales]  # natural logarithms",
        f"names = {json.dumps(list(found.names))}",
        f"stages = {json.dumps(list(found.stages))}",
        f"informed = {json.dumps(list(found.informed))}",
        f"prior_mean = {_numbers(found.prior_mean)}",
        f"prior_sd = {_numbers(found.prior_sd)}",
        f"mean = {_numbers(found.mean)}",
        f"sd = {_numbers(found.sd)}",
        f"sd_over_prior_sd = {_numbers(found.ratio)}",
        "parameters = [",
        *(f"    {json.dumps(list(names))}," for names in found.parameters),
        "]",
        "covariance = [",
        *(f"    {_numbers(row)}," for row in found.covariance),
        "]",
    ]


def _lines(entry: Any) -> Iterable[str]:
    for one in fields(entry):
        value = getattr(entry, one.name)
        if isinstance(value, str):
            text = json.dumps(value, ensure_ascii=False)
        else:
            text = str(value) if isinstance(value, int) else _number(value)
        yield f"{_NAMES.get(one.name, one.name)} = {text}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    text = f"{float(value):.8g}"
    return text if any(c in text for c in ".e") else text + ".0"


def _numbers(values: FloatArray) -> str:
    return "[" + ", ".join(_number(v) for v in values) + "]"


def posterior_of(path: str | Path) -> Posterior:
    """Return the posterior of a file, see `inference.posterior.read_posterior`."""
    text = read_text_limited(path, _MOST_BYTES)
    try:
        return _from_document(tomllib.loads(text))
    except (KeyError, TypeError, ValueError, np.linalg.LinAlgError) as problem:
        raise EvidenceError(
            Issue(
                code="posterior.invalid",
                place=str(path),
                found=f"{type(problem).__name__}: {problem}",
                expected=f"a file of schema {SCHEMA} with a positive definite covariance",
                fix="Write it anew with `osteocast calibrate`.",
            )
        ) from problem


def as_written(found: Posterior) -> Posterior:
    """Return a posterior with the digits that its file has, so that whoever reads the file draws the same numbers."""
    return _from_document(tomllib.loads(posterior_text(found)))


def _from_document(document: dict[str, Any]) -> Posterior:
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']!r}")
    scales = document["scales"]
    names, stages = (tuple(str(n) for n in scales[key]) for key in ("names", "stages"))
    parameters = tuple(tuple(str(n) for n in own) for own in scales["parameters"])
    k = len(names)
    vectors = {key: np.array(scales[key], dtype=np.float64) for key in ("prior_mean", "prior_sd", "mean")}
    covariance = np.array(scales["covariance"], dtype=np.float64)
    shapes = {v.shape for v in vectors.values()} | {(len(stages),), (len(parameters),)}
    if covariance.shape != (k, k) or shapes != {(k,)}:
        raise ValueError("scales whose lengths differ")
    np.linalg.cholesky(covariance)
    return Posterior(
        names=names,
        prior_mean=vectors["prior_mean"],
        prior_sd=vectors["prior_sd"],
        mean=vectors["mean"],
        covariance=covariance,
        rows=tuple(_entry(FitRow, row) for row in document.get("rows", [])),
        design_points=int(document["design_points"]),
        laplace_k=float(document["laplace_pareto_k"]),
        statement=str(document["statement"]),
        parameters=parameters,
        stages=stages,
        records=tuple(_entry(StageRecord, record) for record in document.get("stages", [])),
        discrepancies=tuple(_entry(DiscrepancyRecord, one) for one in document.get("discrepancies", [])),
        ensemble=_entry(EnsembleRecord, document["ensemble"]),
    )


_TYPES = {"str": str, "float": float, "int": int}


def _entry(kind: type[Record], found: dict[str, Any]) -> Record:
    """Return a record from its table; every key must be there."""
    values = {one.name: _TYPES[str(one.type)](found[_NAMES.get(one.name, one.name)]) for one in fields(kind)}
    return kind(**values)
