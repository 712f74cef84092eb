"""A new patient's file: a commented template, or the answers to a few questions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from osteocast.domain.patient import ORIGINS
from osteocast.formats.patient_file import patient_from_mapping
from osteocast.formats.patient_model import PATIENT_FORMAT
from osteocast.formats.patient_text import mapping_to_toml
from osteocast.formats.regimen_file import builtin_regimens
from osteocast.foundation.errors import InputError

__all__ = ["QUESTIONS", "Question", "ask_patient", "template_text"]

_EXAMPLE = {"age_years": 60, "sex": "male", "primary": {"origin": "unknown"}}


@dataclass(frozen=True, slots=True)
class Question:
    """One question of `osteocast new`.

    Parameters
    ----------
    key : str
        What it fills.
    text : str
        The question, with an example of an answer.
    required : bool
        Whether an empty answer is refused; otherwise it means *not known*.
    """

    key: str
    text: str
    required: bool = False


QUESTIONS = (
    Question("age_years", "Age in years, such as 64", required=True),
    Question("sex", "Sex: female or male", required=True),
    Question("origin", "Where did the cancer begin: " + ", ".join(ORIGINS), required=True),
    Question("sites", "Sites of the bone lesions, largest first, such as T8, femur-left-shaft, sacrum"),
    Question("kind", "Are they mainly lytic, mixed or sclerotic"),
    Question("size", "Largest diameter of the first lesion, such as 28 mm"),
    Question("weight", "Body weight, such as 70 kg"),
    Question("creatinine", "Newest creatinine, such as 80 umol/L or 0.9 mg/dL"),
    Question("current_regimen", "Bone treatment now: " + ", ".join(
        name for name in builtin_regimens() if name.startswith(("supportive", "zoledronate-q", "denosumab-q"))
    )),
)  # fmt: skip
"""About eight questions: enough for a first forecast; everything else can be added to the file later."""


def template_text() -> str:
    """Return the commented template, a file that can be read as it is."""
    return files("osteocast").joinpath("data", "templates", "patient.toml").read_text(encoding="utf-8")


def ask_patient(ask: Callable[[str], str], say: Callable[[str], None], today: dt.date) -> str:
    """Ask the questions and return the text of a patient's file.

    Parameters
    ----------
    ask : callable
        Shows a question and returns the answer (``input``, or a scripted one).
    say : callable
        Shows what is wrong with an answer; the question is then asked again.
    today : datetime.date
        Day of the assessment and of the laboratory values.
    """
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        while True:
            answer = ask(question.text).strip()
            if not answer and question.required:
                say("This one is needed.")
                continue
            if answer:
                problem = _problem({**answers, question.key: answer}, today)
                if problem:
                    say(problem)
                    continue
                answers[question.key] = answer
            break
    return "# Written by `osteocast new`; docs/patient-file.md lists everything that can be added.\n" + (
        mapping_to_toml(_content(answers, today))
    )


def _problem(answers: dict[str, str], today: dt.date) -> str:
    try:
        patient_from_mapping({**_EXAMPLE, **_content(answers, today)})
    except InputError as error:
        return " ".join(f"{one.found}: expected {one.expected}. {one.fix}" for one in error.issues)
    return ""


def _content(answers: dict[str, str], today: dt.date) -> dict[str, Any]:
    content: dict[str, Any] = {"format": PATIENT_FORMAT, "assessed": today}
    if "age_years" in answers:
        content["age_years"] = _number(answers["age_years"])
    content.update({key: answers[key] for key in ("sex", "weight", "current_regimen") if key in answers})
    if "origin" in answers:
        content["primary"] = {"origin": answers["origin"]}
    sites = [name.strip() for name in answers.get("sites", "").split(",") if name.strip()]
    lesions: list[dict[str, Any]] = [{"site": name} for name in sites]
    for lesion in lesions:
        if "kind" in answers:
            lesion["kind"] = answers["kind"]
    if lesions and "size" in answers:
        lesions[0]["size"] = answers["size"]
    if lesions:
        content["lesions"] = lesions
    if "creatinine" in answers:
        value = answers["creatinine"]
        content["observations"] = [{"quantity": "creatinine", "value": value, "date": today}]
    return content


def _number(text: str) -> float | int | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value
