"""What a forecast leans on: drawn parameters as candidates for drivers, assumptions, citations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from osteocast.course.care import CareParams
from osteocast.course.hazards import HazardParams
from osteocast.course.system import meanings_of
from osteocast.course.typical import Typical, entries_of, file_of
from osteocast.domain.patient import ORIGINS, Patient
from osteocast.domain.regimen import Mechanism, Regimen
from osteocast.domain.site import SiteClass
from osteocast.evidence.cite import cite
from osteocast.evidence.load import load_sources, load_targets
from osteocast.evidence.parameter import Parameter
from osteocast.forecasting.drivers import DrawnQuantity, strongest
from osteocast.forecasting.result import Document
from osteocast.inference.nested import FloatArray, NestedSample
from osteocast.inference.posterior import Posterior
from osteocast.models import body, lesion, pain, radiotherapy, strength

MODELS = (
    (body.Params, "body"),
    (lesion.Params, "lesion"),
    (lesion.PhenotypeParams, "phenotype"),
    (radiotherapy.Params, "radiotherapy"),
    (strength.Params, "strength"),
    (pain.Params, "pain"),
    (HazardParams, "hazards"),
    (CareParams, "care"),
)
TABLES = ("loads", "population", "prognosis")
AREAS = {
    "fluid": "body fluid",
    "hazards": "chance of events",
    "lesion": "lesions",
    "malignancy": "calcium of malignancy",
    "markers": "bone markers",
    "mineral": "calcium balance",
    "phenotype": "kind of lesion",
    "pivonka": "bone cells in a lesion",
    "prognosis": "survival",
    "remodelling": "healthy bone remodelling",
    "strength": "strength of bone",
}
MOST_ASSUMPTIONS = 15


@dataclass(frozen=True, slots=True)
class Used:
    """One parameter a forecast uses."""

    file: str
    parameter: Parameter
    meaning: str

    @property
    def key(self) -> str:
        """``file.name``."""
        return f"{self.file}.{self.parameter.name}"


def used_parameters(patient: Patient) -> tuple[Used, ...]:
    """Return every parameter that enters the forecast of a patient with this primary."""
    found: dict[str, Used] = {}
    for params, name in MODELS:
        meanings = meanings_of(params)
        for field, (file, parameter) in entries_of(params, name).items():
            one = Used(file, parameter, _in_area(meanings[field], file))
            found.setdefault(one.key, one)
    others = _of_others(patient)
    for file in TABLES:
        for parameter in file_of(file).values():
            if not parameter.name.endswith(others):
                one = Used(file, parameter, _words(file, parameter))
                found.setdefault(one.key, one)
    return tuple(found.values())


def _of_others(patient: Patient) -> tuple[str, ...]:
    """Endings of parameters that belong to another primary, sex or class of sites than this patient's."""
    others = [f"_{origin}" for origin in ORIGINS if origin != patient.primary.origin]
    others += [f"_{sex}" for sex in ("female", "male") if sex != patient.sex]
    if patient.lesions:
        present = {lesion.site.site_class for lesion in patient.lesions}
        others += [f"_{member.name.lower()}" for member in SiteClass if member not in present]
    return tuple(others)


def _words(file: str, parameter: Parameter) -> str:
    """Describe a parameter of a table: its name in words and what its note says first."""
    name = parameter.name.replace("_", " ")
    explained = parameter.note.partition(";")[0].strip() or parameter.where
    return _in_area(f"{name}: {explained}" if explained else name, file)


def _in_area(meaning: str, file: str) -> str:
    """Add what part of the model a parameter belongs to, where its meaning does not name it."""
    area = AREAS.get(file, file)
    return meaning if area.split()[0] in meaning else f"{meaning} ({area})"


def drawn_parameters(
    used: tuple[Used, ...], typical: Typical, regimens: tuple[Regimen, ...]
) -> tuple[DrawnQuantity, ...]:
    """Return the uncertain typical values as quantities that differ between courses.

    Those of a drug that no compared regimen gives are left out: what they seem to move is chance.
    """
    given = {drug.mechanism for regimen in regimens for drug in regimen.drugs}
    idle = set(get_args(Mechanism)) - given
    return tuple(
        DrawnQuantity(one.key, one.meaning, one.parameter.grade, typical.of(one.file, one.parameter))
        for one in used
        if not any(mechanism in one.key for mechanism in idle)
        and (one.parameter.uncertainty.kind != "none" or one.key in typical.scales)
    )


def assumptions(
    used: tuple[Used, ...], quantities: tuple[DrawnQuantity, ...], outcome: FloatArray, sample: NestedSample
) -> tuple[Document, ...]:
    """Return the assumed parameters that move any event most, strongest first."""
    by_key = {one.key: one for one in used}
    assumed = [q for q in quantities if q.grade == "assumed"]
    rows = []
    for one, _ in strongest(assumed, outcome, sample)[:MOST_ASSUMPTIONS]:
        parameter = by_key[one.name].parameter
        rows.append(
            {
                "parameter": f"{one.name}: {by_key[one.name].meaning}",
                "value": float(np.format_float_positional(parameter.value, precision=6, fractional=False)),
                "unit": parameter.unit,
                "grade": parameter.grade,
                "source": f"{parameter.source}, {parameter.where}",
            }
        )
    return tuple(rows)


def citations(used: tuple[Used, ...], regimens: tuple[Regimen, ...], posterior: Posterior) -> tuple[Document, ...]:
    """Return the references behind the numbers of a forecast, and the published levels it was fitted to."""
    keys = {one.parameter.source for one in used}
    keys |= {key for regimen in regimens for key in regimen.sources}
    keys |= {key for regimen in regimens for drug in regimen.drugs for key in drug.sources}
    known = load_sources()
    rows = [{"key": key, "text": text} for key, text in cite(keys & known.keys()).items()]
    # a user's regimen or drug file names its own sources, which are shown as they stand
    rows += [{"key": key, "text": key} for key in sorted(keys - known.keys())]
    targets = load_targets()
    for row in posterior.rows:
        target = targets[row.target]
        rows.append({"key": row.target, "text": f"{target.study}. {target.source}"})
    return tuple(rows)
