"""What guidelines describe for what was found: side by side, each in its own grading, never one directive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osteocast.clinical.findings import Finding
from osteocast.clinical.known import Known, possible_values
from osteocast.formats.assessment_rules import option_rules
from osteocast.formats.conditions import all_hold

__all__ = ["Option", "options_for", "options_off"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Parameters
    ----------
    finding : str
        Id of the finding it is described for.
    guideline : str
    year : int
    strength : str
        In the guideline's own words and letters.
    says, limits, differs : str
        What is described, where it applies, and who says otherwise.
    source, status : str
    """

    finding: str
    guideline: str
    year: int
    strength: str
    says: str
    limits: str
    differs: str
    source: str
    status: str


def options_for(
    findings: tuple[Finding, ...], known: Mapping[str, Known], unchecked: bool = False
) -> tuple[Option, ...]:
    """Return the options for each finding, in the order of the findings; one row once."""
    values = possible_values(known)
    found: dict[int, Option] = {}
    for name in dict.fromkeys(one.name for one in findings):
        for number, row in enumerate(option_rules()):
            off = row.status == "memory" and not unchecked
            if name not in row.findings or number in found or off or all_hold(row.when, values) is False:
                continue
            found[number] = Option(
                finding=name,
                guideline=row.guideline,
                year=row.year,
                strength=row.strength,
                says=row.says,
                limits=row.limits,
                differs=row.differs,
                source=row.source,
                status=row.status,
            )
    return tuple(found.values())


def options_off(findings: tuple[Finding, ...]) -> int:
    """Return how many options for these findings are off because they were read in no source."""
    names = {one.name for one in findings}
    return sum(row.status == "memory" and bool(names.intersection(row.findings)) for row in option_rules())
