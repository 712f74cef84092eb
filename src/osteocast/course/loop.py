"""The course of one patient: equations between events, events on a grid, a dosing calendar. Compiled as one loop.

It runs in two parts, the history up to day 0 and a future from there, so that one history serves every regimen.
"""

import math
from typing import Any, Final

from osteocast.course import memory as m
from osteocast.course.history import weigh_history
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX, Action
from osteocast.course.lesion_events import irradiate, lesion_events, open_lesion
from osteocast.course.memory import Rules, Run
from osteocast.course.patient_events import (
    calcium_events,
    death_events,
    open_person,
    seeding_events,
    set_saline,
    start_line,
    therapy_events,
)
from osteocast.course.readings import Written, observe, read_body, snapshot
from osteocast.course.today import end_history, open_future
from osteocast.foundation.compiled import jitable

GRID_PER_MONTH: Final = 5  # events are checked about every six days
HISTORY_GRID: Final = DAYS_PER_MONTH
SETTLING: Final = 60.0  # days before the first lesion, so that the body stands at its own steady state

_SEED_DAY: Final = PLACE_INDEX["seed_day"]
_ROW: Final = PLACE_INDEX["report_index"]

_DENOSUMAB: Final = int(Action.DENOSUMAB)
_BISPHOSPHONATE: Final = int(Action.BISPHOSPHONATE)
_RADIOTHERAPY: Final = int(Action.RADIOTHERAPY)
_ROD: Final = int(Action.ROD)
_STOP: Final = int(Action.STOP_INFUSION)
_LINE: Final = int(Action.THERAPY_LINE)


@jitable
def next_grid(day: float) -> float:
    """First day of the event grid after this one: months before day 0, a fifth of a month after it."""
    step = HISTORY_GRID if day < -1e-9 else DAYS_PER_MONTH / GRID_PER_MONTH
    return (math.floor(day / step + 1e-6) + 1.0) * step


@jitable
def act(k: Any, run: Run, rules: Rules, at: int, written: Written) -> None:
    """Carry out line `at` of the calendar."""
    day, amount, detail = rules.calendar[at, 0], rules.calendar[at, 2], rules.calendar[at, 3]
    action = int(rules.calendar[at, 1])
    i = rules.at
    if action == _DENOSUMAB:
        run.xb[i.denosumab_depot] += amount
        run.body[m.RESTART] = 1.0
    elif action == _BISPHOSPHONATE:
        run.controls[i.infusion] += amount / detail
        run.body[m.RESTART] = 1.0
    elif action == _STOP:
        run.controls[i.infusion] = max(0.0, run.controls[i.infusion] - amount / detail)
        run.body[m.RESTART] = 1.0
    elif action == _LINE:
        start_line(run, rules, day)
    elif action in (_RADIOTHERAPY, _ROD):
        for j in range(run.counts[0]):
            if int(run.place[j, _ROW]) == int(detail):
                if action == _RADIOTHERAPY:
                    irradiate(run, rules, j, day, amount)
                else:
                    run.lesion[j, m.ROD] = 1.0
    else:
        read_body(k, run)
        written.records[int(detail), :] = run.observed


@jitable
def pass_grid(k: Any, run: Run, rules: Rules, day: float) -> bool:
    """Let the hazards of the interval that ends now act; return whether the person has died."""
    span = day - run.body[m.GRID_DAY]
    run.body[m.GRID_DAY] = day
    observe(k, run, rules, day)
    if day <= 0.0 and not rules.history_events:
        weigh_history(run, rules, span)
        return False
    for j in range(run.counts[0]):
        lesion_events(run, rules, j, day, span)
    therapy_events(run, rules, day)
    if day <= 0.0:
        return False
    calcium_events(run, rules, day)
    seeding_events(run, rules, day, span)
    return death_events(run, rules, day, span)


@jitable
def next_stop(run: Run, rules: Rules, day: float, at: int) -> float:
    """Next day on which the equations must pause."""
    stop = min(next_grid(day), rules.horizon)
    if at < rules.calendar.shape[0]:
        stop = min(stop, rules.calendar[at, 0])
    active = run.counts[0]
    if active < run.place.shape[0] and run.place[active, _SEED_DAY] > day:
        stop = min(stop, run.place[active, _SEED_DAY])
    fluids = run.body[m.FLUIDS_DAY]
    if not math.isnan(fluids):
        for change in (1.25, 4.0, 10.0):
            if fluids + change > day + 1e-9:
                stop = min(stop, fluids + change)
    rescue = run.body[m.RESCUE_DAY]
    if not math.isnan(rescue) and rescue + rules.care.rescue_infusion > day:
        stop = min(stop, rescue + rules.care.rescue_infusion)
    return float(max(stop, day))


@jitable
def pause(k: Any, run: Run, rules: Rules, day: float) -> None:
    """Changes that fall on a day of their own: seeding in the history, fluids, the end of a rescue infusion."""
    while run.counts[0] < run.place.shape[0] and run.place[run.counts[0], _SEED_DAY] <= day:
        run.counts[0] += 1
        open_lesion(run, rules, run.counts[0] - 1)
        run.body[m.RESTART] = 1.0
    body = run.body
    if not math.isnan(body[m.RESCUE_DAY]) and day == body[m.RESCUE_DAY] + rules.care.rescue_infusion:
        rate = rules.care.rescue_dose / rules.care.rescue_infusion
        run.controls[rules.at.infusion] = max(0.0, run.controls[rules.at.infusion] - rate)
        body[m.RESTART] = 1.0
    if not math.isnan(body[m.FLUIDS_DAY]):
        set_saline(run, rules, day)


@jitable
def first_day(run: Run, rules: Rules) -> float:
    """Day on which the equations start: before the first lesion and the first action."""
    day = min(0.0, run.place[0, _SEED_DAY])
    if rules.calendar.shape[0] > 0:
        day = min(day, rules.calendar[0, 0])
    return float(math.floor((day - SETTLING) / HISTORY_GRID) * HISTORY_GRID)


@jitable
def follow(k: Any, run: Run, rules: Rules, day: float, written: Written) -> int:
    """Run a course from `day` to the horizon or death, without the actions of the last day; return the status."""
    step, at, grid = 0.0, 0, 0
    while True:
        pause(k, run, rules, day)
        if day >= rules.horizon:
            return 0
        while at < rules.calendar.shape[0] and rules.calendar[at, 0] <= day:
            act(k, run, rules, at, written)
            at += 1
        stop = next_stop(run, rules, day, at)
        if stop > day:
            if run.body[m.RESTART] > 0.0:
                step, run.body[m.RESTART] = 0.0, 0.0
            status, step, _ = k.advance(
                day,
                stop,
                step,
                run.xb,
                run.xl,
                run.counts[0],
                run.pb,
                run.pl,
                run.controls,
                run.work,
                rules.options,
            )
            if status != 0:
                return int(status)
        ends_interval = stop == next_grid(day) or stop >= rules.horizon
        day = stop
        if ends_interval:
            if pass_grid(k, run, rules, day):
                return 0
            if day > 0.0:
                grid += 1
                if grid % GRID_PER_MONTH == 0 and grid // GRID_PER_MONTH < written.person_series.shape[0]:
                    snapshot(run, rules, grid // GRID_PER_MONTH, written)


@jitable
def run_history(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Carry one patient from before the first lesion to day 0; return the solver's status."""
    open_person(run)
    run.counts[:] = 0
    day = first_day(run, rules)
    run.body[m.GRID_DAY] = day
    status = follow(k, run, rules, day, written)
    if status != 0:
        return status
    end_history(run, rules)
    for at in range(rules.calendar.shape[0]):
        if rules.calendar[at, 0] >= 0.0:
            act(k, run, rules, at, written)
    return 0


@jitable
def run_future(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Continue one patient from day 0 to the horizon or death; return the solver's status."""
    open_future(k, run, rules)
    snapshot(run, rules, 0, written)
    return follow(k, run, rules, 0.0, written)
