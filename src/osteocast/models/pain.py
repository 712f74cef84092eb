"""Bone pain of one lesion on the 0-10 scale: a resting part and a part from movement.

Resting pain follows tumour and osteoclast activity in the lesion (acid, growth factors), so that antiresorptives
act on it directly; movement pain follows how often daily loads use up a weakened section. Nerve-root and cord pain
of an epidural lesion adds to the resting part. Drives add up and saturate.
"""

from typing import Annotated, NamedTuple

from osteocast.foundation.compiled import jitable
from osteocast.models.functions import positive_power


class Params(NamedTuple):
    """Constants of the pain rule."""

    resting_gain: Annotated[float, "1", "resting drive of a full lesion as wide as the bone, normal osteoclasts"]
    tumour_exponent: Annotated[float, "1", "exponent of resting drive on tumour fraction"]
    resorption_exponent: Annotated[float, "1", "exponent of resting drive on osteoclast activity; neutral 0"]
    movement_gain: Annotated[float, "1", "movement drive when every daily peak load passes half of the strength"]
    fracture_drive: Annotated[float, "1", "drive added by a fresh fracture"]
    epidural_gain: Annotated[float, "1", "drive added by full epidural extension"]
    ceiling: Annotated[float, "1", "pain approached at infinite drive, points of the 0-10 scale"]


@jitable
def resting_drive(tumour: float, osteoclasts: float, extent: float, p: Params) -> float:
    """Drive of resting (also nocturnal) pain: tumour and osteoclasts (relative to normal bone) over the extent."""
    return (
        p.resting_gain
        * extent
        * positive_power(tumour, p.tumour_exponent)
        * positive_power(osteoclasts, p.resorption_exponent)
    )


@jitable
def movement_drive(overload: float, p: Params) -> float:
    """Drive of pain on movement; `overload` is the probability that a daily peak passes half of the strength."""
    return p.movement_gain * overload


@jitable
def pain_score(drive: float, p: Params) -> float:
    """Pain on the 0-10 scale for the summed drive (already multiplied by the person's sensitivity)."""
    return p.ceiling * drive / (1 + drive)
