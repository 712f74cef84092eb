"""Forecast one patient under several regimens: candidates, weights, courses, summary."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from osteocast.course.calendar import coming_calendar
from osteocast.course.event_definitions import definition_names, event_definition
from osteocast.course.present import Present
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.domain.eligibility import Eligibility, eligibility
from osteocast.domain.emergencies import URGENT_CODES
from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Regimen
from osteocast.evidence.load import DATA
from osteocast.forecasting.applicability import emergencies_and_limits
from osteocast.forecasting.candidates import Candidates, find_candidates, seen_values
from osteocast.forecasting.events import any_event_share
from osteocast.forecasting.evidence_used import assumptions, citations, drawn_parameters, used_parameters
from osteocast.forecasting.forecast import Context, build_forecast
from osteocast.forecasting.record_fit import record_fit
from osteocast.forecasting.result import Document, Forecast
from osteocast.forecasting.summary import RegimenRun
from osteocast.forecasting.unrecorded import unrecorded_quantities
from osteocast.formats.regimen_file import check_for_patient, eligible_regimens
from osteocast.foundation.errors import ForecastError, InputError, Issue
from osteocast.foundation.random import uniform_array
from osteocast.foundation.settings import MOST_SEED, out_of_range
from osteocast.inference.nested import NestedSample
from osteocast.inference.posterior import Posterior, read_posterior
from osteocast.inference.weights import (
    SMALLEST_EFFECTIVE_SAMPLE,
    Weights,
    refuse_if_too_few,
    resample_within_draws,
)
from osteocast.models import radiotherapy

Progress = Callable[[str, int, int], None]

POSTERIOR = DATA / "posterior.toml"
CANDIDATES_PER_CONTINUATION = 3
"""Candidates drawn for each continuation when laboratory values have to choose among them."""
LEAST_CANDIDATES = 640
"""Candidates drawn at least: the record of what did not happen also chooses among them, and 100 must be left."""
SAFE_SAMPLE = 150.0
"""Effective sample aimed at where the first candidates leave too few."""
MOST_GROWTH = 8.0
"""Times as many candidates at most in a second try; beyond it the values contradict the model."""
RESAMPLING_QUANTITY = 9
MOST_MONTHS = 120
MOST_COURSE_MONTHS = 2_000_000
"""Draws times continuations times months; each takes about 1 kB under each regimen."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Size and horizon of a forecast.

    Parameters
    ----------
    months : int
        Horizon [month].
    draws : int
        Parameter draws: how uncertain typical values are.
    continuations : int
        Chance draws of each parameter draw, each with its own patient.
    seed : int
        Seed of every random number.
    definition : str
        Event definition, ``SRE`` or ``SSE``.
    """

    months: int = 24
    draws: int = 64
    continuations: int = 16
    seed: int = 1
    definition: str = "SRE"

    def check(self) -> None:
        """Raise `InputError` with every setting that is out of range."""
        limits = {
            "months": (self.months, 1, MOST_MONTHS),
            "draws": (self.draws, 10, 10_000),
            "continuations": (self.continuations, 10, 10_000),
            "seed": (self.seed, 0, MOST_SEED),
        }
        issues = out_of_range("forecast.setting", limits)
        if self.definition not in definition_names():
            known = "one of " + ", ".join(definition_names())
            issues.append(Issue("forecast.setting", "definition", str(self.definition), known, "Name a definition."))
        size = 0 if issues else self.draws * self.continuations * self.months
        if size > MOST_COURSE_MONTHS:
            expected = f"at most {MOST_COURSE_MONTHS:,}"
            fix = "Choose fewer draws, continuations or months: the courses would not fit into memory."
            issues.append(Issue("forecast.setting", "draws x continuations x months", f"{size:,}", expected, fix))
        if issues:
            raise InputError(issues)


def forecast(
    patient: Patient,
    regimens: Sequence[Regimen] | None = None,
    settings: Settings | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast the course of one patient's bone disease under each regimen.

    Parameters
    ----------
    patient : Patient
    regimens : sequence of Regimen or None
        None compares the current treatment with the regimens this patient is eligible for.
    settings : Settings or None
    workers : int or None
        Threads; None uses every processor. The result does not depend on it.
    progress : callable or None
        Called with what is being done, how much is done and how much there is.

    Raises
    ------
    InputError
        A regimen for a lesion the patient lacks; a setting out of range.
    ForecastError
        Values that no simulated patient shows; solver failures; an empty list of regimens.
    TypeError
        Names in place of what they name.
    """
    chosen = settings or Settings()
    _check_arguments(patient, regimens, workers)
    chosen.check()
    judged, excluded = _judged(patient, regimens)
    compared = tuple(one.regimen for one in judged)
    posterior = read_posterior(POSTERIOR)
    tell = progress or (lambda what, done, total: None)
    tell("natural history", 0, 1)
    sample, present, weights = _resampled(_enough_candidates(patient, posterior, chosen, workers), chosen)
    tell("natural history", 1, 1)
    draws = present.draws
    runs = [_run(one, patient, present, chosen, (workers, tell)) for one in judged]
    used = used_parameters(patient)
    parameters = drawn_parameters(used, draws.typical, compared)
    outcome = any_event_share([run.courses for run in runs], event_definition(chosen.definition))
    context = Context(
        patient=patient,
        posterior=posterior,
        weights=weights,
        seed=chosen.seed,
        continuations=chosen.continuations,
        definition=chosen.definition,
        parameters=parameters,
        unrecorded=unrecorded_quantities(patient, draws, runs[0].courses),
        assumptions=assumptions(used, parameters, outcome, sample),
        citations=citations(used, compared, posterior),
        record_fit=record_fit(seen_values(patient), present.records, sample.normalised),
        excluded=excluded,
    )
    return build_forecast(runs, sample, context)


def _check_arguments(patient: Patient, regimens: Sequence[Regimen] | None, workers: int | None) -> None:
    if not isinstance(patient, Patient):
        raise TypeError("patient: not a Patient; osteocast.read_patient(file) gives one")
    if regimens is not None and (isinstance(regimens, str) or not all(isinstance(r, Regimen) for r in regimens)):
        raise TypeError("regimens: not a list of Regimen; osteocast.read_regimen(name) gives one")
    if regimens is not None and len(regimens) == 0:
        fix = "Name one, or give None for the current and the eligible ones."
        raise ForecastError(Issue("forecast.no-regimen", "regimens", "none", "at least one regimen", fix))
    if workers is not None and workers < 1:
        fix = "Leave it out to use every processor."
        raise InputError(Issue("forecast.setting", "workers", str(workers), "at least 1", fix))


def _emergencies(patient: Patient) -> list[Issue]:
    return [
        Issue(URGENT_CODES[one.level], one.level.upper(), one.brief, "care before a forecast", one.text)
        for one in emergencies_and_limits(patient)
        if one.level in URGENT_CODES
    ]


def _enough_candidates(patient: Patient, posterior: Posterior, settings: Settings, workers: int | None) -> Candidates:
    """Return weighed candidates; where that is refused, what cannot wait is said all the same.

    Raises
    ------
    ForecastError
        ``forecast.effective-sample``, ``forecast.no-candidate``; before them ``forecast.emergency``
        and ``forecast.same-day``.
    """
    try:
        return _weighed_candidates(patient, posterior, settings, workers)
    except ForecastError as error:
        raise ForecastError((*_emergencies(patient), *error.issues)) from error


def _weighed_candidates(patient: Patient, posterior: Posterior, settings: Settings, workers: int | None) -> Candidates:
    """Return weighed candidates, the same number for each parameter draw.

    Many lesions or unusual values leave few candidates; where a larger number promises enough, they are drawn anew.
    Where that does not do, values are searched for once more with a longer search.

    Raises
    ------
    ForecastError
        ``forecast.effective-sample``, ``forecast.no-candidate``, ``forecast.drug-and-values``.
    """
    draws, seed = settings.draws, settings.seed
    seen = seen_values(patient)
    wanted = settings.continuations * (CANDIDATES_PER_CONTINUATION if seen else 1)
    each = max(wanted, math.ceil(LEAST_CANDIDATES / draws))
    for deep in (False, True) if seen else (False,):
        found = find_candidates(patient, posterior, (draws, each), seed, workers, deep)
        short = SAFE_SAMPLE / found.weights.effective_sample_size
        if found.weights.effective_sample_size < SMALLEST_EFFECTIVE_SAMPLE and short <= MOST_GROWTH:
            shape = (draws, math.ceil(each * short))
            found = find_candidates(patient, posterior, shape, seed, workers, deep)
        if found.weights.effective_sample_size >= SMALLEST_EFFECTIVE_SAMPLE:
            return found
    try:
        refuse_if_too_few(found.weights)
    except ForecastError as error:
        without = _without_drugs(patient, posterior, (draws, each), seed, workers) if seen else None
        raise error if without is None else ForecastError((without, *error.issues)) from None
    return found


def _without_drugs(
    patient: Patient, posterior: Posterior, shape: tuple[int, int], seed: int, workers: int | None
) -> Issue | None:
    """Say that it is the recorded antiresorptives that the values contradict, where without them enough would agree."""
    if not patient.drug_history:
        return None
    try:
        undrugged = replace(patient, drug_history=(), current_regimen=None)
        weights = find_candidates(undrugged, posterior, shape, seed, workers, True).weights
    except ForecastError:
        return None
    if weights.effective_sample_size < SMALLEST_EFFECTIVE_SAMPLE:
        return None
    named = " and ".join(dict.fromkeys(course.drug for course in patient.drug_history))
    return Issue(
        "forecast.drug-and-values",
        "antiresorptives",
        f"the recorded values contradict {named}: with it left out, {weights.effective_sample_size:.0f} effective of "
        f"{weights.candidates} candidates would agree with them",
        "values that the recorded drug allows in this model",
        f"Check the days and doses of {named}: a drug that was ordered but not given by the day of the value, or that "
        "was ordered because of it, does not belong before it (a FHIR order is taken as given from its day). Otherwise "
        "this model cannot forecast this person.",
    )


def _run(
    one: Eligibility, patient: Patient, present: Present, settings: Settings, how: tuple[int | None, Progress]
) -> RegimenRun:
    """Continue every patient under one regimen; `how` is the number of threads and whom to tell of progress."""
    workers, tell = how
    regimen = one.regimen
    dose = constants(radiotherapy.Params, "radiotherapy", present.draws.typical)
    calendar = coming_calendar(patient, regimen, settings.months, dose)

    def progress(done: int, total: int) -> None:
        """Tell of the courses under this regimen."""
        tell(regimen.title, done, total)

    courses = continue_from(present, calendar, settings.months, workers=workers, progress=progress)
    return RegimenRun(
        name=regimen.name,
        title=regimen.title,
        current=one.current,
        eligible=one.eligible,
        reasons=one.reasons,
        calendar_note=" ".join(filter(None, (regimen.calendar_note(patient), regimen.late_note(settings.months)))),
        courses=courses,
        drugs=tuple((drug.name, drug.title) for drug in regimen.drugs),
        rods=tuple((p.site, p.day) for p in regimen.procedures if p.kind == "rod"),
    )


def check_regimens(regimens: Sequence[Regimen], patient: Patient) -> None:
    """Raise `InputError` with every regimen that this comparison cannot hold.

    Raises
    ------
    InputError
        ``forecast.regimen-twice``, ``regimen.lesion-missing``.
    """
    issues: list[Issue] = []
    names = [regimen.name for regimen in regimens]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        fix = "Name each regimen once, or give the files different names."
        issues.append(Issue("forecast.regimen-twice", "regimens", ", ".join(twice), "different names", fix))
    for regimen in regimens:
        try:
            check_for_patient(regimen, patient)
        except InputError as error:
            issues += error.issues
    if issues:
        raise InputError(tuple(dict.fromkeys(issues)))


def _judged(
    patient: Patient, regimens: Sequence[Regimen] | None
) -> tuple[tuple[Eligibility, ...], tuple[Document, ...]]:
    """Return the regimens to compare, and those of the usual comparison that are left out with the reasons."""
    if regimens is not None:
        check_regimens(regimens, patient)
        return tuple(eligibility(regimen, patient) for regimen in regimens), ()
    usual = eligible_regimens(patient)
    excluded = [
        {"name": one.regimen.name, "title": one.regimen.title, "reasons": list(one.reasons)}
        for one in usual
        if not (one.eligible or one.current)
    ]
    return tuple(one for one in usual if one.eligible or one.current), tuple(excluded)


def _resampled(found: Candidates, settings: Settings) -> tuple[NestedSample, Present, Weights]:
    """Choose the candidates that are continued, within each parameter draw by their weights."""
    weights = found.weights.normalised.reshape(settings.draws, -1)
    d, k = weights.shape
    uniforms = uniform_array(settings.seed, np.arange(d), RESAMPLING_QUANTITY, 0)
    chosen = resample_within_draws(weights, settings.continuations, uniforms)
    sample = NestedSample.continuing(weights, chosen)
    index = (np.arange(d)[:, None] * k + np.maximum(chosen, 0)).ravel()
    # keys of chance lie beyond those of the candidates, so that copies of one candidate part ways
    chance = d * k + np.arange(index.size)
    return sample, found.present.take(index, chance), found.weights
