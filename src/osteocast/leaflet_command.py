"""What the leaflet command does between the terminal and the library: read the words, write the page."""

from __future__ import annotations

from pathlib import Path

from osteocast.formats.leaflet_file import read_leaflet
from osteocast.report.folder import write_files
from osteocast.report.leaflet_html import leaflet_html


def leaflet_command(language: str, out: Path) -> str:
    """Write the page of a language into a folder and return what the terminal shows.

    Raises
    ------
    OsteocastError
        With every problem of the words, or where the folder cannot be written.
    """
    words = read_leaflet(language)
    name = f"leaflet-{words['language']}.html"
    write_files({name: leaflet_html(words)}, out)
    return f"written: {out / name}"


__all__ = ["leaflet_command"]
