"""A simulated trial as plain values for ``result.json``, checked against the form that is published."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from osteocast.domain.trial import Trial
from osteocast.domain.trial_words import trial_quantity
from osteocast.evidence.cite import cite
from osteocast.evidence.load import DATA
from osteocast.formats.trial_result_model import TRIAL_RESULT_FORMAT, TrialResultDocument
from osteocast.foundation.banner import BANNER
from osteocast.foundation.version import VERSION
from osteocast.inference.posterior import read_posterior
from osteocast.inference.validated import statement, validation_of
from osteocast.trials.contrast import Contrast
from osteocast.trials.curves import (
    MARKERS,
    MarkerCourse,
    MonthlyCurve,
    event_curves,
    first_event_curves,
    main_counting,
    marker_courses,
    survival_curves,
)
from osteocast.trials.describe import (
    allocation_text,
    arm_parts,
    criterion_text,
    estimand_texts,
    follow_up_texts,
    share_text,
)
from osteocast.trials.estimate import Estimate
from osteocast.trials.result import EndpointResult

if TYPE_CHECKING:
    from osteocast.trials.simulate_trial import TrialResult

Document = dict[str, Any]
_DIGITS = 6
FEW_REPLICATES: Final = 20
"""Below so many the 5 % quantile lies between the two smallest values."""


def document_of(result: TrialResult) -> Document:
    """Return the whole result; the same trial, settings and version give the same values."""
    trial, settings = result.trial, result.settings
    posterior = read_posterior(DATA / "posterior.toml")
    calibrated = [row.target for row in posterior.rows]
    met = statement(validation_of(posterior))
    document = {
        "schema": TRIAL_RESULT_FORMAT,
        "version": VERSION,
        "banner": BANNER,
        "title": trial.title,
        "trial": _trial_part(result),
        "settings": {
            "patients": settings.patients,
            "replicates": settings.replicates,
            "design": settings.design,
            "seed": settings.seed,
            "parameters": "drawn" if settings.drawn_parameters else "central",
        },
        "calibration": {"statement": f"{posterior.statement}; {met}", "targets": calibrated},
        "endpoints": [_endpoint(one, result.contrasts.get(one.name), calibrated) for one in result.endpoints],
        "curves": _curves(result),
        "markers": [_marker(one) for one in marker_courses(trial, result.subjects, result.seed_shown)],
        "notes": list(_notes(result)),
        "citations": cite(trial.sources) if trial.sources else {},
    }
    checked = TrialResultDocument.model_validate(document)
    return checked.model_dump(mode="json", by_alias=True)


def rounded(value: float) -> float | None:
    """Return a number with six significant digits; None where there is none."""
    return float(f"{value:.{_DIGITS}g}") + 0.0 if isfinite(value) else None


def _list(values: Any) -> list[float | None]:
    return [rounded(float(v)) for v in values]


def _trial_part(result: TrialResult) -> Document:
    trial = result.trial
    return {
        "name": trial.name,
        "title": trial.title,
        "note": trial.note,
        "populations": [
            f"{one.origin}{f' ({one.subtype})' if one.subtype else ''}, {one['share']:.0%}" for one in trial.populations
        ],
        "entry": list(_entry_parts(trial)),
        "arms": [
            {key: rounded(value) if isinstance(value, float) else value for key, value in arm.items()}
            for arm in arm_parts(trial, result.subjects)
        ],
        "allocation": allocation_text(trial, result.settings.design),
        "follow_up": follow_up_texts(trial),
        "definitions": {name: one.title for name, one in trial.countings.items()},
        "estimand": estimand_texts(trial),
        "inputs": list(_inputs(trial)),
    }


def _inputs(trial: Trial) -> Iterator[Document]:
    sections = [(f"population {one.name}", "population", one.inputs) for one in trial.populations]
    plan = trial.follow_up
    sections.append(("follow-up", "follow_up", {name: getattr(plan, name) for name in plan.__dataclass_fields__}))
    seen = []
    for arm in trial.arms:
        if arm.drop_out not in seen:
            seen.append(arm.drop_out)
            place = "drop-out" if len(seen) == 1 else f"drop-out in {arm.name}"
            given = {name: getattr(arm.drop_out, name) for name in arm.drop_out.__dataclass_fields__}
            sections.append((place, "drop_out", given))
    for place, section, inputs in sections:
        for name, one in inputs.items():
            yield {
                "place": place,
                "title": trial_quantity(section, name).title,
                "value": rounded(one.value),
                "unit": one.unit,
                "grade": one.grade,
                "why": one.why,
            }


def _endpoint(one: EndpointResult, contrast: Contrast | None, calibrated: list[str]) -> Document:
    single = len(one.estimates) == 1
    published = one.published
    use = {"fit": "open", "check": "held-back"}
    return {
        "name": one.name,
        "title": one.title,
        "arms": list(one.arms),
        "comparator": one.comparator,
        "method": one.method,
        "unit": one.unit,
        "value": rounded(one.middle),
        "low": rounded(one.low),
        "high": rounded(one.high),
        "interval": "95 % confidence" if single else "5 to 95 % of replicates",
        "p_value": rounded(one.estimates[0].p_value) if single else None,
        "missing": one.missing,
        "reasons": list(one.reasons),
        "published": None
        if published is None
        else {
            "target": published.target,
            "value": published.value,
            "low": published.low,
            "high": published.high,
            "n": published.n,
            "use": "calibrated" if published.target in calibrated else use[published.use],
        },
        "contrast": None if contrast is None else _contrast(contrast),
        "replicates": [
            {
                "value": rounded(e.value),
                "low": rounded(e.low),
                "high": rounded(e.high),
                "p_value": rounded(e.p_value),
                "n": e.n,
                "reason": e.reason,
            }
            for e in one.estimates
        ],
    }


def _contrast(one: Contrast) -> Document:
    power = None
    if one.superior is not None:
        power = {
            "kind": "assurance" if one.drawn else "power",
            "superior": _share(one.superior),
            "margin": one.margin,
            "non_inferior": None if one.non_inferior is None else _share(one.non_inferior),
        }
    return {
        "events": one.events,
        "needed_80": one.needed_80,
        "needed_90": one.needed_90,
        "needed_reason": one.needed_reason,
        "margin": one.margin,
        "decision": one.decision,
        "power": power,
    }


def _share(one: Estimate) -> Document:
    return {"value": rounded(one.value), "low": rounded(one.low), "high": rounded(one.high), "method": one.method}


def _curves(result: TrialResult) -> Document:
    trial, subjects = result.trial, result.subjects
    counting = main_counting(trial)
    return {
        "definition": "" if counting is None else counting.title,
        "first_event": [_curve(one) for one in first_event_curves(trial, subjects)],
        "survival": [_curve(one) for one in survival_curves(trial, subjects)],
        "events": [_curve(one) for one in event_curves(trial, subjects)],
    }


def _curve(one: MonthlyCurve) -> Document:
    return {
        "arm": one.arm,
        "months": list(one.months),
        "value": _list(one.value),
        "low": _list(one.low),
        "high": _list(one.high),
        "at_risk": [int(n) for n in one.at_risk],
    }


def _marker(one: MarkerCourse) -> Document:
    title, unit = MARKERS[one.marker]
    return {
        "marker": one.marker,
        "title": title,
        "unit": unit,
        "arm": one.arm,
        "months": list(one.months),
        "median": _list(one.median),
        "low": _list(one.low),
        "high": _list(one.high),
    }


def _entry_parts(trial: Trial) -> Iterator[Document]:
    """Yield the criteria of entry in words, then the published share to which candidates were admitted."""
    for one in trial.entry:
        yield {"text": criterion_text(one), "grade": one.grade, "why": one.why}
    if trial.entry_share is not None:
        share = trial.entry_share.share
        yield {"text": share_text(trial.entry_share), "grade": share.grade, "why": share.why}


def _targets(trial: Trial) -> set[str]:
    return {one.target for one in trial.endpoints if one.target is not None}


def _notes(result: TrialResult) -> Iterator[str]:
    trial, settings = result.trial, result.settings
    graded = [one["grade"] for one in _inputs(trial)] + [one["grade"] for one in _entry_parts(trial)]
    yield f"{graded.count('assumed')} of {len(graded)} inputs are assumed; each says why."
    calibrated = sorted({row.target for row in read_posterior(DATA / "posterior.toml").rows} & _targets(trial))
    if calibrated:
        yield f"Not independent: the model was calibrated on figures of this trial ({', '.join(calibrated)})."
    elif _targets(trial):
        yield "The model was not calibrated on any figure of this trial."
    yield "Arms are not ranked by their own intervals: only a contrast whose interval leaves out 1 shows a difference."
    if settings.replicates == 1:
        yield "One replicate: another one of the same size would give other figures within about these intervals."
    else:
        yield (
            f"{settings.replicates} replicates; intervals are the 5 and 95 % quantiles of replicates, curves and "
            "tables are of the first."
        )
        if settings.replicates < FEW_REPLICATES:
            yield (
                f"With fewer than {FEW_REPLICATES} replicates these quantiles lie between the smallest and the largest "
                "value that were simulated, and most often too close together."
            )
    if result.nobody_left:
        yield (
            f"{len(result.nobody_left)} of {settings.replicates} replicates have no figure, because their drawn "
            f"parameters let too few people meet the criteria of entry ({'; '.join(result.nobody_left)}). Figures are "
            f"of the others; curves and tables are of replicate {result.shown + 1}."
        )
    if settings.design == "counterfactual":
        yield (
            "The same patients were followed in every arm. Intervals treat the arms as independent and are too wide "
            "for such pairs; no power is stated."
        )
    if settings.drawn_parameters:
        yield (
            "Intervals hold what is not known of the parameters and chance, and no discrepancy of the model, which the "
            "calibration assumes: they are too narrow where its form is wrong."
        )
    else:
        yield (
            "Parameters stand at their centre: intervals hold chance alone, not how unsure the model is, and no "
            "discrepancy of the model, which the calibration assumes."
        )
    if settings.neutral:
        yield f"Mechanisms are out: {', '.join(settings.neutral)} at the declared neutral value."
