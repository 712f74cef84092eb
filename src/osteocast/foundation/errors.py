"""Errors that say what is wrong, where, what was expected and how to mend it.

Every problem carries a stable code (``patient.unit``, ``regimen.drug-unknown``) that is explained in
``docs/errors.md``. An input is read to its end before anything is raised, so one error holds all its
problems.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

_LONGEST_LINE = 600


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem.

    Attributes
    ----------
    code : str
        Stable code, ``area.problem`` in lower case with hyphens.
    place : str
        File and key (``patient.toml: lesions[2].size``), or the quantity concerned.
    found, expected : str
        What stands there and what should.
    fix : str
        One sentence that tells the reader what to do.
    """

    code: str
    place: str
    found: str
    expected: str
    fix: str


def format_issues(issues: Iterable[Issue]) -> str:
    """Write all issues as one block of text, one paragraph each, in the order given."""
    listed = list(issues)
    count = f"{len(listed)} problem{'' if len(listed) == 1 else 's'} found"
    parts = [
        f"[{i.code}] {_line(i.place)}\n    found:    {_line(i.found)}\n    expected: {_line(i.expected)}\n"
        f"    fix:      {_line(i.fix)}"
        for i in listed
    ]
    return "\n".join([count, *parts])


def _line(text: str) -> str:
    """Return one line of printable text: a name from a stranger's file must not steer the terminal."""
    shown = text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
    return "".join(c if c.isprintable() else "?" for c in shown)


class OsteocastError(Exception):
    """Base of every error Osteocast raises on purpose; only its final subclasses are raised.

    Parameters
    ----------
    issues : Issue or iterable of Issue
        All the problems, at least one.

    Attributes
    ----------
    issues : tuple of Issue
    exit_code : int
        What the command line returns: 2 for input the user can mend, 1 for a failure.
    """

    exit_code: ClassVar[int] = 1
    issues: tuple[Issue, ...]

    def __init__(self, issues: Issue | Iterable[Issue]) -> None:
        self.issues = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__(self.issues)

    def __str__(self) -> str:
        return format_issues(self.issues)


@final
class InputError(OsteocastError):
    """A file, option or argument given by the user cannot be used."""

    exit_code = 2


@final
class EvidenceError(OsteocastError):
    """The evidence (parameters, sources, targets) is incomplete or contradicts itself."""

    exit_code = 2


@final
class SolveError(OsteocastError):
    """The differential equations could not be solved."""


@final
class ForecastError(OsteocastError):
    """The courses do not support a forecast."""


@final
class StorageError(OsteocastError):
    """A result could not be written."""
