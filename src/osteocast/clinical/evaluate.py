"""The answers of an instrument from the items, whatever of them is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from osteocast.clinical.formulas import compute
from osteocast.clinical.given import open_item
from osteocast.formats.assessment_rules import finding_rules, urgency_rules
from osteocast.formats.conditions import all_hold, decide
from osteocast.formats.instrument_file import instrument
from osteocast.formats.instrument_model import FactEntry, InstrumentEntry, ItemEntry, OutputEntry
from osteocast.formats.possible import Possible, Value, known, one_of

__all__ = ["complete", "evaluate"]

Values = Mapping[str, Possible]
_Answer = Callable[[Values], Possible]

_OPEN = Possible()
# Answers that are kept for each output; the levels of an instrument come back in record after record.
_KEPT = 512


def complete(items: Mapping[str, ItemEntry], given: Values) -> dict[str, Possible]:
    """Return every item: as given, by its default, or open."""
    values = dict(given)
    # Units and other choices first: the plausible range of a number depends on its unit.
    for name in sorted((n for n in items if n not in values), key=lambda n: items[n].kind == "number"):
        item = items[name]
        if item.default is not None:
            values[name] = known(item.default)
        else:
            unit = values[item.unit_item].value if item.unit_item else item.unit
            values[name] = open_item(item, str(unit))
    return values


def evaluate(name: str, values: Values, last: str = "") -> dict[str, Possible]:
    """Return the outputs of an instrument, in the order of its file; an output may use those before it.

    Parameters
    ----------
    name : str
    values : mapping
        Every item.
    last : str
        The output after which to stop; every output by default.
    """
    known_so_far = dict(values)
    found: dict[str, Possible] = {}
    for output, answer in _answers(name):
        found[output] = known_so_far[output] = answer(known_so_far)
        if output == last:
            break
    return found


@cache
def _answers(name: str) -> tuple[tuple[str, _Answer], ...]:
    """Return each output of an instrument as a function of items and earlier outputs."""
    entry = instrument(name)
    return tuple((key, _answer(entry, output)) for key, output in entry.outputs.items())


def _answer(entry: InstrumentEntry, output: OutputEntry) -> _Answer:
    if output.sum:
        points = [entry.items[name].points for name in output.sum]
        return _remembered(output.sum, lambda seen: _sum(points, seen))
    if output.formula:
        return lambda values: _formula(output, values)
    if output.highest:
        return lambda values: _highest([values[name] for name in output.highest])
    if output.copies:
        return lambda values: values[output.copies]
    if output.instrument:
        return lambda values: _of_other(output, values)
    if output.level_of:
        return lambda values: _level([values[name].value for name in output.level_of])
    if output.clock_of:
        return lambda values: _clock(values[output.clock_of].value)
    if output.triggers_of:
        return _trigger(entry.facts, output.triggers_of)
    rules, recorded = output.all_rules, output.recorded
    names = tuple(dict.fromkeys(name for rule in rules for one in rule.when for name in one.named))
    return _remembered(names, lambda seen: decide(rules, dict(zip(names, seen, strict=True)), recorded))


def _remembered(names: tuple[str, ...], answer: Callable[[tuple[Possible, ...]], Possible]) -> _Answer:
    """Return an answer that depends on these items alone, so that it is worked out once for what is known of them."""
    kept = lru_cache(maxsize=_KEPT)(answer)
    return lambda values: kept(tuple([values.get(name, _OPEN) for name in names]))


def _formula(output: OutputEntry, values: Values) -> Possible:
    if output.given and values[output.given].settled:
        return values[output.given]
    return compute(output.formula, {k: values[v] for k, v in output.arguments.items()}, output.constants)


def _of_other(output: OutputEntry, values: Values) -> Possible:
    items = instrument(output.instrument).items
    inner = {name: values[name] for name in items if name in values}
    return evaluate(output.instrument, complete(items, inner), output.output)[output.output]


def _sum(points: list[dict[str, int]], seen: tuple[Possible, ...]) -> Possible:
    """Return every total that can be reached."""
    totals = {0}
    for of_level, one in zip(points, seen, strict=True):
        more = {of_level[str(level)] for level in one.options}
        totals = {total + extra for total in totals for extra in more}
    return one_of(list(totals))


def _level(ids: list[Value]) -> Possible:
    """Return the gravest level of rules of urgency, or the words for none."""
    table = urgency_rules()
    met = {table.rules[str(one)].level for one in ids if one}
    return known(next((one.name for one in table.levels if one.name in met), table.none.name))


def _trigger(facts: Mapping[str, FactEntry], findings: tuple[str, ...]) -> _Answer:
    """Return the id of the gravest trigger of these findings that the items meet, or an empty text."""
    names = tuple(dict.fromkeys(name for one in facts.values() for name in one.named))

    def answer(seen: tuple[Possible, ...]) -> Possible:
        """Return the answer where the named items have these values."""
        values = dict(zip(names, seen, strict=True))
        said = {
            name: values[one.copies] if one.copies else known(one.value)
            for name, one in facts.items()
            if all_hold(one.when, values)
        }
        listed = (finding_rules()[name].triggers for name in findings)
        met = [next((one.id for one in triggers if all_hold(one.when, said)), "") for triggers in listed]
        table = urgency_rules()
        order = [one.name for one in table.levels]
        return known(min(filter(None, met), key=lambda one: order.index(table.rules[one].level), default=""))

    return _remembered(names, answer)


def _clock(rule: Value) -> Possible:
    return known(urgency_rules().rules[str(rule)].clock if rule else ())


def _highest(parts: list[Possible]) -> Possible:
    found: list[Value] = []
    for combination in itertools.product(*(one.options for one in parts)):
        found.append(max(v for v in combination if isinstance(v, int | float)))
    return one_of(found)
