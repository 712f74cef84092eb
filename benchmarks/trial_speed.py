"""How long a simulated trial takes: two arms of 1,000 patients, 24 months, one replicate, two workers.

Run ``python benchmarks/trial_speed.py``; the first run may compile, so the second is the one to read. Patients are
those admitted and followed; those who were carried to entry and not admitted are part of the time.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from osteocast.formats.trial_file import read_trial
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial

PATIENTS = 2000
MONTHS = 24.0
WORKERS = 2


def main(patients: int) -> None:
    """Print patients per second twice, cold and warm."""
    trial = read_trial("stopeck-2010")
    plan = trial.follow_up
    shorter = {
        "cut_off": replace(plan.cut_off, value=MONTHS),
        "simulated": replace(plan.simulated, value=MONTHS),
        "latest_exit": replace(plan.latest_exit, value=MONTHS / 12.0),
    }
    trial = replace(trial, follow_up=replace(plan, **shorter))
    for run in ("first", "second"):
        wall, cpu = time.perf_counter(), time.process_time()
        result = simulate_trial(trial, TrialSettings(patients), workers=WORKERS)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        rate = result.subjects.n / wall
        print(f"{run:6} {result.subjects.n} patients  wall {wall:6.1f} s  CPU {cpu:6.1f} s  {rate:6.1f} patients/s")
        wall, cpu = time.perf_counter(), time.process_time()
        result.to_dict()
        print(f"       result.json: wall {time.perf_counter() - wall:.1f} s, CPU {time.process_time() - cpu:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS)
