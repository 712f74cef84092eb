"""What an item or an answer may be: one value, one of several, or a range of numbers. Missing is never zero."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Possible", "Value", "known", "one_of"]

Value = bool | int | float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Possible:
    """The values that are still possible.

    Parameters
    ----------
    options : tuple of Value
        All of them, where they can be listed; empty for a range.
    low, high : float
        Ends of the range, where they cannot.
    """

    options: tuple[Value, ...] = ()
    low: float = -math.inf
    high: float = math.inf

    @property
    def settled(self) -> bool:
        """Whether one value is left."""
        return len(self.options) == 1

    @property
    def value(self) -> Value:
        """The value, or ``None`` while more than one is possible."""
        return self.options[0] if self.settled else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Least and greatest number, or ``None`` where the values are not all numbers."""
        if not self.options:
            return self.low, self.high
        numbers = [v for v in self.options if isinstance(v, int | float) and not isinstance(v, bool)]
        return (min(numbers), max(numbers)) if len(numbers) == len(self.options) else None

    @property
    def corners(self) -> tuple[Value, ...]:
        """The values among which the extremes of a formula lie that is monotone in each argument."""
        return self.options or (self.low, self.high)


def known(value: Value) -> Possible:
    """Return a settled value."""
    return Possible((value,))


def one_of(values: list[Value]) -> Possible:
    """Return the distinct values, numbers in ascending order."""
    # 1, 1.0 and True are equal to Python and must not become one.
    distinct = list({(type(v) is bool, v): v for v in values}.values())
    numbers = [v for v in distinct if isinstance(v, int | float) and not isinstance(v, bool)]
    return Possible(tuple(sorted(numbers)) if len(numbers) == len(distinct) else tuple(distinct))
