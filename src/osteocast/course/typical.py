"""Typical values of every parameter for one or more parameter draws: the uncertainty layer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from osteocast.course.streams import Streams
from osteocast.evidence.load import DATA, collect, load_parameters
from osteocast.evidence.parameter import Parameter, Spread
from osteocast.foundation.errors import EvidenceError, Issue
from osteocast.foundation.units import convert

FloatArray = NDArray[np.float64]


def spread_out(value: FloatArray | float, spread: Spread, normal: FloatArray) -> FloatArray:
    """Move a typical value by `normal` standard deviations of a spread."""
    base = np.asarray(value, dtype=float)
    if spread.kind == "lognormal":
        return np.asarray(base * np.exp(spread.sd * normal))
    if spread.kind == "normal":
        return np.asarray(base + spread.sd * normal)
    if spread.kind == "logit-normal":
        return np.asarray(expit(logit(base) + spread.sd * normal))
    return np.broadcast_to(base, normal.shape).copy()


@cache
def entries_of(params: type, name: str) -> dict[str, tuple[str, Parameter]]:
    """Return what fills a Params by dotted field: file and parameter in the model's unit."""
    issues: list[Issue] = []
    found = collect(params, name, DATA, issues)
    if issues:
        raise EvidenceError(issues)
    return found


@cache
def file_of(name: str) -> dict[str, Parameter]:
    """Return a parameter file, read once."""
    return load_parameters(name)


@dataclass(frozen=True, slots=True)
class Typical:
    """Typical values with their uncertainty, for the patients of some streams.

    Parameters
    ----------
    streams : Streams
    scales : dict of str to (n,) float64
        Calibrated factors by ``file.name``. What is known of such an entry is what its scale says: the scale's
        distribution stands in place of the entry's own uncertainty, which is not drawn a second time.
    fixed : dict of str to float
        Values that replace an entry altogether, by ``file.name`` and in the unit of the file, without uncertainty
        and not scaled; used by tests and for neutral values.
    inputs : dict of str to (n,) float64
        Factors put in by whoever simulates (the era of a trial), on top of an entry's uncertainty or scale.
    """

    streams: Streams
    scales: dict[str, FloatArray]
    fixed: dict[str, float]
    inputs: dict[str, FloatArray] = field(default_factory=dict)

    def take(self, index: NDArray[np.int64]) -> Typical:
        """Return the typical values of the patients at `index`, shape (m,)."""
        given = {name: numbers[index] for name, numbers in self.streams.given.items()}
        patients, draws = self.streams.patients[index], self.streams.draws[index]
        streams = replace(self.streams, patients=patients, draws=draws, given=given)
        scales = {k: v[index] for k, v in self.scales.items()}
        return Typical(streams, scales, self.fixed, {k: v[index] for k, v in self.inputs.items()})

    def of(self, file: str, parameter: Parameter) -> FloatArray:
        """Return the typical value per patient, shape (n,), in the parameter's unit."""
        key = f"{file}.{parameter.name}"
        if key in self.fixed:
            entry = file_of(file)[parameter.name]
            value = convert(self.fixed[key], entry.unit, parameter.unit, entry.substance)
            return np.full(self.streams.patients.shape, value)
        if parameter.uncertainty.kind == "none" or key in self.scales:
            typical = np.full(self.streams.patients.shape, parameter.value)
        else:
            typical = spread_out(parameter.value, parameter.uncertainty, self.streams.typical(key))
        for factors in (self.scales, self.inputs):
            if key in factors:
                typical = typical * factors[key]
        return typical

    def get(self, file: str, name: str) -> FloatArray:
        """Return the typical value of an entry of a parameter file, per patient, in the file's unit."""
        return self.of(file, file_of(file)[name])

    def person(self, file: str, parameter: Parameter) -> FloatArray:
        """Return the value of each patient: typical value moved by the between-patient spread."""
        value = self.of(file, parameter)
        if parameter.between_patient.kind == "none":
            return value
        return spread_out(value, parameter.between_patient, self.streams.person(f"{file}.{parameter.name}"))
