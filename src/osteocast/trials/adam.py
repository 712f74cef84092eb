"""Subjects of a simulated trial as tables in the shape of CDISC ADaM: days, never dates.

Variables that end in DY are study days: whole numbers, 1 on the day of entry, and no day 0. AVAL of a time is what has
passed since entry, with its fraction of a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import EventKind
from osteocast.course.harms import HARMS
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.table import read_table
from osteocast.domain.trial import Counting, Trial
from osteocast.trials.endpoint import counted, kinds_of, survival_of, survival_on_trial, with_death_competing
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.follow_up import FollowUp, Outcome, first_events, first_kinds
from osteocast.trials.laboratory import harm_limit, measured
from osteocast.trials.subjects import Subjects

if TYPE_CHECKING:
    from osteocast.trials.simulate_trial import TrialResult

Kind = Literal["text", "number", "whole"]

LABORATORY: Final = MappingProxyType(
    {
        "calcium_mmol_per_l": ("CA", "Calcium, corrected (mmol/L)"),
        "untx_ratio": ("UNTX", "Urine NTX (ratio to healthy)"),
        "ctx_ratio": ("CTX", "Serum CTX (ratio to healthy)"),
        "bone_alp_ratio": ("BALP", "Bone alkaline phosphatase (ratio to healthy)"),
    }
)
"""Code and name of each monthly series in ADLB."""
_ADVERSE: Final = MappingProxyType({int(EventKind.HYPERCALCAEMIA): "Hypercalcaemia"})
_SOURCES: Final = MappingProxyType(
    {"Death": ("ADSL", "DTHDY"), "Withdrawal": ("ADSL", "EOSDY"), "End of study": ("ADSL", "EOSDY")}
)
"""Table and variable behind a time that ended without event; an event is in ADCE."""
_GRADES: Final = ((2, "hypocalcaemia_grade_2_or_worse"), (3, "hypocalcaemia_grade_3_or_worse"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name of at most 8 characters, label of at most 40, unit (empty for none), kind, values."""

    name: str
    label: str
    unit: str
    kind: Kind
    values: Sequence[Any] | NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name (ADSL), its label, its columns of equal length."""

    name: str
    label: str
    columns: tuple[Column, ...]


def adam_tables(result: TrialResult) -> tuple[Table, ...]:
    """Return ADSL, ADTTE, ADCE, ADAE and ADLB of the replicate that is shown: the first with patients."""
    trial, subjects = result.trial, result.subjects
    names = subject_names(trial, subjects, result.settings.design == "counterfactual")
    seed = result.seed_shown
    return (
        _adsl(trial, subjects, names),
        _adtte(trial, subjects, names),
        _adce(trial, subjects, names),
        _adae(trial, subjects, names, seed),
        _adlb(trial, subjects, names, seed),
    )


def subject_names(trial: Trial, subjects: Subjects, every_arm: bool) -> NDArray[np.str_]:
    """Return USUBJID of each subject; one who stands in every arm has a name in each."""
    names = [f"{trial.name}-{key:010d}" for key in subjects.key]
    if every_arm:
        names = [f"{name}-{arm + 1}" for name, arm in zip(names, subjects.arm, strict=True)]
    return np.array(names, dtype=np.str_)


def codes_of(countings: Mapping[str, Counting]) -> dict[str, str]:
    """Return PARAMCD of the time to the first event of each definition: TT and up to six letters, all different."""
    found: dict[str, str] = {}
    for number, name in enumerate(countings, start=1):
        code = "TT" + re.sub(r"[^A-Z0-9]", "", name.upper())[:6]
        found[name] = f"TTEVT{number}" if code in found.values() or code == "TT" else code
    return found


def _adsl(trial: Trial, subjects: Subjects, names: NDArray[np.str_]) -> Table:
    entry = {name: subjects.entry[:, i] for i, name in enumerate(QUANTITIES)}
    arms = [trial.arms[i] for i in subjects.arm]
    end = _end_of_study(subjects)
    died, dead = subjects.death_day <= end, np.isfinite(subjects.death_day)
    left = ~died & (subjects.drop_out_day <= end)
    reason = np.where(died, "DEATH", np.where(left, "WITHDRAWAL BY SUBJECT", ""))
    sex = _sex(trial, subjects)
    columns = (
        Column("STUDYID", "Study Identifier", "", "text", [trial.name] * subjects.n),
        Column("USUBJID", "Unique Subject Identifier", "", "text", names),
        Column("SUBJID", "Subject Identifier for the Study", "", "text", [f"{key:010d}" for key in subjects.key]),
        Column("ARM", "Description of Planned Arm", "", "text", [arm.title for arm in arms]),
        Column("ARMCD", "Planned Arm Code", "", "text", [arm.name for arm in arms]),
        Column("TRT01P", "Planned Treatment for Period 01", "", "text", planned(trial, subjects)),
        Column("AGE", "Age", "year", "number", entry["age"]),
        Column("AGEU", "Age Units", "", "text", ["YEARS"] * subjects.n),
        Column("SEX", "Sex", "", "text", sex),
        Column("ITTFL", "Intent-To-Treat Population Flag", "", "text", ["Y"] * subjects.n),
        Column("POPUL", "Population", "", "text", [trial.populations[i].name for i in subjects.population]),
        Column("STRATUM", "Stratum of Allocation (number)", "", "whole", subjects.stratum),
        Column("ECOGBL", "Baseline ECOG Performance Status", "", "whole", entry["ecog"].astype(np.int64)),
        Column("PRIOREFL", "Skeletal Event Before Entry Flag", "", "text", _flag(entry["prior-skeletal-event"] > 0)),
        Column("LESIONBL", "Baseline Number of Bone Lesions", "", "whole", entry["lesions"].astype(np.int64)),
        Column("PAINBL", "Baseline Worst Pain", "point", "number", entry["worst-pain"]),
        Column("CABL", "Baseline Corrected Calcium", "mmol/L", "number", entry["corrected-calcium"]),
        Column("CRCLBL", "Baseline Creatinine Clearance", "mL/min", "number", entry["creatinine-clearance"]),
        Column("ENTRYDAY", "Day of Entry in the Trial's Calendar", "day", "number", subjects.entry_day),
        Column("EOSDY", "Study Day of End of Study", "day", "whole", study_day(end)),
        Column("EOSTIME", "Time on Study since Entry", "day", "number", end),
        Column("EOSSTT", "End of Study Status", "", "text", np.where(died | left, "DISCONTINUED", "COMPLETED")),
        Column("DCSREAS", "Reason for Discontinuation from Study", "", "text", reason),
        Column("DTHFL", "Subject Death Flag", "", "text", np.where(dead, "Y", "")),
        Column("DTHDY", "Study Day of Death", "day", "whole", study_day(subjects.death_day)),
    )
    return Table("ADSL", "Subject-Level Analysis Dataset", columns)


def _sex(trial: Trial, subjects: Subjects) -> list[str]:
    from osteocast.trials.cohort import KEYS_OF_GROUP, KEYS_OF_REPLICATE, groups_of

    groups = groups_of(trial)
    number = subjects.key % KEYS_OF_REPLICATE // KEYS_OF_GROUP
    return [{"female": "F", "male": "M"}[groups[i].sex] for i in number]


def study_day(day: Sequence[float] | NDArray[np.floating[Any]]) -> list[int | None]:
    """Return study days of days since entry: 1 is the day of entry; None where there is none."""
    return [int(np.floor(one)) + 1 if np.isfinite(one) else None for one in day]


def _end_of_study(subjects: Subjects) -> NDArray[np.float64]:
    return np.fmin(np.minimum(subjects.drop_out_day, subjects.closed_day), subjects.death_day)


def _flag(yes: NDArray[np.bool_]) -> NDArray[np.str_]:
    return np.where(yes, "Y", "N")


def _adtte(trial: Trial, subjects: Subjects, names: NDArray[np.str_]) -> Table:
    parts = [*_first_event_rows(trial, subjects, names), *_death_rows(trial, subjects, names)]
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns = (
        Column("STUDYID", "Study Identifier", "", "text", [trial.name] * len(rows["USUBJID"])),
        Column("USUBJID", "Unique Subject Identifier", "", "text", rows["USUBJID"]),
        Column("ARMCD", "Planned Arm Code", "", "text", rows["ARMCD"]),
        Column("TRTP", "Planned Treatment", "", "text", rows["TRTP"]),
        Column("PARAMCD", "Parameter Code", "", "text", rows["PARAMCD"]),
        Column("PARAM", "Parameter", "", "text", rows["PARAM"]),
        Column("AVAL", "Analysis Value", "day", "number", rows["AVAL"]),
        Column("CNSR", "Censor", "", "whole", rows["CNSR"]),
        Column("EVNTDESC", "Event or Censoring Description", "", "text", rows["EVNTDESC"]),
        Column("SRCDOM", "Source Data", "", "text", rows["SRCDOM"]),
        Column("SRCVAR", "Source Variable", "", "text", rows["SRCVAR"]),
    )
    return Table("ADTTE", "Time-to-Event Analysis Dataset", columns)


def _first_event_rows(trial: Trial, subjects: Subjects, names: NDArray[np.str_]) -> Iterator[dict[str, NDArray[Any]]]:
    codes = codes_of(trial.countings)
    for name, counting in trial.countings.items():
        # a death is told from other ends of follow-up whatever the estimand makes of it
        arm = counted(with_death_competing(trial), subjects, counting, None, name)
        kinds = kinds_of(trial, counting)
        day, outcome = first_events(arm, kinds)
        kind = first_kinds(arm, kinds)
        told = [_kind_words(k) if k >= 0 else _why(subjects, i, arm) for i, k in enumerate(kind)]
        censored = np.where(outcome == Outcome.EVENT, 0, np.where(outcome == Outcome.DEATH, 2, 1))
        param = (codes[name], f"Time to first {counting.title} (days)")
        yield _rows(trial, subjects, names, param, (day, censored, told))


def _death_rows(trial: Trial, subjects: Subjects, names: NDArray[np.str_]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield survival to the end of the simulation, for curves and medians, and to that of the trial, for ratios."""
    long = (survival_of(trial, subjects, "survival"), "OS", "Overall Survival (days)", "End of simulation")
    short = (
        survival_on_trial(subjects, "survival"),
        "OSTRIAL",
        "Overall Survival to End of Trial (days)",
        "End of trial",
    )
    for arm, code, title, end in (long, short):
        told = ["Death" if one else end for one in arm.died]
        yield _rows(trial, subjects, names, (code, title), (arm.exit_day, np.where(arm.died, 0, 1), told))


def _rows(
    trial: Trial, subjects: Subjects, names: NDArray[np.str_], param: tuple[str, str], values: tuple[Any, Any, Any]
) -> dict[str, NDArray[Any]]:
    day, censored, told = values
    source = [
        _SOURCES.get(why, ("ADCE", "AVAL") if one == 0 else ("", "")) for one, why in zip(censored, told, strict=True)
    ]
    return {
        "USUBJID": names,
        "ARMCD": np.array([trial.arms[i].name for i in subjects.arm]),
        "TRTP": np.array(planned(trial, subjects)),
        "PARAMCD": np.full(subjects.n, param[0]),
        "PARAM": np.full(subjects.n, param[1]),
        "AVAL": day,
        "CNSR": censored,
        "EVNTDESC": np.array(told, dtype=np.str_),
        "SRCDOM": np.array([table for table, _ in source], dtype=np.str_),
        "SRCVAR": np.array([variable for _, variable in source], dtype=np.str_),
    }


def planned(trial: Trial, subjects: Subjects) -> list[str]:
    """Return the planned treatment of each subject, TRT01P of ADSL."""
    return [trial.arms[i].regimen.title for i in subjects.arm]


def _why(subjects: Subjects, index: int, arm: FollowUp) -> str:
    """Say why follow-up of a patient without event ended."""
    end = arm.exit_day[index]
    if subjects.death_day[index] <= end:
        return "Death"
    if subjects.drop_out_day[index] <= end:
        return "Withdrawal"
    return "End of study" if subjects.closed_day[index] <= end else "Change of therapy"


def _kind_words(kind: int) -> str:
    return EventKind(kind).name.replace("_", " ").capitalize()


def _adce(trial: Trial, subjects: Subjects, names: NDArray[np.str_]) -> Table:
    codes = codes_of(trial.countings)
    found: list[tuple[str, str, str, str, float, str]] = []
    treatment = planned(trial, subjects)
    for name, counting in trial.countings.items():
        arm = counted(trial, subjects, counting, None, name)
        rows = zip(arm.event_patient, arm.event_day, arm.event_kind, strict=True)
        found += [
            (str(names[i]), trial.arms[subjects.arm[i]].name, treatment[i], codes[name], float(day), _kind_words(kind))
            for i, day, kind in rows
        ]
    subject, armcd, trtp, param, day, term = zip(*found, strict=True) if found else ((),) * 6
    columns = (
        Column("STUDYID", "Study Identifier", "", "text", [trial.name] * len(found)),
        Column("USUBJID", "Unique Subject Identifier", "", "text", subject),
        Column("ARMCD", "Planned Arm Code", "", "text", armcd),
        Column("TRTP", "Planned Treatment", "", "text", trtp),
        Column("PARAMCD", "Parameter Code", "", "text", param),
        Column("CETERM", "Counted Event", "", "text", term),
        Column("ASTDY", "Analysis Start Relative Day", "day", "whole", study_day(day)),
        Column("AVAL", "Time of Event since Entry", "day", "number", day),
    )
    return Table("ADCE", "Every Counted Event", columns)


def _adae(trial: Trial, subjects: Subjects, names: NDArray[np.str_], seed: int) -> Table:
    end = _end_of_study(subjects)
    seen = subjects.observed
    chosen = np.isin(seen.kind, list(_ADVERSE)) & (seen.day <= end[seen.patient])
    found: list[tuple[int, float, str, int | None, str]] = [
        (int(i), float(day), _ADVERSE[int(kind)], None, "EVENT")
        for i, day, kind in zip(seen.patient[chosen], seen.day[chosen], seen.kind[chosen], strict=True)
    ]
    found += [(i, day, "Hypocalcaemia", grade, "LABORATORY") for i, day, grade in _low_calcium(subjects, end, seed)]
    found += [(i, day, term, None, "EVENT") for i, day, term in _harms(subjects, end)]
    found.sort(key=lambda one: one[:3])
    who, treatment = [one[0] for one in found], planned(trial, subjects)
    columns = (
        Column("STUDYID", "Study Identifier", "", "text", [trial.name] * len(found)),
        Column("USUBJID", "Unique Subject Identifier", "", "text", [str(names[i]) for i in who]),
        Column("AESEQ", "Sequence Number", "", "whole", [who[:place].count(i) + 1 for place, i in enumerate(who)]),
        Column("ARMCD", "Planned Arm Code", "", "text", [trial.arms[subjects.arm[i]].name for i in who]),
        Column("TRTP", "Planned Treatment", "", "text", [treatment[i] for i in who]),
        Column("AETERM", "Reported Term for the Adverse Event", "", "text", [one[2] for one in found]),
        Column("AEDECOD", "Dictionary-Derived Term", "", "text", [one[2] for one in found]),
        Column("TRTEMFL", "Treatment Emergent Analysis Flag", "", "text", ["Y"] * len(found)),
        Column("ASTDY", "Analysis Start Relative Day", "day", "whole", study_day([one[1] for one in found])),
        Column(
            "ATOXGR",
            "Analysis Toxicity Grade",
            "",
            "text",
            ["" if one[3] is None else str(one[3]) for one in found],
        ),
        Column("AESRC", "Found as EVENT or by LABORATORY Value", "", "text", [one[4] for one in found]),
    )
    return Table("ADAE", "Adverse Events", columns)


def _harms(subjects: Subjects, end: NDArray[np.float64]) -> Iterator[tuple[int, float, str]]:
    """Yield subject, day and term of every harm of exposure on study."""
    for entry in read_table("trial_harms").values():
        if "event" in entry:
            day = subjects.harms[:, HARMS.index(entry["event"])]
            for i in np.flatnonzero(day <= end):
                yield int(i), float(day[i]), str(entry["term"])


def _low_calcium(subjects: Subjects, end: NDArray[np.float64], seed: int) -> Iterator[tuple[int, float, int]]:
    """Yield subject, day and worst grade of every run of monthly values below the limit of grade 2."""
    values = measured(subjects, "calcium_mmol_per_l", seed)
    day = np.arange(values.shape[1]) * DAYS_PER_MONTH
    (_, limit), (_, severe) = _GRADES
    with np.errstate(invalid="ignore"):
        low = (values < harm_limit(limit)) & (day > 0.0) & (day[None, :] <= end[:, None])
        worse = values < harm_limit(severe)
    for i in np.flatnonzero(low.any(axis=1)):
        months = np.flatnonzero(low[i])
        for run in np.split(months, np.flatnonzero(np.diff(months) > 1) + 1):
            yield int(i), float(day[run[0]]), 3 if worse[i, run].any() else 2


def _adlb(trial: Trial, subjects: Subjects, names: NDArray[np.str_], seed: int) -> Table:
    end = _end_of_study(subjects)
    parts: list[dict[str, NDArray[Any]]] = []
    arms, treatment = np.array([arm.name for arm in trial.arms])[subjects.arm], np.array(planned(trial, subjects))
    for name, (code, title) in LABORATORY.items():
        values = measured(subjects, name, seed)
        day = np.arange(values.shape[1]) * DAYS_PER_MONTH
        who, month = np.nonzero((day[None, :] <= end[:, None]) & np.isfinite(values))
        value, base = values[who, month], values[who, 0]
        parts.append(
            {
                "USUBJID": names[who],
                "ARMCD": arms[who],
                "TRTP": treatment[who],
                "PARAMCD": np.full(len(who), code),
                "PARAM": np.full(len(who), title),
                "AVISIT": np.where(month == 0, "Baseline", np.char.add("Month ", month.astype(np.str_))),
                "AVISITN": month,
                "ADY": np.array(study_day(day[month]), dtype=np.int64),
                "AVAL": value,
                "BASE": base,
                "PCHG": 100.0 * (value / base - 1.0),
                "ABLFL": np.where(month == 0, "Y", ""),
            }
        )
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns = (
        Column("STUDYID", "Study Identifier", "", "text", [trial.name] * len(rows["USUBJID"])),
        Column("USUBJID", "Unique Subject Identifier", "", "text", rows["USUBJID"]),
        Column("ARMCD", "Planned Arm Code", "", "text", rows["ARMCD"]),
        Column("TRTP", "Planned Treatment", "", "text", rows["TRTP"]),
        Column("PARAMCD", "Parameter Code", "", "text", rows["PARAMCD"]),
        Column("PARAM", "Parameter", "", "text", rows["PARAM"]),
        Column("AVISIT", "Analysis Visit", "", "text", rows["AVISIT"]),
        Column("AVISITN", "Analysis Visit (N)", "month", "whole", rows["AVISITN"]),
        Column("ADY", "Analysis Relative Day", "day", "whole", rows["ADY"]),
        Column("AVAL", "Analysis Value", "", "number", rows["AVAL"]),
        Column("BASE", "Baseline Value", "", "number", rows["BASE"]),
        Column("PCHG", "Percent Change from Baseline", "%", "number", rows["PCHG"]),
        Column("ABLFL", "Baseline Record Flag", "", "text", rows["ABLFL"]),
    )
    return Table("ADLB", "Monthly Laboratory Values", columns)
