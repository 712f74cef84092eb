"""Day 0: how a history ends, and how each future that continues it begins.

Unless events are simulated in it, a history holds no chance but the response to recorded radiotherapy, which stays
with the patient. What chance decides from day 0 is drawn here, with the key of the future: thresholds of events, and
what the record leaves open about today.
"""

import math
from typing import Any, Final

from osteocast.course import memory as m
from osteocast.course.history import LEAST_DRIVE, at_rest, choose_weakening, log_quiet, wanted_drive
from osteocast.course.layout import PLACE_INDEX, SITES_INDEX, Quantity
from osteocast.course.lesion_events import draw_thresholds, observe_lesion
from osteocast.course.memory import Rules, Run, chance
from osteocast.course.patient_events import draw_life
from osteocast.course.readings import observe
from osteocast.foundation.compiled import jitable

MOST_MOVING: Final = 50.0  # times the movement pain of the model, at most; the whole pain is always as recorded
_BROKEN_SINCE: Final = -60.0  # day from which a recorded fracture hurts less and less (assumed)

_SEEN_EXTENT: Final = PLACE_INDEX["seen_extent"]
_SEEN_EPIDURAL: Final = PLACE_INDEX["seen_epidural"]
_SEEN_PAIN: Final = PLACE_INDEX["seen_pain"]
_SEEN_REST: Final = PLACE_INDEX["seen_rest"]
_SEEN_LOADING: Final = PLACE_INDEX["seen_loading"]
_MOVING: Final = PLACE_INDEX["moving_factor"]
_WAS_FRACTURED: Final = PLACE_INDEX["fractured"]
_HAS_ROD: Final = PLACE_INDEX["rod"]
_FACTOR: Final = PLACE_INDEX["pain_factor"]
_CLASS: Final = PLACE_INDEX["site_class"]
_ROW: Final = PLACE_INDEX["report_index"]
_VERTEBRA: Final = SITES_INDEX["is_vertebra"]
_Q_EPIDURAL: Final = int(Quantity.EPIDURAL_TODAY)


@jitable
def end_history(run: Run, rules: Rules) -> None:
    """Give lesions exactly their measured size (see `loop.run_history`) and weigh the patient for a quiet history."""
    i = rules.at
    for j in range(run.counts[0]):
        seen = run.place[j, _SEEN_EXTENT]
        if not math.isnan(seen):
            run.lesion[j, m.IMPOSED] = seen / run.xl[j, i.extent]
            run.pl[j, i.extent_max] *= run.lesion[j, m.IMPOSED]
            run.xl[j, i.extent] = seen
    if not rules.history_events:
        run.body[m.LOG_HISTORY] = log_quiet(run)


@jitable
def impose_record(run: Run, rules: Rules) -> None:
    """Take over what the record says of today: epidural reach, fractures, rods."""
    reach = rules.at.epidural
    for j in range(run.counts[0]):
        place = run.place[j]
        if not math.isnan(place[_SEEN_EPIDURAL]):
            run.xl[j, reach] = place[_SEEN_EPIDURAL]
        elif run.xl[j, reach] >= rules.care.cord_weakness:
            # nobody walks in with compression unrecorded: redrawn evenly below it
            share = chance(run, rules, _Q_EPIDURAL, place[_ROW], 0)
            run.xl[j, reach] = share * rules.care.cord_weakness
        if place[_WAS_FRACTURED] > 0.0:
            run.lesion[j, m.FRACTURED] = 1.0
            run.lesion[j, m.FRACTURE_DAY] = _BROKEN_SINCE
            if rules.sites[int(place[_CLASS]), _VERTEBRA] > 0.0:
                run.body[m.KYPHOSIS] += 1.0
        if place[_HAS_ROD] > 0.0:
            run.lesion[j, m.ROD] = 1.0


@jitable
def match_pain(run: Run, rules: Rules) -> None:
    """Set how strongly each lesion hurts (at rest and on loading, where both are recorded) to what is recorded."""
    for j in range(run.counts[0]):
        place = run.place[j]
        if math.isnan(place[_SEEN_PAIN]):
            continue
        ceiling = rules.pain.ceiling
        if not math.isnan(place[_SEEN_REST]):
            all_drive = run.lesion[j, m.PAIN] / (ceiling - run.lesion[j, m.PAIN])
            moving = run.lesion[j, m.MOVEMENT_PAIN] / (ceiling - run.lesion[j, m.MOVEMENT_PAIN])
            rest = at_rest(run, rules, j)
            more = max(wanted_drive(place[_SEEN_LOADING], rules) - rest, LEAST_DRIVE)
            needed = (more / rest) / max(moving / max(all_drive - moving, LEAST_DRIVE), LEAST_DRIVE)
            place[_MOVING] *= min(max(needed, 1.0 / MOST_MOVING), MOST_MOVING)
            observe_lesion(run, rules, j, 0.0)
        now = run.lesion[j, m.PAIN]
        place[_FACTOR] *= wanted_drive(place[_SEEN_PAIN], rules) / max(now / (ceiling - now), 1e-6)


@jitable
def open_future(k: Any, run: Run, rules: Rules) -> None:
    """Start a future on day 0 from the end of a history."""
    draw_life(run, rules)
    if not rules.history_events:
        for j in range(run.counts[0]):
            draw_thresholds(run, rules, j)
        choose_weakening(run, rules)
    impose_record(run, rules)
    observe(k, run, rules, 0.0)
    match_pain(run, rules)
    run.body[m.RESTART] = m.BEGIN
    observe(k, run, rules, 0.0)
