"""Claims about the disease and the tests that show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from osteocast.domain.table import read_table


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim.

    Attributes
    ----------
    id, statement : key and words.
    shown : tests that pass, ``FILE::NAME``. failing : tests marked as failing, each with what is simulated.
    missing : what of the claim nothing shows yet; empty where nothing lacks.
    """

    id: str
    statement: str
    shown: tuple[str, ...]
    failing: tuple[tuple[str, str], ...]
    missing: str

    @property
    def state(self) -> str:
        """How far the model shows it."""
        if not self.shown and not self.failing:
            return "not modelled yet"
        return "shown in part" if self.failing or self.missing else "shown"


def claims() -> tuple[Claim, ...]:
    """Return every claim of ``data/validation/claims.toml`` in the order of the file."""
    table: dict[str, dict[str, Any]] = read_table("validation/claims")
    return tuple(
        Claim(
            id=key,
            statement=entry["statement"],
            shown=tuple(entry.get("shown", ())),
            failing=tuple((one["test"], one["figure"]) for one in entry.get("failing", ())),
            missing=entry.get("missing", ""),
        )
        for key, entry in table.items()
    )
