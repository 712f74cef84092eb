"""Numbering shared by the compiled course loop and those who read its arrays.

Numbers are part of the random-number keys and of stored results: add at the end, never renumber.
"""

from __future__ import annotations

import enum
from typing import Final

DAYS_PER_MONTH: Final = 30.4375
DAYS_PER_YEAR: Final = 365.25
NEW_LESIONS: Final = 3
"""Lesions that may appear during a course, beside those known at its start."""


class Quantity(enum.IntEnum):
    """Random quantities of a course: one independent stream each (see `foundation.random`)."""

    FRACTURE = 1
    FRACTURE_SYMPTOMATIC = 2
    FRACTURE_SURGERY = 3
    REFERRAL = 4
    RADIOTHERAPY_RESPONSE = 5
    PROPHYLACTIC_SURGERY = 6
    CORD_DELAY = 7
    CORD_WALKING = 8
    DEATH = 9
    SEEDING = 10
    SEEDING_SITE = 11
    SEEDING_DETAIL = 12
    FRACTURE_WALKING = 13
    CORD_SURGERY = 14
    EPIDURAL_TODAY = 15
    WEAKENING_TODAY = 16


class Action(enum.IntEnum):
    """Codes of a dated calendar (`calendar[:, 1]`)."""

    DENOSUMAB = 0
    BISPHOSPHONATE = 1
    RADIOTHERAPY = 2
    ROD = 3
    RECORD = 4
    STOP_INFUSION = 5
    THERAPY_LINE = 6
    RADIONUCLIDE = 7
    FLUIDS = 8


# columns of `person`: what differs between patients beside the parameters of the equations
PERSON: Final = (
    "tempo",  # disease tempo, standard deviations times its SD (ln scale)
    "bone_quality",  # ln strength of this person's bones against the average of age 65
    "pain_sensitivity",  # multiplier of pain drive
    "age",  # years
    "death_hazard",  # 1/day, before tempo, burden and events
    "falls",  # falls per year at ECOG 0
    "ecog",  # performance status at the start
    "line_strength",  # 1/day, kill of a first line of systemic therapy
    "line_resistance",  # 1/day, decay of that kill
    "lines_used",  # lines begun before the course's first day
    "seeding_rate",  # new lesions a year
    "walks",  # 1 walks at the start, 0 does not
    "survey_interval",  # days between scheduled skeletal surveys
)
PERSON_INDEX: Final = {name: i for i, name in enumerate(PERSON)}

# columns of `place`: what a lesion's site and history fix
PLACE: Final = (
    "site_class",
    "vertebra",  # -1 or 0..23 for C1..L5
    "seed_day",  # day of seeding, negative before the forecast starts
    "weakening",  # multiplier of the log loss of strength: where in the section the lesion sits
    "pain_factor",  # multiplier of pain drive of this lesion
    "seen_extent",  # extent to impose on day 0, nan if not measured
    "seen_epidural",  # epidural extent to impose on day 0, nan if not recorded
    "seen_pain",  # pain recorded for day 0, nan if none
    "treated_day",  # day of the first recorded radiotherapy or rod before day 0, nan if none
    "fractured",  # 1 if a fracture here is recorded
    "rod",  # 1 if a rod is in place
    "report_index",  # row of the report this lesion is written to
    "phenotype",  # 0 lytic .. 1 sclerotic
    "seen_rest",  # pain at rest and on loading recorded for day 0, nan unless both are
    "seen_loading",
    "moving_factor",  # multiplier of the movement part of the pain drive of this lesion
)
PLACE_INDEX: Final = {name: i for i, name in enumerate(PLACE)}

# columns of `sites`, one row per SiteClass
SITES: Final = (
    "daily_margin",  # ln(strength / median daily peak load), intact, age 65
    "daily_spread",  # SD of ln daily peak
    "fall_hit",  # probability that a fall strikes this bone
    "fall_margin",  # ln(strength / median impact)
    "fall_spread",
    "age_slope",  # change of ln strength per year of age above 65
    "bending",  # 0 axial, 1 bent
    "symptomatic",  # share of fractures that are felt
    "surgery",  # share of fractures operated on
    "mirels_site",  # 0 not scored, 1 upper limb, 2 lower limb, 3 pertrochanteric
    "walking_loss",  # probability that an unoperated fracture stops walking
    "is_vertebra",
)
SITES_INDEX: Final = {name: i for i, name in enumerate(SITES)}
