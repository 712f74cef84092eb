"""The course of one patient: equations between events, events on a grid, a dosing calendar. Compiled as one loop."""

import math
from typing import Any, Final, NamedTuple

from osteocast.course import memory as m
from osteocast.course.history import choose_weakening, weigh_history
from osteocast.course.layout import DAYS_PER_MONTH, PLACE_INDEX, SITES_INDEX, Action, Quantity
from osteocast.course.lesion_events import irradiate, lesion_events, observe_lesion, open_lesion
from osteocast.course.memory import Rules, Run, chance
from osteocast.course.patient_events import (
    calcium_events,
    death_events,
    observe_person,
    open_person,
    seeding_events,
    set_saline,
    start_line,
    therapy_events,
)
from osteocast.foundation.compiled import jitable

GRID_PER_MONTH: Final = 5  # events are checked about every six days
HISTORY_GRID: Final = DAYS_PER_MONTH
SETTLING: Final = 60.0  # days before the first lesion, so that the body stands at its own steady state

_SEED_DAY: Final = PLACE_INDEX["seed_day"]
_SEEN_EXTENT: Final = PLACE_INDEX["seen_extent"]
_SEEN_EPIDURAL: Final = PLACE_INDEX["seen_epidural"]
_SEEN_PAIN: Final = PLACE_INDEX["seen_pain"]
_IRRADIATED: Final = PLACE_INDEX["irradiated_day"]
_WAS_FRACTURED: Final = PLACE_INDEX["fractured"]
_HAS_ROD: Final = PLACE_INDEX["rod"]
_FACTOR: Final = PLACE_INDEX["pain_factor"]
_CLASS: Final = PLACE_INDEX["site_class"]
_ROW: Final = PLACE_INDEX["report_index"]
_VERTEBRA: Final = SITES_INDEX["is_vertebra"]

_DENOSUMAB: Final = int(Action.DENOSUMAB)
_BISPHOSPHONATE: Final = int(Action.BISPHOSPHONATE)
_RADIOTHERAPY: Final = int(Action.RADIOTHERAPY)
_ROD: Final = int(Action.ROD)
_STOP: Final = int(Action.STOP_INFUSION)
_LINE: Final = int(Action.THERAPY_LINE)
_Q_EPIDURAL: Final = int(Quantity.EPIDURAL_TODAY)


class Written(NamedTuple):
    """Where one course writes its results (see `courses.Courses`)."""

    person_series: Any  # (n_t, n_person_series)
    lesion_series: Any  # (n_rows, n_t, n_lesion_series)
    records: Any  # (n_records, n_observables): body read-outs on the days of `Action.RECORD`


@jitable
def read_body(k: Any, run: Run) -> None:
    """Evaluate the body's read-outs with what the lesions export now."""
    k.sum_exports(run.xb, run.xl, run.counts[0], run.pb, run.pl, run.controls, run.exported)
    k.body_observables(run.xb, run.pb, run.exported, run.controls, run.observed)


@jitable
def next_grid(day: float) -> float:
    """First day of the event grid after this one: months before day 0, a fifth of a month after it."""
    step = HISTORY_GRID if day < -1e-9 else DAYS_PER_MONTH / GRID_PER_MONTH
    return (math.floor(day / step + 1e-6) + 1.0) * step


@jitable
def observe(k: Any, run: Run, rules: Rules, day: float) -> None:
    """Bring every derived quantity of the course up to date."""
    read_body(k, run)
    observe_person(run, rules, day)
    worst = 0.0
    for j in range(run.counts[0]):
        observe_lesion(run, rules, j, day)
        worst = max(worst, run.lesion[j, m.PAIN])
    run.body[m.WORST_PAIN] = worst


@jitable
def impose_record(k: Any, run: Run, rules: Rules) -> None:
    """On day 0 take over what the record says: sizes, epidural reach, fractures, rods, radiotherapy, pain."""
    i = rules.at
    choose_weakening(run, rules)
    for j in range(run.counts[0]):
        place = run.place[j]
        if not math.isnan(place[_SEEN_EXTENT]):
            scale = place[_SEEN_EXTENT] / run.xl[j, i.extent]
            run.pl[j, i.extent_max] *= scale
            run.xl[j, i.extent] = place[_SEEN_EXTENT]
        if not math.isnan(place[_SEEN_EPIDURAL]):
            run.xl[j, i.epidural] = place[_SEEN_EPIDURAL]
        elif run.xl[j, i.epidural] >= rules.care.cord_weakness:
            # nobody walks in with compression unrecorded: redrawn evenly below it
            share = chance(run, rules, _Q_EPIDURAL, place[_ROW], 0)
            run.xl[j, i.epidural] = share * rules.care.cord_weakness
        if place[_WAS_FRACTURED] > 0.0:
            run.lesion[j, m.FRACTURED] = 1.0
            run.lesion[j, m.FRACTURE_DAY] = -SETTLING
            if rules.sites[int(place[_CLASS]), _VERTEBRA] > 0.0:
                run.body[m.KYPHOSIS] += 1.0
        if place[_HAS_ROD] > 0.0:
            run.lesion[j, m.ROD] = 1.0
    observe(k, run, rules, 0.0)
    for j in range(run.counts[0]):
        seen = run.place[j, _SEEN_PAIN]
        if not math.isnan(seen):
            now = run.lesion[j, m.PAIN]
            ceiling = rules.pain.ceiling
            wanted = min(max(seen, 0.1), ceiling - 0.1)
            run.place[j, _FACTOR] *= (wanted / (ceiling - wanted)) / max(now / (ceiling - now), 1e-6)
    run.body[m.RESTART] = 1.0
    observe(k, run, rules, 0.0)


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
def snapshot(run: Run, rules: Rules, month: int, written: Written) -> None:
    """Write the monthly state of a living patient."""
    i = rules.at
    body = run.body
    row = written.person_series[month]
    row[0] = run.observed[i.calcium]
    row[1] = run.observed[i.untx]
    row[2] = run.observed[i.ctx]
    row[3] = run.observed[i.bone_alp]
    row[4] = run.observed[i.pth]
    row[5] = run.observed[i.gfr]
    row[6] = run.observed[i.volume]
    row[7] = run.observed[i.pthrp]
    row[8] = body[m.WORST_PAIN]
    row[9] = body[m.ECOG]
    row[10] = body[m.WALKS]
    row[11] = run.exported[5]
    row[12] = 1.0
    for j in range(run.counts[0]):
        line = written.lesion_series[int(run.place[j, _ROW]), month]
        line[0] = run.xl[j, i.tumour]
        line[1] = run.xl[j, i.bone]
        line[2] = run.xl[j, i.woven]
        line[3] = run.xl[j, i.extent]
        line[4] = run.xl[j, i.epidural]
        line[5] = run.lesion[j, m.STRENGTH]
        line[6] = run.lesion[j, m.PAIN]
        line[7] = run.lesion[j, m.OSTEOCLASTS]


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
def run_course(k: Any, run: Run, rules: Rules, written: Written) -> int:
    """Run one course from before the first lesion to the horizon or death; return the solver's status."""
    open_person(run, rules)
    run.counts[:] = 0
    day = first_day(run, rules)
    run.body[m.GRID_DAY] = day
    step, at, grid, begun = 0.0, 0, 0, False
    while True:
        pause(k, run, rules, day)
        if day >= 0.0 and not begun:
            begun = True
            impose_record(k, run, rules)
            snapshot(run, rules, 0, written)
        while at < rules.calendar.shape[0] and rules.calendar[at, 0] <= day:
            act(k, run, rules, at, written)
            at += 1
        if day >= rules.horizon:
            return 0
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
