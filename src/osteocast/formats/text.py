"""Reading a TOML or JSON file into a plain mapping, whatever is in it."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited

__all__ = ["read_mapping"]

_MOST_BYTES = 500_000
_LONGEST_TOML_LINE = 2_000
_DEEPEST = 12
_BARE_DATE = re.compile(r"(=\s*)(\d{4}-\d{1,2}-\d{1,2})(?=\s*(?:[,}#\r\n]|$))")


class _DuplicateKeyError(ValueError):
    """A JSON object holds a key twice."""


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Read a TOML or JSON file whose top level is a table; values of ``null`` count as absent.

    Raises
    ------
    InputError
        ``file.*``: unreadable (see `osteocast.foundation.files`), not valid TOML or JSON, nested too
        deeply, or not a table at the top.
    """
    text = read_text_limited(path, _MOST_BYTES)
    place = str(path)
    kind = "JSON" if Path(path).suffix.casefold() == ".json" or text.lstrip().startswith("{") else "TOML"
    try:
        found = _parse_json(text) if kind == "JSON" else _parse_toml(text, place)
    except RecursionError:
        raise _too_deep(place) from None
    except _DuplicateKeyError as error:
        issue = Issue("file.duplicate-key", place, f"the key {error} twice", "each key once", "Remove one of them.")
        raise InputError(issue) from None
    except ValueError as error:
        if "integer string conversion" in str(error):
            issue = Issue("file.syntax", place, "a number with thousands of digits", "numbers", "Correct the number.")
            raise InputError(issue) from None
        fix = f"Correct the {kind} at that place; text needs quotes, lists need commas."
        raise InputError(Issue("file.syntax", place, _clipped(str(error)), f"valid {kind}", fix)) from None
    if not isinstance(found, dict):
        issue = Issue("file.not-a-table", place, "a list or a single value", "named entries", "See the examples.")
        raise InputError(issue)
    _check_depth(found, place)
    mapping: dict[str, Any] = _without_nulls(found)
    return mapping


def _parse_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(repr(_clipped(key)))
        found[key] = value
    return found


def _parse_toml(text: str, place: str) -> dict[str, Any]:
    # tomllib needs time with the square of the parts of a dotted key, so endless lines are refused first.
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_TOML_LINE:
            found = f"line {number} with {len(line):,} characters"
            expected = f"lines of at most {_LONGEST_TOML_LINE:,} characters"
            raise InputError(Issue("file.line-too-long", place, found, expected, "Break the line."))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # A date such as 2026-02-30 is an error of syntax in TOML. As text it can be reported in its
        # place together with all other problems.
        quoted = _BARE_DATE.sub(r'\1"\2"', text)
        if quoted == text:
            raise
        try:
            return tomllib.loads(quoted)
        except tomllib.TOMLDecodeError:
            raise error from None


def _check_depth(found: dict[str, Any], place: str) -> None:
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise _too_deep(place)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _without_nulls(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_nulls(value) for key, value in node.items() if value is not None}
    return [_without_nulls(value) for value in node] if isinstance(node, list) else node


def _too_deep(place: str) -> InputError:
    issue = Issue(
        "file.too-deep",
        place,
        "tables or lists nested very deeply",
        f"at most {_DEEPEST} levels",
        "Write the file like the examples: a table of tables and lists.",
    )
    return InputError(issue)


def _clipped(text: str, longest: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."
