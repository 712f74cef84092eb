"""Patients' files that are right: what is read, what is drawn, and the way back."""

import datetime as dt
import json
from pathlib import Path

import pytest

from osteocast.formats.patient_file import patient_from_mapping, read_patient
from osteocast.formats.patient_text import mapping_to_toml, patient_to_mapping

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "patients").glob("*.toml"))
LEAST = {"age_years": 64, "sex": "female", "primary": {"origin": "breast"}}


def test_only_age_sex_and_primary_are_required():
    patient = patient_from_mapping(LEAST)
    unknown = (patient.weight_kg, patient.ecog, patient.visceral_metastases, patient.assessed, patient.current_regimen)
    assert unknown == (None,) * 5
    assert (patient.lesions, patient.observations, patient.lines) == ((), (), ())


def test_missing_is_none_and_never_zero():
    patient = patient_from_mapping({**LEAST, "lesions": [{"site": "T8"}]})
    lesion = patient.lesions[0]
    fields = ("kind", "size_mm", "cortical_involvement", "pain_at_rest", "pain_on_loading", "collapse_percent")
    assert all(getattr(lesion, name) is None for name in fields)
    assert patient_from_mapping({**LEAST, "lesions": [{"site": "T8", "pain_at_rest": 0}]}).lesions[0].pain_at_rest == 0


def test_eight_examples_are_read_and_rich():
    assert len(EXAMPLES) == 8
    patients = [read_patient(path) for path in EXAMPLES]
    assert {one.primary.origin for one in patients} == {
        "breast", "prostate", "lung", "myeloma", "kidney", "thyroid", "unknown",
    }  # fmt: skip
    for patient in patients:
        assert patient.assessed is not None
        assert len(patient.lesions) >= 2
        assert len(patient.observations) >= 3
        assert all(lesion.size_mm is not None and lesion.kind is not None for lesion in patient.lesions)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_round_trip_by_toml_and_json(path, tmp_path):
    patient = read_patient(path)
    content = patient_to_mapping(patient)
    (tmp_path / "copy.toml").write_text(mapping_to_toml(content), encoding="utf-8")
    (tmp_path / "copy.json").write_text(json.dumps(content, default=str), encoding="utf-8")
    assert read_patient(tmp_path / "copy.toml") == patient
    assert read_patient(tmp_path / "copy.json") == patient


@pytest.mark.parametrize(
    ("quantity", "text", "value", "censoring"),
    [
        ("calcium", "10.4 mg/dL", 2.595, "="),
        ("calcium", "2.6 mmol/l", 2.6, "="),
        ("calcium", {"value": 2.6, "unit": "mmol/L"}, 2.6, "="),
        ("PTHrP", "<0.3 pmol/L", 0.3, "<"),
        ("PTHrP", {"value": 60, "unit": "pmol/L", "censoring": ">"}, 60.0, ">"),
        ("albumin", "3.9 g/dL", 39.0, "="),
        ("creatinine", "1.0 mg/dL", 88.4, "="),
        ("creatinine", "90 µmol/L", 90.0, "="),
        ("CTX", "0.45 ng/mL", 450.0, "="),
        ("uNTx", "60 nmol/mmol", 60.0, "="),
        ("PTH", "36 pg/mL", 3.82, "="),
        ("pain-worst", "4/10", 4.0, "="),
    ],
)
def test_quantities_are_converted_once(quantity, text, value, censoring):
    raw = {**LEAST, "observations": [{"quantity": quantity, "value": text, "date": "2026-01-05"}]}
    seen = patient_from_mapping(raw).observations[0]
    assert seen.value == pytest.approx(value, rel=1e-3)
    assert seen.censoring == censoring


def test_units_of_other_fields():
    lesion = {"site": "L1", "size": "3.2 cm", "cortical_involvement": "40 %", "collapse": "20 %", "epidural_grade": 2}
    patient = patient_from_mapping({**LEAST, "weight": "154 lb", "lesions": [lesion]})
    assert patient.weight_kg == pytest.approx(69.85, abs=0.01)
    found = patient.lesions[0]
    assert (found.size_mm, found.collapse_percent, found.epidural_grade) == (pytest.approx(32), 20, "2")
    assert found.cortical_involvement == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("word", "origin", "subtype"),
    [
        ("Breast cancer", "breast", None),
        ("renal cell carcinoma", "kidney", None),
        ("NSCLC", "lung", "non-small-cell"),
        ("multiple myeloma", "myeloma", None),
        ("secondary bone cancer", "unknown", None),
        ("metastatic cancer in the bone", "unknown", None),
        ("bone mets", "unknown", None),
        ("melanoma", "other", "melanoma"),
        ("soft-tissue-sarcoma", "other", "soft-tissue-sarcoma"),
    ],
)
def test_synonyms_of_the_primary(word, origin, subtype):
    primary = patient_from_mapping({**LEAST, "primary": {"origin": word}}).primary
    assert (primary.origin, primary.subtype, primary.given) == (origin, subtype, word if word != origin else "")


def test_myeloma_is_named_a_disease_of_marrow_and_not_a_metastasis():
    from osteocast.domain.primary import origin_facts

    assert origin_facts("myeloma").disease == "myeloma bone disease"
    assert "metastas" not in origin_facts("myeloma").disease
    assert "breast" in origin_facts("breast").disease


def test_day_of_assessment_is_the_newest_date_unless_given():
    observations = [
        {"quantity": "calcium", "value": "2.4 mmol/L", "date": "2026-01-05"},
        {"quantity": "albumin", "value": "40 g/L", "date": "2025-12-24"},
    ]
    patient = patient_from_mapping({**LEAST, "observations": observations})
    assert patient.assessed == dt.date(2026, 1, 5)
    assert patient.day_of(dt.date(2025, 12, 24)) == -12
    assert patient.newest("albumin").date == dt.date(2025, 12, 24)
    later = patient_from_mapping({**LEAST, "assessed": "2026-02-01", "observations": observations})
    assert later.assessed == dt.date(2026, 2, 1)


def test_null_in_json_means_unknown(tmp_path):
    path = tmp_path / "patient.json"
    path.write_text(json.dumps({**LEAST, "ecog": None, "lesions": [{"site": "T8", "kind": None}]}), encoding="utf-8")
    assert read_patient(path).ecog is None
