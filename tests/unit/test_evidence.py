"""Evidence: what is read, what is refused, and that every problem is found in one pass."""

from pathlib import Path
from typing import Annotated, NamedTuple

import pytest

from osteocast.evidence.check import check_evidence, file_of
from osteocast.evidence.cite import cite
from osteocast.evidence.describe import show, table_of
from osteocast.evidence.load import (
    evidence_sha256,
    fill,
    load_parameters,
    load_sources,
    load_targets,
    parameters_of,
)
from osteocast.evidence.parameter import Spread
from osteocast.foundation.errors import EvidenceError, InputError

SOURCES = """
[smith2001]
authors = "Smith A"
title = "A study"
journal = "Bone"
year = 2001
doi = "10.1000/abc"
"""
GOOD = """
[clearance]
value = 3.0
unit = "mL/h"
uncertainty = { kind = "lognormal", sd = 0.1 }
between_patient = { kind = "normal", sd = 0.5 }
neutral = 0.0
grade = "measured"
source = "smith2001"
where = "Table 2"

[threshold]
value = 10.0
unit = "mg/dL"
substance = "calcium"
uncertainty = { kind = "none" }
between_patient = { kind = "none" }
grade = "assumed"
note = "a round number"
"""
INNER = """
[rate]
value = 0.5
unit = "1/year"
uncertainty = { kind = "none" }
between_patient = { kind = "none" }
grade = "fitted"
source = "smith2001"
where = "eq. 3"
"""
TARGET = """
study = "Smith"
year = 2001
source = "doi"
population = "patients"
estimator = "Kaplan-Meier"
ascertainment = "registry"
unit = "%"

[EV1]
arm = "drug"
endpoint = "fracture"
kind = "proportion"
value = 30.0
ci = [25.0, 35.0]
ci_basis = "published"
n = 100
events = 30
use = "fit"
checked = true
"""


class Inner(NamedTuple):
    """Nested parameters, filled from a file of their own."""

    rate: Annotated[float, "1/day", "a rate"]


class DrugParams(NamedTuple):
    """Parameters of a made-up model."""

    clearance: Annotated[float, "L/day", "a clearance"]
    threshold: Annotated[float, "mmol/L", "a calcium"]
    inner: Inner


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in {
        "sources/some.toml": SOURCES,
        "parameters/drug.toml": GOOD,
        "parameters/inner.toml": INNER,
        "targets/smith.toml": TARGET,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def codes(data: Path, *params: type) -> list[tuple[str, str]]:
    return sorted((i.code, i.place) for i in check_evidence(params, data).issues)


def test_good_evidence_has_no_problem(data: Path) -> None:
    check = check_evidence([DrugParams], data)
    assert check.issues == ()
    assert (check.parameters, check.sources, check.targets, check.not_read_twice) == (3, 1, 1, 3)


def test_fill_converts_to_the_units_of_the_model(data: Path) -> None:
    params = fill(DrugParams, "drug", data)
    assert params.clearance == pytest.approx(0.072)
    assert params.threshold == pytest.approx(2.495, abs=1e-3)
    assert params.inner.rate == pytest.approx(0.5 / 365.25)


def test_parameters_of_converts_spread_and_neutral_value_too(data: Path) -> None:
    found = parameters_of(DrugParams, "drug", data)
    assert list(found) == ["clearance", "threshold", "inner.rate"]
    clearance = found["clearance"]
    assert clearance.unit == "L/day"
    assert clearance.neutral == 0.0
    assert clearance.uncertainty == Spread("lognormal", 0.1)
    assert clearance.between_patient.kind == "normal"
    assert clearance.between_patient.sd == pytest.approx(0.012)


def test_a_nested_model_without_a_file_is_filled_from_its_parents(data: Path) -> None:
    (data / "parameters" / "drug.toml").write_text(GOOD + INNER, encoding="utf-8")
    (data / "parameters" / "inner.toml").unlink()
    assert fill(DrugParams, "drug", data).inner.rate == pytest.approx(0.5 / 365.25)
    assert codes(data, DrugParams) == []


def test_fill_names_everything_that_is_missing_or_does_not_convert(data: Path) -> None:
    text = GOOD.replace("[threshold]", "[treshold]").replace('unit = "mL/h"', 'unit = "mL"')
    (data / "parameters" / "drug.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError) as caught:
        fill(DrugParams, "drug", data)
    assert [(i.code, i.place) for i in caught.value.issues] == [
        ("evidence.unit", "parameters/drug.toml: clearance.unit"),
        ("evidence.parameter-missing", "parameters/drug.toml: threshold"),
    ]
    assert ("evidence.parameter-unknown", "parameters/drug.toml: treshold") in codes(data, DrugParams)


def test_every_problem_of_every_file_is_found_at_once(data: Path) -> None:
    (data / "parameters" / "bad.toml").write_text(
        """
[a]
value = "3"
unit = "furlong/x"
uncertainty = { kind = "lognormal" }
grade = "guessed"
surprise = 1

[b]
value = -1.0
unit = "1"
uncertainty = { kind = "lognormal", sd = 0.1 }
between_patient = { kind = "logit-normal", sd = 0.2 }
grade = "measured"
source = "nobody1999"
""",
        encoding="utf-8",
    )
    (data / "parameters" / "broken.toml").write_text("[a\n", encoding="utf-8")
    (data / "sources" / "more.toml").write_text(
        SOURCES + SOURCES.replace("smith2001", "smith2001b") + '[lost]\nauthors = "A"\ntitle = "B"\nyear = 2000\n',
        encoding="utf-8",
    )
    bad_target = TARGET.replace("EV1", "EV2").replace("30.0", "60.0").replace("events = 30", "events = 300")
    (data / "targets" / "bad.toml").write_text(
        bad_target + '[EV3]\narm = "a"\nendpoint = "b"\nkind = "c"\nuse = "fit"\nchecked = "yes"\n', encoding="utf-8"
    )
    found = codes(data)
    for expected in [
        ("evidence.type", "parameters/bad.toml: a.value"),
        ("evidence.unit", "parameters/bad.toml: a.unit"),
        ("evidence.key-missing", "parameters/bad.toml: a.uncertainty.sd"),
        ("evidence.key-missing", "parameters/bad.toml: a.between_patient"),
        ("evidence.choice", "parameters/bad.toml: a.grade"),
        ("evidence.key-unknown", "parameters/bad.toml: a.surprise"),
        ("evidence.spread", "parameters/bad.toml: b.uncertainty"),
        ("evidence.spread", "parameters/bad.toml: b.between_patient"),
        ("evidence.key-missing", "parameters/bad.toml: b.where"),
        ("evidence.source-unknown", "parameters/bad.toml: b.source"),
        ("evidence.syntax", "parameters/broken.toml"),
        ("evidence.key-twice", "sources/some.toml: smith2001"),
        ("evidence.doi-twice", "sources: smith2001b.doi"),
        ("evidence.source-unused", "sources: smith2001b"),
        ("evidence.source-unfindable", "sources/more.toml: lost"),
        ("evidence.target-limits", "targets/bad.toml: EV2.ci"),
        ("evidence.target-count", "targets/bad.toml: EV2.events"),
        ("evidence.target-value", "targets/bad.toml: EV3.value"),
        ("evidence.target-use", "targets/bad.toml: EV3.use"),
        ("evidence.type", "targets/bad.toml: EV3.checked"),
    ]:
        assert expected in found, expected


def test_sources_are_looked_for_in_all_data(data: Path) -> None:
    (data / "drugs").mkdir()
    (data / "drugs" / "x.toml").write_text('[[rows]]\nsources = ["nobody", "smith2001"]\n', encoding="utf-8")
    assert codes(data) == [("evidence.source-unknown", "drugs/x.toml: rows[0].sources")]


def test_a_source_named_in_a_note_is_used(data: Path) -> None:
    extra = SOURCES.replace("smith2001", "jones-1999").replace("10.1000/abc", "10.1000/xyz")
    (data / "sources" / "more.toml").write_text(extra, encoding="utf-8")
    assert codes(data) == [("evidence.source-unused", "sources: jones-1999")]
    text = GOOD.replace("a round number", "rounded after jones-1999.")
    (data / "parameters" / "drug.toml").write_text(text, encoding="utf-8")
    assert codes(data) == []


def test_no_parameter_rests_on_a_result_that_is_held_back(data: Path) -> None:
    def found(text: str, use: str) -> list[tuple[str, str]]:
        (data / "targets" / "smith.toml").write_text(TARGET.replace('"fit"', f'"{use}"\nwhy = "so"'), encoding="utf-8")
        (data / "parameters" / "drug.toml").write_text(text, encoding="utf-8")
        return codes(data, DrugParams)

    row, place = GOOD.replace('"Table 2"', '"30 % (EV1)"'), "parameters/drug.toml: clearance"
    for use in ("check", "excluded"):
        assert found(row, use) == [("evidence.target-held-back", place)]
    for use in ("fit", "input"):
        assert found(row, use) == []
    assert found(GOOD, "check") == []
    assert found(GOOD.replace('"Table 2"', '"30 % (EV7)"'), "fit") == [("evidence.target-unknown", place)]


def test_no_parameter_names_a_study_that_is_held_back_whole(data: Path) -> None:
    target = TARGET.replace('"Smith"', '"Smith 2001 (a trial)"')
    named = GOOD.replace('"a round number"', '"0.4 misses Smith 2001"')
    by_source, by_words = ["drug.toml: clearance", "inner.toml: rate"], ["drug.toml: threshold"]
    for use, wanted in (("check", by_source + by_words), ("fit", [])):
        (data / "targets" / "smith.toml").write_text(target.replace('"fit"', f'"{use}"'), encoding="utf-8")
        (data / "parameters" / "drug.toml").write_text(named, encoding="utf-8")
        held_back = [("evidence.target-held-back", f"parameters/{place}") for place in wanted]
        assert codes(data, DrugParams) == sorted(held_back)


def test_the_file_of_a_params_follows_from_its_name_or_module(data: Path) -> None:
    assert file_of(DrugParams, data) == "drug"
    assert file_of(Inner, data) is None


def test_an_unknown_file_lists_those_there_are(data: Path) -> None:
    with pytest.raises(EvidenceError, match="drug, inner"):
        load_parameters("dru", data)


def test_show_cite_and_list(data: Path) -> None:
    assert cite(data=data) == {"smith2001": "Smith A (2001). A study. Bone. https://doi.org/10.1000/abc"}
    with pytest.raises(EvidenceError, match="nobody"):
        cite(["nobody"], data)
    shown = dict(show("clearance", data))
    assert shown["parameter"] == "drug.clearance"
    assert shown["uncertainty"] == "lognormal, sd 0.1"
    assert shown["reference"].startswith("Smith A (2001)")
    assert dict(show("EV1", data))["value"] == "30.0"
    assert dict(show("smith2001", data))["title"] == "A study"
    with pytest.raises(InputError, match="no such name"):
        show("nothing", data)
    assert table_of("targets", data)[1] == ("EV1", "fit", "Smith", "drug", "fracture", "30 %")
    assert [row[0] for row in table_of("parameters", data)[1:]] == [
        "drug.clearance", "drug.threshold", "inner.rate",
    ]  # fmt: skip


def test_show_asks_back_where_two_files_have_the_name(data: Path) -> None:
    (data / "parameters" / "other.toml").write_text(INNER, encoding="utf-8")
    with pytest.raises(InputError, match=r"inner\.rate, other\.rate"):
        show("rate", data)
    assert dict(show("other.rate", data))["parameter"] == "other.rate"


def test_the_evidence_hash_moves_with_any_value(data: Path) -> None:
    before = evidence_sha256(data)
    (data / "parameters" / "drug.toml").write_text(GOOD.replace("3.0", "3.1"), encoding="utf-8")
    assert evidence_sha256(data) != before


def test_all_published_results_are_there() -> None:
    targets = load_targets()
    assert len(targets) == 386
    uses = [t.use for t in targets.values()]
    assert {use: uses.count(use) for use in sorted(set(uses))} == {
        "check": 126, "excluded": 60, "fit": 173, "input": 27,
    }  # fmt: skip
    stopeck = targets["EV0001"]
    assert (stopeck.value, stopeck.ci, stopeck.n, stopeck.checked) == (0.82, (0.71, 0.95), 2046, True)
    assert targets["EV0003"].value is None
    assert targets["EV0003"].value_text == "not reached"


REDECLARED = ("EV0274", "EV0279", "EV0493")
"""Checks of the table that have informed a parameter, so that they are inputs here (decision 13)."""


def test_targets_equal_the_table_they_came_from(shared_dir: Path) -> None:
    import csv

    with (shared_dir / "evidence" / "targets.csv").open(encoding="utf-8") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    targets = load_targets()
    assert rows.keys() == targets.keys()
    for key, row in rows.items():
        target = targets[key]
        changed = {"use", "why"} if key in REDECLARED else set()
        assert not changed or (row["use"], target.use) == ("check", "input")
        for name in row.keys() & set(type(target).__slots__) - {"id", "checked"} - changed:
            value, text = getattr(target, name), row[name]
            assert (value in (None, "") and text == "") or value == text or float(text) == value, (key, name)
        assert target.ci == ((float(row["ci_low"]), float(row["ci_high"])) if row["ci_low"] else None)
        assert target.checked == (row["checked"] == "yes")


def test_sources_of_the_package_load() -> None:
    assert len(load_sources()) > 5


def test_the_evidence_of_the_package_has_no_problem() -> None:
    from osteocast.evidence.check import find_params

    check = check_evidence(find_params(("osteocast.models", "osteocast.course")))
    assert [(i.code, i.place, i.found) for i in check.issues] == []
    assert check.parameters > 100
