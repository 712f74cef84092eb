"""What a quiet history tells: lesions that have not broken so far are unlikely to be the weakest of their kind.

How much a lesion weakens its section is drawn for each lesion and does not act back on its growth, so the integrated
hazard before day 0 can be followed for several weakening factors at once. The patient is weighed by the mean of their
probabilities of no felt fracture; each future that starts on day 0 chooses one of them by its probability.
"""

import math
from typing import Final

from osteocast.course import memory as m
from osteocast.course.hazards import fracture_hazard
from osteocast.course.layout import PLACE_INDEX, SITES_INDEX, Quantity
from osteocast.course.memory import Rules, Run, chance
from osteocast.foundation.compiled import jitable

_CLASS: Final = PLACE_INDEX["site_class"]
_ROW: Final = PLACE_INDEX["report_index"]
_WEAKENING: Final = PLACE_INDEX["weakening"]
_WAS_FRACTURED: Final = PLACE_INDEX["fractured"]
_MARGIN: Final = SITES_INDEX["daily_margin"]
_SPREAD: Final = SITES_INDEX["daily_spread"]
_HIT: Final = SITES_INDEX["fall_hit"]
_FALL_MARGIN: Final = SITES_INDEX["fall_margin"]
_FALL_SPREAD: Final = SITES_INDEX["fall_spread"]
_FELT: Final = SITES_INDEX["symptomatic"]
_Q_WEAKENING: Final = int(Quantity.WEAKENING_TODAY)


@jitable
def weigh_history(run: Run, rules: Rules, span: float) -> None:
    """Add the felt-fracture hazard of the interval at every weakening factor; a rod ends it."""
    for j in range(run.counts[0]):
        if run.lesion[j, m.ROD] > 0.0:
            run.lesion[j, m.HISTORY_BEFORE : m.HISTORY_BEFORE + len(m.HISTORY_STEPS)] = 0.0
            continue
        site = rules.sites[int(run.place[j, _CLASS])]
        memory = run.lesion[j]
        loads = (site[_MARGIN], site[_SPREAD], site[_HIT], site[_FALL_MARGIN], site[_FALL_SPREAD])
        for q in range(len(m.HISTORY_STEPS)):
            factor = math.exp(rules.weakening_sd * m.HISTORY_STEPS[q])
            logs = factor * memory[m.LOG_SECTION] + memory[m.LOG_REST]
            hazard = fracture_hazard(logs, memory[m.PAIN], run.body[m.FALL_RATE], loads, rules.hazard.pain_protection)
            mean = 0.5 * (memory[m.HISTORY_BEFORE + q] + hazard)
            memory[m.HISTORY + q] += mean * site[_FELT] * span
            memory[m.HISTORY_BEFORE + q] = hazard


@jitable
def quiet_sum(run: Run, j: int) -> float:
    """Sum over the weakening factors of the probability that a lesion had no felt fracture before day 0."""
    total = 0.0
    for q in range(len(m.HISTORY_STEPS)):
        total += math.exp(-run.lesion[j, m.HISTORY + q])
    return total


@jitable
def log_quiet(run: Run) -> float:
    """Log probability that no felt fracture happened before day 0 at a lesion that the record calls unbroken."""
    steps = len(m.HISTORY_STEPS)
    log_probability = 0.0
    for j in range(run.counts[0]):
        if run.place[j, _WAS_FRACTURED] > 0.0:
            continue
        log_probability += math.log(max(quiet_sum(run, j) / steps, 1e-20))
    return log_probability


@jitable
def choose_weakening(run: Run, rules: Rules) -> None:
    """Draw each unbroken lesion's weakening factor given its quiet history."""
    steps = len(m.HISTORY_STEPS)
    for j in range(run.counts[0]):
        if run.place[j, _WAS_FRACTURED] > 0.0:
            continue
        wanted = chance(run, rules, _Q_WEAKENING, run.place[j, _ROW], 0) * quiet_sum(run, j)
        so_far = 0.0
        for q in range(steps):
            so_far += math.exp(-run.lesion[j, m.HISTORY + q])
            if so_far >= wanted:
                run.place[j, _WEAKENING] = math.exp(rules.weakening_sd * m.HISTORY_STEPS[q])
                break
