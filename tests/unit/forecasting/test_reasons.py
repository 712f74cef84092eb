"""What moves the answer, what would narrow it, and how far it can be relied on."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from osteocast.course.streams import Streams
from osteocast.course.typical import Typical, file_of
from osteocast.domain.observation import Observation
from osteocast.domain.patient import ORIGINS, Lesion, Patient, PrimaryTumour, SkeletalEvent
from osteocast.domain.site import site
from osteocast.forecasting.applicability import applicability, emergencies_and_limits, order_limits, origin_limits
from osteocast.forecasting.drivers import DrawnQuantity, drivers, strongest
from osteocast.forecasting.evidence_used import drawn_parameters, used_parameters
from osteocast.forecasting.missing import correlation_ratio, missing_values
from osteocast.formats.assessment_rules import finding_rules
from osteocast.formats.regimen_file import read_regimen
from osteocast.inference.nested import NestedSample
from osteocast.inference.validated import Group, Validated, ValidatedTrial
from osteocast.inference.weights import Weights

D, C = 40, 100
N = D * C
RNG = np.random.default_rng(12)
STRENGTH = np.repeat(RNG.normal(size=D), C)
GROWTH, SIZE, IDLE = RNG.normal(size=(3, N))
KIND = RNG.integers(0, 3, N).astype(float)
RISK = 1 / (1 + np.exp(1.0 + 1.2 * STRENGTH - 0.6 * GROWTH - 1.0 * (KIND == 2)))
OUTCOME = (RNG.random(N) < RISK).astype(float)
SAMPLE = NestedSample.of(np.repeat(np.arange(D), C))


def quantity(name, values, category=False):
    return DrawnQuantity(name, f"the {name}", "assumed", values, category)


def test_the_strongest_parameters_come_first_with_their_sign():
    found = drivers(
        [quantity("idle", IDLE), quantity("growth", GROWTH), quantity("strength", STRENGTH)], OUTCOME, SAMPLE
    )
    assert [d.parameter for d in found] == ["strength", "growth"]
    assert found[0].correlation < -0.3
    assert 0.1 < found[1].correlation < 0.4
    assert "fewer events" in found[0].effect
    assert "more events" in found[1].effect
    assert found[0].to_dict()["grade"] == "assumed"


def test_at_most_three_drivers_and_none_without_spread():
    five = [quantity(str(i), GROWTH + 0.1 * RNG.normal(size=N)) for i in range(5)]
    assert len(drivers(five, OUTCOME, SAMPLE)) == 3
    assert drivers([quantity("fixed", np.ones(N))], OUTCOME, SAMPLE) == ()
    assert drivers(five, np.zeros(N), SAMPLE) == ()


def test_a_value_seen_in_few_draws_needs_a_larger_correlation():
    # Between-draw differences of the outcome are real; an unrelated value of each draw must not be blamed.
    blamed = 0
    for seed in range(20):
        unrelated = np.repeat(np.random.default_rng(seed).normal(size=D), C)
        blamed += len(drivers([quantity("unrelated", unrelated)], OUTCOME, SAMPLE))
    assert blamed <= 3


def test_missing_values_are_ranked_by_what_they_explain():
    items = [quantity("idle", IDLE), quantity("kind", KIND, category=True), quantity("growth", GROWTH)]
    found = missing_values(items, OUTCOME, SAMPLE)
    assert [m.item for m in found] == ["growth", "kind"]
    assert 0.02 < found[1].narrowing < found[0].narrowing < 0.15
    assert "Knowing the kind" in found[1].text


def test_the_correlation_ratio_is_exact_for_two_groups():
    group = np.repeat([0, 1], 5000)
    y = np.concatenate([np.repeat([0.0, 1.0], [4000, 1000]), np.repeat([0.0, 1.0], [1000, 4000])])
    assert correlation_ratio(group, y, np.ones(10_000)) == pytest.approx(0.09 / 0.25, abs=1e-3)
    shuffled = np.random.default_rng(1).permutation(group)
    assert correlation_ratio(shuffled, y, np.ones(10_000)) < 0.002
    assert correlation_ratio(group, np.ones(10_000), np.ones(10_000)) == 0.0


def weights(k=0.3, ess=900.0, used=("calcium on 2026-01-05",)):
    return Weights(np.full(2000, 1 / 2000), ess, k, 0.0, used, used[0] if used else "")


HELD_BACK = Validated(
    scales_sha256="",
    date="2026-11-28",
    version="0",
    replicates=10,
    groups=(Group("check", "level", 17, 2, 13, 1.8),),
    trials=(
        ValidatedTrial("seen-1999", {"breast": 0.4, "lung": 0.6}, 9, 0, 0),
        ValidatedTrial("unseen-2001", {"breast": 0.7, "myeloma": 0.3}, 0, 17, 13),
    ),
)


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_primary_says_whether_it_was_checked(origin):
    (first,) = origin_limits(origin, HELD_BACK)
    if origin == "breast":
        assert first.level == "note"
        assert "13 of their 17 published figures" in first.text
        assert "unseen-2001" in first.text
    else:
        assert first.level == "caution"
        assert "No independent check" in first.text
        assert ("seen-1999 (60 % of its patients)" in first.text) == (origin == "lung")


@pytest.mark.parametrize("origin", ORIGINS)
def test_newer_scales_are_not_checked_for_any_primary(origin):
    (first,) = origin_limits(origin, None)
    assert first.level == "caution"
    assert first.brief.endswith("not checked with these scales")
    assert len(first.brief) <= 63


def test_doubtful_weights_and_long_horizons_are_said():
    texts = {a.text: a.level for a in applicability(weights(k=0.9, ess=150.0), 60, 4.0)}
    assert len(texts) == 4
    assert "outside" in texts.values()
    assert any("Pareto k 0.90" in t for t in texts)
    assert any("4 effective parameter draws" in t for t in texts)
    assert any("150 effective virtual patients of 2000" in t for t in texts)
    assert applicability(weights(k=math.nan, used=()), 24, 32.0) == ()
    assert len(applicability(weights(k=math.inf), 24, 32.0)) == 1


def person(**keys):
    return Patient(60, "female", PrimaryTumour("breast"), assessed=dt.date(2026, 1, 2), **keys)


@pytest.mark.parametrize(
    ("patient", "level", "words"),
    [
        (person(ecog=3), "outside", "ECOG 3: the trials"),
        (
            person(lesions=(Lesion(site("T8"), epidural_grade="3"),)),
            "emergency",
            "The record meets spinal cord compression, suspected or present (epidural grade 3 at T8)",
        ),
        (
            person(observations=(Observation("calcium", 3.21, "mmol/L", dt.date(2026, 1, 2)),)),
            "same day",
            "Meets moderate hypercalcaemia: from 3.0 mmol/L or 12 mg/dL, ionised from 1.6 mmol/L "
            "(uncorrected calcium 3.21 mmol/L on 2026-01-02). By the table of urgency, which awaits clinical review, "
            "that is SAME DAY, at least",
        ),
    ],
)
def test_what_the_record_calls_for_is_said(patient, level, words):
    (found,) = emergencies_and_limits(patient)
    assert found.level == level
    assert found.text.startswith(words)


@pytest.mark.parametrize(
    ("quantity", "value", "censoring", "level", "said"),
    [
        ("corrected-calcium", 3.0, "=", "same day", "corrected calcium 3.00 mmol/L"),
        ("corrected-calcium", 3.4, "=", "same day", "corrected calcium 3.40 mmol/L"),
        ("corrected-calcium", 3.41, "=", "emergency", "corrected calcium 3.41 mmol/L"),
        ("calcium", 3.4, ">", "emergency", ">3.40 mmol/L"),
        ("calcium", 3.5, "<", "", ""),
        ("corrected-calcium", 2.99, "=", "", ""),
        ("ionised-calcium", 1.9, "=", "emergency", "ionised calcium 1.90 mmol/L"),
        ("ionised-calcium", 1.6, "=", "same day", "ionised calcium 1.60 mmol/L"),
        ("ionised-calcium", 1.9, "<", "", ""),
        ("ionised-calcium", 1.5, "=", "", ""),
    ],
)
def test_a_high_calcium_has_the_level_of_the_table_however_it_was_measured(quantity, value, censoring, level, said):
    seen = Observation(quantity, value, "mmol/L", dt.date(2026, 1, 2), censoring)
    found = emergencies_and_limits(person(observations=(seen,)))
    assert [one.level for one in found] == [level] * bool(level)
    assert all(f"{said} on 2026-01-02" in one.text for one in found)
    assert all(len(one.brief) <= 80 and "mmol/L)" in one.brief for one in found)


def test_a_person_who_does_not_walk_cannot_lose_walking():
    found = {one.about: one.text for one in emergencies_and_limits(person(ecog=4))}
    assert "loss of walking has no meaning" in found["not_walking"]
    assert "not_walking" not in {one.about for one in emergencies_and_limits(person(ecog=3))}


FEMUR = Lesion(site("femur-left-shaft"), cortical_involvement=0.55)
PELVIS = Lesion(site("pelvis-right-ilium"), size_mm=33.0)
RIB = Lesion(site("rib-left-7"), size_mm=5.0)
HALF = Lesion(site("pelvis-left-ilium"), size_mm=25.0)
T8 = Lesion(site("T8"), size_mm=22.0)


@pytest.mark.parametrize(
    ("lesions", "events", "count"),
    [
        ((FEMUR, PELVIS, RIB), (), 2),
        ((FEMUR, PELVIS, T8), (), 3),
        ((FEMUR, RIB), (), 0),
        ((FEMUR, HALF), (), 0),
        ((FEMUR, Lesion(site("pelvis-right-ilium"))), (), 0),
        ((FEMUR, PELVIS), (SkeletalEvent("fracture", FEMUR.site),), 0),
        ((FEMUR, PELVIS), (SkeletalEvent("radiotherapy", FEMUR.site),), 2),
        ((FEMUR, replace(T8, collapse_percent=30.0)), (), 0),
        ((FEMUR, replace(PELVIS, fixed=dt.date(2025, 6, 1))), (), 0),
    ],
)
def test_several_large_lesions_are_said_to_have_too_high_risks(lesions, events, count):
    found = [a for a in emergencies_and_limits(person(lesions=lesions, events=events)) if a.about == "large_lesions"]
    assert len(found) == bool(count)
    for one in found:
        assert one.level == "caution"
        assert f"{count} recorded lesions" in one.text
        assert "Risks are probably too high here" in one.text
        assert "left femur, shaft" in one.text
        assert "rib" not in one.text


def test_every_statement_has_a_short_form_for_one_line():
    patient = person(ecog=4, visceral_metastases=True, lesions=(FEMUR, PELVIS, Lesion(site("T8"), epidural_grade="2")))
    found = [
        *emergencies_and_limits(patient),
        *origin_limits("lung", HELD_BACK),
        *applicability(weights(k=0.9, ess=150.0), 60, 4.0),
    ]
    assert len({one.about for one in found}) == len(found) == 10
    assert all(0 < len(one.brief) <= 63 for one in found)


def test_an_ordinary_record_calls_for_nothing():
    lesions = (Lesion(site("T8"), epidural_grade="1c"), Lesion(site("L3")))
    calm = Observation("calcium", 2.6, "mmol/L", dt.date(2026, 1, 2))
    past = Observation("calcium", 3.4, "mmol/L", dt.date(2025, 1, 2))
    ordinary = person(ecog=2, visceral_metastases=True, lesions=lesions, observations=(past, calm))
    assert emergencies_and_limits(ordinary) == ()


def test_among_many_idle_parameters_none_is_called_more_than_chance():
    rng = np.random.default_rng(5)
    idle = [quantity(f"idle {i}", np.repeat(rng.normal(size=D), C)) for i in range(150)]
    outcome = (rng.random(N) < np.repeat(0.2 + 0.4 * rng.random(D), C)).astype(float)
    assert drivers(idle, outcome, SAMPLE) == ()
    # the list of assumptions is by strength alone and stays as it was
    assert len(strongest(idle, outcome, SAMPLE)) == 150


def test_a_parameter_of_a_drug_that_nobody_gets_is_no_reason():
    patient = person(lesions=(FEMUR,))
    used = used_parameters(patient)
    typical = Typical(Streams(1, np.arange(4), np.arange(4)), {}, {})

    def names(*regimens):
        return {one.name for one in drawn_parameters(used, typical, tuple(map(read_regimen, regimens)))}

    both = names("denosumab-q4w", "zoledronate-q4w")
    assert any("denosumab" in name for name in both)
    assert any("bisphosphonate" in name for name in both)
    assert not [name for name in names("denosumab-q4w", "supportive-care") if "bisphosphonate" in name]
    assert not [name for name in names("zoledronate-q4w") if "denosumab" in name]
    assert names("supportive-care") == {n for n in both if "denosumab" not in n and "bisphosphonate" not in n}


CORD = SkeletalEvent("cord-compression", site("T8"), dt.date(2025, 12, 28))


@pytest.mark.parametrize(
    ("events", "lesions", "emergency"),
    [
        ((CORD,), (T8,), True),
        ((replace(CORD, date=dt.date(2025, 6, 1)),), (T8,), False),
        ((replace(CORD, date=None),), (T8,), False),
        ((CORD, SkeletalEvent("surgery", site("T8"), dt.date(2025, 12, 29))), (T8,), False),
        ((CORD, SkeletalEvent("radiotherapy", site("L3"), dt.date(2025, 12, 29))), (T8,), True),
        ((CORD,), (replace(T8, irradiated=dt.date(2025, 12, 30)),), False),
    ],
)
def test_cord_compression_of_these_days_is_an_emergency_until_treated(events, lesions, emergency):
    found = {one.about: one for one in emergencies_and_limits(person(events=events, lesions=lesions))}
    assert ("cord_event" in found) == emergency
    if emergency:
        assert found["cord_event"].suppresses == ("cord_compression",)
        assert "2025-12-28" in found["cord_event"].text


def test_calcium_is_withheld_from_the_level_of_its_event():
    triggers = finding_rules()["hypercalcaemia"].triggers
    (rule,) = (one for one in triggers if one.id == "calcium.from-3")
    limits = {one.item: one.starting for one in rule.when[0].any}
    assert limits["calcium.mmol_l"] == file_of("hazards")["calcium_high"].value
    below = Observation("calcium", 3.4, "mmol/L", dt.date(2026, 1, 2), "<")
    assert emergencies_and_limits(person(observations=(below,))) == ()


@pytest.mark.parametrize(("lesion", "said"), [(FEMUR, True), (PELVIS, False), (replace(FEMUR, size_mm=5.0), True)])
def test_one_large_lesion_of_a_long_bone_calls_for_a_caution_on_rods(lesion, said):
    found = emergencies_and_limits(person(lesions=(lesion,)))
    assert [one.about for one in found] == (["large_long_bone"] if said else [])
    assert all("rule of care" in one.text for one in found)


@pytest.mark.parametrize(
    ("origin", "subtype", "said"),
    [
        ("prostate", "castration-resistant", True),
        ("prostate", None, True),
        ("prostate", "castration-sensitive", False),
        ("breast", None, False),
    ],
)
def test_the_order_of_events_in_prostate_cancer_is_doubted(origin, subtype, said):
    patient = Patient(70, "male", PrimaryTumour(origin, subtype), assessed=dt.date(2026, 1, 2))
    assert bool(order_limits(patient)) == said
