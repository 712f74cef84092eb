"""Bad files and records that give no patient: each has its code, and none a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osteocast.formats import fhir_json
from osteocast.formats.fhir_batch import read_many
from osteocast.formats.fhir_reader import is_fhir, read_fhir
from osteocast.foundation.errors import InputError

from .records import (
    RXNORM,
    SCT,
    TODAY,
    bone,
    breast,
    bundle,
    coded,
    codes,
    condition,
    drug,
    lab,
    person,
    read,
    with_cancer,
)

OSTEOSARCOMA = condition({"text": "Osteosarcoma"})
PROSTATE = condition(coded(SCT, "399068003", "Malignant tumor of prostate"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"not json", "file.syntax"),
        (b'{"resourceType": "Bundle", "entry": [', "file.syntax"),
        ('{"a": "ü"}'.encode("utf-16"), "file.not-text"),
        ('{"a": "ü"}'.encode("latin-1"), "file.not-text"),
        (b"\x00\x01", "file.not-text"),
        (b'{"a": 1, "a": 2}', "file.duplicate-key"),
        (b'{"a": NaN}', "file.syntax"),
        (b'{"a": ' + b"9" * 5000 + b"}", "file.syntax"),
        (b"[" * 200_000, "file.too-deep"),
        (b"[" * 100 + b"]" * 100, "file.too-deep"),
    ],
)
def test_files_that_are_no_json_of_a_record(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_fhir(path, TODAY)
    assert {one.code for one in error.value.issues} == {code}
    (record,) = read_many(path, today=TODAY)
    assert {one.code for one in record.errors} == {code}


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_json, "MOST_BYTES", 500)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(bundle(person(), breast(), bone())))
    with pytest.raises(InputError, match=r"file\.too-large"):
        read_fhir(path, TODAY)


def test_a_file_of_200_mb_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with path.open("wb") as stream:
        stream.write(b'{"resourceType": "Bundle"')
        stream.truncate(200_000_000)
    with pytest.raises(InputError, match=r"file\.too-large"):
        read_fhir(path, TODAY)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "fhir.not-fhir"),
        ([], "fhir.not-fhir"),
        (7, "fhir.not-fhir"),
        (bundle(breast(), bone()), "fhir.no-patient"),
        (bundle(person(), person(id="q"), breast(), bone()), "fhir.two-patients"),
        (bundle(person(), lab("17861-6", 9.5, "mg/dL")), "fhir.no-cancer"),
        (bundle(person(), breast()), "fhir.no-bone-disease"),
        (bundle(person(), breast(), bone(), OSTEOSARCOMA), "fhir.primary-bone-tumour"),
        (bundle(person(), breast(), PROSTATE, bone()), "fhir.two-primaries"),
        (bundle(person(), PROSTATE, bone()), "patient.sex-and-primary"),
        (bundle(person(deceasedBoolean=True), breast(), bone()), "fhir.deceased"),
        (bundle(person(deceasedDateTime="2026-01-01"), breast(), bone()), "fhir.deceased"),
        (bundle(person(gender="other"), breast(), bone()), "fhir.sex"),
        (bundle(person(birthDate="soon"), breast(), bone()), "fhir.birth-date"),
        (bundle(person(birthDate="2044-01-01"), breast(), bone()), "fhir.birth-date"),
        (bundle(person(birthDate="2015-01-01"), breast(), bone()), "fhir.age"),
        ([bundle(person(), breast(), bone())] * 2, "fhir.several-bundles"),
    ],
)
def test_records_without_a_patient_to_forecast(document: object, code: str) -> None:
    record = read(document)
    assert record.patient is None
    assert code in {one.code for one in record.errors}


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2031-01-01", "fhir.date-future"),
        ("1950-01-01", "fhir.date-before-birth"),
        ("2026-02-30", "fhir.date-invalid"),
        ("2026-02", "fhir.date-partial"),
        ("yesterday", "fhir.date-invalid"),
        (None, "fhir.date-missing"),
    ],
)
def test_values_on_days_that_cannot_be_are_rejected(date: str | None, code: str) -> None:
    record = with_cancer(lab("17861-6", 12.4, "mg/dL", effectiveDateTime=date))
    assert code in codes(record)
    assert record.patient is not None
    assert record.patient.observations == ()
    assert record.rejected


def test_the_day_of_issue_stands_in_for_a_missing_day_of_the_sample() -> None:
    record = with_cancer(lab("17861-6", 12.4, "mg/dL", effectiveDateTime=None, issued="2026-03-03T10:00:00Z"))
    assert "fhir.date-issued" in codes(record)
    assert record.patient is not None
    assert record.patient.observations[0].date.isoformat() == "2026-03-03"


def test_bone_metastases_without_a_primary_are_of_unknown_origin() -> None:
    record = read(bundle(person(), bone()))
    assert "fhir.primary-missing" in codes(record)
    assert record.patient is not None
    assert record.patient.primary.origin == "unknown"


def test_repeated_resources_and_further_pages_are_told() -> None:
    value = lab("17861-6", 12.4, "mg/dL", id="a")
    document = bundle(person(), breast(), bone(), value, value, link=[{"relation": "next", "url": "http://x"}])
    assert {"fhir.duplicate", "fhir.more-pages"} <= codes(read(document))
    other = lab("17861-6", 11.4, "mg/dL", id="a")
    assert {"fhir.id-twice", "fhir.value-contradiction"} <= codes(
        read(bundle(person(), breast(), bone(), value, other))
    )


def test_odd_shapes_have_pointers() -> None:
    odd = lab("17861-6", 12.4, "mg/dL", status=7, component={"code": 3})
    record = with_cancer({**odd, "code": [coded("x", "y")]})
    places = {one.pointer for one in record.warnings if one.code == "fhir.shape"}
    assert "/entry/3/resource/code" in places
    assert record.patient is not None


def test_a_dose_that_no_one_gives_is_left_out() -> None:
    dose = [{"doseAndRate": [{"doseQuantity": {"value": 400, "unit": "mg"}}]}]
    order = drug("MedicationRequest", coded(RXNORM, "77655"), authoredOn="2026-01-01", dosageInstruction=dose)
    record = with_cancer(order)
    assert "fhir.dose" in codes(record)
    assert record.patient is not None
    assert record.patient.drug_history[0].dose_mg is None


def test_lists_ndjson_and_folders_are_records_too(tmp_path: Path) -> None:
    resources = [person(), breast(), bone()]
    assert read(resources).patient is not None
    assert read("\n".join(json.dumps(one) for one in resources)).patient is not None
    for number, one in enumerate(resources):
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    record = read_fhir(tmp_path, TODAY)
    assert record.patient is not None
    assert record.used[0].pointer == "1.json#"
    assert is_fhir(tmp_path / "0.json")
    assert not is_fhir(tmp_path)


def test_many_records_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    good = json.dumps(bundle(person(), breast(), bone(), lab("17861-6", 12.4, "mg/dL")))
    file = tmp_path / "records.ndjson"
    file.write_text("\n".join([good, "{", good, "[]"] * 20))
    alone = list(read_many(file, 1, TODAY))
    assert [one.source for one in alone[:2]] == ["records.ndjson:1", "records.ndjson:2"]
    assert [one.patient is None for one in alone[:4]] == [False, True, False, True]
    assert list(read_many(file, 2, TODAY)) == alone
