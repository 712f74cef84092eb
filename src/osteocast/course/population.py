"""Patients as arrays: what a record says, and everything it does not say drawn from the population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course.body_parameters import body_parameters
from osteocast.course.layout import DAYS_PER_YEAR, PERSON, PERSON_INDEX
from osteocast.course.lesion_table import Seeded, lesion_table
from osteocast.course.prognosis import Prognosis, prognosis
from osteocast.course.seeding import seeding_rate
from osteocast.course.typical import Typical
from osteocast.domain.patient import Patient

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Drawn patients, ready to be simulated.

    Parameters
    ----------
    typical : Typical
        The typical values and random streams the patients were drawn with.
    body : (n, n_body_params), lesions : (n, n_slots, n_lesion_params)
        Parameters of the equations; slots are in order of seeding.
    person : (n, len(PERSON)), place : (n, n_slots, len(PLACE))
        See `layout`.
    known : (n,) int64
        Lesions present at the start; later slots are those that may arrive.
    latents : dict of str to (n,) float64
        Drawn quantities by name, for drivers and for what a missing value would tell.
    chance : (n,) int64
        Keys of the chance events of each course.
    """

    typical: Typical
    body: FloatArray
    lesions: FloatArray
    person: FloatArray
    place: FloatArray
    known: IntArray
    latents: dict[str, FloatArray]
    chance: IntArray

    @property
    def n(self) -> int:
        """Number of drawn patients."""
        return len(self.person)

    def take(self, index: IntArray, chance: IntArray) -> Draws:
        """Return the patients at `index` (repeats allowed), each with its own key of chance.

        Parameters
        ----------
        index, chance : (m,) int64
            Which patients, and the keys that the chance events of their courses are drawn with.
        """
        return Draws(
            self.typical.take(index),
            self.body[index],
            self.lesions[index],
            self.person[index],
            self.place[index],
            self.known[index],
            {name: values[index] for name, values in self.latents.items()},
            chance,
        )


def draw_patients(patient: Patient, typical: Typical, seeded: Seeded | None = None) -> Draws:
    """Draw one patient per stream of `typical` that agrees with the record in place, kind and size of lesions.

    Laboratory values are not used here: they weigh the drawn patients afterwards. With `seeded` the number, days and
    places of lesions come from each patient's own natural history.
    """
    tempo = typical.get("population", "tempo_sd") * typical.streams.person("population.tempo")
    ecog = _ecog_start(patient, typical, tempo)
    outlook = prognosis(patient, typical, ecog - typical.get("population", "ecog_start"))
    person = _people(patient, typical, {"tempo": tempo, "ecog": ecog}, outlook)
    body, latents = body_parameters(patient, typical)
    table = lesion_table(patient, typical, tempo, seeded)
    place, lesions = table.in_seeding_order()
    latents = {"population.tempo": tempo, **latents}
    latents |= {"prognosis.visceral": outlook.visceral, "prognosis.subtype": outlook.subtype}
    for name in ("bone_quality", "pain_sensitivity", "line_strength", "ecog"):
        latents[f"population.{name}"] = person[:, PERSON_INDEX[name]].copy()
    return Draws(typical, body, lesions, person, place, table.known, latents, typical.streams.patients)


def _people(patient: Patient, typical: Typical, given: dict[str, FloatArray], outlook: Prognosis) -> FloatArray:
    """Fill the columns of `layout.PERSON`, shape (n, len(PERSON)), some of them given; rates per day."""
    streams, get = typical.streams, typical.get
    primary = patient.primary.origin
    columns, tempo = dict(given), given["tempo"]
    n = len(tempo)
    male = 1.0 if patient.sex == "male" else 0.0
    columns["bone_quality"] = get("population", "bone_quality_sd") * streams.person(
        "population.bone_quality"
    ) + male * get("population", "male_strength")
    columns["pain_sensitivity"] = np.exp(
        get("population", "pain_sensitivity_sd") * streams.person("population.pain_sensitivity")
    )
    columns["age"] = np.full(n, patient.age_years)
    columns["death_hazard"] = get("population", f"death_{primary}") / DAYS_PER_YEAR * np.exp(outlook.log_hazard)
    columns["falls"] = get("population", "falls")
    response = np.exp(get("population", "line_strength_sd") * streams.person("population.line_strength"))
    columns["line_strength"] = get("population", f"line_strength_{primary}") / DAYS_PER_YEAR * response
    duration = get("population", f"line_duration_{primary}") * DAYS_PER_YEAR
    columns["line_resistance"] = np.exp(get("population", "tempo_resistance") * tempo) / duration
    columns["lines_used"] = get("population", "lines_used")
    columns["seeding_rate"] = seeding_rate(typical, tempo) / DAYS_PER_YEAR
    columns["walks"] = np.full(n, 0.0 if patient.ecog == 4 else 1.0)
    columns["survey_interval"] = get("population", "survey_interval")
    return np.ascontiguousarray(np.stack([columns[name] for name in PERSON], axis=1))


def _ecog_start(patient: Patient, typical: Typical, tempo: FloatArray) -> FloatArray:
    """Performance status before tempo and burden: drawn, or such that a recorded grade holds on day 0."""
    if patient.ecog is None:
        spread = typical.get("prognosis", "ecog_spread")
        return typical.get("population", "ecog_start") + spread * typical.streams.person("prognosis.ecog")
    care = typical.get("care", "ecog_tempo") * tempo
    burden = typical.get("care", "ecog_burden") * typical.get("hazards", "burden_reference")
    return np.asarray(patient.ecog - care - burden)
