"""The page in plain language as one HTML file that needs no record and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osteocast.evidence.cite import cite
from osteocast.formats.leaflet_file import statements_of
from osteocast.foundation.version import VERSION
from osteocast.report.page import environment
from osteocast.report.skeleton import skeleton_places


def leaflet_html(words: Mapping[str, Any]) -> str:
    """Return the page as text; the same words give the same bytes.

    Parameters
    ----------
    words : mapping
        What `osteocast.formats.leaflet_file.read_leaflet` returns.
    """
    where = words["where"]
    view = {
        "t": words,
        "skeleton": skeleton_places(where["places"], where["heading"]),
        "references": _references(words),
        "made_by": f"Osteocast {VERSION}",
    }
    return environment().get_template("leaflet.html").render(view) + "\n"


def _references(words: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return every source once, in the order of the page, with the headings it stands behind."""
    used: dict[str, dict[str, None]] = {}
    for path, statement in statements_of(words):
        heading = words[path.partition(".")[0]]["heading"]
        for key in statement["sources"]:
            used.setdefault(key, {})[heading] = None
    found = []
    for key, text in cite(used).items():
        # Print leaves the address away: nobody types it, and the sheet has two sides.
        name, mark, address = text.partition("https:" if "https:" in text else "http:")
        found.append({"key": key, "text": name.strip(), "address": mark + address, "headings": "; ".join(used[key])})
    return sorted(found, key=lambda one: list(used).index(one["key"]))
