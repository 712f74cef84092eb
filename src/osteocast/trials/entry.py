"""What is known of patients on the day of entry, and whether they meet the criteria of a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course import memory as m
from osteocast.course.courses import EventKind
from osteocast.course.layout import PERSON_INDEX, PLACE_INDEX
from osteocast.course.present import Present
from osteocast.course.system import observable_names
from osteocast.domain.trial import EntryCriterion

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SKELETAL_EVENTS: Final = (
    EventKind.VERTEBRAL_FRACTURE,
    EventKind.NON_VERTEBRAL_FRACTURE,
    EventKind.CORD_COMPRESSION,
    EventKind.RADIOTHERAPY,
    EventKind.SURGERY,
)
"""Earlier events that trials ask for at entry."""
LYTIC: Final = 1.0 / 3.0
"""Phenotype below which a lesion is called lytic, as in the Mirels score (`course.care.mirels_score`)."""


def _body(column: int) -> Callable[[Present], FloatArray]:
    return lambda present: present.standing.body[:, column]


def _read_out(name: str) -> Callable[[Present], FloatArray]:
    """Return a reader of the last read-out of the body, which stands at day 0."""
    return lambda present: present.records[:, -1, observable_names().index(name)]


def _earlier(*kinds: EventKind) -> Callable[[Present], FloatArray]:
    """Return a reader of whether an event of these kinds was found up to day 0."""

    def read(present: Present) -> FloatArray:
        """Return 1 where such an event was found, else 0."""
        events = present.standing.events
        seen = np.isin(events[:, :, m.EVENT_KIND], [int(kind) for kind in kinds])
        with np.errstate(invalid="ignore"):
            seen &= events[:, :, m.EVENT_SEEN] <= 0.0
        return np.asarray(seen.any(axis=1), dtype=np.float64)

    return read


def _lytic(present: Present) -> FloatArray:
    slots = np.arange(present.standing.place.shape[1])
    active = slots[None, :] < present.standing.counts[:, :1]
    lytic = present.standing.place[:, :, PLACE_INDEX["phenotype"]] < LYTIC
    return np.asarray((active & lytic).any(axis=1), dtype=np.float64)


QUANTITIES: Final[Mapping[str, Callable[[Present], FloatArray]]] = MappingProxyType(
    {
        "age": lambda present: present.draws.person[:, PERSON_INDEX["age"]],
        "ecog": lambda present: np.round(present.standing.body[:, m.ECOG]),
        "creatinine-clearance": _read_out("gfr"),
        "corrected-calcium": _read_out("calcium_total"),
        "lesions": lambda present: present.standing.counts[:, 0].astype(np.float64),
        "worst-pain": _body(m.WORST_PAIN),
        "therapy-line": _body(m.LINES),
        "prior-skeletal-event": _earlier(*SKELETAL_EVENTS),
        "lytic-lesion": _lytic,
        # nobody of a simulated population is given a drug against bone resorption before entry
        "prior-bisphosphonate": lambda present: np.zeros(len(present.status)),
        "cord-compression": _earlier(EventKind.CORD_COMPRESSION),
        "walking": _body(m.WALKS),
    }
)
"""Criteria by the names of ``data/trial_quantities.toml``; yes is 1, no is 0."""


def at_entry(present: Present) -> FloatArray:
    """Return the value of every quantity of `QUANTITIES` on day 0, shape (n, len(QUANTITIES)).

    The history must have been carried with a read-out on day 0.
    """
    return np.stack([np.asarray(read(present), dtype=np.float64) for read in QUANTITIES.values()], axis=1)


def meets(criteria: Sequence[EntryCriterion], values: FloatArray) -> BoolArray:
    """Return who meets all criteria, shape (n,); `values` is from `at_entry`. A value that is missing meets none."""
    names = tuple(QUANTITIES)
    met = np.ones(len(values), dtype=np.bool_)
    for criterion in criteria:
        value = values[:, names.index(criterion.quantity)]
        low = -np.inf if criterion.low is None else criterion.low
        high = np.inf if criterion.high is None else criterion.high
        met &= (value >= low) & (value <= high)
    return met
