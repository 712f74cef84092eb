"""Time of the chain from raw events to counted data: 2,000 patients, six events each, no simulation."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np

from osteocast.course.counting import count
from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses
from osteocast.course.detection import Surveys, detect
from osteocast.course.event_definitions import event_definition
from osteocast.course.laboratory_visits import finding, grades, sample
from osteocast.course.streams import Streams
from osteocast.trials.drop_out import ExitPlan, exits
from osteocast.trials.estimand import estimand, follow_up

PATIENTS, EVENTS, MONTHS, REPEATS = 2_000, 6, 36, 9


def courses() -> Courses:
    """Events at random over three years, half of them silent where they can be; half of the patients die."""
    random = np.random.default_rng(1)
    times = np.arange(MONTHS + 1) * 30.4375
    events = np.zeros(PATIENTS * EVENTS, dtype=EVENT_FIELDS)
    events["course"] = np.repeat(np.arange(PATIENTS), EVENTS)
    events["day"] = random.uniform(0.0, times[-1], (PATIENTS, EVENTS)).ravel()
    events["kind"] = random.integers(0, 6, len(events))
    events["symptomatic"] = random.integers(0, 2, len(events))
    death = np.where(random.random(PATIENTS) < 0.5, random.uniform(0.0, times[-1], PATIENTS), np.nan)
    patient = random.random((PATIENTS, MONTHS + 1, len(PATIENT_SERIES)))
    lesion = np.zeros((PATIENTS, 1, MONTHS + 1, len(LESION_SERIES)))
    events = events[events["day"] <= np.fmin(death, times[-1])[events["course"]]]
    status = np.zeros(PATIENTS, dtype=np.int8)
    return Courses(PATIENTS, MONTHS, times, events, death, patient, lesion, status)


def best_ms(work: Callable[[], object]) -> float:
    """Shortest of several runs [ms]."""
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return 1e3 * min(found)


def main() -> None:
    """Print a table."""
    of = courses()
    keys = np.arange(PATIENTS, dtype=np.int64)
    plan = ExitPlan(0.35, 0.9, 3.0, 36.0, per_ecog=0.3, after_event=0.3)
    leaving = exits(of, plan, Streams(1, keys, 0 * keys))
    surveys, closed = Surveys(interval_days=84.0), leaving.closed_day
    seen, sre, alive = detect(of, surveys, closed), event_definition("SRE"), estimand("while-alive")
    low, visits = finding("hypocalcaemia"), np.arange(1, MONTHS + 1) * 28.0
    table = {
        "detection": lambda: detect(of, surveys, closed),
        "detection with missed surveys": lambda: detect(of, Surveys(interval_days=84.0, missed=0.1), closed),
        "counting": lambda: count(seen, sre),
        "follow-up of an estimand, counting included": lambda: follow_up(seen, sre, alive, leaving),
        "detection to follow-up": lambda: follow_up(detect(of, surveys, closed), sre, alive, leaving),
        "exits": lambda: exits(of, plan, Streams(1, keys, 0 * keys)),
        "calcium at 36 visits, graded": lambda: grades(sample(of, low, visits, closed)),
    }
    print(f"{PATIENTS} patients, {len(of.events)} events; {platform.machine()}, one core, best of {REPEATS}")
    for name, work in table.items():
        print(f"{name:45s} {best_ms(work):8.2f} ms")


if __name__ == "__main__":
    main()
