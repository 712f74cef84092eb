"""The null model: gamma-frailty Weibull events and exponential death, one rate a primary, one ratio a class of drug.

Events of a patient follow a Poisson process with cumulative intensity Z H(t), H(t) = rate ratio t^shape, t in years and
Z gamma with mean one. Without an event by t: (1 + v H)^(-1 / v), v the variance of Z. Frailty does not move death.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteocast.domain.table import read_table
from osteocast.validation.null_rows import Cell, NullRow
from osteocast.validation.row import Family
from osteocast.validation.scale import to_scale

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_STEPS: Final = 81
# Medians are looked for this far; a median beyond it is taken at its end.
_LONGEST_YEARS: Final = 15.0
_LEAST: Final = 1e-9
_YEAR: Final = MappingProxyType({"days": 365.25, "months": 12.0})
_EVENTS: Final = MappingProxyType({"events/100 patient-years": 100.0})


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the parameters, in the order of the vector: all natural logarithms.

    Attributes
    ----------
    origins : groups of primaries. drugs : classes of drugs.
    """

    origins: tuple[str, ...]
    drugs: tuple[str, ...]

    @property
    def all(self) -> tuple[tuple[str, str], ...]:
        """Prior and owner of every parameter."""
        single = ("shape", "frailty", "spread_of_levels", "spread_of_contrasts")
        return (
            *(("rate", one) for one in self.origins),
            *(("death", one) for one in self.origins),
            *(("ratio", one) for one in self.drugs),
            *((one, "") for one in single),
        )


class Sides(NamedTuple):
    """Cells of all rows as arrays, shape (c,); `weight` sums the cells of a side, shape (sides, c)."""

    origin: IntArray
    drug: IntArray
    withdrawal: FloatArray
    earliest: FloatArray
    latest: FloatArray
    horizon: FloatArray
    weight: FloatArray


class Answers(NamedTuple):
    """What the model says of every side, shape (sides,) or (sides, steps)."""

    share: FloatArray
    events: FloatArray
    time: FloatArray
    year: FloatArray
    free: FloatArray
    alive: FloatArray


def names_of(table: Mapping[str, Mapping[str, str]] | None = None) -> Names:
    """Return the names of the parameters that the data ask for."""
    table = table or read_table("validation/null_model")
    return Names((*dict.fromkeys(table["origins"].values()), "other"), tuple(dict.fromkeys(table["classes"].values())))


@dataclass(frozen=True, slots=True)
class NullModel:
    """The null model of some rows.

    Attributes
    ----------
    rows : what it answers. names : of its parameters. sides : of the rows, the test side before the control.
    """

    rows: tuple[NullRow, ...]
    names: Names
    sides: Sides

    def values(self, parameters: FloatArray) -> FloatArray:
        """Return the model's value of every row on the row's scale, shape (rows,).

        Parameters
        ----------
        parameters : natural logarithms in the order of `names`, shape (p,).
        """
        answers = answers_of(self.sides, self.names, parameters)
        found, side = [], 0
        for one in self.rows:
            control = side + 1 if one.control else side
            figure = _FORMS[one.form](answers, side, control)
            found.append(to_scale(one.row.scale, figure * _factor(one), one.row.n))
            side = control + 1
        return np.array(found)

    def spread(self, parameters: FloatArray) -> FloatArray:
        """Return by how much rows scatter around the model beyond chance, on their scale, shape (rows,)."""
        of: dict[Family, float] = {"level": float(np.exp(parameters[-2])), "contrast": float(np.exp(parameters[-1]))}
        return np.array([of[one.row.family] for one in self.rows])


def null_model(rows: Sequence[NullRow]) -> NullModel:
    """Return the null model of some rows."""
    names = names_of()
    sides = [side for one in rows for side in (one.test, one.control) if side]
    return NullModel(tuple(rows), names, _sides(sides, names))


def _sides(sides: Sequence[tuple[Cell, ...]], names: Names) -> Sides:
    cells = [cell for side in sides for cell in side]
    drugs = ("", *names.drugs)
    weight = np.zeros((len(sides), len(cells)))
    start = 0
    for number, side in enumerate(sides):
        weight[number, start : start + len(side)] = [cell.share for cell in side]
        start += len(side)
    return Sides(
        np.array([names.origins.index(cell.origin) for cell in cells], dtype=np.int64),
        np.array([drugs.index(cell.drug) for cell in cells], dtype=np.int64),
        np.array([cell.withdrawal for cell in cells]),
        np.array([cell.earliest for cell in cells]),
        np.array([cell.latest for cell in cells]),
        np.array([cell.horizon for cell in cells]),
        weight,
    )


def answers_of(sides: Sides, names: Names, parameters: FloatArray) -> Answers:
    """Return what the model says of every side."""
    o, d = len(names.origins), len(names.drugs)
    rate, death = np.exp(parameters[:o])[sides.origin], np.exp(parameters[o : 2 * o])[sides.origin]
    ratio = np.exp(np.concatenate([[0.0], parameters[2 * o : 2 * o + d]]))[sides.drug]
    shape, frailty = np.exp(parameters[2 * o + d : 2 * o + d + 2])

    def intensity(year: FloatArray) -> FloatArray:
        """Return the cumulative intensity [events] of each side by these times [year]."""
        return np.asarray((rate * ratio)[:, None] * year**shape, dtype=np.float64)

    def without_event(year: FloatArray) -> FloatArray:
        """Return the share of patients of each side without an event by these times [year]."""
        return np.asarray((1.0 + frailty * intensity(year)) ** (-1.0 / frailty), dtype=np.float64)

    part = np.linspace(0.0, 1.0, _STEPS) ** 2
    year = sides.horizon[:, None] * part
    middle = 0.5 * (year[:, 1:] + year[:, :-1])
    open_for = np.maximum(sides.latest - sides.earliest, 1e-6)[:, None]
    followed = np.clip((sides.latest[:, None] - middle) / open_for, 0.0, 1.0)
    followed = followed * np.exp(-(death + sides.withdrawal)[:, None] * middle)
    long = _LONGEST_YEARS * part
    return Answers(
        share=sides.weight @ np.sum(-np.diff(without_event(year), axis=1) * followed, axis=1),
        events=sides.weight @ np.sum(np.diff(intensity(year), axis=1) * followed, axis=1),
        time=sides.weight @ np.sum(np.diff(year, axis=1) * followed, axis=1),
        year=long,
        free=sides.weight @ without_event(np.broadcast_to(long, year.shape)),
        alive=sides.weight @ np.exp(-death[:, None] * long),
    )


def _median(year: FloatArray, left: FloatArray) -> float:
    """Return when half is left [year]; the curve falls."""
    return float(np.interp(-0.5, -left, year))


def _hazard_ratio(a: Answers, test: int, control: int) -> float:
    """Return the ratio of cumulative hazards of a first event at the mean time of follow-up."""
    year = 0.5 * (a.time[test] + a.time[control])
    free = [np.clip(np.interp(year, a.year, a.free[side]), _LEAST, 1.0 - _LEAST) for side in (test, control)]
    return float(np.log(free[0]) / np.log(free[1]))


_FORMS: Final[Mapping[str, Callable[[Answers, int, int], float]]] = MappingProxyType(
    {
        "share": lambda a, test, control: 100.0 * float(a.share[test]),
        "median": lambda a, test, control: _median(a.year, a.free[test]),
        "rate": lambda a, test, control: float(a.events[test] / a.time[test]),
        "count": lambda a, test, control: float(a.events[test]),
        "hazard ratio": _hazard_ratio,
        "rate ratio": lambda a, test, control: float(
            a.events[test] / a.time[test] / (a.events[control] / a.time[control])
        ),
        "survival": lambda a, test, control: _median(a.year, a.alive[test]),
        "death ratio": lambda a, test, control: 1.0,
    }
)


def _factor(one: NullRow) -> float:
    """Return what an answer (years, events a year, %) is multiplied by for the unit of publication."""
    if one.form in ("median", "survival"):
        return _YEAR[one.row.unit]
    return _EVENTS.get(one.row.unit, 1.0)
