"""Crude shares of patients with an event: everybody who entered is in the denominator, however long followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import betaincinv

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, Estimate, bad_argument, checked_share, critical_value, missing
from osteocast.trials.follow_up import FollowUp, Outcome, first_events, first_kinds

_EXACT = "share of patients, Clopper-Pearson interval"


def proportion(count: int, n: int, level: float = LEVEL) -> Estimate:
    """Return count / n with the exact interval of Clopper & Pearson 1934 (beta quantiles).

    Raises
    ------
    InputError
        `trial.argument`: a count below 0 or above n.
    """
    _check_count(count, n)
    if n == 0:
        return missing(_EXACT, "trial.no-patients")
    tail = 0.5 - 0.5 * checked_share(level, "confidence level")
    low = float(betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, n - count, 1.0 - tail)) if count < n else 1.0
    share = count / n
    error = float(np.sqrt(share * (1.0 - share) / n))
    return Estimate(share, low, high, error, level=level, n=n, method=_EXACT)


def proportion_difference(test: tuple[int, int], control: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Return the difference of two shares, test - control, with Newcombe's hybrid score interval (1998, method 10).

    Parameters
    ----------
    test, control : number with the event and number of patients.
    """
    method = "difference of shares of patients, Newcombe interval"
    for count, n in (test, control):
        _check_count(count, n)
        if n == 0:
            return missing(method, "trial.no-patients", test[1] + control[1])
    (share_a, low_a, high_a), (share_b, low_b, high_b) = (_wilson(*arm, level) for arm in (test, control))
    difference = share_a - share_b
    low = difference - float(np.hypot(share_a - low_a, high_b - share_b))
    high = difference + float(np.hypot(high_a - share_a, share_b - low_b))
    error = float(np.sqrt(share_a * (1.0 - share_a) / test[1] + share_b * (1.0 - share_b) / control[1]))
    return Estimate(difference, low, high, error, level=level, n=test[1] + control[1], method=method)


def event_proportion(arm: FollowUp, kinds: Sequence[int], level: float = LEVEL) -> Estimate:
    """Return the share of patients with at least one event of `kinds`."""
    return proportion(_number_with_event(arm, kinds), arm.n, level)


def event_proportion_difference(
    test: FollowUp, control: FollowUp, kinds: Sequence[int], level: float = LEVEL
) -> Estimate:
    """Return the difference of the shares with at least one event of `kinds`, test - control."""
    counts = [(_number_with_event(arm, kinds), arm.n) for arm in (test, control)]
    return proportion_difference(counts[0], counts[1], level)


def proportions_by_type(arm: FollowUp, types: Mapping[str, Sequence[int]], level: float = LEVEL) -> dict[str, Estimate]:
    """Return the share with at least one event of each named type; a patient may be in several."""
    return {name: event_proportion(arm, kinds, level) for name, kinds in types.items()}


def proportions_by_first_type(
    arm: FollowUp, types: Mapping[str, Sequence[int]], level: float = LEVEL
) -> dict[str, Estimate]:
    """Return the share whose first event of any of the named types is of each type; the shares add up to any event.

    Of several events on one day the type that is named first is taken.
    """
    counted = [kind for kinds in types.values() for kind in kinds]
    first = first_kinds(arm, counted)
    return {
        name: proportion(int(np.isin(first, [int(k) for k in kinds]).sum()), arm.n, level)
        for name, kinds in types.items()
    }


def _number_with_event(arm: FollowUp, kinds: Sequence[int]) -> int:
    return int((first_events(arm, kinds)[1] == Outcome.EVENT).sum())


def _check_count(count: int, n: int) -> None:
    if not 0 <= count <= n:
        raise InputError(bad_argument("count", f"{count} of {n}", "a count from 0 to the number of patients"))


def _wilson(count: int, n: int, level: float) -> tuple[float, float, float]:
    """Return the share and the limits of its score interval (Wilson 1927)."""
    z2 = critical_value(level) ** 2
    share = count / n
    centre = share + z2 / (2 * n)
    half = float(np.sqrt(z2 * (share * (1.0 - share) / n + z2 / (4 * n**2))))
    return share, (centre - half) / (1.0 + z2 / n), (centre + half) / (1.0 + z2 / n)
