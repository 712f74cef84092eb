"""Integration of the second readings with SciPy: doses and switches restart the solver."""

import csv

import numpy as np
from scipy.integrate import solve_ivp

STRICT = {"method": "LSODA", "rtol": 1e-8, "atol": 1e-12}


def hold(rates, y, p, hours, **options):
    """State after ``hours`` with constant parameters."""
    return solve_ivp(rates, (0, hours), y, args=(p,), **(STRICT | options)).y[:, -1]


def course(rates, y, reads, doses=(), parameters=lambda t: {}, start=0.0):
    """States at the times ``reads`` (before a dose at the same time).

    ``doses`` are (time, index, amount) added to one state; ``parameters(t)`` gives the parameters that hold
    from the time t on, where t is every dose or read: put a read at each switch.
    """
    y, t, found = np.array(y, dtype=float), start, {}
    for stop in sorted({*reads, *(d[0] for d in doses)}):
        if stop > t:
            y = solve_ivp(rates, (t, stop), y, args=(parameters(t),), **STRICT).y[:, -1]
            t = stop
        found[stop] = y.copy()
        for when, index, amount in doses:
            if when == stop:
                y[index] += amount
    return found


def rows(folder, name):
    """Rows of a published curve as mappings of text."""
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))
