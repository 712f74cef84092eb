"""The public bundles and our own synthetic one are read with the warnings they deserve."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from osteocast.formats.fhir_patient import patient_file_text
from osteocast.formats.fhir_reader import is_fhir, patient_of, read_fhir
from osteocast.formats.patient_file import read_patient
from osteocast.foundation.errors import InputError

TODAY = dt.date(2026, 6, 1)


@pytest.fixture
def fhir_dir(shared_dir: Path) -> Path:
    folder = shared_dir / "reference" / "fhir"
    if not folder.is_dir():
        pytest.skip("no FHIR examples beside the repository")
    return folder


def test_synthetic_bundle_gives_all_its_values(fhir_dir: Path) -> None:
    path = fhir_dir / "osteocast-synthetic" / "patient_01_breast_hcm.json"
    assert is_fhir(path)
    record = read_fhir(path, TODAY)
    patient = record.patient
    assert patient is not None
    values = {one.quantity: (one.given, one.date) for one in patient.observations}
    day = dt.date(2026, 3, 2)
    assert values["calcium"] == ("12.4 mg/dL", day)
    assert values["albumin"] == ("2.8 g/dL", day)
    assert values["creatinine"] == ("1.4 mg/dL", day)
    assert values["CTX"] == ("980 pg/mL", day)
    assert values["pain-worst"] == ("8 points", day)
    assert (patient.weight_kg, patient.ecog, patient.age_years, patient.sex) == (60.0, 2, 65.0, "female")
    assert patient.newest("calcium").value == pytest.approx(12.4 * 0.2495, rel=1e-3)
    (order,) = record.facts("ordered-zoledronate")
    assert (order.value, order.unit, order.date) == (4.0, "mg", dt.date(2025, 12, 1))
    (course,) = patient.drug_history
    assert (course.drug, course.dose_mg, course.interval_days) == ("zoledronate", 4.0, 84.0)
    assert patient.current_regimen == "zoledronate-q12w"
    assert [lesion.site.name for lesion in patient.lesions] == ["T9", "other"]
    assert [fact.value for fact in record.facts("lesion-site")] == ["T9", "left femur"]
    assert record.facts("alkaline-phosphatase")[0].value == 240.0
    assert {one.code for one in record.warnings} == {"fhir.site-part", "fhir.order"}
    limits = {one.name: (one.low, one.high) for one in record.used}
    assert limits["calcium"] == (8.5, 10.5)
    factors = {one.quantity: one.factor for one in record.conversions}
    assert factors["albumin"] == pytest.approx(10.0)
    assert factors["creatinine"] == pytest.approx(88.4, rel=1e-3)


@pytest.mark.parametrize("number", [1, 2])
def test_trial_matching_bundles(fhir_dir: Path, number: int) -> None:
    folder = fhir_dir / "mcode-clinical-trial-matching-app"
    record = read_fhir(folder / f"TrialMatching_Patient0{number}.json", TODAY)
    patient = record.patient
    assert patient is not None
    assert {"fhir.id", "fhir.site-missing", "fhir.code-unknown"} <= {one.code for one in record.warnings}
    assert (patient.primary.origin, patient.primary.subtype) == ("breast", "hormone-receptor-positive")
    assert patient.lesions == ()
    assert all(line.therapy_class != "androgen-deprivation" for line in patient.lines)
    if number == 1:
        assert patient.visceral_metastases is True
        return
    assert patient.visceral_metastases is None
    assert [(one.kind, one.site.name if one.site else None) for one in patient.events] == [
        ("radiotherapy", "pelvis-right-acetabulum"),
        ("radiotherapy", None),
    ]
    assert [fact.value for fact in record.facts("radiotherapy-site")] == ["right acetabulum", "lumbar spine"]
    assert [one.drug for one in patient.drug_history] == ["zoledronate"]


def test_query_bundle_resolves_addresses_of_entries(fhir_dir: Path) -> None:
    record = read_fhir(fhir_dir / "mcode-clinical-trial-matching-app" / "query.json", TODAY)
    assert record.patient is not None
    assert record.patient.primary.origin == "breast"
    assert not record.rejected


def test_transcribed_examples_hold_no_patient_and_no_bone(fhir_dir: Path) -> None:
    record = read_fhir(fhir_dir / "hl7-mcode-stu4-transcribed" / "basic_examples.json", TODAY)
    assert record.patient is None
    assert {one.code for one in record.errors} == {"fhir.no-patient", "fhir.no-bone-disease"}
    assert record.facts("karnofsky")[0].value == 90.0
    with pytest.raises(InputError, match=r"fhir\.no-patient"):
        patient_of(record)


def test_patient_files_read_back_to_the_same_patient(fhir_dir: Path, tmp_path: Path) -> None:
    done = 0
    for path in sorted(fhir_dir.rglob("*.json")):
        record = read_fhir(path, TODAY)
        if record.patient is not None:
            file = tmp_path / "patient.toml"
            file.write_text(patient_file_text(record.patient), encoding="utf-8")
            assert read_patient(file) == record.patient
            done += 1
    assert done == 4
