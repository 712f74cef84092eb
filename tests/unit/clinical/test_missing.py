"""Missing is never zero: bounds hold every completion, what is settled is said, the useful question comes first."""

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.clinical.combinations import POINT_SUMS, complete_items, every_combination, summed

import osteocast
from osteocast.clinical.score import apply_instrument
from osteocast.formats.instrument_file import instrument, instrument_names

NAMES = [name for name in instrument_names() if name != "urgency"]  # which says "at least" instead


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("name", NAMES)
def test_what_is_possible_holds_every_completion(name, data):
    full = data.draw(complete_items(name))
    entry = instrument(name)
    droppable = [key for key in full if entry.items[key].default is None]
    missing = data.draw(st.sets(st.sampled_from(droppable)))
    complete = apply_instrument(name, full, unchecked=True)
    partial = apply_instrument(name, {k: v for k, v in full.items() if k not in missing}, unchecked=True)
    assume(complete.applicable and partial.applicable)
    for before, after in zip(partial.answers, complete.answers, strict=True):
        assert after.settled
        if before.possible:
            assert after.value in before.possible
        if before.bounds:
            assert before.bounds[0] - 1e-9 <= after.value <= before.bounds[1] + 1e-9


@pytest.mark.parametrize("name", POINT_SUMS)
def test_bounds_and_totals_are_exactly_those_of_the_completions(name):
    items = summed(name)
    some = next(itertools.islice(every_combination(name), 7, None))
    for size in range(len(items) + 1):
        for known in itertools.combinations(items, size):
            found = apply_instrument(name, {key: some[key] for key in known}, unchecked=True).answer("total")
            rest = [items[key].values() if key not in known else [items[key][some[key]]] for key in items]
            reachable = sorted({sum(points) for points in itertools.product(*rest)})
            assert list(found.possible) == reachable
            assert found.bounds == (reachable[0], reachable[-1])
            assert found.value == (reachable[0] if len(reachable) == 1 else None)


@pytest.mark.parametrize("name", instrument_names())
def test_nothing_given_settles_no_total_and_no_grade(name):
    found = apply_instrument(name, {}, unchecked=True)
    main = found.answer(found.entry.main)
    assert name == "urgency" or not main.settled
    assert found.missing or name == "urgency"


def test_what_is_settled_already_is_said():
    items = {"location": "T9", "pain": "mechanical", "lesion": "lytic", "collapse": "gt50"}
    found = osteocast.score("sins", **items)
    assert found.answer("total").value is None
    assert found.answer("total").bounds == (9, 16)
    assert found.answer("surgical_consult").value is True
    assert found.answer("band").possible == ("potentially_unstable", "unstable")


def test_the_item_that_settles_the_rest_comes_first():
    items = {"location": "T5", "pain": "occasional", "lesion": "mixed", "collapse": "none"}
    found = osteocast.score("sins", **items)  # 3 points: a normal alignment or a subluxation settles the band
    assert [m.item for m in found.missing] == ["alignment", "posterolateral"]
    assert [m.answers_left for m in found.missing] == [1.33, 2.0]
    one_left = osteocast.score("sins", **items, alignment="normal")
    assert one_left.missing[0].settles


def test_none_is_missing_and_not_no_points():
    assert osteocast.score("mirels", site=None, pain="mild").answer("total").bounds == (4, 10)


def test_a_missing_normal_limit_leaves_open_only_what_depends_on_it():
    assert osteocast.score("ctcae-hypercalcaemia", calcium="13.0 mg/dL").values["grade"] == 3
    assert osteocast.score("ctcae-hypercalcaemia", calcium="10.6 mg/dL").answer("grade").possible == (0, 1)


def test_a_missing_weight_gives_the_doses_that_are_possible():
    found = osteocast.score("zoledronate-dose", age=70, creatinine=1.2, sex="F")
    assert found.values["dose_mg"] is None
    assert set(found.answer("dose_mg").possible) == {None, 3.0, 3.3, 3.5, 4.0}
    assert found.missing[0].item == "weight_kg"


def test_several_levels_count_by_the_worst():
    for more in itertools.accumulate(["T9", "T10", "L3", "L1"], "{}, {}".format):
        assert osteocast.score("sins", location=more).items[0].points == max(
            osteocast.score("sins", location=one).items[0].points for one in more.split(", ")
        )
    assert osteocast.score("sins", location="T9-T11").items[0].level == "junctional"
    assert osteocast.score("sins", location=["S3", "T4"]).items[0].level == "semirigid"
    assert "convention" in osteocast.score("sins", location="T9+T10").notes[0]


def test_urgency_says_at_least_and_what_is_not_recorded():
    found = osteocast.score("urgency", unchecked=True, symptoms=["back pain"])
    assert found.values["urgency"] == "NO LISTED TRIGGER"
    assert any("no reassurance" in note for note in found.notes)
    assert any("Not recorded: neurological signs" in note for note in found.notes)
    raised = osteocast.score("urgency", unchecked=True, symptoms=["back pain"], calcium="3.6 mmol/L")
    assert raised.values["urgency"] == "EMERGENCY"
    rib = osteocast.score("urgency", unchecked=True, symptoms=["leg weakness"], site="rib")
    assert rib.values["urgency"] == "EMERGENCY"  # Mirels not applicable does not silence the rest
