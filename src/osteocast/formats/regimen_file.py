"""Regimens by name or from a file, alone or combined.

``zoledronate-q4w`` is a built-in regimen, ``mine.toml`` a file, ``radiotherapy-8gy@T8`` a procedure on
the lesion at T8, and ``denosumab-q4w+radiotherapy-8gy@T8`` a combination.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from osteocast.domain.eligibility import Eligibility, default_comparison
from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Drug, DrugCourse, Procedure, ProcedureKind, Regimen
from osteocast.domain.site import site_names
from osteocast.domain.table import read_table, table_names
from osteocast.formats.drug_file import builtin_drug, drug_from_entry
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.issues import issues_of
from osteocast.formats.regimen_checks import regimen_issues
from osteocast.formats.regimen_model import SECTIONS, CourseEntry, ProcedureEntry, RegimenEntry
from osteocast.formats.text import read_mapping
from osteocast.foundation.errors import InputError, Issue

__all__ = [
    "builtin_regimens",
    "check_for_patient",
    "eligible_regimens",
    "is_file_name",
    "read_regimen",
    "regimen_from_mapping",
]


def builtin_regimens() -> tuple[str, ...]:
    """Return the names of the built-in regimens."""
    return table_names("regimens")


def read_regimen(name: str | Path) -> Regimen:
    """Read a regimen from a name, a file, or several of them joined by ``+``.

    Parameters
    ----------
    name : str or path
        Built-in names may carry ``@SITE``, which places their procedures on the lesion at that site.

    Raises
    ------
    InputError
        With every problem: ``regimen.*``, ``drug.*``, ``file.*``, ``key.*``, ``value.*``.
    """
    if isinstance(name, Path) or (is_file_name(name) and "+" not in name):
        return _from_file(name)
    parts: list[Regimen] = []
    issues: list[Issue] = []
    for part in name.split("+"):
        try:
            parts.append(_read_part(part.strip()))
        except InputError as error:
            issues += error.issues
    if issues:
        raise InputError(issues)
    return parts[0] if len(parts) == 1 else _combined(parts)


def regimen_from_mapping(raw: Mapping[str, Any], name: str = "regimen") -> Regimen:
    """Make a regimen from a mapping with the keys of a regimen's file.

    Raises
    ------
    InputError
        With every problem.
    """
    issues = regimen_issues(raw, name)
    try:
        entry = RegimenEntry.model_validate(dict(raw))
    except ValidationError as error:
        raise InputError(issues_of(error, name, SECTIONS) + issues) from None
    if issues:
        raise InputError(issues)
    return _regimen(entry, entry.name or Path(name).stem)


def check_for_patient(regimen: Regimen, patient: Patient) -> None:
    """Raise where a regimen needs a lesion that the patient does not have.

    Raises
    ------
    InputError
        ``regimen.lesion-missing`` for each procedure without its lesion.
    """
    sites = [lesion.site.name for lesion in patient.lesions]
    issues = [
        Issue(
            "regimen.lesion-missing",
            f"regimen {regimen.name}: {one.kind}",
            f"{one.site}, where the patient has no lesion",
            "one of " + ", ".join(sites) if sites else "a lesion in the patient's file",
            suggestion(one.site, sites) or "Name a lesion of the patient, or add the lesion to the patient's file.",
        )
        for one in regimen.procedures
        if one.local and one.site not in sites
    ]
    if issues:
        raise InputError(issues)


def eligible_regimens(patient: Patient) -> tuple[Eligibility, ...]:
    """Return the default comparison for a patient, then the regimens left out, all with reasons."""
    offered = [_builtin(name) for name in builtin_regimens() if not _unplaced(_builtin(name))]
    return default_comparison(patient, offered)


@cache
def _builtin(name: str) -> Regimen:
    return regimen_from_mapping(read_table(f"regimens/{name}"), f"{name}.toml")


def _from_file(path: str | Path) -> Regimen:
    name = Path(path).name
    regimen = regimen_from_mapping(read_mapping(path), name)
    if regimen.name in builtin_regimens() and regimen != _builtin(regimen.name):
        # Under that name it would pass for the treatment that is running.
        fix = 'Give it another name: name = "mine", or another file name.'
        place = f"{name}: name"
        raise InputError(Issue("regimen.built-in", place, regimen.name, "a name that is not built in", fix))
    if _unplaced(regimen):
        fix = "Add site to each procedure, as in the patient's file."
        place = f"{name}: procedures"
        raise InputError(Issue("regimen.site-missing", place, "no site", "the site of a lesion", fix))
    return regimen


def is_file_name(name: str) -> bool:
    """Tell whether the name of a regimen means a file: an ending or a folder in it says so."""
    return name.casefold().endswith((".toml", ".json")) or "/" in name or "\\" in name


def _read_part(part: str) -> Regimen:
    if is_file_name(part):
        return _from_file(part)
    name, _, where = part.partition("@")
    if name not in builtin_regimens():
        hint = suggestion(name, builtin_regimens()) or "For a file of your own give its name with .toml."
        expected = "one of " + ", ".join(builtin_regimens())
        raise InputError(Issue("regimen.unknown", "regimen", clipped(name), expected, hint))
    regimen = _builtin(name)
    if where and not any(one.local for one in regimen.procedures):
        fix = f"Write {name} without @{clipped(where)}."
        raise InputError(Issue("regimen.site-not-needed", f"regimen {name}", f"@{clipped(where)}", "no site", fix))
    if where and where not in site_names():
        fix = suggestion(where, site_names()) or "Name the lesion as in the patient's file."
        raise InputError(Issue("regimen.site", f"regimen {name}", clipped(where), "the site of a lesion", fix))
    if _unplaced(regimen) and not where:
        fix = f"Write {name}@SITE, such as {name}@femur-left-subtrochanteric."
        raise InputError(Issue("regimen.site-missing", f"regimen {name}", "no site", "the site of a lesion", fix))
    return _placed(regimen, where) if where else regimen


def _unplaced(regimen: Regimen) -> bool:
    return any(one.local and not one.site for one in regimen.procedures)


def _placed(regimen: Regimen, where: str) -> Regimen:
    procedures = tuple(one if one.site or not one.local else replace(one, site=where) for one in regimen.procedures)
    issues = [
        Issue("regimen.rod-site", f"regimen {regimen.name}", where, "a femur or humerus", "Choose a long bone.")
        for one in procedures
        if one.kind == "rod" and not where.startswith(("femur-", "humerus-"))
    ]
    if issues:
        raise InputError(issues)
    name, title = f"{regimen.name}@{where}", f"{regimen.title}: {where}"
    return replace(regimen, name=name, title=title, procedures=procedures, note="")


def _combined(parts: list[Regimen]) -> Regimen:
    return Regimen(
        name="+".join(part.name for part in parts),
        title=" and ".join(part.title for part in parts),
        courses=tuple(course for part in parts for course in part.courses),
        procedures=tuple(one for part in parts for one in part.procedures),
        note="; ".join(part.note for part in parts if part.note),
        sources=tuple(dict.fromkeys(key for part in parts for key in part.sources)),
    )


def _regimen(entry: RegimenEntry, name: str) -> Regimen:
    own = {key: drug_from_entry(key, one) for key, one in entry.drug.items()}
    return Regimen(
        name=name,
        title=entry.title,
        courses=tuple(_course(one, own) for one in entry.courses),
        procedures=tuple(_procedure(one) for one in entry.procedures),
        note=entry.note or "",
        sources=tuple(entry.sources),
    )


def _course(entry: CourseEntry, own: Mapping[str, Drug]) -> DrugCourse:
    return DrugCourse(
        drug=own[entry.drug] if entry.drug in own else builtin_drug(entry.drug),
        dose_mg=entry.dose,
        interval_days=entry.interval,
        start_day=entry.start,
        stop_day=entry.stop,
        loading_days=tuple(entry.loading),
        averaged_days=entry.averaged,
    )


def _procedure(entry: ProcedureEntry) -> Procedure:
    kind = cast(ProcedureKind, entry.kind)
    return Procedure(kind, entry.site or "", entry.day, entry.dose, entry.fractions, entry.activity)
