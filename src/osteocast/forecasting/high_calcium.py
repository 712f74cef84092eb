"""A high calcium of the record by the rules of an assessment: one table of limits, levels and clocks for both."""

from __future__ import annotations

import math
from typing import NamedTuple

from osteocast.domain.laboratory import calcium_readings, reported_unit
from osteocast.domain.patient import Patient
from osteocast.domain.table import read_table
from osteocast.formats.assessment_rules import finding_rules, urgency_rules
from osteocast.formats.conditions import all_hold, decide
from osteocast.formats.instrument_file import instrument
from osteocast.formats.possible import Possible, known
from osteocast.foundation.units import convert

__all__ = ["HighCalcium", "high_calcium"]

_NAMES = {
    "laboratory": "corrected calcium",
    "albumin": "corrected calcium",
    "uncorrected": "uncorrected calcium",
    "ionised": "ionised calcium",
}
_DIGITS = 9


class HighCalcium(NamedTuple):
    """Which rule a calcium meets.

    Attributes
    ----------
    says, level, means, clock : str
        Words of the rule, its level of urgency, what the level means, and the clock ("" without one).
    measured, shown : str
        The value with unit, and the same with what was measured and its day.
    """

    says: str
    level: str
    means: str
    clock: str
    measured: str
    shown: str


class _Seen(NamedTuple):
    basis: str
    value: float  # mmol/L
    censoring: str
    unit: str
    day: str


def high_calcium(patient: Patient) -> HighCalcium | None:
    """Return the gravest rule that the newest total or ionised calcium meets, or ``None`` where none asks for haste."""
    table = read_table("applicability")["calcium"]
    total = [_Seen(r.basis, r.value, r.censoring, r.unit, r.date.isoformat()) for r in calcium_readings(patient)[-1:]]
    ionised = [
        _Seen("ionised", seen.value, seen.censoring, reported_unit(seen), seen.date.isoformat())
        for seen in patient.observed("ionised-calcium")[-1:]
    ]
    found = [rule for seen in (*total, *ionised) if (rule := _rule(seen, table["finding"])) is not None]
    order = [level.name for level in urgency_rules().levels]
    found = [rule for rule in found if rule.level in table["levels"]]
    return min(found, key=lambda rule: order.index(rule.level), default=None)


def _rule(seen: _Seen, finding: str) -> HighCalcium | None:
    values = _values(seen)
    trigger = next((one for one in finding_rules()[finding].triggers if all_hold(one.when, values)), None)
    if trigger is None:
        return None
    urgency = urgency_rules()
    rule = urgency.rules[trigger.id]
    sign = "" if seen.censoring == "=" else seen.censoring
    # the reported unit stands beside that of every other number of a forecast
    other = "" if seen.unit == "mmol/L" else f" ({_in_unit(seen):.4g} {seen.unit})"
    measured = f"{sign}{seen.value:.2f} mmol/L{other}"
    return HighCalcium(
        says=trigger.says,
        level=rule.level,
        means=next(one.means for one in urgency.levels if one.name == rule.level),
        clock="; ".join(rule.clock),
        measured=measured,
        shown=f"{_NAMES[seen.basis]} {measured} on {seen.day}",
    )


def _values(seen: _Seen) -> dict[str, Possible]:
    """Return the facts that rules on calcium look at, in the names of an assessment."""
    here, in_mmol = _range(_in_unit(seen), seen.censoring), _range(seen.value, seen.censoring)
    basis = "ionised" if seen.basis == "ionised" else "corrected"
    # CTCAE prints the limits of ionised calcium in mmol/L only
    graded, unit = (in_mmol, "mmol/L") if basis == "ionised" else (here, seen.unit)
    rules = instrument("ctcae-hypercalcaemia").outputs["laboratory_grade"].rules
    grade = decide(rules, {"basis": known(basis), "unit": known(unit), "corrected": graded})
    values = {"ctcae-high.laboratory_grade": grade}
    if basis == "ionised":
        return {**values, "ionised.converted": in_mmol}
    return {**values, "calcium.converted": in_mmol, "calcium.mg_dl" if unit == "mg/dL" else "calcium.mmol_l": here}


def _in_unit(seen: _Seen) -> float:
    return seen.value if seen.unit == "mmol/L" else round(convert(seen.value, "mmol/L", seen.unit, "calcium"), _DIGITS)


def _range(value: float, censoring: str) -> Possible:
    """Return what the number may be; one above a limit of the assay lies beyond it."""
    if censoring == "=":
        return known(value)
    return Possible(low=math.nextafter(value, math.inf)) if censoring == ">" else Possible(high=value)
