"""Saturating responses of the body model, anchored to health.

Peterson & Riggs 2010 choose the half-effect constant of almost every Hill function so that its value is 1 at the
healthy state. Written on ratios to that state the constant follows from the other three numbers, and no fitted
half-effect constant is needed.
"""

from osteocast.models.functions import positive_power


def anchored_hill(ratio: float, start: float, change: float, exponent: float) -> float:
    """Hill response to `ratio` that goes from `start` at 0 to `start + change` and is 1 at `ratio` = 1.

    Parameters
    ----------
    ratio : float
        Driving quantity relative to its healthy value, at least 0.
    start : float
        Response without the driving quantity; not 1.
    change : float
        Response at saturation less `start`; it must pass 1, that is `change / (1 - start)` above 1.
    exponent : float
        Steepness.
    """
    power = positive_power(ratio, exponent)
    return start + change * power / (power + change / (1 - start) - 1)
