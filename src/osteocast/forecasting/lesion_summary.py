"""Courses of one regimen -> what may happen at each recorded lesion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osteocast.course.courses import Courses, EventKind
from osteocast.course.event_definitions import EventDefinition
from osteocast.domain.emergencies import meets_cord_compression
from osteocast.domain.patient import Lesion
from osteocast.forecasting.events import first_day
from osteocast.forecasting.quantiles import weighted_quantile
from osteocast.forecasting.result import LesionForecast, Risk
from osteocast.inference.nested import NestedSample, estimate

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_BREAKS = (EventKind.VERTEBRAL_FRACTURE, EventKind.NON_VERTEBRAL_FRACTURE)


def risk_of(sample: NestedSample, happened: BoolArray) -> Risk:
    """Return the probability of what did or did not happen in each course, shape (n,)."""
    e = estimate(sample, happened.astype(np.float64), "probability")
    return Risk(float(e.mean[0]), float(e.low[0]), float(e.high[0]))


def lesion_forecast(
    courses: Courses,
    planned: tuple[tuple[str, float], ...],
    sample: NestedSample,
    definition: EventDefinition,
    at: tuple[int, Lesion],
    broken: bool,
) -> LesionForecast:
    """Summarise what happens at one recorded lesion.

    Parameters
    ----------
    planned : site and day of each rod that belongs to the regimen [day].
    at : place of the lesion on the lesion axis of the courses, and the lesion.
    broken : whether the bone is recorded as broken; it has no risk of fracture.
    """
    index, lesion = at
    parts = {c.name: c for c in definition.components}

    def risk(*names: str) -> Risk:
        """Return the risk of any of these components at this lesion."""
        return risk_of(sample, np.isfinite(first_day(courses, tuple(parts[n] for n in names), lesion=index)))

    bare = bare_bone(courses, index, _fixed_from(planned, lesion))
    strength = courses.of_lesion(index, "strength")
    alive = np.isfinite(strength)
    recorded = meets_cord_compression(lesion)
    median = weighted_quantile(np.where(bare, strength, np.nan), sample.weight, np.array([0.5]))[0]
    living = float(sample.weight @ alive[:, -1])
    return LesionForecast(
        site=lesion.site.name,
        already_fractured=broken,
        fracture=None if broken else risk("fracture"),
        radiotherapy=risk("radiotherapy"),
        surgery=risk("surgery"),
        fracture_or_rod=risk("fracture", "surgery") if lesion.site.is_long_bone and not broken else None,
        # Only a vertebral lesion can reach the spinal canal; what the record meets is no risk.
        cord=risk("cord_compression") if lesion.site.kind.startswith("vertebra") and not recorded else None,
        cord_recorded=recorded,
        strength_now=float(median[0]),
        strength_end=float(median[-1]),
        strength_share=float(sample.weight @ (bare & alive)[:, -1]) / living if living > 0.0 else np.nan,
    )


def bare_bone(courses: Courses, lesion: int, fixed_from: float) -> BoolArray:
    """Return where a bone has neither broken since day 0 nor holds an implant, shape (n, n_times).

    A rod takes over the load and a broken bone carries none: neither has the strength of the section.

    Parameters
    ----------
    fixed_from : day from which every course holds an implant there [day]; inf for none.
    """
    events = courses.events[courses.events["lesion"] == lesion]
    relieved = {(e["course"], e["day"]) for e in events[events["kind"] == EventKind.CORD_COMPRESSION]}
    changed = np.full(courses.n, fixed_from)
    for e in events[np.isin(events["kind"], [*_BREAKS, EventKind.SURGERY])]:
        # An operation that frees the cord leaves no rod in the bone.
        if e["kind"] != EventKind.SURGERY or (e["course"], e["day"]) not in relieved:
            changed[e["course"]] = min(changed[e["course"]], e["day"])
    return np.asarray(courses.times[None, :] < changed[:, None])


def _fixed_from(planned: tuple[tuple[str, float], ...], lesion: Lesion) -> float:
    if lesion.fixed is not None:
        return 0.0
    return min((day for site, day in planned if site == lesion.site.name), default=np.inf)
