"""Patients' files that are wrong: one coded error with every problem, its place and its fix."""

import json
import os
import stat
from pathlib import Path

import pytest

from osteocast.formats.patient_file import patient_from_mapping, read_patient
from osteocast.foundation.errors import InputError

LEAST = {"age_years": 64, "sex": "female", "primary": {"origin": "breast"}}


def problems(raw):
    with pytest.raises(InputError) as caught:
        patient_from_mapping(raw, "patient.toml")
    assert caught.value.exit_code == 2
    assert "Traceback" not in str(caught.value)
    return {(issue.code, issue.place.removeprefix("patient.toml: ")): issue for issue in caught.value.issues}


def only(raw):
    found = problems(raw)
    assert len(found) == 1, found
    return next(iter(found.values()))


def lab(value, quantity="calcium"):
    return {**LEAST, "observations": [{"quantity": quantity, "value": value, "date": "2026-01-05"}]}


def lesion(**fields):
    return {**LEAST, "lesions": [{"site": "T8", **fields}]}


def refused(path):
    with pytest.raises(InputError) as caught:
        read_patient(path)
    assert caught.value.exit_code == 2
    return [issue.code for issue in caught.value.issues]


def test_all_problems_are_listed_in_one_pass():
    raw = {
        "age_years": 640,
        "sex": "woman",
        "weigth": "70 kg",
        "assessed": "2026-02-30",
        "primary": {"origin": "brest", "diagnosed": "2019-13-01"},
        "lesions": [{"site": "T13", "size": "-3 mm"}, {"site": "skull", "epidural_grade": "1c"}],
        "observations": [{"quantity": "calcium", "value": "25 mmol/L", "date": "2026-01-05"}, {"quantity": "iron"}],
    }
    assert set(problems(raw)) == {
        ("value.implausible", "age_years"),
        ("value.choice", "sex"),
        ("key.unknown", "weigth"),
        ("value.date", "assessed"),
        ("patient.origin", "primary.origin"),
        ("value.date", "primary.diagnosed"),
        ("value.site", "lesions[1].site"),
        ("value.negative", "lesions[1].size"),
        ("patient.not-a-vertebra", "lesions[2].epidural_grade"),
        ("value.implausible", "observations[1].value"),
        ("value.choice", "observations[2].quantity"),
        ("key.missing", "observations[2].value"),
        ("key.missing", "observations[2].date"),
    }


def test_unknown_key_offers_the_nearest_and_lists_the_allowed():
    issue = only({**LEAST, "wieght": "70 kg"})
    assert issue.code == "key.unknown"
    assert "'weight'" in issue.fix
    assert "ecog" in issue.expected
    assert "'size'" in only(lesion(sise="3 cm")).fix


def test_calcium_in_mg_per_dl_typed_as_mmol_per_l_is_named():
    issue = only(lab("10.4 mmol/L"))
    assert issue.code == "value.implausible"
    assert "Did you mean 10.4 mg/dL?" in issue.fix
    assert "Did you mean" not in only(lab("25 mmol/L")).fix
    assert "Did you mean 2.6 mmol/L?" in only(lab("2.6 mg/dL")).fix
    assert "Did you mean 1.1 mg/dL?" in only(lab("1.1 umol/L", "creatinine")).fix
    assert "Did you mean 3.8 g/dL?" in only(lab("3.8 g/L", "albumin")).fix


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2.4", "value.unit-missing"),
        (2.4, "value.unit-missing"),
        ("2.4 kg", "value.unit"),
        ("2.4 mmol/L/L", "value.unit"),
        ("2,400 mmol/L", "value.not-a-quantity"),
        ("nan mmol/L", "value.not-a-number"),
        (float("nan"), "value.not-a-number"),
        ({"value": float("inf"), "unit": "mmol/L"}, "value.not-a-number"),
        ("1e999 mmol/L", "value.implausible"),
        ("-2.4 mmol/L", "value.negative"),
        ("0 mmol/L", "value.implausible"),
        ("", "value.not-a-quantity"),
        ([2.4], "value.not-a-quantity"),
        ({"value": True, "unit": "mmol/L"}, "value.not-a-quantity"),
        ({"value": 2.4, "unit": "mmol/L", "extra": 1}, "value.not-a-quantity"),
        ("2.4 mmol/L" + " " * 500 + "x", "value.not-a-quantity"),
    ],
)
def test_bad_values(value, code):
    assert only(lab(value)).code == code


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        (lesion(size="0.2 mm"), "value.implausible", "lesions[1].size"),
        (lesion(size="<20 mm"), "value.censored", "lesions[1].size"),
        (lesion(cortical_involvement=0.4), "value.unit-missing", "lesions[1].cortical_involvement"),
        (lesion(cortical_involvement="140 %"), "value.implausible", "lesions[1].cortical_involvement"),
        (lesion(pain_at_rest=11), "value.implausible", "lesions[1].pain_at_rest"),
        (lesion(pain_at_rest="3"), "value.type", "lesions[1].pain_at_rest"),
        (lesion(epidural_grade="2a"), "value.choice", "lesions[1].epidural_grade"),
        (lesion(kind="blastic-ish"), "value.choice", "lesions[1].kind"),
        ({**LEAST, "ecog": 1.5}, "value.type", "ecog"),
        ({**LEAST, "ecog": True}, "value.type", "ecog"),
        ({**LEAST, "visceral_metastases": "no"}, "value.type", "visceral_metastases"),
        ({**LEAST, "age_years": 12}, "value.implausible", "age_years"),
        ({**LEAST, "age_years": float("nan")}, "value.not-a-number", "age_years"),
        ({**LEAST, "assessed": 20260101}, "value.date", "assessed"),
        ({**LEAST, "assessed": "2206-01-01"}, "value.date", "assessed"),
        ({**LEAST, "current_regimen": "zoledronate"}, "value.choice", "current_regimen"),
        ({**LEAST, "current_regimen": "rod"}, "value.choice", "current_regimen"),
        ({**LEAST, "therapies": [{"class": "hormones"}]}, "value.choice", "therapies[1].class"),
        ({**LEAST, "antiresorptives": [{"drug": "aspirin"}]}, "value.choice", "antiresorptives[1].drug"),
        ({**LEAST, "lesions": {"site": "T8"}}, "value.type", "lesions"),
        ({**LEAST, "lesions": [{"site": "T8"}] * 61}, "value.too-many", "lesions"),
        ({**LEAST, "identifier": "a\nb"}, "value.text", "identifier"),
        ({**LEAST, "format": "osteocast.patient/9"}, "value.type", "format"),
        ({**LEAST, "primary": {"origin": "breast", "subtype": "clear-cell"}}, "patient.subtype", "primary.subtype"),
        ({**LEAST, "primary": {"origin": "prostate"}}, "patient.sex-and-primary", "sex"),
        ({**LEAST, "lesions": [{"site": "skull", "collapse": "9 %"}]}, "patient.not-a-vertebra", "lesions[1].collapse"),
        ({**LEAST, "lesions": [{"site": "T8"}, {"site": "T8"}]}, "patient.site-twice", "lesions[2].site"),
        ({**LEAST, "events": [{"kind": "cord-compression", "site": "skull"}]}, "patient.not-a-vertebra",
         "events[1].site"),
        ({**LEAST, "events": [{"kind": "hypercalcaemia", "site": "T8"}]}, "patient.site-not-needed", "events[1].site"),
        ({**LEAST, "assessed": "2026-01-01", "events": [{"kind": "surgery", "date": "2026-01-02"}]},
         "patient.date-after-assessment", "events[1].date"),
        ({**LEAST, "therapies": [{"class": "endocrine", "started": "2025-01-02", "stopped": "2024-01-02"}]},
         "patient.date-order", "therapies[1].stopped"),
        ({**LEAST, "assessed": "2026-01-01", "primary": {"origin": "breast", "diagnosed": "1940-01-01"}},
         "patient.date-before-birth", "primary.diagnosed"),
    ],
)  # fmt: skip
def test_each_kind_of_problem(raw, code, place):
    assert (code, place) in problems(raw)


@pytest.mark.parametrize("word", ["osteosarcoma", "Ewing sarcoma", "chondrosarcoma", "primary bone cancer"])
def test_a_primary_bone_tumour_is_refused_with_the_reason(word):
    issue = only({**LEAST, "primary": {"origin": word}})
    assert issue.code == "patient.primary-bone-tumour"
    assert "begins in bone" in issue.expected
    assert only({**LEAST, "primary": {"origin": "other", "subtype": word}}).code == "patient.primary-bone-tumour"


def test_lesions_at_unnamed_bones_may_repeat():
    assert len(patient_from_mapping({**LEAST, "lesions": [{"site": "other"}, {"site": "other"}]}).lesions) == 2


def test_a_wrong_side_is_never_guessed():
    issue = only({**LEAST, "lesions": [{"site": "Femur left shaft"}]})
    assert "'femur-left-shaft'" in issue.fix


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.toml", b"", "file.empty"),
        ("a.toml", b"\x00\x01\x02" * 50, "file.not-text"),
        ("a.toml", "age_years = 64".encode("utf-16"), "file.not-text"),
        ("a.toml", b"\xe9\xe8\xff", "file.not-text"),
        ("a.toml", b"age_years = = 64", "file.syntax"),
        ("a.toml", b"age_years = " + b"9" * 1500, "value.implausible"),
        ("a.toml", b"x = " + b"[" * 900 + b"]" * 900, "file.too-deep"),
        ("a.toml", b".".join([b"a"] * 900) + b" = 1", "file.too-deep"),
        ("a.toml", b"a" * 5000 + b" = 1", "file.line-too-long"),
        ("a.toml", b"age_years = 1\nage_years = 2", "file.syntax"),
        ("a.json", b"[" * 5000 + b"]" * 5000, "file.too-deep"),
        ("a.json", b'{"a":' * 5000 + b"1" + b"}" * 5000, "file.too-deep"),
        ("a.json", b'{"a":' * 30 + b"1" + b"}" * 30, "file.too-deep"),
        ("a.json", b'{"age_years": 1, "age_years": 2}', "file.duplicate-key"),
        ("a.json", b"[1, 2]", "file.not-a-table"),
        ("a.json", b"NaN", "file.not-a-table"),
        ("a.json", b'{"age_years": NaN}', "value.not-a-number"),
        ("a.json", b'{"age_years": 1e999}', "value.not-a-number"),
        ("a.json", b'{"age_years": ' + b"9" * 5000 + b"}", "file.syntax"),
        ("a.json", b'{"age_years": ', "file.syntax"),
    ],
)  # fmt: skip
def test_hostile_files(name, content, code, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    assert code in refused(path)


def test_impossible_toml_date_is_reported_with_the_other_problems(tmp_path):
    path = tmp_path / "patient.toml"
    path.write_text(
        'age_years = 640\nassessed = 2026-02-30\nsex = "female"\n[primary]\norigin = "breast"\n', encoding="utf-8"
    )
    assert set(refused(path)) == {"value.date", "value.implausible"}


def test_a_hundred_megabytes_are_not_read(tmp_path):
    path = tmp_path / "patient.toml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    assert refused(path) == ["file.too-large"]


def test_directory_missing_file_and_permission(tmp_path, monkeypatch):
    assert refused(tmp_path) == ["file.directory"]
    assert refused(tmp_path / "none.toml") == ["file.missing"]
    path = tmp_path / "locked.toml"
    path.write_text("age_years = 64", encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read everything

        def locked(*_args, **_options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", locked)
    assert refused(path) == ["file.permission"]
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_thousands_of_problems_are_cut_short(tmp_path):
    path = tmp_path / "patient.json"
    path.write_text(json.dumps({**LEAST, **{f"key{n}": 1 for n in range(3000)}}), encoding="utf-8")
    codes = refused(path)
    assert len(codes) == 201
    assert codes[-1] == "file.many-problems"


def test_two_values_of_one_quantity_on_one_day_are_not_chosen_between():
    calcium = {"quantity": "calcium", "date": "2026-01-05"}
    one, other = {**calcium, "value": "2.1 mmol/L"}, {**calcium, "value": "3.1 mmol/L"}
    issue = only({**LEAST, "observations": [one, other]})
    assert issue.code == "patient.value-twice"
    assert "observations[2]" in issue.place
    assert "observations[1]" in issue.fix
    later = {**other, "date": "2026-01-06"}
    assert len(patient_from_mapping({**LEAST, "observations": [one, later]}).observations) == 2


@pytest.mark.parametrize("word", ["Osteo-sarcoma", "osteo sarcoma", "giant-cell tumour of bone", "Ewing-sarcoma"])
def test_hyphens_do_not_hide_a_tumour_of_bone(word):
    assert only({**LEAST, "primary": {"origin": word}}).code == "patient.primary-bone-tumour"
    assert only({**LEAST, "primary": {"origin": "other", "subtype": word}}).code == "patient.primary-bone-tumour"


@pytest.mark.parametrize(("drug", "dose", "right"), [("zoledronate", "120 mg", "4 mg"), ("denosumab", "4 g", "60 mg")])
def test_an_earlier_dose_that_nobody_gives_is_refused(drug, dose, right):
    course = {"drug": drug, "interval": "4 weeks", "started": "2025-01-01"}
    issue = only({**LEAST, "antiresorptives": [{**course, "dose": dose}]})
    assert (issue.code, issue.place) == ("patient.dose", "patient.toml: antiresorptives[1].dose")
    patient_from_mapping({**LEAST, "antiresorptives": [{**course, "dose": right}, course]})


@pytest.mark.parametrize("raw", [{**LEAST, "primary": "breast"}, {**LEAST, "lesions": [["T8"]]}])
def test_a_message_names_no_class_of_the_program(raw):
    issue = only(raw)
    assert issue.code == "value.type"
    assert "Entry" not in issue.expected
