"""Care: who is referred, operated, surveyed and treated, and when. Rules with parameters; no hidden judgement."""

import math
from typing import Annotated, Final, NamedTuple

from osteocast.foundation.compiled import inlined, jitable

FLUIDS_CHANGE: Final = (1.25, 4.0, 10.0)  # days after the start of fluids on which their rate changes


class CareParams(NamedTuple):
    """Constants of the care rules; values in data/parameters/care.toml."""

    radiotherapy_gap_first: Annotated[float, "day", "days before a lesion can be irradiated again"]
    radiotherapy_gap_more: Annotated[float, "day", "further days per earlier course"]
    responders: Annotated[float, "1", "share whose pain responds"]
    relief: Annotated[float, "1", "share of resting pain drive relieved in responders"]
    relief_movement: Annotated[float, "1", "relief of movement pain against that of resting pain"]
    relief_days: Annotated[float, "day", "time constant with which relief fades"]
    epidural_relief: Annotated[float, "1", "factor on epidural extent after radiotherapy of a vertebra"]
    rod_score: Annotated[float, "1", "Mirels score that indicates a rod"]
    rod_score_pain: Annotated[float, "1", "the same when movement hurts"]
    rod_pain: Annotated[float, "1", "movement pain that counts, points"]
    rod_strength: Annotated[float, "1", "strength of a rodded long bone against intact"]
    line_switch: Annotated[float, "1", "next line when the kill has fallen to this share"]
    line_weaker: Annotated[float, "1", "kill of each further line against the one before"]
    lines_maximum: Annotated[float, "1", "lines of systemic therapy"]
    cord_delay_median: Annotated[float, "day", "days from weakness to treatment"]
    cord_delay_spread: Annotated[float, "1", "log SD"]
    cord_walking_loss: Annotated[
        float, "1/day", "hazard of losing the ability to walk per day of untreated compression"
    ]
    cord_pain: Annotated[float, "1", "epidural extent at which back pain begins"]
    cord_weakness: Annotated[float, "1", "epidural extent at which limbs weaken"]
    cord_sensory: Annotated[float, "1", "epidural extent at which sensation fails"]
    cord_surgery: Annotated[float, "1", "share of cord compressions operated on"]
    epidural_collapse: Annotated[float, "1", "factor on epidural growth after the vertebra has collapsed"]
    epidural_after: Annotated[float, "1", "epidural extent left after treatment of cord compression"]
    fracture_pain_days: Annotated[float, "day", "time constant of fracture pain"]
    fluids_day1: Annotated[float, "L/day", "saline in the first 30 hours"]
    fluids_day4: Annotated[float, "L/day", "to day 4"]
    fluids_day10: Annotated[float, "L/day", "to day 10"]
    calcium_treat: Annotated[float, "mmol/L", "total calcium at which fluids and an antiresorptive are given"]
    rescue_dose: Annotated[float, "mg", "zoledronate with the fluids"]
    rescue_infusion: Annotated[float, "day", "duration of that infusion"]
    rescue_gap: Annotated[float, "day", "days before it is repeated"]
    ecog_tempo: Annotated[float, "1", "ECOG points per unit of disease tempo"]
    ecog_burden: Annotated[float, "1", "ECOG points per unit of mean tumour fraction"]
    ecog_cord: Annotated[float, "1", "ECOG points after loss of walking"]
    ecog_fracture: Annotated[float, "1", "ECOG points in the months after a symptomatic limb or pelvic fracture"]
    ecog_bedbound: Annotated[float, "1", "ECOG score at which walking is lost"]


@jitable
def mirels_score(site: float, pain: float, movement_pain: float, phenotype: float, extent: float) -> float:
    """Mirels score from the state of a lesion (site points 1 upper limb, 2 lower limb, 3 pertrochanteric).

    Pain: 1 mild (< 4), 2 moderate, 3 functional (movement pain at least 4); type: 1 blastic, 2 mixed, 3 lytic;
    size: 1 below a third, 2 to two thirds, 3 above.
    """
    pain_points = 3.0 if movement_pain >= 4.0 else (2.0 if pain >= 4.0 else 1.0)
    type_points = 3.0 if phenotype < 1.0 / 3.0 else (2.0 if phenotype < 2.0 / 3.0 else 1.0)
    size_points = 1.0 if extent < 1.0 / 3.0 else (2.0 if extent < 2.0 / 3.0 else 3.0)
    return site + pain_points + type_points + size_points


@inlined
def rod_indicated(score: float, movement_pain: float, p: CareParams) -> bool:
    """Whether the rule of the care parameters asks for a prophylactic rod."""
    return score >= p.rod_score or (score >= p.rod_score_pain and movement_pain >= p.rod_pain)


@inlined
def radiotherapy_open(day: float, last_day: float, courses: float, p: CareParams) -> bool:
    """Whether a lesion may be irradiated (again) on this day; `last_day` is nan if never."""
    if math.isnan(last_day):
        return True
    return day - last_day >= p.radiotherapy_gap_first + p.radiotherapy_gap_more * (courses - 1.0)


@inlined
def relief_left(relieved: float, irradiated: float, day: float, p: CareParams) -> float:
    """Share of resting pain drive that radiotherapy still relieves; `irradiated` is its day, nan if never."""
    if math.isnan(irradiated):
        return 0.0
    return relieved * math.exp(-max(0.0, day - irradiated) / p.relief_days)


@jitable
def saline_rate(days_since_start: float, p: CareParams) -> float:
    """Saline in L/day this many days after hypercalcaemia treatment began."""
    if days_since_start < FLUIDS_CHANGE[0]:
        return p.fluids_day1
    if days_since_start < FLUIDS_CHANGE[1]:
        return p.fluids_day4
    if days_since_start < FLUIDS_CHANGE[2]:
        return p.fluids_day10
    return 0.0


@inlined
def ecog_score(baseline: float, tempo: float, burden: float, fracture: float, walks: float, p: CareParams) -> float:
    """Performance status 0-4 as a continuous score."""
    score = baseline + p.ecog_tempo * tempo + p.ecog_burden * burden + p.ecog_fracture * fracture
    score += p.ecog_cord * (1.0 - walks)
    return min(4.0, max(0.0, score))


@jitable
def next_survey(day: float, interval: float) -> float:
    """Day of the next scheduled skeletal survey; surveys are counted from day 0."""
    return math.ceil(day / interval + 1e-9) * interval
