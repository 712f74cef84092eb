"""Candidates for the patient: drawn from the population, carried to today, weighed by the laboratory values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osteocast.course.calendar import calendar_of
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.course.population import Draws, draw_patients
from osteocast.course.rules import constants
from osteocast.course.simulate import simulate
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.laboratory import calcium_readings
from osteocast.domain.patient import Patient
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.regimen import Regimen
from osteocast.engine.system import fields_of, result_type
from osteocast.foundation.random import normal_array
from osteocast.inference.observe import measurement_of
from osteocast.inference.posterior import Posterior
from osteocast.inference.proposal import Key, adapt
from osteocast.inference.proposal import Settings as ProposalSettings
from osteocast.inference.scales import factors
from osteocast.inference.weights import SMALLEST_EFFECTIVE_SAMPLE, Measurement, Weights, weigh
from osteocast.models import body, radiotherapy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Progress = Callable[[int, int], None]

CALCIUM_ERROR, MARKER_ERROR, HORMONE_ERROR = 0.03, 0.25, 0.3
"""Relative errors of the model about laboratory values, beside the assay's (assumed)."""
DRIFT = 0.05
"""Further relative error for each month a value lies before day 0: the model has no noise of its own (assumed)."""
MARKERS = {"uNTx": "untx_ratio", "CTX": "ctx_ratio", "bone-ALP": "bone_alp_ratio"}
DIRECT = {"PTHrP": "pthrp", "PTH": "pth"}
"""Phosphate is left out knowingly: the body model keeps it too high under PTHrP."""
STEERED = (
    "population.pthrp",
    "population.tempo",
    "kidney.pthrp_gain",
    "malignancy.uncoupling",
    "malignancy.bone_weight",
    "fluid.intake_loss",
    "kidney.gfr",
    "mineral.oral_calcium",
    "lesion.marker_yield",
)
"""Differences between patients that a proposal may steer when laboratory values are hard to match."""
PROPOSAL_QUANTITY = 7
PROPOSAL = ProposalSettings(pilot=600, rounds=8, prior_share=0.1)
SCALE_STREAM = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """A laboratory value that enters the weights.

    `column` is the read-out of the body it belongs to; `marker` its quantity where it is a ratio to the healthy
    level of this person, which is drawn; `day` the day of the sample, not after 0.
    """

    measurement: Measurement
    column: int
    marker: str | None
    day: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Drawn patients at day 0 with their weights, D draws of K candidates each."""

    draws: Draws
    weights: Weights
    parameter_draws: int


def seen_values(patient: Patient) -> tuple[Seen, ...]:
    """Return the laboratory values that the model predicts, oldest first; calcium is corrected for albumin."""
    names = [field.name for field in fields_of(result_type(body.observables))]
    found: list[Seen] = []
    for reading in calcium_readings(patient):
        assay = quantity_facts("corrected-calcium").assay
        error = 0.0 if assay is None else assay.value
        name = f"calcium on {reading.date.isoformat()}"
        day = _day(patient, reading.date)
        spread = math.hypot(error, CALCIUM_ERROR, DRIFT * day / DAYS_PER_MONTH)
        measurement = Measurement(name, reading.value, reading.censoring, "lognormal", spread)  # type: ignore[arg-type]
        found.append(Seen(measurement, names.index("calcium_total"), None, day))
    for observation in patient.observations:
        measured = measurement_of(observation)
        column = MARKERS.get(observation.quantity) or DIRECT.get(observation.quantity)
        if measured is None or column is None:
            continue
        error = MARKER_ERROR if observation.quantity in MARKERS else HORMONE_ERROR
        day = _day(patient, observation.date)
        spread = math.hypot(measured.spread, error, DRIFT * day / DAYS_PER_MONTH)
        measured = Measurement(measured.name, measured.value, measured.censoring, "lognormal", spread)
        marker = observation.quantity if observation.quantity in MARKERS else None
        found.append(Seen(measured, names.index(column), marker, day))
    return tuple(sorted(found, key=lambda one: one.day))


def _day(patient: Patient, date: object) -> float:
    return min(0.0, float(patient.day_of(date)))  # type: ignore[arg-type]


def typical_of(posterior: Posterior, seed: int, patients: IntArray, draws: IntArray) -> Typical:
    """Return typical values with the calibrated scales drawn for each parameter draw."""
    streams = Streams(seed, patients, draws)
    standard = np.stack(
        [normal_array(seed, draws, SCALE_STREAM, column) for column in range(len(posterior.names))], axis=1
    )
    return Typical(streams, factors(posterior, standard), {})


def find_candidates(
    patient: Patient, regimen: Regimen, posterior: Posterior, shape: tuple[int, int], seed: int, workers: int | None
) -> Candidates:
    """Draw and weigh candidates for a patient.

    Parameters
    ----------
    patient : Patient
    regimen : Regimen
        Any; only what happened before day 0 counts here.
    posterior : Posterior
        Of the calibrated scales.
    shape : tuple of two int
        Parameter draws, candidates of each.
    seed : int
    workers : int or None

    Raises
    ------
    ForecastError
        If the values cannot be matched by at least 100 effective candidates even with a steered proposal.
    """
    from osteocast.inference.weights import refuse_if_too_few

    d, k = shape
    seen = seen_values(patient)
    typical = typical_of(posterior, seed, np.arange(d * k), np.repeat(np.arange(d), k))
    search = _Search(patient, regimen, seen, workers)
    drawn, weights = search.weigh(typical, None)
    if seen and weights.effective_sample_size < 2 * SMALLEST_EFFECTIVE_SAMPLE:
        latents = (*STEERED, *(f"healthy.{one.marker}" for one in seen if one.marker))
        names = tuple(dict.fromkeys(latents))

        def loglik(numbers: FloatArray) -> FloatArray:
            n = len(numbers)
            pilot = typical_of(posterior, seed, np.arange(n), np.arange(n) * d // n)
            return search.log_likelihood(_steer(pilot, names, numbers))

        proposal = adapt(loglik, len(names), Key(seed, 0, PROPOSAL_QUANTITY), PROPOSAL)
        numbers, log_ratio = proposal.draw(d * k, Key(seed, 0, PROPOSAL_QUANTITY))
        drawn, weights = search.weigh(_steer(typical, names, numbers), log_ratio)
    refuse_if_too_few(weights)
    return Candidates(drawn, weights, d)


def _steer(typical: Typical, names: tuple[str, ...], numbers: FloatArray) -> Typical:
    streams = typical.streams
    given = dict(zip(names, numbers.T, strict=True))
    return Typical(Streams(streams.seed, streams.patients, streams.draws, given), typical.scales, typical.fixed)


@dataclass(frozen=True, slots=True)
class _Search:
    """Natural histories of drawn patients against the values seen."""

    patient: Patient
    regimen: Regimen
    seen: tuple[Seen, ...]
    workers: int | None

    def weigh(self, typical: Typical, log_ratio: FloatArray | None) -> tuple[Draws, Weights]:
        """Return drawn patients and their weights."""
        drawn, predictions, log_history = self._carry(typical)
        ratio = log_history if log_ratio is None else log_history + log_ratio
        return drawn, weigh([one.measurement for one in self.seen], predictions, ratio)

    def log_likelihood(self, typical: Typical) -> FloatArray:
        """Return the log-likelihood of each drawn patient, shape (n,)."""
        _, predictions, log_history = self._carry(typical)
        total = log_history.copy()
        for one, predicted in zip(self.seen, predictions, strict=True):
            total += one.measurement.log_likelihood(predicted)
        return total

    def _carry(self, typical: Typical) -> tuple[Draws, FloatArray, FloatArray]:
        drawn = draw_patients(self.patient, typical)
        days = tuple(dict.fromkeys(one.day for one in self.seen))
        dose = constants(radiotherapy.Params, "radiotherapy", typical)
        calendar = calendar_of(self.patient, self.regimen, 0, dose, days)
        history = simulate(drawn, calendar, 0, workers=self.workers)
        rows = [
            history.records[:, days.index(one.day), one.column] * healthy_level(one.marker, typical)
            for one in self.seen
        ]
        predictions = np.array(rows).reshape(len(self.seen), drawn.n)
        predictions[:, history.courses.status != 0] = np.nan
        return drawn, predictions, history.log_history


def healthy_level(marker: str | None, typical: Typical) -> FloatArray:
    """Return each person's healthy level of a marker, shape (n,): log-normal over the usual limits (2.5-97.5 %)."""
    if marker is None:
        return np.ones(len(typical.streams.patients))
    limits = quantity_facts(marker).reference
    if limits is None:
        raise ValueError(f"{marker} has no usual limits")
    low, high = (math.log(limit) for limit in limits)
    normal = typical.streams.person(f"healthy.{marker}")
    return np.asarray(np.exp((low + high) / 2 + (high - low) / (2 * 1.96) * normal))
