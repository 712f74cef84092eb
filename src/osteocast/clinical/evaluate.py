"""The answers of an instrument from the items, whatever of them is known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from osteocast.clinical.formulas import compute
from osteocast.clinical.given import open_item
from osteocast.clinical.possible import Possible, Value, one_of
from osteocast.clinical.rules import decide
from osteocast.formats.instrument_file import instrument
from osteocast.formats.instrument_model import InstrumentEntry, ItemEntry, OutputEntry

__all__ = ["complete", "evaluate", "points_of"]


def complete(items: Mapping[str, ItemEntry], given: Mapping[str, Possible]) -> dict[str, Possible]:
    """Return every item: as given, by its default, or open."""
    values = dict(given)
    # Units and other choices first: the plausible range of a number depends on its unit.
    for name in sorted(items, key=lambda n: items[n].kind == "number"):
        item = items[name]
        if name in values:
            continue
        if item.default is not None:
            values[name] = Possible((item.default,))
        else:
            unit = values[item.unit_item].value if item.unit_item else item.unit
            values[name] = open_item(item, str(unit))
    return values


def evaluate(entry: InstrumentEntry, values: Mapping[str, Possible]) -> dict[str, Possible]:
    """Return every output, in the order of the file; an output may use those before it."""
    known_so_far = dict(values)
    found: dict[str, Possible] = {}
    for name, output in entry.outputs.items():
        found[name] = known_so_far[name] = _output(entry, output, known_so_far)
    return found


def _output(entry: InstrumentEntry, output: OutputEntry, values: Mapping[str, Possible]) -> Possible:
    if output.sum:
        return _sum(entry, output.sum, values)
    if output.given and values[output.given].settled:
        return values[output.given]
    if output.formula:
        return compute(output.formula, {k: values[v] for k, v in output.arguments.items()}, output.constants)
    if output.highest:
        return _highest([values[name] for name in output.highest])
    if output.copies:
        return values[output.copies]
    if output.instrument:
        other = instrument(output.instrument)
        inner = {name: values[name] for name in other.items if name in values}
        return evaluate(other, complete(other.items, inner))[output.output]
    return decide(output.all_rules, values, output.recorded)


def points_of(item: ItemEntry, level: Value) -> int:
    """Return the points of a level."""
    return next(one.points or 0 for one in item.levels if one.name == level)


def _sum(entry: InstrumentEntry, names: tuple[str, ...], values: Mapping[str, Possible]) -> Possible:
    """Return every total that can be reached."""
    totals = {0}
    for name in names:
        points = {points_of(entry.items[name], level) for level in values[name].options}
        totals = {total + more for total in totals for more in points}
    return one_of(list(totals))


def _highest(parts: list[Possible]) -> Possible:
    found: list[Value] = []
    for combination in itertools.product(*(one.options for one in parts)):
        found.append(max(v for v in combination if isinstance(v, int | float)))
    return one_of(found)
