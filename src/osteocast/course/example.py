"""Arguments of the right types for compiling the loop; their values do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from osteocast.course import memory as m
from osteocast.course.accuracy import loop_options
from osteocast.course.chunk import Batch, Results
from osteocast.course.layout import PERSON, PLACE
from osteocast.course.rules import rules_of
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical


def chunk_arguments() -> tuple[Any, ...]:
    """Return a batch, rules and results of one course."""
    one = np.zeros(1, dtype=np.int64)
    typical = Typical(Streams(0, one, one), {}, {})
    vector, matrix = np.zeros((1, 1)), np.zeros((1, 1, 1))
    batch = Batch(one, vector, matrix, vector, matrix, vector, np.zeros((1, len(PERSON))), np.zeros((1, 1, len(PLACE))))
    rules = rules_of(typical, np.zeros((0, 4)), 0.0, False)._replace(options=loop_options())
    series = np.zeros((1, 1, 1, 1))
    events = np.zeros((1, 1, m.EVENT_COLUMNS))
    results = Results(matrix, series, matrix, events, one, np.zeros(1), np.zeros(1), one)
    return batch, rules, results
