"""Where tumour cells settle: blood flow, adhesion to marrow and growth support, three separate terms."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from osteocast.course.typical import Typical, file_of
from osteocast.domain.site import SiteClass
from osteocast.domain.skeleton import marrow_share

FloatArray = NDArray[np.float64]

_FACTORS = ("seeding_perfusion", "seeding_adhesion", "seeding_support")


@cache
def site_shares() -> FloatArray:
    """Share of new lesions by site class, shape (11,): the marrow share, proxy of perfusion.

    Adhesion and growth support are taken as equal over the skeleton for want of measurements by bone, so they set how
    many lesions arrive and not where.
    """
    shares = np.array([marrow_share(member) for member in SiteClass])
    return np.asarray(shares / shares.sum())


def seeding_rate(typical: Typical, tempo: FloatArray) -> FloatArray:
    """New lesions a year, shape (n,): base x perfusion x adhesion x growth support x tempo.

    Each factor is taken against its entry in the evidence, so that a factor at its neutral value 1 (marrow no
    better supplied, stickier or more fertile than other tissue) lowers the rate by that factor.
    """
    rate = typical.get("population", "seeding_base")
    for factor in _FACTORS:
        rate = rate * _against_entry(typical, factor)
    return np.asarray(rate * np.exp(typical.get("population", "tempo_seeding") * tempo))


def soil(typical: Typical) -> FloatArray:
    """Return perfusion x adhesion x growth support of bone against their entries, shape (n,)."""
    product = np.ones(len(typical.streams.patients))
    for factor in _FACTORS:
        product = product * _against_entry(typical, factor)
    return product


def _against_entry(typical: Typical, factor: str) -> FloatArray:
    return typical.get("population", factor) / file_of("population")[factor].value
