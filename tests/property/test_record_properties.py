"""What must hold of every FHIR record: the order of its resources means nothing, flags only raise, gaps stay gaps."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.assessment.cases import absent, symptom
from tests.unit.fhir.records import RXNORM, SCT, bone, breast, bundle, coded, drug, lab, person, read

from osteocast.clinical.assessment import Assessment, assess
from osteocast.clinical.findings import levels

DAY = dt.date(2026, 6, 1)
FLAGS = ("leg weakness", "numbness", "urinary retention", "back pain at night", "confusion", "radicular pain")
OTHERS = ("bone pain", "constipation", "thirst", "hypercalcaemia", "dental infection")
DAYS = st.sampled_from(["2026-05-28", "2026-05-30", "2026-05-31"])
Record = list[dict[str, Any]]


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a laboratory value or rating; several of one day may contradict each other."""
    code, unit, low, high = draw(st.sampled_from([
        ("17861-6", "mg/dL", 65, 150), ("29265-6", "mmol/L", 16, 40), ("1751-7", "g/dL", 20, 48),
        ("2160-0", "mg/dL", 5, 40), ("29463-7", "kg", 400, 1000), ("6768-6", "U/L", 500, 9000),
    ]))  # fmt: skip
    return lab(code, draw(st.integers(low, high)) / 10, unit, effectiveDateTime=draw(DAYS))


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(st.sampled_from([*FLAGS, *OTHERS]))
    if text not in OTHERS and draw(st.booleans()):
        return absent(text) | {"effectiveDateTime": draw(DAYS)}
    return symptom(text, onsetDateTime=draw(DAYS))


@st.composite
def records(draw: st.DrawFn) -> Record:
    spine = coded(SCT, draw(st.sampled_from(["33766003", "61032001", "50060007"])))
    fixed = [person(), breast(), *draw(st.sampled_from([[], [bone()], [bone(spine)]]))]
    orders = [drug("MedicationRequest", coded(RXNORM, draw(st.sampled_from(["77655", "993449"]))),
                   authoredOn=draw(DAYS))] if draw(st.booleans()) else []  # fmt: skip
    return [*fixed, *orders, *draw(st.lists(values(), max_size=6)), *draw(st.lists(said(), max_size=5))]


def assessed(record: Record) -> Assessment:
    return assess(read(bundle(*record)), today=DAY)


def meaning(found: Assessment) -> dict[str, Any]:
    """Return everything that an assessment says, without the places in the record."""
    return {
        "urgency": (found.level, found.urgency.rule, found.urgency.not_recorded),
        "findings": sorted((one.name, one.where, one.level, one.rule, sorted(one.trigger)) for one in found.findings),
        "facts": {name: (one.possible, one.text, one.date) for name, one in found.known.items()},
        "scores": sorted((place, one.instrument, str(one.values), str(one.answers)) for place, one in found.scores),
        "options": sorted(one.says for one in found.options),
    }


@settings(max_examples=60, deadline=None)
@given(records(), st.randoms(use_true_random=False))
def test_the_order_of_resources_changes_nothing(record: Record, rng: Any) -> None:
    shuffled = list(record)
    rng.shuffle(shuffled)
    assert meaning(assessed(record)) == meaning(assessed(shuffled))


@settings(max_examples=60, deadline=None)
@given(records(), st.sampled_from(FLAGS))
def test_adding_a_red_flag_never_lowers_the_urgency(record: Record, flag: str) -> None:
    order = levels()
    before = [one for one in record if flag not in str(one.get("code", ""))]
    after = [*before, symptom(flag, onsetDateTime="2026-05-31")]
    assert order.index(assessed(after).level) <= order.index(assessed(before).level)


@settings(max_examples=60, deadline=None)
@given(records(), st.data())
def test_removing_a_resource_never_makes_an_unknown_a_no(record: Record, data: st.DataObject) -> None:
    gone = data.draw(st.integers(1, len(record) - 1))
    before, after = assessed(record), assessed(record[:gone] + record[gone + 1 :])
    derived = ("record.", "ctcae-", "renal.")  # statements about the record, and grades of an instrument
    for name, one in after.known.items():
        if one.possible.value is False and not name.startswith(derived):
            was = before.known.get(name)
            # an older or opposite mention may come to light, which the record held all along
            assert was is not None
            assert was.possible.value is False or name in {fact.name for fact in after.record.extra}
    assert set(before.urgency.not_recorded) <= set(after.urgency.not_recorded)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([1.5, 1.9, 2.4, 2.7, 2.95, 3.25, 3.7]), st.integers(20, 48), st.integers(5, 40), st.booleans())
def test_units_of_a_record_change_nothing(calcium: float, albumin: int, creatinine: int, bones: bool) -> None:
    def of(conventional: bool) -> dict[str, Any]:
        tests = (
            [lab("17861-6", round(calcium * 4.0078, 4), "mg/dL"), lab("1751-7", albumin / 10, "g/dL"),
             lab("2160-0", creatinine / 10, "mg/dL"), lab("29463-7", 60, "kg")]
            if conventional
            else [lab("2000-8", calcium, "mmol/L", "Calcium [Moles/volume] in Serum or Plasma"),
                  lab("1751-7", albumin, "g/L"), lab("14682-9", creatinine * 8.84, "umol/L", "Creatinine"),
                  lab("29463-7", 60 / 0.45359237, "[lb_av]")]
        )  # fmt: skip
        record = [person(), breast(), *([bone()] if bones else []), *tests]
        return meaning(assessed(record))

    one, other = of(True), of(False)
    corrected = calcium + 0.02 * (40 - albumin)
    # CTCAE's own limits differ by unit by up to 0.13 mg/dL; values in between are left out
    if all(abs(corrected - limit) > 0.05 for limit in (1.5, 1.75, 2.0, 2.15, 2.6, 2.9, 3.0, 3.1, 3.4, 3.5)):
        assert [name[:4] for name in one["findings"]] == [name[:4] for name in other["findings"]]
        assert one["urgency"] == other["urgency"]
    for name in ("renal.below-30", "renal.label-dose"):
        if name in one["facts"]:
            assert one["facts"][name][0] == other["facts"][name][0]
