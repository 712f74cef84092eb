"""The page of a strength as one HTML file: pictures inside, no script, no network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from osteocast.report.page import environment
from osteocast.report.strength_figures import carries, curve
from osteocast.report.strength_pictures import Pictures
from osteocast.report.strength_view import strength_view

__all__ = ["strength_html"]


def strength_html(result: Mapping[str, Any], pictures: Pictures) -> str:
    """Return the page as text; the same result gives the same bytes.

    Parameters
    ----------
    result : mapping
        As described by ``data/schema/strength-result.schema.json``.
    pictures : Pictures
    """
    view = strength_view(result)
    view["carries"] = carries(view["bars"])
    view["curve"] = curve(view["curves"])
    view["strain_top"] = f"{100.0 * pictures.strain_top:.2g} %"
    images = ("front", "back", "mask", "strain", "failed")
    view["pictures"] = {name: _inline(getattr(pictures, name)) for name in images}
    return environment().get_template("strength.html").render(view) + "\n"


def _inline(png: bytes) -> Markup:
    return Markup("data:image/png;base64,") + base64.b64encode(png).decode("ascii")
