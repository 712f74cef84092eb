"""Arguments of the right types for compiling the loop; their values do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from osteocast.course import memory as m
from osteocast.course.chunk import People, Results, Standing
from osteocast.course.layout import PERSON, PLACE
from osteocast.course.rules import rules_by_draw
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical


def carry_arguments() -> tuple[Any, ...]:
    """Return people, where they stand, rules and records of one course."""
    return (*_course(), np.zeros((1, 1, 1)))


def continue_arguments() -> tuple[Any, ...]:
    """Return people, where they stand, rules and results of one course."""
    one, matrix, series = np.zeros(1, dtype=np.int64), np.zeros((1, 1, 1)), np.zeros((1, 1, 1, 1))
    return (*_course(), Results(matrix, series, matrix, one, np.zeros(1), one, matrix))


def _course() -> tuple[Any, ...]:
    one = np.zeros(1, dtype=np.int64)
    typical = Typical(Streams(0, one, one), {}, {})
    vector, matrix = np.zeros((1, 1)), np.zeros((1, 1, 1))
    people = People(one, vector, np.zeros((1, len(PERSON))))
    standing = Standing(
        xb=vector,
        xl=matrix,
        pl=matrix,
        controls=vector,
        place=np.zeros((1, 1, len(PLACE))),
        lesion=np.zeros((1, 1, m.LESION_COLUMNS)),
        body=np.zeros((1, m.BODY_COLUMNS)),
        events=np.zeros((1, 1, m.EVENT_COLUMNS)),
        counts=np.zeros((1, 2), dtype=np.int64),
        status=one,
    )
    rules = rules_by_draw(typical, False)[0]
    return people, standing, rules
