"""A trial: who enters, what the arms are given, how they are followed, what is counted and how it is summarised."""

from collections.abc import Mapping
from dataclasses import dataclass

from osteocast.domain.patient import Origin
from osteocast.domain.regimen import Regimen
from osteocast.domain.trial_words import AllocationMethod, Grade, Marker, Rate, Source, Strategy

__all__ = [
    "Allocation",
    "Arm",
    "Counting",
    "DropOut",
    "Endpoint",
    "EntryCriterion",
    "EntryShare",
    "Estimand",
    "FollowUpPlan",
    "Population",
    "Trial",
    "TrialInput",
]


@dataclass(frozen=True, slots=True)
class TrialInput:
    """A number that describes a trial: put in, never fitted.

    Attributes
    ----------
    value : in the canonical unit of ``data/trial_quantities.toml``.
    unit : that unit.
    grade, why : how well it is known, and from where.
    """

    value: float
    unit: str
    grade: Grade
    why: str


@dataclass(frozen=True, slots=True)
class Population:
    """Patients of one primary tumour in a trial.

    Attributes
    ----------
    name : key within the trial.
    origin, subtype : primary tumour.
    inputs : by the names under ``[population]`` in ``data/trial_quantities.toml``; those of lesions only with the
        source "inputs".
    source : where lesions at entry come from, one of `osteocast.domain.trial_words.SOURCES`.
    """

    name: str
    origin: Origin
    subtype: str | None
    inputs: Mapping[str, TrialInput]
    source: Source = "inputs"

    def __getitem__(self, name: str) -> float:
        return self.inputs[name].value


@dataclass(frozen=True, slots=True)
class EntryCriterion:
    """What must hold at entry, or for the patients of an endpoint.

    Attributes
    ----------
    quantity : name under ``[criterion]`` in ``data/trial_quantities.toml``.
    low, high : limits that still belong [`unit`], None where open; for yes and no both are 1 or both are 0.
    unit : canonical unit, empty for yes and no.
    grade, why : how well it is known, and from where; ``why`` is empty for the patients of an endpoint.
    """

    quantity: str
    low: float | None
    high: float | None
    unit: str
    grade: Grade = "published"
    why: str = ""

    def holds(self, value: float) -> bool:
        """Whether a value [`unit`; 1 for yes, 0 for no] meets the criterion."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class EntryShare:
    """A published share of the patients with a characteristic at entry; candidates are admitted until it holds.

    Attributes
    ----------
    criterion : the characteristic, with how well it is known.
    share : of the patients of every population and sex [1].
    """

    criterion: EntryCriterion
    share: TrialInput


@dataclass(frozen=True, slots=True)
class DropOut:
    """How living patients leave the study before its end.

    Attributes
    ----------
    withdrawal : constant rate [1/year].
    per_ecog_point, after_progression : log ratios of that rate [1].
    """

    withdrawal: TrialInput
    per_ecog_point: TrialInput
    after_progression: TrialInput


@dataclass(frozen=True, slots=True)
class FollowUpPlan:
    """How patients are followed: by the names under ``[follow_up]`` in ``data/trial_quantities.toml``.

    Attributes
    ----------
    survey_interval, laboratory_interval : between skeletal surveys and between visits with blood [day].
    earliest_exit, latest_exit : the study ends for each patient evenly spread between these [year after entry].
    cut_off : no event counts after it [month]. simulated : length of the simulation [month].
    """

    survey_interval: TrialInput
    laboratory_interval: TrialInput
    earliest_exit: TrialInput
    latest_exit: TrialInput
    cut_off: TrialInput
    simulated: TrialInput


@dataclass(frozen=True, slots=True)
class Arm:
    """What one group of patients is given.

    Attributes
    ----------
    name, title : key within the trial, and name for people.
    regimen : given from entry.
    share : share of the patients allocated to this arm [1].
    n : number of patients published, or None.
    drop_out : where this arm leaves otherwise than the trial.
    renal_doses : whether each patient's doses follow creatinine clearance at entry, by the table of the drug.
    """

    name: str
    title: str
    regimen: Regimen
    share: float
    n: int | None
    drop_out: DropOut
    renal_doses: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """How patients come to their arm.

    Attributes
    ----------
    method : one of `osteocast.domain.trial_words.ALLOCATION_METHODS`.
    block_size : patients in a block, None where there are no blocks.
    strata : quantities under ``[criterion]`` within whose levels allocation is balanced.
    why : how it is known.
    """

    method: AllocationMethod
    block_size: int | None
    strata: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Counting:
    """What a trial counts as an event.

    Attributes
    ----------
    name, title : key within the trial, and the definition in words.
    components : names under ``[components]`` in ``data/event_definitions.toml``.
    symptomatic_only : components of which silent events do not count.
    window_days : further events within this many days of a counted one are not counted again [day].
    therapy_change_pain : worst pain [points] from which a change of systemic therapy counts; None: that of the
        component, which may be none.
    radioisotope_as_radiation : whether a bone-seeking radioisotope counts as radiotherapy to bone.
    every_finding : whether each fracture and each procedure counts by itself, as some definitions say.
    """

    name: str
    title: str
    components: tuple[str, ...]
    symptomatic_only: tuple[str, ...] = ()
    window_days: float = 0.0
    therapy_change_pain: float | None = None
    radioisotope_as_radiation: bool = False
    every_finding: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One figure of a trial: an estimator applied to one arm, to arms taken together, or to a contrast.

    Attributes
    ----------
    name, title : key within the trial, and name for people.
    estimator : name in ``data/trial_estimators.toml``, which says which of the other fields it uses.
    arms : names of the arms; several are taken together.
    comparator : name of the arm that a contrast is taken against.
    counting : name of a `Counting` of the trial.
    first : components asked for as the first event; empty for any.
    among : criteria at entry that the patients of this endpoint meet.
    day : day after entry.
    rate, marker, harm : words of closed lists.
    fall : fall of a marker that counts as a response [%].
    calcium : corrected calcium that counts as normal [mmol/L].
    relapse : corrected calcium above which high calcium has come back [mmol/L]. pain : worst pain that counts [points].
    margin : ratio above 1 that non-inferiority must exclude.
    target : id of the published figure that this endpoint reproduces.
    """

    name: str
    title: str
    estimator: str
    arms: tuple[str, ...]
    comparator: str | None = None
    counting: str | None = None
    first: tuple[str, ...] = ()
    among: tuple[EntryCriterion, ...] = ()
    day: float | None = None
    rate: Rate | None = None
    marker: Marker | None = None
    harm: str | None = None
    fall: float | None = None
    calcium: float | None = None
    relapse: float | None = None
    pain: float | None = None
    margin: float | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Estimand:
    """Strategies for intercurrent events (ICH E9(R1)).

    Attributes
    ----------
    death, switching, drop_out : one of `osteocast.domain.trial_words.STRATEGIES`.
    why : reason for the choice.
    """

    death: Strategy
    switching: Strategy
    drop_out: Strategy
    why: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial as data: everything that is needed to simulate and to analyse it.

    Attributes
    ----------
    name, title, note : key, name for people, and what a reader should know.
    sources : keys of sources.
    populations : patients by primary tumour; their shares sum to 1.
    entry : criteria that all patients meet.
    arms : at least one. allocation : how patients come to them.
    follow_up : surveys, visits, end of study.
    countings : definitions of an event by name.
    endpoints : what is estimated. estimand : how intercurrent events are handled.
    entry_share : published share with a characteristic at entry; None admits whoever meets the criteria.
    """

    name: str
    title: str
    note: str
    sources: tuple[str, ...]
    populations: tuple[Population, ...]
    entry: tuple[EntryCriterion, ...]
    arms: tuple[Arm, ...]
    allocation: Allocation
    follow_up: FollowUpPlan
    countings: Mapping[str, Counting]
    endpoints: tuple[Endpoint, ...]
    estimand: Estimand
    entry_share: EntryShare | None = None

    def arm(self, name: str) -> Arm:
        """Return an arm by its name; `KeyError` if there is none."""
        return {arm.name: arm for arm in self.arms}[name]

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint by its name; `KeyError` if there is none."""
        return {endpoint.name: endpoint for endpoint in self.endpoints}[name]
