"""Candidates for the patient: drawn from the population, carried to today, weighed by the laboratory values."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from osteocast.course.calendar import past_calendar
from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.course.population import Draws, draw_patients
from osteocast.course.present import Present, carry
from osteocast.course.recorded import event_marks
from osteocast.course.streams import Streams
from osteocast.course.system import observable_names
from osteocast.course.typical import Typical
from osteocast.domain.laboratory import calcium_readings
from osteocast.domain.patient import Patient
from osteocast.domain.quantity import quantity_facts
from osteocast.inference.observe import measurement_of
from osteocast.inference.parameter_draws import typical_of_draws
from osteocast.inference.posterior import Posterior
from osteocast.inference.proposal import Key, adapt
from osteocast.inference.proposal import Settings as ProposalSettings
from osteocast.inference.weights import (
    SMALLEST_EFFECTIVE_SAMPLE,
    Measurement,
    Weights,
    weigh_rows,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MODEL_ERROR = {"calcium": 0.05, "uNTx": 0.25, "CTX": 0.25, "bone-ALP": 0.25, "PTHrP": 0.2}
"""Relative error of the model about one value of a quantity, beside the assay's (assumed)."""
PERSON_ERROR = {"calcium": 0.02, "PTHrP": 0.4}
"""Log SD of a level that stays the same in one person and one laboratory: assay, what the model leaves out (assumed).

The set-point of calcium is drawn with each candidate (`healthy.calcium`)."""
DRIFT = 0.05
"""Further relative error for each month a value lies before day 0: the model has no noise of its own (assumed)."""
READ_OUTS = {
    "calcium": "calcium_total",
    "uNTx": "untx_ratio",
    "CTX": "ctx_ratio",
    "bone-ALP": "bone_alp_ratio",
    "PTHrP": "pthrp",
}
"""Read-out of the body by quantity. Phosphate and PTH are left out knowingly: under PTHrP the model keeps both too
high."""
MARKERS = ("uNTx", "CTX", "bone-ALP")
LEVEL_STEPS = 15
STEERED = (
    "population.pthrp",
    "population.tempo",
    "kidney.pthrp_gain",
    "malignancy.uncoupling",
    "malignancy.bone_weight",
    "fluid.intake_loss",
    "kidney.gfr",
    "mineral.oral_calcium",
    "population.supplement",
    "lesion.marrow_yield",
    "lesion.marker_yield",
    "lesion.formation_yield",
)
"""Differences between patients that a proposal may steer when laboratory values are hard to match."""
STEERED_DEEP = (*STEERED, "hormones.hydroxylase_factor", "healthy.calcium")
"""Those that a deep search may steer: where a drug holds calcium down, these two decide how high it can be."""
PROPOSAL_QUANTITY = 7
PROPOSAL = ProposalSettings(pilot=500, rounds=4, prior_share=0.1)
PROPOSAL_DEEP = ProposalSettings(pilot=2000, rounds=8, prior_share=0.1, tempered_ess=0.02, inflation=1.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A laboratory value that enters the weights; `day` is that of the sample, not after 0."""

    quantity: str
    measurement: Measurement
    day: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Drawn patients at day 0 with their weights, D draws of K candidates each."""

    present: Present
    weights: Weights
    parameter_draws: int


def seen_values(patient: Patient) -> tuple[Seen, ...]:
    """Return the laboratory values that the model predicts, oldest first; calcium is corrected for albumin."""
    found: list[Seen] = []
    for reading in calcium_readings(patient):
        assay = quantity_facts("corrected-calcium").assay
        error = 0.0 if assay is None else assay.value
        day = _day(patient, reading.date)
        name = f"calcium on {reading.date.isoformat()}"
        found.append(_seen("calcium", name, (reading.value, reading.censoring), error, day))
    for observation in patient.observations:
        measured = measurement_of(observation)
        if measured is not None and observation.quantity in READ_OUTS and observation.quantity != "calcium":
            day = _day(patient, observation.date)
            value = (measured.value, measured.censoring)
            found.append(_seen(observation.quantity, measured.name, value, measured.spread, day))
    return tuple(sorted(found, key=lambda one: one.day))


def _seen(quantity: str, name: str, value: tuple[float, Any], error: float, day: float) -> Seen:
    spread = math.hypot(error, MODEL_ERROR[quantity], DRIFT * day / DAYS_PER_MONTH)
    return Seen(quantity, Measurement(name, value[0], value[1], "lognormal", spread), day)


def _day(patient: Patient, date: dt.date) -> float:
    return min(0.0, float(patient.day_of(date)))


def find_candidates(
    patient: Patient, posterior: Posterior, shape: tuple[int, int], seed: int, workers: int | None, deep: bool = False
) -> Candidates:
    """Draw and weigh candidates for a patient.

    Parameters
    ----------
    patient : Patient
    posterior : Posterior
        Of the calibrated scales.
    shape : tuple of two int
        Parameter draws, candidates of each.
    seed : int
    workers : int or None
    deep : bool
        Search longer where prior draws do not do, with a proposal from more pilot people and steering more.

    Raises
    ------
    ForecastError
        ``forecast.no-candidate``: no candidate agrees with the values, even with a steered proposal.
    """
    names, settings = (STEERED_DEEP, PROPOSAL_DEEP) if deep else (STEERED, PROPOSAL)
    d, k = shape
    seen = seen_values(patient)
    typical = typical_of_draws(posterior, seed, np.arange(d * k), np.repeat(np.arange(d), k))
    search = _Search(patient, seen, workers)
    present, weights = search.weigh(typical, None)
    if seen and weights.effective_sample_size < 2 * SMALLEST_EFFECTIVE_SAMPLE:

        def loglik(numbers: FloatArray) -> FloatArray:
            """Return the log likelihood of pilot people with these numbers, shape (n,)."""
            n = len(numbers)
            pilot = typical_of_draws(posterior, seed, np.arange(n), np.arange(n) * d // n)
            return search.log_likelihood(_steer(pilot, names, numbers))

        proposal = adapt(loglik, len(names), Key(seed, 0, PROPOSAL_QUANTITY), settings)
        numbers, log_ratio = proposal.draw(d * k, Key(seed, 0, PROPOSAL_QUANTITY))
        present, weights = search.weigh(_steer(typical, names, numbers), log_ratio)
    return Candidates(present, weights, d)


def _steer(typical: Typical, names: tuple[str, ...], numbers: FloatArray) -> Typical:
    streams = typical.streams
    given = dict(zip(names, numbers.T, strict=True))
    return replace(typical, streams=Streams(streams.seed, streams.patients, streams.draws, given))


@dataclass(frozen=True, slots=True)
class _Search:
    """Natural histories of drawn patients against the values seen."""

    patient: Patient
    seen: tuple[Seen, ...]
    workers: int | None

    def weigh(self, typical: Typical, log_ratio: FloatArray | None) -> tuple[Present, Weights]:
        """Return drawn patients on day 0 and their weights."""
        present, rows = self._carry(typical)
        ratio = present.log_history + number_of_lesions_likelihood(self.patient, present.draws)
        ratio = ratio if log_ratio is None else ratio + log_ratio
        return present, weigh_rows(tuple(rows), tuple(rows.values()), ratio)

    def log_likelihood(self, typical: Typical) -> FloatArray:
        """Return the log-likelihood of each drawn patient, shape (n,)."""
        present, rows = self._carry(typical)
        start = present.log_history + number_of_lesions_likelihood(self.patient, present.draws)
        return np.asarray(sum(rows.values(), start))

    def _carry(self, typical: Typical) -> tuple[Present, dict[str, FloatArray]]:
        """Carry drawn patients to day 0; return them with the log-likelihoods of their read-outs by quantity."""
        drawn = draw_patients(self.patient, typical)
        past = past_calendar(self.patient, record_days(self.seen))
        present = carry(drawn, past, workers=self.workers).marked(event_marks(self.patient))
        records = present.records.copy()
        records[present.status != 0] = np.nan
        return present, value_rows(self.seen, records)


def number_of_lesions_likelihood(patient: Patient, drawn: Draws) -> FloatArray:
    """Return the log-likelihood of the number of recorded lesions given each candidate's disease tempo, shape (n,).

    The population's number is log-normal and rises with tempo (`course.lesion_table`); the record is taken to name all
    lesions. Without it many lesions, each of which has not broken so far, would tell of a slow disease.
    """
    if not patient.lesions:
        return np.zeros(drawn.n)
    get = drawn.typical.get
    expected = np.log(get("population", f"lesions_{patient.primary.origin}"))
    expected = expected + get("population", "tempo_lesions") * drawn.latents["population.tempo"]
    return np.asarray(norm_logpdf(math.log(len(patient.lesions)), expected, get("population", "lesions_sd")))


def norm_logpdf(value: float, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the log density of a normal distribution without its constant."""
    return np.asarray(-0.5 * np.square((value - mean) / sd) - np.log(sd))


def record_days(seen: Sequence[Seen]) -> tuple[float, ...]:
    """Return the days of some values, each once, in their order."""
    return tuple(dict.fromkeys(one.day for one in seen))


def value_rows(seen: Sequence[Seen], records: FloatArray) -> dict[str, FloatArray]:
    """Return the log-likelihood of each candidate by quantity, each of shape (n,).

    Parameters
    ----------
    seen : sequence of Seen
    records : (n, n_days, n_observables) float64
        Read-outs of each candidate on `record_days` of these values, nan where there is none.
    """
    days, names = record_days(seen), observable_names()
    rows: dict[str, FloatArray] = {}
    for quantity in dict.fromkeys(one.quantity for one in seen):
        values = [one for one in seen if one.quantity == quantity]
        column = names.index(READ_OUTS[quantity])
        read = np.array([records[:, days.index(one.day), column] for one in values])
        name = f"{values[0].measurement.name}" + "".join(f", {one.measurement.name[-10:]}" for one in values[1:])
        rows[name] = group_log_likelihood([one.measurement for one in values], read, *level_of(quantity))
    return rows


def level_of(quantity: str) -> tuple[float, float]:
    """Return mean and SD of the log level that multiplies a read-out in one person.

    Bone markers are read out relative to the healthy level of the person, which is log-normal over the usual limits
    (2.5 to 97.5 %) of healthy adults; other quantities are read out as they are.
    """
    if quantity not in MARKERS:
        return 0.0, PERSON_ERROR[quantity]
    limits = quantity_facts(quantity).reference
    if limits is None:
        raise ValueError(f"{quantity} has no usual limits")
    low, high = (math.log(limit) for limit in limits)
    return (low + high) / 2, (high - low) / (2 * 1.96)


def group_log_likelihood(measurements: Sequence[Measurement], read: FloatArray, mean: float, sd: float) -> FloatArray:
    """Return the log-likelihood of all values of one quantity with the person's level integrated out.

    Parameters
    ----------
    measurements : m values.
    read : (m, n) float64
        Read-outs of each candidate, nan where there is none.
    mean, sd : float
        Of the log of the level (Gauss-Hermite quadrature of 15 points).

    Returns
    -------
    (n,) float64
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(LEVEL_STEPS)
    terms = []
    for node, weight in zip(nodes, weights / np.sum(weights), strict=True):
        level = math.exp(mean + sd * node)
        each = [one.log_likelihood(row * level) for one, row in zip(measurements, read, strict=True)]
        terms.append(math.log(weight) + np.sum(each, axis=0))
    return np.asarray(logsumexp(terms, axis=0))
