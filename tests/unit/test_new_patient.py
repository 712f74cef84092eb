"""`osteocast new`: the template and the questions."""

import datetime as dt
import re
import tomllib

from osteocast.formats.new_patient import QUESTIONS, ask_patient, template_text
from osteocast.formats.patient_file import patient_from_mapping, read_patient

TODAY = dt.date(2026, 1, 15)


def asked(answers):
    given, said = iter(answers), []
    return ask_patient(lambda _question: next(given), said.append, TODAY), said


def test_template_is_a_patients_file(tmp_path):
    path = tmp_path / "patient.toml"
    path.write_text(template_text(), encoding="utf-8")
    patient = read_patient(path)
    assert (patient.age_years, patient.primary.origin, patient.lesions) == (60, "breast", ())


def test_every_example_in_the_template_is_right(tmp_path):
    # Uncommenting all examples gives a file that is read too.
    text = re.sub(r"^# (\[\[|[a-z_]+ = )", r"\1", template_text(), flags=re.MULTILINE)
    path = tmp_path / "patient.toml"
    path.write_text(text, encoding="utf-8")
    patient = read_patient(path)
    assert patient.weight_kg == 70
    assert patient.lesions[0].site.name == "femur-left-subtrochanteric"
    assert patient.current_regimen == "zoledronate-q4w"
    assert (len(patient.lines), len(patient.drug_history), len(patient.events), len(patient.observations)) == (
        1,
        1,
        1,
        1,
    )


def test_about_eight_questions_make_a_file():
    assert 8 <= len(QUESTIONS) <= 9
    answers = [
        "64",
        "female",
        "breast",
        "T8, femur-left-shaft",
        "lytic",
        "28 mm",
        "70 kg",
        "0.9 mg/dL",
        "denosumab-q4w",
    ]
    text, said = asked(answers)
    assert said == []
    patient = patient_from_mapping(tomllib.loads(text))
    assert [one.site.name for one in patient.lesions] == ["T8", "femur-left-shaft"]
    assert (patient.lesions[0].size_mm, patient.lesions[1].size_mm) == (28, None)
    assert patient.assessed == TODAY
    assert patient.current_regimen == "denosumab-q4w"


def test_a_wrong_answer_is_explained_and_asked_again_and_empty_means_unknown():
    text, said = asked(
        ["", "six", "64", "female", "osteosarcoma", "breast", "T13", "T12", "", "", "70", "70 kg", "", ""]
    )
    assert len(said) == 5
    assert "begins in bone" in said[2]
    assert "kg" in said[4]
    patient = patient_from_mapping(tomllib.loads(text))
    assert patient.lesions[0].kind is None
    assert patient.observations == ()
