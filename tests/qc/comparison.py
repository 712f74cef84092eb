"""Compare two writings of the same right-hand side."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

Rates = Callable[[Mapping[str, float]], Mapping[str, float]]


def compare(
    ours: Rates,
    theirs: Rates,
    states: Sequence[Mapping[str, float]],
    tolerance: float = 1e-9,
    scale: Mapping[str, float] | None = None,
) -> dict[str, tuple[float, float, float]]:
    """Evaluate both at each state and return what differs.

    Each function takes a mapping of state names and returns a mapping of rates in the SAME units and names.
    ``scale`` gives, per name, the size of the largest flux in that equation: a rate is a difference of
    fluxes, so its rounding error is relative to them and not to the rate itself (default: the rate).

    Returns name -> (largest relative difference, our rate, their rate) for every name above ``tolerance``.
    Names that only one side has are a difference of infinity.
    """
    found: dict[str, tuple[float, float, float]] = {}
    for state in states:
        left, right = ours(state), theirs(state)
        for name in left.keys() ^ right.keys():
            found[name] = (float("inf"), left.get(name, float("nan")), right.get(name, float("nan")))
        for name in left.keys() & right.keys():
            a, b = left[name], right[name]
            size = max(abs(a), abs(b), (scale or {}).get(name, 0.0))
            if a == b:
                continue
            error = abs(a - b) / size if isfinite(a) and isfinite(b) else float("inf")
            if error > max(tolerance, found.get(name, (0.0,))[0]):
                found[name] = (error, a, b)
    return found
