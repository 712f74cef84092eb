"""Codes and texts of records as concepts, all from ``data/codes``; a code is checked against its display."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from osteocast.domain.table import read_table
from osteocast.formats.fhir_node import Node, clean

__all__ = ["Concept", "Meaning", "agrees", "code_notices", "concept", "meaning", "plain", "shapes", "text_of"]

_SYSTEMS = ("snomed", "loinc", "icd10cm", "rxnorm")
_CONCEPTS = ("concepts", "sites", "drugs")
_TAG = re.compile(r"\s*\([a-z /]+\)\s*$", re.IGNORECASE)
_OTHER = re.compile(r"[^a-z0-9]+")
_SHORTEST_CATEGORY = 3


@dataclass(frozen=True, slots=True)
class Concept:
    """What a code means.

    Parameters
    ----------
    name, kind : str
        Key in the data, and its kind (``primary``, ``site``, ``measure``, ...).
    words : tuple of tuple of str
        A display agrees where it holds one entry of each group.
    without : tuple of str
        A display with one of these contradicts.
    facts : mapping
        All keys of the entry.
    """

    name: str
    kind: str
    words: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    facts: Mapping[str, Any]


class Meaning(NamedTuple):
    """A concept that was understood.

    Attributes
    ----------
    concept : Concept
    code : str
        The code, or the text where no code is known.
    unit : str
        A unit of the kind that the code asks for, or empty.
    """

    concept: Concept
    code: str
    unit: str


class _Row(NamedTuple):
    concept: Concept
    status: str
    unit: str


def shapes() -> dict[str, Any]:
    """Return the shapes of FHIR resources (``shapes.toml``)."""
    return read_table("codes/shapes")


def code_notices() -> tuple[str, ...]:
    """Return the notices of the owners of the code systems, for every output that shows codes."""
    tables = (read_table(f"codes/{name}") for name in _SYSTEMS)
    return tuple(str(table["notice"]) for table in tables if "notice" in table)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return lower-case words without accents or signs between blanks, so that `` word `` can be looked for."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return f" {_OTHER.sub(' ', _TAG.sub('', text).casefold()).strip()} "


@cache
def _all_concepts() -> dict[str, Concept]:
    found = {}
    for table in _CONCEPTS:
        for name, entry in read_table(f"codes/{table}").items():
            if isinstance(entry, dict):
                words = tuple(tuple(group) for group in entry.get("words", ()))
                # a drug's names are what its display has to hold
                words = words or ((tuple(entry["names"]),) if "names" in entry else ())
                found[name] = Concept(name, entry["kind"], words, tuple(entry.get("without", ())), entry)
    return found


def concept(name: str) -> Concept:
    """Return the concept of this name (``KeyError`` where there is none)."""
    return _all_concepts()[name]


@cache
def _texts() -> dict[str, Concept]:
    return {plain(text): one for one in _all_concepts().values() for text in one.facts.get("texts", ())}


@cache
def _drug_names() -> tuple[tuple[str, Concept], ...]:
    return tuple((f" {name} ", one) for one in _all_concepts().values() for name in one.facts.get("names", ()))


@cache
def _systems() -> dict[str, str]:
    found = {}
    for name in _SYSTEMS:
        table = read_table(f"codes/{name}")
        found.update(dict.fromkeys([one.casefold() for one in (table["system"], *table["aliases"])], name))
    return found


@cache
def _codes(system: str) -> dict[str, _Row]:
    table = read_table(f"codes/{system}")
    return {
        code: _Row(concept(row[0]), row[1], row[3] if len(row) > _SHORTEST_CATEGORY else "")
        for code, row in table["codes"].items()
    }


def _row(address: str, code: str) -> _Row | None:
    system = _systems().get(address.strip().rstrip("/").casefold())
    if system is None:
        return None
    codes = _codes(system)
    if code in codes or not read_table(f"codes/{system}").get("categories"):
        return codes.get(code)
    shorter = (code[:length].rstrip(".") for length in range(len(code) - 1, _SHORTEST_CATEGORY - 1, -1))
    return next((codes[one] for one in shorter if one in codes), None)


def _holds(display: str, word: str) -> bool:
    return f" {word[:-1]}" in display if word.endswith("*") else f" {word} " in display


@lru_cache(maxsize=4096)
def agrees(name: str, display: str) -> bool:
    """Return whether a display can be that of a concept."""
    one, shown = concept(name), plain(display)
    if any(_holds(shown, word) for word in one.without):
        return False
    return all(any(_holds(shown, word) for word in group) for group in one.words)


def text_of(node: Node | None) -> str:
    """Return the words of a CodeableConcept: its text, else its first display, else its first code."""
    if node is None:
        return ""
    codings = node.raw.get("coding")
    listed = codings if isinstance(codings, list) else [codings]
    shown = [node.raw.get("text")]
    shown += [one.get(key) for key in ("display", "code") for one in listed if isinstance(one, dict)]
    return next((clean(one) for one in shown if isinstance(one, str) and one.strip()), "")


def meaning(node: Node | None, kinds: tuple[str, ...]) -> tuple[Meaning | None, str]:
    """Return what a CodeableConcept means and, where it means nothing, the code of the reason.

    A coding whose display contradicts its code makes the whole concept unusable, and so do two codings that
    mean different things. Without a known code the text is looked up as a whole (a drug: by its name in it).

    Parameters
    ----------
    node : Node or None
        The CodeableConcept.
    kinds : tuple of str
        Kinds of concept that count here.
    """
    if node is None:
        return None, "fhir.code-unknown"
    found: dict[str, Meaning] = {}
    shown = [node.text("text")]
    for coding in node.children("coding"):
        code, display = coding.text("code"), coding.text("display")
        row = _row(coding.text("system"), code)
        if row is None:
            shown.append(display)
            continue
        if display and not agrees(row.concept.name, display):
            what = f"{code} ({row.concept.name}) shown as {display!r}"
            coding.notes.warn("fhir.code-display", coding.at, what, "display contradicts code: not used")
            return None, "fhir.code-display"
        if row.concept.kind not in kinds:
            continue
        if row.status == "M" and not display:
            coding.notes.warn(
                "fhir.code-unchecked", coding.at, code, f"read as {row.concept.name}; nothing confirms it"
            )
        found.setdefault(row.concept.name, Meaning(row.concept, code, row.unit))
    return _one_of(node, found) if found else _from_text(node, shown, kinds)


def _one_of(node: Node, found: dict[str, Meaning]) -> tuple[Meaning | None, str]:
    chosen = [one for one in found.values() if not one.concept.facts.get("general")] or list(found.values())
    same = {
        tuple(one.concept.facts.get(key) for key in ("kind", "organ", "origin", "site", "quantity")) for one in chosen
    }
    if len(chosen) == 1 or (len(same) == 1 and chosen[0].concept.kind in ("primary", "metastasis")):
        return chosen[0], ""
    names = " and ".join(sorted(found))
    node.notes.warn("fhir.codes-contradict", node.at, names, "codes mean different things: not used")
    return None, "fhir.codes-contradict"


def _from_text(node: Node, shown: list[str], kinds: tuple[str, ...]) -> tuple[Meaning | None, str]:
    for text in shown:
        words = plain(text) if text else ""
        one = _texts().get(words)
        spoken_against = any(f" {word} " in words for word in shapes()["negations"])
        if one is None and "drug" in kinds and words and not spoken_against:
            named = [(key, drug) for key, drug in _drug_names() if key in words]
            # "radium ra 223" holds two names of one drug; two drugs in one text are not told apart
            one = named[0][1] if len({drug.name for _, drug in named}) == 1 else None
        if one is not None and one.kind in kinds:
            node.notes.warn("fhir.by-text", node.at, text, f"no known code; read by its text as {one.name}")
            return Meaning(one, text, ""), ""
    return None, "fhir.code-unknown"
