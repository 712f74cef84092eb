"""How far this forecast can be relied on, from the primary, the weights and the horizon."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from osteocast.course.prognosis import BESIDE_BASELINE, REFERENCE, SUBTYPES, standing
from osteocast.course.recorded import is_broken
from osteocast.domain.emergencies import URGENT, meets_cord_compression, untreated_cord_compression
from osteocast.domain.patient import Lesion, Origin, Patient
from osteocast.domain.primary import origin_facts
from osteocast.domain.skeleton import section_width_mm
from osteocast.domain.table import read_table
from osteocast.forecasting.describe import subtype_shares
from osteocast.forecasting.high_calcium import high_calcium
from osteocast.forecasting.result import Applicability
from osteocast.inference.pareto import largest_reliable_k
from osteocast.inference.validated import Validated
from osteocast.inference.weights import Weights


def emergencies_and_limits(patient: Patient) -> tuple[Applicability, ...]:
    """Return the statements of ``data/applicability.toml`` that this patient's record calls for, gravest first."""
    table = read_table("applicability")
    calcium = high_calcium(patient)
    compressed = [one for one in patient.lesions if meets_cord_compression(one)]
    large = large_lesions(patient)
    long_bones = [one for one in large if one.site.is_long_bone]
    cord_date = untreated_cord_compression(patient)
    holds = {
        "epidural": bool(compressed),
        "cord_event": cord_date is not None,
        "calcium": calcium is not None,
        "ecog": patient.ecog is not None and patient.ecog >= table["ecog"]["from"],
        "not_walking": patient.ecog is not None and patient.ecog >= table["not_walking"]["from"],
        "large_lesions": len(large) >= table["large_lesions"]["lesions"],
        "large_long_bone": bool(long_bones),
    }
    values = {
        "ecog": patient.ecog,
        "grades": " and ".join(sorted({str(one.epidural_grade) for one in compressed})),
        "compressed": _places(compressed),
        "large": _places(large),
        "count": len(large),
        "long_bones": _places(long_bones),
        "cord_date": cord_date,
    }
    if calcium is not None:
        clock = f"; {calcium.clock}" if calcium.clock else ""
        values |= {
            **calcium._asdict(),
            "calcium": calcium.shown,
            "LEVEL": calcium.level,
            "urgency": calcium.level.lower(),
            "clock": clock,
        }
    found = [_statement(name, table[name], values) for name, so in holds.items() if so]
    grave = [one for one in found if one.level in URGENT]
    grave.sort(key=lambda one: URGENT.index(one.level))
    return (*grave, *(one for one in found if one.level not in URGENT))


def drug_limits(patient: Patient, drugs: Mapping[str, str]) -> tuple[Applicability, ...]:
    """Return the caution on a change of drug, where a compared drug differs from the running one.

    Parameters
    ----------
    drugs : title of each compared drug by its name.
    """
    table = read_table("applicability")
    today = patient.assessed
    running = [
        course.drug
        for course in patient.drug_history
        if course.stopped is None or (today is not None and course.stopped > today)
    ]
    others = [title.lower() for name, title in drugs.items() if name not in running]
    if not running or not others:
        return ()
    named = " and ".join(drugs.get(name, name).lower() for name in dict.fromkeys(running))
    verb = "is" if len(others) == 1 else "are"
    values = {"Running": named[:1].upper() + named[1:], "others": f"{' and '.join(others)} {verb}"}
    return (_statement("switch", table["switch"], values),)


def order_limits(patient: Patient) -> tuple[Applicability, ...]:
    """Return what must be said of which event comes first."""
    entry = read_table("applicability")["event_order"].get(patient.primary.origin)
    if entry is None or (patient.primary.subtype or "") not in entry["subtypes"]:
        return ()
    return (_statement("event_order", entry, {}),)


def record_limits(fits: Sequence[Mapping[str, Any]]) -> tuple[Applicability, ...]:
    """Return the caution on recorded values (see `record_fit`) outside the 90 % band of the model."""
    missed = "; ".join(one["text"] for one in fits if one["inside"] is False)
    return (_statement("record_fit", read_table("applicability")["record_fit"], {"misfits": missed}),) if missed else ()


def survival_limits(patient: Patient) -> tuple[Applicability, ...]:
    """Return what must be said of survival: whose it is by the subtype, and whether treatment is in it."""
    table, primary = read_table("applicability"), patient.primary
    title = origin_facts(primary.origin).title
    named = REFERENCE.get(primary.origin, ())[:1]
    values = {
        "subtype": primary.subtype,
        "Subtype": (primary.subtype or "").capitalize(),
        "primary": title,
        "reference": named[0] if named else "",
        "shares": subtype_shares(primary.origin),
    }
    kind: str = standing(primary)
    if kind == "none":
        values["reference"] = f"people with {named[0]} {title}" if named else f"the average person with {title}"
    if kind == "own" and SUBTYPES[primary.origin][str(primary.subtype)] in BESIDE_BASELINE:
        kind = "beside"
    found = [table["subtype"][kind]] if kind in table["subtype"] else []
    running = (x for x in patient.lines if x.stopped is None or (patient.assessed and x.stopped > patient.assessed))
    # a survival of its own is that of people treated for the subtype
    if standing(primary) != "own" and any(running) and primary.origin in table["treated"]:
        found.append(table["treated"][primary.origin])
    return tuple(_statement("survival", entry, values) for entry in found)


def _places(lesions: Sequence[Lesion]) -> str:
    return ", ".join(one.site.title for one in lesions)


def large_lesions(patient: Patient) -> tuple[Lesion, ...]:
    """Return recorded lesions that take up more than half of the width of a bone that can still break."""
    limit = read_table("applicability")["large_lesions"]["above"]
    return tuple(
        one
        for one in patient.lesions
        if (extent := seen_extent(one)) is not None
        and extent > limit
        and not is_broken(patient, one)
        and one.fixed is None
    )


def seen_extent(lesion: Lesion) -> float | None:
    """Return how much of the section a lesion takes up by the record [1]: by its size or by its share of cortex."""
    size = None if lesion.size_mm is None else lesion.size_mm / section_width_mm(lesion.site)
    return max((one for one in (size, lesion.cortical_involvement) if one is not None), default=None)


def _statement(name: str, entry: Mapping[str, Any], values: Mapping[str, Any]) -> Applicability:
    return Applicability(
        level=entry["level"].format(**values),
        text=entry["text"].format(**values),
        about=name,
        brief=entry["brief"].format(**values),
        suppresses=tuple(entry.get("suppresses", ())),
        not_compared=tuple(entry.get("not_compared", ())),
        instead=entry.get("instead", ""),
        instead_brief=entry.get("instead_brief", ""),
    )


def origin_limits(origin: Origin, validated: Validated | None) -> tuple[Applicability, ...]:
    """Return how trials of this primary that calibration did not see were met, or that there is no such check.

    Parameters
    ----------
    origin : where the cancer began. validated : the validation of these scales; None where there is none.
    """
    table, primary = read_table("applicability"), origin_facts(origin).title
    trials = () if validated is None else validated.trials_of(origin)
    checks = [one for one in trials if one.held_back]
    fitted = {} if validated is None else validated.fitted_with(origin)
    values = {
        "primary": primary,
        "Primary": primary[:1].upper() + primary[1:],
        "trials": ", ".join(one.name for one in checks),
        "held_back": sum(one.held_back for one in checks),
        "hits": sum(one.hits for one in checks),
        "fitted": ", ".join(f"{name} ({100 * share:.0f} % of its patients)" for name, share in fitted.items()),
    }
    kind = "newer" if validated is None else "checked" if checks else "fitted" if fitted else "none"
    found = _statement("origin", table["origin"][kind], values)
    own = table["origin_note"].get(origin, "")
    return (replace(found, text=f"{found.text} {own}".rstrip()),)


def applicability(weights: Weights, months: int, effective_draws: float) -> tuple[Applicability, ...]:
    """Return the statements of ``data/applicability.toml`` on the computation of this forecast.

    Parameters
    ----------
    months : length of the forecast. effective_draws : effective number of parameter draws behind the intervals.
    """
    table = read_table("applicability")
    holds = []
    if not math.isnan(weights.pareto_k) and weights.pareto_k > largest_reliable_k(weights.candidates):
        holds.append(("pareto_k", table["pareto_k"]))
    if weights.used and weights.effective_sample_size < table["effective_sample"]["below"]:
        holds.append(("effective_sample", table["effective_sample"]))
    if effective_draws < table["effective_draws"]["below"]:
        holds.append(("effective_draws", table["effective_draws"]))
    if months > table["months"]["above"]:
        holds.append(("months", table["months"]))
    values = {
        "pareto_k": weights.pareto_k,
        "effective_sample_size": weights.effective_sample_size,
        "candidates": weights.candidates,
        "months": months,
        "effective_draws": effective_draws,
    }
    return tuple(_statement(name, entry, values) for name, entry in holds)
