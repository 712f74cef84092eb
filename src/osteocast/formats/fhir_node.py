"""JSON objects of a FHIR record, read tolerantly: what has another shape than expected is noted and passed over."""

import math
from typing import Any, NamedTuple

from osteocast.formats.fhir_record import Ledger

__all__ = ["MOST_TEXT", "Node", "clean"]

MOST_TEXT = 300
_MOST_BITS = 1000


def clean(text: str) -> str:
    """Return a text as one printable line of at most 300 characters; markup in it stays text."""
    line = text[: 4 * MOST_TEXT]
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    line = " ".join(line.split())
    return line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 3] + "..."


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "a number" if isinstance(value, int | float) else "null"


class Node(NamedTuple):
    """One JSON object with its place.

    Attributes
    ----------
    raw : dict
        The object.
    at : str
        Its JSON pointer.
    notes : Ledger
        Where odd shapes are noted.
    """

    raw: dict[str, Any]
    at: str
    notes: Ledger

    def _odd(self, key: str, value: object, expected: str) -> None:
        self.notes.warn("fhir.shape", f"{self.at}/{key}", f"{_kind(value)} where {expected} belongs", "passed over")

    def child(self, key: str) -> "Node | None":
        """Return the object under a key; of a list its first object, with a warning."""
        value = self.raw.get(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Node(value, f"{self.at}/{key}", self.notes)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            self.notes.warn(
                "fhir.shape", f"{self.at}/{key}", "a list where an object belongs", "its first entry is read"
            )
            return Node(value[0], f"{self.at}/{key}/0", self.notes)
        self._odd(key, value, "an object")
        return None

    def children(self, key: str) -> "list[Node]":
        """Return the objects of the list under a key; a single object is read as a list of one."""
        value = self.raw.get(key)
        if value is None:
            return []
        at = f"{self.at}/{key}"
        if isinstance(value, dict):
            return [Node(value, at, self.notes)]
        if not isinstance(value, list):
            self._odd(key, value, "a list")
            return []
        found = []
        for number, entry in enumerate(value):
            if isinstance(entry, dict):
                found.append(Node(entry, f"{at}/{number}", self.notes))
            elif entry is not None:
                self._odd(f"{key}/{number}", entry, "an object")
        return found

    def text(self, key: str) -> str:
        """Return the text under a key, cleaned, or an empty text."""
        value = self.raw.get(key)
        if isinstance(value, str):
            return clean(value)
        if value is not None:
            self._odd(key, value, "a text")
        return ""

    def number(self, key: str) -> float | None:
        """Return the finite number under a key, or ``None``."""
        value = self.raw.get(key)
        if value is None:
            return None
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if plain and not (isinstance(value, int) and value.bit_length() > _MOST_BITS) and math.isfinite(value):
            return float(value)
        self._odd(key, value, "a finite number")
        return None

    def flag(self, key: str) -> bool | None:
        """Return the true or false under a key, or ``None``."""
        value = self.raw.get(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._odd(key, value, "true or false")
        return None

    def first(self, keys: list[str]) -> str:
        """Return the first of these keys that is there, or an empty text."""
        return next((key for key in keys if self.raw.get(key) is not None), "")

    def extension(self, endings: list[str]) -> "Node | None":
        """Return the first extension whose address ends with one of these words, also within extensions."""
        level = self.children("extension") if "extension" in self.raw else []
        for _ in range(4):
            for one in level:
                url = one.raw.get("url")
                if isinstance(url, str) and url.rpartition("/")[2] in endings:
                    return one
            level = [inner for one in level if "extension" in one.raw for inner in one.children("extension")]
        return None
