"""Power, sample size and assurance, by formula and from the results of simulated trials."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from osteocast.foundation.errors import InputError
from osteocast.trials.estimate import LEVEL, Estimate, bad_argument, checked_share, missing
from osteocast.trials.proportions import proportion

FloatArray = NDArray[np.float64]


def events_needed(
    hazard_ratio: float, power: float, alpha: float = 0.025, share_test: float = 0.5, margin: float = 1.0
) -> int:
    """Return the number of events in both arms together (Schoenfeld 1981, 1983), rounded up.

    Parameters
    ----------
    hazard_ratio : assumed, test / control. alpha : one-sided error. share_test : of patients in the test arm.
    margin : ratio to be excluded: 1 for superiority, above 1 for non-inferiority.

    Raises
    ------
    InputError
        `trial.argument`: shares outside 0 to 1, or an assumed ratio that is not below the margin.
    """
    distance = _distance(hazard_ratio, margin)
    quantiles = _upper(alpha, "alpha") + _upper(1.0 - checked_share(power, "power"), "power")
    share = checked_share(share_test, "share of the test arm")
    if quantiles <= 0.0:
        raise InputError(bad_argument("power", f"{power:g}", "more than alpha"))
    # Rounding alone must not add an event.
    return math.ceil((quantiles / distance) ** 2 / (share * (1.0 - share)) - 1e-9)


def power_of_events(
    events: float, hazard_ratio: float, alpha: float = 0.025, share_test: float = 0.5, margin: float = 1.0
) -> float:
    """Return the power of a number of events by the same approximation; the other arguments as in `events_needed`."""
    if events < 0.0 or hazard_ratio <= 0.0 or margin <= 0.0:
        raise InputError(
            bad_argument("events or ratio", f"{events:g}, {hazard_ratio:g}, {margin:g}", "positive numbers")
        )
    share = checked_share(share_test, "share of the test arm")
    distance = math.log(margin / hazard_ratio)
    return float(ndtr(distance * math.sqrt(share * (1.0 - share) * events) - _upper(alpha, "alpha")))


def patients_needed(events: int, share_with_event: float) -> int:
    """Return the patients of both arms in whom so many events are expected.

    Parameters
    ----------
    share_with_event : of all patients by the end of the trial, averaged over the arms by their size.
    """
    return math.ceil(events / checked_share(share_with_event, "share with an event") - 1e-9)


def simulated_power(p_values: FloatArray, alpha: float = 0.05, level: float = LEVEL) -> Estimate:
    """Return the share of replicate trials with a p-value of at most `alpha`, with the interval of the simulation.

    Parameters
    ----------
    p_values : one a replicate, two-sided or one-sided as `alpha` is, shape (n,). A replicate without a result (nan)
        counts as one that shows nothing: a trial that cannot be analysed has not won.
    """
    checked_share(alpha, "alpha")
    return _won(p_values <= alpha, f"share of replicate trials with p at most {alpha:g}", level)


def simulated_power_against(limits: FloatArray, bound: float, level: float = LEVEL) -> Estimate:
    """Return the share of replicate trials whose upper confidence limit lies below a bound.

    Parameters
    ----------
    limits : upper limit of test / control, one a replicate; nan counts as not below. bound : 1 or the margin.
    """
    return _won(limits < bound, f"share of replicate trials with an upper limit below {bound:g}", level)


def assurance(won: NDArray[np.bool_], draw: NDArray[np.int64], weight: FloatArray | None = None) -> Estimate:
    """Return the probability of success with the effect uncertain: power averaged over draws (O'Hagan et al. 2005).

    Parameters
    ----------
    won : whether each replicate succeeded, shape (n,). draw : draw of the parameters it was simulated with, shape (n,).
    weight : of each draw, in the order of the draws' numbers; None for equal ones.

    Returns
    -------
    The estimate's standard error and interval are those of the simulation (draws and replicates), not of the
    assurance's assumptions; normal interval, cut off at 0 and 1.
    """
    method = "assurance: power averaged over the draws of the effect"
    numbers, index = np.unique(draw, return_inverse=True)
    w = np.ones(len(numbers)) if weight is None else weight
    if won.shape != draw.shape or w.shape != numbers.shape or (w < 0.0).any():
        raise InputError(bad_argument("draws", "shapes or weights that do not fit", "a weight of 0 or more for a draw"))
    if not len(numbers) or w.sum() == 0.0:
        return missing(method, "trial.no-replicates")
    power = np.bincount(index, won.astype(np.float64)) / np.bincount(index)
    w = w / w.sum()
    value = float(w @ power)
    left = 1.0 - float(w @ w)
    if left <= 0.0:
        return Estimate(value, n=len(won), method=method, reason="trial.no-interval")
    error = float(np.sqrt(np.square(w) @ np.square(power - value) / left))
    half = float(ndtri(0.5 + 0.5 * LEVEL)) * error
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), error, n=len(won), method=method)


def normal_assurance(
    prior: tuple[float, float], standard_error: float, alpha: float = 0.025, margin: float = 1.0
) -> float:
    """Return the assurance of a trial in closed form for a normal prior of the log ratio (O'Hagan et al. 2005).

    Parameters
    ----------
    prior : mean and SD of the log ratio. standard_error : of the log ratio in the trial; 2 / sqrt(events) for arms of
        equal size. alpha : one-sided error. margin : ratio to be excluded.
    """
    mean, spread = prior
    if standard_error <= 0.0 or spread < 0.0 or margin <= 0.0:
        raise InputError(bad_argument("prior or standard error", f"{spread:g}, {standard_error:g}", "positive numbers"))
    distance = math.log(margin) - mean - _upper(alpha, "alpha") * standard_error
    return float(ndtr(distance / math.hypot(spread, standard_error)))


def _won(won: NDArray[np.bool_], method: str, level: float) -> Estimate:
    if not len(won):
        return missing(method, "trial.no-replicates")
    exact = proportion(int(won.sum()), len(won), level)
    return Estimate(
        exact.value, exact.low, exact.high, exact.standard_error, level=level, n=exact.n, method=method
    )  # fmt: skip


def _upper(alpha: float, name: str) -> float:
    return float(-ndtri(checked_share(alpha, name)))


def _distance(hazard_ratio: float, margin: float) -> float:
    if not 0.0 < hazard_ratio < margin:
        raise InputError(bad_argument("hazard ratio", f"{hazard_ratio:g}", f"above 0 and below the margin {margin:g}"))
    return math.log(margin / hazard_ratio)
