"""Paired differences between regimens: the same patients, the same chance, another treatment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from osteocast.course.event_definitions import EventDefinition
from osteocast.forecasting.events import first_day
from osteocast.forecasting.result import Contrast
from osteocast.forecasting.summary import RegimenRun, outcomes
from osteocast.inference.nested import NestedSample, estimate

FloatArray = NDArray[np.float64]

SMALLEST_DIFFERENCE = 1.0
"""Events per 100 patients below which two regimens are not called different, however many courses are run."""

WORDS = {
    "fracture": "fracture",
    "cord_compression": "spinal cord compression",
    "radiotherapy": "radiotherapy to bone",
    "surgery": "surgery to bone",
    "any_event": "any skeletal event",
    "hypercalcaemia": "hypercalcaemia",
    "hypocalcaemia": "hypocalcaemia",
    "loss_of_walking": "loss of walking",
    "death": "death",
}


def contrasts(runs: Sequence[RegimenRun], sample: NestedSample, definition: EventDefinition) -> tuple[Contrast, ...]:
    """Compare the regimens pairwise.

    Each regimen is compared with the reference (the current one, else the first) on every outcome, and every
    further pair on any event. Only differences between groups of such patients are claimed; who of them
    would benefit cannot be known.
    """
    table = outcomes(definition)
    reference = next((i for i, r in enumerate(runs) if r.current), 0)
    others = [i for i in range(len(runs)) if i != reference]
    found = []
    for name, parts in table.items():
        happened = [np.isfinite(first_day(r.courses, parts)).astype(np.float64) for r in runs]
        pairs = [(i, reference) for i in others]
        if name == "any_event":
            pairs += [(later, earlier) for earlier, later in combinations(others, 2)]
        found += [
            _contrast(
                (runs[i].name, runs[j].name, name),
                (runs[i].title, runs[j].title, runs[i].courses.months),
                sample,
                happened[j] - happened[i],
            )
            for i, j in pairs
        ]
    return tuple(found)


def _contrast(
    names: tuple[str, str, str], words: tuple[str, str, int], sample: NestedSample, avoided: FloatArray
) -> Contrast:
    e = estimate(sample, 100.0 * avoided, "difference")
    # Rounding of sums must not make an identical regimen look different.
    mean, low, high = (0.0 if abs(v) < 1e-9 else v for v in (float(e.mean[0]), float(e.low[0]), float(e.high[0])))
    low, high = max(low, -100.0), min(high, 100.0)
    apart = (low > 0.0 or high < 0.0) and abs(mean) >= SMALLEST_DIFFERENCE
    return Contrast(*names, mean, low, high, apart, _sentence(words, names[2], (mean, low, high), apart))


def _side(avoided: float) -> str:
    number = round(abs(avoided))
    return "no difference" if number == 0 else f"{number} {'fewer' if avoided > 0 else 'more'}"


def _sentence(words: tuple[str, str, int], kind: str, numbers: tuple[float, float, float], apart: bool) -> str:
    title, against, months = words
    what = WORDS.get(kind, kind)
    mean, low, high = numbers
    if not apart and low == high == 0.0:
        return f"This run does not separate {title} and {against} for {what} within {months} months (no difference)."
    if not apart:
        return (
            f"This run does not separate {title} and {against} for {what} within {months} months "
            f"(90 % interval: {_side(high)} to {_side(low)} per 100 such patients)."
        )
    few, many = sorted((abs(low), abs(high)))
    # An interval that does not reach none must not be written as if it did.
    least = f"{few:.0f}" if round(few) else "under 1"
    return (
        f"Of 100 such patients, about {abs(mean):.0f} {'fewer' if mean > 0 else 'more'} have {what} within "
        f"{months} months on {title} than on {against} (90 % interval {least} to {many:.0f})."
    )
