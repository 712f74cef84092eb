"""How long the endpoint estimators take on one trial: two arms of 1,000 patients, 3,000 events, four strata.

Run ``python benchmarks/endpoints_speed.py``; times are medians of processor time in milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from osteocast.trials.follow_up import FollowUp, first_events
from osteocast.trials.hazard_ratio import (
    first_event_hazard_ratio,
    log_rank_first_event,
    recurrent_hazard_ratio,
    sub_distribution_hazard_ratio,
)
from osteocast.trials.morbidity_rate import RateEstimator, morbidity_rate
from osteocast.trials.recurrent import mean_events_with_death
from osteocast.trials.survival_curves import aalen_johansen, kaplan_meier, median

KINDS = [0, 1, 2, 3]
MONTHS = np.arange(30.0, 1095.0, 30.0)


def simulated(rng: np.random.Generator, rate: float, n: int = 1000) -> FollowUp:
    """One arm with gamma frailty, deaths and whole days; `rate` in events a day."""
    death, end = rng.exponential(1100.0, n), rng.uniform(365.0, 1095.0, n)
    exit_day = np.ceil(np.minimum(death, end))
    patient = np.repeat(np.arange(n), rng.poisson(rng.gamma(2.0, 0.5, n) * rate * exit_day))
    day = np.maximum(np.ceil(rng.random(len(patient)) * exit_day[patient]), 1.0)
    kind = rng.integers(0, 4, len(patient))
    return FollowUp("arm", np.zeros(n), exit_day, death <= end, rng.integers(0, 4, n), patient, day, kind)


def milliseconds(work: Callable[[], object], repeats: int = 50) -> float:
    """Median processor time of a call."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return 1e3 * float(np.median(taken))


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    test, control = simulated(rng, 0.0027), simulated(rng, 0.0031)
    day, outcome = first_events(test, KINDS)
    pooled = RateEstimator.EVENTS_PER_PERSON_TIME
    jobs: dict[str, Callable[[], object]] = {
        "Cox, first event, Efron, four strata": lambda: first_event_hazard_ratio(test, control, KINDS),
        "Cox, the same, variance by patient": lambda: first_event_hazard_ratio(test, control, KINDS, robust=True),
        "Andersen-Gill, all events": lambda: recurrent_hazard_ratio(test, control, KINDS),
        "Fine-Gray, death competing": lambda: sub_distribution_hazard_ratio(test, control, KINDS),
        "log-rank, first event": lambda: log_rank_first_event(test, control, KINDS),
        "Kaplan-Meier and median, one arm": lambda: median(kaplan_meier(test.exit_day, test.died)),
        "Aalen-Johansen, one arm": lambda: aalen_johansen(day, outcome, 1),
        "Ghosh-Lin, one arm, 36 months": lambda: mean_events_with_death(test, KINDS, MONTHS),
        "morbidity rate, 21 days, one arm": lambda: morbidity_rate(test, KINDS, pooled, 21.0),
    }
    print(f"{test.n + control.n} patients, {len(test.event_day) + len(control.event_day)} events")
    for name, work in jobs.items():
        print(f"{name:40s} {milliseconds(work):8.2f} ms")


if __name__ == "__main__":
    main()
