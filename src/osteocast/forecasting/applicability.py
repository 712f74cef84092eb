"""How far this forecast can be relied on, from the primary, the weights and the horizon."""

from __future__ import annotations

import math

from osteocast.domain.laboratory import calcium_readings
from osteocast.domain.patient import Patient
from osteocast.domain.table import read_table
from osteocast.forecasting.result import Applicability
from osteocast.inference.pareto import largest_reliable_k
from osteocast.inference.weights import Weights


def emergencies_and_limits(patient: Patient) -> tuple[Applicability, ...]:
    """Return the statements of ``data/applicability.toml`` that this patient's record calls for, gravest first."""
    table = read_table("applicability")
    readings = calcium_readings(patient)
    calcium = readings[-1].value if readings else 0.0
    grades = [lesion.epidural_grade for lesion in patient.lesions if lesion.epidural_grade is not None]
    holds = {
        "epidural": any(grade in table["epidural"]["grades"] for grade in grades),
        "calcium": calcium >= table["calcium"]["from"],
        "ecog": patient.ecog is not None and patient.ecog >= table["ecog"]["from"],
    }
    values = {"calcium": calcium, "ecog": patient.ecog}
    return tuple(
        Applicability(table[name]["level"], table[name]["text"].format(**values)) for name, so in holds.items() if so
    )


def applicability(origin: str, weights: Weights, months: int, effective_draws: float) -> tuple[Applicability, ...]:
    """Return the statements of ``data/applicability.toml`` that hold for this forecast.

    Parameters
    ----------
    origin : where the cancer began. months : length of the forecast.
    effective_draws : effective number of parameter draws behind the intervals.
    """
    table = read_table("applicability")
    chosen = [table["origin"].get(origin, table["origin"]["other"])]
    if not math.isnan(weights.pareto_k) and weights.pareto_k > largest_reliable_k(weights.candidates):
        chosen.append(table["pareto_k"])
    if weights.used and weights.effective_sample_size < table["effective_sample"]["below"]:
        chosen.append(table["effective_sample"])
    if effective_draws < table["effective_draws"]["below"]:
        chosen.append(table["effective_draws"])
    if months > table["months"]["above"]:
        chosen.append(table["months"])
    values = {
        "pareto_k": weights.pareto_k,
        "effective_sample_size": weights.effective_sample_size,
        "candidates": weights.candidates,
        "months": months,
        "effective_draws": effective_draws,
    }
    return tuple(Applicability(c["level"], c["text"].format(**values)) for c in chosen)
