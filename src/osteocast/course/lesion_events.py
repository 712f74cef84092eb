"""What can happen at one lesion in one interval of the event grid: fracture, radiotherapy, rod, cord compression."""

import math
from typing import Final

from osteocast.course import memory as m
from osteocast.course.care import mirels_score, next_survey, radiotherapy_open, relief_left, rod_indicated
from osteocast.course.courses import EventKind
from osteocast.course.hazards import fracture_hazard, overload, referral_hazard
from osteocast.course.layout import PERSON_INDEX, PLACE_INDEX, SITES_INDEX, Quantity
from osteocast.course.memory import Rules, Run, chance, record_event, threshold
from osteocast.foundation.compiled import inlined, jitable
from osteocast.foundation.random import normal_quantile
from osteocast.models.pain import movement_drive, pain_score, resting_drive
from osteocast.models.strength import disruption, relative_strength, structural_bone, tissue_stiffness

_CLASS: Final = PLACE_INDEX["site_class"]
_WEAKENING: Final = PLACE_INDEX["weakening"]
_FACTOR: Final = PLACE_INDEX["pain_factor"]
_MOVING: Final = PLACE_INDEX["moving_factor"]
_ROW: Final = PLACE_INDEX["report_index"]
_PHENOTYPE: Final = PLACE_INDEX["phenotype"]
_BONE_QUALITY: Final = PERSON_INDEX["bone_quality"]
_SENSITIVITY: Final = PERSON_INDEX["pain_sensitivity"]
_AGE: Final = PERSON_INDEX["age"]
_SURVEY: Final = PERSON_INDEX["survey_interval"]
_MARGIN: Final = SITES_INDEX["daily_margin"]
_SPREAD: Final = SITES_INDEX["daily_spread"]
_HIT: Final = SITES_INDEX["fall_hit"]
_FALL_MARGIN: Final = SITES_INDEX["fall_margin"]
_FALL_SPREAD: Final = SITES_INDEX["fall_spread"]
_AGE_SLOPE: Final = SITES_INDEX["age_slope"]
_BENDING: Final = SITES_INDEX["bending"]
_SYMPTOMATIC: Final = SITES_INDEX["symptomatic"]
_SURGERY: Final = SITES_INDEX["surgery"]
_MIRELS: Final = SITES_INDEX["mirels_site"]
_WALKING: Final = SITES_INDEX["walking_loss"]
_VERTEBRA: Final = SITES_INDEX["is_vertebra"]

_VERTEBRAL: Final = int(EventKind.VERTEBRAL_FRACTURE)
_OTHER_FRACTURE: Final = int(EventKind.NON_VERTEBRAL_FRACTURE)
_CORD: Final = int(EventKind.CORD_COMPRESSION)
_RADIOTHERAPY: Final = int(EventKind.RADIOTHERAPY)
_OPERATION: Final = int(EventKind.SURGERY)
_LOST_WALKING: Final = int(EventKind.LOSS_OF_WALKING)
_EPIDURAL_PAIN: Final = int(EventKind.EPIDURAL_PAIN)
_WEAKNESS: Final = int(EventKind.LIMB_WEAKNESS)
_SENSORY: Final = int(EventKind.SENSORY_LOSS)

_Q_FRACTURE: Final = int(Quantity.FRACTURE)
_Q_FELT: Final = int(Quantity.FRACTURE_SYMPTOMATIC)
_Q_FRACTURE_SURGERY: Final = int(Quantity.FRACTURE_SURGERY)
_Q_FRACTURE_WALKING: Final = int(Quantity.FRACTURE_WALKING)
_Q_REFERRAL: Final = int(Quantity.REFERRAL)
_Q_RESPONSE: Final = int(Quantity.RADIOTHERAPY_RESPONSE)
_Q_ROD: Final = int(Quantity.PROPHYLACTIC_SURGERY)
_Q_DELAY: Final = int(Quantity.CORD_DELAY)
_Q_CORD_WALKING: Final = int(Quantity.CORD_WALKING)
_Q_CORD_SURGERY: Final = int(Quantity.CORD_SURGERY)


@jitable
def open_lesion(run: Run, rules: Rules, j: int) -> None:
    """Prepare the memory of a lesion that becomes active."""
    run.lesion[j, :] = 0.0
    run.lesion[j, m.IRRADIATED_DAY] = math.nan
    run.lesion[j, m.CORD_DAY] = math.nan
    run.lesion[j, m.FRACTURE_DAY] = math.nan
    run.lesion[j, m.STRENGTH] = 1.0
    run.lesion[j, m.LOWEST_BONE] = 1.0
    run.lesion[j, m.IMPOSED] = math.nan
    draw_thresholds(run, rules, j)


@jitable
def draw_thresholds(run: Run, rules: Rules, j: int) -> None:
    """Draw the integrated hazards at which the first events of a lesion happen."""
    row = run.place[j, _ROW]
    run.lesion[j, m.FRACTURE_AT] = threshold(run, rules, _Q_FRACTURE, row, 0)
    run.lesion[j, m.REFERRAL_AT] = threshold(run, rules, _Q_REFERRAL, row, 0)
    run.lesion[j, m.ROD_AT] = threshold(run, rules, _Q_ROD, row, 0)


@inlined
def observe_lesion(run: Run, rules: Rules, j: int, day: float) -> None:
    """Strength, pain and fracture hazard of a lesion now, written to its memory."""
    x = run.xl[j]
    i = rules.at
    site = rules.sites[int(run.place[j, _CLASS])]
    memory = run.lesion[j]
    osteoclasts = max(1e-6, x[i.osteoclasts] / run.pl[j, i.osteoclasts_reference])
    memory[m.LOWEST_BONE] = min(memory[m.LOWEST_BONE], x[i.bone])
    bone = structural_bone(x[i.bone], memory[m.LOWEST_BONE], rules.strength)
    peak = min(1.0, (x[i.extent] / run.pl[j, i.extent_max]) ** 3)
    broken_up = disruption(peak, run.place[j, _PHENOTYPE], rules.strength)
    tissue = tissue_stiffness(bone, min(1.0, max(0.0, x[i.woven])), broken_up, rules.strength)
    strength = relative_strength(tissue, min(1.0, x[i.extent]), site[_BENDING], rules.strength)
    memory[m.LOG_SECTION] = math.log(max(strength, 1e-3))
    strength = math.exp(memory[m.LOG_SECTION] * run.place[j, _WEAKENING])
    if memory[m.ROD] > 0.0:
        strength = max(strength, rules.care.rod_strength)
    rest = run.person[_BONE_QUALITY] + site[_AGE_SLOPE] * (run.person[_AGE] - 65.0)
    if site[_VERTEBRA] > 0.0:
        rest -= rules.hazard.kyphosis_step * run.body[m.KYPHOSIS]
    memory[m.LOG_REST] = rest
    logs = math.log(max(strength, 1e-3)) + rest
    person = run.person[_SENSITIVITY] * run.place[j, _FACTOR]
    resting, moving = pain_drives(run, rules, j, day, logs)
    moving *= run.place[j, _MOVING]
    if memory[m.FRACTURED] > 0.0:
        since = day - memory[m.FRACTURE_DAY]
        moving += rules.pain.fracture_drive * math.exp(-since / rules.care.fracture_pain_days)
    memory[m.PAIN] = pain_score(person * (resting + moving), rules.pain)
    memory[m.MOVEMENT_PAIN] = pain_score(person * moving, rules.pain)
    memory[m.STRENGTH] = strength
    memory[m.OSTEOCLASTS] = osteoclasts
    loads = (site[_MARGIN], site[_SPREAD], site[_HIT], site[_FALL_MARGIN], site[_FALL_SPREAD])
    memory[m.HAZARD] = fracture_hazard(logs, memory[m.PAIN], run.body[m.FALL_RATE], loads, rules.hazard.pain_protection)
    memory[m.REFERRAL_RATE] = referral_hazard(memory[m.PAIN], rules.hazard)
    memory[m.ROD_RATE] = rod_rate(run, rules, j)


@inlined
def pain_drives(run: Run, rules: Rules, j: int, day: float, logs: float) -> tuple[float, float]:
    """Drives of pain at rest and on movement, before any sensitivity, at a bone with log strength `logs`."""
    x = run.xl[j]
    i = rules.at
    site = rules.sites[int(run.place[j, _CLASS])]
    memory = run.lesion[j]
    osteoclasts = max(1e-6, x[i.osteoclasts] / run.pl[j, i.osteoclasts_reference])
    relieved = relief_left(memory[m.RELIEVED], memory[m.IRRADIATED_DAY], day, rules.care)
    resting = resting_drive(max(1e-9, x[i.tumour]), osteoclasts, x[i.extent], rules.pain) * (1.0 - relieved)
    resting += rules.pain.epidural_gain * max(0.0, x[i.epidural])
    used = overload(logs, site[_MARGIN], site[_SPREAD], rules.hazard.overload_share)
    moving = movement_drive(used, rules.pain) * (1.0 - relieved * rules.care.relief_movement)
    return resting, moving


@inlined
def rod_rate(run: Run, rules: Rules, j: int) -> float:
    """Prophylactic operations a day: above 0 where the rule of care asks for a rod."""
    memory = run.lesion[j]
    site_points = rules.sites[int(run.place[j, _CLASS]), _MIRELS]
    if site_points == 0.0 or memory[m.ROD] > 0.0 or memory[m.FRACTURED] > 0.0:
        return 0.0
    movement = memory[m.MOVEMENT_PAIN]
    extent = run.xl[j, rules.at.extent]
    score = mirels_score(site_points, memory[m.PAIN], movement, run.place[j, _PHENOTYPE], extent)
    return float(rules.hazard.rod_rate) if rod_indicated(score, movement, rules.care) else 0.0


@inlined
def begin_interval(run: Run, rules: Rules, j: int) -> None:
    """Keep the rates at the start of an interval; over the interval the mean of both ends acts."""
    memory = run.lesion[j]
    memory[m.HAZARD_BEFORE] = memory[m.HAZARD]
    memory[m.REFERRAL_BEFORE] = memory[m.REFERRAL_RATE]
    memory[m.ROD_BEFORE] = memory[m.ROD_RATE]
    memory[m.EPIDURAL_BEFORE] = run.xl[j, rules.at.epidural]


@jitable
def crossing_day(day: float, span: float, total: float, at: float, rate: float) -> float:
    """Day within the interval that ends now on which an integrated hazard reached its threshold."""
    return day - min(span, max(0.0, (total - at) / rate))


@jitable
def reached_day(day: float, span: float, before: float, now: float, level: float) -> float:
    """Day within the interval that ends now on which a quantity that is beyond a level now came to it."""
    if (before - level) * (now - level) >= 0.0:
        return day  # it was beyond the level already
    return day - span * (now - level) / (now - before)


@jitable
def stop_walking(run: Run, day: float, row: float) -> None:
    """Take the ability to walk away, once."""
    if run.body[m.WALKS] > 0.0:
        run.body[m.WALKS] = 0.0
        record_event(run, day, day, _LOST_WALKING, (row, 1.0))


@jitable
def irradiate(run: Run, rules: Rules, j: int, day: float, dose: float) -> None:
    """Give one palliative course to a lesion; `dose` is relative to a single 8 Gy."""
    row = run.place[j, _ROW]
    memory = run.lesion[j]
    count = int(memory[m.IRRADIATIONS])
    run.xl[j, rules.at.rt_kill] += rules.kill_of_8gy * dose
    run.xl[j, rules.at.epidural] *= rules.care.epidural_relief
    memory[m.RELIEVED] = relief_left(memory[m.RELIEVED], memory[m.IRRADIATED_DAY], day, rules.care)
    memory[m.IRRADIATED_DAY] = day
    memory[m.IRRADIATIONS] = count + 1.0
    if chance(run, rules, _Q_RESPONSE, row, count) < rules.care.responders:
        memory[m.RELIEVED] = rules.care.relief


@jitable
def fracture(run: Run, rules: Rules, j: int, day: float) -> None:
    """Break the bone at lesion j and follow the consequences."""
    row = run.place[j, _ROW]
    site = rules.sites[int(run.place[j, _CLASS])]
    memory = run.lesion[j]
    memory[m.FRACTURED] = 1.0
    memory[m.FRACTURE_DAY] = day
    felt = chance(run, rules, _Q_FELT, row, 0) < site[_SYMPTOMATIC]
    vertebra = site[_VERTEBRA] > 0.0
    seen = day if felt else next_survey(day, run.person[_SURVEY])
    record_event(run, day, seen, _VERTEBRAL if vertebra else _OTHER_FRACTURE, (row, 1.0 if felt else 0.0))
    if vertebra:
        run.body[m.KYPHOSIS] += 1.0
        run.pl[j, rules.at.epidural_growth] *= rules.care.epidural_collapse
        run.body[m.RESTART] = max(run.body[m.RESTART], m.PREPARE)
    if not felt:
        return
    run.body[m.EVENT_MARK] = 1.0
    if not vertebra:
        run.body[m.LIMB_DAY] = day
    if chance(run, rules, _Q_FRACTURE_SURGERY, row, 0) < site[_SURGERY]:
        memory[m.ROD] = 1.0
        record_event(run, day, day, _OPERATION, (row, 1.0))
    elif chance(run, rules, _Q_FRACTURE_WALKING, row, 0) < site[_WALKING]:
        stop_walking(run, day, row)


@inlined
def cord_events(run: Run, rules: Rules, j: int, day: float, span: float) -> None:
    """Follow epidural growth: pain, then weakness, then sensory loss, then treatment after a delay."""
    memory = run.lesion[j]
    care = rules.care
    row = run.place[j, _ROW]
    before, reach = memory[m.EPIDURAL_BEFORE], run.xl[j, rules.at.epidural]
    stage = memory[m.CORD_STAGE]
    if stage < 1.0 and reach >= care.cord_pain:
        memory[m.CORD_STAGE] = stage = 1.0
        when = reached_day(day, span, before, reach, care.cord_pain)
        record_event(run, when, when, _EPIDURAL_PAIN, (row, 1.0))
    if stage == 1.0 and reach >= care.cord_weakness:
        memory[m.CORD_STAGE] = stage = 2.0
        when = reached_day(day, span, before, reach, care.cord_weakness)
        record_event(run, when, when, _WEAKNESS, (row, 1.0))
        spread = care.cord_delay_spread * normal_quantile(chance(run, rules, _Q_DELAY, row, 0))
        memory[m.WEAK_DAY] = when
        memory[m.CORD_DAY] = when + care.cord_delay_median * math.exp(spread)
    if stage == 2.0 and reach >= care.cord_sensory:
        memory[m.CORD_STAGE] = stage = 3.0
        when = reached_day(day, span, before, reach, care.cord_sensory)
        record_event(run, when, when, _SENSORY, (row, 1.0))
    if stage in (2.0, 3.0) and day >= memory[m.CORD_DAY]:
        treat_cord(run, rules, j, day)


@jitable
def treat_cord(run: Run, rules: Rules, j: int, day: float) -> None:
    """Diagnose and treat cord compression; the longer the untreated time, the fewer walk."""
    memory = run.lesion[j]
    row = run.place[j, _ROW]
    treated = memory[m.CORD_DAY]
    record_event(run, treated, treated, _CORD, (row, 1.0))
    memory[m.CORD_STAGE] = 4.0
    run.body[m.EVENT_MARK] = 1.0
    run.body[m.CORD_MARK] = 1.0
    lost = 1.0 - math.exp(-rules.care.cord_walking_loss * (treated - memory[m.WEAK_DAY]))
    if chance(run, rules, _Q_CORD_WALKING, row, 0) < lost:
        stop_walking(run, treated, row)
    irradiate(run, rules, j, day, 1.0)
    record_event(run, treated, treated, _RADIOTHERAPY, (row, 1.0))
    if chance(run, rules, _Q_CORD_SURGERY, row, 0) < rules.care.cord_surgery:
        record_event(run, treated, treated, _OPERATION, (row, 1.0))
    run.xl[j, rules.at.epidural] = min(run.xl[j, rules.at.epidural], rules.care.epidural_after)


@inlined
def lesion_events(run: Run, rules: Rules, j: int, day: float, span: float) -> None:
    """Let the hazards of one lesion act over the interval of `span` days that ends now."""
    memory = run.lesion[j]
    row = run.place[j, _ROW]
    if memory[m.FRACTURED] == 0.0:
        rate = 0.5 * (memory[m.HAZARD_BEFORE] + memory[m.HAZARD])
        memory[m.FRACTURE_SUM] += rate * span
        if memory[m.FRACTURE_SUM] >= memory[m.FRACTURE_AT]:
            fracture(run, rules, j, crossing_day(day, span, memory[m.FRACTURE_SUM], memory[m.FRACTURE_AT], rate))
    if radiotherapy_open(day, memory[m.IRRADIATED_DAY], memory[m.IRRADIATIONS], rules.care):
        rate = 0.5 * (memory[m.REFERRAL_BEFORE] + memory[m.REFERRAL_RATE])
        memory[m.REFERRAL_SUM] += rate * span
        if memory[m.REFERRAL_SUM] >= memory[m.REFERRAL_AT]:
            when = crossing_day(day, span, memory[m.REFERRAL_SUM], memory[m.REFERRAL_AT], rate)
            record_event(run, when, when, _RADIOTHERAPY, (row, 1.0))
            irradiate(run, rules, j, day, 1.0)
            memory[m.REFERRAL_SUM] = 0.0
            memory[m.REFERRAL_AT] = threshold(run, rules, _Q_REFERRAL, row, int(memory[m.IRRADIATIONS]))
    if memory[m.ROD] == 0.0 and memory[m.FRACTURED] == 0.0:
        rate = 0.5 * (memory[m.ROD_BEFORE] + memory[m.ROD_RATE])
        memory[m.ROD_SUM] += rate * span
        if memory[m.ROD_SUM] >= memory[m.ROD_AT]:
            memory[m.ROD] = 1.0
            when = crossing_day(day, span, memory[m.ROD_SUM], memory[m.ROD_AT], rate)
            record_event(run, when, when, _OPERATION, (row, 1.0))
    if rules.sites[int(run.place[j, _CLASS]), _VERTEBRA] > 0.0:
        cord_events(run, rules, j, day, span)
