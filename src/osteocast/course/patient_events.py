"""What can happen to the whole person in one interval: calcium, therapy lines, spread, performance, death."""

import math
from typing import Final

from osteocast.course import memory as m
from osteocast.course.care import ecog_score, saline_rate
from osteocast.course.courses import EventKind
from osteocast.course.hazards import death_hazard, fall_rate
from osteocast.course.layout import NEW_LESIONS, PERSON_INDEX, PLACE_INDEX, Quantity
from osteocast.course.lesion_events import crossing_day, open_lesion, reached_day, stop_walking
from osteocast.course.memory import Rules, Run, record_event, threshold
from osteocast.foundation.compiled import inlined, jitable

_TEMPO: Final = PERSON_INDEX["tempo"]
_DEATH: Final = PERSON_INDEX["death_hazard"]
_FALLS: Final = PERSON_INDEX["falls"]
_ECOG: Final = PERSON_INDEX["ecog"]
_AGE: Final = PERSON_INDEX["age"]
_LINE: Final = PERSON_INDEX["line_strength"]
_RESISTANCE: Final = PERSON_INDEX["line_resistance"]
_SEEDING: Final = PERSON_INDEX["seeding_rate"]
_WALKS: Final = PERSON_INDEX["walks"]
_LINES_USED: Final = PERSON_INDEX["lines_used"]
_ROW: Final = PLACE_INDEX["report_index"]

_HYPERCALCAEMIA: Final = int(EventKind.HYPERCALCAEMIA)
_HYPOCALCAEMIA: Final = int(EventKind.HYPOCALCAEMIA)
_TREATED: Final = int(EventKind.HYPERCALCAEMIA_TREATMENT)
_THIRST: Final = int(EventKind.THIRST_AND_CONSTIPATION)
_CONFUSION: Final = int(EventKind.CONFUSION)
_NEW_LESION: Final = int(EventKind.NEW_LESION)
_NEW_LINE: Final = int(EventKind.CHANGE_OF_SYSTEMIC_THERAPY)
_DIED: Final = int(EventKind.DEATH)
_Q_DEATH: Final = int(Quantity.DEATH)
_Q_SEEDING: Final = int(Quantity.SEEDING)

_LIMB_RECOVERY: Final = 180.0  # days over which a limb fracture weighs on performance


@jitable
def open_person(run: Run) -> None:
    """Prepare the memory of a person at the start of a course."""
    body = run.body
    body[:] = 0.0
    body[m.WALKS] = run.person[_WALKS]
    body[m.LINES] = run.person[_LINES_USED]
    body[m.FLUIDS_DAY] = math.nan
    body[m.RESCUE_DAY] = math.nan
    body[m.LIMB_DAY] = math.nan
    body[m.DEATH_DAY] = math.nan
    body[m.RESTART] = m.BEGIN


@jitable
def draw_life(run: Run, rules: Rules) -> None:
    """Draw the integrated hazards at which the person dies and at which the next lesion arrives."""
    run.body[m.DEATH_AT] = threshold(run, rules, _Q_DEATH, -1.0, 0)
    run.body[m.SEEDING_AT] = threshold(run, rules, _Q_SEEDING, -1.0, 0)


@inlined
def observe_person(run: Run, rules: Rules, day: float) -> None:
    """Burden, performance status and fall rate now; calcium has been read from the equations before."""
    active = run.counts[0]
    total = 0.0
    for j in range(active):
        total += run.xl[j, rules.at.tumour]
    body = run.body
    body[m.BURDEN] = total / max(1, active)
    body[m.CALCIUM] = run.observed[rules.at.calcium]
    recent = 0.0
    if not math.isnan(body[m.LIMB_DAY]):
        recent = math.exp(-(day - body[m.LIMB_DAY]) / _LIMB_RECOVERY)
    body[m.ECOG] = ecog_score(run.person[_ECOG], run.person[_TEMPO], body[m.BURDEN], recent, body[m.WALKS], rules.care)
    body[m.FALL_RATE] = fall_rate(run.person[_FALLS] * body[m.WALKS], body[m.ECOG], run.person[_AGE], rules.hazard)


@inlined
def death_rate(run: Run, rules: Rules) -> float:
    """Deaths a day as the person is now."""
    body = run.body
    marks = (body[m.EVENT_MARK], body[m.CORD_MARK])
    person = run.person
    return float(death_hazard(person[_DEATH], person[_TEMPO], body[m.BURDEN], marks, body[m.CALCIUM], rules.hazard))


@jitable
def start_line(run: Run, rules: Rules, day: float) -> None:
    """Begin the next line of systemic therapy: weaker than the one before, resistance grows from now."""
    body = run.body
    kill = run.person[_LINE] * rules.care.line_weaker ** body[m.LINES]
    body[m.LINES] += 1.0
    body[m.LINE_KILL] = kill
    run.xb[rules.at.systemic_kill] = kill
    run.controls[rules.at.resistance] = run.person[_RESISTANCE]
    record_event(run, day, day, _NEW_LINE, (-1.0, 0.0))


@inlined
def therapy_events(run: Run, rules: Rules, day: float) -> None:
    """Change to the next line once the present one has lost most of its effect."""
    body = run.body
    spent = run.xb[rules.at.systemic_kill] < rules.care.line_switch * body[m.LINE_KILL]
    if body[m.LINE_KILL] > 0.0 and spent and body[m.LINES] < rules.care.lines_maximum:
        start_line(run, rules, day)


@inlined
def calcium_events(run: Run, rules: Rules, day: float, span: float) -> None:
    """Hyper- and hypocalcaemia, their symptoms in order, and treatment with fluids and zoledronate."""
    body = run.body
    hazard = rules.hazard
    care = rules.care
    before, calcium = body[m.CALCIUM_BEFORE], body[m.CALCIUM]
    if body[m.THIRST] == 0.0 and calcium >= hazard.calcium_early:
        body[m.THIRST] = 1.0
        when = reached_day(day, span, before, calcium, hazard.calcium_early)
        record_event(run, when, when, _THIRST, (-1.0, 1.0))
    if body[m.CONFUSION_SEEN] == 0.0 and calcium >= hazard.calcium_late:
        body[m.CONFUSION_SEEN] = 1.0
        when = reached_day(day, span, before, calcium, hazard.calcium_late)
        record_event(run, when, when, _CONFUSION, (-1.0, 1.0))
    if body[m.HIGH_CALCIUM] == 0.0 and calcium >= hazard.calcium_high:
        body[m.HIGH_CALCIUM] = 1.0
        when = reached_day(day, span, before, calcium, hazard.calcium_high)
        record_event(run, when, when, _HYPERCALCAEMIA, (-1.0, 1.0))
    elif body[m.HIGH_CALCIUM] > 0.0 and calcium < hazard.calcium_early:
        body[m.HIGH_CALCIUM] = 0.0
    if body[m.LOW_CALCIUM] == 0.0 and calcium < hazard.calcium_low:
        body[m.LOW_CALCIUM] = 1.0
        when = reached_day(day, span, before, calcium, hazard.calcium_low)
        record_event(run, when, when, _HYPOCALCAEMIA, (-1.0, 0.0))
    rested = math.isnan(body[m.RESCUE_DAY]) or day - body[m.RESCUE_DAY] >= care.rescue_gap
    if calcium >= care.calcium_treat and rested and math.isnan(body[m.FLUIDS_DAY]):
        body[m.FLUIDS_DAY] = day
        body[m.RESCUE_DAY] = day
        run.controls[rules.at.infusion] += care.rescue_dose / care.rescue_infusion
        body[m.RESTART] = m.BEGIN
        record_event(run, day, day, _TREATED, (-1.0, 0.0))
        set_saline(run, rules, day)


@jitable
def set_saline(run: Run, rules: Rules, day: float) -> None:
    """Set the fluids of this day; they end by themselves after ten days."""
    # the slack meets the rounding of a day that is the start plus a duration
    rate = saline_rate(day - run.body[m.FLUIDS_DAY] + 1e-9, rules.care)
    if rate != run.controls[rules.at.saline]:
        run.controls[rules.at.saline] = rate
        run.body[m.RESTART] = m.BEGIN
    if rate == 0.0:
        run.body[m.FLUIDS_DAY] = math.nan


@inlined
def seeding_events(run: Run, rules: Rules, day: float, span: float) -> None:
    """Let new lesions arrive; their site and make-up were drawn with the patient."""
    body = run.body
    active = run.counts[0]
    if body[m.SEEDED] >= NEW_LESIONS or active >= run.place.shape[0]:
        return
    rate = run.person[_SEEDING]
    body[m.SEEDING_SUM] += rate * span
    if body[m.SEEDING_SUM] >= body[m.SEEDING_AT]:
        when = crossing_day(day, span, body[m.SEEDING_SUM], body[m.SEEDING_AT], rate)
        body[m.SEEDED] += 1.0
        body[m.SEEDING_SUM] = 0.0
        body[m.SEEDING_AT] = threshold(run, rules, _Q_SEEDING, -1.0, int(body[m.SEEDED]))
        run.counts[0] = active + 1
        open_lesion(run, rules, active)
        body[m.RESTART] = max(body[m.RESTART], m.PREPARE)
        record_event(run, when, math.nan, _NEW_LESION, (run.place[active, _ROW], 0.0))


@inlined
def death_events(run: Run, rules: Rules, day: float, span: float) -> bool:
    """Whether the person dies in this interval."""
    body = run.body
    if body[m.ECOG] >= rules.care.ecog_bedbound:
        stop_walking(run, day, -1.0)
    rate = 0.5 * (body[m.DEATH_BEFORE] + death_rate(run, rules))
    body[m.DEATH_SUM] += rate * span
    when = math.inf
    if body[m.CALCIUM] >= rules.hazard.calcium_crisis:
        when = reached_day(day, span, body[m.CALCIUM_BEFORE], body[m.CALCIUM], rules.hazard.calcium_crisis)
    if body[m.DEATH_SUM] >= body[m.DEATH_AT]:
        when = min(when, crossing_day(day, span, body[m.DEATH_SUM], body[m.DEATH_AT], rate))
    if when <= day:
        body[m.DEATH_DAY] = when
        record_event(run, when, when, _DIED, (-1.0, 0.0))
        return True
    return False
