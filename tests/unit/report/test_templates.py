"""Every page stands on one base, which allows nothing from elsewhere; leaflet and assessment look otherwise."""

from pathlib import Path

import osteocast.report

TEMPLATES = Path(osteocast.report.__file__).parent / "templates"
OWN_LOOK = {"base.html", "head.html", "leaflet.html", "assessment.html"}


def test_every_page_stands_on_the_base() -> None:
    pages = [path for path in TEMPLATES.glob("*.html") if path.name not in OWN_LOOK]
    assert pages
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert text.startswith('{% extends "base.html" %}\n'), path.name
        assert "<head>" not in text, path.name


def test_the_base_allows_nothing_from_elsewhere() -> None:
    for name in ("base.html", "head.html"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        assert "default-src 'none'; style-src 'unsafe-inline'" in text
