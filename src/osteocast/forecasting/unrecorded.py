"""Values the record leaves open, as they were drawn: what a new measurement would tell."""

from __future__ import annotations

import numpy as np

from osteocast.course.courses import Courses
from osteocast.course.layout import PLACE_INDEX
from osteocast.course.population import Draws
from osteocast.course.prognosis import standing
from osteocast.domain.patient import Patient
from osteocast.forecasting.drivers import DrawnQuantity
from osteocast.inference.nested import FloatArray


def unrecorded_quantities(patient: Patient, draws: Draws, courses: Courses) -> tuple[DrawnQuantity, ...]:
    """Return each unrecorded item with the value it has in every course on day 0.

    Parameters
    ----------
    patient : Patient
    draws : Draws
        The drawn patients of the courses.
    courses : Courses
        Of any regimen: day 0 is the same under all.
    """
    found: list[DrawnQuantity] = []

    def add(name: str, meaning: str, values: FloatArray, category: bool = False) -> None:
        """Add a quantity whose values are all there."""
        if np.all(np.isfinite(values)):
            found.append(DrawnQuantity(name, meaning, "", values, category))

    if not (patient.observed("calcium") or patient.observed("corrected-calcium")):
        add("calcium", "the calcium level", courses.of_patient("calcium_mmol_per_l")[:, 0])
    if not patient.observed("uNTx"):
        add("uNTx", "bone resorption (uNTx)", courses.of_patient("untx_ratio")[:, 0])
    if not patient.observed("creatinine"):
        add("creatinine", "kidney function (creatinine)", courses.of_patient("gfr_ml_per_min")[:, 0])
    if patient.ecog is None:
        add("ECOG", "performance status", np.round(courses.of_patient("ecog")[:, 0]), category=True)
    if patient.visceral_metastases is None:
        add("visceral metastases", "visceral metastases", draws.latents["prognosis.visceral"], category=True)
    if standing(patient.primary) == "drawn":
        add("subtype", "the subtype of the primary", draws.latents["prognosis.subtype"], category=True)
    if not patient.lesions:
        add("lesions", "the number of lesions", draws.known.astype(float))
    rows = draws.place[:, :, PLACE_INDEX["report_index"]]
    for row, lesion in enumerate(patient.lesions):
        slot = np.argmax(rows == row, axis=1)
        here = np.take_along_axis(draws.place, slot[:, None, None], axis=1)[:, 0]
        if lesion.kind is None:
            values = np.digitize(here[:, PLACE_INDEX["phenotype"]], (1 / 3, 2 / 3)).astype(float)
            add(f"kind of {lesion.site.name}", f"the kind of the lesion at {lesion.site.title}", values, category=True)
        if lesion.size_mm is None and lesion.cortical_involvement is None:
            extent = courses.of_lesion(row, "extent")[:, 0]
            add(f"size of {lesion.site.name}", f"the size of the lesion at {lesion.site.title}", extent)
        if lesion.pain_at_rest is None and lesion.pain_on_loading is None:
            pain = courses.of_lesion(row, "pain")[:, 0]
            add(f"pain of {lesion.site.name}", f"the pain at {lesion.site.title}", pain)
        if lesion.site.is_vertebra and lesion.epidural_grade is None:
            reach = courses.of_lesion(row, "epidural")[:, 0]
            add(f"epidural grade of {lesion.site.name}", f"the epidural grade at {lesion.site.title}", reach)
    return tuple(found)
