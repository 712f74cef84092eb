"""Endpoint estimators written a second time, straight from the formulas: loops over patients and days, nothing shared.

Sources: Kaplan & Meier 1958; Aalen & Johansen 1978; Marubini & Valsecchi 1995; Cox 1972; Efron 1977; Lin & Wei 1989;
Fine & Gray 1999; Ghosh & Lin 2000; Lawless & Nadeau 1995. Plain Python on lists; slow on purpose.
"""

import math

from scipy.optimize import minimize_scalar


def survival(times, happened, t):
    """Kaplan-Meier at t and Greenwood's variance."""
    s, total = 1.0, 0.0
    for u in sorted({x for x, h in zip(times, happened, strict=True) if h}):
        if u > t:
            break
        y = sum(x >= u for x in times)
        d = sum(x == u and h != 0 for x, h in zip(times, happened, strict=True))
        s *= 1.0 - d / y
        total += d / (y * (y - d)) if y > d else math.inf
    return s, s * s * total if s > 0 else math.nan


def incidence(times, outcome, of, t):
    """Aalen-Johansen at t, as a sum of hazards of `of` times Kaplan-Meier just before, and its variance."""
    days = [u for u in sorted({x for x, o in zip(times, outcome, strict=True) if o}) if u <= t]

    def f(v):
        total = 0.0
        for u in (u for u in days if u <= v):
            y = sum(x >= u for x in times)
            before = survival(times, outcome, math.nextafter(u, 0.0))[0]
            total += before * sum(x == u and o == of for x, o in zip(times, outcome, strict=True)) / y
        return total

    variance = 0.0
    for u in days:
        y = sum(x >= u for x in times)
        d = sum(x == u and o != 0 for x, o in zip(times, outcome, strict=True))
        k = sum(x == u and o == of for x, o in zip(times, outcome, strict=True))
        before = survival(times, outcome, math.nextafter(u, 0.0))[0]
        left = f(t) - f(u)
        if y > d:
            variance += left**2 * d / (y * (y - d))
        variance += before**2 * k * (y - k) / y**3 - 2 * left * before * k / y**2
    return f(t), variance


def log_likelihood(beta, rows, events, efron):
    """Partial log likelihood. rows: (start, stop, x, stratum, weight); events: (row, day)."""
    total = 0.0
    for stratum, day in sorted({(rows[i][3], d) for i, d in events}):
        tied = [i for i, d in events if d == day and rows[i][3] == stratum]
        risk = sum(w * math.exp(beta * x) for a, b, x, s, w in rows if s == stratum and a < day <= b)
        own = sum(rows[i][4] * math.exp(beta * rows[i][2]) for i in tied)
        mean_weight = sum(rows[i][4] for i in tied) / len(tied)
        for j, i in enumerate(tied):
            total += rows[i][4] * beta * rows[i][2]
            total -= mean_weight * math.log(risk - (j / len(tied) * own if efron else 0.0))
    return total


def cox(rows, events, efron):
    """Coefficient by a search for the maximum, and the curvature there by differences."""

    def minus(beta):
        return -log_likelihood(beta, rows, events, efron)

    beta = minimize_scalar(minus, bracket=(-0.5, 0.5), tol=1e-12).x
    h = 1e-4
    information = (minus(beta + h) - 2 * minus(beta) + minus(beta - h)) / h**2
    return beta, information


def lin_wei(beta, rows, events, patients):
    """Sum over patients of squared score contributions (Lin & Wei 1989, Breslow's ties)."""

    def moments(stratum, day):
        present = [(w * math.exp(beta * x), x) for a, b, x, s, w in rows if s == stratum and a < day <= b]
        s0 = sum(e for e, _ in present)
        return s0, sum(e * x for e, x in present) / s0

    contribution = dict.fromkeys(patients, 0.0)
    for i, (start, stop, x, stratum, weight) in enumerate(rows):
        for e, day in events:
            if e == i:
                contribution[patients[i]] += weight * (x - moments(stratum, day)[1])
            if rows[e][3] == stratum and start < day <= stop:
                s0, mean = moments(stratum, day)
                contribution[patients[i]] -= weight * math.exp(beta * x) * (x - mean) * rows[e][4] / s0
    return sum(c * c for c in contribution.values())


def fine_gray(times, outcome, x):
    """Coefficient, information, and the sum of (eta + psi)^2 of Fine & Gray 1999. outcome: 0, 1 event, 2 competing."""
    n = len(times)
    people = range(n)

    def followed(t):
        """Share not censored before t; who has an event on a day cannot be censored on it."""
        g = 1.0
        for u in sorted({times[i] for i in people if outcome[i] == 0 and times[i] < t}):
            y = sum(times[i] > u or (times[i] == u and outcome[i] == 0) for i in people)
            g *= 1.0 - sum(times[i] == u and outcome[i] == 0 for i in people) / y
        return g

    def weight(i, t):
        if times[i] >= t:
            return 1.0
        return followed(t) / followed(times[i]) if outcome[i] == 2 else 0.0

    days = sorted({times[i] for i in people if outcome[i] == 1})
    deaths = {t: [i for i in people if outcome[i] == 1 and times[i] == t] for t in days}

    def minus(beta):
        total = 0.0
        for t in days:
            risk = sum(weight(i, t) * math.exp(beta * x[i]) for i in people)
            total += sum(beta * x[i] for i in deaths[t]) - len(deaths[t]) * math.log(risk)
        return -total

    beta = minimize_scalar(minus, bracket=(-0.5, 0.5), tol=1e-12).x
    s0 = {t: sum(weight(i, t) * math.exp(beta * x[i]) for i in people) for t in days}
    mean = {t: sum(weight(i, t) * math.exp(beta * x[i]) * x[i] for i in people) / s0[t] for t in days}
    hazard = {t: len(deaths[t]) / s0[t] for t in days}
    information = sum(
        len(deaths[t]) * (sum(weight(i, t) * math.exp(beta * x[i]) * x[i] ** 2 for i in people) / s0[t] - mean[t] ** 2)
        for t in days
    )

    def martingale(i, t):
        """Weighted increment on day t."""
        return (outcome[i] == 1 and times[i] == t) - weight(i, t) * math.exp(beta * x[i]) * hazard[t]

    eta = [sum((x[i] - mean[t]) * martingale(i, t) for t in days) for i in people]
    censorings = sorted({times[i] for i in people if outcome[i] == 0})
    psi = [0.0] * n
    for u in censorings:
        at_risk = [i for i in people if times[i] > u or (times[i] == u and outcome[i] == 0)]
        left = [i for i in people if times[i] == u and outcome[i] == 0]
        q = -sum(
            (x[i] - mean[t]) * martingale(i, t)
            for i in people
            if outcome[i] == 2 and times[i] <= u
            for t in days
            if t > u
        )
        for i in at_risk:
            psi[i] += q / len(at_risk) * ((i in left) - len(left) / len(at_risk))
    return beta, information, sum((a + b) ** 2 for a, b in zip(eta, psi, strict=True))


def mean_events(exits, died, events, t):
    """Ghosh-Lin mean number of events by t. events: (patient, day)."""
    total = 0.0
    for u in sorted({d for _, d in events if d <= t}):
        alive = survival(exits, died, math.nextafter(u, 0.0))[0]
        total += alive * sum(d == u for _, d in events) / sum(e >= u for e in exits)
    return total


def mean_events_variance(exits, died, events, t, h=1e-6):
    """Sum of squared influences, each by giving one patient a little more weight and looking at the mean."""

    def weighted(weights):
        days = sorted({d for _, d in events} | {e for e, x in zip(exits, died, strict=True) if x})
        alive, mean = 1.0, 0.0
        for u in (u for u in days if u <= t):
            y = sum(w for w, e in zip(weights, exits, strict=True) if e >= u)
            mean += alive * sum(weights[i] for i, d in events if d == u) / y
            dead = sum(w for w, e, x in zip(weights, exits, died, strict=True) if e == u and x)
            alive *= 1.0 - dead / y
        return mean

    n = len(exits)
    influences = []
    for i in range(n):
        up, down = ([1.0 + s * h * (j == i) for j in range(n)] for s in (1, -1))
        influences.append((weighted(up) - weighted(down)) / (2 * h))
    return sum(v * v for v in influences)
