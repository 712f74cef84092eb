"""Lesions of drawn patients: place, kind, make-up and age, from the record where it says and drawn where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from osteocast.course.layout import DAYS_PER_YEAR, NEW_LESIONS, PLACE, PLACE_INDEX
from osteocast.course.recorded import first_treated_day, is_broken
from osteocast.course.seeding import site_shares
from osteocast.course.typical import Typical, entries_of, spread_out
from osteocast.domain.patient import Lesion, Patient
from osteocast.domain.site import SiteClass
from osteocast.domain.skeleton import section_widths_mm
from osteocast.engine.system import fields_of
from osteocast.models import lesion as lesion_model

FloatArray = NDArray[np.float64]

EPIDURAL_OF_GRADE = {"0": 0.0, "1a": 0.2, "1b": 0.35, "1c": 0.5, "2": 0.75, "3": 0.9}
"""Epidural extent that stands for an ESCC grade; the cord is compressed at 1. Assumed, evenly spread."""
KIND_LIMITS = {"lytic": (-np.inf, 1 / 3), "mixed": (1 / 3, 2 / 3), "sclerotic": (2 / 3, np.inf)}
LARGEST_EXTENT = 0.97
PER_LESION = ("growth", "extent_max", "epidural_growth", "denosumab_association", "bisphosphonate_gain")
"""Lesion parameters whose between-patient spread is drawn for each lesion; the others once for the person."""


@dataclass(frozen=True, slots=True)
class LesionTable:
    """Lesions by report row, before they are put in order of seeding.

    `place` (n, rows, len(PLACE)), `params` (n, rows, n_params), `known` (n,) lesions present at the start.
    """

    place: FloatArray
    params: FloatArray
    known: NDArray[np.int64]

    def in_seeding_order(self) -> tuple[FloatArray, FloatArray]:
        """Return `place` and `params` with each patient's lesions from oldest to youngest, arriving ones last."""
        order = np.argsort(self.place[:, :, PLACE_INDEX["seed_day"]], axis=1, kind="stable")
        patients = np.arange(len(order))[:, None]
        return (
            np.ascontiguousarray(self.place[patients, order]),
            np.ascontiguousarray(self.params[patients, order]),
        )


@dataclass(frozen=True, slots=True)
class Seeded:
    """Lesions whose seeding is known from the natural history of each patient.

    `seed_day` (n, rows) before day 0, infinite where there is no such lesion; `site_class` (n, rows).
    """

    seed_day: FloatArray
    site_class: FloatArray


def lesion_table(patient: Patient, typical: Typical, tempo: FloatArray, seeded: Seeded | None = None) -> LesionTable:
    """Draw the lesions of every patient of `typical`; `seeded` says when and where they were seeded."""
    if seeded is None:
        known = _number_of_lesions(patient, typical, tempo)
        rows = int(known.max()) + NEW_LESIONS
        site_class = _site_classes(patient, typical, rows)
    else:
        known = np.count_nonzero(np.isfinite(seeded.seed_day), axis=1).astype(np.int64)
        rows = seeded.seed_day.shape[1] + NEW_LESIONS
        site_class = _site_classes(patient, typical, rows)
        site_class[:, : seeded.site_class.shape[1]] = seeded.site_class
    place = np.full((len(known), rows, len(PLACE)), np.nan)
    place[:, :, PLACE_INDEX["site_class"]] = site_class
    place[:, :, PLACE_INDEX["vertebra"]] = _levels(patient, rows)
    place[:, :, PLACE_INDEX["phenotype"]] = _phenotypes(patient, typical, rows)
    weakening = typical.get("population", "lesion_weakening_sd")[:, None]
    weakening = np.exp(weakening * typical.streams.lesion("population.lesion_weakening", rows))
    place[:, :, PLACE_INDEX["weakening"]] = weakening
    pain = typical.get("population", "pain_lesion_sd")[:, None]
    place[:, :, PLACE_INDEX["pain_factor"]] = np.exp(pain * typical.streams.lesion("population.pain_lesion", rows))
    place[:, :, PLACE_INDEX["report_index"]] = np.arange(rows)
    place[:, :, PLACE_INDEX["fractured"]] = 0.0
    place[:, :, PLACE_INDEX["rod"]] = 0.0
    place[:, :, PLACE_INDEX["moving_factor"]] = 1.0
    params, latent_extent = _parameters(patient, typical, place, tempo)
    for row, lesion in enumerate(patient.lesions):
        _record(patient, lesion, place[:, row])
    _set_volumes(patient, params, place, latent_extent)
    if seeded is None:
        place[:, :, PLACE_INDEX["seed_day"]] = _seed_days(typical, place, params)
        absent = np.arange(rows)[None, :] >= known[:, None]
        place[:, :, PLACE_INDEX["seed_day"]][absent] = np.inf
    else:
        place[:, :, PLACE_INDEX["seed_day"]] = np.inf
        place[:, : seeded.seed_day.shape[1], PLACE_INDEX["seed_day"]] = seeded.seed_day
    return LesionTable(place, params, known)


def lesion_growth(primary: str, typical: Typical, tempo: FloatArray, rows: int) -> FloatArray:
    """Return the growth rate of each lesion [1/year], shape (n, rows): that of `lesion_table` for the same keys."""
    file, parameter = entries_of(lesion_model.Params, "lesion")["growth"]
    normal = typical.streams.lesion(f"{file}.{parameter.name}", rows)
    each = spread_out(typical.of(file, parameter)[:, None], parameter.between_patient, normal)
    return np.asarray(each * _growth_of_primary(primary, typical, tempo)[:, None] * DAYS_PER_YEAR)


def _growth_of_primary(primary: str, typical: Typical, tempo: FloatArray) -> FloatArray:
    """Return growth against the reference by primary and tempo, shape (n,)."""
    faster = np.exp(typical.get("population", "tempo_growth") * tempo)
    return np.asarray(typical.get("population", f"growth_{primary}") * faster)


def _number_of_lesions(patient: Patient, typical: Typical, tempo: FloatArray) -> NDArray[np.int64]:
    n = len(tempo)
    if patient.lesions:
        return np.full(n, len(patient.lesions), dtype=np.int64)
    median = typical.get("population", f"lesions_{patient.primary.origin}")
    spread = typical.get("population", "lesions_sd") * typical.streams.person("population.lesions")
    spread = spread + typical.get("population", "tempo_lesions") * tempo
    most = typical.get("population", "lesions_most")
    return np.asarray(np.clip(np.round(median * np.exp(spread)), 1, most), dtype=np.int64)


def _site_classes(patient: Patient, typical: Typical, rows: int) -> FloatArray:
    uniform = ndtr(typical.streams.lesion("population.site", rows))
    drawn = np.searchsorted(np.cumsum(site_shares()), uniform).astype(float)
    drawn = np.minimum(drawn, len(SiteClass) - 1)
    for row, lesion in enumerate(patient.lesions):
        drawn[:, row] = lesion.site.code
    return np.asarray(drawn)


def _levels(patient: Patient, rows: int) -> FloatArray:
    levels = np.full(rows, -1.0)
    for row, lesion in enumerate(patient.lesions):
        levels[row] = -1.0 if lesion.site.level is None else float(lesion.site.level)
    return levels


def _phenotypes(patient: Patient, typical: Typical, rows: int) -> FloatArray:
    """Place on the axis lytic 0 to sclerotic 1; a recorded kind cuts the normal distribution to its third."""
    mean = typical.get("population", f"phenotype_{patient.primary.origin}")
    mean = mean + typical.get("population", "phenotype_patient_sd") * typical.streams.person("population.phenotype")
    spread = typical.get("population", "phenotype_lesion_sd")
    uniform = ndtr(typical.streams.lesion("population.phenotype", rows))
    theta = mean[:, None] + spread[:, None] * ndtri(uniform)
    for row, lesion in enumerate(patient.lesions):
        if lesion.kind is not None:
            low, high = (ndtr((limit - mean) / spread) for limit in KIND_LIMITS[lesion.kind])
            inside = np.clip(low + uniform[:, row] * (high - low), 1e-12, 1 - 1e-12)
            theta[:, row] = mean + spread * ndtri(inside)
            bounds = np.clip(KIND_LIMITS[lesion.kind], 0.0, 1.0)
            theta[:, row] = np.clip(theta[:, row], *bounds)
    return np.asarray(np.clip(theta, 0.0, 1.0))


def _parameters(
    patient: Patient, typical: Typical, place: FloatArray, tempo: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lesion parameters, shape (n, rows, n_params), with the largest extent of each lesion."""
    n, rows = place.shape[:2]
    primary = patient.primary.origin
    entries = entries_of(lesion_model.Params, "lesion")
    names = [field.name for field in fields_of(lesion_model.Params)]
    values = np.empty((n, rows, len(names)))
    factors = _phenotype_factors(typical, place[:, :, PLACE_INDEX["phenotype"]], primary)
    for column, name in enumerate(names):
        file, parameter = entries[name]
        key = f"{file}.{parameter.name}"
        base = factors[name] if name in factors else typical.of(file, parameter)[:, None]
        spread = parameter.between_patient
        if spread.kind == "none":
            values[:, :, column] = base
        elif name in PER_LESION:
            values[:, :, column] = spread_out(base, spread, typical.streams.lesion(key, rows))
        else:
            values[:, :, column] = spread_out(base, spread, typical.streams.person(key)[:, None])
    values[:, :, names.index("growth")] *= _growth_of_primary(primary, typical, tempo)[:, None]
    extent = names.index("extent_max")
    site_class = place[:, :, PLACE_INDEX["site_class"]].astype(int)
    medians = np.stack([typical.get("population", f"extent_{m.name.lower()}") for m in SiteClass], axis=1)
    median = np.take_along_axis(medians, site_class, axis=1)
    values[:, :, extent] *= median / typical.of(*entries["extent_max"])[:, None]
    epidural = names.index("epidural_growth")
    can_grow = (
        ndtr(typical.streams.lesion("population.epidural", rows)) < typical.get("population", "epidural_share")[:, None]
    )
    recorded = np.zeros(rows, dtype=bool)
    for row, lesion in enumerate(patient.lesions):
        recorded[row] = lesion.epidural_grade not in (None, "0")
    spine = site_class <= int(SiteClass.VERTEBRA_LUMBAR)
    values[:, :, epidural] *= spine & (can_grow | recorded[None, :])
    return values, values[:, :, extent].copy()


def _phenotype_factors(typical: Typical, theta: FloatArray, primary: str) -> dict[str, FloatArray]:
    entries = entries_of(lesion_model.PhenotypeParams, "phenotype")
    values: dict[str, Any] = {name: typical.of(file, one)[:, None] for name, (file, one) in entries.items()}
    p = lesion_model.PhenotypeParams(**values)
    suppression = typical.get("population", f"marrow_suppression_{primary}")[:, None]
    factors = lesion_model.phenotype(theta, p, suppression)  # type: ignore[arg-type]
    return {name: np.broadcast_to(value, theta.shape) for name, value in factors._asdict().items()}


def _record(patient: Patient, lesion: Lesion, place: FloatArray) -> None:
    """Write what the record says of one lesion into its row, shape (n, len(PLACE))."""
    width = section_widths_mm()[lesion.site.code]
    # what weakens a bone is the share of its section that is taken; a diameter stands for it where that is not known
    extent = lesion.cortical_involvement
    if extent is None and lesion.size_mm is not None:
        extent = lesion.size_mm / width
    if extent is not None:
        place[:, PLACE_INDEX["seen_extent"]] = np.clip(extent, 0.05, LARGEST_EXTENT)
    if lesion.epidural_grade is not None:
        place[:, PLACE_INDEX["seen_epidural"]] = EPIDURAL_OF_GRADE[lesion.epidural_grade]
    pains = [pain for pain in (lesion.pain_at_rest, lesion.pain_on_loading) if pain is not None]
    if pains:
        place[:, PLACE_INDEX["seen_pain"]] = max(pains)
    if len(pains) == 2:
        place[:, PLACE_INDEX["seen_rest"]], place[:, PLACE_INDEX["seen_loading"]] = pains
    treated = first_treated_day(patient, lesion)
    if treated is not None:
        place[:, PLACE_INDEX["treated_day"]] = treated
    if lesion.fixed is not None:
        place[:, PLACE_INDEX["rod"]] = 1.0
    if is_broken(patient, lesion):
        place[:, PLACE_INDEX["fractured"]] = 1.0


def _set_volumes(patient: Patient, params: FloatArray, place: FloatArray, extent: FloatArray) -> None:
    """Set the volume of a lesion as wide as the section: a sphere; a measured size fixes the volume instead."""
    names = [field.name for field in fields_of(lesion_model.Params)]
    site_class = place[:, :, PLACE_INDEX["site_class"]].astype(int)
    volume = np.pi / 6 * np.array(section_widths_mm())[site_class] ** 3 / 1000
    for row, lesion in enumerate(patient.lesions):
        if lesion.size_mm is not None:
            seen = place[:, row, PLACE_INDEX["seen_extent"]]
            volume[:, row] = np.pi / 6 * lesion.size_mm**3 / 1000 / seen**3
    params[:, :, names.index("capacity_volume")] = volume
    params[:, :, names.index("extent_max")] = np.minimum(extent, LARGEST_EXTENT)


def _seed_days(typical: Typical, place: FloatArray, params: FloatArray) -> FloatArray:
    """Day of seeding: long enough ago to have grown to the seen extent, or drawn for the population's lesions.

    Gompertz growth without treatment reaches extent x after ln(ln T0 / ln T) / growth, with T = (x / extent_max)^3.
    A lesion seen larger than its drawn `extent_max` allows is taken to stand at 90 % of its tumour capacity. A lesion
    that was irradiated or fixed had grown to that extent, or was that old, when this was first done: it is not treated
    before it is there, and a lesion does not shrink.
    """
    names = [field.name for field in fields_of(lesion_model.Params)]
    growth = params[:, :, names.index("growth")]
    seed = params[:, :, names.index("seed_size")]
    feedback = params[:, :, names.index("feedback")]
    seen = place[:, :, PLACE_INDEX["seen_extent"]]
    tumour = np.clip((seen / params[:, :, names.index("extent_max")]) ** 3, 1.05 * seed, 0.9)
    grown = np.log(np.log(seed) / np.log(tumour)) / (growth * (1 + feedback))
    uniform = ndtr(typical.streams.lesion("population.age", place.shape[1]))
    first = typical.get("population", "age_first")[:, None]
    last = typical.get("population", "age_last")[:, None]
    drawn = DAYS_PER_YEAR * (first + uniform * (last - first))
    age = np.where(np.isnan(seen), drawn, np.minimum(grown, 15 * DAYS_PER_YEAR))
    treated = np.nan_to_num(place[:, :, PLACE_INDEX["treated_day"]])
    return np.asarray(treated - np.maximum(age, 1.0))
