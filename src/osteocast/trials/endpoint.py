"""Endpoints: what a trial's file asks for, estimated from its subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import EventKind
from osteocast.course.event_definitions import definition_of
from osteocast.course.harms import HARMS
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.trial import Counting, Endpoint, Trial
from osteocast.trials.calcium_response import CalciumVisits, calcium_response, response_duration, time_to_relapse
from osteocast.trials.drop_out import Exits
from osteocast.trials.entry import meets
from osteocast.trials.estimand import Estimand, Strategy, follow_up
from osteocast.trials.estimate import Estimate, missing
from osteocast.trials.follow_up import FollowUp, Outcome, first_events
from osteocast.trials.hazard_ratio import (
    death_hazard_ratio,
    first_event_hazard_ratio,
    log_rank_first_event,
    recurrent_hazard_ratio,
    sub_distribution_hazard_ratio,
)
from osteocast.trials.laboratory import harm_event, harm_limit, measured, month_of, reported_pain, visit_days
from osteocast.trials.marker_change import median_change, percent_change
from osteocast.trials.morbidity_rate import RateEstimator, mean_number_with_interval, morbidity_rate
from osteocast.trials.proportions import proportion
from osteocast.trials.recurrent import mean_events_with_death
from osteocast.trials.subjects import MEASURED, Subjects
from osteocast.trials.survival_curves import Curve, aalen_johansen, estimate_at, kaplan_meier, median

FloatArray = NDArray[np.float64]

_RATES: Final = MappingProxyType(
    {
        "events-per-person-time": RateEstimator.EVENTS_PER_PERSON_TIME,
        "mean-of-patient-ratios": RateEstimator.MEAN_OF_PATIENT_RATIOS,
    }
)
_MARKERS: Final = MappingProxyType({"untx": "untx_ratio", "ctx": "ctx_ratio", "bone-alp": "bone_alp_ratio"})


@dataclass(frozen=True, slots=True)
class Case:
    """An endpoint of a trial with the subjects it is estimated from.

    Attributes
    ----------
    trial, endpoint : what is asked for. subjects : of all arms. seed : of the errors of measurement.
    """

    trial: Trial
    subjects: Subjects
    endpoint: Endpoint
    seed: int

    def of_arms(self, names: Sequence[str]) -> Subjects:
        """Return the subjects of some arms taken together who meet the endpoint's own criteria."""
        numbers = [i for i, arm in enumerate(self.trial.arms) if arm.name in names]
        chosen = np.isin(self.subjects.arm, numbers) & meets(self.endpoint.among, self.subjects.entry)
        return self.subjects.take(chosen)

    @property
    def test(self) -> FollowUp:
        """Counted data of the endpoint's own arms."""
        return self.counted(self.endpoint.arms)

    @property
    def control(self) -> FollowUp:
        """Counted data of the comparator."""
        return self.counted((self.endpoint.comparator or "",))

    def counted(self, names: Sequence[str]) -> FollowUp:
        """Return the counted data of some arms under the trial's estimand, up to the endpoint's day."""
        counting = self.trial.countings[self.endpoint.counting] if self.endpoint.counting else _NOTHING
        return counted(self.trial, self.of_arms(names), counting, self.endpoint.day, " + ".join(names))

    @property
    def competing(self) -> Case:
        """The case with death known as a competing event, for estimators that are defined by it."""
        return replace(self, trial=with_death_competing(self.trial))

    @property
    def kinds(self) -> tuple[int, ...]:
        """Kinds of event that the endpoint counts: those of its definition, and death and switching if composite."""
        return kinds_of(self.trial, self.trial.countings[self.endpoint.counting or ""])

    @property
    def first_kinds(self) -> tuple[int, ...]:
        """Kinds that are asked for as the first event."""
        if not self.endpoint.first:
            return self.kinds
        parts = definition_of(self.trial.countings[self.endpoint.counting or ""]).components
        return tuple(int(kind) for part in parts if part.name in self.endpoint.first for kind in part.kinds)


_NOTHING: Final = Counting("nothing", "no event", ())


def estimand_of(trial: Trial) -> Estimand:
    """Return the estimand of a trial as `estimand.follow_up` takes it."""
    chosen = trial.estimand
    return Estimand(
        trial.name, chosen.why, Strategy(chosen.death), Strategy(chosen.drop_out), Strategy(chosen.switching)
    )


def with_death_competing(trial: Trial) -> Trial:
    """Return the trial with death competing where its estimand takes death for a loss like any other.

    An estimator with death as the end of all events would otherwise see no deaths, and be another one under its name.
    """
    if trial.estimand.death != "hypothetical":
        return trial
    return replace(trial, estimand=replace(trial.estimand, death="while-alive"))


def kinds_of(trial: Trial, counting: Counting) -> tuple[int, ...]:
    """Return the kinds of event that follow-up may hold under a trial's definition and estimand."""
    chosen = estimand_of(trial)
    kinds = {int(kind) for part in definition_of(counting).components for kind in part.kinds}
    if chosen.death is Strategy.COMPOSITE:
        kinds.add(int(EventKind.DEATH))
    if chosen.switch is Strategy.COMPOSITE:
        kinds |= {int(kind) for kind in chosen.switch_kinds}
    return tuple(sorted(kinds))


def counted(trial: Trial, subjects: Subjects, counting: Counting, day: float | None, name: str) -> FollowUp:
    """Return the counted data of subjects under the trial's estimand, up to a day."""
    closed = subjects.closed_day if day is None else np.minimum(subjects.closed_day, day)
    exits = Exits(subjects.entry_day, subjects.drop_out_day, closed)
    return follow_up(subjects.observed, definition_of(counting), estimand_of(trial), exits, subjects.stratum, name)


def estimate(trial: Trial, subjects: Subjects, endpoint: Endpoint, seed: int) -> Estimate:
    """Return the estimate of one endpoint.

    Times are in days, changes of markers in %, shares, ratios and numbers plain: see `unit_of`.
    """
    case = Case(trial, subjects, endpoint, seed)
    if case.of_arms(endpoint.arms).n == 0:
        return missing(endpoint.estimator, "trial.no-patients")
    if endpoint.comparator is not None and case.of_arms((endpoint.comparator,)).n == 0:
        return missing(endpoint.estimator, "trial.no-patients")
    return ESTIMATORS[endpoint.estimator][0](case)


def unit_of(endpoint: Endpoint) -> str:
    """Return the unit of an endpoint's estimate."""
    return ESTIMATORS[endpoint.estimator][1]


def first_event_proportion(case: Case) -> Estimate:
    """Crude share of patients whose first counted event is one of those asked for."""
    arm = case.test
    order = np.lexsort((arm.event_kind, arm.event_day, arm.event_patient))
    first = order[np.unique(arm.event_patient[order], return_index=True)[1]]
    return proportion(int(np.count_nonzero(np.isin(arm.event_kind[first], case.first_kinds))), arm.n)


def time_to_event(case: Case) -> Estimate:
    """Kaplan-Meier median time to the first counted event, death censored."""
    return median(first_event_curve(case))


def first_event_curve(case: Case) -> Curve:
    """Kaplan-Meier share without a counted event, death censored."""
    day, outcome = first_events(case.test, case.kinds)
    return kaplan_meier(day, outcome == Outcome.EVENT)


def cumulative_incidence(case: Case) -> Estimate:
    """Aalen-Johansen share with a counted event by a day, death competing."""
    day, outcome = first_events(case.competing.test, case.kinds)
    return estimate_at(aalen_johansen(day, outcome, Outcome.EVENT), _day(case))


def mean_cumulative(case: Case) -> Estimate:
    """Mean number of counted events by a day, death competing."""
    day = _day(case)
    return estimate_at(mean_events_with_death(case.competing.test, case.kinds, np.array([day])), day)


def sub_distribution_ratio(case: Case) -> Estimate:
    """Fine-Gray ratio of sub-distribution hazards of the first counted event, death competing."""
    both = case.competing
    return sub_distribution_hazard_ratio(both.test, both.control, case.kinds)


def rate(case: Case) -> Estimate:
    """Counted events per patient and year by the endpoint's estimator of a rate."""
    return morbidity_rate(case.test, case.kinds, _RATES[case.endpoint.rate or ""])


def mean_count(case: Case) -> Estimate:
    """Counted events per patient, whatever the follow-up."""
    arm = case.test
    number = np.bincount(arm.event_patient, minlength=arm.n).astype(np.float64)
    return mean_number_with_interval(number, 0.95, "mean number of events a patient, Student's t interval")


def survival_follow_up(case: Case, names: Sequence[str]) -> FollowUp:
    """Return survival of some arms of an endpoint to the end of the trial, as a published ratio has it."""
    return survival_on_trial(case.of_arms(names), " + ".join(names))


def survival_of(trial: Trial, chosen: Subjects, name: str) -> FollowUp:
    """Return survival, followed to the end of the simulation whether or not patients left the study."""
    end = np.full(chosen.n, round(trial.follow_up.simulated.value) * DAYS_PER_MONTH)
    return _survival_until(chosen, name, end)


def survival_on_trial(chosen: Subjects, name: str) -> FollowUp:
    """Return survival, followed to the end of the trial or its cut-off whether or not patients left the study."""
    return _survival_until(chosen, name, chosen.closed_day)


def _survival_until(chosen: Subjects, name: str, end: FloatArray) -> FollowUp:
    with np.errstate(invalid="ignore"):
        died = chosen.death_day <= end
    none = np.zeros(0)
    index = np.zeros(0, dtype=np.int64)
    exit_day = np.where(died, chosen.death_day, end)
    return FollowUp(name, chosen.entry_day, exit_day, died, chosen.stratum, index, none, index)


def survival_median(case: Case) -> Estimate:
    """Kaplan-Meier median survival."""
    return median(survival_curve(case))


def survival_curve(case: Case) -> Curve:
    """Kaplan-Meier share alive, followed to the end of the simulation."""
    arm = survival_of(case.trial, case.of_arms(case.endpoint.arms), " + ".join(case.endpoint.arms))
    return kaplan_meier(arm.exit_day, arm.died)


def survival_probability(case: Case) -> Estimate:
    """Kaplan-Meier share alive on a day."""
    return estimate_at(survival_curve(case), _day(case))


def survival_ratio(case: Case) -> Estimate:
    """Cox hazard ratio of death by the end of the trial."""
    control = survival_follow_up(case, (case.endpoint.comparator or "",))
    return death_hazard_ratio(survival_follow_up(case, case.endpoint.arms), control)


def marker_changes(case: Case) -> FloatArray:
    """Return the change of the endpoint's marker from entry [%], nan without a value on its day, shape (n,)."""
    chosen = case.of_arms(case.endpoint.arms)
    name = _MARKERS[case.endpoint.marker or ""]
    values = measured(chosen, name, case.seed)
    month = month_of(_day(case), values.shape[1])
    later = np.where(_on_study(chosen, _day(case)), values[:, month], np.nan)
    return percent_change(values[:, 0], later)


def marker_change(case: Case) -> Estimate:
    """Median of the patients' changes of a marker from entry."""
    return median_change(marker_changes(case))


def marker_response(case: Case) -> Estimate:
    """Share of patients with a value whose marker has fallen by so much."""
    changes = marker_changes(case)
    known = changes[np.isfinite(changes)]
    return proportion(int(np.count_nonzero(known <= -(case.endpoint.fall or 0.0))), len(known))


def pain_progression(case: Case) -> Estimate:
    """Kaplan-Meier median time to a worst pain of at least so much, in those with less at entry; monthly reports."""
    curve = pain_curve(case)
    return missing("Kaplan-Meier median time to pain", "trial.no-patients") if curve.n == 0 else median(curve)


def pain_curve(case: Case) -> Curve:
    """Kaplan-Meier share without a worst pain of at least so much, of those with less at entry; monthly reports."""
    chosen = case.of_arms(case.endpoint.arms)
    limit = case.endpoint.pain or 0.0
    pain = reported_pain(chosen, case.seed)
    chosen, pain = chosen.take(pain[:, 0] < limit), pain[pain[:, 0] < limit]
    with np.errstate(invalid="ignore"):
        reached = pain >= limit
    month = np.where(reached.any(axis=1), reached.argmax(axis=1), np.iinfo(np.int64).max)
    closed = chosen.closed_day if case.endpoint.day is None else np.minimum(chosen.closed_day, case.endpoint.day)
    end = np.fmin(np.minimum(chosen.drop_out_day, closed), chosen.death_day)
    day = month * DAYS_PER_MONTH
    return kaplan_meier(np.minimum(day, end), day <= end)


def ambulation(case: Case) -> Estimate:
    """Share able to walk of those alive and on study on a day."""
    chosen = case.of_arms(case.endpoint.arms)
    walking = chosen.series[:, month_of(_day(case), chosen.series.shape[1]), MEASURED.index("walking")]
    present = _on_study(chosen, _day(case)) & np.isfinite(walking)
    return proportion(int(np.count_nonzero(walking[present] > 0.5)), int(np.count_nonzero(present)))


def calcium_of(case: Case) -> CalciumVisits:
    """Return the corrected calcium of the endpoint's patients at their visits on study."""
    chosen, day = case.of_arms(case.endpoint.arms), visit_days(case.trial)
    end = np.minimum(chosen.drop_out_day, chosen.closed_day)
    value = np.where(day[None, :] <= end[:, None], chosen.visits, np.nan)
    return CalciumVisits(day, value, case.endpoint.calcium or 0.0, _day(case))


def adverse_event(case: Case) -> Estimate:
    """Share of patients with a harm on study: an event, or calcium below a limit at a monthly visit."""
    chosen, name = case.of_arms(case.endpoint.arms), case.endpoint.harm or ""
    closed = chosen.closed_day if case.endpoint.day is None else np.minimum(chosen.closed_day, case.endpoint.day)
    end = np.minimum(chosen.drop_out_day, closed)
    if (event := harm_event(name)) is not None:
        return proportion(int(np.count_nonzero(chosen.harms[:, HARMS.index(event)] <= end)), chosen.n)
    limit, values = harm_limit(name), measured(chosen, "calcium_mmol_per_l", case.seed)
    day = np.arange(values.shape[1]) * DAYS_PER_MONTH
    with np.errstate(invalid="ignore"):
        low = (values < limit) & (day[None, :] <= end[:, None]) & (day[None, :] > 0.0)
    return proportion(int(np.count_nonzero(low.any(axis=1))), chosen.n)


def _day(case: Case) -> float:
    return float(case.endpoint.day or 0.0)


def _on_study(chosen: Subjects, day: float) -> NDArray[np.bool_]:
    return np.minimum(chosen.drop_out_day, chosen.closed_day) >= day


ESTIMATORS: Final[Mapping[str, tuple[Callable[[Case], Estimate], str]]] = MappingProxyType(
    {
        "first-event-proportion": (first_event_proportion, "share"),
        "kaplan-meier-median": (time_to_event, "day"),
        "log-rank": (lambda case: log_rank_first_event(case.test, case.control, case.kinds), "events"),
        "cox": (lambda case: first_event_hazard_ratio(case.test, case.control, case.kinds), "ratio"),
        "andersen-gill": (lambda case: recurrent_hazard_ratio(case.test, case.control, case.kinds), "ratio"),
        "mean-cumulative-function": (mean_cumulative, "events/patient"),
        "cumulative-incidence": (cumulative_incidence, "share"),
        "fine-gray": (sub_distribution_ratio, "ratio"),
        "morbidity-rate": (rate, "1/year"),
        "mean-count": (mean_count, "events/patient"),
        "survival-median": (survival_median, "day"),
        "survival-probability": (survival_probability, "share"),
        "survival-cox": (survival_ratio, "ratio"),
        "marker-change": (marker_change, "%"),
        "marker-response": (marker_response, "share"),
        "calcium-response": (lambda case: calcium_response(calcium_of(case)), "share"),
        "calcium-response-duration": (lambda case: response_duration(calcium_of(case)), "day"),
        "calcium-relapse": (lambda case: time_to_relapse(calcium_of(case), case.endpoint.relapse or 0.0), "day"),
        "pain-progression": (pain_progression, "day"),
        "ambulation": (ambulation, "share"),
        "adverse-event": (adverse_event, "share"),
    }
)
"""Function and unit of every estimator of ``data/trial_estimators.toml``."""
CURVES: Final[Mapping[str, Callable[[Case], Curve]]] = MappingProxyType(
    {
        "kaplan-meier-median": first_event_curve,
        "survival-median": survival_curve,
        "pain-progression": pain_curve,
    }
)
"""Curve behind every estimator that gives a median."""
