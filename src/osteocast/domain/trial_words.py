"""What a trial's file may say: quantities with units and limits, estimators, words of a closed list."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from osteocast.domain.table import read_table

__all__ = [
    "ALLOCATION_METHODS",
    "GRADES",
    "MARKERS",
    "RATES",
    "SOURCES",
    "STRATEGIES",
    "AllocationMethod",
    "EstimatorFacts",
    "Grade",
    "Marker",
    "Rate",
    "Source",
    "Strategy",
    "TrialQuantity",
    "component_names",
    "definition_names",
    "estimator_facts",
    "estimator_names",
    "harm_names",
    "trial_quantity",
    "trial_quantity_names",
]

Grade = Literal["published", "derived", "assumed"]
AllocationMethod = Literal["simple", "permuted-blocks", "minimisation"]
Strategy = Literal["treatment-policy", "hypothetical", "composite", "while-alive"]
Marker = Literal["untx", "ctx", "bone-alp"]
Rate = Literal["events-per-person-time", "mean-of-patient-ratios"]
Source = Literal["inputs", "natural-history"]
SOURCES: tuple[Source, ...] = get_args(Source)
"""Where the lesions of patients at entry come from: inputs of the trial, or each patient's own natural history."""
GRADES: tuple[Grade, ...] = get_args(Grade)
ALLOCATION_METHODS: tuple[AllocationMethod, ...] = get_args(AllocationMethod)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
"""Strategies for intercurrent events of ICH E9(R1), section A.3.2."""
MARKERS: tuple[Marker, ...] = get_args(Marker)
RATES: tuple[Rate, ...] = get_args(Rate)


@dataclass(frozen=True, slots=True)
class TrialQuantity:
    """Facts of one number of a trial's file.

    Attributes
    ----------
    name, title : key, and name for people.
    unit : canonical unit; empty for a question answered with yes or no.
    substance : for conversion between mass and amount, or None.
    plausible : lowest and highest value that is believed [`unit`].
    neutral : value where a file gives none, or None where it must be given [`unit`].
    """

    name: str
    title: str
    unit: str
    substance: str | None
    plausible: tuple[float, float]
    neutral: float | None = None


@dataclass(frozen=True, slots=True)
class EstimatorFacts:
    """What an estimator needs.

    Attributes
    ----------
    name, title : key, and what it estimates.
    contrast : whether it compares arms with a comparator.
    needs, allows : keys of the endpoint that must or may be given.
    visits : whether it takes values on the days of laboratory visits.
    """

    name: str
    title: str
    contrast: bool
    needs: tuple[str, ...]
    allows: tuple[str, ...]
    visits: bool = False


@cache
def trial_quantity(section: str, name: str) -> TrialQuantity:
    """Return the facts of a quantity of a section (``population``, ``follow_up``, ``drop_out``, ``criterion``)."""
    entry = read_table("trial_quantities")[section][name]
    low, high = entry.get("plausible", (0.0, 1.0))
    unit, limits = entry.get("unit", ""), (float(low), float(high))
    return TrialQuantity(name, entry["title"], unit, entry.get("substance"), limits, entry.get("neutral"))


def trial_quantity_names(section: str) -> tuple[str, ...]:
    """Return the names of the quantities of a section."""
    return tuple(read_table("trial_quantities")[section])


@cache
def estimator_facts(name: str) -> EstimatorFacts:
    """Return the facts of an estimator."""
    entry = read_table("trial_estimators")[name]
    needs, allows, visits = tuple(entry["needs"]), tuple(entry["allows"]), bool(entry.get("visits", False))
    return EstimatorFacts(name, entry["title"], entry["contrast"], needs, allows, visits)


def estimator_names() -> tuple[str, ...]:
    """Return the names of all estimators."""
    return tuple(read_table("trial_estimators"))


def component_names() -> tuple[str, ...]:
    """Return the kinds of event that a definition may be made of."""
    return tuple(read_table("event_definitions")["components"])


def definition_names() -> tuple[str, ...]:
    """Return the names of the definitions of events that are built in."""
    return tuple(read_table("event_definitions")["definitions"])


def harm_names() -> tuple[str, ...]:
    """Return the names of the limits of calcium that count as harm."""
    return tuple(read_table("trial_harms"))
