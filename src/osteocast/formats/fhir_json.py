"""FHIR JSON as a list of resources with their places, whatever the file is."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from osteocast.formats.fhir_codes import shapes
from osteocast.formats.fhir_node import Node
from osteocast.formats.fhir_record import Ledger
from osteocast.foundation.errors import InputError, Issue
from osteocast.foundation.files import read_text_limited

__all__ = ["MOST_BYTES", "Parsed", "parse", "parse_file", "resources_of", "version_of"]

MOST_BYTES = 50_000_000
_DEEPEST = 60
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TABLES = frozenset({".json", ".ndjson", ".jsonl"})


class Parsed(NamedTuple):
    """One resource: its node and the address of its entry."""

    node: Node
    url: str


def parse_file(path: Path) -> list[tuple[str, Any]]:
    """Return the documents of a file or folder, each with the beginning of its pointers.

    Raises
    ------
    InputError
        ``file.*``: unreadable, more than 50 MB, not JSON, nested more than 60 levels deep.
    """
    if not path.is_dir():
        return [("", parse(read_text_limited(path, MOST_BYTES), str(path)))]
    files = sorted(one for one in path.iterdir() if one.suffix.casefold() in _TABLES and one.is_file())
    if not files or sum(one.stat().st_size for one in files) > MOST_BYTES:
        found = "no JSON files" if not files else f"more than {MOST_BYTES:,} bytes"
        code = "file.empty" if not files else "file.too-large"
        raise InputError(Issue(code, str(path), found, "one patient's JSON files", "Name another folder."))
    return [(f"{one.name}#", parse(read_text_limited(one, MOST_BYTES), str(one))) for one in files]


def parse(text: str, place: str) -> Any:
    """Return the content of a JSON text; several lines of JSON (NDJSON) give a list.

    Raises
    ------
    InputError
        ``file.syntax``, ``file.duplicate-key`` or ``file.too-deep``.
    """
    try:
        found = _loads(text, place)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise _syntax(place, str(error)) from None
        try:
            found = [_loads(line, place) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise _syntax(place, str(error)) from None
    except ValueError as error:
        raise _syntax(place, str(error)[:100]) from None
    _check_depth(found, place)
    return found


def _loads(text: str, place: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return a table without a key given twice."""
        table = dict(pairs)
        if len(table) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)[:60]
            issue = Issue(
                "file.duplicate-key", place, f"the key {twice!r} twice", "each key once", "Remove one of them."
            )
            raise InputError(issue)
        return table

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep(place) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _syntax(place: str, found: str) -> InputError:
    fix = "Export the record again; the file may be cut off."
    return InputError(Issue("file.syntax", place, found, "valid JSON", fix))


def _too_deep(place: str) -> InputError:
    fix = "Real records need about twenty levels; check where the file comes from."
    found = "objects or lists nested very deeply"
    return InputError(Issue("file.too-deep", place, found, f"at most {_DEEPEST} levels", fix))


def _check_depth(found: Any, place: str) -> None:
    level = [found] if isinstance(found, dict | list) else []
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            inner += [child for child in children if isinstance(child, dict | list)]
        if not inner:
            return
        level = inner
    raise _too_deep(place)


def resources_of(documents: list[tuple[str, Any]], notes: Ledger) -> list[Parsed]:
    """Return the resources of documents: bundles of any type, lists of resources, single resources."""
    found: list[Parsed] = []
    for start, document in documents:
        listed = document if isinstance(document, list) else [document]
        bundles = 0
        for number, one in enumerate(listed):
            at = f"{start}/{number}" if isinstance(document, list) else start
            if not isinstance(one, dict) or not isinstance(one.get("resourceType"), str):
                notes.warn("fhir.not-fhir", at, type(one).__name__, "no resourceType: passed over")
                continue
            bundle = one["resourceType"] == "Bundle"
            bundles += bundle
            found += _entries(Node(one, at, notes)) if bundle else [Parsed(Node(one, at, notes), "")]
        if bundles > 1:
            done = "no patient: read them one by one (read_many)"
            notes.refuse("fhir.several-bundles", start, f"{bundles} bundles in one file", done)
    if not found:
        notes.refuse("fhir.not-fhir", "", "no resource of FHIR", "no patient")
    return found


def _entries(bundle: Node) -> list[Parsed]:
    _check_id(bundle)
    links = bundle.children("link") if "link" in bundle.raw else []
    if any(link.raw.get("relation") == "next" for link in links):
        bundle.notes.warn("fhir.more-pages", f"{bundle.at}/link", "a next page", "only this page is read")
    found = []
    for entry in bundle.children("entry"):
        request = entry.child("request") if "request" in entry.raw else None
        if request is not None and request.raw.get("method") == "DELETE":
            bundle.notes.reject("fhir.status", entry.at, "an entry that is to be deleted")
            continue
        node = entry.child("resource")
        if node is None:
            continue
        if not isinstance(node.raw.get("resourceType"), str):
            bundle.notes.warn("fhir.not-fhir", node.at, "no resourceType", "passed over")
            continue
        if node.raw["resourceType"] == "Bundle":
            bundle.notes.warn("fhir.shape", node.at, "a bundle within a bundle", "passed over")
            continue
        url = entry.raw.get("fullUrl")
        found.append(Parsed(node, url if isinstance(url, str) else ""))
    return found


def _check_id(node: Node) -> None:
    given = node.raw.get("id")
    if given is not None and not (isinstance(given, str) and _ID.fullmatch(given)):
        node.notes.warn("fhir.id", f"{node.at}/id", given, "not an id of FHIR; read all the same")


def version_of(resources: list[Parsed], notes: Ledger) -> str:
    """Return the version of FHIR that the shapes speak for; anything but R4 alone is noted."""
    seen: dict[str, str] = {}
    for node, _ in resources:
        for marker in shapes()["marker"]:
            value = node.raw.get(marker["key"]) if node.raw["resourceType"] in marker["types"] else None
            wanted = isinstance(value, str) if marker.get("holds") == "text" else value is not None
            if value is not None and wanted:
                seen.setdefault(marker["version"], f"{node.at}/{marker['key']}")
    others = [version for version in seen if version != "R4"]
    if others:
        found = " and ".join(seen)
        notes.warn(
            "fhir.version", seen[others[0]], f"shapes of {found}", "read as far as the shapes are known; R4 is meant"
        )
        return others[0] if "R4" not in seen else "mixed"
    return "R4" if seen else "unknown"
