"""What the compiled loop carries along one course: views of arrays, and the numbering of their columns."""

from typing import Any, Final, NamedTuple

from osteocast.course.care import CareParams
from osteocast.course.hazards import HazardParams
from osteocast.foundation.compiled import jitable
from osteocast.foundation.random import exponential, uniform
from osteocast.models import pain, strength

# columns of `lesion`, one row per lesion
FRACTURED: Final = 0
FRACTURE_DAY: Final = 1
ROD: Final = 2
IRRADIATED_DAY: Final = 3
IRRADIATIONS: Final = 4
RELIEVED: Final = 5  # share of resting pain relieved on the day of the last radiotherapy; fades
FRACTURE_SUM: Final = 6  # integrated hazards and the thresholds they must reach
FRACTURE_AT: Final = 7
REFERRAL_SUM: Final = 8
REFERRAL_AT: Final = 9
ROD_SUM: Final = 10
ROD_AT: Final = 11
PAIN: Final = 12
STRENGTH: Final = 13  # relative to the intact bone
MOVEMENT_PAIN: Final = 14
CORD_STAGE: Final = 15  # 0 none, 1 pain, 2 weakness, 3 sensory loss, 4 treated
CORD_DAY: Final = 16  # day of treatment once weakness has begun
OSTEOCLASTS: Final = 17
HAZARD: Final = 18  # events a day as the lesion is now, and as it was when the interval began
WEAK_DAY: Final = 19
LOWEST_BONE: Final = 20
LOG_SECTION: Final = 21  # log strength of the section before the lesion's own weakening factor
LOG_REST: Final = 22  # log strength from person, age and kyphosis
HISTORY: Final = 23  # integrated hazard before day 0 at each of HISTORY_STEPS weakening factors
HISTORY_STEPS: Final = (-1.5341, -0.8871, -0.4888, -0.1573, 0.1573, 0.4888, 0.8871, 1.5341)
IMPOSED: Final = 31  # measured extent over the simulated one at the end of the history; near 1, nan if not measured
REFERRAL_RATE: Final = 32
ROD_RATE: Final = 33
HAZARD_BEFORE: Final = 34
REFERRAL_BEFORE: Final = 35
ROD_BEFORE: Final = 36
EPIDURAL_BEFORE: Final = 37
HISTORY_BEFORE: Final = 38  # fractures a day when the interval began, at each of HISTORY_STEPS weakening factors
LESION_COLUMNS: Final = HISTORY_BEFORE + len(HISTORY_STEPS)

# columns of `body`, one vector per course
WALKS: Final = 0
EVENT_MARK: Final = 1
CORD_MARK: Final = 2
KYPHOSIS: Final = 3
DEATH_SUM: Final = 4
DEATH_AT: Final = 5
SEEDING_SUM: Final = 6
SEEDING_AT: Final = 7
FLUIDS_DAY: Final = 8  # day on which fluids began, nan if not running
RESCUE_DAY: Final = 9
HIGH_CALCIUM: Final = 10
LOW_CALCIUM: Final = 11
LINES: Final = 12
LINE_KILL: Final = 13
LIMB_DAY: Final = 14
CALCIUM: Final = 15
BURDEN: Final = 16
ECOG: Final = 17
SEEDED: Final = 18
WORST_PAIN: Final = 19
THIRST: Final = 20
CONFUSION_SEEN: Final = 21
LOG_HISTORY: Final = 22  # log probability of no unrecorded event before day 0
FALL_RATE: Final = 23
RESTART: Final = 24  # one of the two below, or 0
INTERVAL_DAY: Final = 25  # day on which the present interval began
DEATH_DAY: Final = 26
DEATH_BEFORE: Final = 27  # deaths a day, and calcium, when the interval began
CALCIUM_BEFORE: Final = 28
BODY_COLUMNS: Final = 29

# what the integration must do before it goes on
PREPARE: Final = 1.0  # parameters or lesions have changed: prepare them anew, keep the step
BEGIN: Final = 2.0  # a state or an input has jumped: prepare, and find a first step

# columns of `events`
EVENT_DAY: Final = 0
EVENT_SEEN: Final = 1
EVENT_KIND: Final = 2
EVENT_LESION: Final = 3
EVENT_FELT: Final = 4
EVENT_COLUMNS: Final = 5
EVENTS_MAXIMUM: Final = 192  # enough for high calcium that is treated and returns every few weeks for years


class Index(NamedTuple):
    """Where the loop finds what it needs in the arrays of the equations."""

    tumour: int
    bone: int
    woven: int
    extent: int
    epidural: int
    osteoclasts: int
    rt_kill: int
    extent_max: int
    epidural_growth: int
    osteoclasts_reference: int
    osteoblasts: int
    osteoblasts_reference: int
    systemic_kill: int
    denosumab_depot: int
    saline: int
    infusion: int
    resistance: int
    calcium: int
    untx: int
    ctx: int
    bone_alp: int
    pth: int
    gfr: int
    volume: int
    pthrp: int


class Rules(NamedTuple):
    """Constants shared by all courses of a chunk."""

    hazard: HazardParams
    care: CareParams
    pain: pain.Params
    strength: strength.Params
    weakening_sd: float  # log SD of the weakening factor between lesions
    pain_sd: tuple[float, float, float]  # log SD of pain between people and lesions; SD of a score [points]
    kill_of_8gy: float  # 1/day added to a lesion by a single 8 Gy
    at: Index
    sites: Any  # (n_classes, len(SITES)) float64
    calendar: Any  # (n, 4) float64: day, action, amount, lesion row or duration
    horizon: float  # days
    seed: int
    history_events: bool
    options: Any


class Run(NamedTuple):
    """One course: state and parameters of the equations, person, lesions, memory and events so far."""

    patient: int
    xb: Any
    xl: Any
    pb: Any
    pl: Any
    controls: Any
    person: Any
    place: Any
    lesion: Any
    body: Any
    events: Any
    counts: Any  # int64: active lesions, events
    exported: Any
    observed: Any
    work: Any


@jitable
def stream(quantity: int, row: float) -> int:
    """Number of the random stream of one quantity of one lesion."""
    return quantity * 1024 + int(row) + 1


@jitable
def threshold(run: Run, rules: Rules, quantity: int, row: float, occurrence: int) -> float:
    """Return the integrated hazard at which the next event of this kind happens."""
    return exponential(rules.seed, run.patient, stream(quantity, row), occurrence)


@jitable
def chance(run: Run, rules: Rules, quantity: int, row: float, occurrence: int) -> float:
    """Uniform number of one decision."""
    return uniform(rules.seed, run.patient, stream(quantity, row), occurrence)


@jitable
def record_event(run: Run, day: float, seen: float, kind: int, marks: tuple[float, float]) -> None:
    """Add an event; `marks` is the lesion's report row (-1 none) and 1 if it was felt."""
    n = run.counts[1]
    if n < run.events.shape[0]:
        run.events[n, EVENT_DAY] = day
        run.events[n, EVENT_SEEN] = seen
        run.events[n, EVENT_KIND] = kind
        run.events[n, EVENT_LESION] = marks[0]
        run.events[n, EVENT_FELT] = marks[1]
    run.counts[1] = n + 1
