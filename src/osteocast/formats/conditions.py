"""Conditions of rule files over values of which some may be missing: true, false, or not decided."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from osteocast.formats.instrument_model import ConditionEntry, RuleEntry
from osteocast.formats.possible import Possible, Value, known, one_of

__all__ = ["all_hold", "decide"]

_UNKNOWN = Possible()
# More combinations of open answers than any instrument has; above it each is taken on its own.
_MOST_WORLDS = 5000

Values = Mapping[str, Possible]


def decide(rules: Sequence[RuleEntry], values: Values, recorded: bool = False) -> Possible:
    """Return what the first rule that holds gives, for every way in which open items may turn out.

    The last rule has no condition. With `recorded` a condition that is open does not hold.
    """
    if recorded:
        return known(next(_gives(rule) for rule in rules if all_hold(rule.when, values)))
    found: list[Value] = []
    for world in _worlds(rules, values):
        for rule in rules:
            held = all_hold(rule.when, world)
            if held is not False:
                found.append(_gives(rule))
            if held:
                break
    return one_of(found)


def _gives(rule: RuleEntry) -> Value:
    return tuple(rule.gives) if isinstance(rule.gives, list) else rule.gives


def _worlds(rules: Sequence[RuleEntry], values: Values) -> Iterator[Values]:
    """Yield the values with each open choice of the rules' items settled in turn; ranges stay ranges."""
    names = dict.fromkeys(name for rule in rules for one in rule.when for name in one.named)
    options = {n: values[n].options for n in names if n in values and len(values[n].options) > 1}
    if math.prod(len(o) for o in options.values()) > _MOST_WORLDS:
        options = {}
    if not options:
        yield values
        return
    for combination in itertools.product(*options.values()):
        yield {**values, **{name: known(value) for name, value in zip(options, combination, strict=True)}}


def all_hold(conditions: Iterable[ConditionEntry], values: Values) -> bool | None:
    """Whether all conditions hold; ``None`` where open values decide."""
    sure: bool | None = True
    for one in conditions:
        held = _holds(one, values)
        if held is False:
            return False
        if held is None:
            sure = None
    return sure


def _holds(condition: ConditionEntry, values: Values) -> bool | None:
    if condition.any:
        held = [_holds(one, values) for one in condition.any]
        if True in held:
            return True
        return None if None in held else False
    seen = values.get(condition.item, _UNKNOWN)
    if not seen.options:
        if condition.has or (condition.among is not None and seen.low != seen.high):
            return None
        return _range_holds(condition, (seen.low, seen.high), values)
    if len(seen.options) == 1:
        return _value_holds(condition, seen.options[0], values)
    each = {_value_holds(condition, one, values) for one in seen.options}
    return each.pop() if len(each) == 1 else None


def _value_holds(condition: ConditionEntry, value: Value, values: Values) -> bool | None:
    if condition.among is not None and not any(_same(value, one) for one in condition.among):
        return False
    if condition.has:
        return isinstance(value, tuple) and any(word in value for word in condition.has)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return condition.among is not None
    return _range_holds(condition, (value, value), values)


def _same(value: Value, other: bool | float | str) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _range_holds(condition: ConditionEntry, seen: tuple[float, float], values: Values) -> bool | None:
    """Compare a range with the limits, which may be open themselves."""
    least, greatest = seen
    sure: bool | None = True
    for limit, lower, inside in condition.limits:
        low, high = _limit(limit, values) if isinstance(limit, str) else (limit, limit)
        if lower:
            held = least >= high if inside else least > high
            never = greatest < low if inside else greatest <= low
        else:
            held = greatest <= low if inside else greatest < low
            never = least > high if inside else least >= high
        if never:
            return False
        if not held:
            sure = None
    return sure


def _limit(name: str, values: Values) -> tuple[float, float]:
    return values.get(name, _UNKNOWN).bounds or (-math.inf, math.inf)
