"""Problems between the fields of a patient's file: order of dates, sites that cannot hold a finding."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from osteocast.domain.patient import ORIGINS
from osteocast.domain.primary import find_origin, origin_facts, refused_reason
from osteocast.domain.site import site, site_names
from osteocast.formats.drug_file import builtin_drug, builtin_drugs
from osteocast.formats.fields import clipped, measure_field, parse_date, suggestion
from osteocast.foundation.errors import Issue

__all__ = ["cross_issues", "newest_date"]

_LISTS = ("lesions", "therapies", "antiresorptives", "events", "observations")
_DATES = ("date", "diagnosed", "started", "stopped", "irradiated", "fixed", "found")
_SPINE_ONLY = ("epidural_grade", "collapse")


def cross_issues(raw: Mapping[str, Any], file: str) -> list[Issue]:
    """Return the problems between fields of a raw file.

    The raw file is read tolerantly: a field that is wrong in itself is reported elsewhere and passed over
    here, so that one pass lists all problems.
    """
    found = [*_primary_issues(raw), *_date_issues(raw), *_lesion_issues(raw), *_event_issues(raw)]
    found += [*_observation_issues(raw), *_dose_issues(raw)]
    return [Issue(one.code, f"{file}: {one.place}", one.found, one.expected, one.fix) for one in found]


def newest_date(raw: Mapping[str, Any]) -> dt.date | None:
    """Return the newest date of a file, or ``None`` where it holds none."""
    return max((day for _, day in _dates(raw)), default=None)


def _entries(raw: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    listed = raw.get(key)
    for number, entry in enumerate(listed if isinstance(listed, list) else (), start=1):
        if isinstance(entry, dict):
            yield f"{key}[{number}]", entry


def _dates(raw: Mapping[str, Any]) -> Iterator[tuple[str, dt.date]]:
    places = [place for key in _LISTS for place in _entries(raw, key)]
    if isinstance(raw.get("primary"), dict):
        places.append(("primary", raw["primary"]))
    for place, entry in places:
        for key in _DATES:
            day = parse_date(entry.get(key))
            if day is not None:
                yield f"{place}.{key}", day


def _primary_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    primary = raw.get("primary")
    origin = primary.get("origin") if isinstance(primary, dict) else None
    if not isinstance(primary, dict) or not isinstance(origin, str):
        return
    subtype = primary.get("subtype")
    reason = refused_reason(subtype) if isinstance(subtype, str) else None
    if reason is not None:
        fix = "Check the diagnosis; there is nothing here to forecast it with."
        expected = f"a cancer that has spread: {reason}"
        yield Issue("patient.primary-bone-tumour", "primary.subtype", clipped(subtype), expected, fix)
        return
    meant = find_origin(origin)
    if meant is None:
        return
    facts = origin_facts(meant[0])
    if raw.get("sex") in ("female", "male") and raw["sex"] not in facts.sexes:
        fix = "Correct the sex or the origin."
        yield Issue("patient.sex-and-primary", "sex", str(raw["sex"]), f"{facts.sexes[0]} for {facts.title}", fix)
    if isinstance(subtype, str) and subtype.strip() not in facts.subtypes:
        names = list(facts.subtypes)
        elsewhere = [name for name in ORIGINS if subtype.strip() in origin_facts(name).subtypes]
        hint = f"{subtype.strip()!r} belongs to {elsewhere[0]}. " if elsewhere else ""
        fix = f"{hint}{suggestion(subtype, names)}".strip() or "Leave it out where it is not known."
        expected = f"for {facts.title}: " + ", ".join(names)
        yield Issue("patient.subtype", "primary.subtype", clipped(subtype), expected, fix)


def _date_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    assessed = parse_date(raw.get("assessed"))
    for place, day in _dates(raw):
        if assessed is not None and day > assessed:
            fix = "Correct one of the two dates; a forecast knows nothing after the day of the assessment."
            expected = f"a day up to the assessment, {assessed.isoformat()}"
            yield Issue("patient.date-after-assessment", place, day.isoformat(), expected, fix)
    for key in ("therapies", "antiresorptives"):
        for place, entry in _entries(raw, key):
            started, stopped = parse_date(entry.get("started")), parse_date(entry.get("stopped"))
            if started is not None and stopped is not None and stopped < started:
                expected = f"a day from {started.isoformat()} (its start)"
                yield Issue(
                    "patient.date-order",
                    f"{place}.stopped",
                    stopped.isoformat(),
                    expected,
                    "Swap or correct.",
                )
    yield from _birth_issues(raw, assessed or newest_date(raw))


def _birth_issues(raw: Mapping[str, Any], today: dt.date | None) -> Iterator[Issue]:
    age = raw.get("age_years")
    if today is None or isinstance(age, bool) or not isinstance(age, int | float) or not 18 <= age <= 110:
        return
    born = today.year - int(age) - 1
    for place, day in _dates(raw):
        if day.year < born:
            fix = "Correct the date or the age."
            yield Issue("patient.date-before-birth", place, day.isoformat(), f"a day after the birth in {born}", fix)


def _lesion_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for place, entry in _entries(raw, "lesions"):
        name = entry.get("site")
        if not isinstance(name, str) or name.strip() not in site_names():
            continue
        where = site(name.strip())
        for key in _SPINE_ONLY:
            if entry.get(key) is not None and where.name != "sacrum" and not where.is_vertebra:
                fix = "Remove it, or correct the site."
                yield Issue("patient.not-a-vertebra", f"{place}.{key}", where.name, "a vertebra or the sacrum", fix)
        if where.name in seen and where.name != "other":
            fix = f"Describe the weaker of the two; the other is {seen[where.name]}."
            yield Issue("patient.site-twice", f"{place}.site", where.name, "one lesion for each site", fix)
        seen.setdefault(where.name, place)


def _event_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    for place, entry in _entries(raw, "events"):
        name = entry.get("site")
        if not isinstance(name, str) or name.strip() not in site_names():
            continue
        if entry.get("kind") == "cord-compression" and site(name.strip()).neural_element is None:
            fix = "Correct the site or the kind of event."
            yield Issue("patient.not-a-vertebra", f"{place}.site", name.strip(), "a vertebra or the sacrum", fix)
        if entry.get("kind") == "hypercalcaemia":
            fix = "Remove the site: calcium is a matter of the whole body."
            yield Issue("patient.site-not-needed", f"{place}.site", name.strip(), "no site", fix)


def _observation_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    seen: dict[tuple[str, dt.date], str] = {}
    for place, entry in _entries(raw, "observations"):
        quantity, day = entry.get("quantity"), parse_date(entry.get("date"))
        if not isinstance(quantity, str) or day is None:
            continue
        key = (quantity.strip(), day)
        if key in seen:
            fix = f"Keep the one to forecast from; the other is {seen[key]}."
            found = f"{clipped(key[0])} on {day.isoformat()} again"
            yield Issue("patient.value-twice", place, found, "one value of a quantity for each day", fix)
        seen.setdefault(key, place)


def _dose_issues(raw: Mapping[str, Any]) -> Iterator[Issue]:
    for place, entry in _entries(raw, "antiresorptives"):
        name = entry.get("drug")
        if not isinstance(name, str) or name.strip() not in builtin_drugs():
            continue
        try:
            dose = measure_field("dose")(entry.get("dose"))
        except PydanticCustomError:
            continue
        drug = builtin_drug(name.strip())
        low, high = drug.plausible_dose_mg
        if not low <= dose <= high:
            expected = f"a single dose of {drug.title.lower()} between {low:g} and {high:g} mg"
            yield Issue("patient.dose", f"{place}.dose", f"{dose:g} mg", expected, "Check drug, dose and unit.")
