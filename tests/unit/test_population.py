"""Drawn patients: what the record says is kept, the rest is drawn, and each draw belongs to its patient alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from osteocast.course.hazards import HazardParams
from osteocast.course.layout import DAYS_PER_YEAR, PERSON, PERSON_INDEX, PLACE, PLACE_INDEX
from osteocast.course.lesion_table import KIND_LIMITS, LARGEST_EXTENT, NEW_LESIONS
from osteocast.course.population import Draws, draw_patients
from osteocast.course.rules import constants, rules_by_draw
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, SkeletalEvent
from osteocast.domain.site import SiteClass, site
from osteocast.domain.skeleton import section_width_mm
from osteocast.engine.system import fields_of
from osteocast.models import lesion as lesion_model

TODAY = dt.date(2026, 2, 10)
RECORDED = (
    Lesion(site("femur-left-shaft"), "lytic", size_mm=18.0, pain_on_loading=6.0, pain_at_rest=2.0),
    Lesion(site("L3"), "sclerotic", size_mm=12.0, epidural_grade="1b"),
    Lesion(site("T9"), "mixed", collapse_percent=20.0),
    Lesion(site("rib-left-7"), irradiated=dt.date(2025, 12, 1)),
    Lesion(site("humerus-right-proximal"), "lytic", cortical_involvement=0.4, fixed=dt.date(2025, 6, 1)),
    Lesion(site("sternum")),
)
RECORD = Patient(
    age_years=61.0,
    sex="female",
    primary=PrimaryTumour("breast"),
    weight_kg=70.0,
    ecog=1,
    assessed=TODAY,
    lesions=RECORDED,
    events=(SkeletalEvent("fracture", site("sternum"), dt.date(2025, 11, 1)),),
)
UNKNOWN = Patient(age_years=66.0, sex="female", primary=PrimaryTumour("breast"))


def draws(patient: Patient, keys: list[int] | range, seed: int = 5, draw: int | None = 0) -> Draws:
    """Draw the patients of some keys under one parameter draw, or (None) each under a draw of its own."""
    patients = np.asarray(keys, dtype=np.int64)
    streams = Streams(seed, patients, patients if draw is None else np.full(len(patients), draw, dtype=np.int64))
    return draw_patients(patient, Typical(streams, {}, {}))


def by_report_row(found: Draws, name: str) -> NDArray[np.float64]:
    """Return one column of `place` of the recorded lesions in the order of the record, shape (n, n_lesions)."""
    rows = found.place[:, :, PLACE_INDEX["report_index"]]
    order = np.argsort(rows, axis=1)
    column = np.take_along_axis(found.place[:, :, PLACE_INDEX[name]], order, axis=1)
    return column[:, : len(RECORDED)]


@pytest.fixture(scope="module")
def recorded() -> Draws:
    """Two hundred draws of the recorded patient."""
    return draws(RECORD, range(200))


@pytest.fixture(scope="module")
def unknown() -> Draws:
    """Draws of a patient of whom only age, sex and primary are known."""
    return draws(UNKNOWN, range(3000), draw=None)


def test_lesions_lie_where_the_record_says(recorded: Draws) -> None:
    assert (recorded.known == len(RECORDED)).all()
    assert recorded.place.shape == (200, len(RECORDED) + NEW_LESIONS, len(PLACE))
    assert (by_report_row(recorded, "site_class") == [lesion.site.code for lesion in RECORDED]).all()
    levels = [-1.0 if lesion.site.level is None else lesion.site.level for lesion in RECORDED]
    assert (by_report_row(recorded, "vertebra") == levels).all()


def test_recorded_kinds_stay_in_their_third_of_the_axis(recorded: Draws) -> None:
    theta = by_report_row(recorded, "phenotype")
    for row, lesion in enumerate(RECORDED):
        low, high = KIND_LIMITS[lesion.kind] if lesion.kind else (0.0, 1.0)
        assert (theta[:, row] >= max(low, 0.0)).all(), lesion.site.name
        assert (theta[:, row] <= min(high, 1.0)).all(), lesion.site.name
    assert theta[:, 3].std() > 0.05  # a kind that is not recorded is drawn


@pytest.mark.parametrize("kind", ["lytic", "mixed", "sclerotic"])
@pytest.mark.parametrize("origin", ["prostate", "myeloma"])
def test_unlikely_kinds_are_drawn_inside_their_third_too(origin: str, kind: str) -> None:
    patient = Patient(66.0, "male", PrimaryTumour(origin), lesions=(Lesion(site("L1"), kind),))  # type: ignore[arg-type]
    theta = draws(patient, range(500)).place[:, 0, PLACE_INDEX["phenotype"]]
    low, high = KIND_LIMITS[kind]
    assert np.isfinite(theta).all()
    assert theta.min() >= max(low, 0.0) - 1e-12
    assert theta.max() <= min(high, 1.0) + 1e-12


def test_sizes_become_extents_and_unknown_sizes_stay_unknown(recorded: Draws) -> None:
    seen = by_report_row(recorded, "seen_extent")
    assert seen[:, 0] == pytest.approx(18.0 / section_width_mm(RECORDED[0].site))
    assert seen[:, 1] == pytest.approx(12.0 / section_width_mm(RECORDED[1].site))
    assert seen[:, 4] == pytest.approx(0.4)
    assert np.isnan(seen[:, [2, 3, 5]]).all()


def test_measured_size_fixes_the_volume(recorded: Draws) -> None:
    names = [field.name for field in fields_of(lesion_model.Params)]
    order = np.argsort(recorded.place[:, :, PLACE_INDEX["report_index"]], axis=1)
    capacity = np.take_along_axis(recorded.lesions[:, :, names.index("capacity_volume")], order, axis=1)
    seen = by_report_row(recorded, "seen_extent")
    for row in (0, 1):
        size = RECORDED[row].size_mm
        assert size is not None
        # a sphere of the measured diameter, in mL
        assert capacity[:, row] * seen[:, row] ** 3 == pytest.approx(np.pi / 6 * size**3 / 1000)


def test_size_beyond_the_section_is_held_below_the_whole(recorded: Draws) -> None:
    huge = Patient(61.0, "female", PrimaryTumour("breast"), lesions=(Lesion(site("rib-left-7"), size_mm=90.0),))
    found = draws(huge, range(20))
    assert (found.place[:, 0, PLACE_INDEX["seen_extent"]] == LARGEST_EXTENT).all()
    names = [field.name for field in fields_of(lesion_model.Params)]
    volume = found.lesions[:, 0, names.index("capacity_volume")] * LARGEST_EXTENT**3
    assert volume == pytest.approx(np.pi / 6 * 90.0**3 / 1000)
    assert (recorded.lesions[:, :, names.index("extent_max")] <= LARGEST_EXTENT).all()


def test_history_of_a_lesion_is_kept(recorded: Draws) -> None:
    epidural = by_report_row(recorded, "seen_epidural")
    assert (epidural[:, 1] > 0.0).all()
    assert np.isnan(epidural[:, [0, 2, 3, 4, 5]]).all()
    assert (by_report_row(recorded, "fractured") == [0, 0, 1, 0, 0, 1]).all()
    assert (by_report_row(recorded, "rod") == [0, 0, 0, 0, 1, 0]).all()
    pain = by_report_row(recorded, "seen_pain")
    assert (pain[:, 0] == 6.0).all()
    assert np.isnan(pain[:, 1:]).all()
    treated = by_report_row(recorded, "treated_day")
    assert (treated[:, 3] == (dt.date(2025, 12, 1) - TODAY).days).all()
    assert (by_report_row(recorded, "seed_day")[:, 3] < treated[:, 3]).all()


def test_only_vertebrae_can_reach_the_canal_and_recorded_ones_do(recorded: Draws) -> None:
    names = [field.name for field in fields_of(lesion_model.Params)]
    growth = recorded.lesions[:, :, names.index("epidural_growth")]
    vertebra = recorded.place[:, :, PLACE_INDEX["site_class"]] <= SiteClass.VERTEBRA_LUMBAR
    assert (growth[~vertebra] == 0.0).all()
    order = np.argsort(recorded.place[:, :, PLACE_INDEX["report_index"]], axis=1)
    assert (np.take_along_axis(growth, order, axis=1)[:, 1] > 0.0).all()


def test_person_keeps_age_weight_and_performance_status(recorded: Draws) -> None:
    person = {name: recorded.person[:, PERSON_INDEX[name]] for name in PERSON}
    assert (person["age"] == 61.0).all()
    assert (person["walks"] == 1.0).all()
    assert person["ecog"].std() > 0.0  # what tempo and burden do not explain of the recorded grade
    assert person["tempo"].std() > 0.4
    bedbound = draws(replace(RECORD, ecog=4), range(3))
    assert (bedbound.person[:, PERSON_INDEX["walks"]] == 0.0).all()


def test_men_have_stronger_bone_by_one_shift() -> None:
    women = draws(RECORD, range(10)).person[:, PERSON_INDEX["bone_quality"]]
    men = draws(replace(RECORD, sex="male"), range(10)).person[:, PERSON_INDEX["bone_quality"]]
    shift = men - women
    assert np.ptp(shift) < 1e-12
    assert 0.0 < shift[0] < 0.3


def test_slots_run_from_the_oldest_lesion_to_those_not_there_yet(recorded: Draws, unknown: Draws) -> None:
    for found in (recorded, unknown):
        days = found.place[:, :, PLACE_INDEX["seed_day"]]
        assert (days[:, 1:] >= days[:, :-1]).all()
        assert (np.isfinite(days).sum(axis=1) == found.known).all()
        assert (days[np.isfinite(days)] <= -1.0).all()


def test_larger_lesions_were_seeded_earlier() -> None:
    """Of two lesions that differ in measured size only, the larger one has grown for longer."""
    pair = tuple(Lesion(site("L1"), "lytic", size_mm=size) for size in (6.0, 22.0))
    found = draws(replace(RECORD, lesions=pair, events=()), range(100))
    rows = found.place[:, :, PLACE_INDEX["report_index"]]
    days = np.take_along_axis(found.place[:, :, PLACE_INDEX["seed_day"]], np.argsort(rows, axis=1), axis=1)
    assert np.median(days[:, 1]) < np.median(days[:, 0])
    assert (days[:, 1] < days[:, 0]).mean() > 0.75


def assert_same(a: Draws, at_a: int, b: Draws, at_b: int) -> None:
    """Compare one patient of two cohorts, over the slots both have."""
    assert (a.body[at_a] == b.body[at_b]).all()
    assert (a.person[at_a] == b.person[at_b]).all()
    assert a.known[at_a] == b.known[at_b]
    slots = int(a.known[at_a]) + NEW_LESIONS
    np.testing.assert_array_equal(a.place[at_a, :slots], b.place[at_b, :slots])
    np.testing.assert_array_equal(a.lesions[at_a, :slots], b.lesions[at_b, :slots])


@pytest.mark.parametrize("patient", [RECORD, UNKNOWN], ids=["record", "unknown"])
def test_patient_seven_alone_is_patient_seven_of_a_cohort(patient: Patient) -> None:
    cohort = draws(patient, range(20))
    for key in (0, 7, 12, 19):  # among the unknown, some have few lesions and some many
        assert_same(draws(patient, [key]), 0, cohort, key)
    assert_same(draws(patient, [19, 7, 3]), 1, cohort, 7)
    assert (cohort.person[7] != cohort.person[8]).any()


def test_same_seed_same_patients_other_seed_others() -> None:
    first, again, other = draws(RECORD, range(5)), draws(RECORD, range(5)), draws(RECORD, range(5), seed=6)
    for at in range(5):
        assert_same(first, at, again, at)
    assert (first.person[:, PERSON_INDEX["tempo"]] != other.person[:, PERSON_INDEX["tempo"]]).all()
    assert (first.body != other.body).any()
    assert (first.lesions != other.lesions).any()


def test_parameter_draw_moves_typical_values_and_not_people() -> None:
    """Two parameter draws share the chance of each patient and differ in what is uncertain for everyone."""
    one, two = draws(UNKNOWN, range(50)), draws(UNKNOWN, range(50), draw=1)
    ratio = two.person[:, PERSON_INDEX["tempo"]] / one.person[:, PERSON_INDEX["tempo"]]
    assert np.ptp(ratio) < 1e-9
    assert ratio[0] != 1.0


def test_population_has_plausible_lesions(unknown: Draws) -> None:
    assert 5 <= np.median(unknown.known) <= 7
    assert unknown.known.min() >= 1
    assert unknown.known.max() <= 14
    present = np.isfinite(unknown.place[:, :, PLACE_INDEX["seed_day"]])
    classes = unknown.place[:, :, PLACE_INDEX["site_class"]][present]
    spine = (classes <= SiteClass.VERTEBRA_LUMBAR).mean()
    assert 0.25 < spine < 0.6
    theta = unknown.place[:, :, PLACE_INDEX["phenotype"]][present]
    assert 0.2 < theta.mean() < 0.4  # breast: mostly lytic (D12)
    age = -unknown.place[:, :, PLACE_INDEX["seed_day"]][present] / DAYS_PER_YEAR
    assert age.min() > 0.2
    assert age.max() < 2.5


def test_prostate_lesions_are_mostly_sclerotic() -> None:
    found = draws(Patient(70.0, "male", PrimaryTumour("prostate")), range(500), draw=None)
    present = np.isfinite(found.place[:, :, PLACE_INDEX["seed_day"]])
    theta = found.place[:, :, PLACE_INDEX["phenotype"]][present]
    assert (theta > 2 / 3).mean() > 0.6
    assert (theta < 1 / 3).mean() < 0.15


def test_fast_disease_has_more_lesions_that_grow_faster(unknown: Draws) -> None:
    tempo = unknown.latents["population.tempo"]
    assert tempo.std() == pytest.approx(0.71, rel=0.1)
    fast, slow = tempo > 0.5, tempo < -0.5
    assert unknown.known[fast].mean() > unknown.known[slow].mean()
    growth = unknown.lesions[:, 0, [f.name for f in fields_of(lesion_model.Params)].index("growth")]
    assert np.median(growth[fast]) > 1.3 * np.median(growth[slow])
    rate = unknown.person[:, PERSON_INDEX["seeding_rate"]]
    assert np.median(rate[fast]) > 1.3 * np.median(rate[slow])


def test_every_drawn_number_is_usable(unknown: Draws, recorded: Draws) -> None:
    for found in (unknown, recorded):
        assert np.isfinite(found.body).all()
        assert np.isfinite(found.lesions).all()
        assert np.isfinite(found.person).all()
        assert found.person.flags.c_contiguous
        assert found.body.flags.c_contiguous


def test_fixed_values_are_in_the_unit_of_their_file_whoever_reads_them() -> None:
    one = np.zeros(1, dtype=np.int64)
    typical = Typical(Streams(1, one, one), {}, {"hazards.referral_rate": 2.0})
    assert typical.get("hazards", "referral_rate")[0] == 2.0  # 1/year
    read = constants(HazardParams, "hazards", typical).referral_rate  # 1/day
    assert read == pytest.approx(2.0 / DAYS_PER_YEAR)


def test_rules_of_a_draw_are_the_same_alone_and_among_others() -> None:
    keys = np.arange(12, dtype=np.int64)
    typical = Typical(Streams(5, keys, keys), {}, {})
    together = rules_by_draw(typical, False)
    for i, found in together.items():
        alone = rules_by_draw(typical.take(np.array([i])), False)[i]
        np.testing.assert_array_equal(found.sites, alone.sites)
        same = {"sites": 0, "calendar": 0, "options": 0}
        assert found._replace(**same) == alone._replace(**same)
    assert len({found.hazard.referral_rate for found in together.values()}) == len(keys)


def test_filtration_falls_with_age_where_no_creatinine_is_known() -> None:
    young, old = (draws(replace(UNKNOWN, age_years=age), range(400)).latents["kidney.gfr"] for age in (45.0, 75.0))
    assert np.median(old) / np.median(young) == pytest.approx(65 / 95, rel=1e-6)
    assert 60 < np.median(draws(UNKNOWN, range(400)).latents["kidney.gfr"]) < 75
    assert 0.25 < np.log(old).std() < 0.42  # creatinine, weight and the error of the formula


def test_heavy_people_filter_more_where_no_creatinine_is_known() -> None:
    light, heavy = (draws(replace(UNKNOWN, weight_kg=kg), range(50)).latents["kidney.gfr"] for kg in (50.0, 100.0))
    assert heavy / light == pytest.approx(2.0)


def test_a_recorded_creatinine_goes_before_the_population() -> None:
    seen = Observation("creatinine", 177.0, "umol/L", TODAY)
    recorded = replace(UNKNOWN, weight_kg=68.0, assessed=TODAY, observations=(seen,))
    found = draws(recorded, range(400)).latents["kidney.gfr"]
    assert np.median(found) == pytest.approx(0.85 * 74 * 68 / (72 * 177 / 88.4), rel=0.03)
    assert np.log(found).std() < 0.2


def test_most_people_take_calcium_and_some_do_not() -> None:
    streams = Streams(5, np.arange(1000), np.zeros(1000, dtype=np.int64))
    plain = {"population.supplement_calcium": 12.5, "population.diet_calcium_female": 18.3}
    intake = []
    for share in (0.0, 0.8, 1.0):
        fixed = plain | {"population.supplement_share": share}
        intake.append(draw_patients(UNKNOWN, Typical(streams, {}, fixed)).latents["mineral.oral_calcium"])
    takes = intake[1] > intake[0]
    assert 0.76 < takes.mean() < 0.84
    assert intake[2] - intake[0] == pytest.approx(12.5)  # 500 mg
    assert np.mean(intake[0]) == pytest.approx(19.7, rel=0.05)  # 788 mg from food
    assert np.mean(intake[0] > 30.0) == pytest.approx(0.09, abs=0.03)  # more than 1200 mg
