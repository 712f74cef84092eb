"""Every combination of levels, against checksums computed by others from the published tables."""

import itertools
from collections import Counter

import pytest
from tests.unit.clinical.combinations import every_combination, summed

from osteocast.clinical.score import apply_instrument

# instrument: (counts of the bands in ascending totals, output of the band, histogram from the lowest total on)
CHECKSUMS = {
    "sins": ((314, 847, 135), "band", 0, "1 5 14 31 56 87 120 147 164 165 151 126 94 64 38 20 9 3 1"),
    "mirels": ((31, 19, 31), "band", 4, "1 4 10 16 19 16 10 4 1"),
    "tokuhashi": ((945, 434, 79), "band", 0, "1 6 21 51 96 147 191 216 216 191 147 96 51 21 6 1"),
    "tomita": ((3, 5, 6, 4), "strategy", 2, "1 2 2 3 3 3 2 1 1"),
    "bauer": ((4, 4, 4), "band", 0, "1 3 4 3 1"),
    "van-der-linden": ((15, 8, 1), "group", 0, "1 3 5 6 5 3 1"),
    "katagiri": ((43, 118, 55), "band", 0, "1 5 13 24 35 42 41 31 17 6 1"),
}


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_every_combination(name):
    bands, output, lowest, histogram = CHECKSUMS[name]
    points = summed(name)
    totals, counted, first = Counter(), Counter(), {}
    for items in every_combination(name):
        found = apply_instrument(name, items, unchecked=True)
        total = found.values["total"]
        assert total == sum(points[item][level] for item, level in items.items())
        assert all(one.settled for one in found.answers)
        assert not found.missing
        totals[total] += 1
        counted[found.values[output]] += 1
        first[found.values[output]] = min(total, first.get(found.values[output], total))
    expected = dict(enumerate(map(int, histogram.split()), lowest))
    assert totals == expected
    assert tuple(counted[band] for band in sorted(first, key=first.__getitem__)) == bands


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_a_worse_level_never_lowers_the_points(name):
    """In each item, the level with more points never gives a lower total; every level counts."""
    items = summed(name)
    base = {item: min(levels, key=levels.__getitem__) for item, levels in items.items()}
    for item, levels in items.items():
        ordered = sorted(levels, key=levels.__getitem__)
        totals = [apply_instrument(name, {**base, item: level}, unchecked=True).values["total"] for level in ordered]
        assert totals == sorted(totals)
        assert totals[-1] - totals[0] == max(levels.values()) - min(levels.values()) > 0


def test_every_pain_response():
    """The rules of the file against the definitions written out once more."""
    doses = (0, 10, 15, 20, 24, 25, 30)
    for before, after, b, a in itertools.product(range(1, 11), range(11), doses, doses):
        items = {"pain_before": before, "pain_after": after, "omed_before_mg": b, "omed_after_mg": a}
        pain, more = after - before, a > b
        cut, raised = b > 0 and a <= 0.75 * b, (b == 0 and a > 0) or (b > 0 and a >= 1.25 * b)
        if after == 0 and not more:
            expected = "CR"
        elif (pain <= -2 and not more) or (cut and pain <= 0):
            expected = "PR"
        elif (pain >= 2 and not cut and not raised) or (raised and pain in (0, 1)):
            expected = "PP"
        else:
            expected = "IR"
        assert apply_instrument("pain-response", items, unchecked=True).values["response"] == expected, items


@pytest.mark.parametrize(
    ("name", "limit", "unit", "values"),
    [
        ("ctcae-hypercalcaemia", {"uln": "10.5"}, "mg/dL", [x / 100 for x in range(300, 2501, 7)]),
        ("ctcae-hypercalcaemia", {"uln": "2.6"}, "mmol/L", [x / 100 for x in range(30, 601)]),
        ("ctcae-hypocalcaemia", {"lln": "8.5"}, "mg/dL", [x / 100 for x in range(2500, 299, -7)]),
        ("ctcae-hypocalcaemia", {"lln": "2.1"}, "mmol/L", [x / 100 for x in range(600, 29, -1)]),
    ],
)
def test_a_calcium_further_out_never_has_a_lower_grade(name, limit, unit, values):
    grades = [apply_instrument(name, {"corrected": v, "unit": unit, **limit}).values["grade"] for v in values]
    assert grades == sorted(grades)
    assert set(grades) == {0, 1, 2, 3, 4}


def test_a_lower_clearance_never_has_a_higher_dose():
    found = [apply_instrument("zoledronate-dose", {"crcl": c / 10}).values["dose_mg"] or 0.0 for c in range(1201)]
    assert found == sorted(found)
    assert sorted(set(found)) == [0.0, 3.0, 3.3, 3.5, 4.0]


HIGH = {
    "mg/dL": (10.0, 11.0, 12.0, 13.0, 14.0),
    "mmol/L": (2.4, 2.7, 3.0, 3.3, 3.5),
    "ionised": (1.2, 1.4, 1.55, 1.7, 2.0),
}
LOW = {
    "mg/dL": (9.0, 8.2, 7.5, 6.5, 5.5),
    "mmol/L": (2.4, 2.05, 1.9, 1.6, 1.4),
    "ionised": (1.2, 1.05, 0.95, 0.85, 0.7),
}
LIMITS = {"mg/dL": (8.5, 10.5), "mmol/L": (2.1, 2.6), "ionised": (1.1, 1.3)}


@pytest.mark.parametrize(("side", "values", "limit"), [("hyper", HIGH, "uln"), ("hypo", LOW, "lln")])
def test_every_clinical_half_of_a_calcium_grade(side, values, limit):
    """All answers to the three questions, also open ones, at a value of each grade, in every unit and basis."""
    answers = ("yes", "no", None)
    for how, (symptoms, hospital, life) in itertools.product(values, itertools.product(answers, repeat=3)):
        for grade, value in enumerate(values[how]):
            items = {"unit": "mmol/L" if how == "ionised" else how, "corrected": value, "basis": "corrected"}
            items |= {"basis": "ionised"} if how == "ionised" else {}
            items |= {limit: LIMITS[how][limit == "uln"], "symptomatic": symptoms}
            items |= {"hospitalisation": hospital, "life_threatening": life}
            clinical = 4 if life == "yes" else 3 if hospital == "yes" else 2 if symptoms == "yes" else 0
            found = apply_instrument(f"ctcae-{side}calcaemia", items).values
            assert found["laboratory_grade"] == grade, items
            assert found["grade"] == (max(grade, clinical) if grade else 0), items


@pytest.mark.parametrize(
    ("unit", "step", "limit", "rises"), [("mg/dL", 0.1, 1.4, (0.5, 1.0)), ("umol/L", 4.0, 124.0, (44.0, 88.0))]
)
def test_every_rise_of_creatinine(unit, step, limit, rises):
    """A grid of values before and now against the label's rule written out once more."""
    numbers = [round(step * (5 + k), 6) for k in range(40)]
    for before, now in itertools.product(numbers, repeat=2):
        items = {"unit": unit, "baseline_scr": before, "current_scr": now}
        found = apply_instrument("zoledronate-creatinine", items).values
        assert found["withhold"] is (round(now - before, 9) >= rises[before >= limit]), items
        assert found["may_resume_same_dose"] is (round(100 * (now - before) / before, 9) <= 10), items


def test_every_grade_and_region_of_the_cord():
    groups = {"0": "low", "1a": "low", "1b": "low", "1c": "intermediate_abutment", "2": "high", "3": "high"}
    for grade, level in itertools.product(groups, ("C5", "T8", "T12", "L3", "L5", "S1", None)):
        found = apply_instrument("escc", {"grade": grade, "level": level})
        assert found.applicable is (level not in ("L3", "L5", "S1")), level
        assert not found.applicable or found.values["group"] == groups[grade]


def test_every_millimetre_and_share_of_the_femur():
    for length, share in itertools.product(range(0, 101, 2), range(0, 101, 5)):
        found = apply_instrument("axial-cortical", {"axial": length, "circumferential": share}).values
        assert found == {"high_risk": length >= 30 or share > 50, "edge": length == 30}
