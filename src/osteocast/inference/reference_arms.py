"""People of simulated trials: what is known of all of them at entry, and streams in which parameters stand still."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.course.streams import Streams
from osteocast.course.typical import Typical
from osteocast.domain.patient import Patient, PrimaryTumour, Sex, TherapyLine
from osteocast.domain.trial import Population

FloatArray = NDArray[np.float64]

# Any date: only the days between the start of therapy and the entry matter.
_ENTRY: Final = dt.date(2000, 1, 1)


class TypicalStreams(Streams):
    """Streams in which every typical value stands at its evidence: people and chance vary, parameters do not."""

    __slots__ = ()

    def typical(self, name: str) -> FloatArray:
        """Return zeros, shape (n,), whatever the name."""
        return np.zeros(len(self.patients))


def at_entry_of(people: Population, survey_interval: float, typical: Typical) -> Typical:
    """Return typical values with what a trial says of its patients at entry put in place.

    Parameters
    ----------
    survey_interval : between surveys before entry [day].
    """
    era = f"population.line_strength_{people.origin}"
    inputs = typical.inputs | {era: np.full(len(typical.streams.patients), people["line_strength"])}
    of_lesions = {"oldest_lesion": "population.age_last", "lesions": f"population.lesions_{people.origin}"}
    given = {entry: people[name] for name, entry in of_lesions.items() if name in people.inputs}
    others = {"population.lines_used": people["line_number"] - 1.0, "population.survey_interval": survey_interval}
    fixed = typical.fixed | given | others
    return Typical(typical.streams, typical.scales, fixed, inputs)


def record_of(people: Population, sex: Sex) -> Patient:
    """Return the one thing known of every patient of a trial: who they are and when their present therapy began."""
    started = _ENTRY - dt.timedelta(days=round(people["line_started"]))
    return Patient(
        age_years=people["age"],
        sex=sex,
        primary=PrimaryTumour(people.origin, people.subtype),
        assessed=_ENTRY,
        lines=(TherapyLine("other", "line at entry", started=started),),
    )
