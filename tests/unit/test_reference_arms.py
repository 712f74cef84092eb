"""Reference arms: the estimators against numbers worked out by hand, small cohorts, the file of arms and levels."""

import dataclasses
import math

import numpy as np
import pytest

from osteocast.course.courses import EVENT_FIELDS, LESION_SERIES, PATIENT_SERIES, Courses, EventKind
from osteocast.course.detection import Surveys, as_simulated, detect
from osteocast.course.event_definitions import event_definition
from osteocast.evidence.load import load_targets
from osteocast.foundation.errors import EvidenceError
from osteocast.inference.calibration_file import CALIBRATION, read_calibration, standard_error
from osteocast.inference.estimators import first_event_share, kaplan_meier, median_survival
from osteocast.inference.published_levels import fingerprint, level_of, simulated_levels
from osteocast.inference.reference_arms import ArmCourses, TypicalStreams, _record, entry_of, simulate_arm

FRACTURES = {EventKind.VERTEBRAL_FRACTURE, EventKind.NON_VERTEBRAL_FRACTURE}
SRE = FRACTURES | {EventKind.CORD_COMPRESSION, EventKind.RADIOTHERAPY, EventKind.SURGERY}


@pytest.fixture(scope="module")
def plan():
    return read_calibration()


def courses_of(events, n, pain=0.0, death=()):
    table = np.array([(c, d, seen, int(k), -1, 1) for c, d, seen, k in events], dtype=EVENT_FIELDS)
    series = np.full((n, 13, len(PATIENT_SERIES)), pain)
    days = np.full(n, np.nan)
    days[: len(death)] = death
    times = np.arange(13) * 30.4375
    lesions = np.zeros((n, 1, 13, len(LESION_SERIES)))
    return Courses(n, 12, times, table, days, series, lesions, np.zeros(n, dtype=np.int8))


def test_kaplan_meier_by_hand():
    # At risk 7, 6, 4, 2 at the deaths on days 6, 7, 10, 15; the one censored on day 7 was still at risk on it.
    time = np.array([6.0, 7.0, 7.0, 9.0, 10.0, 15.0, 20.0])
    died = np.array([True, True, False, False, True, True, False])
    times, survival = kaplan_meier(time, died)
    np.testing.assert_array_equal(times, [6.0, 7.0, 10.0, 15.0])
    by_hand = [6 / 7, 6 / 7 * 5 / 6, 6 / 7 * 5 / 6 * 2 / 3, 6 / 7 * 5 / 6 * 2 / 3 * 1 / 2]
    np.testing.assert_allclose(survival, by_hand)
    assert median_survival(time, died) == 10.0


def test_kaplan_meier_counts_several_deaths_of_one_day_together():
    times, survival = kaplan_meier(np.array([5.0, 5.0, 8.0, 9.0]), np.array([True, True, False, True]))
    np.testing.assert_array_equal(times, [5.0, 9.0])
    np.testing.assert_allclose(survival, [0.5, 0.0])


def test_a_median_that_is_not_reached_is_no_number():
    assert math.isnan(median_survival(np.array([5.0, 9.0, 9.0]), np.array([True, False, False])))
    assert math.isnan(median_survival(np.array([5.0, 9.0]), np.array([False, False])))


def test_first_events_by_hand():
    k = EventKind
    courses = courses_of(
        [
            (0, -20.0, -20.0, k.RADIOTHERAPY),  # before entry
            (0, 50.0, 84.0, k.VERTEBRAL_FRACTURE),  # found at the survey of day 84, after the radiotherapy
            (0, 60.0, 60.0, k.RADIOTHERAPY),
            (1, 30.0, 30.0, k.SURGERY),  # on the day of the fracture it is for
            (1, 30.0, 30.0, k.NON_VERTEBRAL_FRACTURE),
            (2, 100.0, 168.0, k.VERTEBRAL_FRACTURE),  # found only after the patient left
            (3, 40.0, np.nan, k.VERTEBRAL_FRACTURE),  # never found
            (4, 90.0, 90.0, k.HYPERCALCAEMIA),  # not counted by this trial
            (4, 95.0, 95.0, k.CORD_COMPRESSION),
        ],
        n=6,
    )
    exit_day = np.array([365.0, 365.0, 120.0, 365.0, 365.0, 365.0])
    seen, sre = as_simulated(courses, exit_day), event_definition("SRE")
    shares = {kind: first_event_share(seen, sre, {kind}) for kind in SRE}
    assert shares[k.RADIOTHERAPY] == pytest.approx(100 / 6)
    assert shares[k.NON_VERTEBRAL_FRACTURE] == pytest.approx(100 / 6)
    assert shares[k.CORD_COMPRESSION] == pytest.approx(100 / 6)
    assert shares[k.VERTEBRAL_FRACTURE] == shares[k.SURGERY] == 0.0
    assert first_event_share(seen, sre, SRE) == pytest.approx(sum(shares.values()))
    assert first_event_share(as_simulated(courses_of([], 4), np.full(4, 9.0)), sre, SRE) == 0.0


def test_a_change_of_therapy_counts_only_in_pain_and_only_where_the_trial_counts_it(plan):
    saad = next(found for found in plan.levels if found.level.target == "EV0142")
    stopeck = next(found for found in plan.levels if found.level.target == "EV0004")
    changes = [(0, 40.0, 40.0, EventKind.CHANGE_OF_SYSTEMIC_THERAPY)]

    def share(pain, level):
        return level_of(ArmCourses(courses_of(changes, 2, pain), np.full(2, 365.0), np.full(2, 365.0)), level)

    assert share(7.0, saad) == 50.0
    assert share(5.0, saad) == 0.0
    assert share(7.0, stopeck) == 0.0


def test_typical_streams_leave_only_people_and_chance():
    streams = TypicalStreams(3, np.arange(4), np.zeros(4, dtype=np.int64))
    assert not streams.typical("lesion.growth").any()
    assert streams.person("population.tempo").std() > 0
    kept = dataclasses.replace(streams, patients=np.arange(2), draws=np.zeros(2, dtype=np.int64))
    assert not kept.typical("lesion.growth").any()


def test_the_plan_is_what_its_decision_says(plan):
    assert [found.level.target for found in plan.levels] == ["EV0009", "EV0007", "EV0004", "EV0142", "EV0157"]
    targets = load_targets()
    assert all(targets[found.level.target].use == "fit" for found in plan.levels)
    first = {found.level.target: found.level for found in plan.levels}
    assert first["EV0009"].standard_error == pytest.approx(100 * math.sqrt(0.233 * 0.767 / 1020))
    assert first["EV0157"].standard_error == pytest.approx(464 / (math.log(2) * math.sqrt(208)))
    with pytest.raises(ValueError, match="unit"):
        standard_error(targets["EV0001"])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('target = "EV0142"', 'target = "EV0001x"', "calibration.target-use"),
        ('arm = "placebo"', 'arm = "sugar"', "calibration.input"),
        ('trial = "saad-2002"', 'trial = "major-2001"', "calibration.input"),
        ('trial = "saad-2002"', 'trial = "saad-2003"', "trial.unknown"),
        ('target = "EV0157"', 'target = "EV0145"', "calibration.level"),
        ('target = "EV0157"', 'target = "EV0132"', "calibration.level"),
        ('target = "EV0157"', 'target = "EV0156"', "calibration.level"),
        ('arm = "saad-placebo"', 'arm = "nobody"', "calibration.level"),
        ("seed = 20021002", "seed = ]", "calibration.file"),
        ("[[levels]]", "[[level]]", "calibration.file"),
    ],
)
def test_a_flawed_file_is_refused(tmp_path, old, new, code):
    file = tmp_path / "calibration.toml"
    file.write_text(CALIBRATION.read_text().replace(old, new))
    with pytest.raises(EvidenceError) as caught:
        read_calibration(file)
    assert code in {issue.code for issue in caught.value.issues}


@pytest.mark.parametrize("use", ["check", "input", "excluded"])
def test_held_back_figures_are_never_calibrated_on(use):
    targets = load_targets()
    changed = targets | {"EV0142": dataclasses.replace(targets["EV0142"], use=use)}
    with pytest.raises(EvidenceError) as caught:
        read_calibration(targets=changed)
    assert [issue.code for issue in caught.value.issues] == ["calibration.target-use"]


def test_levels_that_nobody_read_and_too_many_levels_are_refused(tmp_path):
    targets = {key: dataclasses.replace(target, checked=False) for key, target in load_targets().items()}
    with pytest.raises(EvidenceError) as caught:
        read_calibration(targets=targets)
    assert [issue.code for issue in caught.value.issues] == ["calibration.unchecked"]
    text = CALIBRATION.read_text()
    level = "\n[[levels]]\n" + text.split("\n[[levels]]\n")[1]
    file = tmp_path / "calibration.toml"
    file.write_text(text + level * 2)
    with pytest.raises(EvidenceError) as caught:
        read_calibration(file)
    assert [issue.code for issue in caught.value.issues] == ["calibration.too-many-levels"]


def test_arms_and_levels_stand_in_the_files_of_trials(plan):
    breast, prostate = plan.arms["stopeck-zoledronate"], plan.arms["saad-placebo"]
    assert (breast.origin, breast.sex, breast.regimen.name) == ("breast", "female", "zoledronate-q4w")
    assert (prostate.origin, prostate.sex, prostate.regimen.name) == ("prostate", "male", "supportive-care")
    names = ("age", "line_started", "line_strength", "oldest_lesion", "lesions", "survey_interval", "withdrawal",
             "earliest_exit", "latest_exit", "cut_off", "simulated")  # fmt: skip
    assert [breast[name] for name in names] == [57, 120, 1.0, 1.2, 6, 84, 0.35, 0.9, 3.2, 36, 36]
    assert [prostate[name] for name in names] == [72, 120, 0.5, 1.58, 8, 84, 0.39, 2.0, 2.0, 24, 48]
    levels = {found.level.target: found for found in plan.levels}
    change = EventKind.CHANGE_OF_SYSTEMIC_THERAPY
    counted = {
        name: {kind: part.least_pain for part in found.definition.components for kind in part.kinds}
        for name, found in levels.items()
        if found.definition is not None
    }
    assert levels["EV0009"].first == FRACTURES
    assert levels["EV0007"].first == {EventKind.RADIOTHERAPY}
    assert levels["EV0004"].first == SRE
    assert levels["EV0142"].first == SRE | {change}
    assert levels["EV0157"].first == set()
    for name in ("EV0009", "EV0007", "EV0004"):
        assert counted[name] == dict.fromkeys(SRE)
    assert counted["EV0142"] == dict.fromkeys(SRE) | {change: 7.0}
    assert "EV0157" not in counted


def test_a_version_of_the_model_has_one_fingerprint():
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 64


@pytest.fixture(scope="module")
def placebo(plan):
    return simulate_arm(plan.arms["saad-placebo"], {}, 64, plan.seed, workers=1)


def test_patients_leave_by_withdrawal_death_or_data_cut(plan, placebo):
    arm = plan.arms["saad-placebo"]
    assert np.all(placebo.exit_day > 0)
    assert np.all(placebo.exit_day <= arm["cut_off"] * 30.4375)
    assert np.all(placebo.exit_day <= placebo.end_day)
    died = ~np.isnan(placebo.courses.death_day)
    assert np.all(placebo.end_day[died] == placebo.courses.death_day[died])
    assert 0.1 < np.mean(placebo.exit_day >= 456.0) < 0.6


def test_the_schedule_of_the_trial_finds_what_the_simulation_found(plan, placebo):
    surveys = Surveys(interval_days=plan.arms["saad-placebo"]["survey_interval"])
    ours = detect(placebo.courses, surveys, placebo.exit_day)
    stored = as_simulated(placebo.courses, placebo.exit_day)
    for name in ("exit_day", "died", "patient", "day", "kind", "number", "raw"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(stored, name))
    assert (ours.after_day < ours.until_day).sum() == np.isnan(stored.after_day).sum() > 0


def test_patients_enter_with_a_history(placebo):
    events = placebo.courses.events
    before = np.unique(events["course"][(events["day"] < 0) & np.isin(events["kind"], [int(k) for k in SRE])])
    assert 0.1 < len(before) / 64 < 0.7


def test_an_arm_is_the_same_with_any_number_of_workers_and_of_patients(plan, placebo):
    fewer = simulate_arm(plan.arms["saad-placebo"], {}, 40, plan.seed, workers=2)
    np.testing.assert_array_equal(fewer.exit_day, placebo.exit_day[:40])
    np.testing.assert_array_equal(fewer.courses.death_day, placebo.courses.death_day[:40])
    same = placebo.courses.events[placebo.courses.events["course"] < 40]
    assert fewer.courses.events.tobytes() == same.tobytes()


def test_scales_move_the_levels_the_right_way_on_common_random_numbers(plan, placebo):
    weak = simulate_arm(plan.arms["saad-placebo"], {"strength": 1.6}, 64, plan.seed)
    frail = simulate_arm(plan.arms["saad-placebo"], {"survival": 2.0}, 64, plan.seed)
    # Over the whole course: bones that broke before entry cannot be the first event after it.
    broken = [np.isin(a.courses.events["kind"], [int(k) for k in FRACTURES]).sum() for a in (placebo, weak)]
    assert broken[1] > 1.1 * broken[0]
    dead = [np.where(np.isnan(a.courses.death_day), np.inf, a.courses.death_day) for a in (placebo, frail)]
    assert np.all(dead[1] <= dead[0])
    assert np.any(dead[1] < dead[0])


def test_every_level_gets_a_finite_number(plan):
    levels = simulated_levels(plan, {}, 64)
    assert set(levels) == {found.level.target for found in plan.levels}
    assert all(math.isfinite(value) and value > 0 for value in levels.values())
    assert simulated_levels(plan, {}, 64, workers=1) == levels


def test_the_prostate_trial_keeps_its_subtype(plan):
    arm = plan.arms["saad-placebo"]
    assert arm.subtype == "castration-resistant"
    assert _record(arm).primary.subtype == "castration-resistant"
    assert entry_of(arm) != entry_of(dataclasses.replace(arm, subtype=None))
    assert plan.arms["stopeck-denosumab"].subtype is None
