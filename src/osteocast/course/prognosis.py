"""What a record says of survival beside the bones: visceral metastases, subtype, performance status."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from osteocast.course.typical import Typical
from osteocast.domain.patient import Patient, PrimaryTumour

FloatArray = NDArray[np.float64]

SUBTYPES: Final[dict[str, dict[str, str]]] = {
    "breast": {"her2-positive": "her2_positive_breast", "triple-negative": "triple_negative_breast"},
    "prostate": {"castration-sensitive": "castration_sensitive_prostate"},
    "lung": {"non-small-cell-targetable": "targetable_lung"},
    "kidney": {"non-clear-cell": "non_clear_cell_kidney"},
    "thyroid": {"anaplastic": "anaplastic_thyroid"},
}
"""Subtypes with a survival of their own by origin, and the entry of ``prognosis.toml``; any other is the reference."""

REFERENCE: Final[dict[str, tuple[str, ...]]] = {
    "breast": ("hormone-receptor-positive",),
    "prostate": ("castration-resistant",),
    "lung": ("non-small-cell",),
    "kidney": ("clear-cell",),
    "thyroid": ("papillary", "follicular", "medullary"),
}
"""Subtypes that the sources compare the others with, or found to live like them; the first gives the name."""

BESIDE_BASELINE: Final = frozenset({"castration_sensitive_prostate"})
"""Entries of subtypes that were not among the people whose survival and events the model was calibrated on."""

Standing = Literal["own", "reference", "none", "drawn"]

_STEPS = 12


@dataclass(frozen=True, slots=True)
class Prognosis:
    """Log hazard ratios of death of drawn patients, and the state they follow from.

    Parameters
    ----------
    log_hazard : (n,) float64
        To be added to the log baseline; the people it was fitted to keep their median survival (`BESIDE_BASELINE`).
    visceral : (n,) float64
        1 with metastases outside bone, 0 without.
    subtype : (n,) float64
        0 for the reference, else the place in `SUBTYPES`, from 1.
    """

    log_hazard: FloatArray
    visceral: FloatArray
    subtype: FloatArray


def standing(primary: PrimaryTumour) -> Standing:
    """Return what survival a primary's subtype has here.

    "own" and "reference" rest on a source, "drawn" stands for a subtype that is not recorded and "none" for one that
    lives as the reference because nothing was read, or because its primary knows no subtypes.
    """
    if primary.subtype is None:
        return "drawn" if primary.origin in SUBTYPES else "reference"
    if primary.subtype in SUBTYPES.get(primary.origin, {}):
        return "own"
    return "reference" if primary.subtype in REFERENCE.get(primary.origin, ()) else "none"


def prognosis(patient: Patient, typical: Typical, ecog_excess: FloatArray) -> Prognosis:
    """Return what visceral metastases, subtype and performance status add to the log hazard of death.

    Parameters
    ----------
    patient : Patient
    typical : Typical
    ecog_excess : (n,) float64
        Part of a drawn performance status that tempo and burden do not explain; not used with a recorded grade.
    """
    visceral_effect = typical.get("prognosis", "visceral")
    visceral_share = typical.get("prognosis", f"visceral_share_{patient.primary.origin}")
    entries = tuple(SUBTYPES.get(patient.primary.origin, {}).values())
    effects = [np.zeros_like(visceral_effect), *(typical.get("prognosis", entry) for entry in entries)]
    shares = [typical.get("prognosis", f"share_{entry}") for entry in entries]
    shares = [1.0 - sum(shares, np.zeros_like(visceral_share)), *shares]
    visceral = _visceral(patient, typical, visceral_share)
    subtype = _subtype(patient, typical, shares)
    # the baseline is the survival of those it was fitted to: who was not among them does not shift it
    fitted = [entry not in BESIDE_BASELINE for entry in ("", *entries)]
    others = (share for share, one in zip(shares, fitted, strict=True) if not one)
    among = 1.0 - sum(others, np.zeros_like(visceral_share))
    groups = [
        (share / among * part, effect + other)
        for share, effect, one in zip(shares, effects, fitted, strict=True)
        if one
        for part, other in ((1.0 - visceral_share, 0.0), (visceral_share, visceral_effect))
    ]
    own = visceral * visceral_effect + np.choose(subtype, effects) + _ecog(patient, typical, ecog_excess)
    return Prognosis(own - centre(groups), visceral, subtype.astype(np.float64))


def centre(groups: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """Return the log hazard ratio to take off so that a mixture of groups keeps its median survival.

    Parameters
    ----------
    groups : list of (share, log hazard ratio), each of shape (n,)
        Shares add up to 1.

    Notes
    -----
    Solves ``sum(share * exp(-ln 2 * exp(effect - c))) = 1/2`` by Newton's method. Keeping the mean hazard of day 0
    instead would lengthen the median, because those at high risk die first; the calibrated survival is a median.
    """
    shift = sum((share * effect for share, effect in groups), np.zeros_like(groups[0][0]))
    for _ in range(_STEPS):
        alive, slope = np.zeros_like(shift), np.zeros_like(shift)
        for share, effect in groups:
            hazard = math.log(2.0) * np.exp(effect - shift)
            surviving = share * np.exp(-hazard)
            alive += surviving
            slope += surviving * hazard
        shift = shift - (alive - 0.5) / slope
    return np.asarray(shift)


def _visceral(patient: Patient, typical: Typical, share: FloatArray) -> FloatArray:
    if patient.visceral_metastases is not None:
        return np.full_like(share, float(patient.visceral_metastases))
    return np.asarray(ndtr(typical.streams.person("prognosis.visceral")) < share, dtype=np.float64)


def _subtype(patient: Patient, typical: Typical, shares: list[FloatArray]) -> NDArray[np.int64]:
    n = len(shares[0])
    recorded = patient.primary.subtype
    if recorded is not None:
        names = list(SUBTYPES.get(patient.primary.origin, {}))
        return np.full(n, names.index(recorded) + 1 if recorded in names else 0, dtype=np.int64)
    level = ndtr(typical.streams.person("prognosis.subtype"))
    reached, below = np.zeros(n, dtype=np.int64), np.zeros(n)
    for share in shares[:-1]:
        below = below + share
        reached += level >= below
    return reached


def _ecog(patient: Patient, typical: Typical, excess: FloatArray) -> FloatArray:
    """Return the log hazard ratio of a performance status.

    The published slope was found without knowledge of disease tempo. With a recorded grade it acts whole, from the
    mean grade of the population. A drawn grade goes with tempo, which has a term of its own: the rest of the grade
    gets what is missing to the published slope, and never less than nothing.
    """
    slope = typical.get("prognosis", "ecog")
    if patient.ecog is not None:
        mean = typical.get("population", "ecog_start")
        mean = mean + typical.get("care", "ecog_burden") * typical.get("hazards", "burden_reference")
        return np.asarray(slope * (patient.ecog - mean))
    per_tempo, spread = typical.get("care", "ecog_tempo"), typical.get("prognosis", "ecog_spread")
    of_tempo = typical.get("population", "tempo_sd") ** 2
    carried = typical.get("hazards", "death_tempo") * per_tempo * of_tempo
    own = slope * (spread**2 + per_tempo**2 * of_tempo) - carried
    rest = np.divide(own, spread**2, out=np.zeros_like(own), where=spread > 0.0)
    return np.asarray(np.maximum(rest, 0.0) * excess)
