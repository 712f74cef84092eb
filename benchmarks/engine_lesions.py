"""Cost of a two-year course with 26 doses against the number of lesions, and the time to compile from nothing.

Run: python benchmarks/engine_lesions.py [--cold]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import numpy as np

from osteocast.course.accuracy import loop_options
from osteocast.course.system import disease_system
from osteocast.engine.kernels import Kernels, kernels
from osteocast.engine.system import fields_of, flatten
from osteocast.evidence.load import fill
from osteocast.models import body, lesion

GRID, CELLS, DOSES, REPEATS = 6.0875, 120, 26, 7


def course(compiled: Kernels, lesions: int) -> tuple[float, int]:
    """Run one course; return seconds and steps."""
    p, q = fill(body.Params, "body"), fill(lesion.Params, "lesion")
    pb, pl = np.array(flatten(p), dtype=float), np.tile(np.array(flatten(q), dtype=float), (lesions, 1))
    xb = np.array(flatten(body.initial_state(p)), dtype=float)
    xl = np.tile(np.array(flatten(lesion.initial_state(q)), dtype=float), (lesions, 1))
    depot = [f.name for f in fields_of(body.State)].index("denosumab.depot")
    controls = np.array([float(f.name == "oral_calcium") for f in fields_of(body.Controls)])
    work, options, steps, h = compiled.new_work(lesions), loop_options(), 0, 0.0
    began = time.perf_counter()
    for cell in range(CELLS):
        if cell % 5 == 0 and cell // 5 < DOSES:
            xb[depot] += 120.0
            h = 0.0
        status, h, tried = compiled.advance(
            cell * GRID, (cell + 1) * GRID, h, xb, xl, lesions, pb, pl, controls, work, options
        )
        if status != 0:
            raise RuntimeError(f"integration failed with status {status}")
        steps += tried
    return time.perf_counter() - began, steps


def main() -> None:
    """Print one line per number of lesions."""
    if "--cold" in sys.argv:
        os.environ["OSTEOCAST_CACHE"] = tempfile.mkdtemp()
    began = time.perf_counter()
    compiled = kernels(disease_system())
    print(f"kernels ready after {time.perf_counter() - began:.1f} s")
    course(compiled, 1)
    for lesions in (1, 2, 4, 6, 8, 16):
        seconds, steps = min(course(compiled, lesions) for _ in range(REPEATS))
        print(f"{lesions:3d} lesions: {1e3 * seconds:6.2f} ms a course, {1e6 * seconds / steps:6.2f} us a step")


if __name__ == "__main__":
    main()
