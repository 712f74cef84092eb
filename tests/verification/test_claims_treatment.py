"""What treatment does to a course, and what events do to walking and survival; each fails without its mechanism."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from osteocast.course.courses import EventKind
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.patient import Patient, PrimaryTumour
from osteocast.formats.regimen_file import read_regimen

from .course_cohort import BREAST, LIMBS, LINE, SPINE, TODAY, Cohort, cohort, share, simulated, with_procedure

Fixed = tuple[tuple[str, float], ...]
SKELETAL = tuple(range(5))
FRACTURES = (int(EventKind.VERTEBRAL_FRACTURE), int(EventKind.NON_VERTEBRAL_FRACTURE))
RADIATION = (int(EventKind.RADIOTHERAPY),)
SIZE = (400, 24)
LARGE = (1500, 24)
UNTREATED = dataclasses.replace(BREAST, lines=())
"""The first line of systemic therapy starts on day 0."""
HIP = "femur-left-trochanteric"


def rise_of_ecog(found: Cohort, kind: EventKind) -> float:
    """Median change of performance status from the visit before an event to the visit after it."""
    events = found.events(int(kind))
    month = (events["day"] // DAYS_PER_MONTH).astype(int)
    inside = month < found.courses.months
    ecog = found.courses.of_patient("ecog")
    course, month = events["course"][inside], month[inside]
    return float(np.nanmedian(ecog[course, month + 1] - ecog[course, month]))


def test_d26_performance_status_falls_after_a_limb_fracture() -> None:
    assert rise_of_ecog(cohort(LIMBS, size=SIZE), EventKind.NON_VERTEBRAL_FRACTURE) > 0.3
    without = cohort(LIMBS, size=SIZE, fixed=(("care.ecog_fracture", 0.0),))
    assert rise_of_ecog(without, EventKind.NON_VERTEBRAL_FRACTURE) < 0.1


def test_d26_performance_status_falls_with_walking() -> None:
    assert rise_of_ecog(cohort(SPINE), EventKind.LOSS_OF_WALKING) > 1
    without = cohort(SPINE, fixed=(("care.ecog_cord", 0.0),))
    assert rise_of_ecog(without, EventKind.LOSS_OF_WALKING) < 0.3


def walking_lost(fixed: Fixed) -> int:
    return len(cohort(LIMBS, size=SIZE, fixed=fixed).events(int(EventKind.LOSS_OF_WALKING)))


def test_d26_limb_fractures_cost_walking() -> None:
    kept = tuple((f"loads.walking_loss_{bone}", 0.0) for bone in ("femur_proximal", "femur_shaft", "pelvis"))
    assert walking_lost(()) > 1.5 * walking_lost(kept) + 5


def death_ratio(fixed: Fixed) -> float:
    """Log ratio of death rates after and before a first symptomatic fracture or cord compression."""
    found = cohort(BREAST, size=SIZE, fixed=fixed)
    events = found.events(0, 1, 2)
    events = events[events["symptomatic"] == 1]
    first = np.full(found.courses.n, np.inf)
    np.minimum.at(first, events["course"], events["day"])
    lived, died = found.days_lived, np.isfinite(found.courses.death_day)
    had = first < lived
    before = np.minimum(first, lived)
    after = (lived - before).sum()
    return float(np.log((died & had).sum() / after / ((died & ~had).sum() / before.sum())))


def mostly_shared(fixed: Fixed) -> bool:
    """Whether more than half of the log ratio remains when events themselves do not kill."""
    causal_off = (*fixed, ("hazards.death_event", 0.0), ("hazards.death_cord", 0.0))
    return death_ratio(causal_off) > death_ratio(fixed) / 2


def test_d26_survival_after_events_is_mostly_shared_frailty() -> None:
    assert death_ratio(()) > 0.35
    assert mostly_shared(())
    nothing_shared = (("population.tempo_sd", 0.0), ("hazards.death_burden", 0.0), ("prognosis.ecog", 0.0))
    assert death_ratio(nothing_shared) < death_ratio(())


def grows_again(fixed: Fixed) -> bool:
    """Whether tumour falls on a first line with denosumab, is never gone, and grows again in most who live."""
    courses = cohort(UNTREATED, "denosumab-q4w", (300, 24), fixed).courses
    assert np.nanmin(courses.lesion_series[..., 0]) > 0
    tumour = courses.of_patient("tumour_volume_ml")
    tumour = tumour[np.isfinite(tumour).all(axis=1)]
    lowest = tumour.min(axis=1)
    return share(lowest < 0.9 * tumour[:, 0]) > 0.5 and share(tumour[:, -1] > 1.2 * lowest) > 0.5


def test_d30_no_regimen_eradicates() -> None:
    assert grows_again(())
    assert not grows_again((("population.line_duration_breast", 1e5),))


def lengthens_life(fixed: Fixed) -> bool:
    """Whether systemic therapy takes a fifth or more off the death rate."""
    treated = cohort(UNTREATED, fixed=fixed).death_rate
    return treated < 0.8 * cohort(UNTREATED, fixed=(*fixed, ("population.line_strength_breast", 0.0))).death_rate


def test_d30_systemic_therapy_lengthens_life() -> None:
    assert lengthens_life(())
    assert not lengthens_life((("hazards.death_burden", 0.0),))


def events_averted(regimen: str, fixed: Fixed) -> float:
    """Share of skeletal events that a regimen averts against supportive care."""
    none = len(cohort(BREAST, "supportive-care", SIZE).events(*SKELETAL))
    return 1 - len(cohort(BREAST, regimen, SIZE, fixed).events(*SKELETAL)) / none


def test_d31_both_drugs_avert_events_through_two_mechanisms() -> None:
    no_binding = (("lesion.denosumab_association", 0.0),)
    no_death = (("lesion.bisphosphonate_gain", 0.0),)
    denosumab, zoledronate = "denosumab-q4w", "zoledronate-q4w"
    assert events_averted(denosumab, ()) > events_averted(zoledronate, ()) > 0.15
    assert events_averted(denosumab, no_binding) < 0.1
    assert events_averted(zoledronate, no_death) < 0.1
    assert events_averted(denosumab, no_death) > 0.15
    assert events_averted(zoledronate, no_binding) > 0.15


def averted_at(procedure: str, fixed: Fixed) -> bool:
    """Whether a rod on day 0 prevents nearly every fracture of that bone in two years."""
    nobody_else = {"hazards.rod_rate": 0.0} | dict(fixed)
    plain = simulated(LIMBS, read_regimen("supportive-care"), (300, 24), nobody_else)
    treated = simulated(LIMBS, with_procedure(procedure, HIP), (300, 24), nobody_else)
    broken = [np.sum(c.events(FRACTURES[1])["lesion"] == 0) for c in (plain, treated)]
    assert broken[0] > 20
    return bool(broken[1] < broken[0] / 10)


def test_d32_a_rod_prevents_the_fracture() -> None:
    assert averted_at("rod", ())
    assert not averted_at("rod", (("care.rod_strength", 0.0),))


def relief(fixed: Fixed) -> float:
    """Mean fall of pain in a painful bone two months after 8 Gy, against the same bone left alone."""
    settings = {"hazards.referral_rate": 0.0} | dict(fixed)
    plain = simulated(LIMBS, read_regimen("supportive-care"), (300, 3), settings).courses.of_lesion(0, "pain")
    given = simulated(LIMBS, with_procedure("radiotherapy", HIP), (300, 3), settings).courses.of_lesion(0, "pain")
    painful = plain[:, 0] > 3
    assert painful.sum() > 50
    return float(np.nanmean(plain[painful, 2]) - np.nanmean(given[painful, 2]))


def test_d32_radiotherapy_relieves() -> None:
    assert relief(()) > 1.2
    assert relief((("care.relief", 0.0),)) < 1.2
    assert relief((("care.relief", 0.0), ("radiotherapy.log_kill", 0.0))) == pytest.approx(0, abs=1e-6)


@pytest.mark.xfail(strict=True, reason="45 % have 2 points less one month after 8 Gy; published responses about 57 %")
def test_d32_half_respond_to_radiotherapy() -> None:
    given = simulated(LIMBS, with_procedure("radiotherapy", HIP), (300, 1), {"hazards.referral_rate": 0.0})
    pain = given.courses.of_lesion(0, "pain")
    assert 0.5 < share((pain[:, 1] <= pain[:, 0] - 2)[pain[:, 0] > 3]) < 0.7


def delays_growth(fixed: Fixed) -> bool:
    """Whether tumour shrinks in the months after a first line begins."""
    tumour = cohort(UNTREATED, fixed=fixed).courses.of_patient("tumour_volume_ml")
    return bool(np.nanmedian(tumour[:, 3] / tumour[:, 0]) < 0.9)


def test_d33_systemic_therapy_holds_lesions_back_for_a_time() -> None:
    assert delays_growth(())
    assert not delays_growth((("lesion.systemic_sensitivity", 0.0),))
    assert not delays_growth((("population.line_strength_breast", 0.0),))


def later_lines_hold_less(fixed: Fixed) -> bool:
    """Whether tumour is clearly larger after three years of lines than where every line is as strong as the first."""
    size = (300, 36)
    found, equal = (
        cohort(UNTREATED, size=size, fixed=one).courses.of_patient("tumour_volume_ml")
        for one in (fixed, (*fixed, ("care.line_weaker", 1.0)))
    )
    growth = [np.nanmedian(t[:, -1] / t[:, 0]) for t in (found, equal)]
    return bool(growth[0] > 1.15 * growth[1])


def test_d33_each_further_line_does_less() -> None:
    assert later_lines_hold_less(())
    assert not later_lines_hold_less((("lesion.systemic_sensitivity", 0.0),))


def changes_of_line(origin: str, fixed: Fixed = ()) -> float:
    """Changes of systemic therapy a year."""
    patient = Patient(57.0, "female", PrimaryTumour(origin), assessed=TODAY, lines=LINE)  # type: ignore[arg-type]
    found = cohort(patient, size=(300, 24), fixed=fixed)
    return len(found.events(int(EventKind.CHANGE_OF_SYSTEMIC_THERAPY))) / found.days_lived.sum() * 365.25


def test_d33_lines_follow_the_organ_of_origin() -> None:
    breast = changes_of_line("breast")
    assert changes_of_line("lung") > 1.5 * breast
    assert changes_of_line("lung", (("population.line_duration_lung", 1.0),)) < 1.5 * breast


def first_events(regimen: str, kinds: tuple[int, ...], fixed: Fixed) -> int:
    """Patients whose first detected skeletal event is of these kinds."""
    events = cohort(BREAST, regimen, LARGE, fixed).events(*SKELETAL)
    events = events[np.isfinite(events["detected_day"])]
    events = events[np.lexsort((events["detected_day"], events["course"]))]
    first = events[np.unique(events["course"], return_index=True)[1]]
    return int(np.isin(first["kind"], kinds).sum())


def first_event_ratios(regimen: str, against: str, fixed: Fixed) -> tuple[float, float]:
    """Ratios of first radiation and of first fracture between two regimens."""
    radiation, fracture = (
        first_events(regimen, kinds, fixed) / first_events(against, kinds, fixed) for kinds in (RADIATION, FRACTURES)
    )
    return radiation, fracture


PAIRS = (("denosumab-q4w", "zoledronate-q4w"), ("zoledronate-q4w", "supportive-care"))
NO_RESORPTION_IN_PAIN = (("pain.resorption_exponent", 0.0),)


@pytest.mark.slow
def test_denosumab_averts_radiation_more_than_fracture_and_only_by_resorption_in_pain() -> None:
    """Published 0.68 and 0.89 of zoledronate; here 0.86 and 0.89, too near to be told with 400 patients."""
    radiation, fracture = first_event_ratios(*PAIRS[0], ())
    assert radiation < fracture < 1
    radiation, fracture = first_event_ratios(*PAIRS[0], NO_RESORPTION_IN_PAIN)
    assert radiation > fracture


@pytest.mark.slow
def test_zoledronate_averts_both_against_no_drug() -> None:
    """Published ratios 0.68 (fracture) and 0.79 (radiation) in one trial; decision 15 says why no order is claimed."""
    radiation, fracture = first_event_ratios(*PAIRS[1], ())
    assert radiation < 0.9
    assert fracture < 0.9
    assert 0.7 < radiation / fracture < 1.4


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
def test_resorption_in_pain_is_what_averts_radiation(pair: tuple[str, str]) -> None:
    radiation, fracture = first_event_ratios(*pair, ())
    neutral_radiation, neutral_fracture = first_event_ratios(*pair, NO_RESORPTION_IN_PAIN)
    assert radiation < 0.92 < neutral_radiation
    assert radiation / fracture < 0.95 * neutral_radiation / neutral_fracture


def death_rates(regimen: str, fixed: Fixed) -> float:
    """Ratio of death rates on a regimen and on supportive care."""
    treated, none = (cohort(BREAST, name, SIZE, fixed).death_rate for name in (regimen, "supportive-care"))
    return treated / none


@pytest.mark.parametrize("regimen", ["zoledronate-q4w", "denosumab-q4w"])
def test_survival_hardly_moves(regimen: str) -> None:
    assert 0.9 < death_rates(regimen, ()) < 1.1


def test_survival_would_move_if_events_killed() -> None:
    assert death_rates("zoledronate-q4w", (("hazards.death_event", 3.0),)) < 0.92
