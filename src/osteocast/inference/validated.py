"""The last validation of the shipped scales: how published figures were met, and what a forecast says of it.

`osteocast validate` writes the file; it belongs to one set of scales and says nothing of any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from osteocast.domain.table import read_table
from osteocast.inference.posterior import Posterior

SCHEMA: Final = "osteocast.validated/1"
NOT_CHECKED: Final = "not checked with these scales on figures that calibration did not see"
_CHECK: Final = "check"
_MOSTLY: Final = 0.5
"""A trial is one of a primary where at least this share of its patients have it [1]."""


@dataclass(frozen=True, slots=True)
class Group:
    """Published figures that are scored together.

    Attributes
    ----------
    use : "fit" (open to calibration) or "check" (held back). family : "level" or "contrast".
    rows, trials : how many. hits : rows within the 90 % interval of simulated trials.
    width : of these intervals, mean on the scale of comparison (logarithms, log odds for shares); None where no width
        can be told.
    score, null_score : interval score of the simulation and of the null model on the rows that both express, lower is
        better; None where there is none.
    """

    use: str
    family: str
    rows: int
    trials: int
    hits: int
    width: float | None = None
    score: float | None = None
    null_score: float | None = None


@dataclass(frozen=True, slots=True)
class ValidatedTrial:
    """What a trial gave to calibration and to its check.

    Attributes
    ----------
    name : of the trial. origins : share of its patients by primary tumour [1].
    fitted : figures that the scales were fitted to. held_back : figures that were simulated and never fitted.
    hits : of these, within the 90 % interval.
    """

    name: str
    origins: Mapping[str, float]
    fitted: int
    held_back: int
    hits: int


@dataclass(frozen=True, slots=True)
class Validated:
    """A validation in numbers.

    Attributes
    ----------
    scales_sha256 : of the scales it was made with. date : of the run. version : of Osteocast.
    replicates : simulated trials of each. patients : of each trial; None for the published number.
    groups : of rows. trials : that were simulated.
    """

    scales_sha256: str
    date: str
    version: str
    replicates: int
    patients: int | None = None
    groups: tuple[Group, ...] = ()
    trials: tuple[ValidatedTrial, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the groups and trials as plain values for ``result.json``."""
        return {
            "date": self.date,
            "version": self.version,
            "replicates": self.replicates,
            "patients": self.patients,
            "groups": [asdict(one) for one in self.groups],
            "trials": [asdict(one) for one in self.trials],
        }

    def held_back(self) -> tuple[Group, ...]:
        """Return the groups that calibration did not see."""
        return tuple(one for one in self.groups if one.use == _CHECK)

    def trials_of(self, origin: str) -> tuple[ValidatedTrial, ...]:
        """Return the trials in which most patients have this primary tumour."""
        return tuple(one for one in self.trials if one.origins.get(origin, 0.0) >= _MOSTLY)

    def fitted_with(self, origin: str) -> dict[str, float]:
        """Return the share of patients with this primary tumour in each fitted trial that has any [1]."""
        return {one.name: one.origins[origin] for one in self.trials if one.fitted and origin in one.origins}


def validated_of(document: Mapping[str, Any]) -> Validated:
    """Return a validation from the values of its file; `KeyError` where one lacks."""
    if document["schema"] != SCHEMA:
        raise KeyError(f"schema {document['schema']!r}")
    return Validated(
        scales_sha256=document["scales_sha256"],
        date=document["date"],
        version=document["version"],
        replicates=document["replicates"],
        patients=document.get("patients"),
        groups=tuple(Group(**one) for one in document["groups"]),
        trials=tuple(ValidatedTrial(**one) for one in document["trials"]),
    )


def validation_of(posterior: Posterior) -> Validated | None:
    """Return the shipped validation where it was made with these scales, else None."""
    found = validated_of(read_table("validated"))
    return found if found.scales_sha256 == posterior.scales_sha256 and found.held_back() else None


def statement(found: Validated | None) -> str:
    """Say in full how figures that calibration did not see were met."""
    if found is None:
        return NOT_CHECKED
    groups = found.held_back()
    hits = " and ".join(f"{one.hits} of {one.rows} {one.family}s" for one in groups)
    text = f"of published figures that calibration did not see, {hits} lie within 90 % intervals of simulated trials"
    # every scale of comparison is a logarithm, so that a mean width is a ratio of ends
    factors = [f"{math.exp(one.width):.2g} times for {one.family}s" for one in groups if one.width is not None]
    if factors:
        text += f"; upper over lower ends of these intervals: on average {' and '.join(factors)} (odds for shares)"
    scored = [one for one in groups if one.score is not None and one.null_score is not None]
    if scored:
        scores = " and ".join(f"{one.score:.2f} against {one.null_score:.2f} for {one.family}s" for one in scored)
        better = " and ".join(f"{one.family}s" for one in scored if _better(one))
        verdict = f"the simulation is better on {better}" if better else "the simulation is better on none"
        text += (
            f"; interval score beside a statistical model without mechanisms {scores} (lower is better: {verdict}; "
            f"validation of {found.date})"
        )
    return text


def _better(one: Group) -> bool:
    return one.score is not None and one.null_score is not None and one.score < one.null_score


def brief(found: Validated | None) -> str:
    """Say the same in half a line of the terminal."""
    if found is None:
        return "not checked with these scales"
    return "unseen: " + ", ".join(f"{one.hits}/{one.rows} {one.family}s" for one in found.held_back()) + " within 90 %"
