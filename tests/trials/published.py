"""Data sets whose results are printed in many places, and arms built from lists."""

from __future__ import annotations

import numpy as np

from osteocast.trials.follow_up import FollowUp
from osteocast.trials.risk_table import RiskRows

# Freireich et al. 1963, Blood 21:699, as printed in Cox 1972: weeks of remission; 6-MP and whether it ended, placebo.
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
SIX_MP_ENDED = [1] * 9 + [0] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

# Wei, Lin & Weissfeld 1989, JASA 84:1065: superficial bladder tumours, placebo then thiotepa. Each patient: initial
# number of tumours, size of the largest [cm], end of follow-up [month], months of up to four recurrences.
# fmt: off
BLADDER_PLACEBO = [
    (1, 3, 1, ()), (2, 1, 4, ()), (1, 1, 7, ()), (5, 1, 10, ()), (4, 1, 10, (6,)), (1, 1, 14, ()), (1, 1, 18, ()),
    (1, 3, 18, (5,)), (1, 1, 18, (12, 16)), (3, 3, 23, ()), (1, 3, 23, (10, 15)), (1, 1, 23, (3, 16, 23)),
    (3, 1, 23, (3, 9, 21)), (2, 3, 24, (7, 10, 16, 24)), (1, 1, 25, (3, 15, 25)), (1, 2, 26, ()), (8, 1, 26, (1,)),
    (1, 4, 26, (2, 26)), (1, 2, 28, (25,)), (1, 4, 29, ()), (1, 2, 29, ()), (4, 1, 29, ()), (1, 6, 30, (28, 30)),
    (1, 5, 30, (2, 17, 22)), (2, 1, 12, (3, 6, 8, 12)), (1, 3, 31, (12, 15, 24)), (1, 2, 32, ()), (2, 1, 34, ()),
    (2, 1, 36, ()), (3, 1, 36, (29,)), (1, 2, 37, ()), (4, 1, 24, (9, 17, 22, 24)), (5, 1, 29, (16, 19, 23, 29)),
    (1, 2, 41, ()), (1, 1, 43, (3,)), (2, 6, 43, (6,)), (2, 1, 44, (3, 6, 9)), (1, 1, 26, (9, 11, 20, 26)),
    (1, 1, 48, (18,)), (1, 3, 49, ()), (3, 1, 51, (35,)), (1, 7, 53, (17,)), (3, 1, 51, (3, 15, 46, 51)),
    (1, 1, 59, ()), (3, 2, 30, (2, 15, 24, 30)), (1, 3, 27, (5, 14, 19, 27)), (2, 3, 13, (2, 8, 12, 13)),
]
BLADDER_THIOTEPA = [
    (1, 3, 1, ()), (1, 1, 1, ()), (8, 1, 5, (5,)), (1, 2, 9, ()), (1, 1, 10, ()), (1, 1, 13, ()), (2, 6, 14, (3,)),
    (5, 3, 7, (1, 3, 5, 7)), (5, 1, 18, ()), (1, 3, 18, (17,)), (5, 1, 19, (2,)), (1, 1, 21, (17, 19)),
    (1, 1, 22, ()), (1, 3, 25, ()), (1, 5, 25, ()), (1, 1, 25, ()), (1, 1, 26, (6, 12, 13)), (1, 1, 27, (6,)),
    (2, 1, 29, (2,)), (8, 3, 36, (26, 35)), (1, 1, 38, ()), (1, 1, 32, (22, 23, 27, 32)), (6, 1, 27, (4, 16, 23, 27)),
    (3, 1, 40, (24, 26, 29, 40)), (3, 2, 41, ()), (1, 1, 41, ()), (1, 1, 43, (1, 27)), (1, 1, 44, ()),
    (6, 1, 27, (2, 20, 23, 27)), (1, 2, 45, ()), (1, 4, 46, (2,)), (1, 4, 46, ()), (3, 3, 49, ()), (1, 1, 50, ()),
    (4, 1, 50, (4, 24, 47)), (3, 4, 54, ()), (2, 1, 54, (38,)), (1, 3, 59, ()),
]
# fmt: on


def arm(exit_day, died=None, events=(), *, name="arm", stratum=None, entry=None):
    """An arm from lists; events are (patient, day, kind)."""
    n = len(exit_day)
    columns = list(zip(*events, strict=True)) or [(), (), ()]
    return FollowUp(
        name=name,
        entry_day=np.zeros(n) if entry is None else np.asarray(entry, dtype=float),
        exit_day=np.asarray(exit_day, dtype=float),
        died=np.zeros(n, dtype=bool) if died is None else np.asarray(died, dtype=bool),
        stratum=np.zeros(n, dtype=np.int64) if stratum is None else np.asarray(stratum, dtype=np.int64),
        event_patient=np.asarray(columns[0], dtype=np.int64),
        event_day=np.asarray(columns[1], dtype=float),
        event_kind=np.asarray(columns[2], dtype=np.int64),
    )


def leukaemia():
    """Both arms of Freireich's trial; the end of a remission is written as a death."""
    return arm(SIX_MP, SIX_MP_ENDED, name="6-MP"), arm(PLACEBO, [1] * len(PLACEBO), name="placebo")


def rows(stop, happened, x, *, stratum=None, weight=None, start=None, patient=None):
    """Periods with at most one event each, at their end."""
    n = len(stop)
    stop = np.asarray(stop, dtype=float)
    event_row = np.flatnonzero(happened)
    return RiskRows(
        start=np.full(n, -np.inf) if start is None else np.asarray(start, dtype=float),
        stop=stop,
        covariates=np.asarray(x, dtype=float).reshape(n, -1),
        stratum=np.zeros(n, dtype=np.int64) if stratum is None else np.asarray(stratum),
        patient=np.arange(n) if patient is None else np.asarray(patient),
        weight=np.ones(n) if weight is None else np.asarray(weight, dtype=float),
        event_row=event_row,
        event_day=stop[event_row],
    )


def bladder_rows():
    """One period a patient with all recurrences in it; covariates treatment (1, 2), number, size."""
    patients = [(1, *p) for p in BLADDER_PLACEBO] + [(2, *p) for p in BLADDER_THIOTEPA]
    events = [(i, month) for i, p in enumerate(patients) for month in p[4]]
    n = len(patients)
    return RiskRows(
        start=np.full(n, -np.inf),
        stop=np.array([p[3] for p in patients], dtype=float),
        covariates=np.array([[p[0], p[2], p[1]] for p in patients], dtype=float),
        stratum=np.zeros(n, dtype=np.int64),
        patient=np.arange(n),
        weight=np.ones(n),
        event_row=np.array([e[0] for e in events]),
        event_day=np.array([e[1] for e in events], dtype=float),
    )
