"""Simulation-based calibration of the weights: are percentages given a patient's values what they claim to be?

Virtual patients are drawn from the prior together with their laboratory values; candidates from the same prior are
weighed by those values as for a real patient. The rank of the truth among the weighed candidates must be uniform.
Both come from one pool of natural histories, so that a few hundred patients cost one simulation.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from osteocast.course.calendar import calendar_of
from osteocast.course.courses import PATIENT_SERIES
from osteocast.course.population import draw_patients
from osteocast.course.rules import constants
from osteocast.course.simulate import simulate
from osteocast.course.system import observable_names
from osteocast.domain.observation import Observation
from osteocast.domain.patient import Patient, PrimaryTumour
from osteocast.evidence.load import DATA
from osteocast.forecasting.candidates import READ_OUTS, Seen, level_of, record_days, seen_values, value_rows
from osteocast.formats.regimen_file import read_regimen
from osteocast.inference.parameter_draws import typical_of_draws
from osteocast.inference.posterior import read_posterior
from osteocast.inference.sbc import Uniformity, rank_of_truth, uniformity
from osteocast.inference.weights import weigh_rows
from osteocast.models import radiotherapy

FloatArray = NDArray[np.float64]
TODAY = dt.date(2026, 2, 10)
DAYS = (-56, 0)
PATIENT = Patient(61.0, "female", PrimaryTumour("breast"), assessed=TODAY)
UNITS = {"corrected-calcium": "mmol/L", "uNTx": "nmol BCE/mmol creatinine"}
QUANTITIES = ("calcium at day 0", "uNTx ratio at day 0", "population.tempo")
LEVELS = 99
SEED = 20260210
FEW, MANY = (25, 40, 30), (50, 40, 200)
"""Parameter draws, candidates of each, virtual patients."""
PEOPLE_EACH = 4
"""Histories simulated for each virtual patient: about four in ten pass without a felt fracture."""


class Pool(NamedTuple):
    """Natural histories: candidates first, then those of whom the virtual patients are chosen."""

    records: FloatArray
    log_history: FloatArray
    asked: dict[str, FloatArray]


def observed(values: dict[str, tuple[float, float]]) -> Patient:
    """The patient with values of each quantity on the days."""
    found = tuple(
        Observation(name, round(value, 6), UNITS[name], TODAY + dt.timedelta(days=day))  # type: ignore[arg-type]
        for name, both in values.items()
        for day, value in zip(DAYS, both, strict=True)
    )
    return dataclasses.replace(PATIENT, observations=found)


ANY_VALUES = seen_values(observed(dict.fromkeys(UNITS, (2.4, 2.4))))
"""For the days and errors of the values, which do not depend on their size."""


@cache
def pool(size: tuple[int, int, int], seed: int) -> Pool:
    """Simulate everybody once: candidates of some parameter draws, and virtual patients each of a draw of its own."""
    candidates = size[0] * size[1]
    keys = np.arange(candidates + PEOPLE_EACH * size[2])
    draws = np.where(keys < candidates, keys // size[1], keys)
    typical = typical_of_draws(read_posterior(DATA / "posterior.toml"), seed, keys, draws)
    drawn = draw_patients(PATIENT, typical)
    days = record_days(ANY_VALUES)
    assert days == DAYS
    rule = constants(radiotherapy.Params, "radiotherapy", typical)
    history = simulate(drawn, calendar_of(PATIENT, read_regimen("supportive-care"), 0, rule, days), 0)
    now = history.courses.patient_series[:, 0]
    assert history.courses.failed == 0
    asked = (
        now[:, PATIENT_SERIES.index("calcium_mmol_per_l")],
        now[:, PATIENT_SERIES.index("untx_ratio")],
        drawn.latents["population.tempo"],
    )
    return Pool(history.records, history.log_history, dict(zip(QUANTITIES, asked, strict=True)))


def virtual_patients(size: tuple[int, int, int], seed: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Choose virtual patients with the quiet history that the record of a real one stands for."""
    first = size[0] * size[1]
    quiet = chance.uniform(size=PEOPLE_EACH * size[2]) < np.exp(pool(size, seed).log_history[first:])
    chosen = first + np.flatnonzero(quiet)[: size[2]]
    assert len(chosen) == size[2]
    return chosen


def laboratory(records: FloatArray, chance: np.random.Generator) -> Patient:
    """Draw the values of a virtual patient: a level of the person, and errors of assay and model on each day."""
    values: dict[str, tuple[float, float]] = {}
    for name in UNITS:
        quantity = "calcium" if name == "corrected-calcium" else name
        mean, sd = level_of(quantity)
        level = math.exp(mean + sd * chance.standard_normal())
        read = records[:, observable_names().index(READ_OUTS[quantity])]
        spreads = [one.measurement.spread for one in ANY_VALUES if one.quantity == quantity]
        first, second = level * read * np.exp(np.sqrt(np.log1p(np.square(spreads))) * chance.standard_normal(2))
        values[name] = (float(first), float(second))
    return observed(values)


def sharpened(seen: tuple[Seen, ...], factor: float) -> tuple[Seen, ...]:
    """Return values believed more than their error allows."""
    trusted = [dataclasses.replace(one.measurement, spread=one.measurement.spread / factor) for one in seen]
    return tuple(dataclasses.replace(one, measurement=m) for one, m in zip(seen, trusted, strict=True))


def ranks(size: tuple[int, int, int], seed: int, sharper: float = 1.0, history: bool = True) -> dict[str, list[int]]:
    """Return the ranks of the truth by quantity.

    `sharper` divides the errors that the weights assume; without `history` the weights forget that nothing broke.
    """
    everyone, candidates = pool(size, seed), size[0] * size[1]
    chance = np.random.Generator(np.random.Philox(key=seed))
    found: dict[str, list[int]] = {name: [] for name in QUANTITIES}
    start = everyone.log_history[:candidates] * history
    for truth in virtual_patients(size, seed, chance):
        seen = sharpened(seen_values(laboratory(everyone.records[truth], chance)), sharper)
        rows = value_rows(seen, everyone.records[:candidates])
        weights = weigh_rows(tuple(rows), tuple(rows.values()), start).normalised
        for name, values in everyone.asked.items():
            rank = rank_of_truth(values[truth], values[:candidates], weights, LEVELS, float(chance.uniform()))
            found[name].append(rank)
    return found


def verdicts(
    size: tuple[int, int, int], sharper: float = 1.0, history: bool = True, seeds: tuple[int, ...] = (SEED,)
) -> dict[str, Uniformity]:
    """Judge the ranks of the truth by quantity, of several sets of virtual patients together."""
    each = [ranks(size, seed, sharper, history) for seed in seeds]
    return {name: uniformity(np.array([r for one in each for r in one[name]]), LEVELS) for name in QUANTITIES}


def test_ranks_of_thirty_virtual_patients_are_uniform() -> None:
    for name, verdict in verdicts(FEW).items():
        assert verdict.uniform, (name, verdict)


@pytest.mark.slow
def test_ranks_of_twelve_hundred_virtual_patients_are_uniform() -> None:
    """Six sets of two hundred: three envelopes of 95 % for one set alone would fail one run in seven by chance."""
    for name, verdict in verdicts(MANY, seeds=(SEED, 101, 102, 103, 104, 105)).items():
        assert verdict.uniform, (name, verdict)


@pytest.mark.slow
def test_weights_that_trust_values_too_much_are_found_out() -> None:
    assert not verdicts(MANY, sharper=4.0)["uNTx ratio at day 0"].uniform


@pytest.mark.slow
def test_weights_that_forget_the_quiet_history_are_found_out() -> None:
    assert not verdicts(MANY, history=False)["population.tempo"].uniform
