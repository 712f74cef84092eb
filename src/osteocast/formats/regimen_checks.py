"""Problems between the fields of a regimen's file: drugs that nobody knows, doses nobody gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from osteocast.domain.regimen import LOCAL, Drug
from osteocast.formats.drug_file import builtin_drug, builtin_drugs, drug_from_entry, drug_issues
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.regimen_model import CourseEntry, DrugEntry, ProcedureEntry
from osteocast.foundation.errors import Issue

__all__ = ["regimen_issues"]


def regimen_issues(raw: Mapping[str, Any], file: str) -> list[Issue]:
    """Return the problems between fields of a raw file; entries wrong in themselves are passed over."""
    drugs, issues = _own_drugs(raw, file)
    listed = raw.get("courses")
    for number, one in enumerate(listed if isinstance(listed, list) else (), start=1):
        issues += _course_issues(one, drugs, f"{file}: courses[{number}]")
    listed = raw.get("procedures")
    for number, one in enumerate(listed if isinstance(listed, list) else (), start=1):
        issues += _procedure_issues(one, f"{file}: procedures[{number}]")
    return issues


def _own_drugs(raw: Mapping[str, Any], file: str) -> tuple[dict[str, Drug | None], list[Issue]]:
    """Return the drugs a file defines (``None`` where the definition is wrong) and their problems."""
    drugs: dict[str, Drug | None] = {}
    issues: list[Issue] = []
    table = raw.get("drug")
    for name, given in (table if isinstance(table, dict) else {}).items():
        drugs[name] = None
        if name in builtin_drugs():
            fix = "Give it another name."
            place = f"{file}: drug.{clipped(name)}"
            issues.append(Issue("drug.built-in", place, clipped(name), "a name that is not built in", fix))
        try:
            entry = DrugEntry.model_validate(given)
        except ValidationError:
            continue
        problems = drug_issues(entry, f"{file}: drug.{clipped(name)}")
        issues += problems
        if not problems:
            drugs[name] = drug_from_entry(name, entry)
    return drugs, issues


def _course_issues(given: object, own: Mapping[str, Drug | None], place: str) -> Iterator[Issue]:
    name = given.get("drug") if isinstance(given, dict) else None
    if isinstance(name, str) and name.strip() not in (*own, *builtin_drugs()):
        known = [*own, *builtin_drugs()]
        fix = suggestion(name, known) or "Describe the drug in this file under [drug.NAME]."
        yield Issue("regimen.drug-unknown", f"{place}.drug", clipped(name), "one of " + ", ".join(known), fix)
        return
    try:
        entry = CourseEntry.model_validate(given)
    except ValidationError:
        return
    drug = own[entry.drug] if entry.drug in own else builtin_drug(entry.drug)
    if drug is not None:
        low, high = drug.plausible_dose_mg
        if not low <= entry.dose <= high:
            expected = f"a single dose of {drug.title.lower()} between {low:g} and {high:g} mg"
            yield Issue("regimen.dose", f"{place}.dose", f"{entry.dose:g} mg", expected, "Check drug, dose and unit.")
    odd = entry.interval is None or entry.loading or (drug is not None and drug.mechanism != "bisphosphonate")
    if entry.averaged is not None and (odd or entry.averaged < (entry.interval or 0.0)):
        expected = "doses of a bisphosphonate at an interval no longer than that, without loading"
        fix = "Remove averaged, or correct the interval."
        yield Issue("regimen.averaged", f"{place}.averaged", f"{entry.averaged:g} days", expected, fix)
    if entry.stop is not None and entry.stop <= entry.start:
        found, expected = f"day {entry.stop:g}", f"a day after the start on day {entry.start:g}"
        yield Issue("regimen.order", f"{place}.stop", found, expected, "Correct start or stop.")


def _procedure_issues(given: object, place: str) -> Iterator[Issue]:
    try:
        entry = ProcedureEntry.model_validate(given)
    except ValidationError:
        return
    if entry.kind == "radiotherapy" and (entry.dose is None or entry.fractions is None):
        fix = 'Add dose = "8 Gy" and fractions = 1, or as planned.'
        yield Issue("regimen.radiation", place, "no dose or no fractions", "a total dose and its fractions", fix)
    if entry.kind != "radiotherapy" and (entry.dose is not None or entry.fractions is not None):
        yield Issue("regimen.radiation", place, f"a dose for {entry.kind}", "none", "Remove dose and fractions.")
    if (entry.kind == "radionuclide") != (entry.activity is not None):
        found = "no activity" if entry.activity is None else f"an activity for {entry.kind}"
        fix = 'Give activity = "55 kBq/kg" to a radionuclide, and to nothing else.'
        yield Issue("regimen.activity", place, found, "an activity of a radionuclide", fix)
    if entry.kind not in LOCAL and entry.site:
        fix = "Remove the site."
        yield Issue("regimen.site-not-needed", f"{place}.site", entry.site, f"no site for {entry.kind}", fix)
    if entry.kind == "rod" and entry.site and not entry.site.startswith(("femur-", "humerus-")):
        yield Issue("regimen.rod-site", f"{place}.site", entry.site, "a femur or humerus", "Choose a long bone.")
