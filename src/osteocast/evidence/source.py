"""A publication or data set that a number was read in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One source.

    Attributes
    ----------
    key : str
        Short name used by parameters (``peterson2010``).
    authors, title, journal : str
    year : int
    doi, url, licence, note : str
        Empty where there is none; a source has a `doi`, a `url` or a `note` that says how to find it.
    """

    key: str
    authors: str
    title: str
    journal: str
    year: int
    doi: str = ""
    url: str = ""
    licence: str = ""
    note: str = ""
