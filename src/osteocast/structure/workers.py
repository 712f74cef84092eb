"""Threads that share fixed parts of the work, so that their number changes no result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, final

Span = tuple[int, int]


def spans(starts: Any) -> list[Span]:
    """Return the parts between consecutive starts, without empty ones."""
    edges = [int(s) for s in starts]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def even(size: int, parts: int = 16) -> list[Span]:
    """Cut `size` entries into parts of one length."""
    return spans([size * k // parts for k in range(parts + 1)])


@final
class Workers:
    """Runs a function over parts, on one thread or several.

    Parameters
    ----------
    threads
        How many; 1 runs in the calling thread.
    """

    def __init__(self, threads: int) -> None:
        self.single = threads <= 1
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def each(self, function: Callable[[Span], Any], parts: Sequence[Span]) -> list[Any]:
        """Return the results of all parts, in their order."""
        if self._pool is None:
            return [function(part) for part in parts]
        return list(self._pool.map(function, parts))

    def cut(self, size: int) -> list[Span]:
        """Cut `size` entries that do not depend on one another: one part for one thread, which costs fewer calls."""
        return [(0, size)] if self._pool is None else even(size)

    def alternating(self, function: Callable[[Span], Any], parts: Sequence[Span]) -> None:
        """Run every other part, then those between: neighbours write to the nodes they share."""
        self.each(function, parts[::2])
        self.each(function, parts[1::2])
