"""Hazards of a course: how a state turns into rates of events.

Plain functions of floats, compiled with the course loop and callable by themselves. Rates are per day. Loads are
log-normal peaks, one a day, and falls; a bone breaks when a load exceeds its strength.
"""

import math
from typing import Annotated, NamedTuple

from osteocast.foundation.compiled import inlined, jitable


class HazardParams(NamedTuple):
    """Constants of the event hazards; values in data/parameters/hazards.toml."""

    pain_protection: Annotated[float, "1", "share of daily loading avoided per point of pain"]
    kyphosis_step: Annotated[float, "1", "fall of ln strength of other vertebrae per vertebral fracture"]
    falls_ecog: Annotated[float, "1", "rise of ln fall rate per ECOG point"]
    falls_age: Annotated[float, "1/year", "rise of ln fall rate per year above 65"]
    overload_share: Annotated[float, "1", "share of strength whose use hurts"]
    referral_rate: Annotated[float, "1/day", "radiotherapy referrals a day at severe pain"]
    referral_pain: Annotated[float, "1", "pain at half of that rate"]
    referral_width: Annotated[float, "1", "logistic width"]
    rod_rate: Annotated[float, "1/day", "prophylactic operations a day once indicated"]
    death_tempo: Annotated[float, "1", "log hazard per unit of disease tempo"]
    death_burden: Annotated[float, "1", "log hazard per unit of mean tumour fraction"]
    burden_reference: Annotated[float, "1", "mean tumour fraction at which the baseline holds"]
    death_event: Annotated[float, "1", "causal log hazard after a symptomatic fracture or cord event"]
    death_cord: Annotated[float, "1", "further log hazard after cord compression"]
    death_calcium: Annotated[float, "L/mmol", "log hazard per mmol/L of calcium above the threshold"]
    calcium_high: Annotated[float, "mmol/L", "the hypercalcaemia event"]
    calcium_low: Annotated[float, "mmol/L", "the hypocalcaemia event"]
    calcium_crisis: Annotated[float, "mmol/L", "death from hypercalcaemia"]
    calcium_early: Annotated[float, "mmol/L", "thirst, constipation, lethargy"]
    calcium_late: Annotated[float, "mmol/L", "confusion, weakness"]


@jitable
def normal_tail(z: float) -> float:
    """Upper tail of the standard normal distribution."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


@jitable
def overload(log_strength: float, margin: float, spread: float, share: float) -> float:
    """Probability that the peak load of one day uses up `share` of a bone's strength."""
    return normal_tail((margin + log_strength + math.log(share)) / spread)


@inlined
def fracture_hazard(
    log_strength: float,
    pain: float,
    fall_rate: float,
    loads: tuple[float, float, float, float, float],
    protection: float,
) -> float:
    """Fractures a day of one bone.

    Parameters
    ----------
    log_strength : float [1]
        Log strength against the average intact bone of a 65-year-old.
    pain : float [0-10]
        Pain protects: a painful limb is loaded less.
    fall_rate : float [1/day]
    loads : tuple of five floats
        daily margin, daily spread, probability that a fall hits, fall margin, fall spread (see `layout.SITES`).
    protection : float [1]
        Share of daily loading avoided per point of pain.
    """
    margin, spread, hit, fall_margin, fall_spread = loads
    daily = max(0.0, 1.0 - protection * pain) * normal_tail((margin + log_strength) / spread)
    falls = fall_rate * hit * normal_tail((fall_margin + log_strength) / fall_spread)
    return daily + falls


@inlined
def fall_rate(falls_per_year: float, ecog: float, age: float, p: HazardParams) -> float:
    """Falls a day, rising with age and performance status."""
    return falls_per_year / 365.25 * math.exp(p.falls_ecog * ecog + p.falls_age * (age - 65.0))


@inlined
def referral_hazard(pain: float, p: HazardParams) -> float:
    """Referrals a day of one painful lesion to palliative radiotherapy."""
    return p.referral_rate / (1.0 + math.exp(-(pain - p.referral_pain) / p.referral_width))


@inlined
def death_hazard(
    baseline: float, tempo: float, burden: float, marks: tuple[float, float], calcium: float, p: HazardParams
) -> float:
    """Deaths a day.

    Parameters
    ----------
    baseline : float [1/day]
    tempo : float [1]
        Shared frailty: the same number speeds tumour growth.
    burden : float [1]
        Mean tumour fraction of the lesions.
    marks : tuple of two floats
        1 after a symptomatic fracture or cord event, 1 after cord compression.
    calcium : float [mmol/L]
    """
    log_ratio = (
        p.death_tempo * tempo
        + p.death_burden * (burden - p.burden_reference)
        + p.death_event * marks[0]
        + p.death_cord * marks[1]
        + p.death_calcium * max(0.0, calcium - p.calcium_high)
    )
    return baseline * math.exp(log_ratio)
