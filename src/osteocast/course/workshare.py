"""Sharing courses out among threads, and the compiled functions that run a chunk of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.course.system import disease_system

IntArray = NDArray[np.int64]
Progress = Callable[[int, int], None]

CHUNK = 8
"""Courses that one call of the compiled loop runs; the result does not depend on it. Few, so that no thread waits long
for the last call of another."""
ENTRIES = (
    ("osteocast.course.chunk", "carry_chunk", "example:osteocast.course.example.carry_arguments"),
    ("osteocast.course.chunk", "continue_chunk", "example:osteocast.course.example.continue_arguments"),
)


def compiled_entry(name: str) -> Callable[..., None]:
    """Return a compiled entry: ``carry_chunk`` or ``continue_chunk``."""
    from osteocast.engine.kernels import kernels

    return kernels(disease_system(), entries=ENTRIES).entries[name]


def pieces(arrays: Any, job: slice) -> Any:
    """Return the part of a named tuple of arrays that a chunk works on; views, so that it can be written to."""
    return type(arrays)(*(array[job] for array in arrays))


def share_out(draws: IntArray, task: Callable[[slice], None], workers: int | None, progress: Progress | None) -> None:
    """Run a task on every chunk of courses, in threads.

    Parameters
    ----------
    draws : (n,) int64
        Parameter draw of each course; no chunk mixes them.
    task : callable
        Called with the courses of a chunk; releases the interpreter lock.
    workers : int or None
        Threads; None uses every processor.
    progress : callable or None
        Called with courses done and courses in all.
    """
    jobs = _jobs(draws)
    if not jobs:
        return
    done = 0

    def run(job: slice) -> int:
        """Do one job and return how many rows it had."""
        task(job)
        return int(job.stop - job.start)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        pending: set[Future[int]] = {pool.submit(run, job) for job in jobs}
        try:
            while True:
                if progress is not None:
                    progress(done, len(draws))
                if not pending:
                    break
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                done += sum(future.result() for future in finished)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _jobs(draws: IntArray) -> list[slice]:
    """Chunks in order, none of which mixes parameter draws."""
    breaks = np.flatnonzero(np.diff(draws)) + 1
    edges = [0, *breaks.tolist(), len(draws)]
    return [
        slice(start, min(start + CHUNK, stop))
        for first, stop in itertools.pairwise(edges)
        for start in range(first, stop, CHUNK)
    ]
