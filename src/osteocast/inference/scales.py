"""The shared scales of the calibration: which parameters each one multiplies, and its prior."""

from __future__ import annotations

from osteocast.course.streams import FloatArray
from osteocast.domain.patient import ORIGINS
from osteocast.inference.calibrate import Scale
from osteocast.inference.posterior import Posterior

PARAMETERS: dict[str, tuple[str, ...]] = {
    "strength": ("strength.section_exponent",),
    "lesion growth": ("lesion.growth",),
    "referral": ("hazards.referral_rate",),
    "survival": tuple(f"population.death_{origin}" for origin in ORIGINS),
}
"""Parameters, as ``file.name``, that a scale multiplies."""

PRIORS = (
    Scale("strength", 0.0, 0.3),
    Scale("lesion growth", 0.0, 0.25),
    Scale("referral", 0.0, 0.5),
    Scale("survival", 0.0, 0.3),
)
"""Prior mean and SD of each log-scale; wide against what the constants are thought to be worth."""


def factors(posterior: Posterior, standard: FloatArray) -> dict[str, FloatArray]:
    """Return the factor of every scaled parameter for standard normal numbers, shape (n, number of scales).

    Returns
    -------
    dict of str to (n,) float64
        By ``file.name``, as `course.typical.Typical` takes them.
    """
    drawn = posterior.draws(standard)
    return spread(dict(zip(posterior.names, drawn.T, strict=True)))


def spread(scales: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the factor of every scaled parameter from the factors of the scales."""
    return {name: factor for scale, factor in scales.items() for name in PARAMETERS[scale]}
