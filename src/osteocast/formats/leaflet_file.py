"""The words of the page in plain language: one file a language, each with the same keys as the English one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from osteocast.domain.table import read_table, table_names
from osteocast.evidence.load import load_sources
from osteocast.formats.fields import clipped, parse_date, suggestion
from osteocast.formats.regimen_file import is_file_name
from osteocast.formats.text import read_mapping
from osteocast.foundation.errors import InputError, Issue

__all__ = ["leaflet_languages", "read_leaflet", "statements_of"]

_REFERENCE = "en"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_DIRECTIONS = ("ltr", "rtl")
_LONGEST = 600


def leaflet_languages() -> tuple[str, ...]:
    """Return the codes of the built-in languages."""
    return table_names("leaflet")


def read_leaflet(language: str) -> dict[str, Any]:
    """Read the words of one language.

    Parameters
    ----------
    language : str
        Code of a built-in language, or a TOML file with the keys of ``data/leaflet/en.toml``.

    Raises
    ------
    InputError
        ``leaflet.language`` for a language that is not there; ``file.*`` for a file that cannot be read; and for its
        content every ``leaflet.key-missing``, ``leaflet.key-unknown``, ``leaflet.text``, ``leaflet.source``,
        ``value.date`` and ``value.choice`` at once.
    """
    if is_file_name(language):
        words, place = read_mapping(language), Path(language).name
    elif language in leaflet_languages():
        words, place = read_table(f"leaflet/{language}"), f"leaflet/{language}.toml"
    else:
        names = leaflet_languages()
        fix = suggestion(language, names) or "Choose one of these, or name a file of words (docs/leaflet.md)."
        raise InputError(Issue("leaflet.language", "language", clipped(language), "one of " + ", ".join(names), fix))
    issues = [*_differences(words, read_table(f"leaflet/{_REFERENCE}"), place, ""), *_heads(words, place)]
    if issues:
        raise InputError(issues)
    return words


def statements_of(words: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and table of every statement, in the order of the file."""
    for key, value in words.items():
        place = f"{path}.{key}".lstrip(".")
        if isinstance(value, Mapping):
            yield from [(place, value)] if "text" in value else statements_of(value, place)


def _differences(words: Any, reference: Any, file: str, path: str) -> Iterator[Issue]:
    """Compare a part of a file with the English one and check its texts and sources."""
    place = f"{file}: {path}"
    if isinstance(reference, Mapping):
        given = words if isinstance(words, Mapping) else {}
        for key, expected in reference.items():
            inner = f"{path}.{key}".lstrip(".")
            if key in given:
                yield from _differences(given[key], expected, file, inner)
            else:
                yield from _missing(expected, file, inner)
        for key in given:
            if key not in reference:
                fix = suggestion(str(key), tuple(reference)) or "Remove it, or see data/leaflet/en.toml."
                expected = "one of " + ", ".join(reference)
                inner = f"{path}.{clipped(key)}".lstrip(".")
                yield Issue("leaflet.key-unknown", f"{file}: {inner}", clipped(key), expected, fix)
    elif isinstance(reference, list):
        yield from _source_issues(words, place)
    elif not isinstance(words, str) or not words.strip() or len(words) > _LONGEST or not words.isprintable():
        expected = f"one line of at most {_LONGEST} characters"
        yield Issue("leaflet.text", place, clipped(words), expected, "Translate the English text of this key.")


def _missing(reference: Any, file: str, path: str) -> Iterator[Issue]:
    """Name every text that lacks, however much of the file it is."""
    if isinstance(reference, Mapping) and "text" not in reference:
        for key, expected in reference.items():
            yield from _missing(expected, file, f"{path}.{key}")
        return
    text = reference["text"] if isinstance(reference, Mapping) else reference
    fix = "Add the key with its text in this language."
    yield Issue("leaflet.key-missing", f"{file}: {path}", "nothing", f"in English: {clipped(text, 200)}", fix)


def _source_issues(given: Any, place: str) -> Iterator[Issue]:
    known = load_sources()
    listed = given if isinstance(given, list) else []
    if not listed:
        yield Issue("leaflet.source", place, clipped(given), "a list of source keys", "Say where this was read.")
    for key in listed:
        if key not in known:
            fix = suggestion(str(key), tuple(known)) or "See `osteocast evidence list sources`."
            yield Issue("leaflet.source", place, clipped(key), "a key of data/sources", fix)


def _heads(words: Mapping[str, Any], file: str) -> Iterator[Issue]:
    """Check what the page needs besides words: language code, direction and date."""
    language, direction, checked = (words.get(key, "") for key in ("language", "direction", "checked"))
    if isinstance(language, str) and language and not _LANGUAGE.fullmatch(language):
        expected, fix = "a code such as en or pt-BR", "Write the code of the language (BCP 47)."
        yield Issue("leaflet.language", f"{file}: language", clipped(language), expected, fix)
    if direction and direction not in _DIRECTIONS:
        expected, fix = "one of " + ", ".join(_DIRECTIONS), "Say in which direction the language is read."
        yield Issue("value.choice", f"{file}: direction", clipped(direction), expected, fix)
    if checked and parse_date(checked) is None:
        fix = "Write the day on which the sources were last checked."
        yield Issue("value.date", f"{file}: checked", clipped(checked), "a date as YYYY-MM-DD", fix)
