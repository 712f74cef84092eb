"""Drugs as data: the built-in ones and those that a regimen's file brings along."""

from functools import cache
from typing import cast

from pydantic import ValidationError

from osteocast.domain.regimen import Drug, Mechanism, RenalDose
from osteocast.domain.table import read_table, table_names
from osteocast.formats.issues import issues_of
from osteocast.formats.regimen_model import DrugEntry
from osteocast.foundation.errors import InputError, Issue

__all__ = ["builtin_drug", "builtin_drugs", "drug_from_entry", "drug_issues"]


def builtin_drugs() -> tuple[str, ...]:
    """Return the names of the built-in drugs."""
    return table_names("drugs")


@cache
def builtin_drug(name: str) -> Drug:
    """Return a built-in drug.

    Raises
    ------
    InputError
        If its data file is wrong.
    """
    place = f"drugs/{name}.toml"
    try:
        entry = DrugEntry.model_validate(read_table(f"drugs/{name}"))
    except ValidationError as error:
        raise InputError(issues_of(error, place, {"": DrugEntry})) from None
    issues = drug_issues(entry, place)
    if issues:
        raise InputError(issues)
    return drug_from_entry(name, entry)


def drug_from_entry(name: str, entry: DrugEntry) -> Drug:
    """Make a drug from a checked entry."""
    low, high = entry.plausible_dose or (0.0, float("inf"))
    rows = tuple(
        RenalDose(
            clearance=(row.above if row.above is not None else row.starting) or 0.0,
            inclusive=row.above is None,
            fraction=row.percent / 100,
        )
        for row in entry.renal_doses
    )
    return Drug(
        name=name,
        title=entry.title,
        mechanism=cast(Mechanism, entry.mechanism),
        potency=1.0 if entry.potency is None else entry.potency,
        bioavailability=1.0 if entry.bioavailability is None else entry.bioavailability,
        infusion_days=entry.infusion or 0.0,
        renal_doses=rows,
        minimum_clearance=entry.minimum_clearance,
        plausible_dose_mg=(low, high),
        sources=tuple(entry.sources),
    )


def drug_issues(entry: DrugEntry, place: str) -> list[Issue]:
    """Return the problems between the fields of a drug."""
    issues = []
    if entry.mechanism == "bisphosphonate" and entry.potency is None:
        fix = 'Give the effect per mg relative to zoledronate, such as "0.5 mg/mg".'
        issues.append(Issue("drug.potency", f"{place}.potency", "nothing", "a potency", fix))
    if entry.mechanism == "denosumab" and entry.potency is not None:
        fix = "Remove it: denosumab has its own model, scaled by the dose alone."
        issues.append(Issue("drug.potency", f"{place}.potency", "a potency", "none", fix))
    if entry.mechanism == "denosumab" and entry.bioavailability is not None:
        fix = "Remove it: the model of denosumab has its own absorption."
        issues.append(Issue("drug.potency", f"{place}.bioavailability", "a bioavailability", "none", fix))
    limits: list[float] = []
    for number, row in enumerate(entry.renal_doses, start=1):
        given = [limit for limit in (row.above, row.starting) if limit is not None]
        if len(given) != 1:
            fix = "Give the clearance of the row once."
            where = f"{place}.renal_doses[{number}]"
            issues.append(Issue("drug.renal-row", where, f"{len(given)} limits", "either above or from", fix))
        limits += given
    if limits != sorted(limits, reverse=True):
        fix = "Put the highest clearance first."
        where = f"{place}.renal_doses"
        issues.append(Issue("drug.renal-order", where, "rows out of order", "falling clearances", fix))
    return issues
