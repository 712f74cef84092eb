"""Survival by visceral metastases, ECOG and subtype: direction, neutral values, the unknown, the median."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from osteocast.course.calendar import past_drugs
from osteocast.course.layout import DAYS_PER_YEAR, PERSON_INDEX
from osteocast.course.population import draw_patients
from osteocast.course.prognosis import BESIDE_BASELINE, REFERENCE, SUBTYPES, Prognosis, centre, prognosis, standing
from osteocast.course.typical import Typical, file_of
from osteocast.domain.patient import EarlierCourse, Origin, Patient, PrimaryTumour, TherapyLine
from osteocast.domain.table import read_table
from osteocast.forecasting.applicability import survival_limits
from osteocast.forecasting.describe import describe, unrecorded
from osteocast.formats.drug_file import builtin_drug
from osteocast.inference.reference_arms import TypicalStreams

WITH_SUBTYPES = [(origin, name) for origin, names in SUBTYPES.items() for name in names]
NEUTRAL = {f"prognosis.{name}": p.neutral for name, p in file_of("prognosis").items() if p.neutral is not None}


def someone(origin: str = "breast", subtype: str | None = None, **recorded: object) -> Patient:
    sex = "male" if origin == "prostate" else "female"
    return replace(Patient(64.0, sex, PrimaryTumour(origin, subtype)), **recorded)  # type: ignore[arg-type]


def typical(n: int, fixed: dict[str, float] | None = None) -> Typical:
    """Return values for n people with every typical value at its evidence."""
    keys = np.arange(n, dtype=np.int64)
    return Typical(TypicalStreams(3, keys, np.zeros_like(keys)), {}, fixed or {})


def excess(values: Typical) -> NDArray[np.float64]:
    return values.get("prognosis", "ecog_spread") * values.streams.person("prognosis.ecog")


def outlook(patient: Patient, n: int = 4000, fixed: dict[str, float] | None = None) -> Prognosis:
    values = typical(n, fixed)
    return prognosis(patient, values, excess(values))


def ratio(patient: Patient, n: int = 4000, fixed: dict[str, float] | None = None) -> NDArray[np.float64]:
    """Return the log of each person's death hazard against the baseline of the primary."""
    return outlook(patient, n, fixed).log_hazard


def tempo_of(n: int) -> NDArray[np.float64]:
    return file_of("population")["tempo_sd"].value * typical(n).streams.person("population.tempo")


def median_time(log_ratio: NDArray[np.float64], tempo: NDArray[np.float64]) -> float:
    """Return the median survival of people with constant hazards, in units of one over the baseline."""
    hazard = np.exp(log_ratio + file_of("hazards")["death_tempo"].value * tempo)
    times = np.linspace(0.0, 3.0, 601)
    alive = np.exp(-times[:, None] * hazard).mean(axis=1)
    return float(np.interp(-0.5, -alive, times))


def test_visceral_metastases_shorten_survival_and_the_unknown_lie_between() -> None:
    for origin in get_args(Origin):
        absent, open_, present = (ratio(someone(origin, visceral_metastases=seen)) for seen in (False, None, True))
        effect = file_of("prognosis")["visceral"].value
        assert present - absent == pytest.approx(effect), origin
        assert np.mean(absent) < np.mean(open_) < np.mean(present), origin


@pytest.mark.parametrize(("origin", "subtype"), WITH_SUBTYPES)
def test_a_subtype_moves_survival_by_its_effect_and_the_unknown_lie_between(origin: str, subtype: str) -> None:
    names = read_table("primaries")["origin"][origin]["subtypes"]
    others = [name for name in names if name not in SUBTYPES[origin]]
    assert subtype in names
    assert others
    effect = file_of("prognosis")[SUBTYPES[origin][subtype]].value
    own = ratio(someone(origin, subtype))
    for other in others:
        assert own - ratio(someone(origin, other)) == pytest.approx(effect)
    every = [np.mean(ratio(someone(origin, name))) for name in names]
    assert min(every) < np.mean(ratio(someone(origin))) < max(every)


def test_triple_negative_lives_shorter_and_a_treatable_mutation_longer() -> None:
    assert np.mean(ratio(someone("breast", "triple-negative"))) > np.mean(ratio(someone("breast"))) + 0.5
    assert np.mean(ratio(someone("lung", "non-small-cell-targetable"))) < np.mean(ratio(someone("lung"))) - 0.5


def test_each_ecog_point_has_the_published_slope_and_the_unknown_lie_between() -> None:
    grades = [np.mean(ratio(someone(ecog=grade))) for grade in range(5)]
    assert np.diff(grades) == pytest.approx(np.full(4, file_of("prognosis")["ecog"].value))
    assert grades[0] < np.mean(ratio(someone())) < grades[1]


def test_a_drawn_ecog_goes_with_death_as_steeply_as_a_recorded_one() -> None:
    """Tempo and the rest of the grade together have the published slope: neither counts twice."""
    n = 20_000
    tempo = tempo_of(n)
    score = excess(typical(n)) + file_of("care")["ecog_tempo"].value * tempo
    own = ratio(someone("prostate", visceral_metastases=False), n)
    slope = np.polyfit(score, own + file_of("hazards")["death_tempo"].value * tempo, 1)[0]
    assert slope == pytest.approx(file_of("prognosis")["ecog"].value, abs=0.02)
    assert np.std(score) == pytest.approx(0.74, abs=0.02)


def test_drawn_people_carry_their_outlook_into_the_course() -> None:
    for patient in (someone(), someone("lung", "small-cell", ecog=2, visceral_metastases=True)):
        found, expected = draw_patients(patient, typical(200)), outlook(patient, 200)
        baseline = file_of("population")[f"death_{patient.primary.origin}"].value / DAYS_PER_YEAR
        hazard = found.person[:, PERSON_INDEX["death_hazard"]]
        assert hazard == pytest.approx(baseline * np.exp(expected.log_hazard))
        assert (found.latents["prognosis.visceral"] == expected.visceral).all()
        assert (found.latents["prognosis.subtype"] == expected.subtype).all()
    status = draw_patients(someone(), typical(200)).person[:, PERSON_INDEX["ecog"]]
    assert status == pytest.approx(file_of("population")["ecog_start"].value + excess(typical(200)))


def test_neutral_values_leave_the_baseline_whatever_is_recorded() -> None:
    assert len(NEUTRAL) == 3 + len(WITH_SUBTYPES)
    for patient in (someone(), someone("breast", "triple-negative", ecog=3, visceral_metastases=True)):
        assert ratio(patient, 200, NEUTRAL) == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(draw_patients(someone(), typical(50, NEUTRAL)).person[:, PERSON_INDEX["ecog"]]) == 0.0


def test_each_neutral_value_removes_its_own_factor_alone() -> None:
    patient = someone("breast", "triple-negative", ecog=3, visceral_metastases=True)
    full = np.mean(ratio(patient, 200))
    for name in ("visceral", "ecog", "triple_negative_breast"):
        without = np.mean(ratio(patient, 200, {f"prognosis.{name}": 0.0}))
        assert 0.0 < without < full, name


def fitted_to(origin: str) -> Patient:
    """Return someone of the people that the baseline of a primary was fitted to."""
    return someone(origin, "castration-resistant" if origin == "prostate" else None)


@pytest.mark.parametrize("origin", get_args(Origin))
def test_the_population_keeps_its_median_survival(origin: str) -> None:
    tempo = tempo_of(20_000)
    changed = median_time(ratio(fitted_to(origin), 20_000), tempo)
    assert changed == pytest.approx(median_time(np.zeros(20_000), tempo), rel=0.03)


def test_who_was_not_among_the_fitted_does_not_shift_the_others() -> None:
    """Castration-resistant men keep the survival they were calibrated to, whatever is known of other men."""
    resistant = someone("prostate", "castration-resistant")
    assert {entry for names in SUBTYPES.values() for entry in names.values()} >= BESIDE_BASELINE
    elsewhere = {
        f"prognosis.{name}": value
        for entry in BESIDE_BASELINE
        for name, value in ((entry, -3.0), (f"share_{entry}", 0.7))
    }
    assert (ratio(resistant, 200, elsewhere) == ratio(resistant, 200)).all()
    sensitive = np.mean(ratio(someone("prostate", "castration-sensitive")))
    assert sensitive < np.mean(ratio(someone("prostate"))) < np.mean(ratio(resistant))
    assert np.exp(sensitive - np.mean(ratio(resistant))) == pytest.approx(0.30, abs=0.01)


def test_every_listed_subtype_has_a_standing() -> None:
    for origin in get_args(Origin):
        names = read_table("primaries")["origin"][origin]["subtypes"]
        named = [*SUBTYPES.get(origin, {}), *REFERENCE.get(origin, ())]
        assert set(named) <= set(names)
        assert len(set(named)) == len(named)
        found = {name: standing(PrimaryTumour(origin, name)) for name in names}
        assert {name for name, what in found.items() if what == "none"} == set(names) - set(named)
        assert standing(PrimaryTumour(origin)) == ("drawn" if origin in SUBTYPES else "reference")
    assert standing(PrimaryTumour("lung", "small-cell")) == "none"
    assert standing(PrimaryTumour("lung", "non-small-cell")) == "reference"


def test_a_centred_mixture_dies_by_half_with_the_baseline() -> None:
    groups = [(np.array([0.85, 0.5]), np.zeros(2)), (np.array([0.15, 0.5]), np.array([1.8, -3.0]))]
    shift = centre(groups)
    alive = sum(share * np.exp(-np.log(2.0) * np.exp(effect - shift)) for share, effect in groups)
    assert alive == pytest.approx(0.5, abs=1e-12)
    assert centre([(np.ones(1), np.array([0.4]))]) == pytest.approx(0.4)


def test_unknown_states_are_drawn_with_their_shares_and_known_ones_are_kept() -> None:
    shares = {name: p.value for name, p in file_of("prognosis").items()}
    found = outlook(someone(), 20_000)
    assert found.visceral.mean() == pytest.approx(shares["visceral_share_breast"], abs=0.015)
    for code, entry in enumerate(SUBTYPES["breast"].values(), start=1):
        share = np.mean(found.subtype == code)
        assert share == pytest.approx(shares[f"share_{entry}"], abs=0.015)
    known = outlook(someone("breast", "triple-negative", visceral_metastases=False), 50)
    assert (known.visceral == 0.0).all()
    assert (known.subtype == 2.0).all()


def test_what_is_open_is_told_and_what_is_unused_is_marked() -> None:
    assert {"visceral metastases", "subtype of the primary", "ECOG performance status"} <= set(unrecorded(someone()))
    closed = someone("breast", "triple-negative", ecog=1, visceral_metastases=False)
    assert not {"visceral metastases", "subtype of the primary", "ECOG performance status"} & set(unrecorded(closed))
    assert "subtype of the primary" not in unrecorded(someone("myeloma"))
    shown = describe(someone("prostate", "neuroendocrine", visceral_metastases=False))
    given = {row["item"]: row["value"] for row in shown["given"]}
    assert given["subtype of the primary"] == "neuroendocrine (survival as castration-resistant)"
    assert given["visceral metastases"] == "no"
    for used in ("castration-sensitive", "castration-resistant"):
        assert "subtype of the primary" not in {row["item"] for row in describe(someone("prostate", used))["given"]}
    relapsed = {row["item"]: row["value"] for row in describe(someone("myeloma", "relapsed"))["given"]}
    assert relapsed["subtype of the primary"] == "relapsed (not used by the model)"


def test_how_a_subtype_is_drawn_is_said_with_its_shares() -> None:
    drawn = {row["item"]: row["how"] for row in describe(someone("prostate"))["drawn"]}
    assert drawn["subtype of the primary"].endswith(": 34 % castration-sensitive, 66 % as castration-resistant")


def limits(patient: Patient) -> dict[str, str]:
    return {one.brief: f"{one.level}: {one.text}" for one in survival_limits(patient)}


def test_a_subtype_that_lives_as_the_reference_is_a_caution() -> None:
    text = limits(someone("lung", "small-cell"))["small-cell: no survival of its own"]
    assert text.startswith("caution: ")
    assert "that of people with non-small-cell lung cancer" in text
    assert (
        "average person with multiple myeloma"
        in limits(someone("myeloma", "relapsed"))["relapsed: no survival of its own"]
    )
    assert not limits(someone("breast", "hormone-receptor-positive"))
    assert not limits(someone("myeloma"))


def test_own_and_drawn_survival_are_said_and_the_uncalibrated_subtype_warned_of() -> None:
    (own,) = limits(someone("breast", "triple-negative")).values()
    assert own.startswith("note: The subtype triple-negative moves survival alone")
    (beside,) = limits(someone("prostate", "castration-sensitive")).values()
    assert beside.startswith("caution: Castration-sensitive prostate cancer has its own survival")
    (drawn,) = limits(someone("breast")).values()
    assert "27 % her2-positive, 9 % triple-negative, 64 % as hormone-receptor-positive" in drawn


def test_a_treated_person_with_lung_cancer_is_told_that_survival_is_of_all() -> None:
    day = dt.date(2026, 3, 1)
    brief = "treated lung cancer: survival probably too short"
    running = TherapyLine("immunotherapy", "any", started=day)
    known = someone("lung", "non-small-cell", assessed=day)
    assert list(limits(replace(known, lines=(running,)))) == [brief]
    assert not limits(replace(known, lines=(replace(running, stopped=day),)))
    targetable = someone("lung", "non-small-cell-targetable", assessed=day, lines=(running,))
    assert brief not in limits(targetable)
    assert brief not in limits(replace(someone("breast", "triple-negative", assessed=day), lines=(running,)))


def test_an_earlier_course_that_is_not_simulated_is_said() -> None:
    started = dt.date(2025, 1, 1)
    courses = (
        EarlierCourse("denosumab", None, 28.0, started),
        EarlierCourse("zoledronate", 4.0, None, started),
        EarlierCourse("pamidronate", 90.0, 28.0, started),
    )
    patient = Patient(60, "female", PrimaryTumour("breast"), assessed=dt.date(2026, 1, 1), drug_history=courses)
    assert {row[0] for row in past_drugs(patient)[:2]} == {-365.0, -365.0 + builtin_drug("zoledronate").infusion_days}
    how = {one["item"]: one["how"] for one in describe(patient)["drawn"] if "earlier" in one["item"]}
    assert how == {
        "start or dose of earlier denosumab": "the course is left out, as if it had not been given",
        "interval of earlier zoledronate": "taken as a single dose on the day it started",
    }
