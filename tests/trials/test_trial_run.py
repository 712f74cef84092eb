"""Simulated trials: cohorts, entry, allocation, kept work; the same bytes however a trial is run."""

import dataclasses
import json

import jsonschema
import numpy as np
import pytest
from tests.trials.small import raw_trial, small_trial

from osteocast.domain.trial import EntryCriterion
from osteocast.formats.schema import schemas
from osteocast.foundation.errors import ForecastError, InputError
from osteocast.trials import cohort
from osteocast.trials.allocation import allocate, arm_list
from osteocast.trials.checkpoint import open_checkpoint
from osteocast.trials.cohort import Group, groups_of, hopeless, numbers_of_groups
from osteocast.trials.entry import QUANTITIES, meets
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import published_patients, simulate_trial
from osteocast.trials.subjects import arrays_of, from_arrays, nobody, together

SETTINGS = TrialSettings(24, 2)


@pytest.fixture(scope="module")
def trial():
    return small_trial()


@pytest.fixture(scope="module")
def fresh(trial):
    return simulate_trial(trial, SETTINGS)


def text(result):
    return json.dumps(result.to_dict())


def same(a, b):
    return all(np.array_equal(x, arrays_of(b)[name], equal_nan=x.dtype.kind == "f") for name, x in arrays_of(a).items())


def test_the_result_meets_its_schema(fresh):
    schema = schemas()["trial-result.schema.json"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text(fresh)))


def test_workers_and_kept_work_do_not_change_a_byte(trial, fresh, tmp_path):
    assert text(simulate_trial(trial, SETTINGS, tmp_path / "w", workers=2)) == text(fresh)
    assert text(simulate_trial(trial, SETTINGS, tmp_path / "w", workers=1)) == text(fresh)


def test_a_run_that_was_stopped_goes_on_where_it_stopped(trial, fresh, tmp_path):
    def stop(what, done, total):
        if what == "replicates":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_trial(trial, SETTINGS, tmp_path, progress=stop)
    (tmp_path / ".replicate-0001.json.x1").write_text("half")
    told = []
    again = simulate_trial(trial, SETTINGS, tmp_path, progress=lambda *news: told.append(news[0]))
    assert text(again) == text(fresh)
    assert told[0] == "replicates"  # the first was not simulated again before it was used
    assert not list(tmp_path.glob(".*"))


def test_damaged_work_is_computed_again(trial, fresh, tmp_path):
    simulate_trial(trial, SETTINGS, tmp_path)
    unit = tmp_path / "replicate-0000-group-00-block-0000.npz"
    raw = bytearray(unit.read_bytes())
    raw[len(raw) // 2] ^= 255
    unit.write_bytes(raw)
    note = tmp_path / "replicate-0001.json"
    note.write_text("{")
    told = []
    assert text(simulate_trial(trial, SETTINGS, tmp_path, notice=told.append)) == text(fresh)
    assert sorted(told) == [
        f"{unit.name} is damaged and is computed again",
        f"{note.name} is damaged or of another run and is computed again",
    ]
    # whole as JSON, but without its parts or with another number
    whole = json.loads(note.read_text())
    whole["made"]["endpoints"]["death-ratio"]["estimate"]["n"] += 1
    for changed in ({}, whole):
        note.write_text(json.dumps(changed))
        told.clear()
        assert text(simulate_trial(trial, SETTINGS, tmp_path, notice=told.append)) == text(fresh)
        assert told == [f"{note.name} is damaged or of another run and is computed again"]


def test_whole_files_of_another_run_are_not_taken_for_own_ones(trial, fresh, tmp_path):
    """A block or a note that is whole, but of another seed, lies under the right name in the right folder."""
    simulate_trial(trial, SETTINGS, tmp_path / "own")
    simulate_trial(trial, dataclasses.replace(SETTINGS, seed=7), tmp_path / "other")
    for name in ("replicate-0000-group-00-block-0000.npz", "replicate-0001.json"):
        (tmp_path / "own" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    told = []
    assert text(simulate_trial(trial, SETTINGS, tmp_path / "own", notice=told.append)) == text(fresh)
    assert any("belongs to another run" in one for one in told)
    assert any("of another run" in one for one in told)


def test_work_of_others_is_not_touched(trial, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match=r"trial\.foreign-work"):
        open_checkpoint(tmp_path, "a", print)
    open_checkpoint(tmp_path / "w", "a", print)
    open_checkpoint(tmp_path / "w", "a", print)
    with pytest.raises(InputError, match=r"trial\.foreign-work"):
        open_checkpoint(tmp_path / "w", "b", print)
    (tmp_path / "w" / "work-of.json").write_text("{")
    with pytest.raises(InputError, match=r"trial\.foreign-work"):
        open_checkpoint(tmp_path / "w", "a", print)
    assert [one.name for one in (tmp_path / "w").iterdir()] == ["work-of.json"]


def test_two_identical_arms_differ_by_exactly_nothing_in_the_same_patients():
    raw = raw_trial()
    for arm in raw["arms"]:
        arm["regimen"] = "denosumab-q4w"
    result = simulate_trial(small_trial(arms=raw["arms"]), TrialSettings(24, design="counterfactual"))
    subjects = result.subjects
    first, second = (subjects.take(subjects.arm == arm) for arm in (0, 1))
    assert first.n == second.n == 24
    assert same(first, dataclasses.replace(second, arm=first.arm))
    values = {one.name: one.middle for one in result.endpoints}
    assert values["untx-q4w"] == values["untx-q12w"]
    for name in ("first-event-ratio", "all-events-ratio", "death-ratio"):
        assert values[name] == 1.0 or np.isnan(values[name])
    assert all(one.superior is None for one in result.contrasts.values())


def test_patients_do_not_depend_on_the_size_of_the_trial(trial, fresh):
    larger = simulate_trial(trial, TrialSettings(40)).subjects
    small = fresh.subjects
    chosen = np.isin(larger.key, small.key)
    order = [np.argsort(one.key, kind="stable") for one in (small, larger.take(chosen))]
    for name in ("key", "arm", "stratum", "entry", "death_day", "series", "drop_out_day"):
        a, b = getattr(small, name)[order[0]], getattr(larger.take(chosen), name)[order[1]]
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name


def test_arms_do_not_depend_on_the_size_of_other_groups():
    raw = raw_trial()
    raw["populations"][0]["female"]["value"] = 60
    mixed = small_trial(populations=raw["populations"], allocation=raw["allocation"] | {"strata": []})
    small, large = (simulate_trial(mixed, TrialSettings(n)).subjects for n in (20, 40))
    arm_of = dict(zip(large.key.tolist(), large.arm.tolist(), strict=True))
    assert [arm_of[key] for key in small.key.tolist()] == small.arm.tolist()


def test_parallel_arms_are_balanced_within_each_stratum(fresh):
    subjects = fresh.subjects
    assert len(np.unique(subjects.key)) == subjects.n == 24
    for stratum in np.unique(subjects.stratum):
        own = subjects.arm[subjects.stratum == stratum]
        assert abs(np.count_nonzero(own == 0) - np.count_nonzero(own == 1)) <= 2


def test_whole_blocks_are_balanced_exactly_and_simple_allocation_follows_the_shares(trial):
    stratum, place = np.repeat([0, 5], 400), np.tile(np.arange(400), 2)
    arm = allocate(trial, 1, 0, stratum, place)
    for block in arm.reshape(-1, 4):
        assert np.count_nonzero(block == 0) == 2
    assert not np.array_equal(arm[:400], arm[400:])
    assert not np.array_equal(arm, allocate(trial, 1, 1, stratum, place))
    simple = small_trial(allocation={"method": "simple", "why": "test"})
    assert np.mean(allocate(simple, 1, 0, stratum * 0, np.arange(800)) == 0) == pytest.approx(0.5, abs=0.06)
    minimised = small_trial(allocation={"method": "minimisation", "why": "test"})
    with pytest.raises(InputError, match=r"trial\.allocation"):
        allocate(minimised, 1, 0, stratum, place)


@pytest.mark.parametrize(
    ("shares", "size", "numbers"),
    [((0.5, 0.5), 4, [2, 2]), ((2 / 3, 1 / 3), 6, [4, 2]), ((0.34, 0.33, 0.33), 4, [2, 1, 1]), ((1.0,), 2, [2])],
)
def test_a_block_holds_the_arms_by_their_shares(shares, size, numbers):
    assert np.bincount(arm_list(shares, size)).tolist() == numbers


def test_arms_and_blocks_without_anybody_are_no_fault(trial, fresh):
    empty = nobody(6, len(QUANTITIES))
    assert same(together([empty, fresh.subjects, empty]), fresh.subjects)
    assert {name: array.dtype for name, array in arrays_of(together([empty, fresh.subjects])).items()} == {
        name: array.dtype for name, array in arrays_of(fresh.subjects).items()
    }
    lonely = simulate_trial(trial, TrialSettings(2))
    assert lonely.to_dict()["trial"]["arms"][0]["n"] + lonely.to_dict()["trial"]["arms"][1]["n"] == 2


@pytest.mark.parametrize("patients", [2, 7, 100, 2000])
@pytest.mark.parametrize("shares", [(1.0,), (0.7, 0.3), (0.333, 0.333, 0.333), (0.335, 0.335, 0.335)])
def test_groups_together_have_all_patients(patients, shares):
    groups = tuple(Group(i, "female", share, None) for i, share in enumerate(shares))
    numbers = numbers_of_groups(groups, patients)
    assert sum(numbers) == patients
    assert max(abs(n - s / sum(shares) * patients) for n, s in zip(numbers, shares, strict=True)) < 1.0


def test_groups_are_population_and_sex():
    raw = raw_trial()
    raw["populations"][0]["female"]["value"] = 99
    groups = groups_of(small_trial(populations=raw["populations"]))
    assert [(one.sex, round(one.share, 9)) for one in groups] == [("female", 0.99), ("male", 0.01)]
    assert len(groups_of(small_trial())) == 1


def test_criteria_hold_at_their_limits_and_a_missing_value_meets_none():
    values = np.zeros((4, len(QUANTITIES)))
    ecog = list(QUANTITIES).index("ecog")
    values[:, ecog] = [0.0, 2.0, 3.0, np.nan]
    assert meets((), values).all()
    assert meets((EntryCriterion("ecog", None, 2.0, "1"),), values).tolist() == [True, True, False, False]
    assert meets((EntryCriterion("ecog", 2.0, None, "1"),), values).tolist() == [False, True, True, False]
    both = (EntryCriterion("ecog", 2.0, 2.0, "1"), EntryCriterion("walking", 1.0, 1.0, ""))
    assert not meets(both, values).any()


def test_admitted_patients_meet_the_criteria(trial, fresh):
    assert meets(trial.entry, fresh.subjects.entry).all()


def test_a_population_enters_on_its_line_and_the_first_is_neutral(trial, fresh):
    raw = raw_trial()
    raw["populations"][0]["line_number"] = dict(raw["populations"][0]["lesions"], value=1)
    first = simulate_trial(small_trial(populations=raw["populations"]), SETTINGS)
    assert same(first.subjects, fresh.subjects)
    raw["populations"][0]["line_number"]["value"] = 2
    second = simulate_trial(small_trial(populations=raw["populations"]), dataclasses.replace(SETTINGS, replicates=1))
    lines = second.subjects.entry[:, list(QUANTITIES).index("therapy-line")]
    assert lines.min() == 2
    assert fresh.subjects.entry[:, list(QUANTITIES).index("therapy-line")].min() == 1


def test_a_search_without_hope_ends_early(trial, monkeypatch):
    assert not hopeless(0, 3 * cohort.BLOCK, 50)
    assert hopeless(0, 4 * cohort.BLOCK, 50)
    assert not hopeless(3, 4 * cohort.BLOCK, 50)
    # of 2,000 patients three in 2,048 candidates would need more candidates than there are keys
    assert hopeless(3, 4 * cohort.BLOCK, 2000)
    tried = []
    real = cohort.candidates

    def nobody(*arguments):
        tried.append(arguments)
        found = real(*arguments)
        none = np.zeros(0, dtype=np.int64)
        return cohort.Entered(found.present.take(none, none), found.entry[:0], none)

    monkeypatch.setattr("osteocast.trials.run.candidates", nobody)
    with pytest.raises(ForecastError, match=r"trial\.nobody-left.*\n.*0 of 2,048 candidates"):
        simulate_trial(trial, TrialSettings(2000))
    assert len(tried) == 4


def test_subjects_are_taken_apart_and_put_together(fresh):
    subjects = fresh.subjects
    assert same(from_arrays(arrays_of(subjects)), subjects)
    odd = np.arange(subjects.n) % 2 == 1
    parts = [subjects.take(odd), subjects.take(~odd)]
    joined = together(parts)
    assert joined.n == subjects.n
    assert len(joined.observed.day) == len(subjects.observed.day)
    for n, part in enumerate(parts):
        assert (part.observed.patient < part.n).all()
        shifted = joined.observed.patient[: len(part.observed.day)] if n == 0 else joined.observed.patient
        assert np.array_equal(shifted[-len(part.observed.day) :] - n * parts[0].n, part.observed.patient)


def test_the_published_number_is_the_default(trial):
    assert published_patients(trial) == 1400
    arms = raw_trial()["arms"]
    del arms[0]["n"]
    with pytest.raises(InputError, match=r"trial\.setting\] small: n"):
        published_patients(small_trial(arms=arms))


def test_replicates_differ_and_the_first_is_that_of_a_single_run(trial, fresh):
    single = simulate_trial(trial, TrialSettings(24))
    assert same(single.subjects, fresh.subjects)
    changes = next(one for one in fresh.endpoints if one.name == "untx-q4w")
    assert changes.estimates[0].value != changes.estimates[1].value
    power = fresh.contrasts["first-event-ratio"]
    assert power.superior is not None
    assert power.non_inferior is not None
    assert 0.0 <= power.superior.low <= power.superior.value <= power.superior.high <= 1.0
