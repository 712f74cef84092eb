"""One TOML entry to one frozen object, noting every problem on the way instead of stopping at the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from osteocast.evidence.parameter import GRADES, SPREAD_KINDS, Parameter, Spread
from osteocast.evidence.source import Source
from osteocast.evidence.target import USES, Target
from osteocast.foundation.errors import Issue


@dataclass(slots=True)
class Entry:
    """A TOML table being read: takes keys, collects issues, reports the keys nobody asked for."""

    place: str
    table: Mapping[str, Any]
    issues: list[Issue]
    seen: set[str] = field(default_factory=set)

    def problem(self, code: str, key: str, found: str, expected: str, fix: str) -> None:
        """Note one problem at ``place.key``."""
        self.issues.append(Issue(code, f"{self.place}.{key}" if key else self.place, found, expected, fix))

    def text(self, key: str, required: bool = False, choices: tuple[str, ...] = ()) -> str:
        """Take a text; empty where absent."""
        self.seen.add(key)
        if key not in self.table:
            if required:
                self.problem("evidence.key-missing", key, "nothing", "text", f'Add {key} = "...".')
            return ""
        value = self.table[key]
        if not isinstance(value, str):
            self.problem("evidence.type", key, repr(value)[:60], "text", "Put it in quotation marks.")
            return ""
        if required and not value.strip():
            self.problem("evidence.key-missing", key, "empty text", "text", "Fill it in.")
        if choices and value not in choices:
            self.problem("evidence.choice", key, repr(value)[:60], "one of " + ", ".join(choices), "Choose one.")
        return value

    def number(self, key: str, required: bool = False) -> float | None:
        """Take a finite number; None where absent."""
        self.seen.add(key)
        if key not in self.table:
            if required:
                self.problem("evidence.key-missing", key, "nothing", "a number", f"Add {key} = ...")
            return None
        value = self.table[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.problem("evidence.type", key, repr(value)[:60], "a finite number", "Write it as a number.")
            return None
        return float(value)

    def whole(self, key: str, required: bool = False) -> int | None:
        """Take a whole number, not negative; None where absent."""
        value = self.number(key, required)
        if value is None:
            return None
        if value != int(value) or value < 0:
            self.problem("evidence.type", key, repr(value), "a whole number", "Write a count or a year.")
            return None
        return int(value)

    def flag(self, key: str) -> bool:
        """Take true or false, which must be there."""
        self.seen.add(key)
        value = self.table.get(key)
        if not isinstance(value, bool):
            self.problem("evidence.type", key, repr(value)[:60], "true or false", f"Write {key} = false.")
        return value is True

    def close(self) -> None:
        """Report the keys that mean nothing here."""
        for key in sorted(set(self.table) - self.seen):
            expected = "one of " + ", ".join(sorted(self.seen))
            self.problem("evidence.key-unknown", key, "an unknown key", expected, "Remove or rename it.")


def read_source(entry: Entry, key: str) -> Source:
    """Read one source."""
    source = Source(
        key=key,
        authors=entry.text("authors", required=True),
        title=entry.text("title", required=True),
        journal=entry.text("journal"),
        year=entry.whole("year", required=True) or 0,
        doi=entry.text("doi"),
        url=entry.text("url"),
        licence=entry.text("licence"),
        note=entry.text("note"),
    )
    entry.close()
    if not (source.doi or source.url or source.journal or source.note):
        found = "no doi, url, journal or note"
        entry.problem("evidence.source-unfindable", "", found, "one of them", "Say how to find it.")
    if source.doi and not (source.doi.startswith("10.") and "/" in source.doi and " " not in source.doi):
        entry.problem("evidence.doi", "doi", repr(source.doi), "10.NNNN/...", "Write the bare DOI.")
    return source


def read_parameter(entry: Entry, name: str) -> Parameter:
    """Read one parameter."""
    parameter = Parameter(
        name=name,
        value=_or_nan(entry.number("value", required=True)),
        unit=entry.text("unit", required=True),
        uncertainty=_read_spread(entry, "uncertainty"),
        between_patient=_read_spread(entry, "between_patient"),
        neutral=entry.number("neutral"),
        grade=entry.text("grade", required=True, choices=GRADES),  # type: ignore[arg-type]
        source=entry.text("source"),
        where=entry.text("where"),
        note=entry.text("note"),
        checked_by=entry.text("checked_by"),
        substance=entry.text("substance") or None,
    )
    entry.close()
    _check_spread(entry, parameter, "uncertainty", parameter.uncertainty)
    _check_spread(entry, parameter, "between_patient", parameter.between_patient)
    if parameter.grade == "assumed":
        if not (parameter.note.strip() or parameter.where.strip()):
            entry.problem("evidence.reason-missing", "note", "nothing", "why it is assumed", "Give the reason.")
    else:
        for key in ("source", "where"):
            if not entry.table.get(key):
                expected = f"a {key} for a {parameter.grade} value"
                entry.problem("evidence.key-missing", key, "nothing", expected, "Give it, or grade it assumed.")
    return parameter


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _read_spread(entry: Entry, key: str) -> Spread:
    entry.seen.add(key)
    table = entry.table.get(key)
    if not isinstance(table, dict):
        expected = '{ kind = "lognormal", sd = 0.3 }, or { kind = "none" }'
        entry.problem("evidence.key-missing", key, repr(table)[:60], expected, "Say how far it may lie.")
        return Spread()
    inner = Entry(f"{entry.place}.{key}", table, entry.issues)
    kind = inner.text("kind", required=True, choices=SPREAD_KINDS)
    sd = inner.number("sd", required=kind in SPREAD_KINDS[1:]) or 0.0
    inner.close()
    if sd < 0 or (kind in SPREAD_KINDS[1:] and sd == 0) or (kind == "none" and sd != 0):
        inner.problem("evidence.spread", "sd", repr(sd), "sd > 0, or kind none without sd", "Correct it.")
    return Spread(kind, sd)  # type: ignore[arg-type]


def _check_spread(entry: Entry, parameter: Parameter, key: str, spread: Spread) -> None:
    value = parameter.value
    top = 100.0 if parameter.unit == "%" else 1.0
    if spread.kind == "lognormal" and not value > 0:
        entry.problem("evidence.spread", key, f"lognormal around {value}", "a value above 0", "Use normal.")
    if spread.kind == "logit-normal" and not 0 < value < top:
        found = f"logit-normal around {value}"
        entry.problem("evidence.spread", key, found, f"a value between 0 and {top:g}", "Use normal.")


def read_target(entry: Entry, key: str) -> Target:
    """Read one target."""
    text, number, whole = entry.text, entry.number, entry.whole
    target = Target(
        id=key,
        study=text("study", required=True),
        year=whole("year", required=True) or 0,
        source=text("source", required=True),
        population=text("population", required=True),
        arm=text("arm", required=True),
        comparator=text("comparator"),
        endpoint=text("endpoint", required=True),
        kind=text("kind", required=True),
        value=number("value"),
        value_text=text("value_text"),
        unit=text("unit", required=True),
        sd=number("sd"),
        ci=_read_limits(entry),
        ci_basis=text("ci_basis"),
        n=whole("n"),
        events=whole("events"),
        events_basis=text("events_basis"),
        estimator=text("estimator", required=True),
        ascertainment=text("ascertainment", required=True),
        timepoint=text("timepoint"),
        use=text("use", required=True, choices=USES),  # type: ignore[arg-type]
        why=text("why"),
        note=text("note"),
        checked=entry.flag("checked"),
    )
    entry.close()
    _check_target(entry, target)
    return target


def _read_limits(entry: Entry) -> tuple[float, float] | None:
    entry.seen.add("ci")
    if "ci" not in entry.table:
        return None
    match entry.table["ci"]:
        case [int() | float() as low, int() | float() as high] if low <= high:
            return float(low), float(high)
        case found:
            entry.problem("evidence.type", "ci", repr(found)[:60], "[low, high]", "Give both limits in order.")
            return None


def _check_target(entry: Entry, target: Target) -> None:
    if (target.value is None) == (not target.value_text):
        found = "both" if target.value_text else "neither"
        entry.problem("evidence.target-value", "value", found, "value or value_text, not both", "Keep one.")
    if target.use == "fit" and target.value is None:
        entry.problem("evidence.target-use", "use", "fit without a number", "a number", "Use check or excluded.")
    if target.use in ("excluded", "input") and not target.why:
        entry.problem("evidence.reason-missing", "why", "nothing", f"why it is {target.use}", "Give the reason.")
    if target.events is not None and target.n is not None and target.events > target.n:
        entry.problem("evidence.target-count", "events", str(target.events), f"at most n = {target.n}", "Correct it.")
    if target.ci and target.value is not None and not target.ci[0] <= target.value <= target.ci[1]:
        found = f"{target.value} outside {target.ci[0]} to {target.ci[1]}"
        entry.problem("evidence.target-limits", "ci", found, "limits around the value", "Look it up again.")
    if target.ci and target.ci_basis not in ("published", "computed"):
        entry.problem("evidence.choice", "ci_basis", repr(target.ci_basis), "published or computed", "Say which.")
