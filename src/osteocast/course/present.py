"""Patients carried through their natural history to day 0: one history from which every regimen continues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteocast.course import memory as m
from osteocast.course.chunk import N_OBSERVABLES, People, Standing
from osteocast.course.layout import Action
from osteocast.course.memory import Rules
from osteocast.course.population import Draws
from osteocast.course.rules import rules_by_draw, with_calendar
from osteocast.course.workshare import Progress, compiled_entry, pieces, share_out
from osteocast.engine.system import fields_of, flatten, unflatten
from osteocast.models import body, lesion

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Present:
    """Patients on day 0.

    Parameters
    ----------
    draws : Draws
        The drawn patients.
    standing : Standing
        Where their courses stand; never changed by what continues from it.
    records : (n, n_records, n_observables) float64
        Body read-outs on the record days of the calendar; see `models.body.Observables`.
    history_events : bool
        Whether events before day 0 were simulated (population) or weighed as absent (record).
    rules : mapping of int to Rules
        Constants of each parameter draw, which the futures share.
    """

    draws: Draws
    standing: Standing
    records: FloatArray
    history_events: bool
    rules: Mapping[int, Rules]

    @property
    def log_history(self) -> FloatArray:
        """Log probability that nothing happened before day 0 which the record would show, shape (n,)."""
        return np.asarray(self.standing.body[:, m.LOG_HISTORY])

    @property
    def status(self) -> IntArray:
        """0 where the solver reached day 0, else its status, shape (n,)."""
        return np.asarray(self.standing.status)

    def marked(self, marks: tuple[float, float]) -> Present:
        """Return the patients with the events that a record tells of in their memory; see `recorded.event_marks`.

        They raise the hazard of death from day 0 as events that were simulated before it do.
        """
        standing = self.standing._replace(body=self.standing.body.copy())
        standing.body[:, m.EVENT_MARK], standing.body[:, m.CORD_MARK] = marks
        return replace(self, standing=standing)

    def take(self, index: IntArray, chance: IntArray) -> Present:
        """Return the patients at `index` (repeats allowed), each with its own key of chance.

        Parameters
        ----------
        index, chance : (m,) int64
            Which patients, and the keys that the chance events of their courses are drawn with.

        Raises
        ------
        ValueError
            If events before day 0 were simulated: their chance goes on, so the keys must stay the same.
        """
        if self.history_events and not np.array_equal(chance, self.draws.chance[index]):
            raise ValueError("a history with events goes on with the chance it was simulated with")
        standing = Standing(*(array[index] for array in self.standing))
        return Present(self.draws.take(index, chance), standing, self.records[index], self.history_events, self.rules)


def carry(
    draws: Draws,
    calendar: FloatArray,
    *,
    history_events: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Present:
    """Carry every drawn patient through natural history and earlier therapy to day 0.

    Parameters
    ----------
    draws : Draws
        Drawn patients; the bytes of a history depend on its keys and rules alone, not on its neighbours.
    calendar : (n, 4) float64
        Actions before day 0, and read-outs up to day 0; see `calendar.past_calendar`.
    history_events : bool
        Simulate events before day 0 (population) instead of weighing them as absent (record).
    workers : int or None
        Threads; None uses every processor.
    progress : callable or None
        Called with courses done and courses in all.

    Raises
    ------
    ValueError
        If the calendar holds an action on or after day 0, which belongs to a future.
    """
    is_record = calendar[:, 1] == int(Action.RECORD)
    if np.any(calendar[~is_record, 0] >= 0.0) or np.any(calendar[is_record, 0] > 0.0):
        raise ValueError("a history ends on day 0: later actions belong to what continues it")
    people, standing = people_of(draws), _start(draws)
    records = np.full((draws.n, int(np.count_nonzero(is_record)), N_OBSERVABLES), np.nan)
    shared = rules_by_draw(draws.typical, history_events)
    rules = with_calendar(shared, calendar, 0.0)
    draw = draws.typical.streams.draws
    carry_chunk = compiled_entry("carry_chunk")

    def task(job: slice) -> None:
        """Carry one chunk of patients to the present."""
        carry_chunk(pieces(people, job), pieces(standing, job), rules[int(draw[job.start])], records[job])

    share_out(draw, task, workers, progress)
    return Present(draws, standing, records, history_events, shared)


def people_of(draws: Draws) -> People:
    """Return what stays the same along the courses of drawn patients."""
    return People(draws.chance, draws.body, draws.person)


def _start(draws: Draws) -> Standing:
    """Courses before their first day: a healthy body, lesions as they are seeded."""
    p = unflatten(body.Params, list(draws.body.T))
    n, slots = draws.place.shape[:2]
    xb = np.stack([np.broadcast_to(v, (n,)) for v in flatten(body.initial_state(p))], axis=1)
    q = unflatten(lesion.Params, list(np.moveaxis(draws.lesions, 2, 0)))
    xl = np.stack([np.broadcast_to(v, (n, slots)) for v in flatten(_seeded(q))], axis=2)
    controls = np.zeros((n, len(fields_of(body.Controls))))
    controls[:, [f.name for f in fields_of(body.Controls)].index("oral_calcium")] = 1.0
    return Standing(
        xb=np.ascontiguousarray(xb, dtype=float),
        xl=np.ascontiguousarray(xl, dtype=float),
        pl=draws.lesions.copy(),
        controls=controls,
        place=draws.place.copy(),
        lesion=np.full((n, slots, m.LESION_COLUMNS), np.nan),
        body=np.full((n, m.BODY_COLUMNS), np.nan),
        events=np.full((n, m.EVENTS_MAXIMUM, m.EVENT_COLUMNS), np.nan),
        counts=np.zeros((n, 2), dtype=np.int64),
        status=np.zeros(n, dtype=np.int64),
    )


def _seeded(p: Any) -> Any:
    """Seeded lesions for arrays of parameters."""
    cells = p.pivonka
    return lesion.State(
        OBp=cells.OBp_reference,
        OBa=cells.OBa_reference,
        OCa=cells.OCa_reference,
        tumour=p.seed_size,
        bone=1.0,
        woven=0.0,
        extent=p.extent_max * np.cbrt(p.seed_size),
        epidural=0.0,
        rt_kill=0.0,
    )
