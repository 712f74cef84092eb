"""Instruments of one lesion (SINS, ESCC, Mirels, cortex of the femur) and the facts that rules look at."""

from __future__ import annotations

from collections.abc import Mapping

from osteocast.clinical.known import Known, fact, open_fact
from osteocast.clinical.score import Score
from osteocast.clinical.score_items import applied
from osteocast.domain.patient import Lesion
from osteocast.domain.table import read_table
from osteocast.formats.possible import Possible, known

__all__ = ["lesion_facts", "lesion_scores"]

_SHOWN = {
    "sins": ("total", "sins.total"),
    "mirels": ("total", "mirels.total"),
    "axial-cortical": ("high_risk", "axial.high_risk"),
}


def lesion_scores(lesion: Lesion, patient: Mapping[str, Known]) -> list[Score]:
    """Apply the instruments made for the lesion's bone; what is not recorded stays open."""
    who = {
        name: patient[key].possible.value
        for name, key in (("age_years", "age"), ("origin", "primary"))
        if key in patient
    }
    found = []
    if lesion.site.neural_element is not None:
        found.append(applied("sins", {**_sins(lesion), **who}))
        if lesion.epidural_grade is not None:
            found.append(applied("escc", {"grade": lesion.epidural_grade, "level": lesion.site.name, **who}))
    if lesion.site.is_long_bone:
        found.append(applied("mirels", {**_mirels(lesion), **who}))
    if lesion.site.name.startswith("femur-") and lesion.cortical_involvement is not None:
        share = round(100 * lesion.cortical_involvement, 9)
        found.append(applied("axial-cortical", {"circumferential_pct": share, "bone": "femur", **who}))
    return [one for one in found if one is not None]


def _sins(lesion: Lesion) -> dict[str, object]:
    rest, loading = lesion.pain_at_rest, lesion.pain_on_loading
    pain = None
    if loading is not None and loading > 0:
        pain = "mechanical"
    elif loading is not None and rest is not None:
        pain = "non-mechanical" if rest > 0 else "none"
    return {
        # of the sacrum it is not known whether S1 or below is meant
        "location": lesion.site.name if lesion.site.is_vertebra else None,
        "pain": pain,
        "lesion": lesion.kind,
        "collapse": lesion.collapse_percent,
    }


def _mirels(lesion: Lesion) -> dict[str, object]:
    bone, _, part = lesion.site.name.split("-", 2)
    share = lesion.cortical_involvement
    size = None
    if share is not None:
        size = "<1/3" if 3 * share < 1 else ">2/3" if 3 * share > 2 else "1/3-2/3"
    return {
        "site": read_table("assessment")["mirels"]["site"][f"{bone}-{part}"],
        "pain": _mirels_pain(lesion),
        "lesion": lesion.kind,
        "size": size,
        "size_of": None if size is None else "cortex",
    }


def _mirels_pain(lesion: Lesion) -> str | None:
    rules, rest, loading = read_table("assessment")["mirels"], lesion.pain_at_rest, lesion.pain_on_loading
    if loading is not None and loading > (rest or 0.0):
        return str(rules["on_use"])
    if rest is None:
        return None
    return next(str(word) for limit, word in rules["rest"] if rest <= limit)


def lesion_facts(lesion: Lesion, scores: list[Score], pointer: str) -> dict[str, Known]:
    """Return the facts of one lesion by name."""
    found = {"record.lesion-fixed": fact(lesion.fixed is not None)}
    if lesion.fixed is not None:
        found["lesion.fixed"] = fact(True, date=lesion.fixed, pointer=f"{pointer}.fixed")
    if lesion.epidural_grade is not None:
        found["lesion.epidural-grade"] = fact(str(lesion.epidural_grade), pointer=f"{pointer}.epidural_grade")
    numbers = {
        "lesion.pain-on-loading": (lesion.pain_on_loading, "of 10"),
        "lesion.collapse-percent": (lesion.collapse_percent, "%"),
        "lesion.cortical-percent": (
            None if lesion.cortical_involvement is None else 100 * lesion.cortical_involvement,
            "%",
        ),
    }
    for name, (value, unit) in numbers.items():
        if value is not None:
            found[name] = fact(float(value), f"{value:g} {unit}", lesion.found, pointer)
    for score in scores:
        output, name = _SHOWN.get(score.instrument, ("", ""))
        if not name or not score.applicable:
            continue
        answer = score.answer(output)
        if answer.settled:
            value_text = "yes" if answer.value is True else "no" if answer.value is False else f"{answer.value}"
            found[name] = open_fact(known(answer.value), value_text, None, pointer)
        elif answer.bounds is not None:
            low, high = answer.bounds
            found[name] = open_fact(Possible(answer.possible), f"{low:g} to {high:g}, open", None, pointer)
    return found
