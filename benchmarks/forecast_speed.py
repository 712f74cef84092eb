"""Time of a whole forecast, its memory, the cost of lesions and the start of the command line.

Run: python benchmarks/forecast_speed.py [--workers 2]

Wall time depends on what else the machine does; processor time over the number of workers is what an idle machine
would need at best.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import osteocast
from osteocast import ForecastSettings, Lesion, Patient
from osteocast.domain.site import site

PATIENT = Path(__file__).resolve().parents[1] / "examples" / "patients" / "breast_lytic_femur.toml"
REGIMENS = ("supportive-care", "zoledronate-q4w", "denosumab-q4w", "zoledronate-q12w")
THOUSAND = ForecastSettings(months=24, draws=50, continuations=20)
SMALLER = ForecastSettings(months=24, draws=20, continuations=10)
SPINE = tuple(f"{part}{level}" for part, last in (("T", 12), ("L", 5)) for level in range(1, last + 1))


def person(lesions: int, with_laboratory: bool) -> Patient:
    """Return the example patient with so many vertebral lesions, with or without laboratory values."""
    patient = osteocast.read_patient(PATIENT)
    places = tuple(Lesion(site=site(name), kind="lytic", size_mm=18.0) for name in SPINE[:lesions])
    observations = patient.observations if with_laboratory else ()
    return replace(patient, lesions=places, events=(), observations=observations)


def timed(task: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - processor


def run(patient: Patient, settings: ForecastSettings, workers: int) -> tuple[float, float]:
    """Time one forecast under the four regimens."""
    regimens = [osteocast.read_regimen(name) for name in REGIMENS]
    return timed(lambda: osteocast.forecast(patient, regimens, settings, workers))


def show(what: str, seconds: tuple[float, float], workers: int, limit: str = "") -> None:
    """Print one row."""
    wall, processor = seconds
    print(f"{what:62}{wall:8.1f}{processor:8.1f}{processor / workers:12.1f}  {limit}")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    print(f"{'seconds':62}{'wall':>8}{'CPU':>8}{'CPU/worker':>12}  limit")
    show("first forecast (kernels loaded, or compiled once)", run(person(1, False), SMALLER, workers), workers)
    bare, full = person(6, False), person(6, True)
    what = "1,000 continuations x 24 months x 4 regimens, 6 lesions"
    show(what, run(bare, THOUSAND, workers), workers, "20 s wall, warm, 2 cores")
    show("the same with laboratory values to be weighed", run(full, THOUSAND, workers), workers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'peak memory so far':62}{peak:8.2f} GB{'':17}  1 GB")
    for lesions in (1, 2, 4, 8, 16):
        seconds = run(person(lesions, False), SMALLER, workers)
        show(f"200 continuations x 24 months x 4 regimens, {lesions:2d} lesions", seconds, workers)
    starts = [timed(start_help)[0] for _ in range(4)][1:]
    print(f"{'osteocast --help':62}{min(starts):8.2f}{'':20}  0.5 s")


def start_help() -> None:
    """Run `osteocast --help` in a process of its own."""
    command = [sys.executable, "-c", "from osteocast.cli import main; main()", "--help"]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
