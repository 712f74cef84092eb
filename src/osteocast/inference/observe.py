"""From a patient's observations to measurements with their errors."""

from __future__ import annotations

from osteocast.domain.observation import Observation
from osteocast.domain.quantity import quantity_facts
from osteocast.inference.weights import Measurement


def measurement_of(observation: Observation) -> Measurement | None:
    """Return an observation as a measurement, in its canonical unit.

    Returns
    -------
    None for a quantity whose error is not known: it cannot enter the weights.
    """
    facts = quantity_facts(observation.quantity)
    if facts.assay is None:
        return None
    return Measurement(
        name=f"{facts.title} on {observation.date.isoformat()}",
        value=observation.value,
        censoring=observation.censoring,
        error="lognormal" if facts.assay.kind == "cv" else "normal",
        spread=facts.assay.value,
    )
