"""Work on many things in several processes, with the results in the order of the things."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from osteocast.foundation.errors import Issue, StorageError

__all__ = ["in_order"]

T = TypeVar("T")
R = TypeVar("R")

_WAITING = 3


def in_order(work: Callable[[T], R], things: Iterable[T], workers: int) -> Iterator[R]:
    """Yield ``work(thing)`` for one thing after another; results and order do not depend on `workers`.

    Parameters
    ----------
    work : callable
        A function that other processes can import, or a `functools.partial` of one.
    things : iterable
        Read a few ahead of what is yielded, so that memory does not grow with their number.
    workers : int
        Processes; with one everything is done in this one. A script needs ``if __name__ == "__main__"`` for more.

    Raises
    ------
    StorageError
        ``storage.process``: a process was ended from outside, as by a system without memory.
    """
    if workers <= 1:
        yield from map(work, things)
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    pending: deque[Future[R]] = deque()
    try:
        for thing in things:
            pending.append(pool.submit(work, thing))
            if len(pending) >= _WAITING * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        found, fix = "ended from outside", "Look for lack of memory, or use one process."
        raise StorageError(Issue("storage.process", "a process", found, "a process that ends itself", fix)) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one, and end when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
