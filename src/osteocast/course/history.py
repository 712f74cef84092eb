"""What a quiet history tells: lesions that have not broken so far are unlikely to be the weakest of their kind.

How much a lesion weakens its section is drawn for each lesion and does not act back on its growth, so the integrated
hazard before day 0 can be followed for several weakening factors at once. The patient is weighed by the mean of their
probabilities of no felt fracture; each future that starts on day 0 chooses one of them by its probability.
"""

import math
from typing import Final

from osteocast.course import memory as m
from osteocast.course.hazards import fracture_hazard
from osteocast.course.layout import PERSON_INDEX, PLACE_INDEX, SITES_INDEX, Quantity
from osteocast.course.lesion_events import pain_drives
from osteocast.course.memory import Rules, Run, chance
from osteocast.foundation.compiled import jitable
from osteocast.models.pain import pain_score

_CLASS: Final = PLACE_INDEX["site_class"]
_ROW: Final = PLACE_INDEX["report_index"]
_WEAKENING: Final = PLACE_INDEX["weakening"]
_SENSITIVITY: Final = PERSON_INDEX["pain_sensitivity"]
_FACTOR: Final = PLACE_INDEX["pain_factor"]
_SEEN_PAIN: Final = PLACE_INDEX["seen_pain"]
_SEEN_REST: Final = PLACE_INDEX["seen_rest"]
_SEEN_LOADING: Final = PLACE_INDEX["seen_loading"]
_HAS_ROD: Final = PLACE_INDEX["rod"]
_WAS_FRACTURED: Final = PLACE_INDEX["fractured"]
_MARGIN: Final = SITES_INDEX["daily_margin"]
_SPREAD: Final = SITES_INDEX["daily_spread"]
_HIT: Final = SITES_INDEX["fall_hit"]
_FALL_MARGIN: Final = SITES_INDEX["fall_margin"]
_FALL_SPREAD: Final = SITES_INDEX["fall_spread"]
_FELT: Final = SITES_INDEX["symptomatic"]
_Q_WEAKENING: Final = int(Quantity.WEAKENING_TODAY)

LEAST_DRIVE: Final = 1e-3  # less pain on loading beyond rest is not told from none


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
def wanted_drive(pain: float, rules: Rules) -> float:
    """Drive of pain that gives a recorded score, kept a tenth of a point away from both ends of the scale."""
    ceiling = rules.pain.ceiling
    score = min(max(pain, 0.1), ceiling - 0.1)
    return float(score / (ceiling - score))


@jitable
def pain_evidence(run: Run, rules: Rules, j: int, q: int) -> float:
    """Density of the recorded pain if the lesion weakens its section by factor `q`; 1 without a record.

    Pain tells how much of the strength daily loads use up. What is needed beyond the model's drive is log-normal, as
    people and lesions differ; where rest is recorded beside loading, the pain on loading that the model adds to that at
    rest is compared with the recorded one within the error of a score.
    """
    place = run.place[j]
    if math.isnan(place[_SEEN_PAIN]) or run.lesion[j, m.ROD] > 0.0 or place[_HAS_ROD] > 0.0:
        return 1.0
    logs = math.exp(rules.weakening_sd * m.HISTORY_STEPS[q]) * run.lesion[j, m.LOG_SECTION] + run.lesion[j, m.LOG_REST]
    resting, moving = pain_drives(run, rules, j, 0.0, logs)
    spread = math.sqrt(rules.pain_sd[0] ** 2 + rules.pain_sd[1] ** 2)
    needed = wanted_drive(place[_SEEN_PAIN], rules) / (run.person[_SENSITIVITY] * place[_FACTOR] * (resting + moving))
    misfit = (math.log(needed) / spread) ** 2
    if not math.isnan(place[_SEEN_REST]):
        loading = pain_score(at_rest(run, rules, j) * (1.0 + moving / max(resting, 1e-9)), rules.pain)
        misfit += ((place[_SEEN_LOADING] - loading) / rules.pain_sd[2]) ** 2
    return math.exp(-0.5 * misfit)


@jitable
def at_rest(run: Run, rules: Rules, j: int) -> float:
    """Drive of the recorded pain at rest; no pain stands for less than half a point."""
    return wanted_drive(max(run.place[j, _SEEN_REST], 0.5), rules)


@jitable
def choose_weakening(run: Run, rules: Rules) -> None:
    """Draw each unbroken lesion's weakening factor given its quiet history and its pain."""
    steps = len(m.HISTORY_STEPS)
    for j in range(run.counts[0]):
        if run.place[j, _WAS_FRACTURED] > 0.0:
            continue
        total = 0.0
        for q in range(steps):
            total += math.exp(-run.lesion[j, m.HISTORY + q]) * pain_evidence(run, rules, j, q)
        wanted = chance(run, rules, _Q_WEAKENING, run.place[j, _ROW], 0) * total
        so_far = 0.0
        for q in range(steps):
            so_far += math.exp(-run.lesion[j, m.HISTORY + q]) * pain_evidence(run, rules, j, q)
            if so_far >= wanted:
                run.place[j, _WEAKENING] = math.exp(rules.weakening_sd * m.HISTORY_STEPS[q])
                break
