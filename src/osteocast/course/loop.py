"""The course of one patient: equations between events, events on a grid, a dosing calendar. Compiled as one loop.

It runs in two parts, the history up to day 0 and a future from there, so that one history serves every regimen.
"""

import math
from typing import Any, Final

from osteocast.course import memory as m
from osteocast.course.care import FLUIDS_CHANGE
from osteocast.course.history import weigh_history
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX, Action
from osteocast.course.lesion_events import begin_interval, irradiate, lesion_events, open_lesion
from osteocast.course.memory import Rules, Run
from osteocast.course.patient_events import (
    calcium_events,
    death_events,
    death_rate,
    open_person,
    seeding_events,
    set_saline,
    start_line,
    therapy_events,
)
from osteocast.course.readings import Written, observe, read_body, snapshot
from osteocast.course.today import end_history, open_future
from osteocast.engine.stepper import copy
from osteocast.foundation.compiled import inlined, jitable, uncounted

GRID_PER_MONTH: Final = 5  # events are checked about every six days
HISTORY_GRID: Final = DAYS_PER_MONTH
SETTLING: Final = 60.0  # days before the first lesion, so that the body stands at its own steady state
CLOSE: Final = 0.01  # relative error of a measured extent at the end of a history that is imposed without running again
MOST_HISTORIES: Final = 3

_SEED_DAY: Final = PLACE_INDEX["seed_day"]
_SEEN_EXTENT: Final = PLACE_INDEX["seen_extent"]
_ROW: Final = PLACE_INDEX["report_index"]

_DENOSUMAB: Final = int(Action.DENOSUMAB)
_BISPHOSPHONATE: Final = int(Action.BISPHOSPHONATE)
_RADIOTHERAPY: Final = int(Action.RADIOTHERAPY)
_ROD: Final = int(Action.ROD)
_STOP: Final = int(Action.STOP_INFUSION)
_LINE: Final = int(Action.THERAPY_LINE)
_RADIONUCLIDE: Final = int(Action.RADIONUCLIDE)
_FLUIDS: Final = int(Action.FLUIDS)


@jitable
def grid_day(tick: int, history: bool) -> float:
    """Day of a point of the event grid, counted from day 0: a month apart in a history, a fifth of one after it."""
    return tick * HISTORY_GRID if history else tick * DAYS_PER_MONTH / GRID_PER_MONTH


@jitable
def act(k: Any, run: Run, rules: Rules, at: int, written: Written) -> None:
    """Carry out line `at` of the calendar."""
    day, amount, detail = rules.calendar[at, 0], rules.calendar[at, 2], rules.calendar[at, 3]
    action = int(rules.calendar[at, 1])
    i = rules.at
    if action == _DENOSUMAB:
        run.xb[i.denosumab_depot] += amount
        run.body[m.RESTART] = m.BEGIN
    elif action == _BISPHOSPHONATE:
        run.controls[i.infusion] += amount / detail
        run.body[m.RESTART] = m.BEGIN
    elif action == _STOP:
        run.controls[i.infusion] = max(0.0, run.controls[i.infusion] - amount / detail)
        run.body[m.RESTART] = m.BEGIN
    elif action == _LINE:
        start_line(run, rules, day)
    elif action == _FLUIDS:
        run.body[m.FLUIDS_DAY] = day
        set_saline(run, rules, day)
    elif action == _RADIONUCLIDE:
        for j in range(run.counts[0]):
            formed = run.xl[j, i.osteoblasts] / run.pl[j, i.osteoblasts_reference]
            run.xl[j, i.rt_kill] += rules.kill_of_8gy * amount * formed
        run.body[m.RESTART] = m.BEGIN
    elif action in (_RADIOTHERAPY, _ROD):
        for j in range(run.counts[0]):
            if int(run.place[j, _ROW]) == int(detail):
                if action == _RADIOTHERAPY:
                    irradiate(run, rules, j, day, amount)
                else:
                    run.lesion[j, m.ROD] = 1.0
    else:
        read_body(k, run)
        copy(written.records[int(detail)], run.observed, run.observed.size)


@inlined
def open_interval(k: Any, run: Run, rules: Rules, day: float, stale: bool) -> None:
    """Begin an interval of the hazards; where something has just changed, derived quantities are stale."""
    if stale:
        observe(k, run, rules, day)
        if day <= 0.0 and not rules.history_events:
            weigh_history(run, rules, 0.0)
    for j in range(run.counts[0]):
        begin_interval(run, rules, j)
    run.body[m.INTERVAL_DAY] = day
    run.body[m.CALCIUM_BEFORE] = run.body[m.CALCIUM]
    run.body[m.DEATH_BEFORE] = death_rate(run, rules)


@inlined
def pass_interval(k: Any, run: Run, rules: Rules, day: float) -> bool:
    """Let the hazards of the interval that ends now act; return whether the person has died."""
    span = day - run.body[m.INTERVAL_DAY]
    observe(k, run, rules, day)
    if day <= 0.0 and not rules.history_events:
        weigh_history(run, rules, span)
        return False
    for j in range(run.counts[0]):
        lesion_events(run, rules, j, day, span)
    therapy_events(run, rules, day)
    if day <= 0.0:
        return False
    calcium_events(run, rules, day, span)
    seeding_events(run, rules, day, span)
    return death_events(run, rules, day, span)


@jitable
def end_interval(k: Any, run: Run, rules: Rules, day: float) -> bool:
    """End an interval, if one has begun before today, and begin the next; return whether the person has died."""
    if day <= run.body[m.INTERVAL_DAY]:
        return False
    events = run.counts[1]
    if pass_interval(k, run, rules, day):
        return True
    open_interval(k, run, rules, day, run.counts[1] != events)
    return False


@inlined
def jumps(run: Run, rules: Rules, day: float, at: int) -> bool:
    """Whether a lesion is seeded, irradiated or fixed today, so that hazards jump."""
    active = run.counts[0]
    if active < run.place.shape[0] and run.place[active, _SEED_DAY] <= day:
        return True
    while at < rules.calendar.shape[0] and rules.calendar[at, 0] <= day:
        if int(rules.calendar[at, 1]) in (_RADIOTHERAPY, _ROD):
            return True
        at += 1
    return False


@inlined
def next_change(run: Run, rules: Rules, day: float, at: int) -> float:
    """Next day after this one that the calendar or the seeding of a known lesion holds; infinite if none."""
    change = math.inf
    if at < rules.calendar.shape[0]:
        change = rules.calendar[at, 0]
    active = run.counts[0]
    if active < run.place.shape[0] and run.place[active, _SEED_DAY] > day:
        change = min(change, run.place[active, _SEED_DAY])
    return float(change)


@inlined
def next_care(run: Run, rules: Rules, day: float) -> float:
    """Next day on which fluids change or a rescue infusion ends; infinite if none."""
    change = math.inf
    fluids = run.body[m.FLUIDS_DAY]
    if not math.isnan(fluids):
        for duration in FLUIDS_CHANGE:
            if fluids + duration > day:
                change = min(change, fluids + duration)
    rescue = run.body[m.RESCUE_DAY]
    if not math.isnan(rescue) and rescue + rules.care.rescue_infusion > day:
        change = min(change, rescue + rules.care.rescue_infusion)
    return float(change)


@inlined
def pause(k: Any, run: Run, rules: Rules, day: float) -> None:
    """Changes that fall on a day of their own: seeding in the history, fluids, the end of a rescue infusion."""
    while run.counts[0] < run.place.shape[0] and run.place[run.counts[0], _SEED_DAY] <= day:
        run.counts[0] += 1
        open_lesion(run, rules, run.counts[0] - 1)
        run.body[m.RESTART] = max(run.body[m.RESTART], m.PREPARE)
    body = run.body
    if day == body[m.RESCUE_DAY] + rules.care.rescue_infusion:
        rate = rules.care.rescue_dose / rules.care.rescue_infusion
        run.controls[rules.at.infusion] = max(0.0, run.controls[rules.at.infusion] - rate)
        body[m.RESTART] = m.BEGIN
    if not math.isnan(body[m.FLUIDS_DAY]):
        set_saline(run, rules, day)


@jitable
def first_day(run: Run, rules: Rules) -> float:
    """Day on which the equations start: before the first lesion and the first action."""
    day = min(0.0, run.place[0, _SEED_DAY])
    if rules.calendar.shape[0] > 0:
        day = min(day, rules.calendar[0, 0])
    return float(math.floor((day - SETTLING) / HISTORY_GRID) * HISTORY_GRID)


@inlined
def integrate(k: Any, run: Run, rules: Rules, span: tuple[float, float, float]) -> tuple[int, float]:
    """Integrate from a day to a day with a first step, in the way that changes ask for; return status, next step."""
    day, stop, step = span
    if run.body[m.RESTART] > 0.0:
        step = -step if run.body[m.RESTART] == m.PREPARE else 0.0
        run.body[m.RESTART] = 0.0
    status, step, _ = k.advance(
        day, stop, step, run.xb, run.xl, run.counts[0], run.pb, run.pl, run.controls, run.work, rules.options
    )
    return int(status), float(step)


@jitable
def follow(k: Any, run: Run, rules: Rules, day: float, written: Written) -> int:
    """Run a course from a point of the grid to the horizon or death, without the actions of the last day.

    Returns the solver's status.
    """
    history = day < 0.0
    tick = round(day / grid_day(1, history)) + 1
    step, at = 0.0, 0
    while True:
        changed = jumps(run, rules, day, at)
        if changed and end_interval(k, run, rules, day):
            return 0
        pause(k, run, rules, day)
        if day >= rules.horizon:
            return 0
        while at < rules.calendar.shape[0] and rules.calendar[at, 0] <= day:
            act(k, run, rules, at, written)
            at += 1
        if changed:
            open_interval(k, run, rules, day, True)
        stop = min(grid_day(tick, history), next_change(run, rules, day, at), next_care(run, rules, day))
        status, step = integrate(k, run, rules, (day, stop, step))
        if status != 0:
            return status
        day = stop
        if day == grid_day(tick, history):
            if end_interval(k, run, rules, day):
                return 0
            if not history and tick % GRID_PER_MONTH == 0:
                snapshot(run, rules, tick // GRID_PER_MONTH, written)
            tick += 1


@jitable
def rehearse(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Run the equations to day 0 without hazards and their grid: all that the size of a lesion depends on."""
    open_person(run)
    run.counts[:] = 0
    day, step, at = first_day(run, rules), 0.0, 0
    while True:
        pause(k, run, rules, day)
        if day >= 0.0:
            return 0
        while at < rules.calendar.shape[0] and rules.calendar[at, 0] <= day:
            act(k, run, rules, at, written)
            at += 1
        stop = min(0.0, next_change(run, rules, day, at))
        status, step = integrate(k, run, rules, (day, stop, step))
        if status != 0:
            return status
        day = stop


@jitable
def misfit(run: Run, rules: Rules) -> float:
    """Largest relative difference between a measured extent and the one simulated; 0 where nothing is measured."""
    worst = 0.0
    for j in range(run.counts[0]):
        if not math.isnan(run.place[j, _SEEN_EXTENT]):
            worst = max(worst, abs(run.place[j, _SEEN_EXTENT] / run.xl[j, rules.at.extent] - 1.0))
    return worst


@jitable
def begin_again(run: Run, rules: Rules, start: tuple[Any, Any, Any]) -> None:
    """Go back to the start, with each measured lesion made as much larger as it fell short of its extent.

    The equation of extent keeps its form when extent and `extent_max` are multiplied by a factor. What the lesion does
    to itself through the body is left, and is small.
    """
    xb, xl, controls = start
    for j in range(run.counts[0]):
        if not math.isnan(run.place[j, _SEEN_EXTENT]):
            factor = run.place[j, _SEEN_EXTENT] / run.xl[j, rules.at.extent]
            run.pl[j, rules.at.extent_max] *= factor
            xl[j, rules.at.extent] *= factor
    copy(run.xb, xb, xb.size)
    for j in range(xl.shape[0]):
        copy(run.xl[j], xl[j], xl.shape[1])
    copy(run.controls, controls, controls.size)


@jitable
def live(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Run from before the first lesion to day 0; return the solver's status."""
    open_person(run)
    run.counts[:] = 0
    day = first_day(run, rules)
    open_interval(k, run, rules, day, True)
    return int(follow(k, run, rules, day, written))


@uncounted
def run_history(k: Any, run: Run, rules: Rules, written: Written, start: tuple[Any, Any, Any]) -> int:
    """Carry one patient from before the first lesion to day 0; return the solver's status.

    Where lesions are measured a rehearsal finds how large they must be made; a history that still misses a size by more
    than `CLOSE` is run again, unless its events are simulated and would change with it. `start` holds copies of the
    states and controls of `run`.
    """
    status = 0
    measured = False
    for j in range(run.place.shape[0]):
        measured = measured or not math.isnan(run.place[j, _SEEN_EXTENT])
    if measured:
        status = rehearse(k, run, rules, written)
        if status != 0:
            return status
        begin_again(run, rules, start)
    for attempt in range(MOST_HISTORIES):
        status = live(k, run, rules, written)
        if status != 0:
            return status
        if rules.history_events or attempt == MOST_HISTORIES - 1 or misfit(run, rules) <= CLOSE:
            break
        begin_again(run, rules, start)
    end_history(run, rules)
    for at in range(rules.calendar.shape[0]):
        if rules.calendar[at, 0] >= 0.0:
            act(k, run, rules, at, written)
    return 0


@uncounted
def run_future(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Continue one patient from day 0 to the horizon or death; return the solver's status."""
    open_future(k, run, rules)
    open_interval(k, run, rules, 0.0, False)
    snapshot(run, rules, 0, written)
    return follow(k, run, rules, 0.0, written)
