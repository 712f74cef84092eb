"""References as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from osteocast.evidence.load import DATA, load_sources
from osteocast.evidence.source import Source
from osteocast.foundation.errors import EvidenceError, Issue


def reference(source: Source) -> str:
    """Write one source as a line of a reference list."""
    parts = [f"{source.authors} ({source.year}). {source.title}."]
    if source.journal:
        parts.append(f"{source.journal}.")
    if source.doi:
        parts.append(f"https://doi.org/{source.doi}")
    elif source.url:
        parts.append(source.url)
    if source.licence:
        parts.append(f"[{source.licence}]")
    return " ".join(parts)


def cite(keys: Iterable[str] | None = None, data: Path = DATA) -> dict[str, str]:
    """Return the references of the given source keys (of all where None), by key in alphabetical order.

    Raises
    ------
    EvidenceError
        ``evidence.source-unknown`` for every key that is not there.
    """
    sources = load_sources(data)
    wanted = sorted(set(sources if keys is None else keys))
    issues = [
        Issue("evidence.source-unknown", key, "no such source", "a key of `osteocast evidence list sources`",
              "Check the spelling.")
        for key in wanted
        if key not in sources
    ]  # fmt: skip
    if issues:
        raise EvidenceError(issues)
    return {key: reference(sources[key]) for key in wanted}
