"""Every page stands on one base, which allows nothing from elsewhere."""

from pathlib import Path

import osteocast.report

TEMPLATES = Path(osteocast.report.__file__).parent / "templates"
BASE = "base.html"


def test_every_page_stands_on_the_base() -> None:
    pages = [path for path in TEMPLATES.glob("*.html") if path.name != BASE]
    assert pages
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert text.startswith('{% extends "base.html" %}\n'), path.name
        assert "<head>" not in text, path.name


def test_the_base_allows_nothing_from_elsewhere() -> None:
    text = (TEMPLATES / BASE).read_text(encoding="utf-8")
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
