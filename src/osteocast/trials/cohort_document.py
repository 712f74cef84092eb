"""A simulated cohort as plain values for ``result.json``, checked against the form that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.course.natural_history import First, Stage, Way
from osteocast.course.typical import file_of
from osteocast.domain.patient import Origin
from osteocast.domain.primary import origin_facts
from osteocast.domain.site import SiteClass
from osteocast.evidence.cite import cite
from osteocast.evidence.load import load_targets
from osteocast.formats.cohort_result_model import COHORT_RESULT_FORMAT, CohortResultDocument
from osteocast.foundation.banner import BANNER
from osteocast.foundation.version import VERSION
from osteocast.trials.cohort_measures import Outcome, ask, first_of, incidence_curve, outcomes_for, site_counts
from osteocast.trials.document import rounded
from osteocast.trials.natural_history import Cohort, CohortSettings
from osteocast.trials.survival_curves import Curve

Document = dict[str, Any]

CURVE_MONTHS: Final = tuple(range(0, 121, 3))
LEAST_AT_RISK: Final = 5
_UNITS: Final = {"share": ("%", 100.0), "day": ("months", 1.0 / DAYS_PER_MONTH), "lesions": ("lesions", 1.0)}
_NEAR: Final = 0.2
"""Relative distance within which a published figure without an interval counts as met."""


def cohort_document(settings: CohortSettings, cohorts: Mapping[Origin, Cohort]) -> Document:
    """Return the whole result; the same settings and version give the same values."""
    single = len(cohorts) == 1
    name = next(iter(cohorts)) if single else "all"
    document = {
        "schema": COHORT_RESULT_FORMAT,
        "version": VERSION,
        "banner": BANNER,
        "title": "From the primary to bone: "
        + (origin_facts(next(iter(cohorts))).title if single else "six primaries"),
        "settings": {"primary": name, "people": settings.people, "seed": settings.seed},
        "primaries": [_primary(one) for one in cohorts.values()],
        "outcomes": [_outcome(cohorts, asked) for asked in outcomes_for(settings.origins)],
        "curves": [curve for one in cohorts.values() for curve in _curves(one)],
        "sites": [site for one in cohorts.values() for site in _sites(one)],
        "notes": list(_NOTES),
        "citations": cite(sorted({entry.source for entry in file_of("natural_history").values()})),
    }
    return CohortResultDocument.model_validate(document).model_dump(mode="json", by_alias=True)


_NOTES: Final = (
    "Intervals of 95 % hold chance alone, at central parameters: not how unsure the model is.",
    "Most rates are assumed; those matched to a published figure are named in docs/natural-history.md, and agreement "
    "with them is no evidence.",
    "A published figure counts as met where chance in both figures explains the distance (95 %); a published range, "
    "where the simulated interval reaches it; one figure alone, where the simulated value lies within a fifth of it. "
    "With fewer people intervals are wider and more figures count as met.",
    "Pain, kinds of lesions and cord compression come from the equations of bone, for some of the people.",
)


def _primary(one: Cohort) -> Document:
    lives = one.lives
    with_bone = np.isfinite(lives.bone_day)

    def count(chosen: Any) -> int:
        """Return how many are chosen."""
        return int(np.count_nonzero(chosen))

    return {
        "origin": one.origin,
        "title": origin_facts(one.origin).title,
        "people": lives.n,
        **{stage.name.lower(): count(lives.stage == stage) for stage in Stage},
        "bone_found": count(with_bone),
        "bone_first": count(lives.first == First.BONE),
        "primary_never_found": count(~np.isfinite(lives.primary_day)),
        "found_by": {way.name.lower(): count(lives.bone_way == way) for way in Way if way is not Way.NOT_FOUND},
        "died_of_cancer": count(lives.of_cancer),
        "carried": len(one.found.rows),
    }


def _outcome(cohorts: Mapping[Origin, Cohort], asked: Outcome) -> Document:
    found, unit = ask(cohorts, asked)
    name, factor = _UNITS[unit]
    value, low, high = (rounded(factor * number) for number in (found.value, found.low, found.high))
    return {
        "name": asked.name,
        "origin": asked.origin,
        "measure": asked.measure,
        "unit": name,
        "value": value,
        "low": low,
        "high": high,
        "n": found.n,
        "method": found.method,
        "reason": found.reason,
        "published": _published(asked, (value, low, high)),
    }


def _published(asked: Outcome, simulated: tuple[float | None, float | None, float | None]) -> Document | None:
    if asked.target:
        target = load_targets()[asked.target]
        low, high = target.ci or (None, None)
        value = target.value
        if value is None:
            return None
        use = "matched" if asked.matched else target.use
        one = {"source": asked.target, "value": value, "low": low, "high": high, "text": "", "use": use}
    elif asked.low is not None and asked.high is not None:
        alone = asked.low == asked.high
        one = {
            "source": asked.where,
            "value": 0.5 * (asked.low + asked.high),
            "low": None if alone else asked.low,
            "high": None if alone else asked.high,
            "text": f"{asked.low:g}" if alone else f"{asked.low:g} to {asked.high:g}",
            "use": "matched" if "matched" in asked.where else "context",
        }
    else:
        return None
    return {**one, "met": _met(simulated, one)}


def _met(simulated: Sequence[float | None], published: Document) -> bool:
    """Whether both intervals together explain the distance, or the interval reaches a range; alone, within a fifth."""
    value, low, high = simulated
    if value is None:
        return False
    least, most = (published[key] for key in ("low", "high"))
    if published["text"] == "" and low is not None and high is not None and least is not None and most is not None:
        # Half-widths that face each other: that two intervals touch is a distance of up to 1.4 of them.
        away = float(published["value"]) - value
        faced = (high - value, published["value"] - least) if away > 0.0 else (value - low, most - published["value"])
        return bool(abs(away) <= np.hypot(*faced))
    if least is None or most is None:
        least, most = (published["value"] * (1.0 + sign * _NEAR) for sign in (-1.0, 1.0))
        low = high = value
    return bool((value if high is None else high) >= least and (value if low is None else low) <= most)


def _curves(one: Cohort) -> list[Document]:
    found = []
    for name, chosen in (
        ("all stages", None),
        *((stage.name.lower(), one.lives.stage == stage) for stage in Stage),
    ):
        if chosen is not None and not chosen.any():
            continue
        curve = incidence_curve(one.lives, chosen)
        day, _ = first_of(one.lives)
        exits = np.sort(day if chosen is None else day[chosen])
        found.append({"origin": one.origin, "stage": name, **_by_month(curve, exits)})
    return found


def _by_month(curve: Curve, exits: Any) -> Document:
    days = np.asarray(CURVE_MONTHS) * DAYS_PER_MONTH
    at_risk = len(exits) - np.searchsorted(exits, days, side="left")
    step = np.searchsorted(curve.day, days + 1e-9, side="right")
    known = (at_risk >= LEAST_AT_RISK) | (step == 0)

    def held(values: Any) -> list[float | None]:
        """Return the steps by month; None where too few are at risk."""
        whole = np.append(0.0, values)[step]
        return [rounded(float(v)) if ok else None for v, ok in zip(whole, known, strict=True)]

    return {
        "months": list(CURVE_MONTHS),
        "value": held(curve.value),
        "low": held(curve.low),
        "high": held(curve.high),
        "at_risk": [int(n) for n in at_risk],
    }


def _sites(one: Cohort) -> list[Document]:
    counts = site_counts(one.lives)
    total = max(int(counts.sum()), 1)
    return [
        {
            "origin": one.origin,
            "site": member.label,
            "lesions": int(counts[member]),
            "share": rounded(float(counts[member] / total)),
        }
        for member in SiteClass
    ]
