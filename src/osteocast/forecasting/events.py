"""From raw events to counted ones as they were found in the simulation: first events, repeated events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from osteocast.course.counting import separate_events
from osteocast.course.courses import Courses
from osteocast.course.detection import pain_on
from osteocast.course.event_definitions import Component, EventDefinition
from osteocast.inference.nested import NestedSample

PREVENTION = "prevention"
"""An operation before any fracture or cord compression."""
_CAUSES_FIRST = ("cord_compression", "fracture", "radiotherapy", "surgery", "hypercalcaemia", "therapy_change_for_pain")

FloatArray = NDArray[np.float64]


def counted(
    courses: Courses, parts: tuple[Component, ...], lesion: int | None = None
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return course and day of every event that counts, in order of course and day.

    Events after death or after the horizon do not count; an event found on the day of death does.

    Parameters
    ----------
    lesion : only events of this lesion; None for all.
    """
    events = courses.events
    course = events["course"].astype(np.int64)
    day = np.full(events.size, np.nan)
    for part in parts:
        chosen = np.isin(events["kind"], [int(k) for k in part.kinds])
        if part.felt:
            chosen &= events["symptomatic"] == 1
        if part.least_pain is not None:
            chosen &= pain_on(courses, course, events["day"]) >= part.least_pain
        day[chosen] = events["detected_day" if part.found else "day"][chosen]
    last = np.fmin(courses.death_day, courses.times[-1])[course]
    with np.errstate(invalid="ignore"):
        keep = day <= last
    if lesion is not None:
        keep &= events["lesion"] == lesion
    course, day = course[keep], day[keep]
    order = np.lexsort((day, course))
    return course[order], day[order]


def first_day(courses: Courses, parts: tuple[Component, ...], lesion: int | None = None) -> FloatArray:
    """Return the day of the first event of each course, inf where there is none, shape (n,)."""
    course, day = counted(courses, parts, lesion)
    first = np.full(courses.n, np.inf)
    np.minimum.at(first, course, day)
    return first


def any_event_share(under: Sequence[Courses], definition: EventDefinition) -> FloatArray:
    """Return the share of regimens under which each course has any event, shape (n,).

    Parameters
    ----------
    under : courses of the same patients, one for each regimen.
    """
    happened = [np.isfinite(first_day(courses, definition.components)) for courses in under]
    return np.asarray(np.mean(happened, axis=0), dtype=np.float64)


def happened_by(first: FloatArray, times: FloatArray) -> FloatArray:
    """Return 1 where a course has had its first event by each time, else 0, shape (n, n_times).

    Death competes: a course that ends without the event keeps 0.
    """
    return np.asarray(first[:, None] <= times[None, :], dtype=np.float64)


def number_of_events(courses: Courses, definition: EventDefinition) -> FloatArray:
    """Return how many events each course counts over the horizon, shape (n,).

    An event within `window_days` of the last counted one is taken as part of it.
    """
    course, day = counted(courses, definition.components)
    if not definition.every_finding:
        course = course[separate_events(course, day, definition.window_days)]
    return np.bincount(course, minlength=courses.n).astype(np.float64)


def first_kinds(courses: Courses, sample: NestedSample, definition: EventDefinition) -> dict[str, float]:
    """Return the share of courses whose first event is of each kind [1]; together they have any event.

    Of events on one day, cord compression goes before fracture and fracture before its treatment, so that an
    operation that comes first is one to prevent a fracture ("prevention").
    """
    order = sorted(definition.components, key=lambda c: _CAUSES_FIRST.index(c.name))
    days = np.stack([first_day(courses, (c,)) for c in order])
    first = np.argmin(days, axis=0)
    happened = np.isfinite(np.min(days, axis=0))
    weight = sample.normalised
    names = [PREVENTION if c.name == "surgery" else c.name for c in order]
    return {name: float(weight @ (happened & (first == i))) for i, name in enumerate(names)}
