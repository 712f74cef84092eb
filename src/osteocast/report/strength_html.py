"""The page of a strength as one HTML file: no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osteocast.report.page import environment
from osteocast.structure.ct_fields import Fields
from osteocast.structure.strength import Strength

__all__ = ["strength_html"]


def strength_html(found: Strength, result: Mapping[str, Any], fields: Fields) -> str:
    """Return the page as text; the same result gives the same bytes."""
    return environment().get_template("strength.html").render({"result": result}) + "\n"
